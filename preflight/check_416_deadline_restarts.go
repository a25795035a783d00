package preflight

import (
	"jogetferry/migration"
)

// DeadlineRestarts is FERRY-416: a deadline starts anew on the target.
var DeadlineRestarts = Check{
	ID:       "FERRY-416",
	Severity: migration.Warning,
	Title:    "a deadline starts anew on the target",
	Remedy:   "deadlines count from the moment of the migration",
	About:    `Joget computes deadlines when an activity starts; what was nearly due on the source has its whole time again.`,
	Instance: func(f *InstanceFacts, r Report) {
		for a := range f.activities() {
			if a.Deadlines > 0 {
				r.Found(f.subject(), string(a.DefID))
			}
		}
	},
}
