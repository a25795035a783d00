package uploads

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"

	"jogetferry/migration"
)

// FileUndoer is the ledger's memory of the files of one instance that is rolled back.
type FileUndoer interface {
	// Begin gives up the instance's use of its files, for the judgement of other
	// instances, too. It returns the files that it imaged or wrote, without those
	// that were put back, newest first. It is repeated after a crash.
	Begin(ctx context.Context) ([]Key, error)
	// Ways says how to go back; a file that was put back is not in the map.
	Ways(ctx context.Context, keys []Key) (map[Key]migration.FileUndo, error)
	// Done notes that files are what they were: their images become history, and
	// what we wrote there is not ours any more. It is repeated after a crash.
	Done(ctx context.Context, keys []Key) error
}

// UndoResult lists the files of an instance by what Undo did; all lists hold
// personal data.
type UndoResult struct {
	Restored  []Key // have their former content and time again
	Removed   []Key // did not exist before
	Already   []Key // found as they were: an earlier attempt, or another instance's rollback
	Shared    []Key // other migrated instances use them; not touched
	Conflicts []Key // changed or removed by somebody since, or no files any more; not touched
}

// Undo takes the files of one instance back to what they were before it and
// other rolled back instances wrote to them. A file is written or removed only
// while it holds what we wrote; anything else is listed, and the rest goes on.
// Partial files of attempts that did not end are removed below the folders of
// those files and of records, and so are those folders where nothing is left
// in them: whether they were there before is not known, and Joget makes them
// when it needs them. A thumbnail goes with the image that was written, without a
// look into it, but only one that we wrote or that is not among capture, of what
// lay there after the copy (Seen). images hears of a file after it is durable. pace may be nil; it
// is called before each batch with its number of files: to heartbeat, to stop.
// It is safe to repeat.
func Undo(ctx context.Context, dst Store, records []migration.RowKey, images FileUndoer, capture migration.FileCapture, pace func(ctx context.Context, files int) error) (UndoResult, error) {
	keys, err := images.Begin(ctx)
	if err != nil {
		return UndoResult{}, fmt.Errorf("begin to put files back: %w", err)
	}
	u := undoer{
		dst: dst, images: images, ours: map[Key]bool{}, looked: map[migration.RowKey]bool{}, before: map[Key]bool{},
		left: map[migration.RowKey]int{}, touched: map[migration.RowKey]bool{}, tidied: map[migration.RowKey]bool{},
	}
	for _, key := range keys {
		u.ours[key] = true
		u.left[key.Row]++
	}
	for _, row := range capture.Rows {
		u.looked[row] = true
	}
	for _, f := range capture.Files {
		u.before[Key{Row: f.Row, Name: f.Entry.Name}] = true
	}
	for part := range slices.Chunk(keys, batchFiles) {
		if pace != nil {
			if err := pace(ctx, len(part)); err != nil {
				return u.result, err
			}
		}
		if err := u.batch(ctx, part); err != nil {
			return u.result, err
		}
	}
	return u.result, u.tidy(ctx, records)
}

type undoer struct {
	dst     Store
	images  FileUndoer
	ours    map[Key]bool              // what Begin returned
	looked  map[migration.RowKey]bool // whose folders were looked into after the copy
	before  map[Key]bool              // what lay in them
	left    map[migration.RowKey]int  // files whose turn has not ended
	touched map[migration.RowKey]bool // of which a file is what it was
	tidied  map[migration.RowKey]bool
	result  UndoResult
}

