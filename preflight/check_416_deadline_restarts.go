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
	About: `Joget computes deadlines when an activity starts; what was nearly due on the source has its whole time again. A target
that does not look for deadlines (deadlineCheckerInterval 0 or absent) never fires them.`,
	Instance: func(f *InstanceFacts, r Report) {
		for a := range f.activities() {
			if a.Deadlines == 0 {
				continue
			}
			seen := string(a.DefID)
			if a.NextDeadline != 0 {
				seen += ": was due " + clock(a.NextDeadline)
			}
			if f.Deadlines != nil && !f.Deadlines.TargetFires {
				seen += "; the target does not look for deadlines"
			}
			r.Found(f.subject(), seen)
		}
	},
}
