package preflight

import (
	"jogetferry/migration"
)

// OtherServers is FERRY-107: this migration's name is bound to other servers.
var OtherServers = Check{
	ID:       "FERRY-107",
	Severity: migration.Blocking,
	Title:    "this migration's name is bound to other servers",
	Remedy:   "use the servers it was planned with, or another migration name",
	About:    `The first plan of a migration binds its name to both servers; the ledger maps instances between these two only.`,
	Copying: func(f *CopyingFacts, r Report) {
		if f.BoundElsewhere {
			r.Found(f.Migration, "")
		}
	},
}
