package local

import (
	"context"
	"errors"
	"io"
)

// Probe reports whether the folder can be listed and, for a store that is not
// read-only, whether this account may write to it. It changes nothing.
// CodeRefused, CodeNotFound and CodeUnavailable as for the other methods.
func (s *Store) Probe(ctx context.Context) error {
	const op = "look at the uploads folder"
	if err := ctx.Err(); err != nil {
		return failed(op, err)
	}
	dir, err := s.root.Open(".")
	if err != nil {
		return failed(op, err)
	}
	_, err = dir.Readdirnames(1)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if err == nil && !s.readOnly {
		err = mayWrite(dir)
	}
	if err = errors.Join(err, dir.Close()); err != nil {
		return failed(op, err)
	}
	return nil
}
