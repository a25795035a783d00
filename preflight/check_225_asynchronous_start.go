package preflight

import (
	"jogetferry/migration"
)

// AsynchronousStart is FERRY-225: a start may begin a subflow that nobody waits for.
var AsynchronousStart = Check{
	ID:       "FERRY-225",
	Severity: migration.Warning,
	Title:    "a start may begin a subflow that nobody waits for",
	Remedy:   "look at the instances that do (FERRY-432): each would begin another such subflow",
	About:    `The subflow of the source goes on there, and the start on the target makes a second one.`,
	Definition: func(f *DefinitionFacts, r Report) {
		for _, s := range f.MayRun {
			if s.Asynchronous {
				r.Found(f.ID.String(), s.Activity)
			}
		}
	},
}
