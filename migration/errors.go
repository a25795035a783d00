package migration

import (
	"errors"
	"fmt"
)

// Code classifies an error for machines: activities decide by it whether a
// retry can help, starter decides the exit status. Codes are an interface;
// they are never renamed.
type Code string

// The codes. An error without one is Internal.
const (
	CodeInvalid     Code = "invalid"     // the input is wrong; a retry gives the same answer
	CodeNotFound    Code = "not_found"   // the thing named does not exist
	CodeConflict    Code = "conflict"    // the thing exists, and is not what we may overwrite
	CodeUnsupported Code = "unsupported" // we know that we cannot do it
	CodeDrifted     Code = "drifted"     // a side moved while we looked
	CodeRefused     Code = "refused"     // a server answered, and said no
	CodeUnavailable Code = "unavailable" // out of reach now; a retry can help
	CodeInternal    Code = "internal"    // a mistake of ours
)

// Error is an error with a code. Op says what was being done, Subject to
// what; both must be free of personal data, since they may reach Temporal.
// Err is the cause; it stays in the worker's memory and may hold anything.
type Error struct {
	Code    Code
	Op      string // "start instance", "copy form data"
	Subject string // instance or definition ID, table; never a user, record or file name
	Cause   string // what is known of the cause and safe to show, "database error 1290 (HY000)"; may be empty
	Hint    string // what the operator can do next; may be empty
	Err     error
}

// Error returns "op subject: code: Cause (hint): Err". It may hold personal data of Err.
func (e *Error) Error() string {
	s := e.Safe()
	if e.Err != nil && e.Err.Error() != e.Cause {
		s += ": " + e.Err.Error()
	}
	return s
}

// Safe returns the message without Err: what may leave the worker.
func (e *Error) Safe() string {
	s := e.Op
	if e.Subject != "" {
		s += " " + e.Subject
	}
	s += ": " + string(e.Code)
	if e.Cause != "" {
		s += ": " + e.Cause
	}
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the outermost *Error in err's chain, "" for a nil
// error, and CodeInternal where there is none.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// E builds an *Error; format and args give Err (with %w), an empty format no cause.
func E(code Code, op, subject, format string, args ...any) *Error {
	e := &Error{Code: code, Op: op, Subject: subject}
	if format != "" {
		e.Err = fmt.Errorf(format, args...)
	}
	return e
}
