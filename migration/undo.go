package migration

// Undo says how a row or file of the target goes back to what it was before we
// wrote to it.
type Undo[Image any] struct {
	// Shared: another migrated instance that was not rolled back uses it. It stays.
	Shared bool
	// Image is what to go back to: what taking our writes back one by one, the
	// newest first, ends with. nil: not known.
	Image *Image
	// Written are the digests of everything that we wrote or meant to write.
	// Anything else is somebody's.
	Written []Digest
}

// RowUndo is the way back of a form row. WrittenDigest of its Image is zero.
type RowUndo = Undo[RowImage]

// FileUndo is the way back of an uploaded file. WrittenSum of its Image is zero.
type FileUndo = Undo[FileImage]
