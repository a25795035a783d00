package preflight

import (
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// JoinRebuilt is FERRY-434: a branch that waits at an AND-join is made anew.
var JoinRebuilt = Check{
	ID:       "FERRY-434",
	Severity: migration.Note,
	Title:    "a branch that waits at an AND-join is made anew",
	Remedy:   "nothing; on the target the activity is completed in the name of who completed it on the source, at the time of the migration",
	About:    `With joins: rebuild. Its form is not stored, and no tool runs.`,
	Personal: true,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		rebuild, refused := p.branches()
		if !f.RebuildJoins || len(refused) > 0 {
			return
		}
		for _, b := range rebuild {
			if b.Kind == xpdl.Manual {
				r.Found(f.subject(), arrived(b.Token)+": completed by "+string(b.Performer))
			} else {
				r.Found(f.subject(), arrived(b.Token))
			}
		}
	},
}
