package migration

import (
	"slices"
	"strconv"
)

// ClaimState is where the one start of an instance stands in the ledger. See
// docs/adr/0002-start-protocol.md for the state machine.
type ClaimState string

// The claim states. ClaimNone is the zero value: no row, or one released.
const (
	// ClaimNone: nothing is known to have been sent; a claim may be taken.
	ClaimNone ClaimState = ""
	// ClaimClaimed: an attempt owns the start, and has not sent a byte.
	ClaimClaimed ClaimState = "claimed"
	// ClaimSending: bytes may be on the wire; only an outcome or a
	// reconciliation leads out of here.
	ClaimSending ClaimState = "sending"
	// ClaimUnknown: the request was sent and its answer is not known.
	ClaimUnknown ClaimState = "unknown"
	// ClaimStarted: the target instance is known.
	ClaimStarted ClaimState = "started"
	// ClaimReleased: proven that nothing was started, or that what was started
	// is closed; a new attempt may claim.
	ClaimReleased ClaimState = "released"
)

// Fate is what is known about one HTTP request after the call.
type Fate string

// The fates. FateNone means that no call was recorded (a crash).
const (
	FateNone       Fate = ""
	FateNotSent    Fate = "not_sent"   // dial refused, DNS, TLS: no byte left
	FateAnswered   Fate = "answered"   // Joget itself answered: the request is over
	FateUnanswered Fate = "unanswered" // cut, timed out, a proxy's answer: it may still run
	FateOver       Fate = "over"       // it got no answer, and was waited for; see DecideOver
)

// TargetIdentity tells one target instance from another that came to bear the
// same ID after the target was restored; see Is.
type TargetIdentity struct {
	ID         InstanceID   `json:"id"`
	OID        string       `json:"oid"`
	Created    EpochMillis  `json:"created"`
	Requester  User         `json:"requester"`
	Definition DefinitionID `json:"definition"`
	Origin     RecordID     `json:"origin"`
}

// Is reports whether now, read from the engine's tables, is the instance that t
// was, as every call that changes it has to know. A deploy moves running instances to
// another version of their process (docs/joget.md#deploying); nothing else of an
// identity ever changes.
func (t TargetIdentity) Is(now TargetIdentity) bool {
	return t.ID == now.ID && t.OID == now.OID && t.Created == now.Created && SameUser(t.Requester, now.Requester) &&
		t.Definition.Key() == now.Definition.Key() && t.Origin == now.Origin
}

// Replaced reports whether now, which bears the same ID, is certainly another
// instance than the one known: the target was restored and gave the number out
// again. Fields that either does not have say nothing.
func (t TargetIdentity) Replaced(now TargetIdentity) bool {
	return t.Created != 0 && now.Created != 0 && t.Created != now.Created ||
		t.Origin != "" && now.Origin != "" && t.Origin != now.Origin
}

// Linked is an instance of the target that is connected to a record: by its
// link (parent or origin, live or history), or by bearing the record's ID as its own.
type Linked struct {
	TargetIdentity
	State    State `json:"state"`
	Child    bool  `json:"child"`    // a subflow's instance
	Archived bool  `json:"archived"` // known from history only
	// Begun are the variables with which it began, as far as they can be read: the
	// copy of its first activity, which no tool ran before
	// (docs/joget.md#variables-of-an-activity); its own where it has none.
	Begun []Variable `json:"-"`
	// Waiting and Working are the numbers of its open activities: those at which
	// it waits (joins included), and tools and routes that have not ended.
	Waiting int `json:"-"`
	Working int `json:"-"`
}

// Broken reports whether a start that is over did not get to where it waits: a
// condition failed, so that nothing is open, or a tool's error left it open for good.
func (l *Linked) Broken() bool { return l.State == StateRunning && (l.Waiting == 0 || l.Working > 0) }

// Redirected says that a start would make an instance of another definition now
// than the plan was made for, which nobody has checked and no pilot has shown;
// "" when it would not, and when there was no plan for one.
func Redirected(planned, now DefinitionID) string {
	if planned.IsZero() || planned == now {
		return ""
	}
	return "planned for " + planned.String() + ", the target would start " + now.String() + " now: run starter plan again"
}

