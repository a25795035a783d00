package step

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"jogetferry/contract"
	"jogetferry/migration"
)

// Register makes one activity known to a worker by its wire name, and passes
// its errors through classify. The cause, which may hold personal data, stays here.
func Register[In contract.Owned, Out any](r worker.Registry, log *zap.Logger, a contract.Activity[In, Out], do func(context.Context, In) (Out, error)) {
	r.RegisterActivityWithOptions(func(ctx context.Context, in In) (out Out, err error) {
		doing, at, stop := begin(ctx, a.Role, in, stuckAfter)
		if cut := at.memory.Failed; cut.Kind == failedSilently && cut.exhausted() {
			err = silent(a.Name, fmt.Sprintf("%d attempts in a row ended without a word: the worker died, or the attempt was cut", cut.Count))
		} else {
			out, err = recovered(doing, log, in, do)
		}
		stop()
		if err == nil {
			if leads, is := any(&out).(contract.Leading); is {
				leads.PassOn(at.kept().Sent)
			}
			return out, nil
		}
		switch {
		case errors.Is(context.Cause(doing), errSilent):
			err = silent(a.Name, fmt.Sprintf("nothing moved for %s", stuckAfter))
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			// Temporal hears nothing of this attempt any more, but for its last heartbeat.
			err = silent(a.Name, "its time was over")
		}
		log.Warn("activity did not finish", zap.String("activity", a.Name),
			zap.String("workflow", activity.GetInfo(ctx).WorkflowExecution.ID),
			zap.Int32("attempt", activity.GetInfo(ctx).Attempt), SafeError(err))
		return out, classify(ctx, err, at.kept().end(ctx, err))
	}, activity.RegisterOptions{Name: a.Name})
}

// silent is the error of an attempt that could not say how it went.
func silent(activity, hint string) error {
	return &migration.Error{Code: migration.CodeInternal, Op: "run", Subject: activity, Hint: hint, Err: errSilent}
}

// recovered turns a panic into an error: the SDK would retry it for ever, and
// show its stack.
func recovered[In, Out any](ctx context.Context, log *zap.Logger, in In, do func(context.Context, In) (Out, error)) (out Out, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			log.Error("an activity panicked", zap.String("activity", activity.GetInfo(ctx).ActivityType.Name), zap.StackSkip("stack", 1))
			err = migration.E(migration.CodeInternal, "run", activity.GetInfo(ctx).ActivityType.Name, "%v", cause)
		}
	}()
	return do(ctx, in)
}

// Recovered turns a panic of a goroutine into an error: it would end the worker,
// and with it every call under way.
func Recovered(do func() error) func() error {
	return func() (err error) {
		defer func() {
			if cause := recover(); cause != nil {
				err = migration.E(migration.CodeInternal, "run", "a part of an activity", "%v\n%s", cause, debug.Stack())
			}
		}()
		return do()
	}
}
