package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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
func (j *Joget) StartProcess(ctx context.Context, in contract.StepInput) (contract.StartOutput, error) {
	s, err := j.open(ctx, in)
	if err != nil {
		return contract.StartOutput{}, err
	}
	claim, err := j.Ledger.Claimed(ctx, s.Key)
	if err != nil {
		return contract.StartOutput{}, err
	}
	if final, is := step.Final(&s.Entry); is {
		return contract.StartOutput{Outcome: final, Target: s.Entry.TargetID}, nil
	}
	switch claim.State {
	case migration.ClaimStarted:
		return j.started(ctx, s, claim.Started)
	case migration.ClaimClaimed, migration.ClaimSending, migration.ClaimUnknown:
		return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusUnknown}}, nil
	case migration.ClaimNone, migration.ClaimReleased:
	}
	if out, stop, err := j.mayStart(ctx, s); stop || err != nil {
		return contract.StartOutput{Outcome: out}, err
	}
	process, err := j.Target.Catalog.Process(ctx, s.intent.Definition)
	if err != nil {
		return contract.StartOutput{}, err
	}
	walker, err := j.Target.Catalog.Walker(ctx, s.intent.Definition)
	if err != nil {
		return contract.StartOutput{}, err
	}
	// What is not sent now is set before the resume.
	s.intent.Variables = startVariables(process, walker.Choose(s.wanted.Variables).Send)

	token := step.AttemptToken(ctx)
	claim, got, err := j.Ledger.Claim(ctx, s.Key, s.intent.Record, token, in.Migration)
	var busy *migration.RecordBusyError
	if errors.As(err, &busy) {
		err := j.Progress(ctx, in, migration.Change{State: migration.InstanceWaiting, Step: migration.StepStart})
		return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusBusy}}, err
	}
	if err != nil {
		return contract.StartOutput{}, err
	}
	if !got {
		return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusUnknown}}, nil
	}
	if err := j.Running(ctx, in, migration.StepStart); err != nil {
		return contract.StartOutput{}, err
	}
	if out, stop, err := j.look(ctx, s, claim); stop || err != nil {
		return contract.StartOutput{Outcome: out}, err
	}
	return j.send(ctx, s, claim)
}

// mayStart proves what must hold before a start is claimed.
func (j *Joget) mayStart(ctx context.Context, s *subject) (out contract.Outcome, stop bool, err error) {
	// It may have been parked for days since its snapshot.
	if why := migration.Redirected(s.Entry.Target, s.intent.Definition); why != "" {
		out, err = j.Park(ctx, s.StepInput, step.Parking{Step: migration.StepStart, Reason: migration.ReasonSourceBlocked, Message: why, Detail: why})
		return out, true, err
	}
	if err := j.paired(ctx); err != nil {
		return out, true, err
	}
	if err := j.marks(ctx); err != nil {
		if !rewound(err) {
			return out, true, err
		}
		out, err = j.Park(ctx, s.StepInput, step.Parking{Step: migration.StepStart, Reason: migration.ReasonTargetRewound, Detail: err.Error()})
		return out, true, err
	}
	ok, err := j.identity(ctx, s.intent.Requester)
	if err != nil {
		return out, true, err
	}
	if !ok {
		out, err = j.Park(ctx, s.StepInput, step.Parking{Step: migration.StepStart, Reason: migration.ReasonIdentityRefused, Message: "The user may be missing on the target, or the master login may be wrong.", Detail: "requester " + string(s.intent.Requester)})
		return out, true, err
	}
	return out, false, nil
}

