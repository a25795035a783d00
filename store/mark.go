package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"jogetferry/migration"
)

// CheckMarks compares the counters of a target server with the highest values
// seen before, and raises those. One that has gone back means that the target
// was restored from a backup: CodeDrifted, and nothing is raised. read is
// called after the marks were read, so that a counter read by a slower worker
// does not look like one that has gone back.
func (l *Ledger) CheckMarks(ctx context.Context, target migration.Fingerprint, read func(context.Context) (map[string]int64, error)) error {
	const op = "check counters of the target"
	marks := map[string]int64{}
	err := each(ctx, l.db, queryMarks, []any{target}, func(row scanner) error {
		var name string
		var mark int64
		err := row.Scan(&name, &mark)
		marks[name] = mark
		return err
	})
	if err != nil {
		return failure(op, "", err)
	}
	counters, err := read(ctx)
	if err != nil {
		return fmt.Errorf("read the counters of the target: %w", err)
	}
	higher := 0
	var rows []any
	for _, name := range slices.Sorted(maps.Keys(counters)) {
		mark, known := marks[name]
		switch value := counters[name]; {
		case known && value < mark:
			return &migration.Error{
				Code: migration.CodeDrifted, Op: op, Subject: name, Hint: migration.ReasonTargetRewound.Text(),
				Err: fmt.Errorf("%d is below %d", value, mark),
			}
		case !known || value > mark:
			rows = append(rows, target, name, value)
			higher++
		}
	}
	if higher == 0 {
		return nil
	}
	_, err = l.db.ExecContext(ctx, raiseMarks+tuples(higher, 3)+raiseHigher, rows...)
	return failure(op, "", err)
}

// ResetMarks forgets the marks of a target server, after the operator has said
// that it was restored on purpose. The decision is logged.
func (l *Ledger) ResetMarks(ctx context.Context, mig migration.Name, target migration.Fingerprint, by, why string) error {
	return l.tx(ctx, "reset counters of the target", string(mig), func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, deleteMarks, target); err != nil {
			return err
		}
		return l.log(ctx, tx, mig, "", migration.StepLine{Event: migration.EventMarksForgotten, Detail: why, By: by})
	})
}
