package target

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"jogetferry/activities/step"
	"jogetferry/joget/api"
	"jogetferry/migration"
)

// protocol is the start protocol of one instance, as
// docs/adr/0002-start-protocol.md has it. It acts through its ports alone, so
// that a test can put every schedule of attempts, deaths and lost answers in
// front of the code that runs in production.
type protocol struct {
	ledger claims
	target startTarget
	// explain says which of the linked instances belong to other source instances.
	explain func(context.Context, []migration.Linked) (migration.Explained, error)

	key          migration.ClaimKey
	intent       migration.StartIntent
	settle       time.Duration // how long a request without an answer may still run
	rest         time.Duration // between two looks
	retryUnknown bool          // start.when_unknown: retry
}

// claims is the ledger's part: the one claim that a start has.
type claims interface {
	Claim(ctx context.Context, key migration.ClaimKey, record migration.RecordID, token migration.Token, mig migration.Name) (claim migration.Claim, got bool, err error)
	SaveBaseline(ctx context.Context, key migration.ClaimKey, token migration.Token, baseline []migration.InstanceID) error
	Sending(ctx context.Context, key migration.ClaimKey, token migration.Token, sent map[string]string, def migration.DefinitionID) error
	Outcome(ctx context.Context, key migration.ClaimKey, token migration.Token, o migration.StartOutcome) error
	Adopt(ctx context.Context, key migration.ClaimKey, token migration.Token, identity migration.TargetIdentity) error
	Release(ctx context.Context, key migration.ClaimKey, token migration.Token, from migration.ClaimState, why string) error
}

// startTarget is the target as a start sees it. Nothing it returns is remembered
// from an earlier look.
type startTarget interface {
	// Linked returns what is connected to the record.
	Linked(ctx context.Context) ([]migration.Linked, error)
	// RecordIsInstance reports whether the ID of the record is that of a linked instance.
	RecordIsInstance(ctx context.Context) (bool, error)
	// Prepare gets ready to send: what may fail does so here.
	Prepare(ctx context.Context, attempt int) (request, error)
	// Aborted reports whether we aborted an instance, whatever came of it.
	Aborted(ctx context.Context, id migration.InstanceID) (bool, error)
	// Rest looks whether a start without an answer, which seems to have made an
	// instance, is over.
	Rest(ctx context.Context, made migration.InstanceID, k migration.CallKnowledge, intent migration.StartIntent) (migration.Over, error)
	// Leftovers are the instances that may have been left by starts that failed before
	// they were linked to a record; whose they are nothing tells.
	Leftovers(ctx context.Context) ([]migration.InstanceID, error)
	// AbortWreck ends an instance that a failed start of ours left, and reads it
	// back as closed.
	AbortWreck(ctx context.Context, wreck migration.TargetIdentity) error
}

// request is the one request of an attempt. After Prepare exactly one of Answered
// and Abandon ends it.
type request interface {
	// Post sends the request, once.
	Post(ctx context.Context, intent migration.StartIntent) (api.StartAnswer, error)
	// Answered keeps what the start changed, once its outcome is in the ledger.
	Answered(ctx context.Context) error
	Abandon(ctx context.Context)
}

// startStatus is how an attempt or a reconciliation ended.
type startStatus int

const (
	startUnknown startStatus = iota // only a reconciliation can tell
	startStarted                    // the ledger has the target instance
	startAgain                      // nothing was started: another attempt may be made
	startBusy                       // another instance has the record to itself
	startParked                     // the operator has to tell
)

// startResult is how an attempt or a reconciliation ended, with what it needs.
type startResult struct {
	status    startStatus
	started   migration.TargetIdentity // of startStarted
	reason    migration.Reason         // of startParked; of startAgain where Joget failed
	message   string                   // of startParked, free of personal data
	candidate migration.InstanceID     // of startParked, where one is known
	attempt   int                      // the number of the claim
	// sent: the request may have left, whatever the error is that comes with it.
	sent bool
}

