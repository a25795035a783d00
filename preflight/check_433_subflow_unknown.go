package preflight

import (
	"jogetferry/joget/flow"
	"jogetferry/migration"
)

// SubflowUnknown is FERRY-433: what the start of a subflow does cannot be known.
var SubflowUnknown = Check{
	ID:       "FERRY-433",
	Severity: migration.Warning,
	Title:    "what the start of a subflow does cannot be known beforehand",
	Remedy:   "try one instance with starter pilot; what its tools change in the record set is put back, and an instance whose subflow ran through is parked",
	About:    `A decision plugin, a variable that a tool may set, or a condition that cannot be evaluated lies on the way of the new instance to where it waits first.`,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		if p.Caller != "" && p.started() && p.Start != nil && p.Start.Outcome == flow.Unknown && !p.runsThrough() {
			r.Found(f.subject(), p.Start.Why)
		}
	},
}
