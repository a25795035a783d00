package preflight

import (
	"jogetferry/migration"
)

// ActivitySuspended is FERRY-407: an open activity is suspended.
var ActivitySuspended = Check{
	ID:       "FERRY-407",
	Severity: migration.Blocking,
	Title:    "an open activity is suspended",
	Remedy:   "resume it on the source: Joget's abortCurrent leaves suspended ones alone",
	About:    `A suspended activity cannot be made by the JSON API.`,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		for a := range p.activities() {
			if a.State == migration.StateSuspended {
				r.Found(f.subject(), string(a.DefID))
			}
		}
	},
}
