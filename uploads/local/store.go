package local

import (
	"cmp"
	"context"
	"errors"
	"io"
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
	writers  uploads.Writers // of partial files
	making   sync.Mutex      // of folders
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

// place returns the path of key below the root after looking that no folder on
// the way is a symlink.
func (s *Store) place(key uploads.Key) (string, error) {
	if err := uploads.CheckKey(key); err != nil {
		return "", err
	}
	record, err := uploads.Folder(key.Row)
	if err != nil {
		return "", err
	}
	name := path.Join(record, key.Name)
	folders := strings.Split(name, "/")
	if key.Name != "" {
		folders = folders[:len(folders)-1]
	}
	for i := range folders {
		info, err := s.root.Lstat(strings.Join(folders[:i+1], "/"))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return "", failed("look at uploads", err)
		}
		if !info.IsDir() {
			return "", &migration.Error{Code: migration.CodeUnsupported, Op: "look at uploads", Hint: "a symlink or file stands where a table's or record's folder should be"}
		}
	}
	return name, nil
}

// List implements uploads.Store.
func (s *Store) List(ctx context.Context, row migration.RowKey) ([]uploads.Entry, error) {
	dir, err := s.place(uploads.Key{Row: row})
	if err != nil {
		return nil, err
	}
	var list []uploads.Entry
	if err := s.walk(ctx, dir, "", 0, &list); err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b uploads.Entry) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

func (s *Store) walk(ctx context.Context, dir, prefix string, depth int, list *[]uploads.Entry) error {
	if err := ctx.Err(); err != nil {
		return failed("list uploads", err)
	}
	names, err := s.names(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return failed("list uploads", err)
	}
	for _, name := range names {
		info, err := s.root.Lstat(path.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return failed("list uploads", err)
		}
		if info.IsDir() && depth < uploads.MaxDepth {
			if err := s.walk(ctx, path.Join(dir, name), prefix+name+"/", depth+1, list); err != nil {
				return err
			}
			continue
		}
		if uploads.IsPartial(name) && !s.readOnly {
			continue
		}
		if len(*list) == uploads.MaxFiles {
			return &migration.Error{Code: migration.CodeUnsupported, Op: "list uploads", Hint: "a record has more files than can be listed"}
		}
		entry := entryOf(prefix+name, info)
		if uploads.IsPartial(name) {
			entry.Kind = uploads.KindOther // no file of the target can have its name
		}
		*list = append(*list, entry)
	}
	return nil
}

