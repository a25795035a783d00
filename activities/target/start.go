package target

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// StartProcess makes one attempt to start the instance on the target; see
// docs/adr/0002-start-protocol.md. It has one attempt by Temporal's retry
// policy, and is safe if it gets more: the claim in the ledger decides.
func (act *Activities) StartProcess(ctx context.Context, in contract.StepInput) (contract.StartOutput, error) {
	i, err := act.Load(ctx, in)
	if err != nil {
		return contract.StartOutput{}, err
	}
	claim, err := act.Ledger.Claimed(ctx, i.Key)
	if err != nil {
		return contract.StartOutput{}, err
	}
	if final, is := step.Final(&i.Entry); is {
		return contract.StartOutput{Outcome: final, Target: i.Entry.TargetID}, nil
	}
	switch claim.State {
	case migration.ClaimStarted:
		return act.started(ctx, i, claim.Started)
	case migration.ClaimClaimed, migration.ClaimSending, migration.ClaimUnknown:
		return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusUnknown}}, nil
	case migration.ClaimNone, migration.ClaimReleased:
	}
	if out, stop, err := act.mayStart(ctx, i); stop || err != nil {
		return contract.StartOutput{Outcome: out}, err
	}
	process, err := act.Target.Catalog.Process(ctx, i.intent.Definition)
	if err != nil {
		return contract.StartOutput{}, err
	}
	walker, err := act.Target.Catalog.Walker(ctx, i.intent.Definition)
	if err != nil {
		return contract.StartOutput{}, err
	}
	// What is not sent now is set before the resume.
	i.intent.Variables = startVariables(process, walker.Choose(i.wanted.Variables).Send)

	token := step.AttemptToken(ctx)
	claim, got, err := act.Ledger.Claim(ctx, i.Key, i.intent.Record, token, in.Migration)
	var busy *migration.RecordBusyError
	if errors.As(err, &busy) {
		err := act.Progress(ctx, in, migration.Change{State: migration.InstanceWaiting, Step: migration.StepStart})
		return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusBusy}}, err
	}
	if err != nil {
		return contract.StartOutput{}, err
	}
	if !got {
		return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusUnknown}}, nil
	}
	if err := act.Running(ctx, in, migration.StepStart); err != nil {
		return contract.StartOutput{}, err
	}
	if out, stop, err := act.look(ctx, i, claim); stop || err != nil {
		return contract.StartOutput{Outcome: out}, err
	}
	return act.send(ctx, i, claim)
}

// mayStart proves what must hold before a start is claimed.
func (act *Activities) mayStart(ctx context.Context, i *Instance) (out contract.Outcome, stop bool, err error) {
	// It may have been parked for days since its snapshot.
	if why := migration.Redirected(i.Entry.Target, i.intent.Definition); why != "" {
		out, err = act.Park(ctx, i.StepInput, step.Parking{Step: migration.StepStart, Reason: migration.ReasonSourceBlocked, Message: why, Detail: why})
		return out, true, err
	}
	if err := act.paired(ctx); err != nil {
		return out, true, err
	}
	if err := act.marks(ctx); err != nil {
		if !rewound(err) {
			return out, true, err
		}
		out, err = act.Park(ctx, i.StepInput, step.Parking{Step: migration.StepStart, Reason: migration.ReasonTargetRewound, Detail: err.Error()})
		return out, true, err
	}
	ok, err := act.Identity(ctx, i.intent.Requester)
	if err != nil {
		return out, true, err
	}
	if !ok {
		out, err = act.Park(ctx, i.StepInput, step.Parking{Step: migration.StepStart, Reason: migration.ReasonIdentityRefused, Message: "The user may be missing on the target, or the master login may be wrong.", Detail: "requester " + string(i.intent.Requester)})
		return out, true, err
	}
	return out, false, nil
}

// look compares what is linked to the record on the target with the baseline,
// which the first look that finds nothing in the way takes.
func (act *Activities) look(ctx context.Context, i *Instance, claim migration.Claim) (out contract.Outcome, stop bool, err error) {
	release := func(reason migration.Reason, message, detail string) (contract.Outcome, bool, error) {
		if err := act.Ledger.Release(ctx, i.Key, claim.Token, migration.ClaimClaimed, string(reason)); err != nil {
			return contract.Outcome{}, true, err
		}
		out, err := act.Park(ctx, i.StepInput, step.Parking{Step: migration.StepStart, Reason: reason, Message: message, Detail: detail})
		return out, true, err
	}
	instances, err := act.Target.Fresh().LinkedInstanceIDs(ctx, []migration.RecordID{i.intent.Record})
	if err != nil {
		return out, true, err
	}
	if instances[i.intent.Record] {
		return release(migration.ReasonSourceBlocked, "Its record ID is the ID of a linked instance on the target.", "")
	}
	linked, err := act.Target.Fresh().LinkedInstances(ctx, i.intent.Record)
	if err != nil {
		return out, true, err
	}
	ids := make([]migration.InstanceID, 0, len(linked))
	for _, l := range linked {
		ids = append(ids, l.ID)
	}
	first := !claim.BaselineTaken
	explained, err := act.Ledger.ExplainedBesides(ctx, i.Key, linked)
	if err != nil {
		return out, true, err
	}
	d := migration.DecideClaimed(linked, i.intent, explained, claim.Baseline, first, claim.Accepted)
	if d.Action == migration.StartPark {
		return release(d.Reason, fmt.Sprintf("Target instance %s is in the way.", d.Candidate), "")
	}
	// Only after the look was clear: what is in the baseline is never in the way again.
	if first || claim.Accepted {
		if err := act.Ledger.SaveBaseline(ctx, i.Key, claim.Token, ids); err != nil {
			return out, true, err
		}
	}
	return out, false, nil
}

