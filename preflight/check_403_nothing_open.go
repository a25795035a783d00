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
	Instance: func(f *InstanceFacts, r Report) {
		if len(f.Instance.Activities) == 0 && f.started() {
			r.Found(f.subject(), "")
		}
	},
}
