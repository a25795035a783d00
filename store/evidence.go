package store

import (
	"context"
	"database/sql"
	"errors"

	"jogetferry/migration"
)

// SaveEvidence keeps the evidence of a pilot, and what happened as line. Later evidence of
// the same instance replaces it. Unknown instance: CodeNotFound.
func (l *Ledger) SaveEvidence(ctx context.Context, mig migration.Name, id migration.InstanceID, e migration.Evidence, line migration.StepLine) error {
	const op = "save evidence"
	data, err := packJSON(e)
	if err != nil {
		return failure(op, string(id), err)
	}
	return l.tx(ctx, op, string(id), func(tx *sql.Tx) error {
		if _, err := findEntry(ctx, tx, mig, id, forUpdate); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, upsertEvidence, mig, string(id), data); err != nil {
			return err
		}
		return l.log(ctx, tx, mig, id, line)
	})
}

// Evidence returns the last evidence of an instance. None: CodeNotFound.
func (l *Ledger) Evidence(ctx context.Context, mig migration.Name, id migration.InstanceID) (migration.Evidence, error) {
	const op = "read evidence"
	var e migration.Evidence
	var data []byte
	var taken sql.NullTime
	err := l.db.QueryRowContext(ctx, queryEvidence, mig, string(id)).Scan(&data, &taken)
	if errors.Is(err, sql.ErrNoRows) {
		return e, &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: string(id)}
	}
	if err == nil {
		err = unpackJSON(data, &e)
	}
	e.TakenAt = taken.Time
	return e, failure(op, string(id), err)
}
