package records

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jogetferry/migration"
)

// OnConflict says what to do with a row of the target that is neither the
// source's nor ours from before. The values are those of records.on_conflict.
type OnConflict string

// The policies; the zero value means ConflictPark.
const (
	ConflictPark      OnConflict = "park"      // write nothing, report
	ConflictOverwrite OnConflict = "overwrite" // take the source's row; the image keeps the former one
	ConflictKeep      OnConflict = "keep"      // leave the target's row
)

// Image is what a row of the target was before we wrote to it; its Data is what
// EncodeRow gives.
type Image = migration.RowImage

// Images is the ledger's memory of rows, bound to one target server and one
// instance. It is never called while a transaction on the target is open.
type Images interface {
	// Written returns the digests of everything that we wrote or meant to write
	// (Image.WrittenDigest) into the rows of keys, for whatever instance.
	Written(ctx context.Context, keys []migration.RowKey) (map[migration.RowKey][]Digest, error)
	// WrittenInBulk is Written for what bulk copies inserted.
	WrittenInBulk(ctx context.Context, keys []migration.RowKey) (map[migration.RowKey][]Digest, error)
	// Keep stores images; they are committed when it returns. The first image of
	// a row per instance is the one to go back to. A later one whose Digest is
	// neither the first's nor one that we wrote must be kept beside it: somebody
	// changed the row between our image and our write, and Undo goes back to
	// that. Keep is repeated after a crash.
	Keep(ctx context.Context, images []Image) error
	// Wrote notes that the rows of these images were written. It is repeated after a crash.
	Wrote(ctx context.Context, images []Image) error
}

// CopyOptions tune Copy.
type CopyOptions struct {
	OnConflict OnConflict
	// Brought are rows that were on the target by our hand: one that is absent
	// was deleted by somebody, and is a conflict. ConflictOverwrite inserts it again.
	Brought map[migration.RowKey]bool
	// Contents has the rows of the set that are not all there (Gather).
	Contents Contents
	// Rekeying is applied to the rows of the set, which are the source's.
	Rekeying Rekeying
	// Pace, if set, is called before each batch of writes with its number of
	// rows: to limit the rate, to heartbeat, to stop.
	Pace func(ctx context.Context, rows int) error
}

// CopyResult counts the rows of a set by what happened to them. Inserted +
// Overwritten + Same + len(Kept) + len(Conflicts) is the number of rows, unless Copy failed.
type CopyResult struct {
	Inserted    int
	Overwritten int
	Same        int // nothing to do
	// Kept were left by ConflictKeep, since they are the target's own. They and Conflicts are
	// in the order of the set, and hold record IDs.
	Kept      []migration.RowKey
	Conflicts []migration.RowKey
}

// Copy makes the target's rows those of set, with their keys there (CopyOptions.Rekeying),
// by which all that is told goes. A row that is absent is
// inserted, one that has the same bytes left, one that holds what we wrote before
// overwritten; any other is a conflict. With ConflictPark all rows are looked at
// before any is written, and a conflict found then means that none is. The image of a row
// is committed by images before the row is written, and the write happens only
// if the row still is what the image says; one that moved in between is a conflict
// under every policy but ConflictKeep.
//
// Where somebody tied form tables by foreign keys, rows are written in the order that
// these want, as far as rows of the set are what they want.
//
// Conflicts give CodeConflict together with the result. A missing table or
// column, a value that does not fit, or an ID that cannot be rewritten, is
// CodeUnsupported before anything is written. It is safe to repeat.
func Copy(ctx context.Context, target Target, set Set, images Images, options CopyOptions) (CopyResult, error) {
	c := copier{target: target, images: images, options: options, columns: options.Rekeying.keyColumns()}
	if err := c.plan(ctx, set); err != nil {
		return CopyResult{}, err
	}
	if len(c.result.Conflicts) == 0 {
		if err := c.writeAll(ctx); err != nil {
			return c.result, err
		}
	}
	if len(c.result.Conflicts) > 0 {
		return c.result, conflictError(c.result.Conflicts)
	}
	return c.result, nil
}

func conflictError(keys []migration.RowKey) error {
	counts := map[string]int{}
	for _, key := range keys {
		counts[tablePrefix+key.Table]++
	}
	var tables []string
	for _, table := range slices.Sorted(maps.Keys(counts)) {
		tables = append(tables, fmt.Sprintf("%s: %d", table, counts[table]))
	}
	return &migration.Error{
		Code: migration.CodeConflict, Op: "copy form data", Subject: "rows in " + strings.Join(tables, ", "),
		Hint: "the target has other rows with these ids; look at them, then set records.on_conflict to overwrite or keep",
	}
}

type copier struct {
	target  Target
	images  Images
	options CopyOptions
	columns keyColumns // of options.Rekeying
	result  CopyResult
	batches []batch
	mine    []Image // found as already written
}

type batch struct {
	layout  *layout
	changes []change
}

