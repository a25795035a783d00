package preflight

import (
	"jogetferry/migration"
)

// OldHost is FERRY-219: the target's app points at the old host.
var OldHost = Check{
	ID:       "FERRY-219",
	Severity: migration.Warning,
	Title:    "the target's app points at the old host",
	Remedy:   "change the environment variable, form or plugin default on the target, and publish",
	About:    `Calls and links would go on reaching the source. The names in source.hosts and the host name of the source's database server are looked for in the environment variables, forms and plugin defaults of the target's published version; a name without a dot only where it is part of an address. Of an app whose processes go to several apps of the target, the one that the first instance goes to is looked at. What stands there is not shown, since it may hold passwords.`,
	App: func(f *AppFacts, r Report) {
		for _, place := range f.Mentions {
			r.Found(f.ID, place)
		}
	},
}
