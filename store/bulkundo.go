package store

import (
	"context"
	"database/sql"
	"slices"

	"jogetferry/migration"
)

// BulkUndo is the ledger's memory of the rows that one chunk of a bulk copy brought, while
// they are taken back. It satisfies records.RowUndoer. Not for concurrent use.
type BulkUndo struct {
	rows    *RowUndo
	chunk   migration.BulkChunk
	brought map[migration.FileKey][]migration.Digest // what was inserted in bulk; nil: not read yet
}

// BulkUndo returns the memory of the rows that a chunk brought between the servers of key.
func (l *Ledger) BulkUndo(mig migration.Name, key migration.ClaimKey, c migration.BulkChunk) *BulkUndo {
	key.Instance = c.Owner()
	return &BulkUndo{rows: l.RowUndo(mig, key), chunk: c}
}

// Begin notes that the copy uses no row of the chunk any more, until it writes again, and
// returns those that it inserted or wrote and that were not taken back.
func (b *BulkUndo) Begin(ctx context.Context) ([]migration.RowKey, error) {
	keys, err := b.rows.Begin(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.read(ctx); err != nil {
		return nil, err
	}
	known := setOf(filesOf(keys))
	for key := range b.brought {
		if !known[key] {
			keys = append(keys, key.Row)
		}
	}
	return keys, nil
}

func (b *BulkUndo) read(ctx context.Context) error {
	if b.brought != nil {
		return nil
	}
	brought := map[migration.FileKey][]migration.Digest{}
	err := each(ctx, b.rows.ledger.db, queryBulkBrought, []any{b.chunk.ID, b.rows.key.Target}, func(row scanner) error {
		var blob []byte
		if err := row.Scan(&blob); err != nil {
			return err
		}
		rows, err := bulkRowsIn(blob)
		for _, r := range rows {
			key := migration.FileKey{Row: migration.RowKey{Table: b.chunk.Table, ID: r.ID}}
			brought[key] = append(brought[key], r.Digest)
		}
		return err
	})
	if err == nil {
		b.brought = brought
	}
	return failure("read rows of a chunk", "table "+b.chunk.Table, err)
}

// Ways says how rows go back: see RowUndo.Ways. One that the copy inserted was absent
// before, whatever was written to it since by us.
func (b *BulkUndo) Ways(ctx context.Context, keys []migration.RowKey) (map[migration.RowKey]migration.RowUndo, error) {
	if err := b.read(ctx); err != nil {
		return nil, err
	}
	return b.rows.waysOf(ctx, keys, b.brought)
}

// Brought returns which of rows the chunk inserted or wrote and that were not taken back.
func (b *BulkUndo) Brought(ctx context.Context, keys []migration.RowKey) (map[migration.RowKey]bool, error) {
	if err := b.read(ctx); err != nil {
		return nil, err
	}
	known := map[migration.RowKey]bool{}
	for _, key := range keys {
		known[key] = b.brought[migration.FileKey{Row: key}] != nil
	}
	err := eachOfRows(ctx, b.rows.ledger.db, rowImageQueries.known, place(b.rows.key), filesOf(keys), func(row scanner) error {
		var key migration.RowKey
		err := row.Scan(&key.Table, &key.ID, new(string), new(string))
		known[key] = true
		return err
	})
	return known, failure("read rows of a chunk", "table "+b.chunk.Table, err)
}

// Done notes that rows are what they were: see RowUndo.Done. What the copy inserted is not
// ours any more.
func (b *BulkUndo) Done(ctx context.Context, keys []migration.RowKey) error {
	if err := b.rows.Done(ctx, keys); err != nil {
		return err
	}
	for part := range slices.Chunk(keys, bulkRowsHeld) {
		err := b.rows.ledger.txAgain(ctx, "note rows taken back", "table "+b.chunk.Table, func(tx *sql.Tx) error { return b.spend(ctx, tx, part) })
		if err != nil {
			return err
		}
	}
	return nil
}

// spend marks rows as taken back where the ledger has what was inserted.
func (b *BulkUndo) spend(ctx context.Context, tx *sql.Tx, keys []migration.RowKey) error {
	spent, first, last := map[migration.RecordID]bool{}, keys[0].ID, keys[0].ID
	for _, key := range keys {
		spent[key.ID] = true
		first, last = min(first, key.ID), max(last, key.ID)
	}
	held := map[int64][]byte{}
	err := each(ctx, tx, queryBulkSpend, []any{b.chunk.ID, b.rows.key.Target, string(last), string(first)}, func(row scanner) error {
		var id int64
		var blob []byte
		err := row.Scan(&id, &blob)
		held[id] = blob
		return err
	})
	if err != nil {
		return err
	}
	for id, blob := range held {
		rows, err := bulkRowsIn(blob)
		if err != nil {
			return err
		}
		gone, left := apart(rows, spent)
		if len(gone) == 0 {
			continue
		}
		if err := b.split(ctx, tx, id, gone, left); err != nil {
			return err
		}
	}
	return nil
}

func apart(rows []migration.BulkRow, spent map[migration.RecordID]bool) (gone, left []migration.BulkRow) {
	for _, r := range rows {
		if spent[r.ID] {
			gone = append(gone, r)
		} else {
			left = append(left, r)
		}
	}
	return gone, left
}

func (b *BulkUndo) split(ctx context.Context, tx *sql.Tx, id int64, gone, left []migration.BulkRow) error {
	_, packed, err := packBulkRows(b.chunk, gone)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, insertBulkSpent, append(packed, id)...); err != nil {
		return err
	}
	if len(left) == 0 {
		_, err := tx.ExecContext(ctx, deleteBulkRows, id)
		return err
	}
	if _, packed, err = packBulkRows(b.chunk, left); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, updateBulkRows, append(packed, id)...)
	return err
}

// BulkHeld returns how much the bulk copy of a migration brought, or meant to, that was not
// taken back.
func (l *Ledger) BulkHeld(ctx context.Context, mig migration.Name) (migration.BulkHeld, error) {
	var h migration.BulkHeld
	err := l.db.QueryRowContext(ctx, queryBulkHeld, mig).Scan(&h.Tables, &h.Rows, &h.Files)
	return h, failure("count what the bulk copy brought", string(mig), err)
}
