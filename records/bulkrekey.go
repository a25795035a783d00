package records

import (
	"context"
	"errors"
	"slices"
	"strings"

	"jogetferry/migration"
)

// NewIDs tells which records have another ID on the target
// (docs/adr/0012-records-with-new-ids.md).
type NewIDs interface {
	// Any reports whether there are such records at all.
	Any(ctx context.Context) (bool, error)
	// Of returns those among ids. One that becomes "" has no place on the target, nor has a row
	// that names it.
	Of(ctx context.Context, ids []migration.RecordID) (migration.Rekeys, error)
}

// renames reports whether any record has another ID.
func (b *Bulk) renames(ctx context.Context) (bool, error) {
	if b.Options.NewIDs == nil {
		return false, nil
	}
	return b.Options.NewIDs.Any(ctx)
}

// rekeying takes the rows of records with new IDs out of rows of the source, which come
// with their instance, and returns what makes of the others those of the target.
func (b *Bulk) rekeying(ctx context.Context, rows *Set) (Rekeying, error) {
	r := b.Options.Rekeying
	renames, err := b.renames(ctx)
	if err != nil || !renames || len(rows.Rows) == 0 {
		return r, err
	}
	if r.Rekeys, err = b.Options.NewIDs.Of(ctx, r.Named(*rows)); err != nil {
		return r, err
	}
	columns := r.keyColumns()
	rows.Rows = slices.DeleteFunc(rows.Rows, func(row Row) bool { return r.leaves(&row, columns) })
	return r, nil
}

// leaves reports whether a row of the source is not copied: it is one of a record with a new
// ID, or has no place on the target.
func (r Rekeying) leaves(row *Row, columns keyColumns) bool {
	if _, is := r.Rekeys[row.Key.ID]; is {
		return true
	}
	for n := range row.Names {
		if to, is := r.Rekeys[migration.RecordID(row.Values[n])]; is && to == "" && columns.has(row, n) {
			return true
		}
	}
	return false
}

// naming returns the columns of a layout, id aside, that may name a record.
func (r Rekeying) naming(l *layout) []int {
	var naming []int
	for _, column := range r.keyColumns()[l.table.Name] {
		at := slices.IndexFunc(l.names, func(name string) bool { return strings.EqualFold(name, column) })
		if at >= 0 && at != l.id && !slices.Contains(naming, at) {
			naming = append(naming, at)
		}
	}
	return naming
}

// name notes in a batch what a row of it may name.
func (w *chunkCopy) name(batch *bulkBatch, row *Row) {
	var named []migration.RecordID
	for _, at := range w.naming {
		if id := migration.RecordID(row.Values[at]); id.Possible() {
			named = append(named, id)
		}
	}
	batch.named = append(batch.named, named)
}

// rekeyed returns a batch without the rows of records with new IDs, and without those that
// name one: they are not what they are on the source, and go the way of record sets.
func (w *chunkCopy) rekeyed(ctx context.Context, batch *bulkBatch, result *BulkResult) (rest *bulkBatch, naming []migration.RecordID, err error) {
	if !w.renames {
		return batch, nil, nil
	}
	asked := slices.Concat(append(batch.named, batch.ids)...)
	slices.Sort(asked)
	rekeys, err := w.Options.NewIDs.Of(ctx, slices.Compact(asked))
	if err != nil || len(rekeys) == 0 {
		return batch, nil, err
	}
	isNew := func(id migration.RecordID) bool { _, is := rekeys[id]; return is }
	noPlace := func(id migration.RecordID) bool { return isNew(id) && rekeys[id] == "" }
	var taken []migration.RecordID
	for i, id := range batch.ids {
		switch {
		case noPlace(id), slices.ContainsFunc(batch.named[i], noPlace):
			result.Left++
		case isNew(id):
		case slices.ContainsFunc(batch.named[i], isNew):
			naming = append(naming, id)
		default:
			continue
		}
		taken = append(taken, id)
	}
	return batch.without(taken), naming, nil
}

// rewrites reports whether some row of a chunk is one of a record with a new ID, or names
// one: sums that are equal say nothing then.
func (b *Bulk) rewrites(ctx context.Context, chunk Chunk, from *layout) (bool, error) {
	renames, err := b.renames(ctx)
	if err != nil || !renames {
		return false, err
	}
	r := b.Options.Rekeying
	ids := &layout{table: from.table} // id is its first column
	for _, at := range append([]int{from.id}, r.naming(from)...) {
		ids.columns, ids.names = append(ids.columns, from.columns[at]), append(ids.names, from.names[at])
	}
	var page Set
	ask := func() error {
		rekeys, err := b.Options.NewIDs.Of(ctx, r.Named(page))
		if page.Rows = page.Rows[:0]; err == nil && len(rekeys) > 0 {
			return errRewritten
		}
		return err
	}
	query, args := rangeQuery(ids, chunk.After, chunk.To, 0)
	err = lookAt(ctx, b.Source.Q, ids, query, args, func(row Row) error {
		if page.Rows = append(page.Rows, row.clone()); len(page.Rows) < partRows {
			return nil
		}
		return ask()
	})
	if err == nil && len(page.Rows) > 0 {
		err = ask()
	}
	if errors.Is(err, errRewritten) {
		return true, nil
	}
	return false, err
}

var errRewritten = errors.New("a row names a record with a new ID")
