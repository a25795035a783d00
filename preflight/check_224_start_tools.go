package preflight

import (
	"strings"

	"jogetferry/migration"
)

// StartTools is FERRY-224: plugins run at each start, before the first wait.
var StartTools = Check{
	ID:       "FERRY-224",
	Severity: migration.Warning,
	Title:    "plugins run at each start, before the first wait",
	Remedy:   "make sure that what they send or call may happen once more; what they change in the record set is put back",
	About:    `Their mails and calls do happen on the target. Shown are the plugins that some start may reach, and the way of a start with the initial values of the definition.`,
	Definition: func(f *DefinitionFacts, r Report) {
		if names := plugins(f.MayRun); len(names) > 0 {
			r.Found(f.ID.String(), strings.Join(names, ", ")+"; with initial values: "+f.Start.String())
		}
	},
}
