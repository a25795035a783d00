package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"jogetferry/migration"
)

// SaveVerdict keeps what a verification of an instance found, in place of what
// the former one did. c.At is the ledger's own.
func (l *Ledger) SaveVerdict(ctx context.Context, mig migration.Name, id migration.InstanceID, c migration.Comparison) error {
	return l.tx(ctx, "save verdict", string(id), func(tx *sql.Tx) error {
		// First, so that of two comparisons at the same time one waits for the other.
		kept, err := tx.ExecContext(ctx, upsertVerdict, mig, string(id), string(c.Verdict), c.Deciding)
		if err != nil {
			return err
		}
		// One row is a new one, two are a row and what became of it.
		if n, err := kept.RowsAffected(); err != nil || n != 1 {
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, deleteVerdictItems, mig, string(id)); err != nil {
				return err
			}
		}
		seq := 0
		for part := range slices.Chunk(c.Items, chunkRows) {
			args := make([]any, 0, len(part)*8)
			for _, i := range part {
				args = append(args, mig, string(id), seq, string(i.Kind), string(i.Path), cut(i.Subject, maxDetail), string(i.Result), cut(i.Seen, maxDetail))
				seq++
			}
			if _, err := tx.ExecContext(ctx, insertVerdictItems+tuples(len(part), 8), args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// Comparison returns what the last verification of an instance found. None: CodeNotFound.
func (l *Ledger) Comparison(ctx context.Context, mig migration.Name, id migration.InstanceID) (migration.Comparison, error) {
	const op = "read verdict"
	var c migration.Comparison
	err := l.tx(ctx, op, string(id), func(tx *sql.Tx) error {
		c = migration.Comparison{}
		if err := tx.QueryRowContext(ctx, queryVerdict+forUpdate, mig, string(id)).Scan(&c.Verdict, &c.Deciding, &c.At); err != nil {
			return err
		}
		return each(ctx, tx, queryVerdictItems, []any{mig, string(id)}, func(row scanner) error {
			var i migration.Item
			err := row.Scan(&i.Kind, &i.Path, &i.Subject, &i.Result, &i.Seen)
			c.Items = append(c.Items, i)
			return err
		})
	})
	if errors.Is(err, sql.ErrNoRows) {
		return c, &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: string(id)}
	}
	return c, err
}
