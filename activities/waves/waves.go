package waves

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
)

const (
	// claimPoll is how often the ledger is asked for free slots.
	claimPoll = 200 * time.Millisecond
	// sweepEvery is how often a claiming activity looks for workflows that ended
	// without an outcome, and sweepAge how long their entry has not changed by then.
	sweepEvery = 10 * time.Second
	sweepAge   = 30 * time.Second
)

// ParkInstance records that a step failed for good, or that the workflow was cancelled.
func (act *Activities) ParkInstance(ctx context.Context, in contract.ParkInput) (contract.Outcome, error) {
	if in.Cancelled {
		err := act.Ledger.Progress(ctx, in.Migration, in.Instance, migration.Change{
			State: migration.InstanceFailed, Step: in.Step, Reason: in.Reason, Detail: in.Message,
		})
		return contract.Outcome{Status: contract.StatusOK}, err
	}
	entry, err := act.Ledger.Entry(ctx, in.Migration, in.Instance)
	if err != nil {
		return contract.Outcome{}, err
	}
	if out, final := step.Final(&entry); final {
		return out, nil
	}
	if entry.State == migration.InstanceParked {
		// An attempt parked it, and died before it could say so.
		return contract.Outcome{Status: contract.StatusParked, Reason: entry.Reason, ParkID: entry.ParkID}, nil
	}
	return step.Park(ctx, act.Ledger, in.StepInput, step.Parking{Step: in.Step, Reason: in.Reason, Message: in.Message, Detail: in.Message})
}

// ClaimInstances takes the next instances of a wave. It answers as soon as
// there is something to start or nothing left to wait for, and sweeps up
// instances whose workflow is gone.
func (act *Activities) ClaimInstances(ctx context.Context, in contract.ClaimInput) (contract.ClaimOutput, error) {
	patience, cancel := context.WithTimeout(ctx, in.Wait)
	defer cancel()
	pace := rate.NewLimiter(rate.Every(claimPoll), 1)
	sweeps := rate.Sometimes{First: 1, Interval: sweepEvery}
	for {
		step.Headway(ctx)
		var swept error
		sweeps.Do(func() { swept = act.sweep(ctx, in.Migration, in.Wave, sweepAge) })
		if swept != nil {
			return contract.ClaimOutput{}, swept
		}
		out, err := act.claim(ctx, in)
		if err != nil || len(out.Instances) > 0 || out.Counts.Unsettled() == 0 {
			return out, err
		}
		select {
		case <-activity.GetWorkerStopChannel(ctx):
			return contract.ClaimOutput{}, &step.WaitError{Why: "the worker is stopping"}
		default:
		}
		if pace.Wait(patience) != nil {
			return out, ctx.Err()
		}
	}
}

func (act *Activities) claim(ctx context.Context, in contract.ClaimInput) (contract.ClaimOutput, error) {
	if !in.Claim {
		counts, err := act.Ledger.Counts(ctx, in.Migration, migration.Filter{Wave: in.Wave})
		return contract.ClaimOutput{Counts: counts}, err
	}
	entries, counts, err := act.Ledger.ClaimNext(ctx, in.Migration, in.Wave, step.Token(ctx), in.Window)
	out := contract.ClaimOutput{Counts: counts}
	if err != nil || len(entries) == 0 {
		return out, err
	}
	wave, err := act.Ledger.Wave(ctx, in.Migration, in.Wave)
	mode := contract.ModeMigrate
	if wave.Delta {
		mode = contract.ModeDelta
	}
	for _, e := range entries {
		out.Instances = append(out.Instances, contract.ClaimedInstance{Instance: e.Instance, Definition: e.Definition, Mode: mode})
	}
	return out, err
}

// ClaimRollback hands out the next instances of a rollback, and ends their
// workflows: a parked one would wait on for the operator.
func (act *Activities) ClaimRollback(ctx context.Context, in contract.ClaimRollbackInput) (contract.ClaimRollbackOutput, error) {
	entries, left, err := act.Ledger.NextRollback(ctx, in.Migration, in.Rollback, step.Token(ctx), in.Limit)
	out := contract.ClaimRollbackOutput{Left: left}
	if err != nil {
		return out, err
	}
	for _, e := range entries {
		step.Headway(ctx)
		was, err := act.Ledger.RollbackOf(ctx, in.Migration, e.Instance)
		if err != nil {
			return out, err
		}
		err = act.Temporal.TerminateWorkflow(ctx, contract.InstanceWorkflowID(in.Migration, e.Instance), "", "rollback "+in.Rollback)
		var missing *serviceerror.NotFound
		if err != nil && !errors.As(err, &missing) {
			return out, fmt.Errorf("end the workflow of %s: %w", e.Instance, err)
		}
		out.Instances = append(out.Instances, contract.RollbackTurn{
			ClaimedInstance: contract.ClaimedInstance{Instance: e.Instance, Definition: e.Definition, Mode: contract.ModeRollback},
			Parked:          was.From == migration.InstanceParked,
		})
	}
	return out, nil
}

// closed are the statuses of workflows that do nothing any more. One that is
// paused, or continued as new, is alive.
var closed = []enumspb.WorkflowExecutionStatus{
	enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, enumspb.WORKFLOW_EXECUTION_STATUS_FAILED, enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED,
	enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT,
}

// sweep gives back the slots of instances whose workflow ended without an
// outcome (terminated, failed, deleted) or was never started.
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

// SettleWave records how a wave ended and returns its numbers.
func (act *Activities) SettleWave(ctx context.Context, in contract.SettleWaveInput) (migration.Counts, error) {
	for _, id := range in.Release {
		if err := act.Ledger.Unclaim(ctx, in.Migration, id, "the wave was stopped before it was started"); err != nil {
			return migration.Counts{}, err
		}
	}
	status := migration.WaveFinished
	if in.Stopped {
		status = migration.WaveStopped
		// What was claimed and not begun when the stop came is free for other waves.
		if err := act.sweep(ctx, in.Migration, in.Wave, 0); err != nil {
			return migration.Counts{}, err
		}
	}
	if err := act.Ledger.SetWave(ctx, in.Migration, in.Wave, migration.WaveChange{Status: &status}); err != nil {
		return migration.Counts{}, err
	}
	return act.Ledger.Counts(ctx, in.Migration, migration.Filter{Wave: in.Wave})
}

// ListMigrated pages the instances that are done.
func (act *Activities) ListMigrated(ctx context.Context, in contract.ListInput) (contract.ListOutput, error) {
	page, next, err := act.Ledger.Entries(ctx, in.Migration, migration.Filter{States: []migration.InstanceState{migration.InstanceDone}}, in.After, in.Limit)
	out := contract.ListOutput{Next: next}
	for _, e := range page {
		out.Instances = append(out.Instances, e.Instance)
	}
	return out, err
}

// SettleRehearsal writes down how a rehearsal ended.
func (act *Activities) SettleRehearsal(ctx context.Context, in contract.SettleRehearsalInput) (contract.Outcome, error) {
	return contract.Outcome{Status: contract.StatusOK}, act.Ledger.SettleRehearsal(ctx, in.Migration, in.Instance, in.Rehearsal, in.Result)
}
