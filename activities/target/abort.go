package target

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/schema"
	"jogetferry/migration"
)

// AbortTarget ends the target instance and reads it, and those below it, back as
// closed. Then it puts rows back that tools changed. It refuses, and touches
// nothing, when somebody worked on the target and the operator did not say that
// this may be lost, or when it cannot be told what there is to end. It is safe to repeat.
func (act *Activities) AbortTarget(ctx context.Context, in contract.AbortTargetInput) (contract.Outcome, error) {
	ok := contract.Outcome{Status: contract.StatusOK}
	if err := act.Ledger.BeginRollback(ctx, in.Migration, in.Instance); err != nil {
		return ok, err
	}
	_, claim, err := act.Claim(ctx, in.StepInput)
	if err != nil {
		return ok, err
	}
	if out, stop, err := act.holdForRollback(ctx, in); stop || err != nil {
		return out, err
	}
	switch claim.State {
	case migration.ClaimNone, migration.ClaimReleased:
		return ok, nil
	case migration.ClaimClaimed:
		// Before anything is taken back: an attempt that still lives must not send now.
		return ok, act.Ledger.Release(ctx, claim.ClaimKey, claim.Token, claim.State, "rolled back")
	case migration.ClaimSending, migration.ClaimUnknown:
		return act.refuse(ctx, in, migration.ReasonStartOutcomeUnknown, "the outcome of its start is not known; resolve that first")
	case migration.ClaimStarted:
	}
	if err := act.paired(ctx); err != nil {
		return ok, err
	}
	i, err := act.Load(ctx, in.StepInput)
	if err != nil {
		return ok, err
	}
	known, err := act.Ledger.Lines(ctx, in.Migration, in.Instance)
	if err != nil {
		return ok, err
	}
	a := &aborting{act: act, in: in, target: claim.Started, known: known, given: in.Discard && migration.WorkDiscarded(known, claim.Started.ID)}
	if reason, why, err := a.objection(ctx); err != nil {
		return ok, err
	} else if why != "" {
		return act.refuse(ctx, in, reason, why)
	}
	var stuck *stillOpenError
	switch err := act.end(ctx, i, a); {
	case errors.As(err, &stuck):
		return act.refuse(ctx, in, migration.ReasonStepFailed, stuck.Error())
	case err != nil:
		return ok, err
	}
	// What people did between the last look and the abort is theirs, too.
	if why, err := a.worked(ctx); err != nil {
		return ok, err
	} else if why != "" {
		return act.refuse(ctx, in, migration.ReasonTargetMoved, why)
	}
	// That it is closed is seen before its children are, and while its tools may still run.
	if err := act.Fence(i).Drain(ctx); err != nil {
		return ok, err
	}
	return ok, act.revertAll(ctx, i, in.Discard)
}

// holdForRollback takes the record, in which rows are put back. Where another instance
// has it and waits for the operator, the rollback is refused.
func (act *Activities) holdForRollback(ctx context.Context, in contract.AbortTargetInput) (out contract.Outcome, stop bool, err error) {
	i, err := act.Open(ctx, in.StepInput)
	if err != nil {
		return out, true, err
	}
	err = act.Ledger.HoldRecord(ctx, i.Key, i.TargetRecord(), in.Migration)
	var busy *migration.RecordBusyError
	if !errors.As(err, &busy) {
		return out, err != nil, err
	}
	stuck, err := act.Stuck(ctx, in.Migration, busy.By)
	if err == nil && !stuck {
		err = step.WaitForRecord(busy.By)
	}
	if err != nil {
		return out, true, err
	}
	out, err = act.refuse(ctx, in, migration.ReasonRecordBusy, "source instance "+string(busy.By)+" has the same record and waits for a decision; resolve that first")
	return out, true, err
}

// aborting is what speaks against the end of a target instance, looked at anew each time.
type aborting struct {
	act    *Activities
	in     contract.AbortTargetInput
	target migration.TargetIdentity
	known  []migration.StepLine // the log until the last abort
	given  bool                 // people's work is known, and the operator gave it up
}

