package step

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.uber.org/zap"

	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/migration"
)

// patience bounds how often in a row the attempts of one activity may fail in one
// way. With the policy of retries eight are two minutes, and twenty a quarter of an hour.
var patience = map[failureKind]int{
	// It may be a mistake of ours, and then no retry mends it.
	failedInternally: 8,
	// Joget refuses this call, or is still starting.
	failedAnswered: 20,
	// What is known of a server's tables is at most a minute old, and they change when
	// an app is published there. A trigger or a view that names what is not there fails for ever.
	failedSchema: 8,
	// A worker may be killed, and a machine may be lost. An instance that kills its worker
	// does so each time.
	failedSilently: 8,
}

// offerAgain is how long it takes until an activity that was refused is offered
// again. It is short: another worker may be free all the time.
const offerAgain = 10 * time.Second

// WaitError is an error that asks for another attempt after a while: something is
// under way whose end must be awaited. It is not a failure.
type WaitError struct {
	Why   string        // for operators, free of personal data
	Delay time.Duration // 0: as the retry policy has it
}

func (w *WaitError) Error() string { return w.Why }

// failureKind is a way in which an attempt ends badly by itself.
type failureKind string

// The kinds; they are kept in Temporal while an activity is retried.
const (
	failedNot        failureKind = ""         // out of reach, or a side moved: somebody else's doing, and waited out
	failedInternally failureKind = "internal" // an error without a code
	failedAnswered   failureKind = "answered" // Joget answered with an error of its own
	failedSchema     failureKind = "schema"   // a database lacks what its schema had a moment ago
	failedSilently   failureKind = "silent"   // it was cut by a time-out, or got stuck
)

// errSilent is the cause of an error that stands for attempts which said nothing themselves.
var errSilent = errors.New("no word of its own")

// kindOf tells in which way an attempt failed. told is false where its end tells
// nothing: it waited, or was cut off, before it came to what failed earlier.
func kindOf(ctx context.Context, err error) (kind failureKind, told bool) {
	var (
		waits      *WaitError
		misdirects *MisdirectedError
		coded      *migration.Error
	)
	switch {
	case errors.Is(err, errSilent):
		return failedSilently, true
	case errors.As(err, &waits), errors.As(err, &misdirects), interrupted(ctx, err):
		return failedNot, false
	case api.FateOf(err) == api.Answered:
		return failedAnswered, true
	case migration.CodeOf(err) == migration.CodeInternal:
		return failedInternally, true
	case migration.CodeOf(err) == migration.CodeDrifted && errors.As(err, &coded) && coded.Cause != "":
		return failedSchema, true
	}
	return failedNot, true
}

// failures are the attempts of one scheduling that failed in one way, one after the
// other. Another way begins anew, and so does an outage: what comes up again
// fails for a while, and nobody parks for that.
type failures struct {
	Kind  failureKind `json:"kind"`
	Count int         `json:"count"`
}

// after returns f with one more attempt, which ended with err.
func (f failures) after(ctx context.Context, err error) failures {
	kind, told := kindOf(ctx, err)
	var waits *WaitError
	switch {
	case f.Kind == failedSilently && errors.As(err, &waits):
		return failures{} // it came as far as it can for now
	case !told:
		return f
	}
	return f.more(kind, 1)
}

// more returns f with n more failures of a kind.
func (f failures) more(kind failureKind, n int) failures {
	if kind == failedNot {
		return failures{}
	}
	if kind == f.Kind {
		n += f.Count
	}
	return failures{Kind: kind, Count: n}
}

// exhausted reports whether f is more than what is borne with.
func (f failures) exhausted() bool { return f.Kind != failedNot && f.Count >= patience[f.Kind] }

// interrupted reports whether an attempt ended since its worker stops, or since it was cancelled.
func interrupted(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, context.Canceled)
}

// classify turns an error into what Temporal may see: a message without the
// cause, the code as type, whether a retry can help, and which call was left under way.
// left is what this scheduling leaves, this attempt included.
func classify(ctx context.Context, err error, left memory) error {
	if err == nil {
		return nil
	}
	var w *WaitError
	if errors.As(err, &w) {
		return temporal.NewApplicationErrorWithOptions(w.Why, contract.WaitingType, temporal.ApplicationErrorOptions{
			NextRetryDelay: w.Delay, Category: temporal.ApplicationErrorCategoryBenign,
		})
	}
	var misdirected *MisdirectedError
	if errors.As(err, &misdirected) {
		return temporal.NewApplicationErrorWithOptions(misdirected.Why, contract.MisdirectedType, temporal.ApplicationErrorOptions{NextRetryDelay: offerAgain})
	}
	if interrupted(ctx, err) {
		return temporal.NewApplicationErrorWithOptions("interrupted", string(migration.CodeUnavailable), temporal.ApplicationErrorOptions{})
	}
	code := migration.CodeOf(err)
	message := "unexpected error; see the log of the worker"
	var coded *migration.Error
	if errors.As(err, &coded) {
		message = coded.Safe()
	}
	o := temporal.ApplicationErrorOptions{NonRetryable: !Retryable(code) || left.Failed.exhausted()}
	if left.Sent.Fence != "" {
		o.Details = []any{left.Sent}
	}
	return temporal.NewApplicationErrorWithOptions(message, string(code), o)
}

// Retryable reports whether a repetition can end differently without anybody's help.
func Retryable(code migration.Code) bool {
	switch code {
	case migration.CodeUnavailable, migration.CodeDrifted, migration.CodeInternal:
		return true
	case migration.CodeInvalid, migration.CodeNotFound, migration.CodeConflict, migration.CodeUnsupported, migration.CodeRefused:
	}
	return false
}

// SafeError is an error as the log may show it.
func SafeError(err error) zap.Field {
	var w *WaitError
	if errors.As(err, &w) {
		return zap.String("waiting", w.Why)
	}
	var misdirected *MisdirectedError
	if errors.As(err, &misdirected) {
		return zap.String("error", misdirected.Why)
	}
	var coded *migration.Error
	if errors.As(err, &coded) {
		return zap.String("error", coded.Safe())
	}
	return zap.String("error", "internal: "+fmt.Sprintf("%T", err))
}
