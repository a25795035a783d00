package sftp

import (
	"errors"
	"io/fs"
	"path"

	protocol "github.com/pkg/sftp"

	"jogetferry/migration"
	"jogetferry/uploads"
)

// What is made here has at least these rights, and whatever else the folder around it
// grants, as in package local.
const (
	fileMode = 0o644
	dirMode  = 0o755
)

// access is who may do what with a file or folder.
type access struct {
	uid, gid int
	mode     fs.FileMode // permissions, and of a folder whether its group passes on
}

// accessIn returns what is made in the folder dir is to have, without a sticky bit.
func (c *session) accessIn(dir string, least fs.FileMode) (access, error) {
	info, err := c.lstat(dir)
	if err != nil {
		return access{}, err
	}
	uid, gid := owner(info)
	return access{uid: uid, gid: gid, mode: info.Mode()&(fs.ModePerm|fs.ModeSetgid) | least}, nil
}

func owner(info fileInfo) (uid, gid int) {
	if stat, ok := info.Sys().(*protocol.FileStat); ok {
		return int(stat.UID), int(stat.GID)
	}
	return -1, -1
}

// granted is what access is granted of: an open file, or a path.
type granted struct {
	chmod func(fs.FileMode) error
	chown func(uid, gid int) error
	now   fileInfo
}

// grant gives as much of a as this account may: only root gives away files, and a group
// has to be one of one's own.
func (a access) grant(to granted) error {
	if err := ignoreStatus(to.chmod(a.mode)); err != nil {
		return err
	}
	uid, gid := owner(to.now)
	if uid == a.uid && gid == a.gid {
		return nil
	}
	err := to.chown(a.uid, a.gid)
	if err != nil {
		err = to.chown(uid, a.gid)
	}
	return ignoreStatus(err)
}

// makeFolders makes dir and what is missing above it, each with the access of the folder
// that it is made in.
func (c *session) makeFolders(dir string) error {
	_, err := c.lstat(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := c.makeFolders(path.Dir(dir)); err != nil {
		return err
	}
	c.store.making.Lock()
	defer c.store.making.Unlock()
	if _, err := c.lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return c.makeFolder(dir)
}

// makeFolder makes a folder under another name first, so that a crash leaves none that
// has its name and not its access.
func (c *session) makeFolder(dir string) error {
	wanted, err := c.accessIn(path.Dir(dir), dirMode)
	if err != nil {
		return err
	}
	temporary := uploads.PartialName(dir)
	made := c.bounded(func() error { return c.client.Mkdir(c.path(temporary)) })
	info, err := c.lstat(temporary)
	switch {
	case err != nil && made != nil:
		return made
	case err != nil:
		return err
	case typeOf(info) != typeFolder:
		return &migration.Error{Code: migration.CodeDrifted, Op: opWrite, Err: errSwapped}
	}
	if err := wanted.grant(granted{
		chmod: func(m fs.FileMode) error {
			return c.bounded(func() error { return c.client.Chmod(c.path(temporary), m) })
		},
		chown: func(uid, gid int) error {
			return c.bounded(func() error { return c.client.Chown(c.path(temporary), uid, gid) })
		},
		now: info,
	}); err != nil {
		return err
	}
	err = c.rename(temporary, dir)
	if err == nil {
		return nil
	}
	if info, looked := c.lstat(dir); looked == nil && typeOf(info) == typeFolder { // another process made it meanwhile
		return ignoreStatus(c.bounded(func() error { return c.client.RemoveDirectory(c.path(temporary)) }))
	}
	return err
}

// rename gives a name that is free: by the protocol it replaces nothing.
func (c *session) rename(from, to string) error {
	return c.bounded(func() error { return c.client.Rename(c.path(from), c.path(to)) })
}
