package local

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"jogetferry/migration"
	"jogetferry/uploads"
)

// namesAtOnce is how many entries of a folder are held while it is read.
const namesAtOnce = 1024

// Folders implements uploads.Folders.
func (s *Store) Folders(ctx context.Context, span uploads.FolderSpan, most int) (_ []uploads.RecordFolder, err error) {
	dir, err := s.table(span.Table)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, failed(opFolders, err)
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	first := uploads.FirstFolders{Span: span, Most: most}
	for {
		if err := ctx.Err(); err != nil {
			return nil, failed(opFolders, err)
		}
		entries, err := dir.ReadDir(namesAtOnce)
		for _, e := range entries {
			kind, ok := s.kindOf(e)
			if ok {
				first.Add(uploads.RecordFolder{Name: e.Name(), Kind: kind})
			}
		}
		if errors.Is(err, io.EOF) {
			return first.Sorted(), nil
		}
		if err != nil {
			return nil, failed(opFolders, err)
		}
	}
}

const opFolders = "list folders of records"

// table opens the folder of a table.
func (s *Store) table(table string) (*os.File, error) {
	name, err := uploads.TableFolder(table)
	if err != nil {
		return nil, err
	}
	info, err := s.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &migration.Error{Code: migration.CodeUnsupported, Op: opFolders, Hint: "a symlink or file stands where a table's folder should be"}
	}
	return openQuietly(s.root, name)
}

// kindOf is what an entry of a table's folder is, "" for a folder; false for what is in
// the making.
func (s *Store) kindOf(e fs.DirEntry) (uploads.Kind, bool) {
	kind := uploads.KindOther
	switch {
	case uploads.IsPartial(e.Name()):
		return kind, s.readOnly
	case e.IsDir():
		kind = ""
	case e.Type()&fs.ModeSymlink != 0:
		kind = uploads.KindSymlink
	case e.Type().IsRegular():
		kind = uploads.KindFile
	}
	return kind, true
}
