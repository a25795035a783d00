package preflight

import (
	"jogetferry/joget/flow"
	"jogetferry/migration"
)

// StartEnds is FERRY-427: with today's values the start would run to its end.
var StartEnds = Check{
	ID:       "FERRY-427",
	Severity: migration.Blocking,
	Title:    "the start would run to its end",
	Remedy:   "let the instance move on by hand, or move it by hand: a closed instance cannot be resumed",
	About:    `The conditions of the definition are evaluated under the variables of the instance: they lead from the start to the end without a wait. A start with the initial values of the texts, which can be set afterwards (FERRY-436), is not known to wait either.`,
	Instance: func(f *InstanceFacts, r Report) {
		if f.Start != nil && f.started() && f.Start.Outcome == flow.Ends {
			r.Found(f.subject(), f.Start.String())
		}
	},
}
