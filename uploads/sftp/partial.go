package sftp

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"time"

	"jogetferry/migration"
	"jogetferry/uploads"
)

const opWrite = "write an upload"

// Create implements uploads.Store.
func (s *Store) Create(ctx context.Context, key uploads.Key) (uploads.Partial, error) {
	if err := s.writable(opWrite); err != nil {
		return nil, err
	}
	name, err := filePlace(key)
	if err != nil {
		return nil, err
	}
	temporary := uploads.PartialName(name)
	if !s.writers.Take(temporary) {
		return nil, uploads.ErrBusy()
	}
	var p *partial
	err = s.on(ctx, opWrite, func(c *session) error {
		p = &partial{session: *c, name: name, temporary: temporary}
		return p.open()
	})
	if err != nil {
		s.writers.Release(temporary)
		return nil, err
	}
	return p, nil
}

type partial struct {
	session // that of its handle

	name      string
	temporary string
	h         *handle // nil: closed, or Restart failed
	done      bool    // closed, and let go of
	size      int64
	left      int64 // bytes of an earlier attempt
	at        int64 // where the next byte is written
}

// openTries bounds the race with those who tidy up, or make the same file.
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
	err = p.makeFolders(path.Dir(p.name))
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil // somebody tidied the folder around it away
	}
	if err != nil {
		return false, err
	}
	left, err := p.look(p.temporary)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p.make()
	case err != nil:
		return false, err
	}
	finished, err := p.look(p.name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if typeOf(left) != typeFile || err == nil && same(left, finished) {
		// The server names a file by a second link and then removes the first: writing
		// here could write into the finished file.
		if err := p.remove(p.temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		return p.make()
	}
	p.h, err = p.session.open(p.temporary, readWrite)
	if errors.Is(err, fs.ErrNotExist) || migration.CodeOf(err) == migration.CodeDrifted {
		return true, nil
	}
	if err == nil {
		p.size, p.left = left.Size(), left.Size()
	}
	return false, err
}

// make makes an empty partial file where there is none.
func (p *partial) make() (again bool, err error) {
	p.h, err = p.session.open(p.temporary, makeNew)
	p.size, p.left, p.at = 0, 0, 0
	if err == nil {
		return false, nil
	}
	if _, looked := p.look(p.temporary); looked == nil && justFailed(err) {
		return true, nil // another process made it
	}
	return errors.Is(err, fs.ErrNotExist), err
}

// Resume implements uploads.Partial.
func (p *partial) Resume() (io.Reader, int64) { return resumed{p}, p.left }

// resumed reads what an earlier attempt left.
type resumed struct{ *partial }

func (r resumed) Read(b []byte) (int, error) {
	n, err := r.h.Read(b)
	r.at += int64(n)
	if n > 0 || err == nil {
		return n, nil
	}
	return n, failed(opWrite, err)
}

// Restart implements uploads.Partial. It makes another file: nobody who still writes to the
// former one writes to this.
func (p *partial) Restart() error {
	if err := p.h.Close(); err != nil {
		return err
	}
	p.h = nil
	err := p.remove(p.temporary)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed(opWrite, err)
	}
	again, err := p.make()
	if again {
		return uploads.ErrBusy()
	}
	return failed(opWrite, err)
}

// Write implements io.Writer.
func (p *partial) Write(b []byte) (n int, err error) {
	err = p.bounded(func() error {
		n, err = p.h.file.Write(b)
		return err
	})
	p.at += int64(n)
	p.size = max(p.size, p.at)
	return n, p.written(err)
}

// roomForAnything is less than what a file system has left on which a write can fail for
// another reason than want of room.
const roomForAnything = 1 << 20

// written finds out why the server could not write: it does not say.
func (p *partial) written(err error) error {
	if justFailed(err) && p.has(extensionSpace) {
		if free, asked := p.free(); asked == nil && free < roomForAnything {
			return &migration.Error{Code: migration.CodeUnavailable, Op: opWrite, Hint: "no space left for uploads", Err: err}
		}
	}
	return failed(opWrite, err)
}

// Commit implements uploads.Partial.
func (p *partial) Commit(ctx context.Context, c uploads.Commit) error {
	if err := ctx.Err(); err != nil {
		return failed(opWrite, err)
	}
	err := p.finish(c)
	if err == nil && c.Replace == nil {
		err = p.link()
	} else if err == nil {
		err = p.replace(*c.Replace)
	}
	if errors.Is(err, fs.ErrNotExist) {
		// Somebody tidied the partial file away: the next attempt makes another.
		err = &migration.Error{Code: migration.CodeUnavailable, Op: opWrite, Err: err}
	}
	if err != nil {
		return p.written(err)
	}
	return p.Close()
}