// StartIntent is what a start asks for: with it a candidate is recognised.
type StartIntent struct {
	Definition DefinitionID // resolved, never Latest
	Requester  User
	Record     RecordID
	Variables  map[string]string // as sent
}

// Explained holds what the ledger knows about target instances of a record:
// the targets of other source instances, by target ID.
type Explained map[InstanceID]bool

// Unexplained returns the linked instances that speak against a start of ours:
// of the same definition (package and process; a version does not excuse), not
// a subflow child, not the known target of another source instance, not in
// allowed. allowed is the baseline, or nil when the baseline itself is judged.
func Unexplained(linked []Linked, intent StartIntent, explained Explained, allowed []InstanceID) []Linked {
	var left []Linked
	for _, l := range linked {
		switch {
		case l.Child, explained[l.ID], slices.Contains(allowed, l.ID):
		case l.Definition.Key() != intent.Definition.Key():
		default:
			left = append(left, l)
		}
	}
	return left
}

// RecordUse says that an open instance of the target uses a record which no source
// instance became. The zero value: none does.
type RecordUse struct {
	By InstanceID
	// Since: it came after our start, so that what it found in the record was ours.
	Since bool
}

// UseOf returns who else uses the record of c, of those that are linked to it; one that
// came after our start before others. A subflow is its root's: it counts only where none
// of ours is open that may have called it.
func (c *Claim) UseOf(linked []Linked, explained Explained) RecordUse {
	open := func(l Linked) bool { return l.State.Open() && !l.Archived }
	ours := slices.ContainsFunc(linked, func(l Linked) bool { return open(l) && explained[l.ID] })
	var use RecordUse
	for _, l := range linked {
		if !open(l) || explained[l.ID] || l.Child && ours {
			continue
		}
		since := c.State == ClaimStarted && !slices.Contains(c.Baseline, l.ID)
		if use.By == "" || since && !use.Since {
			use = RecordUse{l.ID, since}
		}
	}
	return use
}

// Candidates returns the linked instances that the request of c may have made. Where
// Joget's answer names one it made that and no other.
func (c *Claim) Candidates(linked []Linked, intent StartIntent, explained Explained) []Linked {
	left := Unexplained(linked, intent, explained, c.Baseline)
	return slices.DeleteFunc(left, func(l Linked) bool { return c.Named != "" && l.ID != c.Named })
}

// StartAction is what to do next about the start of an instance.
type StartAction string

// The actions.
const (
	StartSend    StartAction = "send"    // claimed and clear: go to sending and POST once
	StartAdopt   StartAction = "adopt"   // Candidate is ours: record it as started
	StartAbort   StartAction = "abort"   // Candidate is a wreck of ours: abort it, read it back closed, decide again
	StartRelease StartAction = "release" // nothing was started: a new attempt may claim
	StartWait    StartAction = "wait"    // the request may still run: look again later
	StartPark    StartAction = "park"    // only the operator can tell; Reason says why
	StartDone    StartAction = "done"    // the ledger knows the target instance
)

// StartDecision is an action with what it needs.
type StartDecision struct {
	Action    StartAction
	Reason    Reason     // for StartPark
	Candidate InstanceID // for StartAdopt, StartAbort, and where known for StartPark
}

// DecideClaimed says whether an attempt that just got a claim may send. Until its
// baseline was taken linked is the baseline to be taken, if nothing in it is in
// the way. Where the operator accepted what is in the way, it stays.
func DecideClaimed(linked []Linked, intent StartIntent, explained Explained, claim Claim) StartDecision {
	var allowed []InstanceID
	if claim.BaselineTaken {
		allowed = claim.Baseline
	}
	left := Unexplained(linked, intent, explained, allowed)
	if len(left) == 0 || claim.Accepted {
		return StartDecision{Action: StartSend}
	}
	return StartDecision{Action: StartPark, Reason: ReasonStartedEarlier, Candidate: left[0].ID}
}

