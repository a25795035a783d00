package step

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
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

// failures are the attempts of one scheduling that ended badly by themselves. An
// attempt that waits, or finds a server out of reach, is none of them.
type failures struct {
	internal int // errors without a code
	answered int // errors with which Joget answered
}

// after returns f with one more error.
func (f failures) after(err error) failures {
	var w *WaitError
	switch {
	case err == nil, errors.As(err, &w):
	case api.FateOf(err) == api.Answered:
		f.answered++
	case migration.CodeOf(err) == migration.CodeInternal:
		f.internal++
	}
	return f
}

// patience remembers the failures of what this worker attempts. What another
// worker, or one before, has seen is not counted: it makes the patience longer.
type patience struct {
	sync.Mutex
	seen *expirable.LRU[migration.Token, failures]
}

// remembered bounds what a worker remembers; forgotten is longer than the longest
// pause between two attempts.
const (
	remembered = 10_000
	forgotten  = time.Hour
)

func newPatience() *patience {
	return &patience{seen: expirable.NewLRU[migration.Token, failures](remembered, nil, forgotten)}
}

// after counts an error of the attempt of ctx, and returns all of its scheduling.
func (p *patience) after(ctx context.Context, err error) failures {
	p.Lock()
	defer p.Unlock()
	token := Token(ctx)
	f, _ := p.seen.Get(token)
	if next := f.after(err); next != f {
		f = next
		p.seen.Add(token, f)
	}
	return f
}

// classify turns an error into what Temporal may see: a message without the
// cause, the code as type, and whether a retry can help. soFar are the failures of
// this scheduling, this one included.
func classify(ctx context.Context, err error, soFar failures) error {
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
		NonRetryable: !Retryable(code) || code == migration.CodeInternal && soFar.internal >= attemptsBeforeParking ||
			api.FateOf(err) == api.Answered && soFar.answered >= answersBeforeParking,
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
