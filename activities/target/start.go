package target

import (
	"context"

	"go.uber.org/zap"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/migration"
	"jogetferry/records"
)

// StartProcess makes one attempt to start the instance on the target; see
// docs/adr/0002-start-protocol.md. It has one attempt by Temporal's retry
// policy, and is safe if it gets more: the claim in the ledger decides.
func (act *Activities) StartProcess(ctx context.Context, in contract.StepInput) (contract.StartOutput, error) {
	i, err := act.Load(ctx, in)
	if err != nil {
		return contract.StartOutput{}, err
	}
	claim := i.Claim
	if final, is := step.Final(&i.Entry); is {
		return contract.StartOutput{Outcome: final, Target: i.Entry.TargetID}, nil
	}
	switch claim.State {
	case migration.ClaimStarted:
		return act.started(ctx, i, claim.Started)
	case migration.ClaimClaimed, migration.ClaimSending, migration.ClaimUnknown:
		return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusUnknown}, Attempt: claim.Attempt}, nil
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
	choice := walker.Choose(i.wanted.Variables, act.Settings.SetLater())
	i.intent.Variables = step.StartVariables(process, choice.Send)
	if out, stop, err := act.fits(ctx, i); stop || err != nil {
		return contract.StartOutput{Outcome: out}, err
	}

	// The limit of calls is waited for while nothing is claimed yet: what is claimed
	// for long is soon in doubt.
	ctx, err = act.API.Admit(ctx)
	if err != nil {
		return contract.StartOutput{}, err
	}
	protocol := act.protocol(i)
	protocol.target = &starting{act, i, choice.Path.MayRunPlugins()}
	result, err := protocol.attempt(ctx, step.AttemptToken(ctx), in.Migration)
	if err != nil && result.sent {
		// An error says that nothing was sent; this one goes to the reconciliation.
		act.Log.Warn("what became of a start is not in the ledger", zap.String("instance", string(in.Instance)), step.SafeError(err))
		return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusUnknown}, Attempt: result.attempt}, nil
	}
	if err != nil {
		return contract.StartOutput{}, err
	}
	// What became of a request is booked even when the worker is being stopped.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerTime)
	defer cancel()
	return act.conclude(ctx, i, result)
}

// protocol returns the start protocol of i on the real ledger and target.
func (act *Activities) protocol(i *Instance) *protocol {
	return &protocol{
		ledger: &startClaims{Ledger: act.Ledger, of: i}, target: &starting{act: act, of: i}, key: i.Key, intent: i.intent,
		settle: act.Settings.Settle, rest: act.Settings.Rest, retryUnknown: act.Settings.RetryUnknown,
		explain: func(ctx context.Context, linked []migration.Linked) (migration.Explained, error) {
			return act.Ledger.ExplainedBesides(ctx, i.Key, linked)
		},
	}
}