// plan decides on every row, and keeps of the target only digests of what is to be overwritten.
func (c *copier) plan(ctx context.Context, set Set) error {
	layouts := map[string]*layout{}
	for i := range set.Rows {
		table := set.Rows[i].Key.Table
		if layouts[table] != nil {
			continue
		}
		var err error
		if layouts[table], err = c.target.layoutFor(ctx, table); err != nil {
			return err
		}
	}
	err := c.options.Rekeying.refuses(set, func(table string) *Table { return layouts[table].table })
	if err != nil {
		c.target.Schema.Forget()
		return err
	}
	set = c.options.Rekeying.Set(set)
	for i := range set.Rows {
		l := layouts[set.Rows[i].Key.Table]
		row, err := c.whole(ctx, &set.Rows[i])
		if err != nil {
			return err
		}
		if err := l.fits(row); err != nil {
			c.target.Schema.Forget() // a column may have come a moment ago
			return err
		}
	}
	for rest := set.Rows; len(rest) > 0; {
		n, size := 1, rest[0].whole()
		for n < len(rest) && n < batchRows && rest[n].Key.Table == rest[0].Key.Table {
			// The target has rows as large, mostly.
			if size += rest[n].whole(); size > batchHeld {
				break
			}
			n++
		}
		if err := c.planBatch(ctx, layouts[rest[0].Key.Table], rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

func (c *copier) planBatch(ctx context.Context, l *layout, rows []Row) error {
	keys := (&Set{Rows: rows}).Keys()
	current, err := c.target.rows(ctx, l, keys)
	if err != nil {
		return err
	}
	var written map[migration.RowKey][]Digest
	if len(current) > 0 {
		if written, err = c.images.Written(ctx, keys); err != nil {
			return fmt.Errorf("look up rows written before: %w", err)
		}
	}
	b := batch{layout: l}
	var others []change
	for i := range rows {
		row, err := c.standing(ctx, l, &rows[i])
		if err != nil {
			return err
		}
		want, there := row, current[row.Key]
		if rows[i].Outline != nil {
			want = &rows[i] // read again when its turn has come
		}
		switch {
		case there == nil && c.options.OnConflict != ConflictOverwrite && c.options.Brought[row.Key]:
			c.conflict(row.Key)
		case there == nil:
			b.changes = append(b.changes, change{key: row.Key, want: want})
		case len(differingColumns(row, there)) == 0:
			c.result.Same++
			if ours(there, written[row.Key]) {
				c.mine = append(c.mine, Image{Key: row.Key, WrittenDigest: there.Digest()})
			}
		case ours(there, written[row.Key]) || c.options.OnConflict == ConflictOverwrite:
			expect := there.unchanged() // as is this
			b.changes = append(b.changes, change{key: row.Key, expect: &expect, want: want})
		default:
			expect := there.unchanged()
			others = append(others, change{key: row.Key, expect: &expect, want: want})
		}
	}
	if err := c.judgeOthers(ctx, &b, others); err != nil {
		return err
	}
	if len(b.changes) > 0 {
		c.batches = append(c.batches, b)
	}
	if len(c.mine) > 0 {
		// A crash came between the write and this note.
		if err := c.images.Wrote(ctx, c.mine); err != nil {
			return fmt.Errorf("note rows written: %w", err)
		}
		c.mine = nil
	}
	return nil
}

// judgeOthers adds those changes to b that overwrite what a bulk copy brought; all others
// are conflicts.
func (c *copier) judgeOthers(ctx context.Context, b *batch, others []change) error {
	if len(others) == 0 {
		return nil
	}
	keys := make([]migration.RowKey, len(others))
	for i, o := range others {
		keys[i] = o.key
	}
	written, err := c.images.WrittenInBulk(ctx, keys)
	if err != nil {
		return fmt.Errorf("look up rows of the bulk copy: %w", err)
	}
	for _, o := range others {
		if ours(o.expect, written[o.key]) {
			b.changes = append(b.changes, o)
		} else {
			c.conflict(o.key)
		}
	}
	return nil
}

// whole returns a row of the set with all of its values, as the target shall have them.
func (c *copier) whole(ctx context.Context, row *Row) (*Row, error) {
	if row.Outline == nil {
		return row, nil
	}
	// What is kept elsewhere is the source's.
	row, err := Target{Contents: c.options.Contents}.whole(ctx, row)
	if err == nil {
		c.options.Rekeying.rewrite(row, c.columns)
	}
	return row, err
}

// standing returns a row of the set as it is to stand in the table.
func (c *copier) standing(ctx context.Context, l *layout, row *Row) (*Row, error) {
	row, err := c.whole(ctx, row)
	if err != nil {
		return nil, err
	}
	return l.stands(row), nil
}

// ours reports whether a row is as we wrote it; there may be none.
func ours(there *Row, wrote []Digest) bool {
	return there != nil && migration.Attribute(migration.Trace{Digest: there.Digest(), Wrote: wrote}) == migration.OwnerOurs
}

func (c *copier) conflict(key migration.RowKey) {
	if c.options.OnConflict == ConflictKeep {
		c.result.Kept = append(c.result.Kept, key)
		return
	}
	c.result.Conflicts = append(c.result.Conflicts, key)
}

// writeAll writes the batches, and those again, row by row, that a foreign key held up
// for rows of others: Joget makes none, so the server tells the order.
func (c *copier) writeAll(ctx context.Context) error {
	for left := c.batches; len(left) > 0; {
		var held []batch
		var why error
		for _, b := range left {
			err := c.write(ctx, b)
			if !heldUp(err) {
				if err != nil {
					return err
				}
				continue
			}
			why = err
			for _, ch := range b.changes {
				held = append(held, batch{layout: b.layout, changes: []change{ch}})
			}
		}
		// As many as before: then no rest is larger than a row, and none goes.
		if len(held) == len(left) && !slices.ContainsFunc(left, func(b batch) bool { return len(b.changes) > 1 }) {
			return why
		}
		left = held
	}
	return nil
}

func (c *copier) write(ctx context.Context, b batch) error {
	if c.options.Pace != nil {
		if err := c.options.Pace(ctx, len(b.changes)); err != nil {
			return err
		}
	}
	b.changes = slices.Clone(b.changes)
	for i := range b.changes {
		var err error
		if b.changes[i].want, err = c.standing(ctx, b.layout, b.changes[i].want); err != nil {
			return err
		}
	}
	moved, err := c.again(ctx, &b)
	if err != nil {
		return err
	}
	if len(b.changes) == 0 {
		return c.moved(ctx, b.layout, moved)
	}
	images := make([]Image, len(b.changes))
	for i, ch := range b.changes {
		images[i] = Image{Key: ch.key, WrittenDigest: ch.want.Digest()}
		if ch.expect != nil {
			images[i].Existed, images[i].Data, images[i].Digest = true, EncodeRow(*ch.expect), ch.expect.Digest()
		}
	}
	if err := c.images.Keep(ctx, images); err != nil {
		return fmt.Errorf("keep images of rows: %w", err)
	}
	applied, err := c.target.applyApart(ctx, b.layout, b.changes)
	if err != nil {
		return err
	}
	var wrote []Image
	for i, ch := range b.changes {
		switch {
		case !applied[i]:
			moved = append(moved, ch)
			continue
		case ch.expect == nil:
			c.result.Inserted++
		default:
			c.result.Overwritten++
		}
		wrote = append(wrote, images[i])
	}
	if len(wrote) > 0 {
		if err := c.images.Wrote(ctx, wrote); err != nil {
			return fmt.Errorf("note rows written: %w", err)
		}
	}
	return c.moved(ctx, b.layout, moved)
}

// again reads the rows that b is to overwrite, and takes out of it those that are not
// what they were.
func (c *copier) again(ctx context.Context, b *batch) (moved []change, err error) {
	var keys []migration.RowKey
	for _, ch := range b.changes {
		if ch.expect != nil {
			keys = append(keys, ch.key)
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	current, err := c.target.rows(ctx, b.layout, keys)
	if err != nil {
		return nil, err
	}
	var stay []change
	for _, ch := range b.changes {
		there := current[ch.key]
		switch {
		case ch.expect == nil:
		case !sameContent(there, ch.expect):
			moved = append(moved, ch)
			continue
		default:
			ch.expect = there
		}
		stay = append(stay, ch)
	}
	b.changes = stay
	return moved, nil
}

// applyApart is apply; where one of the ids collides with another row in the
// eyes of the target's collation, each row is tried alone.
func (t Target) applyApart(ctx context.Context, l *layout, changes []change) ([]bool, error) {
	applied, err := t.apply(ctx, l, changes)
	if !duplicate(err) {
		return applied, err
	}
	applied = make([]bool, len(changes))
	for i, ch := range changes {
		one, err := t.apply(ctx, l, []change{ch})
		if duplicate(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		applied[i] = one[0]
	}
	return applied, nil
}

// moved judges rows that changed between image and write: another attempt of
// ours may have written the very same.
func (c *copier) moved(ctx context.Context, l *layout, changes []change) error {
	if len(changes) == 0 {
		return nil
	}
	keys := make([]migration.RowKey, len(changes))
	for i, ch := range changes {
		keys[i] = ch.key
	}
	current, err := c.target.rows(ctx, l, keys)
	if err != nil {
		return err
	}
	for _, ch := range changes {
		if there := current[ch.key]; there != nil && len(differingColumns(ch.want, there)) == 0 {
			c.result.Same++
			continue
		}
		c.conflict(ch.key)
	}
	return nil
}

// rows reads rows of the target without locking them; absent ones are not in the map.
func (t Target) rows(ctx context.Context, l *layout, keys []migration.RowKey) (map[migration.RowKey]*Row, error) {
	ids := make([]string, len(keys))
	for i, key := range keys {
		ids[i] = string(key.ID)
	}
	rows, err := rowSelection{layout: l, column: idColumn, values: ids}.read(ctx, t.DB)
	if err != nil {
		return nil, err
	}
	return (&Set{Rows: rows}).byKey(), nil
}
