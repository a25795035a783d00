package sftp

import (
	"context"
	"errors"
	"io/fs"
	"path"

	"jogetferry/migration"
	"jogetferry/uploads"
)

// Tidy implements uploads.Store. What another process has open cannot be told from what
// one left: such a process finds its partial file gone, and its next attempt makes another.
func (s *Store) Tidy(ctx context.Context, row migration.RowKey) error {
	const op = "tidy uploads"
	if err := s.writable(op); err != nil {
		return err
	}
	dir, err := place(uploads.Key{Row: row})
	if err != nil {
		return err
	}
	return s.on(ctx, op, func(c *session) error {
		info, err := c.look(dir)
		if err == nil {
			err = folder(info)
		}
		if err == nil {
			err = c.tidy(ctx, dir, 0)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for above := path.Dir(dir); above != "."; above = path.Dir(above) {
			if err := c.removeEmpty(above); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *session) tidy(ctx context.Context, dir string, depth int) error {
	infos, err := c.list(ctx, dir)
	if err != nil {
		return err
	}
	for _, info := range infos {
		below := path.Join(dir, info.Name())
		var err error
		switch {
		case typeOf(info) == typeFolder && depth < uploads.MaxDepth:
			err = c.tidy(ctx, below, depth+1)
		case typeOf(info) == typeFile && uploads.IsPartial(info.Name()):
			err = c.removePartial(below)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return c.removeEmpty(dir)
}

// removePartial removes a partial file that nobody in this process has open.
func (c *session) removePartial(name string) error {
	if !c.store.writers.Take(name) {
		return nil
	}
	defer c.store.writers.Release(name)
	return c.remove(name)
}

// removeEmpty removes a folder if nothing is in it; otherwise the server only says that it failed.
func (c *session) removeEmpty(dir string) error {
	err := c.bounded(func() error { return c.client.RemoveDirectory(c.path(dir)) })
	if errors.Is(err, fs.ErrNotExist) || justFailed(err) {
		return nil
	}
	return err
}
