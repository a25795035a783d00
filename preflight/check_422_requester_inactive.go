package preflight

import (
	"jogetferry/migration"
)

// RequesterInactive is FERRY-422: the requester is inactive on the target.
var RequesterInactive = Check{
	ID:       "FERRY-422",
	Severity: migration.Warning,
	Title:    "the requester is inactive on the target",
	Remedy:   "activate the user, or map it to somebody else in users; the start works all the same",
	About:    `The master login can start in the name of an inactive user, who cannot log in and see the instance.`,
	Personal: true,
	Instance: func(f *InstanceFacts, r Report) {
		if a, u, ok := f.requester(); ok && a.Standing == StandingInactive {
			r.Found(f.subject(), string(u))
		}
	},
}
