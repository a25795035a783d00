package preflight

import (
	"jogetferry/migration"
)

// InstanceSuspended is FERRY-402: the instance is suspended.
var InstanceSuspended = Check{
	ID:       "FERRY-402",
	Severity: migration.Blocking,
	Title:    "the instance is suspended",
	Remedy:   "resume it on the source",
	About:    `A suspended instance cannot be told from a running one once it was started anew.`,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		if p.Instance.State == migration.StateSuspended {
			r.Found(f.subject(), "")
		}
	},
}
