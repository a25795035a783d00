package preflight

import (
	"strings"

	"jogetferry/migration"
)

// CallerAssigned is FERRY-227: an assignment depends on who makes the call.
var CallerAssigned = Check{
	ID:       "FERRY-227",
	Severity: migration.Warning,
	Title:    "an assignment depends on who makes the call",
	Remedy:   "nothing, as long as the numbers agree: what is open is given to the assignees of the source; where they do not, the verdict is assignees_differ",
	About:    `The mapping means the current user. When an activity is started by the JSON API that is the administrator who migrates, not the person who completed the activity before.`,
	Definition: func(f *DefinitionFacts, r Report) {
		for _, p := range f.performers() {
			if requesterFamily(p.Type) && p.Value == "" || p.Type == "role" {
				r.Found(f.ID.String(), strings.TrimSpace(p.Participant+": "+p.Type+" "+p.Value))
			}
		}
	},
}