// attempt makes one attempt to start: it claims, looks, and sends at most one
// request. The claim comes before the look, since what is seen before it says
// nothing of what another attempt does.
func (p *protocol) attempt(ctx context.Context, token migration.Token, mig migration.Name) (startResult, error) {
	claim, got, err := p.ledger.Claim(ctx, p.key, p.intent.Record, token, mig)
	var busy *migration.RecordBusyError
	switch {
	case errors.As(err, &busy):
		return startResult{status: startBusy}, nil
	case err != nil:
		return startResult{}, err
	case !got:
		return startResult{status: startUnknown, attempt: claim.Attempt}, nil
	}
	if inTheWay, err := p.look(ctx, claim); inTheWay.status == startParked || err != nil {
		return inTheWay, err
	}
	return p.send(ctx, claim)
}

// look compares what is linked to the record with the baseline, which the first
// look that finds nothing in the way takes. startParked: something is.
func (p *protocol) look(ctx context.Context, claim migration.Claim) (nothing startResult, err error) {
	is, err := p.target.RecordIsInstance(ctx)
	if err != nil {
		return nothing, err
	}
	if is {
		return p.release(ctx, claim, migration.ReasonSourceBlocked, "Its record ID is the ID of a linked instance on the target.")
	}
	linked, err := p.target.Linked(ctx)
	if err != nil {
		return nothing, err
	}
	explained, err := p.explain(ctx, linked)
	if err != nil {
		return nothing, err
	}
	first := !claim.BaselineTaken
	d := migration.DecideClaimed(linked, p.intent, explained, claim)
	if d.Action == migration.StartPark {
		return p.release(ctx, claim, d.Reason, fmt.Sprintf("The record already has target instance %s.", d.Candidate))
	}
	if !first && !claim.Accepted {
		return nothing, nil
	}
	// Only after the look was clear: what is in the baseline is never in the way again.
	ids := make([]migration.InstanceID, 0, len(linked))
	for _, l := range linked {
		ids = append(ids, l.ID)
	}
	return nothing, p.ledger.SaveBaseline(ctx, p.key, claim.Token, ids)
}

// release gives a claim back that sent nothing, and parks.
func (p *protocol) release(ctx context.Context, claim migration.Claim, reason migration.Reason, message string) (startResult, error) {
	err := p.ledger.Release(ctx, p.key, claim.Token, migration.ClaimClaimed, string(reason))
	return startResult{status: startParked, reason: reason, message: message}, err
}

// send makes the one request of an attempt. That it is being sent stands in the
// ledger before, and what became of it before anything else is done.
func (p *protocol) send(ctx context.Context, claim migration.Claim) (startResult, error) {
	r, err := p.target.Prepare(ctx, claim.Attempt)
	if err != nil {
		return startResult{}, err
	}
	defer r.Abandon(ctx)
	if err := ctx.Err(); err != nil {
		return startResult{}, err
	}
	if err := p.ledger.Sending(ctx, p.key, claim.Token, p.intent.Variables, p.intent.Definition); err != nil {
		return startResult{}, err
	}
	answer, callErr := r.Post(ctx, p.intent)
	// From here on the outcome is written whatever becomes of the worker.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerTime)
	defer cancel()
	outcome := p.outcome(ctx, answer, callErr)
	if err := p.ledger.Outcome(ctx, p.key, claim.Token, outcome); err != nil {
		return startResult{status: startUnknown, attempt: claim.Attempt, sent: true}, err
	}
	if outcome.Started == nil {
		return startResult{status: startUnknown, attempt: claim.Attempt, sent: true}, nil
	}
	return startResult{status: startStarted, started: *outcome.Started, sent: true}, r.Answered(ctx)
}

// refusals are answers that a repetition of the start would get again.
var refusals = []api.Kind{
	api.KindNotLoggedIn, api.KindForbidden, api.KindBadCredentials, api.KindRefererRefused,
	api.KindBadRequest, api.KindNotFound, api.KindUnaddressable, api.KindTooLarge,
}

