package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"jogetferry/internal/nearest"
	"jogetferry/migration"
)

// mistake is an error of what the operator typed: nothing was written.
func mistake(format string, args ...any) error {
	return &plain{code: migration.CodeInvalid, text: fmt.Sprintf(format, args...)}
}

// plain is an error whose text is the whole message. It carries a code without
// showing it.
type plain struct {
	code migration.Code
	text string
	err  error
}

// Error returns the text.
func (p *plain) Error() string { return p.text }

// Unwrap gives the code to migration.CodeOf.
func (p *plain) Unwrap() error { return &migration.Error{Code: p.code, Op: p.text, Err: p.err} }

// temporalError gives an error of Temporal's client a code and says what to check.
func temporalError(op, subject string, err error) error {
	var (
		missing   *serviceerror.NotFound
		namespace *serviceerror.NamespaceNotFound
		invalid   *serviceerror.InvalidArgument
		denied    *serviceerror.PermissionDenied
		failed    *temporal.ApplicationError
		coded     *migration.Error
	)
	e := &migration.Error{Code: migration.CodeUnavailable, Op: op, Subject: subject, Err: err}
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &coded):
		return err
	case temporal.IsWorkflowExecutionAlreadyStartedError(err):
		e.Code = migration.CodeConflict
	case errors.As(err, &failed):
		e.Code = codeOf(failed)
		e.Err = errors.New(failed.Message())
	case errors.As(err, &missing):
		e.Code = migration.CodeNotFound
	case errors.As(err, &namespace), errors.As(err, &invalid), errors.As(err, &denied):
		e.Code, e.Hint = migration.CodeInvalid, "check TEMPORAL_NAMESPACE and the rights of its key"
	default:
		e.Hint = "check TEMPORAL_ADDRESS and that Temporal and a worker run"
	}
	return e
}

// codeOf reads the code that activities use as the type of their errors.
func codeOf(failed *temporal.ApplicationError) migration.Code {
	switch code := migration.Code(failed.Type()); code {
	case migration.CodeInvalid, migration.CodeNotFound, migration.CodeConflict, migration.CodeUnsupported,
		migration.CodeDrifted, migration.CodeRefused, migration.CodeUnavailable:
		return code
	case migration.CodeInternal:
	}
	return migration.CodeInternal
}

// unknownWord returns a mistake for a word that is not known, naming the nearest.
func unknownWord(what, word string, known []string) error {
	if near := nearest.Words(word, known, 3); len(near) > 0 {
		return mistake("%s %q is not known; did you mean %s?", what, word, strings.Join(near, " or "))
	}
	if len(known) == 0 {
		return mistake("%s %q is not known", what, word)
	}
	return mistake("%s %q is not known; the known ones are %s", what, word, strings.Join(known[:min(len(known), 10)], ", "))
}
