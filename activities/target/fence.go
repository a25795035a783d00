package target

import (
	"context"
	"errors"
	"slices"
	"time"

	"jogetferry/activities/step"
	"jogetferry/joget/api"
	"jogetferry/joget/schema"
	"jogetferry/migration"
)

// Fence lets one call at a time change the target of an instance.
type Fence struct {
	guard Guard
	of    *Instance
	// admit waits for the limit of calls; nil for a fence that makes none.
	admit func(context.Context) (context.Context, error)
}

// Fence returns the fence of i.
func (act *Activities) Fence(i *Instance) Fence { return Fence{act.Guard, i, act.API.Admit} }

// Do makes one call that changes the target instance, with its intent in
// the ledger before and its outcome after. An earlier call blocks it until that
// one is over.
func (f Fence) Do(ctx context.Context, at migration.Step, call migration.Call, do func(context.Context) error) error {
	return f.do(ctx, at, call, func(ctx context.Context, _ string) error { return do(ctx) })
}

// do is Do with the ID of the fence.
func (f Fence) do(ctx context.Context, at migration.Step, call migration.Call, do func(ctx context.Context, id string) error) error {
	if err := f.guard.account(ctx, f.of.Key); err != nil {
		return err
	}
	// The age of the call counts from its intent: nothing may be waited for after that.
	ctx, err := f.admit(ctx)
	if err != nil {
		return err
	}
	id, err := f.guard.Ledger.OpenFence(ctx, f.of.Key, at, call)
	var busy *migration.FencedError
	if errors.As(err, &busy) {
		return f.close(ctx, busy)
	}
	if err != nil {
		return err
	}
	if err = step.Tell(ctx, id); err == nil {
		err = do(ctx, id)
	}
	// The outcome is written even when the worker is being stopped.
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerTime)
	defer cancel()
	fate := api.FateOf(err)
	var undecided *step.WaitError
	var commit *schema.CommitError
	switch {
	case errors.As(err, &commit):
		fate = migration.FateUnanswered
	case errors.As(err, &undecided), fate == migration.FateNone:
		fate = migration.FateNotSent // do returned before its call, or took it back
	}
	if fate == migration.FateUnanswered {
		step.Leave(ctx, id)
	} else {
		step.Over(ctx)
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

// Drain makes sure that no call without an answer can still change the target: it
// waits until the last one is over, and then asks for another attempt, since what was
// decided before was decided without its effect. Nil: there was none.
func (f Fence) Drain(ctx context.Context) error {
	if err := f.guard.account(ctx, f.of.Key); err != nil {
		return err
	}
	fence, err := f.guard.Ledger.Fence(ctx, f.of.Key)
	if err != nil || fence == nil {
		return err
	}
	return f.close(ctx, fence)
}

// Drain is Fence.Drain for one who has not loaded the instance.
func (g Guard) Drain(ctx context.Context, opened *step.Opened) error {
	if err := g.account(ctx, opened.Key); err != nil {
		return err
	}
	if !opened.Fenced {
		return nil
	}
	fence, err := g.Ledger.Fence(ctx, opened.Key)
	if err != nil || fence == nil {
		return err
	}
	i, err := g.Load(ctx, opened.StepInput)
	if err != nil {
		return err
	}
	return Fence{guard: g, of: i}.close(ctx, fence)
}

// account waits until a call can be under way no more of which Temporal knows and the ledger
// does not: it would, had it not lost its last moments.
func (g Guard) account(ctx context.Context, key migration.ClaimKey) error {
	sent := step.LastCall(ctx)
	if sent.Fence == "" {
		return nil
	}
	last, open, err := g.Ledger.LastFence(ctx, key)
	switch {
	case err != nil:
		return err
	case last == sent.Fence && open:
		return nil // the fence keeps everything out until it is over
	case last != sent.Fence:
		if err := unknown("a call was sent, and the ledger does not know of it", sent.At, &g.Settings); err != nil {
			return err
		}
	}
	step.Over(ctx)
	return nil
}

// close takes a call out of the fence that is over, and waits for one that is not. It
// always asks for another attempt.
func (f Fence) close(ctx context.Context, fence *migration.FencedError) error {
	if fence.Call.Verb == migration.VerbWriteVariables {
		return f.closeWrite(ctx, fence)
	}
	over, err := f.over(ctx, fence)
	if err != nil {
		return err
	}
	if over.End == migration.EndNone {
		return stillRuns("a call got no answer and may still run on the target ("+string(fence.Call.Verb)+")", over, f.guard.Settings.Rest)
	}
	if err := f.guard.Ledger.CloseFence(ctx, f.of.Key, fence.ID, migration.FateOver, 0, string(over.End)); err != nil {
		return err
	}
	return ended()
}

func ended() error {
	return &step.WaitError{Why: "an earlier call has ended; looking at the target again", Delay: leastWait}
}

// closeWrite is close for a transaction. Its session is over, or has the rows locked, or has
// yet to lock them and asks the ledger before it commits: so the fence is closed
// while we have the rows.
func (f Fence) closeWrite(ctx context.Context, fence *migration.FencedError) error {
	k := migration.CallKnowledge{Call: fence.Call, Fate: fence.Fate, Age: fence.Age, Settle: f.guard.Settings.Settle}
	bounded, cancel := context.WithTimeout(ctx, lockTime)
	defer cancel()
	err := f.guard.Target.WithVariablesLocked(bounded, fence.Call.Target, func(context.Context) error {
		k.Unlocked = true
		return f.guard.Ledger.CloseFence(ctx, f.of.Key, fence.ID, migration.FateOver, 0, string(migration.DecideOver(k).End))
	})
	var commit *schema.CommitError // of nothing
	switch {
	case err == nil || errors.As(err, &commit):
		return ended()
	case !k.Unlocked && migration.CodeOf(err) == migration.CodeUnavailable && ctx.Err() == nil:
		return stillRuns("variables may still be written", migration.DecideOver(k), f.guard.Settings.Rest)
	}
	return err
}

// unmoved looks once more right before a call, when nothing is left to wait for:
// what was decided holds only for the activities that were open, and while nobody
// worked on them.
func (act *Activities) unmoved(ctx context.Context, decided *migration.Instance) error {
	now, err := act.read(ctx, decided.ID)
	if err != nil {
		return err
	}
	same := slices.EqualFunc(decided.Activities, now.Activities, func(a, b migration.OpenActivity) bool {
		return a.ID == b.ID && a.State == b.State && a.AcceptedBy == b.AcceptedBy
	})
	extra := !slices.EqualFunc(decided.Tokens, now.Tokens, func(a, b migration.JoinToken) bool { return a.Join == b.Join && a.From == b.From })
	if !same || extra {
		return movedOn()
	}
	return nil
}

func movedOn() error {
	return &step.WaitError{Why: "the target instance moved on; looking at it again", Delay: time.Second}
}

// lockTime bounds how long the rows of variables are waited for at a time.
const lockTime = 10 * time.Second

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
