package target

import (
	"context"
	"errors"
	"slices"
	"time"

	"jogetferry/activities/step"
	"jogetferry/joget/api"
	"jogetferry/migration"
)

// Fence lets one call at a time change the target of an instance.
type Fence struct {
	guard Guard
	of    *Instance
}

// Fence returns the fence of i.
func (g Guard) Fence(i *Instance) Fence { return Fence{g, i} }

// Do makes one call that changes the target instance, with its intent in
// the ledger before and its outcome after. An earlier call blocks it until that
// one is over.
func (f Fence) Do(ctx context.Context, at migration.Step, call migration.Call, do func(context.Context) error) error {
	id, err := f.guard.Ledger.OpenFence(ctx, f.of.Key, at, call)
	var busy *migration.FencedError
	if errors.As(err, &busy) {
		if err := f.close(ctx, busy); err != nil {
			return err
		}
		// What was decided was decided before that call's effect was known.
		return &step.WaitError{Why: "an earlier call has ended; looking at the target again", Delay: leastWait}
	}
	if err != nil {
		return err
	}
	err = do(ctx)
	// The outcome is written even when the worker is being stopped.
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerTime)
	defer cancel()
	fate := api.FateOf(err)
	var undecided *step.WaitError
	if errors.As(err, &undecided) || fate == migration.FateNone {
		fate = migration.FateNotSent // do returned before its call
	}
	if closed := f.guard.Ledger.CloseFence(closing, f.of.Key, id, fate, statusOf(err), ""); closed != nil {
		return errors.Join(closed, err)
	}
	if api.KindOf(err) == api.KindUnexpected {
		// The call is over, and its answer says nothing. What every such call
		// changed is read back anyway.
		return nil
	}
	return err
}

// Drain makes sure that no call without an answer can still change a target
// that is where it has to be: it waits until the last one is over.
func (f Fence) Drain(ctx context.Context) error {
	fence, err := f.guard.Ledger.Fence(ctx, f.of.Key)
	if err != nil || fence == nil {
		return err
	}
	return f.close(ctx, fence)
}

// Drain is Fence.Drain for one who has not loaded the instance.
func (g Guard) Drain(ctx context.Context, opened *step.Opened) error {
	fence, err := g.Ledger.Fence(ctx, opened.Key)
	if err != nil || fence == nil {
		return err
	}
	i, err := g.Load(ctx, opened.StepInput)
	if err != nil {
		return err
	}
	return g.Fence(i).close(ctx, fence)
}

// close takes a call out of the fence that is over, and waits for one that is not.
func (f Fence) close(ctx context.Context, fence *migration.FencedError) error {
	over, err := f.over(ctx, fence)
	if err != nil {
		return err
	}
	if over.End == migration.EndNone {
		return stillRuns("a call got no answer and may still run on the target ("+string(fence.Call.Verb)+")", over, f.guard.Settings.Rest)
	}
	return f.guard.Ledger.CloseFence(ctx, f.of.Key, fence.ID, migration.FateAnswered, 0, "over: "+string(over.End))
}

// unmoved looks once more right before a call, when nothing is left to wait for:
// what was decided holds only for the activities that were open, and while nobody
// worked on them. The call is to be made with the context that it returns.
func (act *Activities) unmoved(ctx context.Context, decided *migration.Instance) (context.Context, error) {
	ctx, err := act.API.Admit(ctx)
	if err != nil {
		return ctx, err
	}
	now, err := act.read(ctx, decided.ID)
	if err != nil {
		return ctx, err
	}
	same := slices.EqualFunc(decided.Activities, now.Activities, func(a, b migration.OpenActivity) bool {
		return a.ID == b.ID && a.State == b.State && a.AcceptedBy == b.AcceptedBy
	})
	extra := !slices.EqualFunc(decided.Tokens, now.Tokens, func(a, b migration.JoinToken) bool { return a.Join == b.Join && a.From == b.From })
	if !same || extra {
		return ctx, movedOn()
	}
	return ctx, nil
}

func movedOn() error {
	return &step.WaitError{Why: "the target instance moved on; looking at it again", Delay: time.Second}
}

// ledgerTime bounds the writing of an outcome that shutdown does not interrupt.
const ledgerTime = 20 * time.Second

func statusOf(err error) int {
	var call *api.CallError
	if errors.As(err, &call) {
		return call.Status
	}
	if err == nil {
		return 200
	}
	return 0
}
