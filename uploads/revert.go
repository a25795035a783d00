package uploads

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"time"

	"jogetferry/migration"
)

// Seen returns what lies in the folders of records, to tell later what was done
// to it. sums are those of the files that are the source's (Result.Sums). A
// folder that cannot be looked into is left out.
func Seen(ctx context.Context, dst Store, records []migration.RowKey, sums map[Key]Sum) (migration.FileCapture, error) {
	var w migration.FileCapture
	for _, row := range records {
		entries, err := dst.List(ctx, row)
		if migration.CodeOf(err) == migration.CodeUnsupported {
			continue
		}
		if err != nil {
			return w, err
		}
		w.Rows = append(w.Rows, row)
		for _, entry := range entries {
			w.Files = append(w.Files, migration.FileSeen{Row: row, Entry: entry, Sum: sums[Key{Row: row, Name: entry.Name}]})
		}
	}
	return w, nil
}

// ToolFiles is the ledger's memory of files as tools made them.
type ToolFiles interface {
	// Keep stores the content of images, checked against Sum; it is durable when
	// it returns. It may be repeated.
	Keep(ctx context.Context, images []FileImage) error
}

// RevertResult lists files by what Revert did; all lists hold personal data.
type RevertResult struct {
	Removed []Key // were made since
	Again   []Key // were the source's, and are again
	Left    []Key // were changed or made since, by somebody; not touched
	Unsure  []Key // the same, by somebody or by a tool
	Shared  []Key // the same, of records that others use
}

// Any reports whether something was done.
func (r *RevertResult) Any() bool { return len(r.Removed)+len(r.Again) > 0 }

// RevertOptions say how Revert treats what it finds.
type RevertOptions struct {
	Tools  ToolFiles            // what is removed or replaced is kept there first
	Calls  []migration.Interval // that may have run tools
	Worked bool                 // people worked on the instance: nothing is certainly a tool's
	Used   []migration.RowKey   // others use these: nor is anything of them
	Look   bool                 // nothing is touched, and the result says what would be
}

// Revert undoes what tools did to files of the target since capture was taken, as
// far as they differ from the source's: those that are new are removed, those
// that were the source's are copied again. Their times of modification say whose doing
// that was, and of a file that is gone that of its folder. It is safe to repeat, but for
// folders that an attempt which died had begun to put back: they do not tell any more.
func Revert(ctx context.Context, src, dst Store, capture migration.FileCapture, differences []Difference, o RevertOptions) (RevertResult, error) {
	p := putter{src: src, dst: dst, RevertOptions: o, was: map[Key]*migration.FileSeen{}, folders: map[Key]time.Time{}}
	for i := range capture.Files {
		f := &capture.Files[i]
		p.was[Key{Row: f.Row, Name: f.Entry.Name}] = f
	}
	differences = slices.DeleteFunc(slices.Clone(differences), func(d Difference) bool {
		return d.Kind == Unverifiable || !slices.Contains(capture.Rows, d.Key.Row)
	})
	// Before anything is put back, which changes them.
	for _, d := range differences {
		if err := p.folder(ctx, d.Key); err != nil {
			return p.result, err
		}
	}
	var rows []migration.RowKey
	var keys []Key
	for _, d := range differences {
		if err := p.file(ctx, d.Key); err != nil {
			return p.result, err
		}
		keys = append(keys, d.Key)
		if !slices.Contains(rows, d.Key.Row) {
			rows = append(rows, d.Key.Row)
		}
	}
	if o.Look || !p.result.Any() {
		return p.result, nil
	}
	for _, row := range rows {
		if err := dst.Tidy(ctx, row); err != nil {
			return p.result, err
		}
	}
	return p.result, dst.Sync(ctx, keys)
}

type putter struct {
	RevertOptions

	src, dst Store
	was      map[Key]*migration.FileSeen
	folders  map[Key]time.Time // when a name in them last came or went
	result   RevertResult
}

// folderOf returns the key of the folder that a file lies in.
func folderOf(key Key) Key {
	name := path.Dir(key.Name)
	if name == "." {
		name = ""
	}
	return Key{Row: key.Row, Name: name}
}

// folder notes the time of the folder of a file, as far as that tells when a name went.
func (p *putter) folder(ctx context.Context, key Key) error {
	of := folderOf(key)
	if _, known := p.folders[of]; known {
		return nil
	}
	entry, err := p.dst.Stat(ctx, of)
	if code := migration.CodeOf(err); code == migration.CodeNotFound || code == migration.CodeUnsupported {
		return nil
	}
	if err != nil {
		return err
	}
	entries, err := p.dst.List(ctx, of.Row)
	if err != nil {
		return err
	}
	// A file that came last explains the folder's time; when others went nothing tells then.
	came := slices.ContainsFunc(entries, func(e Entry) bool {
		return folderOf(Key{Row: of.Row, Name: e.Name}) == of && e.Modified.Sub(entry.Modified).Abs() < writing
	})
	if !came {
		p.folders[of] = entry.Modified
	}
	return nil
}

// writing is how long a file may be written to after its name came into its folder.
const writing = 5 * time.Second

// written is when what is there now was made of a file.
func (p *putter) written(key Key, theirs standing) time.Time {
	if theirs.entry != nil {
		return theirs.entry.Modified
	}
	return p.folders[folderOf(key)]
}

