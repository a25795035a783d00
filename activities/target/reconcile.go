package target

import (
	"context"
	"fmt"
	"time"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
)

// ReconcileStart finds out what became of a start, from the ledger and the
// target. It never sends one. While the request may still run it asks for
// another attempt.
func (act *Activities) ReconcileStart(ctx context.Context, in contract.ReconcileInput) (contract.StartOutput, error) {
	i, err := act.Load(ctx, in.StepInput)
	if err != nil {
		return contract.StartOutput{}, err
	}
	claim, err := act.Ledger.Claimed(ctx, i.Key)
	if err != nil {
		return contract.StartOutput{}, err
	}
	if err := act.accountFor(in, claim); err != nil {
		return contract.StartOutput{}, err
	}
	switch claim.State {
	case migration.ClaimStarted:
		return act.started(ctx, i, claim.Started)
	case migration.ClaimNone, migration.ClaimReleased:
		// The attempt did not get as far as a claim. What kept it from that is
		// waited for here, where waiting leaves no trace in the history.
		if out, stop, err := act.mayStart(ctx, i); stop || err != nil {
			return contract.StartOutput{Outcome: out}, err
		}
		if out, stop, err := act.recordFree(ctx, i); stop || err != nil {
			return contract.StartOutput{Outcome: out}, err
		}
	case migration.ClaimClaimed, migration.ClaimSending, migration.ClaimUnknown:
	}
	i.intent = asSent(i.intent, claim)
	result, err := act.protocol(i).reconcile(ctx, claim)
	if err != nil {
		return contract.StartOutput{}, err
	}
	return act.conclude(ctx, i, result)
}

// accountFor waits until the request of an attempt can be under way no more of which
// nobody knows whether it was sent: the ledger would, had it not lost its last moments.
func (act *Activities) accountFor(in contract.ReconcileInput, claim migration.Claim) error {
	if in.Unaccounted.IsZero() || claim.KnowsOf(in.Attempt) {
		return nil
	}
	return unknown("an attempt to start ended without a word, and the ledger does not know of it", in.Unaccounted, &act.Settings)
}

// unknown waits for what nobody but Temporal knows of, until start.settle has passed
// since it was sent.
func unknown(what string, sent time.Time, s *step.Settings) error {
	left := s.Settle - time.Since(sent) // not by the ledger's clock: it is what may have been set back
	if left <= 0 {
		return nil
	}
	return stillRuns(what, migration.Over{Why: "its request may still run on the target", Left: left, Blind: true}, s.Rest)
}

// recordFree waits while another instance has the record, and parks when nobody comes to
// that one by itself.
func (act *Activities) recordFree(ctx context.Context, i *Instance) (out contract.Outcome, stop bool, err error) {
	holder, err := act.Ledger.RecordHolder(ctx, i.Key, i.intent.Record)
	if err != nil || holder == "" {
		return out, err != nil, err
	}
	stuck, err := act.Stuck(ctx, i.Migration, holder)
	switch {
	case err != nil:
		return out, true, err
	case stuck:
		out, err := act.Park(ctx, i.StepInput, step.Parking{Step: migration.StepStart, Reason: migration.ReasonRecordBusy, Message: step.HeldBy(holder)})
		return out, true, err
	}
	return out, true, step.WaitForRecord(holder)
}

// started looks at an instance that is known to be ours: what the start
// changed, and where resuming begins.
func (act *Activities) started(ctx context.Context, i *Instance, identity migration.TargetIdentity) (contract.StartOutput, error) {
	if err := act.Progress(ctx, i.StepInput, migration.Change{
		State: migration.InstanceRunning, Step: migration.StepStart, TargetID: identity.ID,
	}); err != nil {
		return contract.StartOutput{Outcome: step.OK(), Target: identity.ID}, err
	}
	return act.lookOn(ctx, i, identity)
}

// lookOn looks at the target instance of a start, and says what comes next.
func (act *Activities) lookOn(ctx context.Context, i *Instance, identity migration.TargetIdentity) (contract.StartOutput, error) {
	out := contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusOK}, Target: identity.ID}
	target, reason, err := act.Live(ctx, identity)
	if err != nil {
		return out, err
	}
	if reason != "" {
		if reason == migration.ReasonTargetClosed {
			if reason, err = act.closedSince(ctx, i, identity); err != nil {
				return out, err
			}
		}
		if reason == migration.ReasonStartRanThrough {
			if out.Outcome, err = act.endAsynchronous(ctx, i, identity.ID, migration.StepStart); err != nil || out.Status != contract.StatusOK {
				return out, err
			}
		}
		out.Outcome, err = act.Park(ctx, i.StepInput, step.Parking{Step: migration.StepStart, Reason: reason, Message: fmt.Sprintf("Target instance %s.", identity.ID)})
		return out, err
	}
	if out.Outcome, err = act.endAsynchronous(ctx, i, identity.ID, migration.StepStart); err != nil || out.Status != contract.StatusOK {
		return out, err
	}
	changed, err := act.changed(ctx, i)
	if err != nil {
		return out, err
	}
	out.Restore = changed || !i.tree.Said.HasRun() && len(migration.DiffVariables(i.wanted.Variables, target.Variables)) > 0
	if out.Restore {
		out.Outcome, err = act.RequireUntouched(ctx, &i.Opened, target, migration.StepStart)
		return out, err
	}
	next, outcome, err := act.next(ctx, i, target)
	out.Outcome = outcome
	if next != nil {
		out.Next = &next.call
	}
	return out, err
}

// closedSince tells a start that ran through from an instance that was resumed,
// or that people brought to its end.
func (act *Activities) closedSince(ctx context.Context, i *Instance, identity migration.TargetIdentity) (migration.Reason, error) {
	lines, err := act.Ledger.Lines(ctx, i.Migration, i.Instance)
	if err != nil {
		return "", err
	}
	worked, err := act.workedBeside(ctx, lines, identity.ID)
	if worked || migration.CallsOf(lines).Worked(identity.ID) {
		return migration.ReasonTargetClosed, err
	}
	return migration.ReasonStartRanThrough, err
}
