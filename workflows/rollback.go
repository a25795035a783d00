package workflows

import (
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"jogetferry/contract"
)

// rollbackWindow is how many instances are undone at a time.
const rollbackWindow = 8

// Rollback undoes the instances that the ledger has for it, newest start first.
// One that cannot be undone keeps those of its record waiting, and nobody else;
// another rollback goes on with it.
func Rollback(ctx workflow.Context, in contract.RollbackInput) (contract.RollbackResult, error) {
	r := &rollback{in: in, ended: workflow.NewSelector(ctx)}
	return r.run(ctx)
}

type rollback struct {
	in      contract.RollbackInput
	ended   workflow.Selector
	running int
}

func (r *rollback) run(ctx workflow.Context) (contract.RollbackResult, error) {
	for {
		stop := ctx.Err() != nil || r.in.Batches >= maxBatches || workflow.GetInfo(ctx).GetContinueAsNewSuggested()
		left := 0
		if !stop {
			next, err := call(ctx, r.in.Queues, contract.ClaimRollback, "next instances", contract.ClaimRollbackInput{
				Migration: r.in.Migration, Rollback: r.in.Rollback, Limit: rollbackWindow - r.running,
			})
			if temporal.IsCanceledError(err) {
				continue // until those under way have ended
			}
			if err != nil {
				return r.in.Result, err
			}
			r.in.Batches++
			left = next.Left
			for _, turn := range next.Instances {
				r.begin(ctx, turn)
			}
		}
		r.tell(ctx, left)
		switch {
		case r.running > 0:
			r.wait(ctx)
		case ctx.Err() != nil:
			return r.in.Result, ctx.Err()
		case stop:
			r.in.Batches = 0
			return r.in.Result, workflow.NewContinueAsNewError(ctx, contract.RollbackWorkflow, r.in)
		default:
			// They wait for one of their record that could not be undone.
			r.in.Result.Failed += left
			return r.in.Result, nil
		}
	}
}

// begin undoes one instance in a workflow of its own, which ends with this one:
// nobody else would tell what became of it.
func (r *rollback) begin(ctx workflow.Context, turn contract.RollbackTurn) {
	r.running++
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, r.options(turn)), contract.InstanceWorkflow, contract.InstanceInput{
		Migration: r.in.Migration, Instance: turn.Instance, Queues: r.in.Queues, Mode: contract.ModeRollback, Discard: r.in.Discard,
	})
	r.ended.AddFuture(child, func(f workflow.Future) {
		r.running--
		var out contract.InstanceResult
		err := f.Get(ctx, &out)
		r.count(turn, out, err)
		if err == nil && out.Refused != "" && turn.Parked {
			r.parkAgain(ctx, turn)
		}
	})
}

func (r *rollback) options(turn contract.RollbackTurn) workflow.ChildWorkflowOptions {
	return workflow.ChildWorkflowOptions{
		WorkflowID:            contract.InstanceWorkflowID(r.in.Migration, turn.Instance),
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_TERMINATE,
		WaitForCancellation:   true,
		TaskQueue:             r.in.Queues.Workflows,
		StaticSummary:         fmt.Sprintf("rollback %s", turn.Instance),
		StaticDetails:         fmt.Sprintf("Definition %s, rollback %s of migration %s.", turn.Definition, r.in.Rollback, r.in.Migration),
		TypedSearchAttributes: temporal.NewSearchAttributes(definitionKey.ValueSet(turn.Definition.Key())),
	}
}

// parkAgain gives a parked instance that was refused somebody who takes the
// operator's decision: its workflow was ended for the rollback.
func (r *rollback) parkAgain(ctx workflow.Context, turn contract.RollbackTurn) {
	detached, _ := workflow.NewDisconnectedContext(ctx)
	options := r.options(turn)
	options.ParentClosePolicy = enumspb.PARENT_CLOSE_POLICY_ABANDON
	options.StaticSummary = fmt.Sprintf("migrate %s", turn.Instance)
	err := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(detached, options), contract.InstanceWorkflow, contract.InstanceInput{
		Migration: r.in.Migration, Instance: turn.Instance, Queues: r.in.Queues,
	}).GetChildWorkflowExecution().Get(detached, nil)
	if err != nil {
		workflow.GetLogger(ctx).Warn("a parked instance has no workflow", "instance", turn.Instance, "error", err)
	}
}

func (r *rollback) count(turn contract.RollbackTurn, out contract.InstanceResult, err error) {
	result := &r.in.Result
	not := contract.NotRolledBack{Instance: turn.Instance, Conflicts: out.Conflicts, Message: out.Refused}
	switch {
	case err != nil:
		result.Failed++
		not.Failed, not.Message = true, errorMessage(err)
	case out.Refused != "":
		result.Refused++
		not.Refused = true
	default:
		result.Undone++
		if out.Shared > 0 {
			result.Shared++
		}
		if out.Conflicts == 0 {
			return
		}
		result.Conflicts++
	}
	if len(result.Listed) < contract.MaxDifferent {
		result.Listed = append(result.Listed, not)
	}
}

// wait returns when at least one instance has ended.
func (r *rollback) wait(ctx workflow.Context) {
	r.ended.Select(ctx)
	for r.ended.HasPending() {
		r.ended.Select(ctx)
	}
}

func (r *rollback) tell(ctx workflow.Context, left int) {
	c := r.in.Result
	workflow.SetCurrentDetails(ctx, fmt.Sprintf(
		"**rollback %s**\n\n- %d undone, %d of them only in part\n- %d refused, %d failed\n- %d under way, %d to come",
		r.in.Rollback, c.Undone, c.Conflicts, c.Refused, c.Failed, r.running, left))
}
