package ferryd

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
