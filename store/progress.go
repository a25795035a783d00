package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"jogetferry/migration"
)

// Progress moves an entry and appends lines to its story, in one transaction.
// A change of state adds a line of its own. A state that change.From does not
// allow is CodeConflict, and nothing is written; so is a target instance that
// another entry has. Unknown instance: CodeNotFound.
func (l *Ledger) Progress(ctx context.Context, mig migration.Name, id migration.InstanceID, change migration.Change, lines ...migration.StepLine) error {
	const op = "record progress"
	return l.tx(ctx, op, string(id), func(tx *sql.Tx) error {
		e, err := findEntry(ctx, tx, mig, id, forUpdate)
		if err != nil {
			return err
		}
		if !mayLeave(e.State, change) {
			return &migration.Error{
				Code: migration.CodeConflict, Op: op, Subject: string(id),
				Hint: fmt.Sprintf("the instance is %s; see its log", e.State),
			}
		}
		was, story := e, lines
		if change.State != "" {
			if change.State != e.State {
				story = append(slices.Clone(lines), stateLine(e.Step, change))
			}
			e.State, e.Reason, e.Detail = change.State, change.Reason, change.Detail
		}
		if change.Step != "" {
			e.Step = change.Step
		}
		if change.TargetID != "" {
			e.TargetID = change.TargetID
		}
		if change.Verdict != "" {
			e.Verdict = change.Verdict
		}
		// The batch of a token is what is still claimed; leaving that state ends it.
		args := []any{string(e.State), string(e.Step), string(e.Reason), cut(e.Detail, maxDetail), nullable(e.TargetID), string(e.Verdict), "", mig, string(id)}
		if was.State == migration.InstanceDone { // what it counted for its token tells
			err = changeEntries(ctx, tx, mig, []migration.InstanceID{id}, updateEntry, args...)
		} else if _, err = tx.ExecContext(ctx, updateEntry, args...); err == nil {
			err = countChange(ctx, tx, mig, &was.Entry, &e.Entry)
		}
		if err != nil {
			return err
		}
		if e.State.Settled() {
			if err := freeIdleOf(ctx, tx, mig, id); err != nil {
				return err
			}
		}
		return l.log(ctx, tx, mig, id, story...)
	})
}

// StepOn is Progress of an entry that is in flight to its next step; false: it is not in
// flight, and nothing was done.
func (l *Ledger) StepOn(ctx context.Context, mig migration.Name, id migration.InstanceID, step migration.Step) (bool, error) {
	const op = "record step"
	result, err := l.db.ExecContext(ctx, updateStep, string(step), mig, string(id), string(migration.InstanceRunning))
	if err != nil {
		return false, failure(op, string(id), err)
	}
	found, err := result.RowsAffected()
	return found > 0, failure(op, string(id), err)
}

// mayLeave says whether an entry may take the state of a change. Without From,
// nothing leaves what is final, and only the step of a rollback leaves that: a
// late attempt at another would end it with things undone by half.
func mayLeave(state migration.InstanceState, change migration.Change) bool {
	if len(change.From) > 0 {
		return slices.Contains(change.From, state)
	}
	if change.State == "" || change.State == state {
		return true
	}
	final := state == migration.InstanceDone || state == migration.InstanceSkipped
	return !final && (state != migration.InstanceRollingBack || change.Step == migration.StepRollback)
}

// late reports whether a parking at a step comes from an attempt that began
// before the entry was undone: it has not begun again since.
func late(ctx context.Context, tx *sql.Tx, mig migration.Name, e *entry, step migration.Step) (bool, error) {
	if e.Step != "" || step == migration.StepCopyFormData || step == migration.StepRollback || !planned(e.State) {
		return false, nil
	}
	var undone bool
	err := tx.QueryRowContext(ctx, queryUndone, mig, string(e.Instance), string(migration.RollbackUndone)).Scan(&undone)
	return undone, err
}

func planned(state migration.InstanceState) bool {
	return state == migration.InstanceReady || state == migration.InstanceWarned || state == migration.InstanceBlocked
}

func stateLine(step migration.Step, change migration.Change) migration.StepLine {
	return migration.StepLine{
		Step: cmp.Or(change.Step, step), Event: migration.EventState, Facts: migration.Facts{State: change.State, Reason: change.Reason}, Detail: change.Detail,
	}
}

