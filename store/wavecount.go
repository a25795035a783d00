package store

import (
	"context"
	"database/sql"
	"slices"

	"jogetferry/migration"
)

// foldAt is how many changes of a wave's numbers are kept before they become one.
const foldAt = 500

// changeEntries runs a statement that writes entries ids, and keeps what it changes the
// numbers of waves by. Whatever writes state, verdict, wave or claim_token goes
// through here; the entries are locked.
func changeEntries[T ~string](ctx context.Context, tx *sql.Tx, mig migration.Name, ids []T, query string, args ...any) error {
	for part := range slices.Chunk(ids, chunkRows) {
		if err := addCounts(ctx, tx, mig, part, -1); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return err
	}
	for part := range slices.Chunk(ids, chunkRows) {
		if err := addCounts(ctx, tx, mig, part, 1); err != nil {
			return err
		}
	}
	return nil
}

func addCounts[T ~string](ctx context.Context, tx *sql.Tx, mig migration.Name, ids []T, sign int) error {
	list, args := listed(ids)
	_, err := tx.ExecContext(ctx, insertCounts+list+groupCounted, append([]any{sign, mig}, args...)...)
	return err
}

// countChange keeps what one entry that was not done changes the numbers of its wave by.
func countChange(ctx context.Context, tx *sql.Tx, mig migration.Name, was, is *migration.Entry) error {
	if is.Wave == "" || was.State == is.State && was.Verdict == is.Verdict {
		return nil
	}
	_, err := tx.ExecContext(ctx, insertWaveCounts+tuples(2, 5),
		mig, is.Wave, string(was.State), string(was.Verdict), -1, mig, is.Wave, string(is.State), string(is.Verdict), 1)
	return err
}

// waveCounts returns the numbers of a wave, and how many changes they are the sum of.
func waveCounts(ctx context.Context, q querier, mig migration.Name, wave migration.WaveName) (counts migration.Counts, changes int, err error) {
	err = each(ctx, q, queryWaveCounts, []any{mig, wave}, func(row scanner) error {
		var state migration.InstanceState
		var verdict migration.Verdict
		var n, rows int
		err := row.Scan(&state, &verdict, &n, &rows)
		counts.Add(state, verdict, n)
		changes += rows
		return err
	})
	return counts, changes, err
}

// countsOfPoll is waveCounts. Where nothing is left to do, once in the life of a
// wave, its entries are counted: it does not end by what was kept of it alone.
func countsOfPoll(ctx context.Context, tx *sql.Tx, mig migration.Name, wave migration.WaveName) (counts migration.Counts, changes int, err error) {
	counts, changes, err = waveCounts(ctx, tx, mig, wave)
	if err == nil && counts.Unsettled() == 0 {
		counts, err = countEntries(ctx, tx, mig, migration.Filter{Wave: wave})
	}
	return counts, changes, err
}

// foldCounts makes the changes of a wave's numbers few. It locks the wave, so that
// nobody else does, and no entry; changes that are not committed yet stay.
func (l *Ledger) foldCounts(ctx context.Context, mig migration.Name, wave migration.WaveName) error {
	type number struct{ state, verdict string }
	return l.tx(ctx, "sum up a wave", string(wave), func(tx *sql.Tx) error {
		if _, err := findWave(ctx, tx, mig, wave); err != nil {
			return err
		}
		var ids []any
		sums := map[number]int{}
		err := each(ctx, tx, queryWaveChanges, []any{mig, wave}, func(row scanner) error {
			var id int64
			var of number
			var n int
			err := row.Scan(&id, &of.state, &of.verdict, &n)
			ids = append(ids, id)
			sums[of] += n
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		var rows []any
		for of, n := range sums {
			if n != 0 {
				rows = append(rows, mig, wave, of.state, of.verdict, n)
			}
		}
		const columns = 5
		if len(rows) > 0 {
			if _, err := tx.ExecContext(ctx, insertWaveCounts+tuples(len(rows)/columns, columns), rows...); err != nil {
				return err
			}
		}
		for part := range slices.Chunk(ids, chunkRows) {
			if _, err := tx.ExecContext(ctx, deleteWaveChanges+tuple(len(part)), part...); err != nil {
				return err
			}
		}
		return nil
	})
}
