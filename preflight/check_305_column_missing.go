package preflight

import (
	"jogetferry/migration"
)

// ColumnMissing is FERRY-305: the target's form table lacks a column that has values on the source.
var ColumnMissing = Check{
	ID:       "FERRY-305",
	Severity: migration.Blocking,
	Title:    "the target's form table lacks a column that has values on the source",
	Remedy:   "deploy the form with that field and open it once on the target; a column that nobody needs any more is left to you",
	About:    `A value without a column parks its instance with record_unsupported. All rows of the source's table are looked at, also those that no instance has: a column that is NULL or empty in all of them is a note.`,
	App: func(f *AppFacts, r Report) {
		for m := range f.mismatches(migration.MismatchColumn) {
			severity := migration.Note
			if m.Proven {
				severity = migration.Blocking
			}
			r.FoundAs(severity, formTable(m.Table), m.Column+" "+m.Source)
		}
	},
}