// Park makes an entry wait for the operator and returns the number of this
// parking, counted per instance from 1. The same token and reason on a parked
// entry return the same number. A done or skipped entry is CodeConflict.
func (l *Ledger) Park(ctx context.Context, mig migration.Name, id migration.InstanceID, p migration.Parking) (parkID int64, err error) {
	const op = "park instance"
	err = l.tx(ctx, op, string(id), func(tx *sql.Tx) error {
		e, err := findEntry(ctx, tx, mig, id, forUpdate)
		if err != nil {
			return err
		}
		parkID = e.ParkID
		if e.State == migration.InstanceParked && e.Reason == p.Reason && e.parkToken == p.Token {
			return nil
		}
		if !mayLeave(e.State, migration.Change{State: migration.InstanceParked, Step: p.Step}) {
			return &migration.Error{
				Code: migration.CodeConflict, Op: op, Subject: string(id),
				Hint: fmt.Sprintf("the instance is %s already", e.State),
			}
		}
		if is, err := late(ctx, tx, mig, &e, p.Step); err != nil || is {
			return cmp.Or[error](err, &migration.Error{Code: migration.CodeConflict, Op: op, Subject: string(id), Hint: "the instance was rolled back since"})
		}
		parkID++
		err = changeEntries(ctx, tx, mig, []migration.InstanceID{id}, updateParked, string(p.Step), string(p.Reason), cut(p.Detail, maxDetail), parkID, p.Token,
			mig, string(id))
		if err != nil {
			return err
		}
		if err := freeIdleOf(ctx, tx, mig, id); err != nil {
			return err
		}
		line := migration.StepLine{Step: p.Step, Event: migration.EventParked, Facts: migration.Facts{ParkID: parkID, Reason: p.Reason}, Detail: p.Detail}
		return l.log(ctx, tx, mig, id, line)
	})
	return parkID, err
}

// ParkAgain parks an entry as its workflow is parked, under the number that the
// workflow gives its parking: the ledger came back from a moment before. seen is the
// entry as it was when the workflow was looked at; one that has changed since is left
// as it is, and so is one that is parked, or at an end. It reports whether it was parked.
func (l *Ledger) ParkAgain(ctx context.Context, mig migration.Name, seen migration.Entry, parkID int64, p migration.Parking) (parked bool, err error) {
	err = l.tx(ctx, "park instance again", string(seen.Instance), func(tx *sql.Tx) error {
		parked = false
		e, err := findEntry(ctx, tx, mig, seen.Instance, forUpdate)
		if err != nil || !e.UpdatedAt.Equal(seen.UpdatedAt) || !slices.Contains(migration.Working(), e.State) {
			return err
		}
		parkID := max(parkID, e.ParkID)
		if _, err := tx.ExecContext(ctx, updateParked, string(p.Step), string(p.Reason), cut(p.Detail, maxDetail), parkID, p.Token, mig, string(e.Instance)); err != nil {
			return err
		}
		parked = true
		return l.log(ctx, tx, mig, e.Instance, migration.StepLine{
			Step: p.Step, Event: migration.EventParked, Facts: migration.Facts{ParkID: parkID, Reason: p.Reason}, Detail: p.Detail,
		})
	})
	return parked, err
}

// Resolve records the operator's decision about the parking d.ParkID. The
// entry stays parked until its workflow takes the decision up with Progress;
// until then a later decision replaces an earlier one. The same decision again
// is nothing new, also after it was taken up. A parking that is over with
// another decision is CodeConflict; an action that does not fit the reason, CodeInvalid.
func (l *Ledger) Resolve(ctx context.Context, mig migration.Name, id migration.InstanceID, d migration.Decision) error {
	const op = "resolve instance"
	return l.tx(ctx, op, string(id), func(tx *sql.Tx) error {
		e, err := findEntry(ctx, tx, mig, id, forUpdate)
		if err != nil {
			return err
		}
		known, err := findDecision(ctx, tx, mig, id, d.ParkID)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		decided := err == nil
		said, err := saidBefore(ctx, tx, mig, id, d)
		if err != nil {
			return err
		}
		if decided && known.Action == d.Action && known.TargetID == d.TargetID && known.Discard == d.Discard && said {
			return nil
		}
		if e.State != migration.InstanceParked || e.ParkID != d.ParkID {
			return &migration.Error{
				Code: migration.CodeConflict, Op: op, Subject: string(id),
				Hint: fmt.Sprintf("parking %d has ended: the instance is %s, parking %d", d.ParkID, e.State, e.ParkID),
			}
		}
		if !e.Reason.Allows(d.Action) || (d.Action == migration.ActionAdopt) != (d.TargetID != "") || d.Action != migration.ActionRetry && len(d.ResumeAt) > 0 {
			return &migration.Error{
				Code: migration.CodeInvalid, Op: op, Subject: string(id),
				Hint: fmt.Sprintf("for %s: %v; only adopt names a target instance, and only retry where it goes on", e.Reason, e.Reason.Actions()),
			}
		}
		if !said {
			if err := l.sayResumeAt(ctx, tx, mig, e, d.Word()); err != nil {
				return err
			}
		}
		if d.By == "" {
			d.By = l.actor
		}
		_, err = tx.ExecContext(ctx, upsertDecision, mig, string(id), d.ParkID, string(d.Action), string(d.TargetID), d.Discard,
			cut(d.By, maxName), cut(d.Text, maxDetail))
		if err != nil {
			return err
		}
		line := migration.StepLine{Step: e.Step, Event: migration.EventResolved, Facts: migration.Facts{ParkID: d.ParkID, Action: d.Action}, Detail: d.Text, By: d.By}
		return l.log(ctx, tx, mig, id, line)
	})
}

