package schema

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Block is the number of object ids or counter values a node reserves at once.
const Block = 200

// Names of the counters in SHKCounters that number instances, activities and
// deployed XPDL data. Tables with a CNT column have a counter each.
const (
	CounterProcess     = "_process_"
	CounterActivity    = "_activity_"
	CounterXPDLData    = "_xpdldata_"
	CounterProcessData = "_processdata_"
	CounterActData     = "_activitydata_"
	CounterAssignment  = "_assignment_"
	CounterAndJoin     = "andjoinentry"
	CounterDeadline    = "deadline"
)

// ReserveObjectIDs takes at least n object ids, whole blocks, for the caller's
// own use and returns the first. The row stays locked until tx ends.
func ReserveObjectIDs(ctx context.Context, tx *sql.Tx, n int64) (int64, error) {
	var first int64
	if err := tx.QueryRowContext(ctx, lockObjectID).Scan(&first); err != nil {
		return 0, fmt.Errorf("reserving object ids: %w", err)
	}
	if _, err := tx.ExecContext(ctx, raiseObjectID, first+blocks(n)); err != nil {
		return 0, fmt.Errorf("reserving object ids: %w", err)
	}
	return first, nil
}

// ReserveCounter takes at least n values, whole blocks, of a counter and
// returns the first; the counter is created at 1 when it does not exist. Its
// row stays locked until tx ends.
func ReserveCounter(ctx context.Context, tx *sql.Tx, name string, n int64) (int64, error) {
	var first int64
	err := tx.QueryRowContext(ctx, lockCounter, name).Scan(&first)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		first = 1
		_, err = tx.ExecContext(ctx, insertCounter, name, first+blocks(n), CounterOID(name))
	case err == nil:
		_, err = tx.ExecContext(ctx, raiseCounter, first+blocks(n), name)
	}
	if err != nil {
		return 0, fmt.Errorf("reserving counter %s: %w", name, err)
	}
	return first, nil
}

// CounterOID is the object id of a counter's row: the absolute value of the
// Java hash code of its name (docs/joget.md#counters).
func CounterOID(name string) int64 {
	var hash int32
	for _, unit := range name { // counter names are ASCII, so runes are Java chars
		hash = 31*hash + unit
	}
	return max(int64(hash), -int64(hash))
}

// blocks rounds n up to whole blocks, at least one.
func blocks(n int64) int64 {
	return max(1, (n+Block-1)/Block) * Block
}
