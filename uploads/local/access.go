package local

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
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

// accessOf returns what is made in a folder is to have. The folder's sticky bit is left
// out: below it, Joget's account could not remove what the worker made.
func accessOf(folder fs.FileInfo, least fs.FileMode) access {
	uid, gid := owner(folder)
	return access{uid: uid, gid: gid, mode: folder.Mode()&(fs.ModePerm|fs.ModeSetgid) | least}
}

// grant gives an open file or folder as much of a as this account may: only root
// gives away files, and a group has to be one of one's own.
func (a access) grant(f *os.File) error {
	has, err := f.Stat()
	if err != nil {
		return err
	}
	if has.Mode()&(fs.ModePerm|fs.ModeSetgid) != a.mode {
		if err := ignoreRefused(f.Chmod(a.mode)); err != nil {
			return err
		}
	}
	if uid, gid := owner(has); uid == a.uid && gid == a.gid {
		return nil
	}
	err = f.Chown(a.uid, a.gid)
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
