package preflight

import (
	"jogetferry/migration"
)

// AppUnpublished is FERRY-201: the app is not published on the target.
var AppUnpublished = Check{
	ID:       "FERRY-201",
	Severity: migration.Blocking,
	Title:    "the app is not published on the target",
	Remedy:   "import the app on the target and publish it",
	About:    `Instances of a source definition go to the published version of the same process, unless definitions says otherwise.`,
	Definition: func(f *DefinitionFacts, r Report) {
		if f.Unpublished != "" {
			r.Found(f.ID.String(), f.Unpublished)
		}
	},
}
