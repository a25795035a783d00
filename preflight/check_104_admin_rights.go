package preflight

import (
	"jogetferry/migration"
)

// AdminRights is FERRY-104: target.admin is not an administrator.
var AdminRights = Check{
	ID:       "FERRY-104",
	Severity: migration.Blocking,
	Title:    "target.admin is not an administrator",
	Remedy:   "give the user ROLE_ADMIN on the target",
	About:    `Tried by listing the running processes, which only administrators may.`,
	Calling: func(f *CallingFacts, r Report) {
		if f.AdminRights != "" {
			r.Found("target", f.AdminRights)
		}
	},
}