// objection says why the instance must not be aborted; "": nothing speaks against it.
func (a *aborting) objection(ctx context.Context) (reason migration.Reason, why string, err error) {
	if reason, why, err = a.changed(ctx); why != "" || err != nil {
		return reason, why, err
	}
	why, err = a.worked(ctx)
	return migration.ReasonTargetMoved, why, err
}

// changed says why the instance is not the one that was started.
func (a *aborting) changed(ctx context.Context) (migration.Reason, string, error) {
	_, reason, err := a.act.Live(ctx, a.target)
	if err != nil || reason != migration.ReasonTargetRewound && reason != migration.ReasonTargetChanged {
		return "", "", err
	}
	return reason, fmt.Sprintf("target instance %s is another one now: %s", a.target.ID, reason.Text()), nil
}

// worked says why the instance must not be aborted because of people's work on it; "":
// there is none, or the operator gives it up, which is written down.
func (a *aborting) worked(ctx context.Context) (string, error) {
	why, err := a.work(ctx)
	switch {
	case err != nil || why == "":
		return "", err
	case !a.in.Discard:
		return why + "; --discard-target-work discards that work", nil
	}
	a.given = true
	// Once it is aborted, what was only accepted cannot be told any more.
	return "", a.act.Ledger.Log(ctx, a.in.Migration, a.in.Instance, migration.StepLine{
		Step: migration.StepRollback, Event: migration.EventWorkDiscarded, Facts: migration.Facts{Target: a.target.ID},
	})
}

// work tells of people's work that nobody gave up, "" for none.
func (a *aborting) work(ctx context.Context) (string, error) {
	if a.given {
		return "", nil
	}
	busy, err := a.act.workedBeside(ctx, a.known, a.target.ID)
	if err != nil || busy {
		return fmt.Sprintf("somebody worked on target instance %s since", a.target.ID), err
	}
	if busy, err = a.act.endedUnseen(ctx, a.known, a.target.ID); err != nil || !busy {
		return "", err
	}
	return fmt.Sprintf("target instance %s was ended since, and the target keeps no history that says who worked on it", a.target.ID), nil
}

// unmoved looks once more right before a call, when nothing is left to wait for: what
// speaks against the abort by now is judged by another attempt.
func (a *aborting) unmoved(ctx context.Context) error {
	_, why, err := a.changed(ctx)
	if err == nil && why == "" {
		why, err = a.work(ctx)
	}
	if err != nil || why == "" {
		return err
	}
	return movedOn()
}

// endedUnseen reports whether a target instance was ended by somebody else where the
// server deletes what has ended, so that nothing tells who worked on it
// (docs/joget.md#after-the-end).
func (act *Activities) endedUnseen(ctx context.Context, known []migration.StepLine, id migration.InstanceID) (bool, error) {
	if migration.EndedByUs(known, id) {
		return false, nil
	}
	p, err := act.Target.Fresh().Presence(ctx, id)
	return p.Where == schema.InLinks, err
}

// refuse returns the instance to where it stood.
func (act *Activities) refuse(ctx context.Context, in contract.AbortTargetInput, reason migration.Reason, why string) (contract.Outcome, error) {
	out := contract.Outcome{Status: contract.StatusSkipped, Reason: reason, Message: why}
	return out, act.Ledger.RefuseRollback(ctx, in.Migration, in.Instance, why)
}

// maxAborts is how often an instance is aborted in one rollback that stays open
// although each call was answered.
const maxAborts = 10

// stillOpenError is the error of an instance that no abort ends.
type stillOpenError struct{ id migration.InstanceID }

func (e *stillOpenError) Error() string {
	return fmt.Sprintf("target instance %s is still open after %d aborts; Joget's log says why", e.id, maxAborts)
}

