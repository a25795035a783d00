package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"

	"jogetferry/migration"
	"jogetferry/uploads"
)

// failed turns an error of the file system into a typed one without its path:
// folders are named by records, files by people.
func failed(op string, err error) error {
	var typed *migration.Error
	if errors.As(err, &typed) {
		return err
	}
	var byPath *fs.PathError
	var byLink *os.LinkError
	switch {
	case errors.As(err, &byPath):
		err = byPath.Err
	case errors.As(err, &byLink):
		err = byLink.Err
	}
	e := &migration.Error{Code: migration.CodeInternal, Op: op, Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Code = migration.CodeNotFound
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		e.Code, e.Hint = migration.CodeRefused, "the account of the worker lacks the right for this in the uploads folder"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Code, e.Hint, e.Err = migration.CodeUnavailable, "no space left for uploads", errors.Join(uploads.ErrFull, err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.EIO), errors.Is(err, syscall.ESTALE), errors.Is(err, syscall.ETIMEDOUT):
		e.Code = migration.CodeUnavailable
	case errors.Is(err, errSwapped):
		e.Code = migration.CodeDrifted
	case errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.ELOOP), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.EILSEQ), errors.Is(err, syscall.EINVAL):
		e.Code = migration.CodeUnsupported
	}
	return e
}

// noHardLinks reports whether err says that the file system has none.
func noHardLinks(err error) bool {
	return notKept(err) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EMLINK)
}

// notKept reports whether err says that the file system does not know the thing asked for.
func notKept(err error) bool {
	return errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS)
}

// ignoreUnsupported passes over file systems that cannot flush folders.
func ignoreUnsupported(err error) error {
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}
