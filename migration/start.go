package migration

import "slices"

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
	State     State      `json:"state"`
	Child     bool       `json:"child"`    // a subflow's instance
	Archived  bool       `json:"archived"` // known from history only
	Variables []Variable `json:"-"`        // as far as they can be read
}

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
	Claim   ClaimState
	Fate    Fate // of the one request of this attempt
	Settled bool // the settle time has passed since the request can last have been alive, on the ledger's clock
	// Refused is the typed refusal that Joget answered with; "" if it did not.
	Refused Reason
}

// DecideReconcile says what to make of an attempt whose target is not in the
// ledger, from what the target shows now. candidates are the Unexplained
// instances outside the baseline. It never says StartSend: sending needs a new
// claim, and a new claim needs StartRelease.
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
	if len(candidates) > 0 {
		d := StartDecision{Action: StartPark, Reason: ReasonStartAmbiguous}
		if len(candidates) == 1 {
			d = decideCandidate(candidates[0], intent)
		}
		over := k.Settled || k.Fate == FateAnswered || k.Fate == FateNotSent
		if d.Reason == ReasonStartAmbiguous && !over {
			// Our own may still come, and then nobody has to tell which is which.
			return StartDecision{Action: StartWait}
		}
		return d
	}
	switch {
	case k.Fate == FateNotSent:
		return StartDecision{Action: StartRelease}
	case k.Fate == FateAnswered && k.Refused != "":
		return StartDecision{Action: StartPark, Reason: k.Refused}
	case k.Fate == FateAnswered:
		return StartDecision{Action: StartRelease}
	case !k.Settled:
		return StartDecision{Action: StartWait}
	}
	return StartDecision{Action: StartPark, Reason: ReasonStartOutcomeUnknown}
}

func decideCandidate(c Linked, intent StartIntent) StartDecision {
	ours := c.Definition == intent.Definition && c.Origin == intent.Record
	switch {
	case !ours, !SameUser(c.Requester, intent.Requester) && c.Requester != AnonymousUser:
		return StartDecision{Action: StartPark, Reason: ReasonStartAmbiguous, Candidate: c.ID}
	case !c.State.Open() || c.Archived:
		return StartDecision{Action: StartPark, Reason: ReasonStartRanThrough, Candidate: c.ID}
	case c.State == StateNotStarted, c.Requester == AnonymousUser:
		return StartDecision{Action: StartAbort, Candidate: c.ID}
	case carries(c.Variables, intent.Variables):
		return StartDecision{Action: StartAdopt, Candidate: c.ID}
	}
	return StartDecision{Action: StartPark, Reason: ReasonStartAmbiguous, Candidate: c.ID}
}

// carries reports whether every variable sent is one the instance has. Values
// are not compared: start tools may have changed them before anyone could look.
func carries(have []Variable, sent map[string]string) bool {
	names := make(map[string]bool, len(have))
	for _, v := range have {
		names[v.Name] = true
	}
	for name := range sent {
		if !names[name] {
			return false
		}
	}
	return true
}
