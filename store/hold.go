package store

import (
	"context"
	"database/sql"
	"errors"

	"jogetferry/migration"
)

// HoldRecord gives key a record of its target, by its ID there, to itself: what changes in it around
// our calls is then never another instance's doing. It is needed before data of the
// record is written, and by every capture. It ends by itself, in the transaction in
// which the start has an end and the last capture is closed, or with which key is parked
// or settled while it has neither. The same again is nil; another holder is CodeConflict
// with *migration.RecordBusyError, and migration.BulkOwner is while a bulk copy to the
// target is taken back. A record that has another ID on the target is held by
// that: its own ID is CodeDrifted, since whoever asks does not know of the decision yet.
func (l *Ledger) HoldRecord(ctx context.Context, key migration.ClaimKey, record migration.RecordID, mig migration.Name) error {
	const op = "hold record"
	return l.txAgain(ctx, op, string(key.Instance), func(tx *sql.Tx) error {
		// Mostly nobody holds it.
		fresh, err := inserted(tx.ExecContext(ctx, insertHold, key.Target, string(record), key.Source, string(key.Instance), mig))
		if err != nil {
			return err
		}
		if fresh {
			return freeForUse(ctx, tx, op, key, record)
		}
		return take(ctx, tx, op, key, record, mig)
	})
}

// RecordHolder returns the source instance that holds a record of key's target, "" for
// none or key's own.
func (l *Ledger) RecordHolder(ctx context.Context, key migration.ClaimKey, record migration.RecordID) (migration.InstanceID, error) {
	holder, err := holderOf(ctx, l.db, key, record)
	if holder == nil || holder.Source == key.Source && holder.Instance == key.Instance {
		return "", failure("find who holds the record", string(key.Instance), err)
	}
	return holder.Instance, nil
}

// FreeRecord ends what key holds, whatever is under way: the operator gave it up, or it
// is undone.
func (l *Ledger) FreeRecord(ctx context.Context, key migration.ClaimKey) error {
	_, err := l.db.ExecContext(ctx, deleteHolds, place(key)...)
	return failure("release the record", string(key.Instance), err)
}

// holderOf returns who holds a record, nil for nobody.
func holderOf(ctx context.Context, q querier, key migration.ClaimKey, record migration.RecordID) (*migration.ClaimKey, error) {
	holder := migration.ClaimKey{Target: key.Target}
	err := q.QueryRowContext(ctx, queryRecordHolder, key.Target, string(record)).Scan(&holder.Source, &holder.Instance)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &holder, nil
}

func take(ctx context.Context, tx *sql.Tx, op string, key migration.ClaimKey, record migration.RecordID, mig migration.Name) error {
	holder, err := holderOf(ctx, tx, key, record)
	switch {
	case err != nil:
		return err
	case holder == nil:
		if _, err := tx.ExecContext(ctx, insertHold, key.Target, string(record), key.Source, string(key.Instance), mig); err != nil {
			return err
		}
		return freeForUse(ctx, tx, op, key, record)
	case *holder == key:
		return nil
	}
	return busy(op, key, holder.Instance)
}

func busy(op string, key migration.ClaimKey, by migration.InstanceID) error {
	return migration.E(migration.CodeConflict, op, string(key.Instance), "%w", &migration.RecordBusyError{By: by})
}

// freeForUse is CodeDrifted where a record that was just taken has another ID on the target, and
// says that the record is busy while a copy of all data is taken back.
func freeForUse(ctx context.Context, tx *sql.Tx, op string, key migration.ClaimKey, record migration.RecordID) error {
	var rekeyed, undone int
	err := tx.QueryRowContext(ctx, queryRekeyed, key.Source, key.Target, string(record), key.Target).Scan(&rekeyed, &undone)
	switch {
	case err == nil && rekeyed > 0:
		err = &migration.Error{Code: migration.CodeDrifted, Op: op, Subject: string(key.Instance), Hint: "its record has got a new ID on the target; it is read again"}
	case err == nil && undone > 0:
		err = busy(op, key, migration.BulkOwner)
	}
	return err
}

// freeIdle ends the hold of key where no start is in flight and no capture open.
func freeIdle(ctx context.Context, tx *sql.Tx, key migration.ClaimKey) error {
	_, err := tx.ExecContext(ctx, deleteIdleHolds, string(key.Instance), "", key.Source, key.Target)
	return err
}

// freeIdleOf is freeIdle for an instance of a migration.
func freeIdleOf(ctx context.Context, tx *sql.Tx, mig migration.Name, id migration.InstanceID) error {
	_, err := tx.ExecContext(ctx, deleteIdleHolds, string(id), mig, "", "")
	return err
}