// Decision returns the operator's decision about a parking. None: CodeNotFound.
func (l *Ledger) Decision(ctx context.Context, mig migration.Name, id migration.InstanceID, parkID int64) (migration.Decision, error) {
	const op = "read decision"
	d, err := findDecision(ctx, l.db, mig, id, parkID)
	if errors.Is(err, sql.ErrNoRows) {
		return d, &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: string(id)}
	}
	return d, failure(op, string(id), err)
}

func findDecision(ctx context.Context, q querier, mig migration.Name, id migration.InstanceID, parkID int64) (migration.Decision, error) {
	var d migration.Decision
	err := q.QueryRowContext(ctx, queryDecision, mig, string(id), parkID).
		Scan(&d.ParkID, &d.Action, &d.TargetID, &d.Discard, &d.By, &d.Text, &d.At)
	return d, err
}

// SaveSnapshot keeps a snapshot of a source instance and returns its number,
// from 1. A later one supersedes the earlier ones, which are kept; one equal to
// the latest is that one.
func (l *Ledger) SaveSnapshot(ctx context.Context, mig migration.Name, id migration.InstanceID, s migration.Snapshot) (seq int, err error) {
	const op = "save snapshot"
	data, err := packJSON(s)
	if err != nil {
		return 0, failure(op, string(id), errors.Join(errUndecodable, err))
	}
	sum := digest(data)
	err = l.tx(ctx, op, string(id), func(tx *sql.Tx) error {
		var step migration.Step
		var number sql.NullInt64
		var last sql.NullString
		err := tx.QueryRowContext(ctx, queryLastSnapshotDigest, mig, string(id)).Scan(&step, &number, &last)
		if errors.Is(err, sql.ErrNoRows) {
			return unplanned(id)
		}
		seq = int(number.Int64)
		if err != nil || last.String == sum {
			return err
		}
		seq++
		if _, err := tx.ExecContext(ctx, insertSnapshot, mig, string(id), seq, sum, data); err != nil {
			return err
		}
		line := migration.StepLine{Step: step, Event: migration.EventSnapshot, Facts: migration.Facts{Number: int64(seq)}, Detail: sum}
		return l.log(ctx, tx, mig, id, line)
	})
	return seq, err
}

const opSnapshot = "read snapshot"

// Snapshot returns the latest snapshot of an instance. None: CodeNotFound.
func (l *Ledger) Snapshot(ctx context.Context, mig migration.Name, id migration.InstanceID) (migration.Snapshot, error) {
	var f snapshotFields
	err := l.db.QueryRowContext(ctx, queryLastSnapshot, mig, string(id)).Scan(f.into()...)
	if errors.Is(err, sql.ErrNoRows) {
		return migration.Snapshot{}, &migration.Error{Code: migration.CodeNotFound, Op: opSnapshot, Subject: string(id)}
	}
	if err != nil {
		return migration.Snapshot{}, failure(opSnapshot, string(id), err)
	}
	s, err := f.snapshot()
	return s, failure(opSnapshot, string(id), err)
}

// snapshotFields takes snapshotColumns, all NULL where there is none.
type snapshotFields struct {
	seq   sql.NullInt64
	sum   sql.NullString
	blob  []byte
	taken sql.NullTime
}

func (f *snapshotFields) into() []any { return []any{&f.seq, &f.sum, &f.blob, &f.taken} }

func (f *snapshotFields) snapshot() (s migration.Snapshot, err error) {
	if digest(f.blob) != f.sum.String {
		return s, errUndecodable
	}
	err = unpackJSON(f.blob, &s)
	s.Seq, s.TakenAt = int(f.seq.Int64), f.taken.Time
	return s, err
}
