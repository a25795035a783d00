package preflight

import (
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// TransitionsDiffer is FERRY-207: the transitions differ.
var TransitionsDiffer = Check{
	ID:       "FERRY-207",
	Severity: migration.Warning,
	Title:    "the transitions differ",
	Remedy:   "publish the version that the source runs, or make sure that the difference is meant",
	About:    `Where instances go next: from, to, and the condition, blanks around it aside. IDs of transitions do not count.`,
	Personal: true, // texts of the definition may hold names and addresses
	Definition: func(f *DefinitionFacts, r Report) {
		if diff := xpdl.Diff(f.Differences, xpdl.AspectTransitions); diff != "" {
			r.Found(f.ID.String(), diff)
		}
	},
}
