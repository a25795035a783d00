package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strings"

	"jogetferry/migration"
)

// BeginBulk begins the bulk copy of a migration, or a pass of it, or goes on with one that
// was cut: with what was not done yet, and what was parked. Tables that a new scope adds are
// cut afterwards; what was copied of others stays in the ledger. It is safe to repeat, and
// gives the chunks of workers that are gone to others, so nothing may work at it meanwhile.
func (l *Ledger) BeginBulk(ctx context.Context, mig migration.Name, order migration.BulkOrder) error {
	const op = "begin the bulk copy"
	blob, err := packJSON(order)
	if err != nil {
		return failure(op, string(mig), err)
	}
	err = l.txAgain(ctx, op, string(mig), func(tx *sql.Tx) error {
		if _, err := findMigration(ctx, tx, op, mig); err != nil {
			return err
		}
		last, err := scanBulk(tx.QueryRowContext(ctx, queryBulk+" FOR UPDATE", mig))
		again := updateBulkAgain
		switch {
		case errors.Is(err, sql.ErrNoRows):
			_, err = tx.ExecContext(ctx, insertBulk, mig, blob, string(order.Pass), order.RowsPerSecond)
		case err == nil:
			anew := order.Pass.Anew(last)
			if anew {
				again = updateBulkAnew
			}
			_, err = tx.ExecContext(ctx, updateBulkBegun, blob, string(order.Pass), order.RowsPerSecond, anew, mig)
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, again, mig); err != nil {
			return err
		}
		if order.Scope.NoUploads {
			if _, err := tx.ExecContext(ctx, updateBulkLeft, mig); err != nil {
				return err
			}
		}
		return l.log(ctx, tx, mig, "", migration.StepLine{Event: migration.EventBulkBegun})
	})
	if err != nil || order.Pass != migration.BulkPassUndo {
		return err
	}
	// From here on nobody takes a record, and who has one is seen: HoldRecord.
	return failure(op, string(mig), l.db.QueryRowContext(ctx, queryHoldsOf, mig).Scan(new(int)))
}

// Bulk returns how the bulk copy of a migration stands. None was begun: CodeNotFound.
func (l *Ledger) Bulk(ctx context.Context, mig migration.Name) (migration.BulkCopy, error) {
	const op = "read the bulk copy"
	b, err := scanBulk(l.db.QueryRowContext(ctx, queryBulk, mig))
	if errors.Is(err, sql.ErrNoRows) {
		return b, &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: string(mig), Hint: "starter copy begins one"}
	}
	return b, failure(op, string(mig), err)
}

func scanBulk(row scanner) (migration.BulkCopy, error) {
	var b migration.BulkCopy
	var what []byte
	var ended sql.NullTime
	var rowsPerSecond int // that of the order may have been tuned since
	err := row.Scan(&what, &b.Status, &rowsPerSecond, &b.BegunAt, &ended)
	if err != nil {
		return b, err
	}
	b.EndedAt = ended.Time
	err = unpackJSON(what, &b.BulkOrder)
	b.RowsPerSecond = rowsPerSecond
	return b, err
}

// SetBulk gives the bulk copy a status: workers look at it between batches.
func (l *Ledger) SetBulk(ctx context.Context, mig migration.Name, status migration.BulkStatus) error {
	_, err := l.db.ExecContext(ctx, updateBulk, string(status), string(status), mig)
	return failure("set the bulk copy", string(mig), err)
}

// TuneBulk gives the bulk copy another rate, 0 for no limit.
func (l *Ledger) TuneBulk(ctx context.Context, mig migration.Name, rowsPerSecond int) error {
	_, err := l.db.ExecContext(ctx, updateBulkRate, rowsPerSecond, mig)
	return failure("tune the bulk copy", string(mig), err)
}

// BulkCut reports whether the rows or files of a form table were cut into chunks.
func (l *Ledger) BulkCut(ctx context.Context, mig migration.Name, kind migration.BulkKind, table string) (bool, error) {
	err := l.db.QueryRowContext(ctx, queryBulkCut, mig, string(kind), table).Scan(new(int))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, failure("look for chunks", "table "+table, err)
}

