package preflight

import (
	"jogetferry/migration"
)

// StartBeginsAsynchronous is FERRY-432: the start would begin a subflow that nobody waits for.
var StartBeginsAsynchronous = Check{
	ID:       "FERRY-432",
	Severity: migration.Blocking,
	Title:    "the start would begin a subflow that nobody waits for",
	Remedy:   "move this instance by hand, or let it end on the source",
	About:    `The one of the source goes on there: the start on the target would make a second one, which no migrated instance belongs to.`,
	Instance: func(f *InstanceFacts, r Report) {
		if f.Start == nil || !f.started() {
			return
		}
		for _, activity := range f.Start.Asynchronous() {
			r.Found(f.subject(), activity)
		}
	},
}
