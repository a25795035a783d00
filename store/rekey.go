package store

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"

	"jogetferry/migration"
)

// Rekeys returns which of some records of a source have another ID on a target. Nil:
// none has.
func (l *Ledger) Rekeys(ctx context.Context, source, target migration.Fingerprint, records []migration.RecordID) (migration.Rekeys, error) {
	known, err := rekeysOf(ctx, l.db, source, target, records)
	return known, failure("read records with new IDs", "", err)
}

// AnyRekeys reports whether some record of a source has another ID on a target.
func (l *Ledger) AnyRekeys(ctx context.Context, source, target migration.Fingerprint) (bool, error) {
	err := l.db.QueryRowContext(ctx, queryAnyRekey, source, target).Scan(new(int))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, failure("look for records with new IDs", "", err)
}

// OddRekeys returns those records of a source with another ID on a target whose folder of
// uploads may have another name than the record.
func (l *Ledger) OddRekeys(ctx context.Context, source, target migration.Fingerprint) ([]migration.RecordID, error) {
	var odd []migration.RecordID
	err := each(ctx, l.db, queryOddRekeys, []any{source, target}, func(row scanner) error {
		var id migration.RecordID
		err := row.Scan(&id)
		odd = append(odd, id)
		return err
	})
	return odd, failure("read records with new IDs", "", err)
}

// SaveRekeys decides that records of a source have other IDs on a target, and returns
// what stands then for all of them: one that was decided before keeps that. One whose own
// ID is on the target by our hand gets none, and is not among what is returned
// (RecordUsers names the instances): an instance of it cannot come to write under that ID
// meanwhile, see HoldRecord. by is who decided, an operator or the plan. It is safe to repeat.
func (l *Ledger) SaveRekeys(ctx context.Context, source, target migration.Fingerprint, rekeys migration.Rekeys, by string) (migration.Rekeys, error) {
	standing := migration.Rekeys{}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(rekeys)), chunkRows) {
		some := migration.Rekeys{}
		for _, record := range part {
			some[record] = rekeys[record]
		}
		var decided migration.Rekeys
		err := l.txAgain(ctx, "decide on new record IDs", "", func(tx *sql.Tx) (err error) {
			decided, err = saveRekeys(ctx, tx, source, target, some, by)
			return err
		})
		if err != nil {
			return nil, err
		}
		maps.Copy(standing, decided)
	}
	return standing, nil
}

func saveRekeys(ctx context.Context, tx *sql.Tx, source, target migration.Fingerprint, rekeys migration.Rekeys, by string) (migration.Rekeys, error) {
	records := slices.Sorted(maps.Keys(rekeys)) // in the same order by everybody, who then waits and does not collide
	// Whoever takes one of the records waits for the end of this transaction. A decision
	// that was made meanwhile is seen, since it is the first read that makes the snapshot.
	holds := make([]any, 0, holdColumns*len(records))
	for _, record := range records {
		holds = append(holds, target, string(record), source, "", "")
	}
	if _, err := tx.ExecContext(ctx, insertRekeyHolds+repeat(insertHoldRow, len(records)), holds...); err != nil {
		return nil, err
	}
	users, err := recordUsers(ctx, tx, source, target, records)
	if err != nil {
		return nil, err
	}
	var rows []any
	for _, record := range records {
		if users[record] == nil {
			rows = append(rows, source, target, string(record), string(rekeys[record]), by)
		}
	}
	if len(rows) > 0 {
		if _, err := tx.ExecContext(ctx, insertRekeys+repeat(insertRekeysRow, len(rows)/rekeyColumns), rows...); err != nil {
			return nil, err
		}
	}
	if _, err := tx.ExecContext(ctx, deleteHolds, source, "", target); err != nil {
		return nil, err
	}
	return rekeysOf(ctx, tx, source, target, records)
}

// RecordUsers returns the instances of a source by which records of it are on a target
// under their own IDs, sorted: those that wrote a row or file of that ID and were not
// rolled back, whichever instance's record it is (not the bulk copy, which is none), those with a start of that record, and
// the one that has it to itself (HoldRecord). Records without any are left out.
func (l *Ledger) RecordUsers(ctx context.Context, source, target migration.Fingerprint, records []migration.RecordID) (map[migration.RecordID][]migration.InstanceID, error) {
	users := map[migration.RecordID][]migration.InstanceID{}
	for part := range slices.Chunk(records, chunkRows) {
		some, err := recordUsers(ctx, l.db, source, target, part)
		if err != nil {
			return nil, failure("find who uses records", "", err)
		}
		maps.Copy(users, some)
	}
	return users, nil
}

// RecordUsersOf is RecordUsers of one record between the servers of a migration.
func (l *Ledger) RecordUsersOf(ctx context.Context, mig migration.Name, record migration.RecordID) ([]migration.InstanceID, error) {
	bound, err := l.Bound(ctx, mig)
	if err != nil {
		return nil, err
	}
	users, err := l.RecordUsers(ctx, bound.Source, bound.Target, []migration.RecordID{record})
	return users[record], err
}

func recordUsers(ctx context.Context, q querier, source, target migration.Fingerprint, records []migration.RecordID) (map[migration.RecordID][]migration.InstanceID, error) {
	users := map[migration.RecordID][]migration.InstanceID{}
	list, ids := listed(records)
	find := func(query string, before ...any) error {
		return each(ctx, q, query+list, append(before, ids...), func(row scanner) error {
			var record migration.RecordID
			var user migration.InstanceID
			err := row.Scan(&record, &user)
			if at, found := slices.BinarySearch(users[record], user); !found {
				users[record] = slices.Insert(users[record], at, user)
			}
			return err
		})
	}
	// What a bulk copy brought is put right by its delta.
	for tables, written := range map[string]string{queryTablesOfRows: queryRowUsers, queryTablesOfFiles: queryFileUsers} {
		names, err := keysIn(ctx, q, tables, []string{string(target)})
		if err != nil {
			return nil, err
		}
		// The index has the table before the row.
		for table := range names {
			if err := find(written, source, target, table); err != nil {
				return nil, err
			}
		}
	}
	if err := find(queryStartUsers, source, target); err != nil {
		return nil, err
	}
	return users, find(queryHoldUsers, source, target)
}

const holdColumns = 5

const rekeyColumns = 5

func rekeysOf(ctx context.Context, q querier, source, target migration.Fingerprint, records []migration.RecordID) (migration.Rekeys, error) {
	var known migration.Rekeys
	for part := range slices.Chunk(records, chunkRows) {
		some, err := rekeysBy(ctx, q, queryRekeys, []any{source, target}, part)
		if err != nil {
			return nil, err
		}
		if known == nil {
			known = some
		}
		maps.Copy(known, some)
	}
	return known, nil
}

// rekeysBy returns what a query with a list of records at its end finds. Nil: nothing.
func rekeysBy(ctx context.Context, q querier, query string, before []any, records []migration.RecordID) (migration.Rekeys, error) {
	var known migration.Rekeys
	list, ids := listed(records)
	err := each(ctx, q, query+list, append(before, ids...), func(row scanner) error {
		var from, to migration.RecordID
		err := row.Scan(&from, &to)
		if known == nil {
			known = migration.Rekeys{}
		}
		known[from] = to
		return err
	})
	return known, err
}