// end aborts the instance of a. Those below it end with it; one that does not is
// aborted by itself. A stillOpenError: it cannot be ended.
func (act *Activities) end(ctx context.Context, i *Instance, a *aborting) error {
	all, err := act.ending(ctx, i, a.target.ID, migration.Ending(a.known, a.target.ID))
	if err != nil {
		return err
	}
	for n, id := range all {
		closed, err := act.closed(ctx, id, n > 0)
		if err != nil {
			return err
		}
		if closed {
			continue
		}
		if migration.Aborts(a.known, id) >= maxAborts {
			return &stillOpenError{id}
		}
		// Whether anything was done only the target tells.
		call := migration.Call{Verb: migration.VerbAbortProcess, Target: id}
		err = act.Fence(i).Do(ctx, migration.StepRollback, call, func(ctx context.Context) error {
			if err := a.unmoved(ctx); err != nil {
				return err
			}
			return act.API.AbortProcess(ctx, id)
		})
		if err != nil {
			return err
		}
		if closed, err = act.closed(ctx, id, n > 0); err != nil {
			return err
		}
		if !closed {
			return &step.WaitError{Why: "target instance " + string(id) + " is still open after it was aborted", Delay: 5 * time.Second}
		}
		if a.known, err = act.Ledger.Lines(ctx, i.Migration, i.Instance); err != nil {
			return err
		}
	}
	return nil
}

// closed reports whether an instance that was open on the target has ended. Of the child
// of an aborted root nothing need be left, neither history nor, where nobody needed
// one, a link (docs/joget.md#after-the-end).
func (act *Activities) closed(ctx context.Context, id migration.InstanceID, child bool) (bool, error) {
	p, err := act.Target.Fresh().Presence(ctx, id)
	return p.Closed() || child && p.Where == schema.Nowhere, err
}

// ending returns an instance of the target and all below it that were open when
// it was first to be aborted (below, as the log has them), or came since, parents first.
func (act *Activities) ending(ctx context.Context, i *Instance, root migration.InstanceID, below []migration.InstanceID) ([]migration.InstanceID, error) {
	all := append([]migration.InstanceID{root}, below...)
	known := len(all)
	tree, err := act.Target.Fresh().Tree(ctx, root)
	if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
		return nil, err
	}
	if err == nil {
		for _, t := range tree.Walk() {
			if id := t.Instance.ID; !slices.Contains(all, id) {
				all = append(all, id)
			}
		}
		// One whose caller does not wait for it is in no tree.
		for _, child := range tree.Instance.Children {
			if !slices.Contains(all, child.ID) {
				all = append(all, child.ID)
			}
		}
	}
	// Asynchronous subflows outlive their caller, and that one's caller.
	outliving, err := act.Target.Fresh().AsynchronousBelow(ctx, root)
	if err != nil {
		return nil, err
	}
	for _, id := range outliving {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	if len(all) == known {
		return all, nil
	}
	return all, act.Ledger.Log(ctx, i.Migration, i.Instance, migration.StepLine{
		Step: migration.StepRollback, Event: migration.EventEnding, Facts: migration.Facts{Target: root, Instances: all[known:]},
	})
}

// revertAll puts back what tools changed in rows and what no step has put back
// yet, the last capture first, whatever records.restore says. What may be somebody's
// stays, unless the operator gave up what people did. What somebody changed since is
// told; the rows of the copy among it are in conflict, too.
func (act *Activities) revertAll(ctx context.Context, i *Instance, discard bool) error {
	if err := act.judge(ctx, i, migration.StepRollback, discard); err != nil {
		return err
	}
	names, err := act.openCaptures(ctx, i)
	if err != nil {
		return err
	}
	runs, err := act.runCaptures(ctx, i.Key)
	if err != nil {
		return err
	}
	// What is open is of calls that came before what the operator had run.
	for _, name := range slices.Backward(append(names, runs...)) {
		capture, err := act.Capture(ctx, i, name)
		if err != nil {
			return err
		}
		if _, err := act.revert(ctx, i, migration.StepRollback, name, capture.sure()); err != nil {
			return err
		}
		if !migration.IsRun(name) {
			continue
		}
		if err := act.undidRun(ctx, i, name); err != nil {
			return err
		}
	}
	return nil
}
