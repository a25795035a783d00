package preflight

import (
	"fmt"

	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// AssigneesDiffer is FERRY-435: an activity will have another number of assignees.
var AssigneesDiffer = Check{
	ID:       "FERRY-435",
	Severity: migration.Warning,
	Title:    "an activity will have another number of assignees",
	Remedy:   "let the mapping of the target yield as many users, or assign the activity by hand; the verdict will be assignees_differ",
	About: `Joget evaluates the mapping of the participant when the activity is started; the calls there are move an assignment from one user to another, but
neither add nor take away any. Counted are mappings to users and groups, and to the requester; what the others yield depends on the instance.
An activity that somebody accepted is left to that user alone.`,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		for a := range p.open(xpdl.Manual) {
			wanted, there := p.becomes(a)
			if there == nil || wanted.AcceptedBy != "" || len(wanted.Assignments) == 0 {
				continue
			}
			if n, counted := p.Members[there.Performer]; counted && !n.holds(len(wanted.Assignments)) {
				r.Found(f.subject(), fmt.Sprintf("%s: %d on the source, %s on the target", a.DefID, len(wanted.Assignments), n))
			}
		}
	},
}
