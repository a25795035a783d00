package preflight

import (
	"jogetferry/migration"
)

// SameServer is FERRY-101: source and target are the same server.
var SameServer = Check{
	ID:       "FERRY-101",
	Severity: migration.Blocking,
	Title:    "source and target are the same server",
	Remedy:   "point source.database and target.database at two different Joget databases",
	About:    `Both databases say the same host, port and schema of themselves, whatever address was configured.`,
	Copying: func(f *CopyingFacts, r Report) {
		if f.Source == f.Target {
			r.Found("source", "")
		}
	},
}
