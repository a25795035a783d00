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
	About:    `Such a character parks its instance with record_unsupported; none is replaced by a question mark. All rows of the source's table are looked at: if one holds such a character, this blocks.`,
	App: func(f *AppFacts, r Report) {
		for m := range f.mismatches(migration.MismatchCharset) {
			severity := migration.Warning
			if m.Proven {
				severity = migration.Blocking
			}
			r.FoundAs(severity, formTable(m.Table), m.Column+": "+m.Source+" to "+m.Target)
		}
	},
}