// send makes the one POST of an attempt, inside a window on the record set.
func (act *Activities) send(ctx context.Context, i *Instance, claim migration.Claim) (contract.StartOutput, error) {
	// Waiting for the rate limit must not count as sending, nor hold the window open.
	ctx, err := act.API.Admit(ctx)
	if err != nil {
		return contract.StartOutput{}, err
	}
	window, err := act.captureBefore(ctx, i, windowOf(claim.Attempt))
	if err != nil {
		return contract.StartOutput{}, err
	}
	defer window.Abandon(ctx)
	if err := ctx.Err(); err != nil {
		return contract.StartOutput{}, err
	}
	if err := act.Ledger.Sending(ctx, i.Key, claim.Token, i.intent.Variables, i.intent.Definition); err != nil {
		return contract.StartOutput{}, err
	}
	answer, callErr := act.API.StartProcess(ctx, api.StartRequest{
		Definition: i.intent.Definition, As: i.intent.Requester, Record: i.intent.Record, Variables: i.intent.Variables,
	})
	// From here on the outcome is written whatever becomes of the worker.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerTime)
	defer cancel()
	outcome := outcomeOf(answer, callErr)
	if answer.Instance != "" {
		started, err := act.readStarted(ctx, i, answer.Instance)
		if err != nil {
			act.Log.Warn("the started instance could not be read back", zap.String("instance", string(i.Instance)), step.SafeError(err))
		}
		outcome.Started = started
		if started == nil {
			// An instance exists that is not what was asked for, or cannot be read
			// now: whatever the reconciliation finds, nothing may be started again.
			outcome.Refused, outcome.Detail = migration.ReasonStartAmbiguous, "the answer names "+string(answer.Instance)
		}
	}
	if err := act.Ledger.Outcome(ctx, i.Key, claim.Token, outcome); err != nil {
		return contract.StartOutput{}, err
	}
	if outcome.Started == nil {
		return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusUnknown}}, nil
	}
	if err := act.captureAfter(ctx, i, windowOf(claim.Attempt), window); err != nil {
		return contract.StartOutput{}, err
	}
	return act.started(ctx, i, *outcome.Started)
}

// refusals are answers that a repetition of the start would get again.
var refusals = []api.Kind{
	api.KindNotLoggedIn, api.KindForbidden, api.KindBadCredentials, api.KindRefererRefused,
	api.KindBadRequest, api.KindNotFound, api.KindUnaddressable,
}

// outcomeOf says what is known of a start from its answer alone.
func outcomeOf(answer api.StartAnswer, err error) migration.StartOutcome {
	o := migration.StartOutcome{Fate: api.FateOf(err), Status: statusOf(err)}
	if err != nil {
		o.Detail = err.Error()
		if slices.Contains(refusals, api.KindOf(err)) {
			o.Refused = migration.ReasonStartRefused
		}
		return o
	}
	switch answer.Outcome() {
	case api.StartNotAllowed:
		o.Refused = migration.ReasonStartNotAllowed
	case api.StartFailed:
		o.Refused = migration.ReasonStartFailed
	case api.StartStarted:
	}
	return o
}

// readStarted reads back the instance that an answer names. Nil without an
// error: it is not what was asked for, and the reconciliation has to judge it.
func (act *Activities) readStarted(ctx context.Context, i *Instance, id migration.InstanceID) (*migration.TargetIdentity, error) {
	linked, err := act.Target.Fresh().LinkedInstances(ctx, i.intent.Record)
	if err != nil {
		return nil, err
	}
	for _, l := range linked {
		if l.ID == id && l.Requester == i.intent.Requester && l.Origin == i.intent.Record && l.Definition == i.intent.Definition {
			identity := l.TargetIdentity
			return &identity, nil
		}
	}
	return nil, nil
}

// startVariables returns what process/start can set, as text. What it cannot is
// left out, and compared afterwards: an empty number or any BOOLEAN or DATETIME
// would fail or be lost (docs/joget.md#variables-at-the-start).
func startVariables(process *xpdl.Process, variables []migration.Variable) map[string]string {
	sent := map[string]string{}
	for _, v := range variables {
		declared, ok := process.Variable(v.Name)
		if !ok || v.Kind == migration.VariableUnreadable || api.CheckVariableName(v.Name) != nil {
			continue
		}
		if declared.Type.Takes(v.Value) {
			sent[v.Name] = v.Value
		}
	}
	return sent
}
