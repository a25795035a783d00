// Package exitcode is the one table from error codes to exit statuses, which
// are an interface of starter and worker; see docs/output.md.
package exitcode

import (
	"errors"

	"jogetferry/config"
	"jogetferry/migration"
)

// The exit statuses.
const (
	OK          = 0
	Internal    = 1 // a mistake of ours
	Usage       = 2 // arguments or configuration; nothing was written
	Blocked     = 3 // findings stand against it
	Unsettled   = 4 // ended with parked, skipped, failed or differing instances
	Unavailable = 5 // Temporal, the ledger or a server is out of reach
)

// Error is an end that is no failure of the program: its text is for the operator.
type Error struct {
	Status int
	Text   string
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

// Of returns the exit status of err, OK for nil.
func Of(err error) int {
	if err == nil {
		return OK
	}
	var ended *Error
	if errors.As(err, &ended) {
		return ended.Status
	}
	var mistakes config.Mistakes
	if errors.As(err, &mistakes) {
		return Usage
	}
	switch migration.CodeOf(err) {
	case migration.CodeInvalid, migration.CodeNotFound, migration.CodeConflict, migration.CodeUnsupported, migration.CodeRefused:
		return Usage
	case migration.CodeDrifted:
		return Unsettled
	case migration.CodeUnavailable:
		return Unavailable
	case migration.CodeInternal:
	}
	return Internal
}
