package waves

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"golang.org/x/time/rate"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
)

const (
	// claimPoll is how often the ledger is asked for free slots.
	claimPoll = 200 * time.Millisecond
	// sweepEvery is how often a claiming activity looks for workflows that ended
	// without an outcome.
	sweepEvery = 10 * time.Second
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
		sweeps.Do(func() { swept = act.sweep(ctx, in.Migration, in.Wave, SweepAge) })
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
