package preflight

import (
	"jogetferry/migration"
)

// StartInitial is FERRY-436: the start is made with initial values.
var StartInitial = Check{
	ID:       "FERRY-436",
	Severity: migration.Note,
	Title:    "the start is made with initial values",
	Remedy:   "nothing; the values of today are set before the first activity is started",
	About: `With the values of today the start would lead past the first wait, even to the end, or nobody knows where it leads. Without its texts, which can be set afterwards,
it waits. Start tools see the initial values.`,
	Instance: func(f *InstanceFacts, r Report) {
		if f.Start != nil && f.WithInitial && f.started() {
			r.Found(f.subject(), f.Start.String())
		}
	},
}
