package step

import (
	"context"
	"runtime/debug"
	"sync"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"jogetferry/contract"
	"jogetferry/migration"
)

// Register makes one activity known to a worker by its wire name, and passes
// its errors through classify. The cause, which may hold personal data, stays here.
func Register[In contract.Owned, Out any](r worker.Registry, log *zap.Logger, a contract.Activity[In, Out], do func(context.Context, In) (Out, error)) {
	patience := newPatience()
	r.RegisterActivityWithOptions(func(ctx context.Context, in In) (Out, error) {
		stop := heartbeat(ctx)
		defer stop()
		out, err := recovered(ctx, log, in, do)
		if err != nil {
			log.Warn("activity did not finish", zap.String("activity", a.Name),
				zap.String("workflow", activity.GetInfo(ctx).WorkflowExecution.ID),
				zap.Int32("attempt", activity.GetInfo(ctx).Attempt), SafeError(err))
		}
		return out, classify(ctx, err, patience.after(ctx, err))
	}, activity.RegisterOptions{Name: a.Name})
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

// beatsPerTimeout is how often an attempt says that its worker is alive within
// the time in which it must; one shorter than the first beat costs nothing.
const beatsPerTimeout = 3

// heartbeat says that the worker is alive until stop is called: what an activity
// does may be one long call, and a worker that was killed must not be waited for.
func heartbeat(ctx context.Context) (stop func()) {
	timeout := activity.GetInfo(ctx).HeartbeatTimeout
	if timeout == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	pace := rate.NewLimiter(rate.Every(timeout/beatsPerTimeout), 1)
	pace.Allow() // the first beat comes after the first interval
	var beating sync.WaitGroup
	beating.Go(func() {
		for pace.Wait(ctx) == nil {
			activity.RecordHeartbeat(ctx)
		}
	})
	return func() {
		cancel()
		beating.Wait()
	}
}
