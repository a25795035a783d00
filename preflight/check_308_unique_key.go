package preflight

import (
	"jogetferry/migration"
)

// UniqueKey is FERRY-308: the target's form table has a unique key that the source's lacks.
var UniqueKey = Check{
	ID:       "FERRY-308",
	Severity: migration.Warning,
	Title:    "the target's form table has a unique key that the source's lacks",
	Remedy:   "drop the key, or make sure that no rows of both servers collide in it",
	About:    `Joget makes none besides the primary key, so somebody made it by hand. A row that collides with another one in it is a conflict: it is not written, whatever records.on_conflict says; its instance is parked, or with keep found missing by the verification.`,
	App: func(f *AppFacts, r Report) {
		f.mismatched(r, func(m migration.Mismatch) string { return m.Target + " (" + m.Column + ")" }, migration.MismatchUnique)
	},
}
