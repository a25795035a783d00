package preflight

import (
	"jogetferry/migration"
)

// VariableMapping is FERRY-222: an entry of variables names what is not there.
var VariableMapping = Check{
	ID:       "FERRY-222",
	Severity: migration.Warning,
	Title:    "an entry of variables names what is not there, or takes another's name",
	Remedy:   "correct the entry; the nearest names are shown",
	About:    `A variable that is renamed or dropped has to be declared on the source, and the name that it gets on the target.`,
	Plan: func(f *PlanFacts, r Report) {
		for _, e := range wrongVariables(f) {
			r.Found(e.entry, e.String())
		}
	},
}