// StartKnowledge is what is known when a start without a known target is looked at.
type StartKnowledge struct {
	Claim ClaimState
	Fate  Fate // of the one request of this attempt
	// Over says whether the request is over; see DecideOver. Only then may what the
	// target shows be acted on.
	Over End
	// Refused is the typed refusal that Joget answered with; "" if it did not.
	Refused Reason
}

// nothingMade reports whether the request is known to have made nothing: then
// whatever the target shows is somebody else's. What Joget refuses with an error of its
// own it refuses before it makes anything.
func (k StartKnowledge) nothingMade() bool {
	return k.Fate == FateNotSent || k.Fate == FateAnswered && (k.Refused == ReasonStartNotAllowed || k.Refused == ReasonStartRefused)
}

// DecideReconcile says what to make of an attempt whose target is not in the
// ledger, from what the target shows now. candidates are those of its claim. It never
// says StartSend: sending needs a new claim, and a new claim needs StartRelease.
func DecideReconcile(k StartKnowledge, intent StartIntent, candidates []Linked) StartDecision {
	switch k.Claim {
	case ClaimStarted:
		return StartDecision{Action: StartDone}
	case ClaimNone, ClaimReleased:
		return StartDecision{Action: StartRelease}
	case ClaimClaimed:
		// Nothing was sent: the compare-and-set to sending is the last act before the bytes.
		return StartDecision{Action: StartRelease}
	case ClaimSending, ClaimUnknown:
	}
	switch {
	case k.nothingMade() && k.Refused != "":
		return StartDecision{Action: StartPark, Reason: k.Refused}
	case k.nothingMade():
		return StartDecision{Action: StartRelease}
	case k.Over == EndNone:
		return StartDecision{Action: StartWait}
	case len(candidates) == 1:
		return decideCandidate(candidates[0], intent)
	case len(candidates) > 1:
		return StartDecision{Action: StartPark, Reason: ReasonStartAmbiguous}
	case k.Over == EndAnswered && k.Refused != "":
		return StartDecision{Action: StartPark, Reason: k.Refused}
	case k.Over == EndAnswered:
		return StartDecision{Action: StartRelease}
	}
	return StartDecision{Action: StartPark, Reason: ReasonStartOutcomeUnknown}
}

// decideCandidate judges the only instance that a start that is over may have made.
func decideCandidate(c Linked, intent StartIntent) StartDecision {
	switch {
	case !c.MadeBy(intent):
		return StartDecision{Action: StartPark, Reason: ReasonStartAmbiguous, Candidate: c.ID}
	case !c.State.Open() || c.Archived:
		return StartDecision{Action: StartPark, Reason: ReasonStartRanThrough, Candidate: c.ID}
	case c.State == StateNotStarted, !SameUser(c.Requester, intent.Requester):
		// A login that was lost: MadeBy takes no other requester than nobody.
		return StartDecision{Action: StartAbort, Candidate: c.ID}
	case c.Broken():
		return StartDecision{Action: StartPark, Reason: ReasonStartBroken, Candidate: c.ID}
	}
	return StartDecision{Action: StartAdopt, Candidate: c.ID}
}

// MadeBy reports whether l is what a start with this intent makes: of its
// definition and record, for its requester (or for nobody, when the login was
// lost), and begun with the values that were sent.
func (l *Linked) MadeBy(intent StartIntent) bool {
	// A deploy gives running instances another version.
	if l.Definition.Key() != intent.Definition.Key() || l.Origin != intent.Record || !SameUser(l.Requester, intent.Requester) && l.Requester != AnonymousUser {
		return false
	}
	for name, sent := range intent.Variables {
		i := slices.IndexFunc(l.Begun, func(v Variable) bool { return v.Name == name })
		if i < 0 || !l.keeps(l.Begun[i], sent) {
			return false
		}
	}
	return true
}

// keeps reports whether a variable of l has the value that was sent. The engine prints
// a FLOAT in its own way, and in the history all values are texts.
func (l *Linked) keeps(v Variable, sent string) bool {
	if v.Value == sent {
		return true
	}
	a, errA := strconv.ParseFloat(sent, 64)
	b, errB := strconv.ParseFloat(v.Value, 64)
	return (l.Archived || v.Kind == VariableFloat) && errA == nil && errB == nil && a == b
}
