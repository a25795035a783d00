package preflight

import (
	"jogetferry/migration"
)

// NotTransactional is FERRY-309: rows of the target's form table cannot be written safely.
var NotTransactional = Check{
	ID:       "FERRY-309",
	Severity: migration.Blocking,
	Title:    "rows of the target's form table cannot be written safely",
	Remedy:   "convert the target's table to InnoDB, with id as its primary key",
	About:    `A row is written only if it still is what the ledger's image says, which needs transactions and a key on id. A row of such a table parks its instance with record_unsupported; a table without a row on the source is not looked at.`,
	App: func(f *AppFacts, r Report) {
		for m := range f.mismatches(migration.MismatchEngine, migration.MismatchKey) {
			if m.Kind == migration.MismatchKey {
				r.Found(formTable(m.Table), "id is no key")
				continue
			}
			r.Found(formTable(m.Table), "engine "+m.Target)
		}
	},
}
