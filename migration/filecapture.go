package migration

// FileCapture is what lay in the folders of an instance's records on the target
// before anything ran there that can change files.
type FileCapture struct {
	Rows  []RowKey // whose folders were looked into, also where they were empty
	Files []FileSeen
}

// FileSeen is one file of a FileCapture. Sum is zero unless the file was what
// the source has: copied by us, or the same by itself.
type FileSeen struct {
	Row   RowKey
	Entry FileEntry
	Sum   Digest
}
