package preflight

import (
	"jogetferry/migration"
)

// TargetUnreachable is FERRY-102: the target's JSON API does not answer.
var TargetUnreachable = Check{
	ID:       "FERRY-102",
	Severity: migration.Blocking,
	Title:    "the target's JSON API does not answer",
	Remedy:   "check target.url (http://host:port/jw) and that the server is up",
	About:    `The first call is currentUsername; without an answer nothing else is tried. The second is the list of running processes, which fails as a whole when the definition of one of them cannot be loaded.`,
	Calling: func(f *CallingFacts, r Report) {
		if f.Unreachable != "" {
			r.Found("target", f.Unreachable)
		}
	},
}