// file puts one file back.
func (p *putter) file(ctx context.Context, key Key) error {
	ours, err := stand(ctx, p.src, key)
	if err != nil {
		return err
	}
	theirs, err := stand(ctx, p.dst, key)
	if err != nil {
		return err
	}
	done := decide(p.was[key], ours, theirs)
	used := slices.Contains(p.Used, key.Row)
	by := migration.Attribute(migration.Trace{Written: p.written(key, theirs), Calls: p.Calls, Worked: p.Worked, Used: used})
	if done != changeNone && by != migration.OwnerTool {
		done = changeLeave
	}
	switch done {
	case changeNone:
	case changeLeave:
		list := &p.result.Left
		switch {
		case used:
			list = &p.result.Shared
		case by == migration.OwnerUnknown:
			list = &p.result.Unsure
		}
		*list = append(*list, key)
	case changeRemove:
		p.result.Removed = append(p.result.Removed, key)
		if !p.Look {
			return p.remove(ctx, key, theirs)
		}
	case changeAgain:
		p.result.Again = append(p.result.Again, key)
		if !p.Look {
			return p.again(ctx, key, ours, theirs)
		}
	}
	return nil
}

// standing is a file as it is now; its zero value is none.
type standing struct {
	entry *Entry
	sum   Sum
}

func stand(ctx context.Context, s Store, key Key) (standing, error) {
	entry, err := s.Stat(ctx, key)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return standing{}, nil
	}
	if err != nil || entry.Kind != KindFile {
		return standing{entry: &entry}, err
	}
	sum, err := sumOf(ctx, s, key)
	return standing{&entry, sum}, err
}

// change is what becomes of a file that is not the source's.
type change int

const (
	changeNone   change = iota // nothing was done to it
	changeLeave                // something was, and it is nothing that we put there
	changeRemove               // it was made
	changeAgain                // it was the source's, which is to be copied again
)

// decide judges by what the file was before, nil for none, and what it is on
// the source (ours) and on the target.
func decide(was *migration.FileSeen, ours, theirs standing) change {
	there := theirs.entry
	switch {
	case there != nil && there.Kind != KindFile:
		return changeNone
	case was == nil && there != nil && ours.entry == nil:
		return changeRemove
	case was == nil:
		// The source got one since: that is no tool's doing.
		return changeNone
	case was.Sum != (Sum{}) && theirs.sum == was.Sum:
		return changeNone
	case was.Sum != (Sum{}) && ours.sum == was.Sum:
		return changeAgain
	case there != nil && there.Size == was.Entry.Size && there.Modified.Equal(was.Entry.Modified):
		return changeNone
	}
	return changeLeave
}

func (p *putter) remove(ctx context.Context, key Key, theirs standing) error {
	if err := p.Tools.Keep(ctx, []FileImage{p.image(key, theirs)}); err != nil {
		return fmt.Errorf("keep a file that a tool made: %w", err)
	}
	now, err := p.dst.Stat(ctx, key)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if now.Kind != KindFile || now.Size != theirs.entry.Size || !now.Modified.Equal(theirs.entry.Modified) {
		return drifted()
	}
	if err := p.dst.Remove(ctx, key); err != nil {
		return err
	}
	return p.removeThumbnail(ctx, key)
}

// removeThumbnail removes what Joget made beside an image that a tool made.
func (p *putter) removeThumbnail(ctx context.Context, image Key) error {
	key := Key{Row: image.Row, Name: image.Name + thumbnail}
	made, err := stand(ctx, p.dst, key)
	switch {
	case migration.CodeOf(err) == migration.CodeUnsupported:
		return nil
	case err != nil || made.entry == nil || made.entry.Kind != KindFile || p.was[key] != nil:
		return err
	}
	return p.remove(ctx, key, made)
}

// drifted: somebody writes the file right now. The next attempt looks anew.
func drifted() error {
	return &migration.Error{Code: migration.CodeDrifted, Op: "put a file back", Hint: "a file changed while it was put back"}
}

// again copies a file of the source again, by the way of Copy.
func (p *putter) again(ctx context.Context, key Key, ours, theirs standing) error {
	c := copier{src: p.src, dst: p.dst, images: onlyKept{p.Tools}, options: Options{Parallel: 1}, result: Result{Sums: map[Key]Sum{}}}
	j := &job{key: key, entry: *ours.entry, there: theirs.entry, thereSum: theirs.sum}
	if err := c.batch(ctx, []*job{j}, ours.entry.Size); err != nil {
		return err
	}
	if j.sum != ours.sum || c.result.Copied+c.result.Overwritten+c.result.Same != 1 {
		return drifted()
	}
	return nil
}

func (p *putter) image(key Key, theirs standing) FileImage {
	return FileImage{Key: key, Existed: true, Entry: *theirs.entry, Sum: theirs.sum, Content: func(ctx context.Context) (io.ReadCloser, error) {
		return p.dst.Open(ctx, key)
	}}
}

// onlyKept are images of files that we wrote before: nothing more is to be
// noted of them.
type onlyKept struct{ ToolFiles }

// Written implements FileImages.
func (onlyKept) Written(context.Context, []Key) (map[Key][]Sum, error) {
	return nil, errors.ErrUnsupported
}

// WrittenInBulk implements FileImages.
func (onlyKept) WrittenInBulk(context.Context, []string) (map[string][]Sum, error) {
	return nil, errors.ErrUnsupported
}

// Wrote implements FileImages.
func (onlyKept) Wrote(context.Context, []FileImage) error { return nil }
