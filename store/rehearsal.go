package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"jogetferry/migration"
)

// BeginRehearsal writes down a rehearsal and takes its instance, so that no wave
// and no pilot does; SettleRehearsal gives it back. One that is neither ready nor
// warned is CodeConflict, one of a wave that is running or paused CodeInvalid, an
// unknown one CodeNotFound.
func (l *Ledger) BeginRehearsal(ctx context.Context, mig migration.Name, id migration.InstanceID, answers migration.Answers, maxSteps int) (number int64, err error) {
	const op = "begin rehearsal"
	blob, err := packJSON(answers)
	if err != nil {
		return 0, failure(op, string(id), err)
	}
	err = l.tx(ctx, op, string(id), func(tx *sql.Tx) error {
		e, err := findEntry(ctx, tx, mig, id, forUpdate)
		if err != nil {
			return err
		}
		if e.State != migration.InstanceReady && e.State != migration.InstanceWarned {
			return migration.E(migration.CodeConflict, op, string(id), "the instance is %s already", e.State)
		}
		w, err := scanWave(tx.QueryRowContext(ctx, queryWave, mig, e.Wave))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if w.Status == migration.WaveRunning || w.Status == migration.WavePaused {
			return &migration.Error{
				Code: migration.CodeInvalid, Op: op, Subject: string(id),
				Hint: fmt.Sprintf("wave %s, which is %s, has taken the instance", w.Name, w.Status),
			}
		}
		result, err := tx.ExecContext(ctx, insertRehearsal, mig, string(id), blob, maxSteps, string(e.State), l.actor)
		if err != nil {
			return err
		}
		if number, err = result.LastInsertId(); err != nil {
			return err
		}
		if err := changeEntries(ctx, tx, mig, []migration.InstanceID{id}, updateRehearsed, string(migration.InstanceClaimed), mig, string(id)); err != nil {
			return err
		}
		return l.log(ctx, tx, mig, id, migration.StepLine{Step: migration.StepRehearse, Event: migration.EventRehearsalBegun, Facts: migration.Facts{Number: number}})
	})
	return number, err
}

// Rehearsal returns a rehearsal with its steps. None of that number: CodeNotFound.
func (l *Ledger) Rehearsal(ctx context.Context, number int64) (migration.Rehearsal, error) {
	return l.rehearsal(ctx, fmt.Sprintf("rehearsal %d", number), "r.id = ?", number)
}

// LastRehearsal returns the last rehearsal of an instance. None: CodeNotFound.
func (l *Ledger) LastRehearsal(ctx context.Context, mig migration.Name, id migration.InstanceID) (migration.Rehearsal, error) {
	return l.rehearsal(ctx, string(id), "r.migration = ? AND r.instance = ? ORDER BY r.id DESC LIMIT 1", mig, string(id))
}

func (l *Ledger) rehearsal(ctx context.Context, subject, which string, args ...any) (migration.Rehearsal, error) {
	const op = "read rehearsal"
	var r migration.Rehearsal
	var answers, mistakes, result []byte
	var ended sql.NullTime
	err := l.db.QueryRowContext(ctx, queryRehearsal+which, args...).Scan(&r.ID, &r.Instance, &answers, &r.MaxSteps, &r.By, &r.BegunAt, &mistakes, &result, &ended, &r.Held)
	if errors.Is(err, sql.ErrNoRows) {
		return r, &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: subject}
	}
	if err != nil {
		return r, failure(op, subject, err)
	}
	r.EndedAt = ended.Time
	err = errors.Join(unpackJSON(answers, &r.Answers), optionalJSON(mistakes, &r.Mistakes), optionalJSON(result, &r.Result))
	if err != nil {
		return r, failure(op, subject, err)
	}
	err = each(ctx, l.db, queryRehearsalSteps, []any{r.ID}, func(row scanner) error {
		var s migration.RehearsalStep
		var done bool
		var data []byte
		var at time.Time
		if err := row.Scan(&done, &data, &at); err != nil {
			return err
		}
		err := unpackJSON(data, &s)
		s.Done, s.At = done, at
		r.Steps = append(r.Steps, s)
		return err
	})
	return r, failure(op, subject, err)
}

