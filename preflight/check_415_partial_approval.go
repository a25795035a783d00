package preflight

import (
	"jogetferry/migration"
)

// PartialApproval is FERRY-415: a multi-approval is half done.
var PartialApproval = Check{
	ID:       "FERRY-415",
	Severity: migration.Blocking,
	Title:    "a multi-approval is half done",
	Remedy:   "let the others approve on the source first",
	About:    `Who has approved already is not restored by starting the activity anew.`,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		for a := range p.activities() {
			if a.Priority == multiApproval {
				r.Found(f.subject(), string(a.DefID))
			}
		}
	},
}
