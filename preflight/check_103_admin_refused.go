package preflight

import (
	"jogetferry/migration"
)

// AdminRefused is FERRY-103: the target does not take target.admin for who it is.
var AdminRefused = Check{
	ID:       "FERRY-103",
	Severity: migration.Blocking,
	Title:    "the target does not take target.admin for who it is",
	Remedy:   "check user name and password of target.admin; Joget answers wrong ones as anonymous",
	About:    `currentUsername is asked with exactly these credentials: a wrong login is no error for Joget, it goes on as anonymous.`,
	Calling: func(f *CallingFacts, r Report) {
		if f.AdminRefused {
			r.Found("target", "")
		}
	},
}