func (s *Store) names(dir string) (names []string, err error) {
	f, err := s.openQuietly(dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closing := f.Close(); err == nil {
			err = closing
		}
	}()
	return f.Readdirnames(-1)
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
func (s *Store) Stat(_ context.Context, key uploads.Key) (uploads.Entry, error) {
	named := s.file
	if key.Name == "" {
		named = s.place
	}
	name, err := named(key)
	if err != nil {
		return uploads.Entry{}, err
	}
	info, err := s.root.Lstat(name)
	if err != nil {
		return uploads.Entry{}, failed("look at an upload", err)
	}
	return entryOf(key.Name, info), nil
}

// file is place for keys that must name a file.
func (s *Store) file(key uploads.Key) (string, error) {
	if key.Name == "" || uploads.IsPartial(path.Base(key.Name)) {
		return "", &migration.Error{Code: migration.CodeUnsupported, Op: "name an upload", Hint: "the name is empty or is that of a partial file"}
	}
	return s.place(key)
}

// Open implements uploads.Store.
func (s *Store) Open(_ context.Context, key uploads.Key) (uploads.File, error) {
	name, err := s.file(key)
	if err != nil {
		return nil, err
	}
	f, err := s.openRegular(name)
	if err != nil {
		return nil, err
	}
	return &file{File: f, name: key.Name}, nil
}

// openRegular opens what Lstat says is a regular file, and nothing that was
// put in its place since.
func (s *Store) openRegular(name string) (*os.File, error) {
	before, err := s.root.Lstat(name)
	if err != nil {
		return nil, failed("open an upload", err)
	}
	if !before.Mode().IsRegular() {
		return nil, &migration.Error{Code: migration.CodeUnsupported, Op: "open an upload", Hint: "it is a symlink, folder or device"}
	}
	f, err := s.openQuietly(name)
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
	name string
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
// the deepest first.
func (s *Store) Sync(ctx context.Context, keys []uploads.Key) error {
	if err := s.writable("flush uploads"); err != nil {
		return err
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

// Create implements uploads.Store.
func (s *Store) Create(_ context.Context, key uploads.Key) (uploads.Partial, error) {
	if err := s.writable("write an upload"); err != nil {
		return nil, err
	}
	name, err := s.file(key)
	if err != nil {
		return nil, err
	}
	p := &partial{store: s, name: name, temporary: uploads.PartialName(name)}
	if !s.writers.Take(p.temporary) {
		return nil, uploads.ErrBusy()
	}
	if err := p.open(); err != nil {
		s.writers.Release(p.temporary)
		return nil, err
	}
	return p, nil
}

type partial struct {
	store     *Store
	name      string
	temporary string
	f         *os.File
	size      int64
	left      int64 // bytes of an earlier attempt
}

// openTries bounds the race with a holder that commits between our open and our lock.
const openTries = 10

func (p *partial) open() error {
	for range openTries {
		again, err := p.openOnce()
		if err != nil || !again {
			return err
		}
	}
	return uploads.ErrBusy()
}

func (p *partial) openOnce() (again bool, err error) {
	root := p.store.root
	err = p.store.makeFolders(path.Dir(p.name))
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil // somebody tidied the folder around it away
	}
	if err != nil {
		return false, failed("make a folder for an upload", err)
	}
	info, err := root.Lstat(p.temporary)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return false, failed("write an upload", err)
	case !info.Mode().IsRegular() || links(info) > 1:
		// A second link is a commit that a crash cut short: writing here would
		// write into the finished file.
		if err := root.Remove(p.temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, failed("write an upload", err)
		}
	}
	f, err := root.OpenFile(p.temporary, os.O_RDWR|os.O_CREATE, fileMode)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil // somebody tidied the folder away
	}
	if err != nil {
		return false, failed("write an upload", err)
	}
	defer func() {
		if p.f == nil {
			err = errors.Join(err, f.Close())
		}
	}()
	if err := lock(f); err != nil {
		return false, uploads.ErrBusy()
	}
	open, err := f.Stat()
	if err != nil {
		return false, failed("write an upload", err)
	}
	now, err := root.Lstat(p.temporary)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, failed("write an upload", err)
	}
	if !os.SameFile(open, now) || links(open) > 1 {
		return true, nil
	}
	p.f, p.size, p.left = f, open.Size(), open.Size()
	return false, nil
}

func (p *partial) Resume() (io.Reader, int64) { return p.f, p.left }

func (p *partial) Restart() error {
	if err := p.f.Truncate(0); err != nil {
		return failed("write an upload", err)
	}
	if _, err := p.f.Seek(0, io.SeekStart); err != nil {
		return failed("write an upload", err)
	}
	p.size = 0
	return nil
}

func (p *partial) Write(b []byte) (int, error) {
	n, err := p.f.Write(b)
	p.size += int64(n)
	if err != nil {
		return n, failed("write an upload", err)
	}
	return n, nil
}

// Commit implements uploads.Partial.
func (p *partial) Commit(ctx context.Context, c uploads.Commit) error {
	if err := ctx.Err(); err != nil {
		return failed("write an upload", err)
	}
	info, err := p.f.Stat()
	if err != nil {
		return failed("write an upload", err)
	}
	if info.Size() != c.Size || p.size != c.Size {
		return &migration.Error{Code: migration.CodeInternal, Op: "write an upload", Hint: "the partial file is not as long as what was written"}
	}
	root := p.store.root
	if err := p.share(); err != nil {
		return failed("write an upload", err)
	}
	if err := root.Chtimes(p.temporary, c.Modified, c.Modified); err != nil {
		return failed("write an upload", err)
	}
	if c.Replace == nil && c.Mode != 0 {
		if err := p.narrow(c.Mode); err != nil {
			return failed("write an upload", err)
		}
	}
	if err := p.f.Sync(); err != nil {
		return failed("write an upload", err)
	}
	if c.Replace == nil {
		err = p.link()
	} else {
		err = p.replace(*c.Replace)
	}
	if err != nil {
		return err
	}
	return p.Close()
}

