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
	Part: func(f *InstanceFacts, p *Part, r Report) {
		for a := range p.activities() {
			if a.SetDefID != "" || kind(p.Source, a.DefID) == xpdl.Block {
				r.Found(f.subject(), string(a.DefID))
			}
		}
	},
}
