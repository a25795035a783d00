package preflight

import (
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// ParticipantsDiffer is FERRY-210: the participants differ.
var ParticipantsDiffer = Check{
	ID:       "FERRY-210",
	Severity: migration.Warning,
	Title:    "the participants differ",
	Remedy:   "publish the version that the source runs, or make sure that the difference is meant",
	About:    `The swimlanes of the process; who is behind them is FERRY-215.`,
	Definition: func(f *DefinitionFacts, r Report) {
		if diff := xpdl.Diff(f.Differences, xpdl.AspectParticipants); diff != "" {
			r.Found(f.ID.String(), diff)
		}
	},
}
