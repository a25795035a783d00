package step

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.uber.org/zap"

	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/migration"
)

// attemptsBeforeParking bounds the retries of an error that has no code: it may
// be a mistake of ours, and then no retry mends it.
const attemptsBeforeParking = 8

// answersBeforeParking bounds the retries of a call that Joget answers with an
// error of its own each time; with the policy of retries this is a quarter of an hour.
const answersBeforeParking = 20

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

// classify turns an error into what Temporal may see: a message without the
// cause, the code as type, and whether a retry can help.
func classify(ctx context.Context, err error) error {
	return classifyAt(ctx, err, activity.GetInfo(ctx).Attempt)
}

func classifyAt(ctx context.Context, err error, attempt int32) error {
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
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return temporal.NewApplicationErrorWithOptions("interrupted", string(migration.CodeUnavailable), temporal.ApplicationErrorOptions{})
	}
	code := migration.CodeOf(err)
	message := "unexpected error; see the log of the worker"
	var coded *migration.Error
	if errors.As(err, &coded) {
		message = coded.Safe()
	}
	return temporal.NewApplicationErrorWithOptions(message, string(code), temporal.ApplicationErrorOptions{
		NonRetryable: !Retryable(code) || code == migration.CodeInternal && attempt >= attemptsBeforeParking ||
			api.FateOf(err) == api.Answered && attempt >= answersBeforeParking,
	})
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
