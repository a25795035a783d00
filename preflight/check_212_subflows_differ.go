package preflight

import (
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// SubflowsDiffer is FERRY-212: the subflows differ.
var SubflowsDiffer = Check{
	ID:       "FERRY-212",
	Severity: migration.Warning,
	Title:    "the subflows differ",
	Remedy:   "publish the version that the source runs, or make sure that the difference is meant",
	About:    `Which process a subflow activity calls, whether it waits for it, and what it hands over.`,
	Personal: true, // texts of the definition may hold names and addresses
	Definition: func(f *DefinitionFacts, r Report) {
		if diff := xpdl.Diff(f.Differences, xpdl.AspectSubflows); diff != "" {
			r.Found(f.ID.String(), diff)
		}
	},
}
