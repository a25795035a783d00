package preflight

import (
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// JoinsDiffer is FERRY-208: joins or splits differ.
var JoinsDiffer = Check{
	ID:       "FERRY-208",
	Severity: migration.Warning,
	Title:    "joins or splits differ",
	Remedy:   "publish the version that the source runs, or make sure that the difference is meant",
	About:    `AND against XOR, and for an XOR split the order in which its transitions are tried.`,
	Definition: func(f *DefinitionFacts, r Report) {
		if diff := xpdl.Diff(f.Differences, xpdl.AspectJoinsSplits); diff != "" {
			r.Found(f.ID.String(), diff)
		}
	},
}
