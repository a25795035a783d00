package preflight

import (
	"jogetferry/migration"
)

// UserMapping is FERRY-223: users leads to somebody whom the target does not have.
var UserMapping = Check{
	ID:       "FERRY-223",
	Severity: migration.Warning,
	Title:    "an entry of users leads to somebody whom the target does not have",
	Remedy:   "correct the entry, or make the user; the nearest names are shown",
	About:    `Looked up in the target's directory (dir_user), and by a probe where another directory is in use and this worker can call the target.`,
	Personal: true,
	Plan: func(f *PlanFacts, r Report) {
		for _, u := range f.Users.Missing {
			r.Found("users", wrong("users", "the target has no "+string(u), string(u), f.Users.Known).String())
		}
	},
}
