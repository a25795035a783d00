package uploads

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"jogetferry/migration"
)

// Key names one file: Row is the table (without app_fd_) and record it belongs
// to, Name its path below the record's folder, with slashes.
type Key = migration.FileKey

// Sum is the SHA-256 of a file's content.
type Sum = migration.Digest

// Kind says what an entry is.
type Kind = migration.FileKind

// The kinds. Only KindFile can be read and written; symlinks are never followed.
const (
	KindFile    Kind = "file"
	KindSymlink Kind = "symlink"
	// KindOther is a device, socket or pipe, a folder nested too deep, and on a
	// read-only store a file of a name that partial files have.
	KindOther Kind = "other"
	// KindUnreadable is of a Refusal only: the worker's account may not read it.
	KindUnreadable Kind = "unreadable"
)

// Entry describes a file. Size is in bytes; Modified is as the store keeps it,
// which may be coarser than a nanosecond.
type Entry = migration.FileEntry

// Store keeps uploads. Methods are safe for concurrent use; none follows
// symlinks or leaves the store, whatever a key says: a key that names no place
// within it is CodeUnsupported. Other errors: CodeNotFound, CodeConflict where
// said, CodeRefused without permission or on a read-only store, CodeUnavailable
// where a retry can help.
type Store interface {
	// List returns what lies below the folder of row, at any depth, by name as
	// bytes. A missing folder is an empty list. Partial files are left out; on a
	// read-only store, where nobody makes any, they are KindOther.
	List(ctx context.Context, row migration.RowKey) ([]Entry, error)
	// Stat returns the entry of key itself, not of what a symlink points to. With an
	// empty Name, or that of a folder, it is of KindOther and tells when a name in the
	// folder last came or went.
	Stat(ctx context.Context, key Key) (Entry, error)
	// Open opens a file for reading. Anything but KindFile is CodeUnsupported.
	Open(ctx context.Context, key Key) (File, error)
	// Create opens the partial file of key: the one an earlier attempt left, or
	// an empty one. key is not touched before Commit. While another holder has
	// it open, CodeUnavailable.
	Create(ctx context.Context, key Key) (Partial, error)
	// Remove removes a file; one that is absent is removed already.
	Remove(ctx context.Context, key Key) error
	// Tidy removes the partial files below the folder of row, except those that
	// are open, and then every folder in which nothing is left, the record's, those
	// above it and the table's too.
	Tidy(ctx context.Context, row migration.RowKey) error
	// Sync makes the names of committed and removed files durable, at a cost that
	// does not grow with what else lies in their folders. Content is durable from
	// Commit on; after a crash before Sync a file may be absent, never broken.
	Sync(ctx context.Context, keys []Key) error
}

// ErrStore is in the chain of an error that is of the whole store, and not of the key
// that was asked for: nothing of it can be had, whatever the code.
var ErrStore = errors.New("none of the uploads can be had")

// ErrFull is in the chain of an error of a store that has no space left.
var ErrFull = errors.New("no space left for uploads")

// File is an open file of a store.
type File interface {
	io.ReadSeekCloser
	// Entry describes the open file as it is now: another Size or Modified than
	// before means that somebody wrote to it.
	Entry() (Entry, error)
	// Mode returns its permissions; 0 where the store has none.
	Mode() (fs.FileMode, error)
}

// Partial is a file in the making. It is not safe for concurrent use.
type Partial interface {
	// Resume returns the bytes of an earlier attempt and their number; reading
	// them moves to their end, where Write goes on.
	Resume() (io.Reader, int64)
	// Restart drops all bytes.
	Restart() error
	io.Writer
	// Commit makes the content durable and gives it its name. It is CodeConflict,
	// and key untouched, when the target is not what c expects.
	Commit(ctx context.Context, c Commit) error
	// Discard closes the file and removes its bytes.
	Discard() error
	// Close lets go of the file. Without Commit its bytes stay for a later
	// attempt. It may be repeated.
	Close() error
}

// Commit says what Partial.Commit is to make.
type Commit struct {
	Size     int64     // must be the number of bytes written
	Modified time.Time // of the file
	// Mode has the permissions of the file that it is a copy of; 0: not known. A new
	// file is closed to whom they keep from reading, where whoever owns the store owns it too.
	Mode    fs.FileMode
	Replace *Entry // the file replaced, as Stat said; nil: there must be none
}
