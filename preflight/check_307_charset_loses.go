package preflight

import (
	"jogetferry/migration"
)

// CharsetLoses is FERRY-307: a column of the target cannot hold all characters of the source's.
var CharsetLoses = Check{
	ID:       "FERRY-307",
	Severity: migration.Warning,
	Title:    "a column of the target cannot hold all characters of the source's",
	Remedy:   "convert the target's table to utf8mb4",
	About:    `No character is replaced by a question mark. An instance whose record has one that the target lacks has FERRY-319, where the target's charset is ascii, latin1 or utf8mb3; others and child rows park it with record_unsupported.`,
	App: func(f *AppFacts, r Report) {
		f.mismatched(r, func(m migration.Mismatch) string { return m.Column + " " + m.Source + " to " + m.Target }, migration.MismatchCharset)
	},
}
