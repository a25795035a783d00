package local

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"jogetferry/migration"
	"jogetferry/uploads"
)

// Store is an uploads.Store in a folder.
type Store struct {
	root     *os.Root
	readOnly bool
	writers  uploads.Writers    // of partial files
	making   sync.Mutex         // of folders, and of what they are held by
	folders  map[string]*folder // those in use
}

var _ uploads.Store = (*Store)(nil)

// Open opens the folder app_formuploads of a server, which must exist.
func Open(dir string) (*Store, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, failed("open uploads folder", err)
	}
	return &Store{root: root}, nil
}

// OpenReadOnly is Open for a source: every method that writes is CodeRefused.
func OpenReadOnly(dir string) (*Store, error) {
	s, err := Open(dir)
	if err == nil {
		s.readOnly = true
	}
	return s, err
}

// Close lets go of the folder.
func (s *Store) Close() error {
	if err := s.root.Close(); err != nil {
		return failed("close uploads folder", err)
	}
	return nil
}

// passable looks that no folder on the way to dir is a symlink, as far as it is there.
func (s *Store) passable(dir string) error {
	folders := strings.Split(dir, "/")
	for i := range folders {
		info, err := s.root.Lstat(strings.Join(folders[:i+1], "/"))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return failed("look at uploads", err)
		}
		if !info.IsDir() {
			return noFolder()
		}
	}
	return nil
}

func noFolder() error {
	return &migration.Error{Code: migration.CodeUnsupported, Op: "look at uploads", Hint: "a symlink or file stands where a table's or record's folder should be"}
}

// List implements uploads.Store.
func (s *Store) List(ctx context.Context, row migration.RowKey) ([]uploads.Entry, error) {
	dir, err := uploads.Folder(row)
	if err != nil {
		return nil, err
	}
	f, err := s.hold(dir, missingIsError)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, failed("list uploads", err)
	}
	list := listing{readOnly: s.readOnly}
	if err := errors.Join(list.walk(ctx, f.root, "", 0), f.release()); err != nil {
		return nil, failed("list uploads", err)
	}
	slices.SortFunc(list.entries, func(a, b uploads.Entry) int { return cmp.Compare(a.Name, b.Name) })
	return list.entries, nil
}

// listing is what lies below a folder.
type listing struct {
	readOnly bool
	entries  []uploads.Entry
}

func (l *listing) walk(ctx context.Context, dir *os.Root, prefix string, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	names, err := names(dir, ".")
	if err != nil {
		return err
	}
	for _, name := range names {
		info, err := dir.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if info.IsDir() && depth < uploads.MaxDepth {
			err := l.enter(ctx, dir, name, info, prefix, depth)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			continue
		}
		if uploads.IsPartial(name) && !l.readOnly {
			continue
		}
		if len(l.entries) == uploads.MaxFiles {
			return &migration.Error{Code: migration.CodeUnsupported, Op: "list uploads", Hint: "a record has more files than can be listed"}
		}
		entry := entryOf(prefix+name, info)
		if uploads.IsPartial(name) {
			entry.Kind = uploads.KindOther // no file of the target can have its name
		}
		l.entries = append(l.entries, entry)
	}
	return nil
}

func (l *listing) enter(ctx context.Context, dir *os.Root, name string, info fs.FileInfo, prefix string, depth int) error {
	below, err := enter(dir, name, info)
	if err != nil {
		return err
	}
	return errors.Join(l.walk(ctx, below, prefix+name+"/", depth+1), below.Close())
}

func names(dir *os.Root, name string) ([]string, error) {
	f, err := openQuietly(dir, name)
	if err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(-1)
	return names, errors.Join(err, f.Close())
}

func entryOf(name string, info fs.FileInfo) uploads.Entry {
	e := uploads.Entry{Name: name, Kind: uploads.KindOther, Modified: info.ModTime()}
	switch {
	case info.Mode().IsRegular():
		e.Kind, e.Size = uploads.KindFile, info.Size()
	case info.Mode()&fs.ModeSymlink != 0:
		e.Kind = uploads.KindSymlink
	}
	return e
}

// Stat implements uploads.Store.
func (s *Store) Stat(_ context.Context, key uploads.Key) (entry uploads.Entry, err error) {
	const op = "look at an upload"
	name, err := uploads.PathOf(key)
	if err == nil && key.Name != "" {
		name, err = fileName(key)
	}
	if err != nil {
		return uploads.Entry{}, err
	}
	name = path.Clean(name) // of a folder
	dir, err := s.hold(path.Dir(name), missingIsError)
	if err != nil {
		return uploads.Entry{}, failed(op, err)
	}
	info, err := dir.root.Lstat(path.Base(name))
	if err == nil && key.Name == "" && !info.IsDir() {
		err = noFolder()
	}
	if err = errors.Join(err, dir.release()); err != nil {
		return uploads.Entry{}, failed(op, err)
	}
	return entryOf(key.Name, info), nil
}

