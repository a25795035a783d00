package preflight

import (
	"jogetferry/migration"
)

// TableMissing is FERRY-304: the target lacks a form table of which the source has rows.
var TableMissing = Check{
	ID:       "FERRY-304",
	Severity: migration.Blocking,
	Title:    "the target lacks a form table of which the source has rows",
	Remedy:   "open one of its forms once on the target; Joget makes the table then",
	About:    `Joget makes form tables when a form is first used. A row of such a table parks its instance with record_unsupported. A table without a row on the source is not missed.`,
	App: func(f *AppFacts, r Report) {
		for m := range f.mismatches(migration.MismatchTable) {
			r.Found(formTable(m.Table), "")
		}
	},
}
