package migration

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"time"
)

// Digest is a SHA-256; zero where there is no content.
type Digest [sha256.Size]byte

// RowImage is what a form row of the target was before we wrote to it.
type RowImage struct {
	Key     RowKey
	Existed bool
	Data    []byte // encoded row; nil when the row did not exist
	Digest  Digest // of the former content; zero when the row did not exist
	// WrittenDigest is of the content about to be written.
	WrittenDigest Digest
}

// FileKey names one uploaded file: Row is the table (without app_fd_) and record
// it belongs to, Name its path below the record's folder, with slashes; bytes,
// not necessarily text.
type FileKey struct {
	Row  RowKey
	Name string
}

// String is "table/id/" and the quoted name; it holds personal data.
func (k FileKey) String() string { return fmt.Sprintf("%s/%q", k.Row, k.Name) }

// FileKind says what an entry of an uploads folder is.
type FileKind string

// FileEntry describes a file. Size is in bytes; Modified is as the store keeps
// it, which may be coarser than a nanosecond.
type FileEntry struct {
	Name     string // FileKey.Name
	Kind     FileKind
	Size     int64
	Modified time.Time
}

// FileImage is what a file of the target was before we wrote to it.
type FileImage struct {
	Key        FileKey
	Existed    bool
	Entry      FileEntry // of the former file; zero when it did not exist
	Sum        Digest    // of the former content; zero when it did not exist
	WrittenSum Digest    // of the content about to be written
	// Content opens the former content; nil when the file did not exist.
	Content func(ctx context.Context) (io.ReadCloser, error)
}
