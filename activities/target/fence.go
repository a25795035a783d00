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
	act *Activities
	of  *Instance
}

// Fence returns the fence of i.
func (act *Activities) Fence(i *Instance) Fence { return Fence{act, i} }

// Do makes one call that changes the target instance, with its intent in
// the ledger before and its outcome after. An earlier call whose end nobody saw
// blocks it until its effect is seen on the target, or its time is over.
func (f Fence) Do(ctx context.Context, at migration.Step, call migration.Call, do func(context.Context) error) error {
	id, err := f.act.Ledger.OpenFence(ctx, f.of.Key, at, call)
	var busy *migration.FencedError
	if errors.As(err, &busy) {
		age := f.act.Settings.Settle
		if over, err := f.over(ctx, call.Target, busy.Call); err != nil {
			return err
		} else if over {
			age = 0
		}
		if busy.Age < age {
			return &step.WaitError{Why: "an earlier call may still be running on the target", Delay: min(age-busy.Age, 30*time.Second)}
		}
		// What was decided was decided before that call's effect was known.
		if err := f.act.Ledger.CloseFence(ctx, f.of.Key, busy.ID, migration.FateAnswered, 0, "its effect is visible, or its time has passed"); err != nil {
			return err
		}
		return &step.WaitError{Why: "an earlier call has ended; looking at the target again", Delay: 100 * time.Millisecond}
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
	if closed := f.act.Ledger.CloseFence(closing, f.of.Key, id, fate, statusOf(err), ""); closed != nil {
		return errors.Join(closed, err)
	}
	if api.KindOf(err) == api.KindUnexpected {
		// The call is over, and its answer says nothing. What every such call
		// changed is read back anyway.
		return nil
	}
	return err
}

// over tells whether a call that the fence holds has had its effect by now, or
// can have none any more. target is the instance of the call that waits for it.
func (f Fence) over(ctx context.Context, target migration.InstanceID, call migration.Call) (bool, error) {
	id := call.Target
	now, err := f.act.read(ctx, id)
	if migration.CodeOf(err) == migration.CodeNotFound {
		// A subflow that is gone cannot be changed any more; a root may be late.
		return id != target, nil
	}
	if err != nil || !now.State.Open() {
		return err == nil, err
	}
	root := now
	if f.of.Entry.TargetID != "" && f.of.Entry.TargetID != id {
		if root, err = f.act.read(ctx, f.of.Entry.TargetID); err != nil {
			return false, err
		}
	}
	nodes, err := f.act.nodes(ctx, f.of, root)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(nodes, func(n *node) bool { return n.target != nil && n.target.ID == id })
	return i >= 0 && nodes[i].seen(call), nil
}

// drain makes sure that no call without an answer can still change a target
// that is where it has to be.
func (f Fence) drain(ctx context.Context, root migration.InstanceID) error {
	fence, err := f.act.Ledger.Fence(ctx, f.of.Key)
	if err != nil || fence == nil {
		return err
	}
	over, err := f.over(ctx, root, fence.Call)
	if err != nil {
		return err
	}
	if !over && fence.Age < f.act.Settings.Settle {
		return &step.WaitError{Why: "a call without an answer may still change the target instance", Delay: min(f.act.Settings.Settle-fence.Age, 30*time.Second)}
	}
	return f.act.Ledger.CloseFence(ctx, f.of.Key, fence.ID, migration.FateAnswered, 0, "its effect is visible, or its time has passed")
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
