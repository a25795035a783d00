package workflows

import (
	"cmp"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"jogetferry/contract"
)

// Rehearsal migrates one instance, completes its assignments to the very end as
// those who hold them, and takes back what was written. A migration that parks
// is left to the operator.
func Rehearsal(ctx workflow.Context, in contract.RehearsalInput) (contract.RehearsalResult, error) {
	r := &rehearsal{in: in, instance: contract.StepInput{Migration: in.Migration, Instance: in.Instance}}
	cancelled := r.run(ctx)
	// Who cancels it does not want to keep half of it.
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if cancelled != nil && r.child != nil {
		// The migration is cancelled with it, and first writes down where it stands.
		ended := r.child.Get(ctx, nil)
		r.gone = ended != nil && !temporal.IsWorkflowExecutionAlreadyStartedError(ended)
		cancelled = errors.Join(cancelled, ended)
	}
	if r.begun {
		if err := r.undo(ctx); err != nil {
			r.stop("it could not be rolled back: " + errorMessage(err))
		}
	}
	_, err := call(ctx, in.Queues, contract.SettleRehearsal, "record the outcome", contract.SettleRehearsalInput{
		StepInput: r.instance, Rehearsal: in.Rehearsal, Result: r.result,
	})
	if err != nil {
		return r.result, fmt.Errorf("settle the rehearsal of %s: %w", in.Instance, err)
	}
	return r.result, cancelled
}

type rehearsal struct {
	in       contract.RehearsalInput
	instance contract.StepInput
	child    workflow.ChildWorkflowFuture
	result   contract.RehearsalResult
	begun    bool // it is migrated, or being so, and has to be taken back
	gone     bool // the workflow of its migration ended without an outcome
}

// run migrates and completes. Only a cancellation is an error.
func (r *rehearsal) run(ctx workflow.Context) error {
	out, err := r.step(ctx, 0)
	if over, err := r.over(out, err); over {
		return err
	}
	out, err = r.migrate(ctx)
	for n := 1; ; n++ {
		if over, err := r.over(out, err); over {
			return err
		}
		if n >= r.in.MaxSteps {
			r.stop(fmt.Sprintf("%d steps did not lead to the end", n))
			return nil
		}
		out, err = r.step(ctx, n+1)
	}
}

func (r *rehearsal) step(ctx workflow.Context, n int) (contract.RehearseStepOutput, error) {
	var out contract.RehearseStepOutput
	err := r.startStep(ctx, n).Get(ctx, &out)
	return out, err
}

func (r *rehearsal) startStep(ctx workflow.Context, n int) workflow.Future {
	summary := fmt.Sprintf("step %d", n)
	if n == 0 {
		summary = "compare the answers with the definitions"
	}
	return start(ctx, r.in.Queues, contract.RehearseStep, summary, contract.RehearseStepInput{StepInput: r.instance, Rehearsal: r.in.Rehearsal, Step: n})
}

// migrate starts the migration, and returns what came of the first step, which
// waits for it. One that parks does not end, so that only the ledger tells.
func (r *rehearsal) migrate(ctx workflow.Context) (out contract.RehearseStepOutput, err error) {
	r.begun = true
	r.child = workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: contract.InstanceWorkflowID(r.in.Migration, r.in.Instance), TaskQueue: r.in.Queues.Workflows,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
		WaitForCancellation: true, StaticSummary: "migrate " + string(r.in.Instance) + " for a rehearsal",
	}), contract.InstanceWorkflow, contract.InstanceInput{Migration: r.in.Migration, Instance: r.in.Instance, Queues: r.in.Queues, Pilot: true})
	waiting, giveUp := workflow.WithCancel(ctx)
	defer giveUp()
	settled := false
	selector := workflow.NewSelector(ctx)
	selector.AddFuture(r.startStep(waiting, 1), func(f workflow.Future) { settled, err = true, f.Get(ctx, &out) })
	selector.AddFuture(r.child, func(f workflow.Future) {
		// One that an earlier run of this rehearsal began is under way: the ledger tells how it goes.
		if failed := f.Get(ctx, nil); failed != nil && !temporal.IsWorkflowExecutionAlreadyStartedError(failed) {
			r.gone = true
			giveUp()
		}
	})
	for !settled {
		selector.Select(ctx)
	}
	if r.gone && temporal.IsCanceledError(err) && ctx.Err() == nil {
		out, err = contract.RehearseStepOutput{Stopped: "the workflow of its migration was ended from outside"}, nil
	}
	return out, err
}

// over notes what came of a step, and reports whether it was the last.
func (r *rehearsal) over(out contract.RehearseStepOutput, err error) (bool, error) {
	follow(&r.instance, out.Outcome, err)
	if err != nil {
		if temporal.IsCanceledError(err) {
			r.stop("it was cancelled")
			return true, err
		}
		r.stop(errorMessage(err))
		return true, nil
	}
	r.result.Mistakes = out.Mistakes
	if out.Target != "" {
		r.result.Target = out.Target
	}
	if out.Activity != "" {
		r.result.Steps++
	}
	switch out.Status {
	case contract.StatusParked:
		r.begun = false
		r.result.Reason, r.result.ParkID = out.Reason, out.ParkID
		r.stop("its migration is parked: " + out.Reason.Text())
		return true, nil
	case contract.StatusSkipped:
		r.begun = false
		r.result.Reason = out.Reason
		r.stop(cmp.Or(out.Stopped, "it was not migrated: "+out.Message+out.Reason.Text()))
		return true, nil
	case contract.StatusOK, contract.StatusBusy, contract.StatusAgain, contract.StatusUnknown, contract.StatusDone:
	}
	if out.Stopped != "" {
		r.stop(out.Stopped)
	}
	r.result.Ended = out.Ended
	return out.Ended || out.Stopped != "", nil
}

// stop notes why it does not go on, the first reason first.
func (r *rehearsal) stop(why string) {
	if r.result.Stopped != "" {
		why = r.result.Stopped + "; " + why
	}
	r.result.Stopped = why
}

// undo closes the target instance, where it is not closed already, and takes
// back what was written.
func (r *rehearsal) undo(ctx workflow.Context) error {
	aborted, err := call(ctx, r.in.Queues, contract.AbortRehearsed, "abort the target instance", contract.AbortRehearsedInput{
		StepInput: r.instance, Rehearsal: r.in.Rehearsal, Gone: r.gone,
	})
	if err != nil {
		return err
	}
	if aborted.Status == contract.StatusSkipped {
		r.stop("it was not rolled back: " + aborted.Message)
		return nil
	}
	undone, err := call(ctx, r.in.Queues, contract.UndoData, "put rows and files back", contract.UndoDataInput{StepInput: r.instance})
	if err != nil {
		return err
	}
	r.result.Undone, r.result.Rows, r.result.Files = true, undone.Rows, undone.Files
	r.result.Conflicts, r.result.Shared = undone.Conflicts, undone.Shared
	return nil
}
