package preflight

import (
	"jogetferry/joget/flow"
	"jogetferry/migration"
)

// StartUnknown is FERRY-429: where the start would wait cannot be known beforehand.
var StartUnknown = Check{
	ID:       "FERRY-429",
	Severity: migration.Warning,
	Title:    "where the start would wait cannot be known beforehand",
	Remedy:   "try one instance with starter pilot; a start that ran through is parked, and nothing is started twice",
	About:    `A decision plugin, a variable that a start tool may set, or a condition that cannot be evaluated lies on the way. A note where it is so for each instance of a definition with start tools (FERRY-224).`,
	Instance: func(f *InstanceFacts, r Report) {
		if f.Start == nil || !f.started() || f.Start.Outcome != flow.Unknown {
			return
		}
		severity := migration.Warning
		if f.InitialStart.Outcome == flow.Unknown && len(plugins(f.InitialStart.All())) > 0 {
			severity = migration.Note
		}
		r.FoundAs(severity, f.subject(), f.Start.Why)
	},
}
