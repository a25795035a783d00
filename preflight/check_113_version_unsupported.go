package preflight

import (
	"fmt"

	"jogetferry/migration"
)

// The oldest generations that can be migrated from and to.
const (
	oldestSource = 4
	oldestTarget = 5
)

// VersionUnsupported is FERRY-113: a server's version of Joget is not supported.
var VersionUnsupported = Check{
	ID:       "FERRY-113",
	Severity: migration.Blocking,
	Title:    "this version of Joget is not supported",
	Remedy:   "upgrade the server: the source has to be v4 or later, the target v5 or later",
	About:    `The generation is told by the tables: each has some that the one before lacks. Before v5 a start takes no record ID, so a v4 server can only be a source.`,
	Copying: func(f *CopyingFacts, r Report) {
		for _, s := range []struct {
			subject            string
			generation, oldest int
		}{{"source", f.SourceGeneration, oldestSource}, {"target", f.TargetGeneration, oldestTarget}} {
			switch {
			case s.generation == 0:
				r.Found(s.subject, "its tables are not those of Joget v3 to v8")
			case s.generation < s.oldest:
				r.Found(s.subject, fmt.Sprintf("v%d", s.generation))
			}
		}
	},
}