// look compares what is linked to the record on the target with the baseline,
// which the first look that finds nothing in the way takes.
func (j *Joget) look(ctx context.Context, s *subject, claim migration.Claim) (out contract.Outcome, stop bool, err error) {
	release := func(reason migration.Reason, message, detail string) (contract.Outcome, bool, error) {
		if err := j.Ledger.Release(ctx, s.Key, claim.Token, migration.ClaimClaimed, string(reason)); err != nil {
			return contract.Outcome{}, true, err
		}
		out, err := j.Park(ctx, s.StepInput, step.Parking{Step: migration.StepStart, Reason: reason, Message: message, Detail: detail})
		return out, true, err
	}
	instances, err := j.Target.Fresh().LinkedInstanceIDs(ctx, []migration.RecordID{s.intent.Record})
	if err != nil {
		return out, true, err
	}
	if instances[s.intent.Record] {
		return release(migration.ReasonSourceBlocked, "Its record ID is the ID of a linked instance on the target.", "")
	}
	linked, err := j.Target.Fresh().LinkedInstances(ctx, s.intent.Record)
	if err != nil {
		return out, true, err
	}
	ids := make([]migration.InstanceID, 0, len(linked))
	for _, l := range linked {
		ids = append(ids, l.ID)
	}
	first := !claim.BaselineTaken
	explained, err := j.Ledger.ExplainedBesides(ctx, s.Key, linked)
	if err != nil {
		return out, true, err
	}
	d := migration.DecideClaimed(linked, s.intent, explained, claim.Baseline, first, claim.Accepted)
	if d.Action == migration.StartPark {
		return release(d.Reason, fmt.Sprintf("Target instance %s is in the way.", d.Candidate), "")
	}
	// Only after the look was clear: what is in the baseline is never in the way again.
	if first || claim.Accepted {
		if err := j.Ledger.SaveBaseline(ctx, s.Key, claim.Token, ids); err != nil {
			return out, true, err
		}
	}
	return out, false, nil
}

