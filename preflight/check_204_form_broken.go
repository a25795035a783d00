package preflight

import (
	"jogetferry/migration"
)

// FormBroken is FERRY-204: a form definition cannot be read, so child records could be missed.
var FormBroken = Check{
	ID:       "FERRY-204",
	Severity: migration.Blocking,
	Title:    "a form definition cannot be read, so child records could be missed",
	Remedy:   "open the form in the Form Builder and save it again",
	About:    `Child records are found through form definitions: grids, subforms and their keys.`,
	App: func(f *AppFacts, r Report) {
		for _, p := range f.Problems {
			r.Found(f.ID, p)
		}
	},
}
