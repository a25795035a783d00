//go:build !linux

package local

import (
	"context"
	"errors"
	"os"

	"jogetferry/uploads"
)

const manyFiles = 16

// FlushAll leaves it to Commit: this system cannot flush the file system alone.
func (p *partial) FlushAll(context.Context, []uploads.Partial) error { return nil }

func beginWriting(*os.File, int64, int64) {}

func (s *Store) flushAll() (bool, error) { return false, nil }

func renameNew(*os.File, string, string) error { return errors.ErrUnsupported }

func openFiles() uint64 { return 0 }
