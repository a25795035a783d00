package preflight

import (
	"jogetferry/migration"
)

// MasterRefused is FERRY-105: the master login does not work on the target.
var MasterRefused = Check{
	ID:       "FERRY-105",
	Severity: migration.Blocking,
	Title:    "the master login does not work on the target",
	Remedy:   "set the master login in the target's general settings, and target.master to the same",
	About:    `Tried by logging in as the administrator through the master login. A wrong master password is no error for Joget: starts would run as roleAnonymous.`,
	Calling: func(f *CallingFacts, r Report) {
		seen := f.MasterRefused
		if seen == "" {
			return
		}
		if f.MasterUnset {
			seen += "; the target has none (masterLoginUsername, masterLoginPassword)"
		}
		r.Found("target", seen)
	},
}
