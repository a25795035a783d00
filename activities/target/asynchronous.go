package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
)

// endAsynchronous ends the asynchronous subflows that calls of ours began below a target
// instance: those of the source move by themselves, so that each would be a second one
// (docs/adr/0014-where-an-instance-goes-on.md). It is for when the call that began them is
// over and what its tools changed is seen. Where people work on one, or on the instance,
// it parks and ends none. It is safe to repeat.
func (act *Activities) endAsynchronous(ctx context.Context, i *Instance, top migration.InstanceID, at migration.Step) (contract.Outcome, error) {
	worked, err := act.endBelow(ctx, i, top, at)
	var stuck *stillOpenError
	switch {
	case errors.As(err, &stuck):
		return act.Park(ctx, i.StepInput, step.Parking{Step: at, Reason: migration.ReasonStepFailed, Message: stuck.Error()})
	case err != nil || !worked:
		return step.OK(), err
	}
	return act.Park(ctx, i.StepInput, step.Parking{Step: at, Reason: migration.ReasonTargetMoved, Message: fmt.Sprintf("Target instance %s, or an asynchronous subflow of it.", top)})
}

// endBelow is endAsynchronous for one who does not park: worked says that people worked
// there, and that nobody gave that up.
func (act *Activities) endBelow(ctx context.Context, i *Instance, top migration.InstanceID, at migration.Step) (worked bool, err error) {
	if !act.Settings.EndAsynchronous {
		return false, nil
	}
	// What is ended comes to an end with all that waits below it, and what does not is found
	// by the next look.
	for {
		begun, err := act.Target.Fresh().AsynchronousBelow(ctx, top)
		if err != nil || len(begun) == 0 {
			return false, err
		}
		// A call that may still run may begin more, and work on in these.
		if err := act.Fence(i).Drain(ctx); err != nil {
			return false, err
		}
		for _, id := range begun {
			if worked, err := act.untouchable(ctx, &i.Opened, &migration.Instance{ID: top}); worked || err != nil {
				return worked, err
			}
			if err := act.endOne(ctx, i, top, id, at); err != nil {
				return false, err
			}
		}
		// What people did between the last look and the abort is theirs.
		if worked, err := act.untouchable(ctx, &i.Opened, &migration.Instance{ID: top}); worked || err != nil {
			return worked, err
		}
	}
}

// endOne aborts an asynchronous subflow below top, and reads it back as closed.
func (act *Activities) endOne(ctx context.Context, i *Instance, top, id migration.InstanceID, at migration.Step) error {
	known, err := act.Ledger.Lines(ctx, i.Migration, i.Instance)
	if err != nil {
		return err
	}
	if migration.Aborts(known, id) >= maxAborts {
		return &stillOpenError{id}
	}
	call := migration.Call{Verb: migration.VerbAbortProcess, Target: id}
	err = act.Fence(i).Do(ctx, at, call, func(ctx context.Context) error {
		if worked, err := act.untouchable(ctx, &i.Opened, &migration.Instance{ID: top}); worked || err != nil {
			return cmp.Or(err, movedOn())
		}
		return act.API.AbortProcess(ctx, id)
	})
	if err != nil {
		return err
	}
	closed, err := act.closed(ctx, id, true)
	if err == nil && !closed {
		err = &step.WaitError{Why: "asynchronous subflow " + string(id) + " of the target is still open after it was aborted", Delay: 5 * time.Second}
	}
	return err
}
