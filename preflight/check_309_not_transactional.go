package preflight

import (
	"jogetferry/migration"
)

// NotTransactional is FERRY-309: rows of the target's form table cannot be written safely.
var NotTransactional = Check{
	ID:       "FERRY-309",
	Severity: migration.Warning,
	Title:    "rows of the target's form table cannot be written safely",
	Remedy:   "convert the target's table to InnoDB, with id as its primary key",
	About:    `A row is written only if it still is what the ledger's image says, which needs transactions and a key on id. An instance whose record has a row in such a table has FERRY-319; a child row in one parks its instance with record_unsupported. A table without a row on the source is not looked at.`,
	App: func(f *AppFacts, r Report) {
		f.mismatched(r, func(m migration.Mismatch) string {
			if m.Kind == migration.MismatchKey {
				return "id is no key"
			}
			return "engine " + m.Target
		}, migration.MismatchEngine, migration.MismatchKey)
	},
}
