package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"jogetferry/migration"
)

// CreateRollback makes a rollback of the entries ids, all of them or none, and
// lets them wait for their turn. One whose rollback was begun before goes on in
// this one. An entry that is not Undoable is CodeConflict, an unknown one CodeNotFound.
func (l *Ledger) CreateRollback(ctx context.Context, mig migration.Name, ids []migration.InstanceID, discard bool, by string) (migration.Rollback, error) {
	const op = "create rollback"
	made := migration.Rollback{Discard: discard, Taken: len(ids), By: by}
	if made.By == "" {
		made.By = l.actor
	}
	err := l.tx(ctx, op, "", func(tx *sql.Tx) error {
		// The migration's row is the lock under which rollbacks are numbered.
		if _, err := findMigration(ctx, tx, op, mig); err != nil {
			return err
		}
		var before int
		if err := tx.QueryRowContext(ctx, queryRollbackRuns, mig).Scan(&before); err != nil {
			return err
		}
		made.Name = strconv.Itoa(before + 1)
		if _, err := tx.ExecContext(ctx, insertRollbackRun, mig, made.Name, discard, made.By); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, queryRollbackRun, mig, made.Name).Scan(&made.Discard, &made.By, &made.CreatedAt); err != nil {
			return err
		}
		for part := range slices.Chunk(ids, chunkRows) {
			if err := l.beginRollbacks(ctx, tx, mig, made.Name, part); err != nil {
				return err
			}
		}
		line := migration.StepLine{Step: migration.StepRollback, Event: migration.EventRollbackCreated, Facts: migration.Facts{Name: made.Name}, Detail: fmt.Sprintf("%d entries", len(ids)), By: by}
		return l.log(ctx, tx, mig, "", line)
	})
	return made, err
}

// BeginRollback takes one entry for a rollback of its own, part of no group.
// One that is taken already is left as it is. An entry that is not Undoable is CodeConflict.
func (l *Ledger) BeginRollback(ctx context.Context, mig migration.Name, id migration.InstanceID) error {
	return l.tx(ctx, "begin rollback", string(id), func(tx *sql.Tx) error {
		e, err := findEntry(ctx, tx, mig, id, forUpdate)
		if err != nil || e.State == migration.InstanceRollingBack {
			return err
		}
		return l.beginRollbacks(ctx, tx, mig, "", []migration.InstanceID{id})
	})
}

// beginRollbacks takes entries, and notes what to return to.
func (l *Ledger) beginRollbacks(ctx context.Context, tx *sql.Tx, mig migration.Name, name string, ids []migration.InstanceID) error {
	const op = "begin rollback"
	list, args := listed(ids)
	args = append([]any{mig}, args...)
	entries, err := entriesOf(ctx, tx, queryTheseEntries+list+" ORDER BY ordinal"+forUpdate, args...)
	if err != nil {
		return err
	}
	turns, err := turnsOf(ctx, tx, mig, ids)
	if err != nil {
		return err
	}
	starts, err := startedAt(ctx, tx, mig, ids)
	if err != nil {
		return err
	}
	rows := make([]any, 0, len(entries)*rollbackColumns)
	for i := range entries {
		e := &entries[i]
		if !e.Undoable() {
			return &migration.Error{
				Code: migration.CodeConflict, Op: op, Subject: string(e.Instance),
				Hint: fmt.Sprintf("the instance is %s; see its log", e.State),
			}
		}
		turn := turns[e.Instance]
		if e.State != migration.InstanceRollingBack {
			turn.from, turn.reason, turn.detail = e.State, e.Reason, e.Detail
		}
		rows = append(rows, mig, string(e.Instance), name, string(turn.from), string(turn.reason), turn.detail, starts[e.Instance])
	}
	for _, id := range ids {
		if !slices.ContainsFunc(entries, func(e migration.Entry) bool { return e.Instance == id }) {
			return &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: string(id), Hint: "plan first"}
		}
	}
	if _, err := tx.ExecContext(ctx, insertTurns+repeat(insertTurnsRow, len(entries))+upsertTurns, rows...); err != nil {
		return err
	}
	if err := changeEntries(ctx, tx, mig, ids, updateRollingBack+list, args...); err != nil {
		return err
	}
	return l.logAll(ctx, tx, mig, sameLine(ids, migration.StepLine{
		Step: migration.StepRollback, Event: migration.EventRollback, Facts: migration.Facts{Name: name},
	}))
}

