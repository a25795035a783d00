package preflight

import (
	"jogetferry/migration"
)

// DefinitionMapping is FERRY-220: an entry of definitions names what is not there.
var DefinitionMapping = Check{
	ID:       "FERRY-220",
	Severity: migration.Warning,
	Title:    "an entry of definitions names what is not there",
	Remedy:   "correct the entry; the nearest names are shown",
	About:    `Both sides of every entry are looked up among the deployed process definitions.`,
	Plan: func(f *PlanFacts, r Report) {
		for _, e := range wrongDefinitions(f) {
			r.Found(e.entry, e.String())
		}
	},
}
