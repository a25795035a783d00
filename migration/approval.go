package migration

import "strings"

// Joget marks a multi-approval by the priority of its activity, and keeps who has approved
// in a variable of it, "a;b" (docs/joget.md#who-gets-an-activity). A definition may name
// the same priority.
const (
	multiApproval  = 5
	approversSoFar = "MULTI_APPROVAL_PERFORMERS"
)

// Approvers returns who has done their part of a multi-approval that is not whole, as
// the source writes them; nil of another activity, and while nobody has.
func (a *OpenActivity) Approvers() []User {
	if a.Priority != multiApproval {
		return nil
	}
	var users []User
	for _, v := range a.Variables {
		if v.Name != approversSoFar {
			continue
		}
		for name := range strings.SplitSeq(v.Value, ";") {
			if name != "" {
				users = append(users, User(name))
			}
		}
	}
	return users
}
