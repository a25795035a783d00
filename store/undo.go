package store

import (
	"context"
	"database/sql"
	"io"
	"slices"
	"time"

	"jogetferry/migration"
)

// undoing is what rows and files have in common when they are put back; a row
// is a key without a name.
type undoing struct {
	ledger  *Ledger
	mig     migration.Name
	key     migration.ClaimKey
	queries undoQueries
}

// undoQueries are the statements for one kind of images.
type undoQueries struct {
	imaged, written      string // the keys of an instance, newest first
	imageTraces, digests string // by table and row
	keep, forget, disown string // of images, images and digests, by id
	outcome, images      string
	event                migration.Event // of a row or file that was put back
}

// RowUndo is the ledger's memory of form rows of one target server, for one
// instance that is rolled back. It satisfies records.RowUndoer.
type RowUndo struct{ undoing }

// RowUndo returns the memory of the rows that were written for key. Log lines
// go to the story of key's instance in the migration mig.
func (l *Ledger) RowUndo(mig migration.Name, key migration.ClaimKey) *RowUndo {
	return &RowUndo{undoing{ledger: l, mig: mig, key: key, queries: rowUndoQueries}}
}

// FileUndo is the ledger's memory of uploaded files of one target server, for
// one instance that is rolled back. It satisfies uploads.FileUndoer.
type FileUndo struct{ undoing }

// FileUndo returns the memory of the files that were written for key. Log
// lines go to the story of key's instance in the migration mig.
func (l *Ledger) FileUndo(mig migration.Name, key migration.ClaimKey) *FileUndo {
	return &FileUndo{undoing{ledger: l, mig: mig, key: key, queries: fileUndoQueries}}
}

// Begin notes that the instance uses no row and no file any more, until it
// writes again, and returns the rows that it imaged or wrote and that were not
// put back, newest first.
func (r *RowUndo) Begin(ctx context.Context) ([]migration.RowKey, error) {
	keys, err := r.begin(ctx)
	return rowsOf(keys), failure("begin to put rows back", string(r.key.Instance), err)
}

// Begin notes that the instance uses no row and no file any more, until it
// writes again, and returns the files that it imaged or wrote and that were not
// put back, newest first.
func (r *FileUndo) Begin(ctx context.Context) ([]migration.FileKey, error) {
	keys, err := r.begin(ctx)
	return keys, failure("begin to put files back", string(r.key.Instance), err)
}