// conclude does with an instance what became of its start.
func (act *Activities) conclude(ctx context.Context, i *Instance, r startResult) (contract.StartOutput, error) {
	out := contract.StartOutput{Attempt: r.attempt}
	var err error
	switch r.status {
	case startStarted:
		if r.sent { // its entry was in this step before, and has the target since
			return act.lookOn(ctx, i, r.started)
		}
		return act.started(ctx, i, r.started)
	case startUnknown:
		out.Status = contract.StatusUnknown
	case startAgain:
		out.Status, out.Reason = contract.StatusAgain, r.reason
	case startBusy:
		out.Status = contract.StatusBusy
		err = act.Progress(ctx, i.StepInput, migration.Change{State: migration.InstanceWaiting, Step: migration.StepStart})
	case startParked:
		out.Target = r.candidate
		if r.reason == migration.ReasonStartRanThrough || r.reason == migration.ReasonStartBroken {
			// It is ours, and so is what it began.
			if out.Outcome, err = act.endAsynchronous(ctx, i, r.candidate, migration.StepStart); err != nil || out.Status != contract.StatusOK {
				return out, err
			}
		}
		out.Outcome, err = act.Park(ctx, i.StepInput, step.Parking{Step: migration.StepStart, Reason: r.reason, Message: r.message})
	}
	return out, err
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

// fits parks what is longer than one call may be: Joget would drop all of it, the
// login and the record ID too, and start as somebody else (docs/joget.md#addresses).
func (act *Activities) fits(ctx context.Context, i *Instance) (out contract.Outcome, stop bool, err error) {
	if err = act.API.CheckStart(step.StartRequest(i.intent)); api.KindOf(err) != api.KindTooLarge {
		return out, false, nil // the start itself meets any other error
	}
	out, err = act.Park(ctx, i.StepInput, step.Parking{
		Step: migration.StepStart, Reason: migration.ReasonSourceBlocked, Message: "Its variables are too long for one call of the target.", Detail: err.Error(),
	})
	return out, true, err
}

// starting is the target of a start.
type starting struct {
	act         *Activities
	of          *Instance
	runsPlugins bool // the start may run tools or plugins; of an attempt
}

func (t *starting) Linked(ctx context.Context) ([]migration.Linked, error) {
	return t.act.Target.Fresh().LinkedInstances(ctx, t.of.intent.Record)
}

func (t *starting) RecordIsInstance(ctx context.Context) (bool, error) {
	record := t.of.intent.Record
	linked, err := t.act.Target.Fresh().LinkedInstanceIDs(ctx, []migration.RecordID{record})
	return linked[record], err
}

// Prepare captures the record set, where the start may run tools.
func (t *starting) Prepare(ctx context.Context, attempt int) (request, error) {
	name := captureOf(attempt)
	if !t.runsPlugins {
		return &startRequest{starting: t}, nil
	}
	before, err := t.act.captureBefore(ctx, t.of, name)
	return &startRequest{starting: t, name: name, capture: before}, err
}

func (t *starting) Aborted(ctx context.Context, id migration.InstanceID) (bool, error) {
	lines, err := t.act.Ledger.Lines(ctx, t.of.Migration, t.of.Instance)
	return migration.CallsOf(lines).Aborted(id), err
}

func (t *starting) Rest(ctx context.Context, made migration.InstanceID, k migration.CallKnowledge, intent migration.StartIntent) (migration.Over, error) {
	walker, err := t.act.Target.Catalog.Walker(ctx, intent.Definition)
	if err != nil {
		return migration.Over{}, err
	}
	sent := make([]migration.Variable, 0, len(intent.Variables))
	for name, value := range intent.Variables {
		sent = append(sent, migration.Variable{Name: name, Kind: migration.VariableString, Value: value})
	}
	k.Course = walker.Walk(sent).Course()
	return t.act.rest(ctx, k, func(ctx context.Context) (migration.Look, error) {
		tree, all, err := t.act.tree(ctx, made)
		if err != nil {
			return migration.Look{}, err
		}
		if tree == nil {
			return t.act.lookAtGone(ctx, made)
		}
		l, err := t.act.lookAt(ctx, tree, all)
		l.Effect = true
		return l, err
	})
}

func (t *starting) Leftovers(ctx context.Context) ([]migration.InstanceID, error) {
	return t.act.Target.Fresh().NeverStarted(ctx, t.of.intent.Definition, t.of.intent.Requester)
}

func (t *starting) AbortWreck(ctx context.Context, wreck migration.TargetIdentity) error {
	if closed, err := t.act.Target.Fresh().Closed(ctx, wreck.ID); err != nil {
		return err
	} else if closed {
		if err := t.act.Fence(t.of).Drain(ctx); err != nil {
			return err
		}
		return t.keepWreck(ctx, wreck)
	}
	call := migration.Call{Verb: migration.VerbAbortProcess, Target: wreck.ID}
	err := t.act.Fence(t.of).Do(ctx, migration.StepStart, call, func(ctx context.Context) error { return t.act.API.AbortProcess(ctx, wreck.ID) })
	if err != nil {
		return err
	}
	left, err := t.act.read(ctx, wreck.ID)
	if err != nil && migration.CodeOf(err) != migration.CodeNotFound {
		return err
	}
	if err == nil && left.State.Open() {
		return migration.E(migration.CodeInternal, "abort the instance of a failed start", string(t.of.Instance), "it is still %s", left.State)
	}
	return t.keepWreck(ctx, wreck)
}

// keepWreck has the ledger know a wreck that was ended, once what it began is ended too.
func (t *starting) keepWreck(ctx context.Context, wreck migration.TargetIdentity) error {
	worked, err := t.act.endBelow(ctx, t.of, wreck.ID, migration.StepStart)
	if err == nil && worked {
		err = &migration.Error{
			Code: migration.CodeConflict, Op: "end the asynchronous subflows of the failed start", Subject: string(wreck.ID),
			Hint: "somebody works on one; look at the subflows of that target instance, and abort those that nobody needs",
		}
	}
	if err != nil {
		return err
	}
	return t.act.Ledger.KeepWreck(ctx, t.of.Key, wreck)
}

// startRequest is the request of an attempt, between two images of the record set where
// it has a capture.
type startRequest struct {
	*starting

	name    string
	capture *records.BegunCapture
	after   func() (records.Capture, error) // of a start that was answered; nil: it was not
}

// Post looks at what the start changed beside everything else that an answer asks for.
func (r *startRequest) Post(ctx context.Context, intent migration.StartIntent) (api.StartAnswer, error) {
	answer, err := r.act.API.StartProcess(ctx, step.StartRequest(intent))
	if r.capture != nil && err == nil {
		r.after = closing(ctx, r.capture)
	}
	return answer, err
}

func (r *startRequest) Answered(ctx context.Context) error {
	if r.after == nil {
		return nil
	}
	return r.act.saveAfter(ctx, r.of, r.name, r.after)
}

func (r *startRequest) Abandon(ctx context.Context) {
	if r.after != nil {
		_, _ = r.after() //nolint:errcheck // it gives back what it holds, whatever it read
	} else if r.capture != nil {
		r.capture.Abandon(ctx)
	}
}
