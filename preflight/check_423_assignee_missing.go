package preflight

import (
	"fmt"

	"jogetferry/migration"
)

// AssigneeMissing is FERRY-423: an assignee is unknown or inactive on the target.
var AssigneeMissing = Check{
	ID:       "FERRY-423",
	Severity: migration.Warning,
	Title:    "an assignee is unknown or inactive on the target",
	Remedy:   "make or activate the user on the target, or map it in users; else reassign the activity afterwards",
	About:    `Those to whom an open activity is offered on the source, by the names that users leads to. The target evaluates the participant mapping itself, and drops who is not there without a word; who is there is assigned where the numbers agree (FERRY-435).`,
	Personal: true,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		for _, a := range p.wantedActivities() {
			for _, s := range a.Assignments {
				if why := f.stranger(s.User); why != "" && !s.Accepted {
					r.Found(f.subject(), fmt.Sprintf("%s: %s %s", a.DefID, s.User, why))
				}
			}
		}
	},
}