func (u *undoing) begin(ctx context.Context) ([]migration.FileKey, error) {
	if _, err := u.ledger.db.ExecContext(ctx, insertUndoMark, place(u.key)...); err != nil {
		return nil, err
	}
	var keys []migration.FileKey
	known := map[migration.FileKey]bool{}
	for _, query := range []string{u.queries.imaged, u.queries.written} {
		err := each(ctx, u.ledger.db, query, place(u.key), func(row scanner) error {
			var key migration.FileKey
			err := row.Scan(&key.Row.Table, &key.Row.ID, &key.Name)
			if !known[key] {
				keys = append(keys, key)
			}
			known[key] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// usesAgain notes that an instance writes, whatever was rolled back before.
func (l *Ledger) usesAgain(ctx context.Context, q querier, key migration.ClaimKey) error {
	_, err := q.ExecContext(ctx, deleteUndoMark, place(key)...)
	return err
}

// trace is one image, or one thing written, of whatever instance.
type trace struct {
	id      int64
	existed bool
	digest  migration.Digest
	inUse   bool // its instance was not rolled back
}

func (u *undoing) traces(ctx context.Context, q querier, query string, keys []migration.FileKey) (map[migration.FileKey][]trace, error) {
	asked, traces := setOf(keys), map[migration.FileKey][]trace{}
	err := eachOfRows(ctx, q, query, place(u.key), keys, func(row scanner) error {
		var key migration.FileKey
		var t trace
		var text string
		if err := row.Scan(&t.id, &key.Row.Table, &key.Row.ID, &key.Name, &t.existed, &text, &t.inUse); err != nil {
			return err
		}
		var err error
		t.digest, err = parseDigest(text)
		if asked[key] {
			traces[key] = append(traces[key], t)
		}
		return err
	})
	return traces, err
}

// way is a migration.Undo whose image was not read yet.
type way struct {
	shared  bool
	image   *trace
	written []migration.Digest
}

// ways says how keys go back. brought are digests of what a bulk copy inserted besides, where
// nothing was before; nil: none.
func (u *undoing) ways(ctx context.Context, keys []migration.FileKey, brought map[migration.FileKey][]migration.Digest) (map[migration.FileKey]way, error) {
	images, err := u.traces(ctx, u.ledger.db, u.queries.imageTraces, keys)
	if err != nil {
		return nil, err
	}
	written, err := u.traces(ctx, u.ledger.db, u.queries.digests, keys)
	if err != nil {
		return nil, err
	}
	ways := map[migration.FileKey]way{}
	for _, key := range keys {
		all := slices.Concat(images[key], written[key])
		if len(all)+len(brought[key]) == 0 {
			continue
		}
		w := way{shared: slices.ContainsFunc(all, func(t trace) bool { return t.inUse }), written: slices.Clone(brought[key])}
		for _, t := range written[key] {
			w.written = append(w.written, t.digest)
		}
		w.image = lastForeign(images[key], w.written)
		if len(brought[key]) > 0 && (w.image == nil || slices.Contains(brought[key], w.image.digest)) {
			w.image = &trace{}
		}
		ways[key] = w
	}
	return ways, nil
}

// lastForeign returns the image that undoing writes ends with: the oldest, or
// the last that has what somebody else wrote between two of ours. nil: no images.
func lastForeign(images []trace, ours []migration.Digest) *trace {
	for i, image := range slices.Backward(images) {
		if i == 0 || !image.existed || !slices.Contains(ours, image.digest) {
			return &images[i]
		}
	}
	return nil
}

// Ways says how rows go back. A row is shared while an instance that imaged or
// wrote it was not rolled back; the images of those that were stay until the
// last one is. A row that was put back is not in the map.
func (r *RowUndo) Ways(ctx context.Context, keys []migration.RowKey) (map[migration.RowKey]migration.RowUndo, error) {
	return r.waysOf(ctx, keys, nil)
}

func (r *RowUndo) waysOf(ctx context.Context, keys []migration.RowKey, brought map[migration.FileKey][]migration.Digest) (map[migration.RowKey]migration.RowUndo, error) {
	const op = "read row images"
	ways, err := r.ways(ctx, filesOf(keys), brought)
	if err != nil {
		return nil, failure(op, string(r.key.Instance), err)
	}
	data := map[int64][]byte{}
	err = r.eachImage(ctx, ways, func(row scanner) error {
		var id int64
		var blob []byte
		err := row.Scan(&id, &blob)
		data[id] = blob
		return err
	})
	if err != nil {
		return nil, failure(op, string(r.key.Instance), err)
	}
	undo := make(map[migration.RowKey]migration.RowUndo, len(ways))
	for key, w := range ways {
		u := migration.RowUndo{Shared: w.shared, Written: w.written}
		if w.image != nil {
			u.Image = &migration.RowImage{Key: key.Row, Existed: w.image.existed, Digest: w.image.digest, Data: data[w.image.id]}
		}
		undo[key.Row] = u
	}
	return undo, nil
}

// Ways says how files go back; see RowUndo.Ways.
func (r *FileUndo) Ways(ctx context.Context, keys []migration.FileKey) (map[migration.FileKey]migration.FileUndo, error) {
	const op = "read file images"
	ways, err := r.ways(ctx, keys, nil)
	if err != nil {
		return nil, failure(op, string(r.key.Instance), err)
	}
	found := map[int64]migration.FileImage{}
	err = r.eachImage(ctx, ways, func(row scanner) error {
		var id, modified int64
		var image migration.FileImage
		var content string
		if err := row.Scan(&id, &image.Entry.Kind, &image.Entry.Size, &modified, &content); err != nil {
			return err
		}
		image.Entry.Modified = time.Unix(0, modified).UTC()
		image.Content = func(ctx context.Context) (io.ReadCloser, error) {
			return io.NopCloser(r.ledger.Contents().Open(ctx, content, 0)), nil
		}
		found[id] = image
		return nil
	})
	if err != nil {
		return nil, failure(op, string(r.key.Instance), err)
	}
	undo := make(map[migration.FileKey]migration.FileUndo, len(ways))
	for key, w := range ways {
		u := migration.FileUndo{Shared: w.shared, Written: w.written}
		if w.image != nil {
			image := migration.FileImage{}
			if w.image.existed {
				image = found[w.image.id]
				image.Entry.Name = key.Name
			}
			image.Key, image.Existed, image.Sum = key, w.image.existed, w.image.digest
			u.Image = &image
		}
		undo[key] = u
	}
	return undo, nil
}

// InUse returns those of rows that other instances imaged or wrote and that were
// not rolled back.
func (r *RowUndo) InUse(ctx context.Context, rows []migration.RowKey) ([]migration.RowKey, error) {
	ways, err := r.ways(ctx, filesOf(rows), nil)
	return slices.DeleteFunc(slices.Clone(rows), func(row migration.RowKey) bool { return !ways[migration.FileKey{Row: row}].shared }),
		failure("read who uses rows", string(r.key.Instance), err)
}

// eachImage reads the images that will be put back.
func (u *undoing) eachImage(ctx context.Context, ways map[migration.FileKey]way, scan func(scanner) error) error {
	var ids []any
	for _, w := range ways {
		if w.image != nil && w.image.existed && !w.shared {
			ids = append(ids, w.image.id)
		}
	}
	for part := range slices.Chunk(ids, chunkRows) {
		if err := each(ctx, u.ledger.db, u.queries.images+tuple(len(part)), part, scan); err != nil {
			return err
		}
	}
	return nil
}

// Done notes that rows are what they were before we wrote to them. The images
// of all rolled back instances become history, and what these wrote is not ours
// any more. It may be repeated.
func (r *RowUndo) Done(ctx context.Context, keys []migration.RowKey) error {
	return r.done(ctx, filesOf(keys))
}

// Done notes that files are what they were; see RowUndo.Done.
func (r *FileUndo) Done(ctx context.Context, keys []migration.FileKey) error {
	return r.done(ctx, keys)
}

func (u *undoing) done(ctx context.Context, keys []migration.FileKey) error {
	for part := range slices.Chunk(keys, imageRows) {
		err := u.ledger.txAgain(ctx, u.queries.outcome, string(u.key.Instance), func(tx *sql.Tx) error {
			images, err := u.traces(ctx, tx, u.queries.imageTraces, part)
			if err != nil {
				return err
			}
			written, err := u.traces(ctx, tx, u.queries.digests, part)
			if err != nil {
				return err
			}
			var lines []migration.StepLine
			var kept, disowned []any
			for _, key := range part {
				imaged := given(images[key])
				if kept = append(kept, imaged...); len(imaged) > 0 {
					lines = append(lines, u.line(key))
				}
				disowned = append(disowned, given(written[key])...)
			}
			for _, do := range []struct {
				query string
				ids   []any
			}{{u.queries.keep, kept}, {u.queries.forget, kept}, {u.queries.disown, disowned}} {
				for ids := range slices.Chunk(do.ids, chunkRows) {
					if _, err := tx.ExecContext(ctx, do.query+tuple(len(ids)), ids...); err != nil {
						return err
					}
				}
			}
			return u.ledger.logAll(ctx, tx, u.mig, lines)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// given returns the ids of those traces whose instances were rolled back.
func given(traces []trace) []any {
	var ids []any
	for _, t := range traces {
		if !t.inUse {
			ids = append(ids, t.id)
		}
	}
	return ids
}

func (u *undoing) line(key migration.FileKey) migration.StepLine {
	return migration.StepLine{
		Instance: u.key.Instance, Step: migration.StepRollback, Kind: migration.KindOutcome,
		Event: u.queries.event, Facts: migration.Facts{Name: key.Row.Table}, Detail: detailOf(key),
	}
}

func rowsOf(keys []migration.FileKey) []migration.RowKey {
	rows := make([]migration.RowKey, len(keys))
	for i, key := range keys {
		rows[i] = key.Row
	}
	return rows
}

func filesOf(rows []migration.RowKey) []migration.FileKey {
	keys := make([]migration.FileKey, len(rows))
	for i, row := range rows {
		keys[i].Row = row
	}
	return keys
}
