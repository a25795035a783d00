package preflight

import (
	"jogetferry/migration"
)

// ActivityMapping is FERRY-221: an entry of activities names what is not there.
var ActivityMapping = Check{
	ID:       "FERRY-221",
	Severity: migration.Warning,
	Title:    "an entry of activities names what is not there, or takes another's name",
	Remedy:   "correct the entry; the nearest names are shown",
	About:    `The activity has to be in a definition with running instances on the source, and its new name in what that maps to.`,
	Plan: func(f *PlanFacts, r Report) {
		for _, e := range wrongActivities(f) {
			r.Found(e.entry, e.String())
		}
	},
}
