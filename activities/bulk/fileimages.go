package bulk

import (
	"context"
	"slices"
	"strings"

	"jogetferry/migration"
	"jogetferry/store"
	"jogetferry/uploads"
)

// images is the ledger's memory of the files of a chunk: what was there before has its
// image, as with instances, and of what is new the ledger has the sums alone.
type images struct {
	*store.FileImages

	files  files
	chunk  migration.BulkChunk
	imaged map[uploads.Key]bool
}

func (f files) newImages(c migration.BulkChunk) *images {
	return &images{FileImages: f.Ledger.FileImages(f.in.Migration, f.Key(migration.BulkOwner)), files: f, chunk: c, imaged: map[uploads.Key]bool{}}
}

// Keep implements uploads.FileImages. What a bulk copy brought is nothing to go back to.
func (m *images) Keep(ctx context.Context, images []uploads.FileImage) error {
	meant := make([]migration.BulkRow, 0, len(images))
	paths := make([]string, len(images))
	var existed []string
	for i, image := range images {
		path, err := uploads.PathOf(image.Key)
		if err != nil {
			return err
		}
		if paths[i] = path; image.Existed {
			existed = append(existed, path)
		}
	}
	brought, err := m.WrittenInBulk(ctx, existed)
	if err != nil {
		return err
	}
	var before []uploads.FileImage
	for i, image := range images {
		if image.Existed && !slices.Contains(brought[paths[i]], image.Sum) {
			before = append(before, image)
			m.imaged[image.Key] = true
			continue
		}
		meant = append(meant, migration.BulkRow{ID: migration.RecordID(paths[i]), Digest: image.WrittenSum})
	}
	if err := m.files.Ledger.MeantInBulk(ctx, m.files.Target.Fingerprint, m.chunk, meant); err != nil {
		return err
	}
	if len(before) == 0 {
		return nil
	}
	return m.FileImages.Keep(ctx, before)
}

// Wrote implements uploads.FileImages. Of files without an image all was said before.
func (m *images) Wrote(ctx context.Context, images []uploads.FileImage) error {
	images = slices.DeleteFunc(slices.Clone(images), func(i uploads.FileImage) bool { return !m.imaged[i.Key] })
	if len(images) == 0 {
		return nil
	}
	return m.FileImages.Wrote(ctx, images)
}

// broughtFiles are the files that a chunk brought, or meant to.
type broughtFiles struct {
	rows  []migration.BulkRow
	keys  []uploads.Key
	paths map[uploads.Key]string
	sums  map[string][]uploads.Sum // by path
}

func (w *fileWork) brought(ctx context.Context) (*broughtFiles, error) {
	rows, err := w.Ledger.BroughtInBulk(ctx, w.chunk)
	b := &broughtFiles{rows: rows, paths: map[uploads.Key]string{}, sums: map[string][]uploads.Sum{}}
	for _, r := range rows {
		path := string(r.ID)
		if b.sums[path] == nil {
			if key, ok := keyAt(w.chunk.Table, path); ok {
				b.keys, b.paths[key] = append(b.keys, key), path
			}
		}
		b.sums[path] = append(b.sums[path], r.Digest)
	}
	return b, err
}

// keyAt is the key of a file of a table that lies at a path.
func keyAt(table, path string) (uploads.Key, bool) {
	_, rest, _ := strings.Cut(path, "/")
	folder, name, _ := strings.Cut(rest, "/")
	row, ok := uploads.RecordOf(table, folder)
	return uploads.Key{Row: row, Name: name}, ok
}

// without returns what is left when some files are taken back.
func (b *broughtFiles) without(keys []uploads.Key) []migration.BulkRow {
	gone := map[string]bool{}
	for _, key := range keys {
		gone[b.paths[key]] = true
	}
	return slices.DeleteFunc(slices.Clone(b.rows), func(r migration.BulkRow) bool { return gone[string(r.ID)] })
}

// fileUndo is the ledger's memory of files that are taken back. It satisfies
// uploads.FileUndoer.
type fileUndo struct {
	work    *fileWork
	brought *broughtFiles
	keys    []uploads.Key
	before  *store.FileUndo // of those that were overwritten
}

// Begin implements uploads.FileUndoer.
func (u *fileUndo) Begin(context.Context) ([]uploads.Key, error) { return u.keys, nil }

// Ways implements uploads.FileUndoer: what was there before comes back, and what is new goes.
func (u *fileUndo) Ways(ctx context.Context, keys []uploads.Key) (map[uploads.Key]migration.FileUndo, error) {
	ways, err := u.before.Ways(ctx, keys)
	if err != nil {
		return nil, err
	}
	used, err := u.used(ctx, keys)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		sums, way := u.brought.sums[u.brought.paths[key]], ways[key]
		if len(sums) == 0 && way.Image == nil && len(way.Written) == 0 {
			continue
		}
		way.Written = slices.Concat(way.Written, sums)
		way.Shared = way.Shared || used[key]
		if way.Image == nil && len(sums) > 0 {
			way.Image = &migration.FileImage{Key: key}
		}
		ways[key] = way
	}
	return ways, nil
}

// Done implements uploads.FileUndoer: of what was brought the ledger hears at the end of the chunk.
func (u *fileUndo) Done(ctx context.Context, keys []uploads.Key) error {
	return u.before.Done(ctx, keys)
}

// used returns which files are of records that an instance uses.
func (u *fileUndo) used(ctx context.Context, keys []uploads.Key) (map[uploads.Key]bool, error) {
	var ids []migration.RecordID
	of := map[uploads.Key][]migration.RecordID{}
	for _, key := range keys {
		of[key] = recordsAt(u.brought.paths[key])
		ids = append(ids, of[key]...)
	}
	records, err := u.work.lane.used(ctx, ids)
	used := map[uploads.Key]bool{}
	for key, ids := range of {
		used[key] = slices.ContainsFunc(ids, func(id migration.RecordID) bool { return records[id] })
	}
	return used, err
}

// recordsAt returns the IDs that records may have in whose folder a file lies: each folder
// above it may be one, and a blank may be a plus.
func recordsAt(path string) []migration.RecordID {
	var ids []migration.RecordID
	_, rest, _ := strings.Cut(path, "/")
	for n, r := range rest {
		if r != '/' {
			continue
		}
		ids = append(ids, migration.RecordID(rest[:n]))
		if plus := strings.ReplaceAll(rest[:n], " ", "+"); plus != rest[:n] {
			ids = append(ids, migration.RecordID(plus))
		}
	}
	return ids
}
