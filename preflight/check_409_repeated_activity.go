package preflight

import (
	"jogetferry/migration"
)

// RepeatedActivity is FERRY-409: the same activity is open twice.
var RepeatedActivity = Check{
	ID:       "FERRY-409",
	Severity: migration.Blocking,
	Title:    "the same activity is open twice",
	Remedy:   "complete one of them on the source: the engine keeps one active activity per definition",
	About:    `A second start of the same activity is answered with true and does nothing. Two activities that the configuration maps to one are meant too.`,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		seen := map[migration.ActivityDefID]bool{}
		for _, a := range p.wantedActivities() {
			if seen[a.DefID] {
				r.Found(f.subject(), string(a.DefID))
			}
			seen[a.DefID] = true
		}
	},
}
