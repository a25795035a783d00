package preflight

import (
	"jogetferry/migration"
)

// ParticipantMappings is FERRY-215: participants are mapped otherwise.
var ParticipantMappings = Check{
	ID:       "FERRY-215",
	Severity: migration.Warning,
	Title:    "participants are mapped otherwise",
	Remedy:   "map them alike in the Process Builder of the target, or make sure that the difference is meant",
	About:    `Who gets the next assignments, and who may start the process (processStartWhiteList). Of plugin properties only the names that differ are shown.`,
	Personal: true, // users and groups
	Definition: func(f *DefinitionFacts, r Report) {
		if diff := participantsDiff(f.Source.Participants, f.Target.Participants); diff != "" && f.both() {
			r.Found(f.ID.String(), diff)
		}
	},
}