// link names the file only if the name is free, in one step.
func (p *partial) link() error {
	root := p.store.root
	err := root.Link(p.temporary, p.name)
	switch {
	case err == nil:
		if err := root.Remove(p.temporary); err != nil {
			return failed("write an upload", err)
		}
		return nil
	case errors.Is(err, fs.ErrExist):
		return errConflict()
	case !noHardLinks(err):
		return failed("write an upload", err)
	}
	if _, err := root.Lstat(p.name); err == nil {
		return errConflict()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return failed("write an upload", err)
	}
	if err := root.Rename(p.temporary, p.name); err != nil {
		return failed("write an upload", err)
	}
	return nil
}

func (p *partial) replace(was uploads.Entry) error {
	info, err := p.store.root.Lstat(p.name)
	if errors.Is(err, fs.ErrNotExist) {
		return errConflict()
	}
	if err != nil {
		return failed("write an upload", err)
	}
	if now := entryOf(was.Name, info); now.Kind != was.Kind || now.Size != was.Size || !now.Modified.Equal(was.Modified) {
		return errConflict()
	}
	if err := p.inherit(info); err != nil {
		return failed("write an upload", err)
	}
	if err := p.store.root.Rename(p.temporary, p.name); err != nil {
		return failed("write an upload", err)
	}
	return nil
}

// share lets everybody do with a file what they may do in its folder, and read it.
func (p *partial) share() error {
	in, err := p.store.accessIn(path.Dir(p.name), 0)
	if err != nil {
		return err
	}
	in.mode = in.mode&0o666 | fileMode
	return in.grant(p.f)
}

// inherit gives a file the rights of the one that it replaces, for whoever read
// that one. Where its owner cannot be the same, those rights would shut Joget's
// account out, and it keeps those of share.
func (p *partial) inherit(was fs.FileInfo) error {
	if uid, gid := owner(was); p.f.Chown(uid, gid) == nil {
		return p.f.Chmod(was.Mode().Perm())
	}
	return nil
}

// narrow closes a new file to those who could not read the one that it is a copy of,
// where it can belong to the owner of all uploads: that is Joget's account, which any
// other owner's mode could shut out.
func (p *partial) narrow(mode fs.FileMode) error {
	root, err := p.store.root.Stat(".")
	if err != nil {
		return err
	}
	info, err := p.f.Stat()
	if err != nil {
		return err
	}
	uid, _ := owner(root)
	if is, gid := owner(info); is != uid {
		if err := p.f.Chown(uid, gid); err != nil {
			return nil //nolint:nilerr // only root gives files away
		}
	}
	now := info.Mode().Perm()
	for _, class := range []struct{ read, all fs.FileMode }{{0o040, 0o070}, {0o004, 0o007}} {
		if mode&class.read == 0 {
			now &^= class.all
		}
	}
	return p.f.Chmod(now)
}

func errConflict() error {
	return &migration.Error{Code: migration.CodeConflict, Op: "write an upload", Hint: "the target's file changed meanwhile"}
}

// Discard implements uploads.Partial.
func (p *partial) Discard() error {
	if p.f == nil {
		return nil
	}
	err := p.store.root.Remove(p.temporary)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(failed("drop a partial upload", err), p.Close())
	}
	return p.Close()
}

// Close implements uploads.Partial.
func (p *partial) Close() error {
	if p.f == nil {
		return nil
	}
	err := p.f.Close()
	p.f = nil
	p.store.writers.Release(p.temporary)
	if err != nil {
		return failed("close an upload", err)
	}
	return nil
}
