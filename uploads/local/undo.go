package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"syscall"

	"jogetferry/migration"
	"jogetferry/uploads"
)

const opTidy = "tidy uploads"

// Tidy implements uploads.Store.
func (s *Store) Tidy(ctx context.Context, row migration.RowKey) error {
	if err := s.writable(opTidy); err != nil {
		return err
	}
	dir, err := uploads.Folder(row)
	if err != nil {
		return err
	}
	if err := s.passable(dir); err != nil {
		return err
	}
	if err := s.tidy(ctx, dir, 0); err != nil {
		return err
	}
	for above := path.Dir(dir); above != "."; above = path.Dir(above) {
		if err := s.removeEmpty(above); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) tidy(ctx context.Context, dir string, depth int) error {
	if err := ctx.Err(); err != nil {
		return failed(opTidy, err)
	}
	names, err := names(s.root, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return failed(opTidy, err)
	}
	for _, name := range names {
		below := path.Join(dir, name)
		info, err := s.root.Lstat(below)
		switch {
		case err != nil:
		case info.IsDir() && depth < uploads.MaxDepth:
			err = s.tidy(ctx, below, depth+1)
		case info.Mode().IsRegular() && uploads.IsPartial(name):
			err = s.removePartial(below)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return failed(opTidy, err)
		}
	}
	return s.removeEmpty(dir)
}

// removePartial removes a partial file that nobody has open.
func (s *Store) removePartial(name string) (err error) {
	if !s.writers.Take(name) {
		return nil
	}
	defer s.writers.Release(name)
	f, err := s.root.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if lock(f) != nil {
		return nil
	}
	return s.root.Remove(name)
}

// removeEmpty removes a folder if nothing is in it.
func (s *Store) removeEmpty(dir string) error {
	err := s.root.Remove(dir)
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, syscall.EEXIST) {
		return nil
	}
	return failed(opTidy, err)
}
