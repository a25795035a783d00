package sftp

import (
	"errors"
	"fmt"
	"io/fs"

	protocol "github.com/pkg/sftp"

	"jogetferry/migration"
)

// Status codes of the protocol (draft-ietf-secsh-filexfer-02, section 7). OpenSSH has
// statusBadMessage for a name that is too long, and statusFailure for most of the rest.
const (
	statusFailure     = 4
	statusBadMessage  = 5
	statusUnsupported = 8
)

// failed turns an error of the library into a typed one without its path: folders are
// named by records, files by people. What the server did not say means that the
// connection is gone.
func failed(op string, err error) error {
	var typed *migration.Error
	if err == nil || errors.As(err, &typed) {
		return err
	}
	var byPath *fs.PathError
	if errors.As(err, &byPath) {
		err = byPath.Err
	}
	e := &migration.Error{Code: migration.CodeUnavailable, Op: op, Err: err}
	var status *protocol.StatusError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Code = migration.CodeNotFound
	case errors.Is(err, fs.ErrPermission):
		e.Code, e.Hint = migration.CodeRefused, "the account of the SFTP server lacks the right for this in the uploads folder"
	case !errors.As(err, &status):
		e.Cause = "the connection to the SFTP server was lost"
	case status.Code == statusBadMessage, status.Code == statusUnsupported:
		e.Code = migration.CodeUnsupported
	default:
		e.Code, e.Cause = migration.CodeInternal, fmt.Sprintf("the SFTP server failed, status %d", status.Code)
	}
	return e
}

// justFailed reports whether the server answered that it failed, and not why.
func justFailed(err error) bool {
	var status *protocol.StatusError
	return errors.As(err, &status) && status.Code == statusFailure
}

// ignoreStatus passes over what this account or server cannot do, and says so by an answer.
func ignoreStatus(err error) error {
	var status *protocol.StatusError
	if errors.Is(err, fs.ErrPermission) || errors.As(err, &status) {
		return nil
	}
	return err
}
