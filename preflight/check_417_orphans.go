package preflight

import (
	"jogetferry/migration"
)

// Orphans is FERRY-417: open instances are below no root: asynchronous subflows, or of a caller that is gone.
var Orphans = Check{
	ID:       "FERRY-417",
	Severity: migration.Blocking,
	Title:    "open instances are below no root: asynchronous subflows, or of a caller that is gone",
	Remedy:   "they are not migrated; let them end on the source",
	About:    `Every open instance is a root, waits below one, or is named here: nothing is left out unseen.`,
	Plan: func(f *PlanFacts, r Report) {
		for _, id := range f.Orphans {
			r.Found(string(id), "")
		}
	},
}
