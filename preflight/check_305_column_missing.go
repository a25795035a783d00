package preflight

import (
	"jogetferry/migration"
)

// ColumnMissing is FERRY-305: the target's form table lacks a column that the source's has.
var ColumnMissing = Check{
	ID:       "FERRY-305",
	Severity: migration.Warning,
	Title:    "the target's form table lacks a column that the source's has",
	Remedy:   "deploy the form with that field and open it once on the target; a column that nobody needs any more is left to you",
	About:    `Joget never drops columns, so many a table has some of fields that are long gone. An instance whose record has a value there has FERRY-319; a child row with one parks its instance with record_unsupported.`,
	App: func(f *AppFacts, r Report) {
		f.mismatched(r, func(m migration.Mismatch) string { return m.Column + " " + m.Source }, migration.MismatchColumn)
	},
}
