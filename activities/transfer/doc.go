// Package transfer brings the form data and uploads of an instance to the target
// (CopyFormData, CopyUploads), and takes them away again when it is rolled back
// (UndoData). It copies and never moves: the source is only read. Start reading
// at CopyFormData.
package transfer
