package preflight

import (
	"jogetferry/migration"
)

// NothingOpen is FERRY-403: the instance has no open activity.
var NothingOpen = Check{
	ID:       "FERRY-403",
	Severity: migration.Blocking,
	Title:    "the instance has no open activity",
	Remedy:   "it waits for something that never comes; look at it on the source",
	About:    `Usually a join that waits for a branch that was never taken, or a resume that failed.`,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		if len(p.Instance.Activities) == 0 && p.started() {
			r.Found(f.subject(), "")
		}
	},
}
