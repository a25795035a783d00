package preflight

import (
	"jogetferry/migration"
)

// FormMappings is FERRY-217: activities are mapped to other forms.
var FormMappings = Check{
	ID:       "FERRY-217",
	Severity: migration.Warning,
	Title:    "activities are mapped to other forms",
	Remedy:   "map them alike in the Process Builder of the target, or make sure that the difference is meant",
	About:    `The form that each activity opens; runProcess is the start form.`,
	Definition: func(f *DefinitionFacts, r Report) {
		if diff := formsDiff(f.Source.Forms, f.Target.Forms, f.renamed); diff != "" && f.both() {
			r.Found(f.ID.String(), diff)
		}
	},
}