// CutBulk keeps all chunks of the rows or files of a form table, in one transaction; what was
// cut already stays as it is.
func (l *Ledger) CutBulk(ctx context.Context, mig migration.Name, chunks []migration.BulkChunk) error {
	if len(chunks) == 0 {
		return nil
	}
	kind, table := chunks[0].Kind, chunks[0].Table
	const op = "keep chunks"
	return l.txAgain(ctx, op, "table "+table, func(tx *sql.Tx) error {
		if _, err := findMigration(ctx, tx, op, mig); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, queryBulkCut, mig, string(kind), table).Scan(new(int))
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		for part := range slices.Chunk(chunks, chunkRows) {
			rows := make([]any, 0, bulkChunkColumns*len(part))
			for _, c := range part {
				rows = append(rows, mig, string(kind), table, string(c.After), string(c.To), c.Rows)
			}
			if _, err := tx.ExecContext(ctx, insertBulkChunks+repeat(insertBulkChunksRow, len(part)), rows...); err != nil {
				return err
			}
		}
		return nil
	})
}

const bulkChunkColumns = 6

// TurnBulk gives tables turns: chunks of a table that is not named have the first one, 0. It
// is safe to repeat.
func (l *Ledger) TurnBulk(ctx context.Context, mig migration.Name, turns map[string]int) error {
	const op = "order chunks"
	byTurn := map[int][]string{}
	for table, turn := range turns {
		byTurn[turn] = append(byTurn[turn], table)
	}
	return l.txAgain(ctx, op, string(mig), func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, updateBulkTurn, 0, mig, 0); err != nil {
			return err
		}
		for _, turn := range slices.Sorted(maps.Keys(byTurn)) {
			for part := range slices.Chunk(byTurn[turn], chunkRows) {
				list, args := listed(part)
				if _, err := tx.ExecContext(ctx, updateBulkTurn+bulkTurnOf+list, append([]any{turn, mig, turn}, args...)...); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// TakeBulk gives a lane its next chunk: the one that it had taken, if a worker died, or the
// next one of a turn that waits. False: none is left.
func (l *Ledger) TakeBulk(ctx context.Context, mig migration.Name, lane migration.Token, turn int) (c migration.BulkChunk, ok bool, err error) {
	err = l.txAgain(ctx, "take a chunk", string(mig), func(tx *sql.Tx) error {
		c, ok = migration.BulkChunk{}, false
		err := scanBulkChunk(tx.QueryRowContext(ctx, queryBulkOwn, mig, string(lane)), &c)
		if ok = err == nil; ok || !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		err = scanBulkChunk(tx.QueryRowContext(ctx, queryBulkNext, mig, turn), &c)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		ok = true
		_, err = tx.ExecContext(ctx, updateBulkTake, string(lane), c.ID)
		return err
	})
	return c, ok, err
}

func scanBulkChunk(row scanner, c *migration.BulkChunk) error {
	return row.Scan(&c.ID, &c.Kind, &c.Table, &c.After, &c.To, &c.Rows)
}

// ReleaseBulk gives a chunk back that a lane has taken.
func (l *Ledger) ReleaseBulk(ctx context.Context, c migration.BulkChunk, lane migration.Token) error {
	_, err := l.db.ExecContext(ctx, updateBulkReleased, c.ID, string(lane))
	return failure("release a chunk", "table "+c.Table, err)
}

// EndBulk says what became of a chunk that a lane has taken. What was inserted, overwritten
// and taken back adds up over attempts. It is not the lane's any more: CodeConflict.
func (l *Ledger) EndBulk(ctx context.Context, c migration.BulkChunk, lane migration.Token, o migration.BulkOutcome) error {
	const op = "end a chunk"
	state := "done"
	if o.Reason != "" {
		state = "parked"
	}
	result, err := l.db.ExecContext(ctx, updateBulkEnd, state, string(o.Reason), o.Detail, o.Rows, o.Bytes,
		o.Inserted, o.Overwritten, o.Same, o.Kept, o.Conflicts, o.Missing, o.Differing, o.Extra,
		o.Gone, o.Removed, o.Restored, o.InUse, c.ID, string(lane))
	if err != nil {
		return failure(op, "table "+c.Table, err)
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		return migration.E(migration.CodeConflict, op, "table "+c.Table, "another lane has it")
	}
	return failure(op, "table "+c.Table, err)
}

// BulkTables returns how the rows of tables, and then their files, stand in the pass, by name. Reason and Detail are
// those of one parked chunk; where none is parked, Detail is of any.
func (l *Ledger) BulkTables(ctx context.Context, mig migration.Name) ([]migration.BulkTable, error) {
	var tables []migration.BulkTable
	err := each(ctx, l.db, queryBulkTables, []any{mig}, func(row scanner) error {
		var t migration.BulkTable
		err := row.Scan(&t.Kind, &t.Table, &t.Chunks, &t.Done, &t.Parked, &t.Planned, &t.Reason, &t.Detail, &t.Rows, &t.Bytes,
			&t.Inserted, &t.Overwritten, &t.Same, &t.Kept, &t.Conflicts, &t.Missing, &t.Differing, &t.Extra,
			&t.Gone, &t.Removed, &t.Restored, &t.InUse)
		tables = append(tables, t)
		return err
	})
	return tables, failure("read tables of the bulk copy", string(mig), err)
}

// MeantInBulk keeps rows or files that are about to be written to the target; committed
// when it returns. They may come again.
func (l *Ledger) MeantInBulk(ctx context.Context, target migration.Fingerprint, c migration.BulkChunk, rows []migration.BulkRow) error {
	return failure("note what a chunk brings", "table "+c.Table, meantInBulk(ctx, l.db, target, c, rows))
}

func meantInBulk(ctx context.Context, q querier, target migration.Fingerprint, c migration.BulkChunk, rows []migration.BulkRow) error {
	// Each statement waits for the disk.
	for some := range slices.Chunk(rows, bulkRowsAtOnce) {
		var args []any
		n := 0
		for part := range slices.Chunk(some, bulkRowsHeld) {
			table, packed, err := packBulkRows(c, part)
			if err != nil {
				return err
			}
			args = append(append(args, c.ID, target, keptAs(c.Kind), table), packed...)
			n++
		}
		if _, err := q.ExecContext(ctx, insertBulkRows+repeat(insertBulkRowsRow, n), args...); err != nil {
			return err
		}
	}
	return nil
}

// packBulkRows returns where rows or files of a chunk are looked for: their table, the least and
// the greatest place, their number, and them packed.
func packBulkRows(c migration.BulkChunk, rows []migration.BulkRow) (table string, columns []any, err error) {
	table, first := bulkPlace(c.Kind, c.Table, rows[0].ID)
	last := first
	var plain bytes.Buffer
	for _, r := range rows {
		_, place := bulkPlace(c.Kind, c.Table, r.ID)
		first, last = min(first, place), max(last, place)
		plain.Write(binary.AppendUvarint(nil, uint64(len(r.ID))))
		plain.WriteString(string(r.ID))
		plain.Write(r.Digest[:])
	}
	blob, err := pack(plain.Bytes())
	return table, []any{first, last, len(rows), blob}, err
}

// keptAs is the kind under which what a chunk brought is kept: rows are asked for by table and
// ID, whatever table that is.
func keptAs(kind migration.BulkKind) string {
	if kind == migration.BulkFiles {
		return string(migration.BulkFiles)
	}
	return string(migration.BulkRows)
}

// bulkPlace is where a row or file is looked for: a path begins with the folder of the
// table and that of the record.
func bulkPlace(kind migration.BulkKind, table string, id migration.RecordID) (string, string) {
	if kind != migration.BulkFiles {
		return table, string(id)
	}
	table, rest, _ := strings.Cut(string(id), "/")
	record, _, _ := strings.Cut(rest, "/")
	return table, record
}

const (
	bulkRowsHeld   = 1000 // rows that one row of the ledger names
	bulkRowsAtOnce = 5000 // that one statement names
)

func bulkRowsIn(blob []byte) ([]migration.BulkRow, error) {
	plain, err := unpack(blob)
	if err != nil {
		return nil, err
	}
	var rows []migration.BulkRow
	for len(plain) > 0 {
		n, size := binary.Uvarint(plain)
		var r migration.BulkRow
		if size <= 0 || n > uint64(len(plain)) || len(plain) < size+int(n)+len(r.Digest) { //nolint:gosec // not more than there are
			return nil, errUndecodable
		}
		plain = plain[size:]
		r.ID = migration.RecordID(plain[:n])
		copy(r.Digest[:], plain[n:])
		plain = plain[int(n)+len(r.Digest):] //nolint:gosec // as above
		rows = append(rows, r)
	}
	return rows, nil
}

// WrittenInBulk returns the digests of what bulk copies inserted, or meant to, as the rows
// of keys on a target, oldest first. What was taken back is not among them.
func (l *Ledger) WrittenInBulk(ctx context.Context, target migration.Fingerprint, keys []migration.RowKey) (map[migration.RowKey][]migration.Digest, error) {
	byTable := map[string][]migration.RecordID{}
	for _, k := range keys {
		byTable[k.Table] = append(byTable[k.Table], k.ID)
	}
	written := map[migration.RowKey][]migration.Digest{}
	for table, ids := range byTable {
		found, err := l.writtenInBulk(ctx, target, migration.BulkRows, table, ids)
		if err != nil {
			return nil, failure("look up rows of the bulk copy", "table "+table, err)
		}
		for id, digests := range found {
			written[migration.RowKey{Table: table, ID: id}] = digests
		}
	}
	return written, nil
}

// filesInBulk is WrittenInBulk for files, by path.
func (l *Ledger) filesInBulk(ctx context.Context, target migration.Fingerprint, paths []string) (map[string][]migration.Digest, error) {
	byTable := map[string][]migration.RecordID{}
	for _, path := range paths {
		table, _ := bulkPlace(migration.BulkFiles, "", migration.RecordID(path))
		byTable[table] = append(byTable[table], migration.RecordID(path))
	}
	written := map[string][]migration.Digest{}
	for table, ids := range byTable {
		found, err := l.writtenInBulk(ctx, target, migration.BulkFiles, table, ids)
		if err != nil {
			return nil, failure("look up files of the bulk copy", "table "+table, err)
		}
		for path, digests := range found {
			written[string(path)] = digests
		}
	}
	return written, nil
}

// bulkAsked is of how many rows one statement asks.
const bulkAsked = 50

func (l *Ledger) writtenInBulk(
	ctx context.Context, target migration.Fingerprint, kind migration.BulkKind, table string, ids []migration.RecordID,
) (map[migration.RecordID][]migration.Digest, error) {
	found := map[migration.RecordID][]migration.Digest{}
	for part := range slices.Chunk(ids, bulkAsked) {
		args := []any{target, string(kind), table}
		asked, places := map[migration.RecordID]bool{}, 0
		last := ""
		for _, id := range part {
			asked[id] = true
			if _, place := bulkPlace(kind, table, id); places == 0 || place != last {
				args = append(args, place, place)
				last = place
				places++
			}
		}
		query := queryBulkRows + strings.TrimSuffix(strings.Repeat(bulkRowsOf+" OR ", places), " OR ") + ") ORDER BY id"
		err := each(ctx, l.db, query, args, func(row scanner) error {
			var id int64
			var blob []byte
			if err := row.Scan(&id, &blob); err != nil {
				return err
			}
			rows, err := bulkRowsIn(blob)
			for _, r := range rows {
				if asked[r.ID] {
					found[r.ID] = append(found[r.ID], r.Digest)
				}
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// BroughtInBulk returns what a chunk brought, or meant to, oldest first.
func (l *Ledger) BroughtInBulk(ctx context.Context, c migration.BulkChunk) ([]migration.BulkRow, error) {
	var brought []migration.BulkRow
	err := each(ctx, l.db, queryChunkRows, []any{c.ID}, func(row scanner) error {
		var blob []byte
		if err := row.Scan(&blob); err != nil {
			return err
		}
		rows, err := bulkRowsIn(blob)
		brought = append(brought, rows...)
		return err
	})
	return brought, failure("read what a chunk brought", "table "+c.Table, err)
}

// LeaveInBulk keeps of what a chunk brought only what is left of it. It is safe to repeat.
func (l *Ledger) LeaveInBulk(ctx context.Context, target migration.Fingerprint, c migration.BulkChunk, left []migration.BulkRow) error {
	return l.txAgain(ctx, "note what is left of a chunk", "table "+c.Table, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, deleteChunkRows, c.ID); err != nil {
			return err
		}
		return meantInBulk(ctx, tx, target, c, left)
	})
}