// RefuseAnswers writes down what is wrong with the answers of a rehearsal.
func (l *Ledger) RefuseAnswers(ctx context.Context, number int64, mistakes []string) error {
	const op = "refuse answers"
	blob, err := packJSON(mistakes)
	if err == nil {
		_, err = l.db.ExecContext(ctx, updateMistakes, blob, number)
	}
	return failure(op, "", err)
}

// SaveRehearsalStep writes down a step: before its call, and again with Done set
// when it is over. Either way the first one stands, so that an attempt that was
// given up changes nothing.
func (l *Ledger) SaveRehearsalStep(ctx context.Context, number int64, s migration.RehearsalStep) error {
	const op = "save step of a rehearsal"
	blob, err := packJSON(s)
	if err != nil {
		return failure(op, string(s.Instance), err)
	}
	query := upsertRehearsalStep + insertOnlyNew
	if s.Done {
		query = upsertRehearsalStep + updateUnlessDone
	}
	_, err = l.db.ExecContext(ctx, query, number, s.Number, s.Done, blob)
	return failure(op, string(s.Instance), err)
}

// BindRehearsal notes the target instance of a rehearsal that knows none yet, and
// reports whether target is the one that it knows, and the rehearsal Held.
func (l *Ledger) BindRehearsal(ctx context.Context, number int64, target migration.TargetIdentity) (own bool, err error) {
	const op = "bind rehearsal"
	args := []any{string(target.ID), target.OID, number}
	if _, err := l.db.ExecContext(ctx, updateRehearsalOf, args...); err != nil {
		return false, failure(op, string(target.ID), err)
	}
	err = l.db.QueryRowContext(ctx, queryRehearsalOf, args...).Scan(&own)
	return own, failure(op, string(target.ID), err)
}

// SettleRehearsal writes down how a rehearsal ended, and gives an instance that
// was taken and not touched back. The first end stands: another one changes
// nothing. Unknown: CodeNotFound.
func (l *Ledger) SettleRehearsal(ctx context.Context, mig migration.Name, id migration.InstanceID, number int64, r migration.RehearsalResult) error {
	const op = "settle rehearsal"
	blob, err := packJSON(r)
	if err != nil {
		return failure(op, string(id), err)
	}
	return l.tx(ctx, op, string(id), func(tx *sql.Tx) error {
		e, err := findEntry(ctx, tx, mig, id, forUpdate)
		if err != nil {
			return err
		}
		var from string
		var holds, ended bool
		err = tx.QueryRowContext(ctx, queryRehearsed, number, mig, string(id)).Scan(&from, &holds, &ended)
		if errors.Is(err, sql.ErrNoRows) {
			return &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: string(id)}
		}
		if err != nil || ended {
			return err
		}
		if _, err := tx.ExecContext(ctx, updateRehearsalResult, blob, number); err != nil {
			return err
		}
		if holds && e.State == migration.InstanceClaimed && e.Wave == "" {
			if err := changeEntries(ctx, tx, mig, []migration.InstanceID{id}, updateRehearsed, from, mig, string(id)); err != nil {
				return err
			}
		}
		line := migration.StepLine{
			Step: migration.StepRehearse, Kind: migration.KindOutcome, Event: migration.EventRehearsalStopped,
			Facts: migration.Facts{Number: number, Steps: r.Steps, Summary: r.Stopped},
		}
		if r.Ended {
			line.Event = migration.EventRehearsalEnded
		}
		return l.log(ctx, tx, mig, id, line)
	})
}

// ReopenFileCapture has an undoing look again for what tools did to files since
// they were copied: a rehearsal runs more of them. No capture: nil.
func (l *Ledger) ReopenFileCapture(ctx context.Context, key migration.ClaimKey) error {
	_, err := l.db.ExecContext(ctx, updateFileCaptureOpen, place(key)...)
	return failure("open file capture again", string(key.Instance), err)
}
