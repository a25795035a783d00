package waves

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.uber.org/zap"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
)

// SweepAge is for how long an entry has not changed when its workflow is looked for.
const SweepAge = 30 * time.Second

// parkedPage is how many parked workflows are listed at a time.
const parkedPage = 500

// Sweep has ledger and Temporal agree about the instances of a migration, whose
// workflows run on a queue. Either may have come back from a backup, and anybody may
// end a workflow:
//
//   - what is in flight, of a wave or a pilot, and has no workflow any more is given back, or failed;
//   - what is parked in its workflow alone is parked in the ledger too, so that somebody decides about it.
//
// The other way round needs no look: a step that the ledger has parked parks its workflow.
// A namespace that knows nothing of the migration says nothing: it may be a wrong one.
// age is for how long an entry has not changed by then.
func (act *Activities) Sweep(ctx context.Context, mig migration.Name, queue string, age time.Duration) error {
	count, err := act.Temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: onQueue(queue)})
	if err != nil {
		return fmt.Errorf("count the workflows of queue %s: %w", queue, err)
	}
	if count.GetCount() == 0 {
		return nil
	}
	return errors.Join(act.sweep(ctx, mig, "", age), act.parkAgain(ctx, mig, queue))
}

func onQueue(queue string) string { return fmt.Sprintf("TaskQueue = '%s'", queue) }

// parkAgain parks in the ledger what is parked in its workflow alone: nobody would
// know of it, and what waits for the instance would wait for ever.
func (act *Activities) parkAgain(ctx context.Context, mig migration.Name, queue string) error {
	request := &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: parkedPage,
		Query:    fmt.Sprintf("%s AND ExecutionStatus = 'Running' AND %s = '%s'", onQueue(queue), contract.StageAttribute, contract.StageParked),
	}
	for failed := error(nil); ; {
		page, err := act.Temporal.ListWorkflow(ctx, request)
		if err != nil {
			return fmt.Errorf("list parked workflows of queue %s: %w", queue, err)
		}
		var ids []migration.InstanceID
		for _, e := range page.GetExecutions() {
			if id, ok := strings.CutPrefix(e.GetExecution().GetWorkflowId(), contract.InstanceWorkflowID(mig, "")); ok {
				ids = append(ids, migration.InstanceID(id))
			}
		}
		failed = errors.Join(failed, act.parkAll(ctx, mig, ids))
		if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
			return failed
		}
	}
}

func (act *Activities) parkAll(ctx context.Context, mig migration.Name, ids []migration.InstanceID) error {
	if len(ids) == 0 {
		return nil
	}
	var failed []error
	for e, err := range act.Ledger.EntriesEach(ctx, mig, migration.Filter{Instances: ids, States: migration.Working()}) {
		if err != nil {
			return err
		}
		// One workflow that does not answer keeps no other from it.
		if err := act.parkOne(ctx, mig, e); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

func (act *Activities) parkOne(ctx context.Context, mig migration.Name, e migration.Entry) error {
	// The list of parked workflows is some seconds old; the workflow itself knows.
	value, err := act.Temporal.QueryWorkflow(ctx, contract.InstanceWorkflowID(mig, e.Instance), "", contract.StatusQuery)
	var status contract.InstanceStatus
	if err == nil {
		err = value.Get(&status)
	}
	if err != nil {
		return fmt.Errorf("ask the workflow of %s how it stands: %w", e.Instance, err)
	}
	if !status.Parked || status.Deciding != "" {
		return nil
	}
	parked, err := act.Ledger.ParkAgain(ctx, mig, e, status.ParkID, migration.Parking{
		Step: status.Step, Reason: status.Reason, Detail: "its workflow is parked, and the ledger did not know: it was restored",
	})
	if parked {
		act.Log.Warn("instance parked again: its workflow was, and the ledger did not know", zap.String("instance", string(e.Instance)), zap.String("reason", string(status.Reason)))
	}
	return err
}

// closed are the statuses of workflows that do nothing any more. One that is
// paused, or continued as new, is alive.
var closed = []enumspb.WorkflowExecutionStatus{
	enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, enumspb.WORKFLOW_EXECUTION_STATUS_FAILED, enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED,
	enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT,
}

// sweep gives back the slots of instances whose workflow ended without an
// outcome (terminated, failed, deleted) or was never started. wave "" means those of
// all waves and of none.
func (act *Activities) sweep(ctx context.Context, mig migration.Name, wave migration.WaveName, age time.Duration) error {
	entries, err := act.Ledger.InFlightOlderThan(ctx, mig, wave, age)
	if err != nil {
		return err
	}
	for _, e := range entries {
		step.Headway(ctx)
		described, err := act.Temporal.DescribeWorkflowExecution(ctx, contract.InstanceWorkflowID(mig, e.Instance), "")
		var missing *serviceerror.NotFound
		change := migration.Change{From: []migration.InstanceState{e.State}, State: migration.InstanceFailed, Reason: migration.ReasonOperator}
		run := described.GetWorkflowExecutionInfo()
		over := err == nil && slices.Contains(closed, run.GetStatus())
		// One that began before the instance was claimed was of an earlier turn.
		former := over && run.GetStartTime().AsTime().Before(e.UpdatedAt)
		switch {
		case e.State == migration.InstanceClaimed && (errors.As(err, &missing) || former):
			if err := act.Ledger.Unclaim(ctx, mig, e.Instance, "its workflow was never started"); err != nil {
				return err
			}
			continue
		case errors.As(err, &missing):
			change.Detail = "its workflow does not exist any more"
		case err != nil:
			return fmt.Errorf("look at the workflow of %s: %w", e.Instance, err)
		case over:
			change.Detail = "its workflow ended without an outcome: " + run.GetStatus().String()
		default:
			continue
		}
		if err := act.Ledger.Progress(ctx, mig, e.Instance, change); err != nil && migration.CodeOf(err) != migration.CodeConflict {
			return err
		}
		act.Log.Warn("instance marked failed: its workflow ended", zap.String("instance", string(e.Instance)), zap.String("state", string(change.State)))
	}
	return nil
}
