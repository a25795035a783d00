package preflight

import (
	"fmt"

	"jogetferry/migration"
)

// RequesterRefused is FERRY-425: the requester may not start the process on the target.
var RequesterRefused = Check{
	ID:       "FERRY-425",
	Severity: migration.Blocking,
	Title:    "the requester may not start the process on the target",
	Remedy:   "let the start whitelist of the process have the requester, or map the requester in users to somebody who may",
	About: `The start whitelist (participant processStartWhiteList) of what the definition maps to is evaluated from the target's
tables: users, groups, departments and their heads, roles. A version that is not published may be started by administrators only, and nobody may start anything who has no role at all.`,
	Personal: true,
	Instance: func(f *InstanceFacts, r Report) {
		if p, u, why := f.mayStart(); p == permissionRefused {
			r.Found(f.subject(), fmt.Sprintf("%s: %s", u, why))
		}
	},
}

// mayStart says whether the requester may start, and why not. Somebody whom the
// target does not know is FERRY-421.
func (f *InstanceFacts) mayStart() (permission, migration.User, string) {
	a, u, ok := f.requester()
	if !ok || f.Users.Start == nil || a.Standing == StandingMissing || a.Standing == StandingUnknown {
		return permissionGiven, u, ""
	}
	p, why := f.Users.Start.judge(a)
	return p, u, why
}
