package local

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"syscall"

	"jogetferry/uploads"
)

// What is made here has at least these rights. Whatever else the folder around it
// grants comes along (access.grant): Joget adds, replaces and removes uploads of a
// record later, often under another account than the worker's.
const (
	fileMode = 0o644
	dirMode  = 0o755
)

// access is who may do what with a file or folder. uid and gid are -1 where the
// system has none.
type access struct {
	uid, gid int
	mode     fs.FileMode // permissions, and of a folder whether its group passes on
}

// accessIn returns what is made in the folder dir is to have. The folder's sticky
// bit is left out: below it, Joget's account could not remove what the worker made.
func (s *Store) accessIn(dir string, least fs.FileMode) (access, error) {
	info, err := s.root.Lstat(dir)
	if err != nil {
		return access{}, err
	}
	uid, gid := owner(info)
	return access{uid: uid, gid: gid, mode: info.Mode()&(fs.ModePerm|fs.ModeSetgid) | least}, nil
}

// grant gives an open file or folder as much of a as this account may: only root
// gives away files, and a group has to be one of one's own.
func (a access) grant(f *os.File) error {
	if err := ignoreRefused(f.Chmod(a.mode)); err != nil {
		return err
	}
	err := f.Chown(a.uid, a.gid)
	if err != nil {
		err = f.Chown(-1, a.gid)
	}
	return ignoreRefused(err)
}

// ignoreRefused passes over what this account or file system cannot grant.
func ignoreRefused(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EINVAL) || notKept(err) {
		return nil
	}
	return err
}

// makeFolders makes dir and what is missing above it, each with the access of the
// folder that it is made in.
func (s *Store) makeFolders(dir string) error {
	_, err := s.root.Lstat(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := s.makeFolders(path.Dir(dir)); err != nil {
		return err
	}
	s.making.Lock()
	defer s.making.Unlock()
	if _, err := s.root.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.makeFolder(dir)
}

// makeFolder makes a folder under another name first, so that a crash leaves none
// that has its name and not its access.
func (s *Store) makeFolder(dir string) error {
	wanted, err := s.accessIn(path.Dir(dir), dirMode)
	if err != nil {
		return err
	}
	temporary := uploads.PartialName(dir)
	if err := s.root.Mkdir(temporary, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	f, err := s.root.Open(temporary)
	if err != nil {
		return err
	}
	if err := errors.Join(wanted.grant(f), f.Close()); err != nil {
		return err
	}
	err = s.root.Rename(temporary, dir)
	if errors.Is(err, fs.ErrExist) {
		return s.root.Remove(temporary) // another process made it meanwhile
	}
	return err
}
