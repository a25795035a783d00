package local

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"

	"jogetferry/migration"
	"jogetferry/uploads"
)

// Create implements uploads.Store.
func (s *Store) Create(_ context.Context, key uploads.Key) (uploads.Partial, error) {
	if err := s.writable("write an upload"); err != nil {
		return nil, err
	}
	name, err := fileName(key)
	if err != nil {
		return nil, err
	}
	p := &partial{store: s, path: uploads.PartialName(name), name: path.Base(name), temporary: path.Base(uploads.PartialName(name))}
	if !s.writers.Take(p.path) {
		return nil, uploads.ErrBusy()
	}
	if err := p.open(path.Dir(name)); err != nil {
		s.writers.Release(p.path)
		return nil, err
	}
	return p, nil
}

type partial struct {
	store     *Store
	path      string // of the partial file
	dir       *folder
	name      string // in dir
	temporary string // in dir
	f         *os.File
	size      int64
	left      int64 // bytes of an earlier attempt
	begun     int64 // up to where the disk was told to write
	flushed   bool  // since it was written to
}

// writeAhead is how much of a large file the disk is given at a time, so that little is left
// for the end.
const writeAhead = 16 << 20

// openTries bounds the race with a holder that commits between our open and our lock, and
// with those who tidy the folder away.
const openTries = 10

func (p *partial) open(dir string) error {
	for range openTries {
		held, err := p.store.hold(dir, missingIsMade)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return failed("make a folder for an upload", err)
		}
		p.dir = held
		again, err := p.openOnce()
		if err == nil && !again {
			return nil
		}
		if err = errors.Join(err, held.release()); err != nil {
			return err
		}
	}
	return uploads.ErrBusy()
}

func (p *partial) openOnce() (again bool, err error) {
	root := p.dir.root
	f, err := root.OpenFile(p.temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	if errors.Is(err, fs.ErrExist) {
		if err := p.dropOther(); err != nil {
			return false, failed("write an upload", err)
		}
		f, err = root.OpenFile(p.temporary, os.O_RDWR|os.O_CREATE, fileMode)
	}
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

// dropOther removes what has the name of the partial file and is none. A second link is a
// commit that a crash cut short: writing there would write into the finished file.
func (p *partial) dropOther() error {
	info, err := p.dir.root.Lstat(p.temporary)
	if err == nil && (!info.Mode().IsRegular() || links(info) > 1) {
		err = p.dir.root.Remove(p.temporary)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (p *partial) Resume() (io.Reader, int64) { return p.f, p.left }

func (p *partial) Restart() error {
	if err := p.f.Truncate(0); err != nil {
		return failed("write an upload", err)
	}
	if _, err := p.f.Seek(0, io.SeekStart); err != nil {
		return failed("write an upload", err)
	}
	p.size, p.begun, p.flushed = 0, 0, false
	return nil
}

func (p *partial) Write(b []byte) (int, error) {
	n, err := p.f.Write(b)
	p.size += int64(n)
	p.flushed = false
	if p.size-p.begun >= writeAhead {
		beginWriting(p.f, p.begun, p.size-p.begun)
		p.begun = p.size
	}
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
	if err := p.share(); err != nil {
		return failed("write an upload", err)
	}
	if err := p.dir.root.Chtimes(p.temporary, c.Modified, c.Modified); err != nil {
		return failed("write an upload", err)
	}
	if c.Replace == nil && c.Mode != 0 {
		if err := p.narrow(c.Mode); err != nil {
			return failed("write an upload", err)
		}
	}
	if !p.flushed {
		if err := p.f.Sync(); err != nil {
			return failed("write an upload", err)
		}
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
	root := p.dir.root
	dir, err := p.dir.file()
	if err != nil {
		return failed("write an upload", err)
	}
	if err = renameNew(dir, p.temporary, p.name); err == nil {
		return nil
	}
	if errors.Is(err, fs.ErrExist) {
		return errConflict()
	}
	// The system or the file system knows no such step, or it tells why not again.
	err = root.Link(p.temporary, p.name)
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
	info, err := p.dir.root.Lstat(p.name)
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
	if err := p.dir.root.Rename(p.temporary, p.name); err != nil {
		return failed("write an upload", err)
	}
	return nil
}

// share lets everybody do with a file what they may do in its folder, and read it.
func (p *partial) share() error {
	in := accessOf(p.dir.info, 0)
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
	err := p.dir.root.Remove(p.temporary)
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
	err := errors.Join(p.f.Close(), p.dir.release())
	p.f = nil
	p.store.writers.Release(p.path)
	if err != nil {
		return failed("close an upload", err)
	}
	return nil
}

const (
	leastTogether = 64
	mostTogether  = 512
	// shareOfOne is the part of all files that this process may have open, which one copy has.
	shareOfOne = 16
)

// Together is how many files a copy may have open to make them durable at once.
func (s *Store) Together() int {
	return int(min(max(openFiles()/shareOfOne, leastTogether), mostTogether))
}