// outcome says what is known of a start from its answer, and from the instance
// that it names as the target shows it.
func (p *protocol) outcome(ctx context.Context, answer api.StartAnswer, err error) migration.StartOutcome {
	o := outcomeOf(answer, err)
	if answer.Instance == "" {
		return o
	}
	if o.Started = p.named(ctx, answer.Instance); o.Started == nil {
		// An instance exists that is not what was asked for, or cannot be read
		// now: whatever the reconciliation finds, nothing may be started again.
		o.Refused, o.Named, o.Detail = migration.ReasonStartAmbiguous, answer.Instance, "the answer names "+string(answer.Instance)
	}
	return o
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

// named reads back the instance that an answer names. Nil: it is not what was
// asked for, or could not be read, and the reconciliation has to judge it.
func (p *protocol) named(ctx context.Context, id migration.InstanceID) *migration.TargetIdentity {
	linked, err := p.target.Linked(ctx)
	if err != nil {
		return nil
	}
	for _, l := range linked {
		if l.ID == id && migration.SameUser(l.Requester, p.intent.Requester) && l.Origin == p.intent.Record && l.Definition.Key() == p.intent.Definition.Key() {
			return &l.TargetIdentity
		}
	}
	return nil
}

// reconcile finds out what became of an attempt, from its claim and the target.
// It never sends one. While the request may still run it asks for another look.
// The intent is that of the claim; see asSent.
func (p *protocol) reconcile(ctx context.Context, claim migration.Claim) (startResult, error) {
	candidates, err := p.candidates(ctx, claim)
	if err != nil {
		return startResult{}, err
	}
	over, err := p.over(ctx, claim, candidates)
	if err != nil {
		return startResult{}, err
	}
	if over.End == migration.EndAtRest {
		// What was seen before the looks may have been on its way then.
		if candidates, err = p.candidates(ctx, claim); err != nil {
			return startResult{}, err
		}
	}
	d := migration.DecideReconcile(migration.StartKnowledge{
		Claim: claim.State, Fate: claim.Fate, Over: over.End, Refused: claim.Refused,
	}, p.intent, candidates)
	if d.Reason == migration.ReasonStartOutcomeUnknown && p.retryUnknown {
		d.Action = migration.StartRelease
	}
	switch d.Action {
	case migration.StartAdopt:
		identity := candidates[0].TargetIdentity
		return startResult{status: startStarted, started: identity}, p.ledger.Adopt(ctx, p.key, claim.Token, identity)
	case migration.StartAbort:
		return p.aborted(ctx, candidates[0].TargetIdentity, nil)
	case migration.StartRelease:
		return p.again(ctx, claim, d)
	case migration.StartWait:
		return startResult{}, stillRuns("the start got no answer and may still run on the target", over, p.rest)
	case migration.StartPark:
		if d.Reason == migration.ReasonStartRanThrough {
			if ours, err := p.target.Aborted(ctx, d.Candidate); err != nil || ours {
				return p.aborted(ctx, candidates[0].TargetIdentity, err)
			}
		}
		return p.park(ctx, claim, d, candidates)
	case migration.StartSend, migration.StartDone:
	}
	return startResult{}, migration.E(migration.CodeInternal, "reconcile start", string(p.key.Instance), "decision %q", d.Action)
}

// aborted ends a wreck, one that an earlier attempt began to end too.
func (p *protocol) aborted(ctx context.Context, wreck migration.TargetIdentity, err error) (startResult, error) {
	if err == nil {
		err = p.target.AbortWreck(ctx, wreck)
	}
	if err != nil {
		return startResult{}, err
	}
	return startResult{}, &step.WaitError{Why: "the instance of a failed start was aborted; looking again", Delay: time.Second}
}

// candidates are the instances that the request of a claim may have made.
func (p *protocol) candidates(ctx context.Context, claim migration.Claim) ([]migration.Linked, error) {
	linked, err := p.target.Linked(ctx)
	if err != nil {
		return nil, err
	}
	explained, err := p.explain(ctx, linked)
	return claim.Candidates(linked, p.intent, explained), err
}

// over says whether the request of a claim is over.
func (p *protocol) over(ctx context.Context, claim migration.Claim, candidates []migration.Linked) (migration.Over, error) {
	k := migration.CallKnowledge{Call: migration.Call{Verb: migration.VerbStartProcess}, Fate: claim.Fate, Age: claim.Age, Settle: p.settle}
	over := migration.DecideOver(k)
	switch {
	case over.End != migration.EndNone:
		return over, nil
	case len(candidates) == 0:
		over.Why = "no instance of it is there"
		return over, nil
	case len(candidates) > 1 || !candidates[0].MadeBy(p.intent):
		over.Why = "what is there is not, or not yet, what it would make"
		return over, nil
	}
	return p.target.Rest(ctx, candidates[0].ID, k, p.intent)
}

// asSent is an intent as the request of a claim had it, whatever the target
// would start by now.
func asSent(intent migration.StartIntent, claim migration.Claim) migration.StartIntent {
	if !claim.Definition.IsZero() {
		intent.Definition = claim.Definition
	}
	intent.Variables = claim.Sent
	return intent
}

// again lets another attempt claim the start.
func (p *protocol) again(ctx context.Context, claim migration.Claim, d migration.StartDecision) (startResult, error) {
	result := startResult{status: startAgain, attempt: claim.Attempt}
	switch claim.State {
	case migration.ClaimNone, migration.ClaimReleased:
		return result, nil
	case migration.ClaimSending, migration.ClaimUnknown:
		if claim.Fate == migration.FateAnswered {
			result.reason = migration.ReasonStartFailed
		}
	case migration.ClaimClaimed, migration.ClaimStarted:
	}
	why := "nothing was started"
	if d.Reason == migration.ReasonStartOutcomeUnknown {
		why = "EXCEPTION to one live instance: start.when_unknown is retry"
	}
	return result, p.ledger.Release(ctx, p.key, claim.Token, claim.State, why)
}

func (p *protocol) park(ctx context.Context, claim migration.Claim, d migration.StartDecision, candidates []migration.Linked) (startResult, error) {
	result := startResult{status: startParked, reason: d.Reason, candidate: d.Candidate}
	switch {
	case d.Candidate != "":
		result.message = fmt.Sprintf("Target instance %s.", d.Candidate)
	case d.Reason == migration.ReasonStartFailed:
		left, err := p.target.Leftovers(ctx)
		if err != nil {
			return result, err
		}
		result.message = leftovers(left)
	case d.Reason == migration.ReasonStartAmbiguous && claim.Refused == d.Reason:
		result.message = fmt.Sprintf("Joget's answer names target instance %s, which is none that this start makes.", claim.Named)
	}
	switch {
	case d.Reason == migration.ReasonStartRanThrough, d.Reason == migration.ReasonStartBroken:
		// It is ours, whatever became of it.
		return result, p.ledger.Adopt(ctx, p.key, claim.Token, candidates[0].TargetIdentity)
	case claim.Fate == migration.FateAnswered && d.Candidate == "" && d.Reason == claim.Refused && d.Reason != migration.ReasonStartAmbiguous:
		// A start that was refused for good holds no claim: a retry starts anew.
		return result, p.ledger.Release(ctx, p.key, claim.Token, claim.State, string(d.Reason))
	}
	return result, nil
}

// maxNamed bounds how many instances a message names.
const maxNamed = 5

// leftovers tells of instances that failed starts may have left.
func leftovers(left []migration.InstanceID) string {
	if len(left) == 0 {
		return ""
	}
	names := make([]string, 0, maxNamed)
	for _, id := range left[:min(len(left), maxNamed)] {
		names = append(names, string(id))
	}
	return fmt.Sprintf("The target has %d instances of the definition and the requester that were never started and belong to no record, "+
		"as a failed start leaves one: %s. Whose they are cannot be told; abort those that are this start's in Joget's monitor.", len(left), strings.Join(names, ", "))
}
