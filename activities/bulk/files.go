package bulk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"jogetferry/activities/step"
	"jogetferry/migration"
	"jogetferry/uploads"
)

const (
	// chunkFolders is how many folders of records a chunk has: some seconds of work.
	chunkFolders = 10_000
	// cutAtOnce is how many names of folders are held while a table is cut.
	cutAtOnce = 100_000
	// partFolders is how many folders of a chunk are worked on at once.
	partFolders = 500
)

// cutFiles cuts what lies below the folder of a table into chunks of so many folders.
func (act *Activities) cutFiles(ctx context.Context, mig migration.Name, table string) error {
	is, err := act.Ledger.BulkCut(ctx, mig, migration.BulkFiles, table)
	if err != nil || is {
		return err
	}
	var chunks []migration.BulkChunk
	open := migration.BulkChunk{Kind: migration.BulkFiles, Table: table}
	for after := ""; ; {
		step.Headway(ctx)
		page, err := act.Source.Uploads.Folders(ctx, uploads.FolderSpan{Table: table, After: after}, cutAtOnce)
		if migration.CodeOf(err) == migration.CodeUnsupported && !errors.Is(err, uploads.ErrStore) {
			open.Rows, page = 1, nil // a chunk that is parked, with the reason
		} else if err != nil {
			return err
		}
		for _, f := range page {
			after = f.Name
			_, possible := uploads.RecordOf(table, f.Name)
			if open.Rows++; open.Rows >= chunkFolders && possible { // else no text that the ledger could keep
				open.To = migration.RecordID(f.Name)
				chunks = append(chunks, open)
				open.After, open.To, open.Rows = open.To, "", 0
			}
		}
		if len(page) < cutAtOnce {
			break
		}
	}
	if open.Rows > 0 || len(chunks) > 0 {
		chunks = append(chunks, open) // what is new above it comes along
	}
	return act.Ledger.CutBulk(ctx, mig, chunks)
}

// files is what a lane does with chunks of uploads.
type files struct{ *lane }

// do is what the pass does with a chunk.
func (f files) do(ctx context.Context, c migration.BulkChunk) (migration.BulkOutcome, error) {
	w := &fileWork{files: f, chunk: c, images: f.newImages(c)}
	err := w.begin(ctx)
	if err == nil {
		switch f.order.Pass {
		case migration.BulkPassCopy:
			err = w.copy(ctx)
		case migration.BulkPassDelta:
			if err = w.copy(ctx); err == nil {
				err = w.gone(ctx)
			}
		case migration.BulkPassVerify:
			err = w.verify(ctx)
		case migration.BulkPassUndo:
			err = w.undo(ctx)
		}
	}
	return w.outcome(), f.full(ctx, err)
}

// full tells the operator of a target that has no space left: nothing more is tried.
func (f files) full(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, errPaused) || ctx.Err() != nil {
		return err
	}
	if !errors.Is(err, uploads.ErrFull) {
		// An SFTP server does not say why it failed.
		free, asked := f.Target.Uploads.Free(ctx)
		if migration.CodeOf(err) != migration.CodeInternal || asked != nil || free > fullBelow {
			return err
		}
	}
	return &migration.Error{
		Code: migration.CodeRefused, Op: "copy uploads", Subject: "the target", Err: err,
		Hint: "no space is left for uploads; make room and give starter copy again, which goes on where it ended",
	}
}

// fullBelow is how many bytes are none.
const fullBelow = 1 << 20