// finish makes the partial file what c says, but for its name.
func (p *partial) finish(c uploads.Commit) error {
	info, err := p.h.stat()
	if err != nil {
		return err
	}
	if info.Size() != c.Size || p.size != c.Size {
		return &migration.Error{Code: migration.CodeInternal, Op: opWrite, Hint: "the partial file is not as long as what was written"}
	}
	if err := p.share(info); err != nil {
		return err
	}
	if c.Replace == nil && c.Mode != 0 {
		if err := p.narrow(c.Mode); err != nil {
			return err
		}
	}
	modified := timeOf(c.Modified)
	if err := p.bounded(func() error { return p.client.Chtimes(p.path(p.temporary), modified, modified) }); err != nil {
		return err
	}
	if p.has(extensionFlush) {
		if err := p.bounded(p.h.file.Sync); err != nil {
			return err
		}
	}
	return p.own(modified)
}

// own makes sure that the name of the partial file still leads to the file that was written.
// The time that was set by its name tells.
func (p *partial) own(modified time.Time) error {
	mine, err := p.h.stat()
	if err != nil {
		return err
	}
	named, err := p.look(p.temporary)
	if err != nil {
		return err
	}
	if !mine.ModTime().Equal(modified) || !same(mine, named) || typeOf(named) != typeFile {
		return &migration.Error{Code: migration.CodeUnavailable, Op: opWrite, Hint: "another attempt is writing the same file", Err: errSwapped}
	}
	return nil
}

// link names the file only if the name is free.
func (p *partial) link() error {
	_, err := p.look(p.name)
	if err == nil {
		return errConflict()
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err = p.rename(p.temporary, p.name)
	if !justFailed(err) {
		return err
	}
	if _, looked := p.look(p.name); looked == nil {
		return errConflict()
	}
	return err
}

func (p *partial) replace(was uploads.Entry) error {
	if !p.has(extensionReplace) {
		return &migration.Error{Code: migration.CodeUnsupported, Op: opWrite, Cause: "the SFTP server cannot replace a file in one step", Hint: "remove the target's file by hand, or take a server that has " + extensionReplace}
	}
	info, err := p.look(p.name)
	if errors.Is(err, fs.ErrNotExist) {
		return errConflict()
	}
	if err != nil {
		return err
	}
	if now := entryOf(was.Name, info); now.Kind != was.Kind || now.Size != was.Size || !now.Modified.Equal(was.Modified) {
		return errConflict()
	}
	if err := p.inherit(info); err != nil {
		return err
	}
	return p.bounded(func() error { return p.client.PosixRename(p.path(p.temporary), p.path(p.name)) })
}

func (p *partial) chmod(mode fs.FileMode) error {
	return p.bounded(func() error { return p.h.file.Chmod(mode) })
}

func (p *partial) chown(uid, gid int) error {
	return p.bounded(func() error { return p.h.file.Chown(uid, gid) })
}

// share lets everybody do with a file what they may do in its folder, and read it.
func (p *partial) share(now fileInfo) error {
	in, err := p.accessIn(path.Dir(p.name), 0)
	if err != nil {
		return err
	}
	in.mode = in.mode&0o666 | fileMode
	return in.grant(granted{chmod: p.chmod, chown: p.chown, now: now})
}

// inherit gives a file the rights of the one that it replaces. Where its owner cannot be the
// same, those rights would shut Joget's account out, and it keeps those of share.
func (p *partial) inherit(was fileInfo) error {
	uid, gid := owner(was)
	if err := p.chown(uid, gid); err != nil {
		return ignoreStatus(err)
	}
	return p.chmod(was.Mode().Perm())
}

// narrow closes a new file to those who could not read the one that it is a copy of, where
// it can belong to the owner of all uploads, which is Joget's account.
func (p *partial) narrow(mode fs.FileMode) error {
	root, err := p.lstat(".")
	if err != nil {
		return err
	}
	info, err := p.h.stat()
	if err != nil {
		return err
	}
	uid, _ := owner(root)
	if is, gid := owner(info); is != uid {
		if err := p.chown(uid, gid); err != nil {
			return ignoreStatus(err) // only root gives files away
		}
	}
	now := info.Mode().Perm()
	for _, class := range []struct{ read, all fs.FileMode }{{0o040, 0o070}, {0o004, 0o007}} {
		if mode&class.read == 0 {
			now &^= class.all
		}
	}
	return p.chmod(now)
}

func errConflict() error {
	return &migration.Error{Code: migration.CodeConflict, Op: opWrite, Hint: "the target's file changed meanwhile"}
}

// Discard implements uploads.Partial.
func (p *partial) Discard() error {
	if p.done {
		return nil
	}
	err := p.remove(p.temporary)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(failed("drop a partial upload", err), p.Close())
}

// Close implements uploads.Partial.
func (p *partial) Close() error {
	if p.done {
		return nil
	}
	p.done = true
	defer p.store.writers.Release(p.temporary)
	if p.h == nil {
		return nil
	}
	return p.h.Close()
}
