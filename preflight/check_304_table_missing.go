package preflight

import (
	"jogetferry/migration"
)

// TableMissing is FERRY-304: the target lacks a form table of which the source has rows.
var TableMissing = Check{
	ID:       "FERRY-304",
	Severity: migration.Warning,
	Title:    "the target lacks a form table of which the source has rows",
	Remedy:   "open one of its forms once on the target; Joget makes the table then",
	About:    `Joget makes form tables when a form is first used, and never drops them: the rows may be of instances long closed. An instance whose record has a row there has FERRY-319; a child row that an instance has there parks it with record_unsupported.`,
	App: func(f *AppFacts, r Report) {
		f.mismatched(r, func(migration.Mismatch) string { return "absent" }, migration.MismatchTable)
	},
}
