package local

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"jogetferry/uploads"
)

// manyFiles is from how many files on the file system is flushed, and not each of them:
// whatever else it holds in memory is written, too.
const manyFiles = 16

// FlushAll makes the content of partial files durable, of many at once where the file
// system can: what it does not do, Commit does.
func (p *partial) FlushAll(ctx context.Context, partials []uploads.Partial) error {
	const op = "flush uploads"
	if err := ctx.Err(); err != nil {
		return failed(op, err)
	}
	if len(partials) < manyFiles {
		return nil
	}
	done, err := p.store.flushAll()
	if err != nil || !done {
		return err
	}
	for _, other := range partials {
		q, ok := other.(*partial)
		if !ok || q.store != p.store {
			continue
		}
		// A flush of all tells one of its callers what it could not write, and an older
		// kernel tells nobody; this tells it of the file.
		err := unix.SyncFileRange(int(q.f.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WAIT_BEFORE)
		if err != nil && !notKept(err) && !errors.Is(err, unix.ESPIPE) {
			return failed(op, err)
		}
		q.flushed = err == nil
	}
	return nil
}

// beginWriting has the disk begin with a part of a file, and does not wait. What comes of
// it the flush tells.
func beginWriting(f *os.File, from, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), from, n, unix.SYNC_FILE_RANGE_WRITE) //nolint:errcheck // as said
}

// flushAll makes durable all that the file system of the folder holds. False: this one
// may not do it.
func (s *Store) flushAll() (bool, error) {
	dir, err := s.root.Open(".")
	if err != nil {
		return false, failed("flush uploads", err)
	}
	done := flushesAll(dir)
	if done {
		err = unix.Syncfs(int(dir.Fd()))
	}
	if err = errors.Join(err, dir.Close()); err != nil {
		return false, failed("flush uploads", err)
	}
	return done, nil
}

// flushesAll reports whether syncfs waits for the disk, which FUSE and shares of other
// machines do not.
func flushesAll(dir *os.File) bool {
	var stat unix.Statfs_t
	if err := unix.Fstatfs(int(dir.Fd()), &stat); err != nil {
		return false
	}
	switch stat.Type {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.TMPFS_MAGIC:
		return true
	}
	return false
}

// renameNew gives a file in dir a name that is free, in one step.
func renameNew(dir *os.File, from, to string) error {
	fd := int(dir.Fd())
	return unix.Renameat2(fd, from, fd, to, unix.RENAME_NOREPLACE) //nolint:wrapcheck // failed does
}

// openFiles is how many files this process may have open.
func openFiles() uint64 {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return limit.Cur
}
