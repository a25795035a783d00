package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"slices"
	"time"

	"jogetferry/migration"
)

// OpenFence records the intent of a call that changes the target instance of
// key, before its bytes, and returns the fence's ID. While an earlier call is
// not known to be over, it is CodeConflict with *migration.FencedError.
func (l *Ledger) OpenFence(ctx context.Context, key migration.ClaimKey, step migration.Step, call migration.Call) (fenceID string, err error) {
	const op = "open fence"
	err = l.moveFence(ctx, op, key, func(tx *sql.Tx, mig migration.Name, f fence) error {
		if f.open {
			return migration.E(migration.CodeConflict, op, string(key.Instance), "%w", f.fenced())
		}
		fenceID = rand.Text()
		return l.openFence(ctx, tx, mig, key, fence{id: fenceID, step: step, call: call}, f.id == "")
	})
	return fenceID, err
}

// CloseFence records what became of the call behind fenceID. Calls
// that are answered, not sent or over are done, and their fence is gone; an unanswered
// one keeps it.
// The same again is nil. A fence that was taken meanwhile is logged and CodeConflict.
func (l *Ledger) CloseFence(ctx context.Context, key migration.ClaimKey, fenceID string, fate migration.Fate, status int, detail string) error {
	const op = "close fence"
	lost := false
	err := l.moveFence(ctx, op, key, func(tx *sql.Tx, mig migration.Name, f fence) error {
		open := fate == migration.FateUnanswered || fate == migration.FateNone
		line := migration.StepLine{Step: f.step, Kind: migration.KindOutcome, Event: migration.EventCall, Call: &f.call, Fate: fate, Detail: detail, Status: status}
		if lost = f.id != fenceID; lost {
			line.Event, line.Call = migration.EventCallLost, nil
			return l.log(ctx, tx, mig, key.Instance, line)
		}
		if !f.open || open && f.fate == fate {
			return nil
		}
		if _, err := tx.ExecContext(ctx, updateFence, append([]any{open, string(fate)}, place(key)...)...); err != nil {
			return err
		}
		return l.log(ctx, tx, mig, key.Instance, line)
	})
	if err == nil && lost {
		return &migration.Error{Code: migration.CodeConflict, Op: op, Subject: string(key.Instance), Hint: "another call has opened the fence since"}
	}
	return err
}

// Fence returns the open fence of key, nil if there is none.
func (l *Ledger) Fence(ctx context.Context, key migration.ClaimKey) (*migration.FencedError, error) {
	f, err := findFence(ctx, l.db, key, "")
	if err != nil || !f.open {
		return nil, failure("read fence", string(key.Instance), err)
	}
	return f.fenced(), nil
}

// LastFence returns the ID of the last fence of key, open or not; "" where there never was one.
func (l *Ledger) LastFence(ctx context.Context, key migration.ClaimKey) (fenceID string, open bool, err error) {
	f, err := findFence(ctx, l.db, key, "")
	return f.id, f.open, failure("read last fence", string(key.Instance), err)
}

// openFence writes next in the place of the fence that key had; fresh: it never had one.
func (l *Ledger) openFence(ctx context.Context, tx *sql.Tx, mig migration.Name, key migration.ClaimKey, next fence, fresh bool) error {
	columns := append([]any{next.id, string(next.step)}, callArgs(next.call)...)
	query, args := updateFenceOpen, slices.Concat(columns, place(key))
	if fresh {
		query, args = insertFence, slices.Concat(place(key), columns)
	}
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return err
	}
	return l.log(ctx, tx, mig, key.Instance, migration.StepLine{Step: next.step, Kind: migration.KindIntent, Event: migration.EventCall, Call: &next.call})
}

// fence is a row of the fence table; id "" where there never was one.
type fence struct {
	id   string
	step migration.Step
	call migration.Call
	fate migration.Fate
	open bool
	age  time.Duration
}

func (f fence) fenced() *migration.FencedError {
	return &migration.FencedError{ID: f.id, Step: f.step, Call: f.call, Fate: f.fate, Age: f.age}
}

func findFence(ctx context.Context, q querier, key migration.ClaimKey, lock string) (fence, error) {
	var f fence
	var changed, at sql.NullTime
	into := append([]any{&f.id, &f.open, &f.step}, callFields(&f.call)...)
	err := q.QueryRowContext(ctx, queryFence+lock, place(key)...).Scan(append(into, &f.fate, &changed, &at)...)
	if errors.Is(err, sql.ErrNoRows) {
		return fence{}, nil
	}
	f.age = at.Time.Sub(changed.Time)
	return f, err
}

func (l *Ledger) moveFence(ctx context.Context, op string, key migration.ClaimKey, do func(tx *sql.Tx, mig migration.Name, f fence) error) error {
	return l.txAgain(ctx, op, string(key.Instance), func(tx *sql.Tx) error {
		f, err := findFence(ctx, tx, key, forUpdate)
		if err != nil {
			return err
		}
		var mig migration.Name
		err = tx.QueryRowContext(ctx, queryMigrationOfClaim, place(key)...).Scan(&mig)
		if errors.Is(err, sql.ErrNoRows) {
			return &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: string(key.Instance), Hint: "the start was not claimed"}
		}
		if err != nil {
			return err
		}
		return do(tx, mig, f)
	})
}
