package daemon

import (
	"errors"

	"go.temporal.io/api/serviceerror"

	"jogetferry/migration"
)

// permanent reports whether trying again to connect gives the same answer.
func permanent(err error) bool {
	var coded *migration.Error
	if errors.As(err, &coded) {
		return coded.Code != migration.CodeUnavailable
	}
	var (
		missing *serviceerror.NamespaceNotFound
		denied  *serviceerror.PermissionDenied
		invalid *serviceerror.InvalidArgument
	)
	return errors.As(err, &missing) || errors.As(err, &denied) || errors.As(err, &invalid)
}

// temporalError gives an error of Temporal at address a code, by which the exit
// status tells whether starting again may help.
func temporalError(address string, err error) error {
	var coded *migration.Error
	if errors.As(err, &coded) {
		return err
	}
	code := migration.CodeUnavailable
	if permanent(err) {
		code = migration.CodeInvalid
	}
	return &migration.Error{Code: code, Op: "connect to Temporal", Subject: address, Hint: "check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, or temporal.toml", Err: err}
}