// send makes the one POST of an attempt, inside a window on the record set.
func (j *Joget) send(ctx context.Context, s *subject, claim migration.Claim) (contract.StartOutput, error) {
	// Waiting for the rate limit must not count as sending, nor hold the window open.
	ctx, err := j.API.Admit(ctx)
	if err != nil {
		return contract.StartOutput{}, err
	}
	window, err := j.openWindow(ctx, s, windowOf(claim.Attempt))
	if err != nil {
		return contract.StartOutput{}, err
	}
	defer window.Abandon(ctx)
	if err := ctx.Err(); err != nil {
		return contract.StartOutput{}, err
	}
	if err := j.Ledger.Sending(ctx, s.Key, claim.Token, s.intent.Variables, s.intent.Definition); err != nil {
		return contract.StartOutput{}, err
	}
	answer, callErr := j.API.StartProcess(ctx, api.StartRequest{
		Definition: s.intent.Definition, As: s.intent.Requester, Record: s.intent.Record, Variables: s.intent.Variables,
	})
	// From here on the outcome is written whatever becomes of the worker.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerTime)
	defer cancel()
	outcome := outcomeOf(answer, callErr)
	if answer.Instance != "" {
		started, err := j.readStarted(ctx, s, answer.Instance)
		if err != nil {
			j.Log.Warn("the started instance could not be read back", zap.String("instance", string(s.Instance)), step.SafeError(err))
		}
		outcome.Started = started
		if started == nil {
			// An instance exists that is not what was asked for, or cannot be read
			// now: whatever the reconciliation finds, nothing may be started again.
			outcome.Refused, outcome.Detail = migration.ReasonStartAmbiguous, "the answer names "+string(answer.Instance)
		}
	}
	if err := j.Ledger.Outcome(ctx, s.Key, claim.Token, outcome); err != nil {
		return contract.StartOutput{}, err
	}
	if outcome.Started == nil {
		return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusUnknown}}, nil
	}
	if err := j.shutWindow(ctx, s, windowOf(claim.Attempt), window); err != nil {
		return contract.StartOutput{}, err
	}
	return j.started(ctx, s, *outcome.Started)
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
func (j *Joget) readStarted(ctx context.Context, s *subject, id migration.InstanceID) (*migration.TargetIdentity, error) {
	linked, err := j.Target.Fresh().LinkedInstances(ctx, s.intent.Record)
	if err != nil {
		return nil, err
	}
	for _, l := range linked {
		if l.ID == id && l.Requester == s.intent.Requester && l.Origin == s.intent.Record && l.Definition == s.intent.Definition {
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

// ReconcileStart finds out what became of a start, from the ledger and the
// target. It never sends one. While the request may still run it asks for
// another attempt.
func (j *Joget) ReconcileStart(ctx context.Context, in contract.StepInput) (contract.StartOutput, error) {
	s, err := j.open(ctx, in)
	if err != nil {
		return contract.StartOutput{}, err
	}
	claim, err := j.Ledger.Claimed(ctx, s.Key)
	if err != nil {
		return contract.StartOutput{}, err
	}
	switch claim.State {
	case migration.ClaimStarted:
		return j.started(ctx, s, claim.Started)
	case migration.ClaimNone, migration.ClaimReleased:
		// The attempt did not get as far as a claim. What kept it from that is
		// waited for here, where waiting leaves no trace in the history.
		if out, stop, err := j.mayStart(ctx, s); stop || err != nil {
			return contract.StartOutput{Outcome: out}, err
		}
		if out, stop, err := j.recordFree(ctx, s); stop || err != nil {
			return contract.StartOutput{Outcome: out}, err
		}
	case migration.ClaimClaimed, migration.ClaimSending, migration.ClaimUnknown:
	}
	if claim.Definition != (migration.DefinitionID{}) {
		s.intent.Definition = claim.Definition
	}
	s.intent.Variables = claim.Sent
	candidates, err := j.candidates(ctx, s, claim)
	if err != nil {
		return contract.StartOutput{}, err
	}
	d := migration.DecideReconcile(migration.StartKnowledge{
		Claim: claim.State, Fate: claim.Fate, Settled: claim.Age >= j.Settings.Settle, Refused: claim.Refused,
	}, s.intent, candidates)
	if d.Reason == migration.ReasonStartOutcomeUnknown && j.Settings.RetryUnknown {
		d.Action = migration.StartRelease
	}
	return j.carryOut(ctx, s, claim, d, candidates)
}

// recordFree waits while another instance of the record is being started, and
// parks when that one is parked or skipped itself.
func (j *Joget) recordFree(ctx context.Context, s *subject) (out contract.Outcome, stop bool, err error) {
	holder, err := j.Ledger.RecordHolder(ctx, s.Key, s.intent.Record)
	if err != nil || holder == "" {
		return out, err != nil, err
	}
	other, err := j.Ledger.Entry(ctx, s.Migration, holder)
	if migration.CodeOf(err) == migration.CodeNotFound || err == nil && other.State.Settled() {
		out, err := j.Park(ctx, s.StepInput, step.Parking{Step: migration.StepStart, Reason: migration.ReasonRecordBusy, Message: fmt.Sprintf("It is source instance %s.", holder)})
		return out, true, err
	}
	if err != nil {
		return out, true, err
	}
	return out, true, &step.WaitError{Why: "another instance of the same record is being started", Delay: 5 * time.Second}
}

func (j *Joget) candidates(ctx context.Context, s *subject, claim migration.Claim) ([]migration.Linked, error) {
	linked, err := j.Target.Fresh().LinkedInstances(ctx, s.intent.Record)
	if err != nil {
		return nil, err
	}
	explained, err := j.Ledger.ExplainedBesides(ctx, s.Key, linked)
	if err != nil {
		return nil, err
	}
	return migration.Unexplained(linked, s.intent, explained, claim.Baseline), nil
}

func (j *Joget) carryOut(ctx context.Context, s *subject, claim migration.Claim, d migration.StartDecision, candidates []migration.Linked) (contract.StartOutput, error) {
	switch d.Action {
	case migration.StartAdopt:
		identity := candidates[0].TargetIdentity
		if err := j.Ledger.Adopt(ctx, s.Key, claim.Token, identity); err != nil {
			return contract.StartOutput{}, err
		}
		return j.started(ctx, s, identity)
	case migration.StartAbort:
		return contract.StartOutput{}, j.abortWreck(ctx, s, candidates[0].TargetIdentity)
	case migration.StartRelease:
		why := "nothing was started"
		if d.Reason == migration.ReasonStartOutcomeUnknown {
			why = "EXCEPTION to one live instance: start.when_unknown is retry"
		}
		if claim.State != migration.ClaimNone && claim.State != migration.ClaimReleased {
			if err := j.Ledger.Release(ctx, s.Key, claim.Token, claim.State, why); err != nil {
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
			Delay: min(max(j.Settings.Settle-claim.Age, time.Second), 15*time.Second),
		}
	case migration.StartPark:
		// A start that was refused for good holds no claim: a retry starts anew.
		if claim.Fate == migration.FateAnswered && d.Candidate == "" && d.Reason == claim.Refused && d.Reason != migration.ReasonStartAmbiguous {
			if err := j.Ledger.Release(ctx, s.Key, claim.Token, claim.State, string(d.Reason)); err != nil {
				return contract.StartOutput{}, err
			}
		}
		if d.Reason == migration.ReasonStartRanThrough {
			if err := j.Ledger.Adopt(ctx, s.Key, claim.Token, candidates[0].TargetIdentity); err != nil {
				return contract.StartOutput{}, err
			}
		}
		message := ""
		if d.Candidate != "" {
			message = fmt.Sprintf("Target instance %s.", d.Candidate)
		} else if d.Reason == migration.ReasonStartAmbiguous && claim.Refused == d.Reason {
			message = "Joget's answer names an instance that does not belong to this record; its story has the ID."
		}
		out, err := j.Park(ctx, s.StepInput, step.Parking{Step: migration.StepStart, Reason: d.Reason, Message: message})
		return contract.StartOutput{Outcome: out, Target: d.Candidate}, err
	case migration.StartSend, migration.StartDone:
	}
	return contract.StartOutput{}, migration.E(migration.CodeInternal, "reconcile start", string(s.Instance), "decision %q", d.Action)
}

// abortWreck aborts what a failed start of ours left behind, reads it back, and
// asks for another look.
func (j *Joget) abortWreck(ctx context.Context, s *subject, wreck migration.TargetIdentity) error {
	err := j.fenced(ctx, s, migration.StepStart, migration.Call{Verb: migration.VerbAbortProcess, Target: wreck.ID}, func(ctx context.Context) error {
		return j.API.AbortProcess(ctx, wreck.ID)
	})
	if err != nil {
		return err
	}
	left, err := j.Target.Fresh().Instance(ctx, wreck.ID)
	if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
		return err
	}
	if err == nil && left.State.Open() {
		return migration.E(migration.CodeInternal, "abort the wreck of a start", string(s.Instance), "it is still %s", left.State)
	}
	if err := j.Ledger.KeepWreck(ctx, s.Key, wreck); err != nil {
		return err
	}
	return &step.WaitError{Why: "the wreck of a failed start was aborted; looking again", Delay: time.Second}
}

// started looks at an instance that is known to be ours: what the start
// changed, and where resuming begins.
func (j *Joget) started(ctx context.Context, s *subject, identity migration.TargetIdentity) (contract.StartOutput, error) {
	out := contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusOK}, Target: identity.ID}
	if err := j.Progress(ctx, s.StepInput, migration.Change{
		State: migration.InstanceRunning, Step: migration.StepStart, TargetID: identity.ID,
	}); err != nil {
		return out, err
	}
	target, reason, err := j.live(ctx, s, identity)
	if err != nil {
		return out, err
	}
	if reason != "" {
		if reason == migration.ReasonTargetClosed {
			if reason, err = j.closedSince(ctx, s, identity); err != nil {
				return out, err
			}
		}
		out.Outcome, err = j.Park(ctx, s.StepInput, step.Parking{Step: migration.StepStart, Reason: reason, Message: fmt.Sprintf("Target instance %s.", identity.ID)})
		return out, err
	}
	changed, err := j.changes(ctx, s)
	if err != nil {
		return out, err
	}
	out.Restore = changed || len(migration.DiffVariables(s.wanted.Variables, target.Variables)) > 0
	if out.Restore {
		out.Outcome, err = j.untouched(ctx, s, target, migration.StepStart)
		return out, err
	}
	next, outcome, err := j.next(ctx, s, target)
	out.Outcome = outcome
	if next != nil {
		out.Next = &next.call
	}
	return out, err
}

// closedSince tells a start that ran through from an instance that was resumed,
// or that people brought to its end.
func (j *Joget) closedSince(ctx context.Context, s *subject, identity migration.TargetIdentity) (migration.Reason, error) {
	done, err := j.calls(ctx, s)
	if err != nil {
		return "", err
	}
	busy, err := worked(ctx, j.Target.Fresh(), j.Target.Catalog, identity.ID, identity.Definition, done.Own())
	if busy || done.Worked(identity.ID) {
		return migration.ReasonTargetClosed, err
	}
	return migration.ReasonStartRanThrough, err
}
