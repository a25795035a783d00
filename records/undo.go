package records

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"jogetferry/migration"
)

// undoRows bounds what is held in memory at once.
const undoRows = 100

// RowUndoer is the ledger's memory of the rows of one instance that is rolled
// back. It is never called while a transaction on the target is open.
type RowUndoer interface {
	// Begin gives up the instance's use of its rows, for the judgement of other
	// instances, too. It returns the rows that it imaged or wrote, without those
	// that were put back, newest first. It is repeated after a crash.
	Begin(ctx context.Context) ([]migration.RowKey, error)
	// Ways says how to go back; a row that was put back is not in the map.
	Ways(ctx context.Context, keys []migration.RowKey) (map[migration.RowKey]migration.RowUndo, error)
	// Done notes that rows are what they were: their images become history, and
	// what we wrote into them is not ours any more. It is repeated after a crash.
	Done(ctx context.Context, keys []migration.RowKey) error
}

// UndoResult lists the rows of an instance by what Undo did; all lists hold
// record IDs.
type UndoResult struct {
	Restored  []migration.RowKey // have their former content again
	Removed   []migration.RowKey // did not exist before
	Already   []migration.RowKey // found as they were: an earlier attempt, or another instance's rollback
	Shared    []migration.RowKey // other migrated instances use them; not touched
	Conflicts []migration.RowKey // changed or removed by somebody since, held by rows of others, or not writable any more; not touched
}

// Undo takes the rows of one instance back to what they were before it and other
// rolled back instances wrote to them. A row is written only while it holds
// what we wrote, and removed only while no row that stays holds its id, as model tells;
// anything else is listed, and the rest goes on. images hears of
// a row after it was written. pace may be nil; it is called before each batch
// with its number of rows: to limit the rate, to heartbeat, to stop. It is safe to repeat.
func Undo(ctx context.Context, target Target, model migration.FormModel, images RowUndoer, pace func(ctx context.Context, rows int) error) (UndoResult, error) {
	keys, err := images.Begin(ctx)
	if err != nil {
		return UndoResult{}, fmt.Errorf("begin to put rows back: %w", err)
	}
	tables := map[string][]migration.RowKey{}
	u := undoer{target: target, model: model, images: images, left: map[migration.RowKey]bool{}}
	for _, key := range keys {
		tables[key.Table] = append(tables[key.Table], key)
		u.left[key] = true
	}
	for len(tables) > 0 {
		before := len(u.left)
		for _, table := range holdersFirst(slices.Collect(maps.Keys(tables)), model.Relations) {
			for part := range slices.Chunk(tables[table], undoRows) {
				if pace != nil {
					if err := pace(ctx, len(part)); err != nil {
						return u.result, err
					}
				}
				if err := u.batch(ctx, part); err != nil {
					return u.result, err
				}
				for _, key := range part {
					delete(u.left, key)
				}
			}
		}
		tables = u.again(before)
	}
	return u.result, nil
}

type undoer struct {
	target Target
	model  migration.FormModel
	images RowUndoer
	left   map[migration.RowKey]bool // whose turn has not come, or has not ended
	held   []migration.RowKey        // that a foreign key wants other rows for first
	result UndoResult
}

// again returns the rows that foreign keys held up, by table, for another turn.
// Where none of before rows went, none ever will: they are conflicts.
func (u *undoer) again(before int) map[string][]migration.RowKey {
	held := u.held
	u.held = nil
	if len(held) == before {
		u.result.Conflicts = append(u.result.Conflicts, held...)
		return nil
	}
	tables := map[string][]migration.RowKey{}
	for _, key := range held {
		tables[key.Table] = append(tables[key.Table], key)
		u.left[key] = true
	}
	return tables
}

// batch undoes rows of one table.
func (u *undoer) batch(ctx context.Context, keys []migration.RowKey) error {
	ways, err := u.images.Ways(ctx, keys)
	if err != nil {
		return fmt.Errorf("look up images of rows: %w", err)
	}
	keys = slices.DeleteFunc(slices.Clone(keys), func(key migration.RowKey) bool {
		way, known := ways[key]
		switch {
		case !known:
			u.result.Already = append(u.result.Already, key)
		case way.Shared:
			u.result.Shared = append(u.result.Shared, key)
		}
		return !known || way.Shared
	})
	if len(keys) == 0 {
		return nil
	}
	l, err := u.target.layoutFor(ctx, keys[0].Table)
	if migration.CodeOf(err) == migration.CodeUnsupported {
		u.result.Conflicts = append(u.result.Conflicts, keys...)
		return nil
	}
	if err != nil {
		return err
	}
	changes, done, err := u.plan(ctx, l, keys, ways)
	if err != nil {
		return err
	}
	wrote, err := u.write(ctx, l, changes)
	if err != nil {
		return err
	}
	if done = append(done, wrote...); len(done) == 0 {
		return nil
	}
	if err := u.images.Done(ctx, done); err != nil {
		return fmt.Errorf("note rows put back: %w", err)
	}
	return nil
}