const rollbackColumns = 7

// turn is what to return to when the rollback of an entry is refused.
type turn struct {
	from   migration.InstanceState
	reason migration.Reason
	detail string
}

// turnsOf returns what was noted of entries that were taken before.
func turnsOf(ctx context.Context, tx *sql.Tx, mig migration.Name, ids []migration.InstanceID) (map[migration.InstanceID]turn, error) {
	turns := map[migration.InstanceID]turn{}
	list, args := listed(ids)
	err := each(ctx, tx, queryTurns+list, append([]any{mig}, args...), func(row scanner) error {
		var id migration.InstanceID
		var t turn
		err := row.Scan(&id, &t.from, &t.reason, &t.detail)
		turns[id] = t
		return err
	})
	return turns, err
}

// startedAt returns when entries were started: 0 for those that were not.
func startedAt(ctx context.Context, tx *sql.Tx, mig migration.Name, ids []migration.InstanceID) (map[migration.InstanceID]int64, error) {
	bound, err := scanMigration(tx.QueryRowContext(ctx, queryMigration, mig))
	if err != nil {
		return nil, err
	}
	at := map[migration.InstanceID]int64{}
	list, args := listed(ids)
	err = each(ctx, tx, queryStartedAt+list, append([]any{bound.Source, bound.Target}, args...), func(row scanner) error {
		var id migration.InstanceID
		var changed sql.NullTime
		err := row.Scan(&id, &changed)
		at[id] = changed.Time.UnixMicro()
		return err
	})
	return at, err
}

// NextRollback hands out up to limit entries of a rollback, the newest start
// first, and no two of one record at a time: one whose rollback was handed out
// and has not ended keeps the others of its record waiting. left says how many
// were not handed out. The same token again returns those of its entries that
// have not ended. Unknown name: CodeNotFound.
func (l *Ledger) NextRollback(ctx context.Context, mig migration.Name, name string, token migration.Token, limit int) (next []migration.Entry, left int, err error) {
	const op = "hand out instances to roll back"
	if token == "" {
		return nil, 0, migration.E(migration.CodeInvalid, op, name, "no token")
	}
	err = l.tx(ctx, op, name, func(tx *sql.Tx) error {
		next = nil
		var run migration.Rollback
		err := tx.QueryRowContext(ctx, queryRollbackRun+forUpdate, mig, name).Scan(&run.Discard, &run.By, &run.CreatedAt)
		if errors.Is(err, sql.ErrNoRows) {
			return &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: name}
		}
		if err != nil {
			return err
		}
		if next, err = entriesOf(ctx, tx, queryHandedOut, mig, token); err != nil {
			return err
		}
		if len(next) == 0 {
			if next, err = l.handOut(ctx, tx, mig, name, token, limit); err != nil {
				return err
			}
		}
		return tx.QueryRowContext(ctx, queryTurnsLeft, mig, name).Scan(&left)
	})
	return next, left, err
}

func (l *Ledger) handOut(ctx context.Context, tx *sql.Tx, mig migration.Name, name string, token migration.Token, limit int) ([]migration.Entry, error) {
	var busy []migration.RecordID
	err := each(ctx, tx, queryBusyRecords, []any{mig, name}, func(row scanner) error {
		var record migration.RecordID
		err := row.Scan(&record)
		busy = append(busy, record)
		return err
	})
	if err != nil {
		return nil, err
	}
	condition, args := "", []any{mig, name}
	if len(busy) > 0 {
		records, values := listed(busy)
		condition, args = " AND i.record NOT IN "+records, append(args, values...)
	}
	var ids []migration.InstanceID
	err = each(ctx, tx, queryWaitingTurns+condition+orderTurns, append(args, limit), func(row scanner) error {
		var id migration.InstanceID
		var record migration.RecordID
		err := row.Scan(&id, &record)
		if !slices.Contains(busy, record) {
			busy, ids = append(busy, record), append(ids, id)
		}
		return err
	})
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	list, values := listed(ids)
	args = append([]any{mig}, values...)
	if _, err := tx.ExecContext(ctx, updateTurnCame+list, args...); err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, updateToken+list, append([]any{token}, args...)...); err != nil {
		return nil, err
	}
	return entriesOf(ctx, tx, queryHandedOut, mig, token)
}

