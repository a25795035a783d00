package preflight

import (
	"jogetferry/migration"
)

// VersionUnpublished is FERRY-214: the mapped version is not the published one.
var VersionUnpublished = Check{
	ID:       "FERRY-214",
	Severity: migration.Blocking,
	Title:    "the mapped version is not the published one",
	Remedy:   "publish the app version that has it, or map the definition to latest",
	About:    `Joget lets only administrators start a version that is not published; every other requester would be refused.`,
	Definition: func(f *DefinitionFacts, r Report) {
		if f.Target.Process != nil && !f.Target.Published {
			r.Found(f.ID.String(), f.TargetID.String())
		}
	},
}
