package sftp

import (
	"context"
	"errors"
	"io/fs"

	"jogetferry/uploads"
)

// Folders implements uploads.Folders. The library reads a folder as a whole.
func (s *Store) Folders(ctx context.Context, span uploads.FolderSpan, most int) ([]uploads.RecordFolder, error) {
	dir, err := uploads.TableFolder(span.Table)
	if err != nil {
		return nil, err
	}
	first := uploads.FirstFolders{Span: span, Most: most}
	err = s.on(ctx, "list folders of records", func(c *session) error {
		info, err := c.look(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			err = folder(info)
		}
		if err != nil {
			return err
		}
		infos, err := c.list(ctx, dir)
		for _, info := range infos {
			kind, ok := s.kindOf(info)
			if ok {
				first.Add(uploads.RecordFolder{Name: info.Name(), Kind: kind})
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return first.Sorted(), nil
}

// kindOf is what lies in a table's folder, "" for a folder; false for what is in the making.
func (s *Store) kindOf(info fileInfo) (uploads.Kind, bool) {
	kind := uploads.KindOther
	switch {
	case uploads.IsPartial(info.Name()):
		return kind, s.readOnly
	case typeOf(info) == typeFolder:
		kind = ""
	case typeOf(info) == typeSymlink:
		kind = uploads.KindSymlink
	case typeOf(info) == typeFile:
		kind = uploads.KindFile
	}
	return kind, true
}

// together bounds the open files of one process of the server, of which each connection has one.
const together = 64

// Together is how many files a copy may have open to make them durable at once.
func (s *Store) Together() int { return together }