func (u *undoer) batch(ctx context.Context, keys []Key) error {
	ways, err := u.images.Ways(ctx, keys)
	if err != nil {
		return fmt.Errorf("look up images of files: %w", err)
	}
	lists := make([]*[]Key, len(keys))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(defaultParallel)
	for i, key := range keys {
		group.Go(func() (err error) {
			lists[i], err = u.file(within, key, ways)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	var rows []migration.RowKey
	var done, looked []Key
	for i, key := range keys {
		*lists[i] = append(*lists[i], key)
		if lists[i] != &u.result.Shared && lists[i] != &u.result.Conflicts {
			done = append(done, key)
			u.touched[key.Row] = true
			if _, known := ways[key]; known {
				looked = append(looked, key)
			}
		}
		if u.left[key.Row]--; u.left[key.Row] == 0 && u.touched[key.Row] {
			rows = append(rows, key.Row)
		}
	}
	if err := u.tidy(ctx, rows); err != nil || len(done) == 0 {
		return err
	}
	if err := u.dst.Sync(ctx, looked); err != nil {
		return err
	}
	if err := u.images.Done(ctx, done); err != nil {
		return fmt.Errorf("note files put back: %w", err)
	}
	return nil
}

// tidy makes the folders of rows clean, each once: it looks at all that lies in them.
func (u *undoer) tidy(ctx context.Context, rows []migration.RowKey) error {
	for _, row := range rows {
		if u.tidied[row] {
			continue
		}
		u.tidied[row] = true
		err := u.dst.Tidy(ctx, row)
		if err != nil && migration.CodeOf(err) != migration.CodeUnsupported { // else no folder that we ever wrote to
			return err
		}
	}
	return nil
}

// file undoes one file and returns the list that it belongs to.
func (u *undoer) file(ctx context.Context, key Key, ways map[Key]migration.FileUndo) (*[]Key, error) {
	way, known := ways[key]
	switch {
	case !known:
		return &u.result.Already, nil
	case way.Shared:
		return &u.result.Shared, nil
	case way.Image == nil:
		return &u.result.Conflicts, nil
	}
	there, sum, err := u.look(ctx, key)
	if code := migration.CodeOf(err); code == migration.CodeUnsupported || code == migration.CodeDrifted {
		return &u.result.Conflicts, nil
	}
	want := way.Image
	switch {
	case err != nil:
		return nil, err
	case there == nil && !want.Existed, there != nil && want.Existed && sum == want.Sum:
		return &u.result.Already, nil
	case there != nil && !want.Existed && u.isThumbnail(key):
		return u.remove(ctx, key, there)
	case migration.Attribute(migration.Trace{Digest: sum, Wrote: way.Written}) != migration.OwnerOurs:
		return &u.result.Conflicts, nil
	case want.Existed:
		return u.restore(ctx, want, there)
	}
	return u.remove(ctx, key, there)
}

// look returns what is there now; nil: nothing.
func (u *undoer) look(ctx context.Context, key Key) (*Entry, Sum, error) {
	there, err := u.dst.Stat(ctx, key)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return nil, Sum{}, nil
	}
	if err != nil {
		return nil, Sum{}, err
	}
	sum, err := sumOf(ctx, u.dst, key)
	return &there, sum, err
}

// remove removes a file that still is what was looked at.
func (u *undoer) remove(ctx context.Context, key Key, was *Entry) (*[]Key, error) {
	now, err := u.dst.Stat(ctx, key)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return &u.result.Already, nil
	}
	if err != nil {
		return nil, err
	}
	if now.Kind != was.Kind || now.Size != was.Size || !now.Modified.Equal(was.Modified) {
		return &u.result.Conflicts, nil
	}
	if err := u.dst.Remove(ctx, key); err != nil {
		return nil, err
	}
	return &u.result.Removed, u.removeThumbnail(ctx, Key{Row: key.Row, Name: key.Name + thumbnail})
}

// isThumbnail reports whether key is the preview of a file that was written, too.
func (u *undoer) isThumbnail(key Key) bool {
	image, ok := thumbnailOf(key)
	return ok && u.ours[image]
}

// removeThumbnail removes what Joget made beside an image that was there only
// because it was written. Mostly there is none. What lay there before may be an
// upload of such a name, and one of ours has its own turn.
func (u *undoer) removeThumbnail(ctx context.Context, key Key) error {
	if u.ours[key] || !u.looked[key.Row] || u.before[key] {
		return nil
	}
	made, err := u.dst.Stat(ctx, key)
	if code := migration.CodeOf(err); code == migration.CodeNotFound || code == migration.CodeUnsupported {
		return nil
	}
	if err != nil || made.Kind != KindFile {
		return err
	}
	return u.dst.Remove(ctx, key)
}

// restore writes the content of an image in place of was.
func (u *undoer) restore(ctx context.Context, image *FileImage, was *Entry) (list *[]Key, err error) {
	partial, err := u.dst.Create(ctx, image.Key)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, partial.Close()) }()
	if _, n := partial.Resume(); n > 0 {
		if err := partial.Restart(); err != nil {
			return nil, err
		}
	}
	content, err := image.Content(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	digest := sha256.New()
	in := &reader{ctx: ctx, in: content}
	if err := copyAll(io.MultiWriter(partial, digest), in); err != nil {
		return nil, fmt.Errorf("put a file back: %w", err)
	}
	if Sum(digest.Sum(nil)) != image.Sum {
		return nil, errors.Join(migration.E(migration.CodeInternal, "put a file back", "", "its image in the ledger is damaged"), partial.Discard())
	}
	err = partial.Commit(ctx, Commit{Size: in.count, Modified: image.Entry.Modified, Replace: was})
	if migration.CodeOf(err) == migration.CodeConflict {
		return &u.result.Conflicts, partial.Discard()
	}
	return &u.result.Restored, err
}
