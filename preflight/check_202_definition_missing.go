package preflight

import (
	"jogetferry/migration"
)

// DefinitionMissing is FERRY-202: the process is not in the mapped version on the target.
var DefinitionMissing = Check{
	ID:       "FERRY-202",
	Severity: migration.Blocking,
	Title:    "the process is not in the mapped version on the target",
	Remedy:   "publish the app version that has it, or map it under definitions",
	About:    `The engine of the target has no such definition: the package version lacks the process, or was never deployed.`,
	Definition: func(f *DefinitionFacts, r Report) {
		if f.Unpublished == "" && f.Target.Missing {
			r.Found(f.ID.String(), f.TargetID.String())
		}
	},
}
