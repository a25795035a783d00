package migration

import "crypto/sha256"

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
