package schema

import (
	"database/sql"

	"jogetferry/migration"
)

// notYet is what the engine's bigint columns hold for a time that has not come
// or does not exist: half of Java's Long.MAX_VALUE
// (docs/joget.md#times). No real time is later.
const notYet = 1<<62 - 1

// moment scans an engine time. Every one of them is read through it, so that
// neither arithmetic nor a comparison ever sees what stands for none: NULL,
// notYet and Long.MAX_VALUE become zero.
type moment struct{ at *migration.EpochMillis }

// Scan implements sql.Scanner.
func (m moment) Scan(src any) error {
	var ms sql.NullInt64
	if err := ms.Scan(src); err != nil {
		return err
	}
	if ms.Int64 >= notYet {
		ms.Int64 = 0
	}
	*m.at = migration.EpochMillis(ms.Int64)
	return nil
}
