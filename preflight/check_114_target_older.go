package preflight

import (
	"fmt"

	"jogetferry/migration"
)

// TargetOlder is FERRY-114: the target runs an older Joget than the source.
var TargetOlder = Check{
	ID:       "FERRY-114",
	Severity: migration.Warning,
	Title:    "the target runs an older Joget than the source",
	Remedy:   "migrate to the same or a newer version; else test every plugin, form and character on the target first",
	About:    `Generations are told by the tables. An older server may lack plugins, form columns and characters outside utf8mb3.`,
	Copying: func(f *CopyingFacts, r Report) {
		if f.TargetGeneration != 0 && f.TargetGeneration < f.SourceGeneration {
			r.Found("target", fmt.Sprintf("v%d -> v%d", f.SourceGeneration, f.TargetGeneration))
		}
	},
}
