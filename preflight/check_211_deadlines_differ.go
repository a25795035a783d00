package preflight

import (
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// DeadlinesDiffer is FERRY-211: deadlines or limits differ.
var DeadlinesDiffer = Check{
	ID:       "FERRY-211",
	Severity: migration.Warning,
	Title:    "deadlines or limits differ",
	Remedy:   "publish the version that the source runs, or make sure that the difference is meant",
	About:    `Deadlines with their conditions and exceptions, limits, and the unit of durations.`,
	Personal: true, // texts of the definition may hold names and addresses
	Definition: func(f *DefinitionFacts, r Report) {
		if diff := xpdl.Diff(f.Differences, xpdl.AspectDeadlines); diff != "" {
			r.Found(f.ID.String(), diff)
		}
	},
}
