package preflight

import (
	"jogetferry/migration"
)

// DefinitionBroken is FERRY-203: the process definition cannot be read.
var DefinitionBroken = Check{
	ID:       "FERRY-203",
	Severity: migration.Blocking,
	Title:    "the process definition cannot be read",
	Remedy:   "look at the package in SHKXPDLData; import the app again",
	About:    `Without the definition nobody knows what an open activity is. Instances of all other definitions are planned all the same.`,
	Definition: func(f *DefinitionFacts, r Report) {
		if f.Source.Missing || f.Source.Broken {
			r.Found(f.ID.String(), "source")
		}
		if f.Target.Broken {
			r.Found(f.ID.String(), "target, "+f.TargetID.String())
		}
	},
}
