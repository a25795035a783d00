package preflight

import (
	"jogetferry/migration"
)

// EarlierPerformer is FERRY-226: somebody is assigned because of an activity that happened before.
var EarlierPerformer = Check{
	ID:       "FERRY-226",
	Severity: migration.Warning,
	Title:    "somebody is assigned because of an activity that happened before",
	Remedy:   "make sure that the activity it asks for is still ahead, or look at who gets those that come; what is open is given to the assignees of the source",
	About:    `The mapping asks for the performer of an earlier activity of the instance. What happened before the migration is unknown to the target: the assignment falls back to the requester.`,
	Definition: func(f *DefinitionFacts, r Report) {
		for _, p := range f.performers() {
			if requesterFamily(p.Type) && p.Value != "" && p.Value != startActivity {
				r.Found(f.ID.String(), p.Participant+": "+p.Type+" of "+p.Value)
			}
		}
	},
}
