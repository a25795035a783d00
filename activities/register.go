package activities

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

// register makes one activity known to a worker by its wire name, and passes
// its errors through classify. The cause, which may hold personal data, stays here.
func register[In, Out any](r worker.Registry, log *zap.Logger, a contract.Activity[In, Out], do func(context.Context, In) (Out, error)) {
	r.RegisterActivityWithOptions(func(ctx context.Context, in In) (Out, error) {
		stop := beat(ctx)
		defer stop()
		out, err := survive(ctx, log, in, do)
		if err != nil {
			log.Warn("activity did not finish", zap.String("activity", a.Name),
				zap.String("workflow", activity.GetInfo(ctx).WorkflowExecution.ID),
				zap.Int32("attempt", activity.GetInfo(ctx).Attempt), safeError(err))
		}
		return out, classify(ctx, err)
	}, activity.RegisterOptions{Name: a.Name})
}

// survive turns a panic into an error: the SDK would retry it for ever, and
// show its stack.
func survive[In, Out any](ctx context.Context, log *zap.Logger, in In, do func(context.Context, In) (Out, error)) (out Out, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			log.Error("an activity panicked", zap.String("activity", activity.GetInfo(ctx).ActivityType.Name), zap.StackSkip("stack", 1))
			err = migration.E(migration.CodeInternal, "run", activity.GetInfo(ctx).ActivityType.Name, "%v", cause)
		}
	}()
	return do(ctx, in)
}

// guarded turns a panic of a goroutine into an error: it would end the worker,
// and with it every call under way.
func guarded(do func() error) func() error {
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

// beat says that the worker is alive until stop is called: what an activity
// does may be one long call, and a worker that was killed must not be waited for.
func beat(ctx context.Context) (stop func()) {
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

// Register makes the activities of the copy role known.
func (c *Copy) Register(r worker.Registry) {
	register(r, c.Log, contract.CopyFormData, c.CopyFormData)
	register(r, c.Log, contract.CopyUploads, c.CopyUploads)
	register(r, c.Log, contract.GatherEvidence, c.GatherEvidence)
	register(r, c.Log, contract.VerifyInstance, c.VerifyInstance)
	register(r, c.Log, contract.UndoData, c.UndoData)
	register(r, c.Log, contract.CheckSource, c.CheckSource)
	register(r, c.Log, contract.TakeInventory, c.TakeInventory)
	register(r, c.Log, contract.CheckDrift, c.CheckDrift)
}

// Register makes the activities of the joget role known.
func (j *Joget) Register(r worker.Registry) {
	register(r, j.Log, contract.StartProcess, j.StartProcess)
	register(r, j.Log, contract.ReconcileStart, j.ReconcileStart)
	register(r, j.Log, contract.RestoreState, j.RestoreState)
	register(r, j.Log, contract.ResumeActivity, j.ResumeActivity)
	register(r, j.Log, contract.ResolveInstance, j.ResolveInstance)
	register(r, j.Log, contract.AbortTarget, j.AbortTarget)
	register(r, j.Log, contract.RehearseStep, j.RehearseStep)
	register(r, j.Log, contract.AbortRehearsed, j.AbortRehearsed)
	register(r, j.Log, contract.CheckServers, j.CheckServers)
}

// Register makes the activities of the workflows role known.
func (b *Book) Register(r worker.Registry) {
	register(r, b.Log, contract.ParkInstance, b.ParkInstance)
	register(r, b.Log, contract.ClaimInstances, b.ClaimInstances)
	register(r, b.Log, contract.SettleWave, b.SettleWave)
	register(r, b.Log, contract.ClaimRollback, b.ClaimRollback)
	register(r, b.Log, contract.SettleRehearsal, b.SettleRehearsal)
	register(r, b.Log, contract.ListMigrated, b.ListMigrated)
	register(r, b.Log, contract.CheckTemporal, b.CheckTemporal)
}