// RefuseRollback returns an entry to the state, reason and detail that it had
// before its rollback; why may not hold personal data. An entry that is not
// being rolled back is left as it is.
func (l *Ledger) RefuseRollback(ctx context.Context, mig migration.Name, id migration.InstanceID, why string) error {
	return l.endRollback(ctx, mig, id, migration.RollbackRefused, func(tx *sql.Tx, e *entry, t turn) ([]migration.StepLine, error) {
		err := changeEntries(ctx, tx, mig, []migration.InstanceID{id}, updateEntry, string(t.from), string(e.Step), string(t.reason), t.detail,
			nullable(e.TargetID), string(e.Verdict), "", mig, string(id))
		return []migration.StepLine{{Step: migration.StepRollback, Event: migration.EventRollbackRefused, Detail: why}}, err
	})
}

// EndRollback ends the rollback of an entry that has nothing left on the
// target: it is ready, warned or blocked, as its findings say, and belongs to no
// wave; or it is in flight, if it is migrated again at once. An entry that is not
// being rolled back is left as it is.
func (l *Ledger) EndRollback(ctx context.Context, mig migration.Name, id migration.InstanceID, again bool, lines ...migration.StepLine) error {
	return l.endRollback(ctx, mig, id, migration.RollbackUndone, func(tx *sql.Tx, e *entry, _ turn) ([]migration.StepLine, error) {
		state, step, wave := migration.InstanceRunning, migration.StepCopyFormData, e.Wave
		if !again {
			var err error
			step, wave = "", ""
			if state, err = plannedState(ctx, tx, mig, id); err != nil {
				return nil, err
			}
		}
		err := changeEntries(ctx, tx, mig, []migration.InstanceID{id}, updateUndone, string(state), string(step), wave, mig, string(id))
		return append(slices.Clone(lines), migration.StepLine{
			Step: migration.StepRollback, Kind: migration.KindOutcome, Event: migration.EventRolledBack, Facts: migration.Facts{State: state},
		}), err
	})
}

// endRollback ends the rollback of an entry by what do makes of it, and logs the lines of do.
func (l *Ledger) endRollback(
	ctx context.Context, mig migration.Name, id migration.InstanceID, outcome migration.RollbackOutcome,
	do func(*sql.Tx, *entry, turn) ([]migration.StepLine, error),
) error {
	return l.tx(ctx, "end rollback", string(id), func(tx *sql.Tx) error {
		e, err := findEntry(ctx, tx, mig, id, forUpdate)
		if err != nil || e.State != migration.InstanceRollingBack {
			return err
		}
		turns, err := turnsOf(ctx, tx, mig, []migration.InstanceID{id})
		if err != nil {
			return err
		}
		lines, err := do(tx, &e, turns[id])
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, updateTurnEnded, string(outcome), mig, string(id)); err != nil {
			return err
		}
		if err := freeIdleOf(ctx, tx, mig, id); err != nil {
			return err
		}
		return l.log(ctx, tx, mig, id, lines...)
	})
}

// RollbackOf returns the last rollback of an entry. None: CodeNotFound.
func (l *Ledger) RollbackOf(ctx context.Context, mig migration.Name, id migration.InstanceID) (migration.RolledBack, error) {
	const op = "read rollback"
	var r migration.RolledBack
	err := l.db.QueryRowContext(ctx, queryRollbackOf, mig, string(id)).Scan(&r.Rollback, &r.Discard, &r.From, &r.Outcome)
	if errors.Is(err, sql.ErrNoRows) {
		return r, &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: string(id)}
	}
	return r, failure(op, string(id), err)
}

// RollbackCounts returns how many entries of a rollback came to which outcome.
func (l *Ledger) RollbackCounts(ctx context.Context, mig migration.Name, name string) (map[migration.RollbackOutcome]int, error) {
	counts := map[migration.RollbackOutcome]int{}
	err := each(ctx, l.db, queryRollbackCounts, []any{mig, name}, func(row scanner) error {
		var outcome migration.RollbackOutcome
		var n int
		err := row.Scan(&outcome, &n)
		counts[outcome] = n
		return err
	})
	return counts, failure("count a rollback", name, err)
}
