package preflight

import (
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// ActivitiesDiffer is FERRY-206: the activities differ.
var ActivitiesDiffer = Check{
	ID:       "FERRY-206",
	Severity: migration.Warning,
	Title:    "the activities differ",
	Remedy:   "publish the version that the source runs, or make sure that the difference is meant",
	About:    `Activities are compared by ID, kind, performer and block. An open activity that the target lacks is FERRY-410 of its instance.`,
	Definition: func(f *DefinitionFacts, r Report) {
		if diff := xpdl.Diff(f.Differences, xpdl.AspectActivities); diff != "" {
			r.Found(f.ID.String(), diff)
		}
	},
}