// fileName is the path of a key that must name a file.
func fileName(key uploads.Key) (string, error) {
	if key.Name == "" || uploads.IsPartial(path.Base(key.Name)) {
		return "", &migration.Error{Code: migration.CodeUnsupported, Op: "name an upload", Hint: "the name is empty or is that of a partial file"}
	}
	if err := uploads.CheckKey(key); err != nil {
		return "", err
	}
	return uploads.PathOf(key)
}

// file is fileName after a look that no folder on the way is a symlink.
func (s *Store) file(key uploads.Key) (string, error) {
	name, err := fileName(key)
	if err != nil {
		return "", err
	}
	return name, s.passable(path.Dir(name))
}

// Open implements uploads.Store.
func (s *Store) Open(_ context.Context, key uploads.Key) (uploads.File, error) {
	name, err := fileName(key)
	if err != nil {
		return nil, err
	}
	dir, err := s.hold(path.Dir(name), missingIsError)
	if err != nil {
		return nil, failed("open an upload", err)
	}
	f, err := openRegular(dir.root, path.Base(name))
	if err != nil {
		return nil, errors.Join(err, dir.release())
	}
	return &file{File: f, dir: dir, name: key.Name}, nil
}

// openRegular opens what Lstat says is a regular file, and nothing that was
// put in its place since.
func openRegular(dir *os.Root, name string) (*os.File, error) {
	before, err := dir.Lstat(name)
	if err != nil {
		return nil, failed("open an upload", err)
	}
	if !before.Mode().IsRegular() {
		return nil, &migration.Error{Code: migration.CodeUnsupported, Op: "open an upload", Hint: "it is a symlink, folder or device"}
	}
	f, err := openQuietly(dir, name)
	if err != nil {
		return nil, failed("open an upload", err)
	}
	info, err := f.Stat()
	if err == nil && !os.SameFile(before, info) {
		err = errSwapped
	}
	if err != nil {
		return nil, errors.Join(failed("open an upload", err), f.Close())
	}
	return f, nil
}

var errSwapped = errors.New("another file took its place")

type file struct {
	*os.File
	dir  *folder
	name string
}

// Close implements io.Closer.
func (f *file) Close() error {
	if f.dir == nil {
		return nil
	}
	dir := f.dir
	f.dir = nil
	return errors.Join(f.File.Close(), dir.release())
}

func (f *file) Entry() (uploads.Entry, error) {
	info, err := f.Stat()
	if err != nil {
		return uploads.Entry{}, failed("look at an upload", err)
	}
	return entryOf(f.name, info), nil
}

func (f *file) Mode() (fs.FileMode, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, failed("look at an upload", err)
	}
	return info.Mode().Perm(), nil
}

// Remove implements uploads.Store.
func (s *Store) Remove(_ context.Context, key uploads.Key) error {
	if err := s.writable("remove an upload"); err != nil {
		return err
	}
	name, err := s.file(key)
	if err != nil {
		return err
	}
	info, err := s.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !info.Mode().IsRegular() {
		return &migration.Error{Code: migration.CodeUnsupported, Op: "remove an upload", Hint: "it is a symlink, folder or device"}
	}
	if err == nil {
		err = s.root.Remove(name)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed("remove an upload", err)
	}
	return nil
}

func (s *Store) writable(op string) error {
	if s.readOnly {
		return &migration.Error{Code: migration.CodeRefused, Op: op, Hint: "this uploads folder is opened for reading only"}
	}
	return nil
}

// Sync implements uploads.Store: it flushes each folder on the way to keys once,
// the deepest first; for many of them the file system, where it can.
func (s *Store) Sync(ctx context.Context, keys []uploads.Key) error {
	if err := s.writable("flush uploads"); err != nil {
		return err
	}
	if len(keys) >= manyFiles {
		if done, err := s.flushAll(); done || err != nil {
			return err
		}
	}
	folders := map[string]int{} // with their depth
	for _, key := range keys {
		name, err := s.file(key)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		for depth := strings.Count(dir, "/") + 1; depth > 0 && folders[dir] == 0; depth-- {
			folders[dir] = depth
			dir = path.Dir(dir)
		}
		folders["."] = 0
	}
	for _, dir := range slices.SortedFunc(maps.Keys(folders), func(a, b string) int { return cmp.Compare(folders[b], folders[a]) }) {
		if err := ctx.Err(); err != nil {
			return failed("flush uploads", err)
		}
		if err := s.syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) syncDir(dir string) error {
	f, err := s.root.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = errors.Join(ignoreUnsupported(f.Sync()), f.Close())
	}
	if err != nil {
		return failed("flush uploads", err)
	}
	return nil
}
