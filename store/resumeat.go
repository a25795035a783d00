package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"jogetferry/migration"
)

// SayResumeAt keeps the operator's word where an instance goes on: it wins over what was
// said before and over the configuration's, until another one is typed. w.By is who typed
// it, the ledger's actor for "". The same again is nothing new. No activities, or an unknown
// instance: CodeInvalid, CodeNotFound.
func (l *Ledger) SayResumeAt(ctx context.Context, mig migration.Name, id migration.InstanceID, w migration.Word) error {
	const op = "keep where it goes on"
	if len(w.Activities) == 0 {
		return migration.E(migration.CodeInvalid, op, string(id), "no activity is named")
	}
	return l.tx(ctx, op, string(id), func(tx *sql.Tx) error {
		e, err := findEntry(ctx, tx, mig, id, forUpdate)
		if err != nil {
			return err
		}
		return l.sayResumeAt(ctx, tx, mig, e, w)
	})
}

// sayResumeAt is SayResumeAt for who has locked the entry. It tells the log of a new word.
func (l *Ledger) sayResumeAt(ctx context.Context, tx *sql.Tx, mig migration.Name, e entry, w migration.Word) error {
	known, err := findWord(ctx, tx, mig, e.Instance)
	if err != nil || known.Says(w) {
		return err
	}
	if w.By == "" {
		w.By = l.actor
	}
	names := make([]string, 0, len(w.Activities))
	for _, a := range w.Activities {
		names = append(names, string(a))
	}
	text, err := encodeNames(w.Activities)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, upsertResumeAt, mig, string(e.Instance), text, w.ParkID, cut(w.By, maxName)); err != nil {
		return err
	}
	return l.log(ctx, tx, mig, e.Instance, migration.StepLine{
		Step: e.Step, Event: migration.EventResumeAt, Facts: migration.Facts{ParkID: w.ParkID, Name: strings.Join(names, ", ")}, By: w.By,
	})
}

// saidBefore reports whether a decision says nothing new of where an instance goes on.
func saidBefore(ctx context.Context, q querier, mig migration.Name, id migration.InstanceID, d migration.Decision) (bool, error) {
	if len(d.ResumeAt) == 0 {
		return true, nil
	}
	known, err := findWord(ctx, q, mig, id)
	return err == nil && known.Says(d.Word()), err
}

// ResumeAt returns the word that was typed last about an instance, the zero value for none.
func (l *Ledger) ResumeAt(ctx context.Context, mig migration.Name, id migration.InstanceID) (migration.Word, error) {
	w, err := findWord(ctx, l.db, mig, id)
	return w, failure("read where it goes on", string(id), err)
}

// ResumeAts returns ResumeAt of all instances about which something was typed.
func (l *Ledger) ResumeAts(ctx context.Context, mig migration.Name) (map[migration.InstanceID]migration.Word, error) {
	words := map[migration.InstanceID]migration.Word{}
	err := each(ctx, l.db, queryResumeAts, []any{mig}, func(row scanner) error {
		var id migration.InstanceID
		w, err := scanWord(row, &id)
		words[id] = w
		return err
	})
	return words, failure("read where instances go on", string(mig), err)
}

func findWord(ctx context.Context, q querier, mig migration.Name, id migration.InstanceID) (migration.Word, error) {
	w, err := scanWord(q.QueryRowContext(ctx, queryResumeAts+" AND instance = ?", mig, string(id)), &id)
	if errors.Is(err, sql.ErrNoRows) {
		return migration.Word{}, nil
	}
	return w, err
}

func scanWord(row scanner, id *migration.InstanceID) (migration.Word, error) {
	var f wordFields
	if err := row.Scan(append([]any{id}, f.into()...)...); err != nil {
		return migration.Word{}, err
	}
	return f.word()
}

// wordFields takes wordColumns, all NULL where nothing was said.
type wordFields struct {
	names, by sql.NullString
	park      sql.NullInt64
	at        sql.NullTime
}

func (f *wordFields) into() []any { return []any{&f.names, &f.park, &f.by, &f.at} }

func (f *wordFields) word() (w migration.Word, err error) {
	if !f.names.Valid {
		return w, nil
	}
	w = migration.Word{ParkID: f.park.Int64, By: f.by.String, At: f.at.Time}
	w.Activities, err = decodeActivities(f.names.String)
	return w, err
}

// encodeNames returns a list as it is, unlike encodeActivities.
func encodeNames(ids []migration.ActivityDefID) (string, error) {
	text, err := json.Marshal(ids)
	if err != nil {
		return "", fmt.Errorf("encode activities: %w", err)
	}
	return string(text), nil
}