// plan returns what is to be written, and the rows that need nothing.
func (u *undoer) plan(ctx context.Context, l *layout, keys []migration.RowKey, ways map[migration.RowKey]migration.RowUndo) (changes []change, already []migration.RowKey, err error) {
	current, err := u.target.rows(ctx, l, keys)
	if err != nil {
		return nil, nil, err
	}
	named, err := u.named(ctx, keys)
	if err != nil {
		return nil, nil, err
	}
	for _, key := range keys {
		way, there := ways[key], current[key]
		if way.Image == nil {
			u.result.Conflicts = append(u.result.Conflicts, key)
			continue
		}
		want, err := former(way.Image)
		if err != nil {
			return nil, nil, err
		}
		fits := want == nil || l.fits(want) == nil
		if fits && want != nil {
			want = l.stands(want)
		}
		switch {
		case sameContent(there, want):
			already = append(already, key)
		case !ours(there, way.Written), !fits, want == nil && named[key.ID]:
			u.result.Conflicts = append(u.result.Conflicts, key)
		default:
			changes = append(changes, change{key: key, expect: there, want: want})
		}
	}
	u.result.Already = append(u.result.Already, already...)
	return changes, already, nil
}

// named returns the ids of keys, which are of one table, that rows hold which stay.
func (u *undoer) named(ctx context.Context, keys []migration.RowKey) (map[migration.RecordID]bool, error) {
	ids := make([]string, len(keys))
	for i, key := range keys {
		ids[i] = string(key.ID)
	}
	named := map[migration.RecordID]bool{}
	for _, r := range u.model.Relations {
		holder, table, ok := holding(r)
		if !ok || table != keys[0].Table {
			continue
		}
		held, err := u.target.held(ctx, holder, fieldColumn(r.Column), ids, func(key migration.RowKey) bool { return u.left[key] })
		if err != nil {
			return nil, err
		}
		for id := range held {
			named[migration.RecordID(id)] = true
		}
	}
	return named, nil
}

// former returns the row of an image; nil: absent.
func former(image *Image) (*Row, error) {
	if !image.Existed {
		return nil, nil
	}
	row, err := DecodeRow(image.Data)
	if err != nil {
		return nil, fmt.Errorf("read image of a row: %w", err)
	}
	row.Key = image.Key
	return &row, nil
}

// eachAlone is write for changes that the server does not take together.
func (u *undoer) eachAlone(ctx context.Context, l *layout, changes []change) (done []migration.RowKey, err error) {
	for _, c := range changes {
		wrote, err := u.write(ctx, l, []change{c})
		if err != nil {
			return nil, err
		}
		done = append(done, wrote...)
	}
	return done, nil
}

// write returns the rows that are what they were.
func (u *undoer) write(ctx context.Context, l *layout, changes []change) ([]migration.RowKey, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	applied, err := u.target.applyApart(ctx, l, changes)
	if migration.CodeOf(err) == migration.CodeUnsupported && len(changes) > 1 {
		return u.eachAlone(ctx, l, changes)
	}
	switch {
	case heldUp(err):
		u.held = append(u.held, changes[0].key)
		return nil, nil
	case migration.CodeOf(err) == migration.CodeUnsupported: // by a trigger or constraint of the table's own
		u.result.Conflicts = append(u.result.Conflicts, changes[0].key)
		return nil, nil
	case err != nil:
		return nil, err
	}
	var done, moved []migration.RowKey
	for i, c := range changes {
		switch {
		case !applied[i]:
			moved = append(moved, c.key)
			continue
		case c.want == nil:
			u.result.Removed = append(u.result.Removed, c.key)
		default:
			u.result.Restored = append(u.result.Restored, c.key)
		}
		done = append(done, c.key)
	}
	if len(moved) == 0 {
		return done, nil
	}
	// Another instance's rollback may have put the very same there.
	current, err := u.target.rows(ctx, l, moved)
	if err != nil {
		return nil, err
	}
	for i, c := range changes {
		switch {
		case applied[i]:
		case sameContent(current[c.key], c.want):
			u.result.Already = append(u.result.Already, c.key)
			done = append(done, c.key)
		default:
			u.result.Conflicts = append(u.result.Conflicts, c.key)
		}
	}
	return done, nil
}
