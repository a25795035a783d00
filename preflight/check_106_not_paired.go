package preflight

import (
	"jogetferry/migration"
)

// NotPaired is FERRY-106: target.url and target.database belong to different servers.
var NotPaired = Check{
	ID:       "FERRY-106",
	Severity: migration.Blocking,
	Title:    "target.url and target.database belong to different servers",
	Remedy:   "a login at target.url has to show up in the audit trail of target.database: not a replica, not another server",
	About:    `What is read back from the database decides whether a start is repeated, so both have to be one server.`,
	Calling: func(f *CallingFacts, r Report) {
		if f.NotPaired {
			r.Found("target", "")
		}
	},
}
