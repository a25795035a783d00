package preflight

import (
	"jogetferry/migration"
)

// NotStarted is FERRY-401: the instance was created and never started.
var NotStarted = Check{
	ID:       "FERRY-401",
	Severity: migration.Blocking,
	Title:    "the instance was created and never started",
	Remedy:   "it is usually the wreck of a failed start: abort it on the source, or leave it",
	About:    `An exception during a start leaves the created instance behind; Joget lists it as running.`,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		if p.Instance.State == migration.StateNotStarted {
			r.Found(f.subject(), "")
		}
	},
}
