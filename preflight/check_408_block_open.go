package preflight

import (
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// BlockOpen is FERRY-408: an open activity lies inside a block activity.
var BlockOpen = Check{
	ID:       "FERRY-408",
	Severity: migration.Blocking,
	Title:    "an open activity lies inside a block activity",
	Remedy:   "let the block end on the source first",
	About:    `Joget's builders make no block activities, and its API starts what is inside one as if it were outside.`,
	Instance: func(f *InstanceFacts, r Report) {
		for a := range f.activities() {
			if a.SetDefID != "" || kind(f.Source, a.DefID) == xpdl.Block {
				r.Found(f.subject(), string(a.DefID))
			}
		}
	},
}
