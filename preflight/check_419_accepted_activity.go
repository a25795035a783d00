package preflight

import (
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// AcceptedActivity is FERRY-419: an open activity is accepted.
var AcceptedActivity = Check{
	ID:       "FERRY-419",
	Severity: migration.Note,
	Title:    "an open activity is accepted",
	Remedy:   "on the target it is offered again to all its assignees",
	About:    `Somebody has taken the activity; the migrated one is offered anew.`,
	Instance: func(f *InstanceFacts, r Report) {
		for a := range f.open(xpdl.Manual) {
			if a.AcceptedBy != "" && a.State == migration.StateRunning {
				r.Found(f.subject(), string(a.DefID))
			}
		}
	},
}
