package bulk

import (
	"context"
	"maps"
	"slices"
	"strings"

	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/store"
)

// ours returns which rows of the target the copy brought and nobody changed since.
func (w *rowChunk) ours(ctx context.Context, ids []migration.RecordID) ([]migration.RowKey, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	keys := make([]migration.RowKey, len(ids))
	for i, id := range ids {
		keys[i] = migration.RowKey{Table: w.of.Table, ID: id}
	}
	back := w.back()
	brought, err := back.Brought(ctx, keys)
	if err != nil {
		return nil, err
	}
	keys = slices.DeleteFunc(keys, func(key migration.RowKey) bool { return !brought[key] })
	ways, err := back.Ways(ctx, keys)
	if err != nil {
		return nil, err
	}
	ids = ids[:0]
	for _, key := range keys {
		ids = append(ids, key.ID)
	}
	var ours []migration.RowKey
	target := records.Side{Q: w.bulk.Target.DB, Schema: w.bulk.Target.Schema}
	return ours, target.Each(ctx, w.of.Table, ids, func(row records.Row) error {
		if migration.Attribute(migration.Trace{Digest: row.Digest(), Wrote: ways[row.Key].Written}) == migration.OwnerOurs {
			ours = append(ours, row.Key)
		}
		return nil
	})
}

func (w *rowChunk) back() *store.BulkUndo {
	return w.Ledger.BulkUndo(w.in.Migration, w.Key(migration.BulkOwner), w.of)
}

// remove takes away rows that are gone on the source, and keeps what they hold. What was
// there before the copy stays, and so does what is used.
func (w *rowChunk) remove(ctx context.Context, gone map[migration.RowKey]bool) error {
	keys := slices.Collect(maps.Keys(gone))
	ways, err := w.back().Ways(ctx, keys)
	if err != nil {
		return err
	}
	keys = slices.DeleteFunc(keys, func(key migration.RowKey) bool { return ways[key].Image == nil || ways[key].Image.Existed })
	slices.SortFunc(keys, func(a, b migration.RowKey) int { return strings.Compare(string(a.ID), string(b.ID)) })
	t := &taking{BulkUndo: w.back(), chunk: w, only: keys}
	if err := t.look(ctx, keys); err != nil {
		return err
	}
	free := slices.DeleteFunc(slices.Clone(keys), func(key migration.RowKey) bool { return t.used[key] || ways[key].Shared })
	if err := w.bulk.Target.Keep(ctx, w.images(), free); err != nil {
		return err
	}
	result, err := w.takeBack(ctx, t)
	w.outcome.Removed += int64(len(result.Removed))
	w.outcome.InUse = int64(len(result.Shared) + len(result.Conflicts))
	return err
}

// undo takes back what the copy brought.
func (w *rowChunk) undo(ctx context.Context) error {
	result, err := w.takeBack(ctx, &taking{BulkUndo: w.back(), chunk: w})
	o := &w.outcome
	o.Removed, o.Restored, o.Same = int64(len(result.Removed)), int64(len(result.Restored)), int64(len(result.Already))
	o.Conflicts, o.InUse = int64(len(result.Conflicts)), int64(len(result.Shared))
	o.Rows = o.Removed + o.Restored + o.Same + o.Conflicts + o.InUse
	var parts []string
	if o.InUse > 0 {
		o.Reason, parts = migration.ReasonRecordBusy, append(parts, "in use: "+named(result.Shared))
	}
	if o.Conflicts > 0 {
		o.Reason, parts = migration.ReasonRecordConflict, append(parts, "changed, or named by rows that stay: "+named(result.Conflicts))
	}
	o.Detail = strings.Join(parts, "; ")
	return err
}

func (w *rowChunk) takeBack(ctx context.Context, t *taking) (records.UndoResult, error) {
	model, err := w.related(ctx)
	if err != nil {
		return records.UndoResult{}, err
	}
	return records.Undo(ctx, w.bulk.Target, model, t, func(ctx context.Context, rows int) error { return w.pace(ctx, rows, 0) })
}

// taking is a RowUndoer of a chunk that leaves what instances use.
type taking struct {
	*store.BulkUndo

	chunk *rowChunk
	only  []migration.RowKey // in place of all that the chunk brought
	used  map[migration.RowKey]bool
}

// Begin returns the rows that are to be taken back.
func (t *taking) Begin(ctx context.Context) ([]migration.RowKey, error) {
	if t.only != nil {
		return t.only, nil
	}
	keys, err := t.BulkUndo.Begin(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(keys, func(a, b migration.RowKey) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return keys, t.look(ctx, keys)
}

// Ways says how rows go back; those in use are shared.
func (t *taking) Ways(ctx context.Context, keys []migration.RowKey) (map[migration.RowKey]migration.RowUndo, error) {
	ways, err := t.BulkUndo.Ways(ctx, keys)
	for key, way := range ways {
		way.Shared = way.Shared || t.used[key]
		ways[key] = way
	}
	return ways, err
}

// look finds out which of rows an instance uses: one of ours, or one on the target that is
// linked to the row, or to what it is part of.
func (t *taking) look(ctx context.Context, keys []migration.RowKey) error {
	w := t.chunk
	t.used = map[migration.RowKey]bool{}
	model, err := w.related(ctx)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(keys, usedAtOnce) {
		above, err := w.bulk.Target.Above(ctx, model, part)
		if err != nil {
			return err
		}
		used, err := w.lane.used(ctx, slices.Concat(slices.Collect(maps.Values(above))...))
		if err != nil {
			return err
		}
		for key, ids := range above {
			t.used[key] = slices.ContainsFunc(ids, func(id migration.RecordID) bool { return used[id] })
		}
		if err := w.pace(ctx, 0, 0); err != nil {
			return err
		}
	}
	return nil
}

// usedAtOnce is of how many rows users are looked for at once.
const usedAtOnce = 1000

// used returns which of some records an instance uses: one of ours, or one of people's own on the
// target.
func (w *lane) used(ctx context.Context, ids []migration.RecordID) (map[migration.RecordID]bool, error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	used := map[migration.RecordID]bool{}
	users, err := w.Ledger.RecordUsers(ctx, w.Source.Fingerprint, w.Target.Fingerprint, ids)
	if err != nil {
		return nil, err
	}
	for id, of := range users {
		used[id] = slices.ContainsFunc(of, func(user migration.InstanceID) bool { return !user.IsBulk() })
	}
	linked, err := w.Target.Fresh().LinkedRecords(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range linked {
		if used[id] {
			continue
		}
		instances, err := w.Target.Fresh().LinkedInstances(ctx, id)
		if err != nil {
			return nil, err
		}
		ours, err := w.Ledger.Explained(ctx, w.Target.Fingerprint, instances)
		if err != nil {
			return nil, err
		}
		// One that has the record's ID as its own was not begun for the row: it got that
		// ID by the server's counter, and a row that it saved is not as we brought it.
		used[id] = slices.ContainsFunc(instances, func(l migration.Linked) bool { return !ours[l.ID] && l.ID != migration.InstanceID(id) })
	}
	return used, nil
}