// breathe tells that the lane is alive, and looks whether it may go on.
func (f files) breathe(ctx context.Context) error {
	step.Headway(ctx)
	if time.Since(f.looked) > lookEvery {
		if err := f.look(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// fileWork is one pass over one chunk.
type fileWork struct {
	files

	chunk  migration.BulkChunk
	images *images
	leave  rekeyedFolders
	source uploads.Store // without what comes with an instance

	tally    migration.BulkTally
	here     map[string]bool // paths of files that the source has, and the target as well
	conflict []uploads.Key
	differ   []uploads.Key
	refused  []uploads.Refusal
	used     []uploads.Key // by instances, and not taken back
}

func (w *fileWork) begin(ctx context.Context) (err error) {
	w.here = map[string]bool{}
	w.leave, err = w.rekeyedFolders(ctx, w.chunk.Table)
	w.source = w.leave.without(w.Source.Files())
	return err
}

// outcome says what became of the chunk.
func (w *fileWork) outcome() migration.BulkOutcome {
	o := migration.BulkOutcome{BulkTally: w.tally}
	switch {
	case len(w.conflict) > 0:
		o.Reason, o.Detail = migration.ReasonFileConflict, named(w.conflict)
	case len(w.differ) > 0:
		o.Reason, o.Detail = migration.ReasonVerifyDiffers, named(w.differ)
	case len(w.refused) > 0:
		o.Reason, o.Detail = migration.ReasonFileRefused, named(w.refused)
	case len(w.used) > 0 && w.order.Pass == migration.BulkPassUndo:
		o.Reason, o.Detail = migration.ReasonRecordBusy, "in use: "+named(w.used)
	}
	return o
}

// copy copies the files of the chunk. What changed while it was read is read once more.
func (w *fileWork) copy(ctx context.Context) error {
	options := uploads.Options{
		OnConflict: onConflict(w.Settings.OnConflict), Together: w.Target.Uploads.Together(),
		Pace: func(ctx context.Context, _ int, _ int64) error { return w.breathe(ctx) },
	}
	return w.parts(ctx, []uploads.Folders{w.Source.Uploads}, func(rows []migration.RowKey) error {
		for try := 1; ; try++ {
			result, err := uploads.Copy(ctx, w.source, w.Target.Files(), rows, w.images, options)
			if err != nil && migration.CodeOf(err) != migration.CodeConflict {
				return err
			}
			if len(result.Unsteady) > 0 && try < copyTries {
				w.tally.Inserted += int64(result.Copied)
				w.tally.Overwritten += int64(result.Overwritten)
				continue
			}
			w.copied(&result)
			return nil
		}
	})
}

// onConflict is what to do with files of the target in a copy of many records: one of them
// does not keep the others.
func onConflict[P ~string](policy P) uploads.OnConflict {
	if p := uploads.OnConflict(policy); p != uploads.ConflictPark && p != "" {
		return p
	}
	return uploads.ConflictLeave
}

func (w *fileWork) copied(r *uploads.Result) {
	w.tally.Rows += int64(r.Copied + r.Overwritten + r.Same + r.Kept + len(r.Conflicts) + len(r.Unsteady))
	w.tally.Bytes += r.Read
	w.tally.Inserted += int64(r.Copied)
	w.tally.Overwritten += int64(r.Overwritten)
	w.tally.Same += int64(r.Same)
	w.tally.Kept += int64(r.Kept)
	w.tally.Conflicts += int64(len(r.Conflicts))
	w.tally.Differing += int64(len(r.Conflicts) + len(r.Unsteady))
	w.conflict = append(w.conflict, r.Conflicts...)
	w.differ = append(w.differ, r.Unsteady...)
	w.refused = append(w.refused, r.Refused...)
	for key := range r.Sums {
		if path, err := uploads.PathOf(key); err == nil {
			w.here[path] = true
		}
	}
}

// verify compares the files of both sides.
func (w *fileWork) verify(ctx context.Context) error {
	return w.parts(ctx, []uploads.Folders{w.Source.Uploads, w.Target.Uploads}, func(rows []migration.RowKey) error {
		compared, err := w.compare(ctx, rows)
		if err != nil {
			return err
		}
		w.tally.Rows += int64(len(compared.Same))
		w.tally.Same += int64(len(compared.Same))
		for _, d := range compared.Differences {
			if d.Kind != uploads.Surplus {
				w.tally.Rows++
			}
			switch d.Kind {
			case uploads.Missing:
				w.tally.Missing++
				w.differ = append(w.differ, d.Key)
			case uploads.Differs:
				w.tally.Differing++
				w.differ = append(w.differ, d.Key)
			case uploads.Surplus:
				w.tally.Extra++ // the target's own
			case uploads.Unverifiable:
				w.refused = append(w.refused, uploads.Refusal{Key: d.Key})
			}
		}
		return nil
	})
}

// compare is uploads.Compare of files that may come and go meanwhile.
func (w *fileWork) compare(ctx context.Context, rows []migration.RowKey) (uploads.Comparison, error) {
	for try := 1; ; try++ {
		compared, err := uploads.Compare(ctx, w.source, w.leave.without(w.Target.Files()), rows)
		code := migration.CodeOf(err)
		if try == compareTries || code != migration.CodeNotFound && code != migration.CodeDrifted {
			return compared, err
		}
	}
}

// compareTries is how often files are compared while they change.
const compareTries = 3

// gone looks for what we brought and the source does not have any more: it is told, and
// removed where that was ordered.
func (w *fileWork) gone(ctx context.Context) error {
	brought, err := w.brought(ctx)
	if err != nil {
		return err
	}
	var gone []uploads.Key
	for _, key := range brought.keys {
		if err := w.breathe(ctx); err != nil {
			return err
		}
		is, err := w.isGone(ctx, key, brought.paths[key])
		if err != nil {
			return err
		}
		if is {
			gone = append(gone, key)
		}
	}
	w.tally.Gone += int64(len(gone))
	if len(gone) == 0 || !w.order.Delete {
		return nil
	}
	return w.takeBack(ctx, brought, gone)
}

func (w *fileWork) isGone(ctx context.Context, key uploads.Key, path string) (bool, error) {
	if w.here[path] {
		return false, nil
	}
	_, err := w.source.Stat(ctx, key)
	if migration.CodeOf(err) != migration.CodeNotFound {
		return false, ignoreUnsupported(err)
	}
	_, err = w.Target.Files().Stat(ctx, key)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return false, nil
	}
	return err == nil, ignoreUnsupported(err)
}

func ignoreUnsupported(err error) error {
	if migration.CodeOf(err) == migration.CodeUnsupported && !errors.Is(err, uploads.ErrStore) {
		return nil
	}
	return err
}

// undo takes back what the chunk brought.
func (w *fileWork) undo(ctx context.Context) error {
	brought, err := w.brought(ctx)
	if err != nil {
		return err
	}
	undo := w.Ledger.FileUndo(w.in.Migration, w.Key(migration.BulkOwner))
	overwritten, err := undo.Begin(ctx)
	if err != nil {
		return err
	}
	keys := slices.Clone(brought.keys)
	for _, key := range overwritten {
		if path, err := uploads.PathOf(key); err == nil && w.holds(key.Row.Table, path) && brought.paths[key] == "" {
			brought.paths[key] = path
			keys = append(keys, key)
		}
	}
	return w.takeBack(ctx, brought, keys)
}

// holds reports whether a path is of the chunk.
func (w *fileWork) holds(table, path string) bool {
	_, rest, _ := strings.Cut(path, "/")
	record, _, _ := strings.Cut(rest, "/")
	return table == w.chunk.Table && record > string(w.chunk.After) && (w.chunk.To == "" || record <= string(w.chunk.To))
}

// takeBack undoes some of what was brought.
func (w *fileWork) takeBack(ctx context.Context, brought *broughtFiles, keys []uploads.Key) error {
	u := &fileUndo{work: w, brought: brought, keys: keys, before: w.Ledger.FileUndo(w.in.Migration, w.Key(migration.BulkOwner))}
	var rows []migration.RowKey
	for _, key := range keys {
		rows = append(rows, key.Row)
	}
	result, err := uploads.Undo(ctx, w.Target.Files(), rows, u, migration.FileCapture{}, func(ctx context.Context, _ int) error { return w.breathe(ctx) })
	w.tally.Removed += int64(len(result.Removed))
	w.tally.Restored += int64(len(result.Restored))
	w.tally.Same += int64(len(result.Already))
	w.tally.InUse += int64(len(result.Shared))
	w.tally.Conflicts += int64(len(result.Conflicts))
	if w.order.Pass == migration.BulkPassUndo {
		w.tally.Rows += int64(len(keys))
	}
	w.conflict, w.used = append(w.conflict, result.Conflicts...), append(w.used, result.Shared...)
	if err != nil {
		return err
	}
	return w.Ledger.LeaveInBulk(ctx, w.Target.Fingerprint, w.chunk, brought.without(slices.Concat(result.Removed, result.Restored, result.Already)))
}

// parts goes through the folders of the chunk that any of some stores has.
func (w *fileWork) parts(ctx context.Context, stores []uploads.Folders, do func([]migration.RowKey) error) error {
	span := uploads.FolderSpan{Table: w.chunk.Table, After: string(w.chunk.After), To: string(w.chunk.To)}
	for {
		names, last, err := w.page(ctx, stores, span)
		if err != nil {
			return err
		}
		for part := range slices.Chunk(names, partFolders) {
			if err := w.breathe(ctx); err != nil {
				return err
			}
			rows, err := w.rowsOf(ctx, part)
			if err == nil {
				err = do(rows)
			}
			if err != nil {
				return err
			}
		}
		if last == "" {
			return nil
		}
		span.After = last
	}
}

// page returns the next folders of stores, and the last of them if there may be more.
func (w *fileWork) page(ctx context.Context, stores []uploads.Folders, span uploads.FolderSpan) (names []string, last string, err error) {
	const most = 2 * chunkFolders
	found := make([][]uploads.RecordFolder, len(stores))
	for i, store := range stores {
		step.Headway(ctx)
		found[i], err = store.Folders(ctx, span, most)
		if migration.CodeOf(err) == migration.CodeUnsupported && !errors.Is(err, uploads.ErrStore) {
			w.refused = append(w.refused, uploads.Refusal{Key: uploads.Key{Row: migration.RowKey{Table: span.Table}}})
			continue
		}
		if err != nil {
			return nil, "", err
		}
		if n := len(found[i]); n == most && (last == "" || found[i][n-1].Name < last) {
			last = found[i][n-1].Name
		}
	}
	for i, folders := range found {
		for _, f := range folders {
			switch {
			case last != "" && f.Name > last:
			case f.Kind == "":
				names = append(names, f.Name)
			case i == 0: // of the target it is its own
				w.refused = append(w.refused, uploads.Refusal{Key: uploads.Key{Row: migration.RowKey{Table: span.Table, ID: migration.RecordID(f.Name)}}, Kind: f.Kind})
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), last, nil
}

// rowsOf returns records that have the folders of some names, without those that come with
// their instance.
func (w *fileWork) rowsOf(ctx context.Context, names []string) ([]migration.RowKey, error) {
	rows := make([]migration.RowKey, 0, len(names))
	ids := make([]migration.RecordID, 0, len(names))
	for _, name := range names {
		row, ok := uploads.RecordOf(w.chunk.Table, name)
		if !ok {
			w.refused = append(w.refused, uploads.Refusal{Key: uploads.Key{Row: migration.RowKey{Table: w.chunk.Table, ID: migration.RecordID(name)}}})
			continue
		}
		if !w.leave.folder(name) {
			rows, ids = append(rows, row), append(ids, row.ID)
		}
	}
	rekeys, err := w.Rekeys(ctx, w.Key(migration.BulkOwner), ids)
	return slices.DeleteFunc(rows, func(row migration.RowKey) bool { return rekeys[row.ID] != "" }), err
}

// rekeyedFolders are folders of records that get another ID on the target, and whose
// folder is not called as they are: below that of all uploads.
type rekeyedFolders []string

// rekeyedFolders returns those of a table.
func (f files) rekeyedFolders(ctx context.Context, table string) (rekeyedFolders, error) {
	ids, err := f.Ledger.OddRekeys(ctx, f.Source.Fingerprint, f.Target.Fingerprint)
	if err != nil {
		return nil, err
	}
	var folders rekeyedFolders
	for _, id := range ids {
		if folder, err := uploads.Folder(migration.RowKey{Table: table, ID: id}); err == nil {
			folders = append(folders, folder)
		}
	}
	return folders, nil
}

// folder reports whether the folder of that name is such a one.
func (r rekeyedFolders) folder(name string) bool {
	return slices.ContainsFunc(r, func(folder string) bool {
		_, record, _ := strings.Cut(folder, "/")
		return record == name
	})
}

// without returns a store that lists nothing below these folders.
func (r rekeyedFolders) without(s uploads.Store) uploads.Store {
	if len(r) == 0 {
		return s
	}
	return withoutFolders{Store: s, folders: r}
}

type withoutFolders struct {
	uploads.Store

	folders rekeyedFolders
}

// List implements uploads.Store.
func (s withoutFolders) List(ctx context.Context, row migration.RowKey) ([]uploads.Entry, error) {
	entries, err := s.Store.List(ctx, row)
	return slices.DeleteFunc(entries, func(e uploads.Entry) bool {
		path, err := uploads.PathOf(uploads.Key{Row: row, Name: e.Name})
		return err == nil && slices.ContainsFunc(s.folders, func(folder string) bool { return strings.HasPrefix(path, folder+"/") })
	}), err
}
