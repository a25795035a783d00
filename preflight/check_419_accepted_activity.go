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
	Remedy:   "nothing; on the target the same user accepts it",
	About:    `Somebody has taken the activity. The migrated one is accepted in that user's name, at the time of the migration; a user whom the target does not have is FERRY-424.`,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		for a := range p.open(xpdl.Manual) {
			if a.AcceptedBy != "" && a.State == migration.StateRunning {
				r.Found(f.subject(), string(a.DefID))
			}
		}
	},
}
