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
func (act *Activities) ReconcileStart(ctx context.Context, in contract.StepInput) (contract.StartOutput, error) {
	i, err := act.Load(ctx, in)
	if err != nil {
		return contract.StartOutput{}, err
	}
	claim, err := act.Ledger.Claimed(ctx, i.Key)
	if err != nil {
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
	if claim.Definition != (migration.DefinitionID{}) {
		i.intent.Definition = claim.Definition
	}
	i.intent.Variables = claim.Sent
	candidates, err := act.candidates(ctx, i, claim)
	if err != nil {
		return contract.StartOutput{}, err
	}
	d := migration.DecideReconcile(migration.StartKnowledge{
		Claim: claim.State, Fate: claim.Fate, Settled: claim.Age >= act.Settings.Settle, Refused: claim.Refused,
	}, i.intent, candidates)
	if d.Reason == migration.ReasonStartOutcomeUnknown && act.Settings.RetryUnknown {
		d.Action = migration.StartRelease
	}
	return act.carryOut(ctx, i, claim, d, candidates)
}

// recordFree waits while another instance of the record is being started, and
// parks when that one is parked or skipped itself.
func (act *Activities) recordFree(ctx context.Context, i *Instance) (out contract.Outcome, stop bool, err error) {
	holder, err := act.Ledger.RecordHolder(ctx, i.Key, i.intent.Record)
	if err != nil || holder == "" {
		return out, err != nil, err
	}
	other, err := act.Ledger.Entry(ctx, i.Migration, holder)
	if migration.CodeOf(err) == migration.CodeNotFound || err == nil && other.State.Settled() {
		out, err := act.Park(ctx, i.StepInput, step.Parking{Step: migration.StepStart, Reason: migration.ReasonRecordBusy, Message: fmt.Sprintf("It is source instance %s.", holder)})
		return out, true, err
	}
	if err != nil {
		return out, true, err
	}
	return out, true, &step.WaitError{Why: "another instance of the same record is being started", Delay: 5 * time.Second}
}

func (act *Activities) candidates(ctx context.Context, i *Instance, claim migration.Claim) ([]migration.Linked, error) {
	linked, err := act.Target.Fresh().LinkedInstances(ctx, i.intent.Record)
	if err != nil {
		return nil, err
	}
	explained, err := act.Ledger.ExplainedBesides(ctx, i.Key, linked)
	if err != nil {
		return nil, err
	}
	return migration.Unexplained(linked, i.intent, explained, claim.Baseline), nil
}

func (act *Activities) carryOut(ctx context.Context, i *Instance, claim migration.Claim, d migration.StartDecision, candidates []migration.Linked) (contract.StartOutput, error) {
	switch d.Action {
	case migration.StartAdopt:
		identity := candidates[0].TargetIdentity
		if err := act.Ledger.Adopt(ctx, i.Key, claim.Token, identity); err != nil {
			return contract.StartOutput{}, err
		}
		return act.started(ctx, i, identity)
	case migration.StartAbort:
		return contract.StartOutput{}, act.abortWreck(ctx, i, candidates[0].TargetIdentity)
	case migration.StartRelease:
		why := "nothing was started"
		if d.Reason == migration.ReasonStartOutcomeUnknown {
			why = "EXCEPTION to one live instance: start.when_unknown is retry"
		}
		if claim.State != migration.ClaimNone && claim.State != migration.ClaimReleased {
			if err := act.Ledger.Release(ctx, i.Key, claim.Token, claim.State, why); err != nil {
				return contract.StartOutput{}, err
			}
		}
		out := contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusAgain}}
		held := claim.State == migration.ClaimSending || claim.State == migration.ClaimUnknown
		if held && claim.Fate == migration.FateAnswered {
			out.Reason = migration.ReasonStartFailed
		}
		return out, nil
	case migration.StartWait:
		return contract.StartOutput{}, &step.WaitError{
			Why:   fmt.Sprintf("the start got no answer %s ago and may still run on the target", claim.Age.Round(time.Second)),
			Delay: min(max(act.Settings.Settle-claim.Age, time.Second), 15*time.Second),
		}
	case migration.StartPark:
		// A start that was refused for good holds no claim: a retry starts anew.
		if claim.Fate == migration.FateAnswered && d.Candidate == "" && d.Reason == claim.Refused && d.Reason != migration.ReasonStartAmbiguous {
			if err := act.Ledger.Release(ctx, i.Key, claim.Token, claim.State, string(d.Reason)); err != nil {
				return contract.StartOutput{}, err
			}
		}
		if d.Reason == migration.ReasonStartRanThrough {
			if err := act.Ledger.Adopt(ctx, i.Key, claim.Token, candidates[0].TargetIdentity); err != nil {
				return contract.StartOutput{}, err
			}
		}
		message := ""
		if d.Candidate != "" {
			message = fmt.Sprintf("Target instance %s.", d.Candidate)
		} else if d.Reason == migration.ReasonStartAmbiguous && claim.Refused == d.Reason {
			message = "Joget's answer names an instance that does not belong to this record; its story has the ID."
		}
		out, err := act.Park(ctx, i.StepInput, step.Parking{Step: migration.StepStart, Reason: d.Reason, Message: message})
		return contract.StartOutput{Outcome: out, Target: d.Candidate}, err
	case migration.StartSend, migration.StartDone:
	}
	return contract.StartOutput{}, migration.E(migration.CodeInternal, "reconcile start", string(i.Instance), "decision %q", d.Action)
}

// abortWreck aborts what a failed start of ours left behind, reads it back, and
// asks for another look.
func (act *Activities) abortWreck(ctx context.Context, i *Instance, wreck migration.TargetIdentity) error {
	err := act.Fence(i).Do(ctx, migration.StepStart, migration.Call{Verb: migration.VerbAbortProcess, Target: wreck.ID}, func(ctx context.Context) error {
		return act.API.AbortProcess(ctx, wreck.ID)
	})
	if err != nil {
		return err
	}
	left, err := act.Target.Fresh().Instance(ctx, wreck.ID)
	if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
		return err
	}
	if err == nil && left.State.Open() {
		return migration.E(migration.CodeInternal, "abort the wreck of a start", string(i.Instance), "it is still %s", left.State)
	}
	if err := act.Ledger.KeepWreck(ctx, i.Key, wreck); err != nil {
		return err
	}
	return &step.WaitError{Why: "the wreck of a failed start was aborted; looking again", Delay: time.Second}
}

// started looks at an instance that is known to be ours: what the start
// changed, and where resuming begins.
func (act *Activities) started(ctx context.Context, i *Instance, identity migration.TargetIdentity) (contract.StartOutput, error) {
	out := contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusOK}, Target: identity.ID}
	if err := act.Progress(ctx, i.StepInput, migration.Change{
		State: migration.InstanceRunning, Step: migration.StepStart, TargetID: identity.ID,
	}); err != nil {
		return out, err
	}
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
		out.Outcome, err = act.Park(ctx, i.StepInput, step.Parking{Step: migration.StepStart, Reason: reason, Message: fmt.Sprintf("Target instance %s.", identity.ID)})
		return out, err
	}
	changed, err := act.changed(ctx, i)
	if err != nil {
		return out, err
	}
	out.Restore = changed || len(migration.DiffVariables(i.wanted.Variables, target.Variables)) > 0
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
	done, err := act.calls(ctx, i)
	if err != nil {
		return "", err
	}
	busy, err := act.workedBeside(ctx, done.Own(), identity.ID, identity.Definition)
	if busy || done.Worked(identity.ID) {
		return migration.ReasonTargetClosed, err
	}
	return migration.ReasonStartRanThrough, err
}
