//go:build unix

package local

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"
)

// Free returns how many bytes this account may still write to the file system
// of the folder.
func (s *Store) Free(ctx context.Context) (int64, error) {
	const op = "ask for free space"
	if err := ctx.Err(); err != nil {
		return 0, failed(op, err)
	}
	dir, err := s.root.Open(".")
	if err != nil {
		return 0, failed(op, err)
	}
	var stat unix.Statfs_t
	if err := errors.Join(unix.Fstatfs(int(dir.Fd()), &stat), dir.Close()); err != nil {
		return 0, failed(op, err)
	}
	return int64(stat.Bavail) * int64(stat.Bsize), nil //nolint:gosec,unconvert // systems differ in the types; none has 2^63 bytes
}
