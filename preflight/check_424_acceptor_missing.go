package preflight

import (
	"fmt"

	"jogetferry/migration"
)

// AcceptorMissing is FERRY-424: who accepted an activity is unknown or inactive on the target.
var AcceptorMissing = Check{
	ID:       "FERRY-424",
	Severity: migration.Warning,
	Title:    "who accepted an activity is unknown or inactive on the target",
	Remedy:   "make or activate the user on the target, or map it in users; else reassign the activity afterwards",
	About:    `An accepted activity belongs to one person alone, and nobody else sees it. The migrated one is offered to whom the target's mapping yields.`,
	Personal: true,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		for _, a := range p.wantedActivities() {
			if why := f.stranger(a.AcceptedBy); why != "" {
				r.Found(f.subject(), fmt.Sprintf("%s: %s %s", a.DefID, a.AcceptedBy, why))
			}
		}
	},
}
