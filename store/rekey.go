package store

import (
	"context"
	"database/sql"
	"slices"

	"jogetferry/migration"
)

// Rekeys returns which of some records of a source have another ID on a target. Nil:
// none has.
func (l *Ledger) Rekeys(ctx context.Context, source, target migration.Fingerprint, records []migration.RecordID) (migration.Rekeys, error) {
	known, err := rekeysOf(ctx, l.db, source, target, records)
	return known, failure("read records with new IDs", "", err)
}

// SaveRekeys decides that records of a source have other IDs on a target, and returns
// what stands then for all of them: one that was decided before keeps that. by is who
// decided, an operator or the plan. It is safe to repeat.
func (l *Ledger) SaveRekeys(ctx context.Context, source, target migration.Fingerprint, rekeys migration.Rekeys, by string) (migration.Rekeys, error) {
	const op = "decide on new record IDs"
	records := make([]migration.RecordID, 0, len(rekeys))
	rows := make([]any, 0, rekeyColumns*len(rekeys))
	for from, to := range rekeys {
		records = append(records, from)
		rows = append(rows, source, target, string(from), string(to), by)
	}
	var standing migration.Rekeys
	err := l.txAgain(ctx, op, "", func(tx *sql.Tx) error {
		for part := range slices.Chunk(rows, chunkRows*rekeyColumns) {
			if _, err := tx.ExecContext(ctx, insertRekeys+repeat(insertRekeysRow, len(part)/rekeyColumns), part...); err != nil {
				return err
			}
		}
		var err error
		standing, err = rekeysOf(ctx, tx, source, target, records)
		return err
	})
	return standing, err
}

const rekeyColumns = 5

func rekeysOf(ctx context.Context, q querier, source, target migration.Fingerprint, records []migration.RecordID) (migration.Rekeys, error) {
	var known migration.Rekeys
	for part := range slices.Chunk(records, chunkRows) {
		list, args := listed(part)
		err := each(ctx, q, queryRekeys+list, append([]any{source, target}, args...), func(row scanner) error {
			var from, to migration.RecordID
			err := row.Scan(&from, &to)
			if known == nil {
				known = migration.Rekeys{}
			}
			known[from] = to
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return known, nil
}
