package local

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"sync"

	"jogetferry/migration"
	"jogetferry/uploads"
)

// folder is an open folder. Those who work in it at one time share it, so that the way to
// it is gone once, and nobody puts another one in its place meanwhile.
type folder struct {
	store *Store
	path  string // below that of all uploads
	above *folder
	root  *os.Root
	info  fs.FileInfo // as it was opened
	once  sync.Once
	self  *os.File // nil: nobody asked for it
	err   error    // of opening self
	users int
}

// missing says what to do with a folder that is not there.
type missing int

const (
	missingIsError missing = iota // fs.ErrNotExist
	missingIsMade
)

// hold opens the folder dir, step by step: one on the way that is a symlink or a file is
// CodeUnsupported.
func (s *Store) hold(dir string, m missing) (*folder, error) {
	s.making.Lock()
	defer s.making.Unlock()
	return s.holdLocked(dir, m)
}

func (s *Store) holdLocked(dir string, m missing) (*folder, error) {
	if f := s.folders[dir]; f != nil && f.stands() {
		f.users++
		return f, nil
	}
	f := &folder{store: s, path: dir, users: 1}
	if dir == "." {
		f.root = s.root
	} else {
		above, err := s.holdLocked(path.Dir(dir), m)
		if err != nil {
			return nil, err
		}
		f.above = above
		if f.root, err = above.enter(path.Base(dir), m); err != nil {
			return nil, errors.Join(err, above.releaseLocked())
		}
	}
	var err error
	if f.info, err = f.root.Stat("."); err != nil {
		return nil, errors.Join(err, f.releaseLocked())
	}
	if s.folders == nil {
		s.folders = map[string]*folder{}
	}
	s.folders[dir] = f
	return f, nil
}

// enter opens a folder in f.
func (f *folder) enter(name string, m missing) (*os.Root, error) {
	info, err := f.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) && m == missingIsMade {
		if err = f.make(name); err == nil {
			info, err = f.root.Lstat(name)
		}
	}
	if err != nil {
		return nil, err
	}
	return enter(f.root, name, info)
}

// enter opens a folder that Lstat was asked for.
func enter(root *os.Root, name string, was fs.FileInfo) (*os.Root, error) {
	if !was.IsDir() {
		return nil, &migration.Error{Code: migration.CodeUnsupported, Op: "look at uploads", Hint: "a symlink or file stands where a table's or record's folder should be"}
	}
	opened, err := root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	now, err := opened.Stat(".")
	if err == nil && !os.SameFile(was, now) {
		err = errSwapped
	}
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return opened, nil
}

// file is the folder as a file, open as long as the folder.
func (f *folder) file() (*os.File, error) {
	f.once.Do(func() { f.self, f.err = f.root.Open(".") })
	return f.self, f.err
}

// release lets go of the folder. The last one closes it.
func (f *folder) release() error {
	f.store.making.Lock()
	defer f.store.making.Unlock()
	return f.releaseLocked()
}

func (f *folder) releaseLocked() error {
	if f.users--; f.users > 0 {
		return nil
	}
	var err error
	if f.self != nil {
		err = f.self.Close()
	}
	if f.store.folders[f.path] == f {
		delete(f.store.folders, f.path)
	}
	if f.above == nil {
		return err // the root is the store's
	}
	return errors.Join(err, f.root.Close(), f.above.releaseLocked())
}

// stands reports whether f is still what its path leads to.
func (f *folder) stands() bool {
	if f.above == nil {
		return true
	}
	now, err := f.above.root.Lstat(path.Base(f.path))
	return err == nil && os.SameFile(now, f.info) && f.above.stands()
}

// make makes a folder in f, under another name first, so that a crash leaves none that has
// its name and not its access.
func (f *folder) make(name string) error {
	temporary := uploads.PartialName(name)
	if err := f.root.Mkdir(temporary, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	made, err := f.root.Open(temporary)
	if err != nil {
		return err
	}
	if err := errors.Join(accessOf(f.info, dirMode).grant(made), made.Close()); err != nil {
		return err
	}
	err = f.root.Rename(temporary, name)
	if errors.Is(err, fs.ErrExist) {
		return f.root.Remove(temporary) // another process made it meanwhile
	}
	return err
}
