package store

import (
	"context"
	"database/sql"
	"errors"
	"io"

	"jogetferry/migration"
)

// SaveCapture keeps what a record set was before a call that can run tools, of any
// size. The first image of an ID wins, so that a repeated step does not take the state
// after the call for the one before it.
func (l *Ledger) SaveCapture(ctx context.Context, key migration.ClaimKey, id string, data []byte) error {
	const op = "save capture"
	subject := string(key.Instance)
	if _, err := findCapture(ctx, l.db, key, id); !errors.Is(err, sql.ErrNoRows) {
		return failure(op, subject, err)
	}
	content, err := l.storeContent(ctx, data)
	if err != nil {
		return failure(op, subject, err)
	}
	first := false
	err = l.txAgain(ctx, op, subject, func(tx *sql.Tx) error {
		first = false
		_, err := findCapture(ctx, tx, key, id)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		first = true
		_, err = tx.ExecContext(ctx, insertCapture, append(place(key), id, content)...)
		return err
	})
	if err == nil && !first {
		err = failure(op, subject, l.Contents().Forget(ctx, content))
	}
	return err
}

// storeContent stores data under a name of its own.
func (l *Ledger) storeContent(ctx context.Context, data []byte) (name string, err error) {
	name, content := l.Contents().Create(ctx)
	if _, err := content.Write(data); err != nil {
		return "", err
	}
	return name, content.Close()
}

// Capture returns what SaveCapture kept, and whether it is still open: not put
// back yet. None: CodeNotFound.
func (l *Ledger) Capture(ctx context.Context, key migration.ClaimKey, id string) (data []byte, open bool, err error) {
	const op = "read capture"
	w, err := findCapture(ctx, l.db, key, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: string(key.Instance)}
	}
	if err != nil {
		return nil, false, failure(op, string(key.Instance), err)
	}
	data, err = io.ReadAll(l.Contents().Open(ctx, w.content, 0))
	return data, w.open, failure(op, string(key.Instance), err)
}

// CloseCapture records that what the tools changed was put back, or is to stay.
// A capture that is closed or was never opened is left as it is. With the last one the
// hold on the record ends (HoldRecord).
func (l *Ledger) CloseCapture(ctx context.Context, key migration.ClaimKey, id string) error {
	return l.txAgain(ctx, "close capture", string(key.Instance), func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, updateCaptureClosed, append(place(key), id)...); err != nil {
			return err
		}
		return freeIdle(ctx, tx, key)
	})
}

type capture struct {
	content string
	open    bool
}

func findCapture(ctx context.Context, q querier, key migration.ClaimKey, id string) (capture, error) {
	var w capture
	err := q.QueryRowContext(ctx, queryCapture, append(place(key), id)...).Scan(&w.content, &w.open)
	return w, err
}

// OpenCaptures returns the IDs of the captures of key that are not closed, in the
// order in which they were kept.
func (l *Ledger) OpenCaptures(ctx context.Context, key migration.ClaimKey) ([]string, error) {
	var ids []string
	err := each(ctx, l.db, queryOpenCaptures, place(key), func(row scanner) error {
		var id string
		err := row.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, failure("read captures", string(key.Instance), err)
}

// CaptureStories returns what the ledger tells of each capture of key, closed ones
// included, oldest first.
func (l *Ledger) CaptureStories(ctx context.Context, key migration.ClaimKey) ([]migration.CaptureStory, error) {
	var stories []migration.CaptureStory
	err := each(ctx, l.db, queryCaptureStories, place(key), func(row scanner) error {
		var s migration.CaptureStory
		err := row.Scan(&s.ID, &s.Open, &s.At)
		stories = append(stories, s)
		return err
	})
	return stories, failure("read captures", string(key.Instance), err)
}
