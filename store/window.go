package store

import (
	"context"
	"database/sql"
	"errors"

	"jogetferry/migration"
)

// SaveWindow keeps what a record set was before a call that can run tools. The
// first image of an ID wins, so that a repeated step does not take the state
// after the call for the one before it.
func (l *Ledger) SaveWindow(ctx context.Context, key migration.ClaimKey, id string, data []byte) error {
	const op = "save window"
	blob, err := pack(data)
	if err != nil {
		return failure(op, string(key.Instance), err)
	}
	return l.txAgain(ctx, op, string(key.Instance), func(tx *sql.Tx) error {
		_, err := findWindow(ctx, tx, key, id)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		_, err = tx.ExecContext(ctx, insertWindow, append(place(key), id, blob)...)
		return err
	})
}

// Window returns what SaveWindow kept, and whether it is still open: not put
// back yet. None: CodeNotFound.
func (l *Ledger) Window(ctx context.Context, key migration.ClaimKey, id string) (data []byte, open bool, err error) {
	const op = "read window"
	w, err := findWindow(ctx, l.db, key, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: string(key.Instance)}
	}
	if err != nil {
		return nil, false, failure(op, string(key.Instance), err)
	}
	data, err = unpack(w.data)
	return data, w.open, failure(op, string(key.Instance), err)
}

// CloseWindow records that what the tools changed was put back, or is to stay.
// A window that is closed or was never opened is left as it is.
func (l *Ledger) CloseWindow(ctx context.Context, key migration.ClaimKey, id string) error {
	_, err := l.db.ExecContext(ctx, updateWindowClosed, append(place(key), id)...)
	return failure("close window", string(key.Instance), err)
}

type window struct {
	data []byte
	open bool
}

func findWindow(ctx context.Context, q querier, key migration.ClaimKey, id string) (window, error) {
	var w window
	err := q.QueryRowContext(ctx, queryWindow, append(place(key), id)...).Scan(&w.data, &w.open)
	return w, err
}

// OpenWindows returns the IDs of the windows of key that are not closed, in the
// order in which they were kept.
func (l *Ledger) OpenWindows(ctx context.Context, key migration.ClaimKey) ([]string, error) {
	var ids []string
	err := each(ctx, l.db, queryOpenWindows, place(key), func(row scanner) error {
		var id string
		err := row.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, failure("read windows", string(key.Instance), err)
}
