package preflight

import (
	"jogetferry/migration"
)

// AnonymousRequester is FERRY-411: the requester is not a user that can log in.
var AnonymousRequester = Check{
	ID:       "FERRY-411",
	Severity: migration.Blocking,
	Title:    "the requester is not a user that can log in",
	Remedy:   "roleAnonymous and roleSystem cannot be logged in as: map them to a user under users, or move this instance by hand",
	About:    `The instance was started without a login, or by a background thread.`,
	Instance: func(f *InstanceFacts, r Report) {
		switch u := f.wanted().Requester; u {
		case migration.AnonymousUser, systemUser, "":
			if f.started() {
				r.Found(f.subject(), string(u))
			}
		}
	},
}
