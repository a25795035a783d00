package migration

import "slices"

// Reason says why an instance is parked or skipped. Reasons are an interface:
// search attribute values, ledger values and anchors of docs/what-if.md.
type Reason string

// The reasons.
const (
	ReasonStartedEarlier      Reason = "started_earlier"
	ReasonStartAmbiguous      Reason = "start_ambiguous"
	ReasonStartOutcomeUnknown Reason = "start_outcome_unknown"
	ReasonStartRanThrough     Reason = "start_ran_through"
	ReasonStartBroken         Reason = "start_broken"
	ReasonStartNotAllowed     Reason = "start_not_allowed"
	ReasonStartFailed         Reason = "start_failed"
	ReasonStartRefused        Reason = "start_refused"
	ReasonIdentityRefused     Reason = "identity_refused"
	ReasonRecordBusy          Reason = "record_busy"
	ReasonTwoStarts           Reason = "two_starts"
	ReasonTargetMoved         Reason = "target_moved"
	ReasonTargetClosed        Reason = "target_closed"
	ReasonTargetChanged       Reason = "target_changed"
	ReasonTargetRewound       Reason = "target_rewound"
	ReasonSourceMoved         Reason = "source_moved"
	ReasonSourceClosed        Reason = "source_closed"
	ReasonSourceBlocked       Reason = "source_blocked"
	ReasonNothingToResume     Reason = "nothing_to_resume"
	ReasonResumeNotConverging Reason = "resume_not_converging"
	ReasonRecordConflict      Reason = "record_conflict"
	ReasonRecordUnsupported   Reason = "record_unsupported"
	ReasonRestoreMoved        Reason = "restore_moved"
	ReasonRestoreUnsure       Reason = "restore_unsure"
	ReasonFileConflict        Reason = "file_conflict"
	ReasonFileRefused         Reason = "file_refused"
	ReasonVariablesDiffer     Reason = "variables_differ"
	ReasonEngineWritesRefused Reason = "engine_writes_refused"
	ReasonVerifyDiffers       Reason = "verify_differs"
	ReasonJoinsDiffer         Reason = "joins_differ"
	ReasonUnassigned          Reason = "unassigned"
	ReasonStepFailed          Reason = "step_failed"
	ReasonOperator            Reason = "operator"
)

// Action is what the operator tells a parked instance to do.
type Action string

// The actions of the update "resolve".
const (
	ActionRetry    Action = "retry"    // do the step again, after its cause was mended
	ActionSkip     Action = "skip"     // leave the instance as it is; it ends skipped
	ActionRedo     Action = "redo"     // take a new snapshot of the source and converge on it
	ActionAdopt    Action = "adopt"    // the named target instance is ours
	ActionAccept   Action = "accept"   // what was found is all right; go on
	ActionPutBack  Action = "put_back" // what was found is the tools' doing; put it back
	ActionRekey    Action = "rekey"    // give the record a new ID on the target; go on with that
	ActionRollback Action = "rollback" // undo all of it; the instance is ready again
)

// reasonText is the operator's page of a reason in short: what happened, and
// which actions fit. The order of actions is the order in which they are offered.
var reasonTexts = map[Reason]struct {
	what    string
	actions []Action
}{
	ReasonStartedEarlier:      {"the target already has an instance for this record which this ledger did not start", []Action{ActionAdopt, ActionAccept, ActionRetry, ActionRollback, ActionSkip}},
	ReasonStartAmbiguous:      {"the target has an instance for this record that may or may not be ours", []Action{ActionAdopt, ActionRetry, ActionSkip}},
	ReasonStartOutcomeUnknown: {"the start request got no answer and left no trace; another attempt could start it twice", []Action{ActionRetry, ActionAdopt, ActionSkip}},
	ReasonStartRanThrough:     {"the new instance ran to its end at once with the present variable values", []Action{ActionRedo, ActionRollback, ActionSkip}},
	ReasonStartBroken:         {"the start made an instance and failed before it came to its first activity", []Action{ActionAccept, ActionRollback, ActionSkip}},
	ReasonStartNotAllowed:     {"Joget refused the start: the requester is not on the start whitelist, or the definition is not of the published app version", []Action{ActionRetry, ActionRollback, ActionSkip}},
	ReasonStartFailed:         {"Joget failed inside the start and answered with an empty process ID", []Action{ActionRetry, ActionRollback, ActionSkip}},
	ReasonStartRefused:        {"Joget answered the start with an error", []Action{ActionRetry, ActionRollback, ActionSkip}},
	ReasonIdentityRefused:     {"the target does not accept the login as this requester", []Action{ActionRetry, ActionRollback, ActionSkip}},
	ReasonRecordBusy:          {"another instance has the same record to itself, and is stuck", []Action{ActionRetry, ActionRollback, ActionSkip}},
	ReasonTwoStarts:           {"the target has a second instance for this record that the ledger does not explain", []Action{ActionAccept, ActionRetry, ActionRollback, ActionSkip}},
	ReasonTargetMoved:         {"somebody already worked on the target instance", []Action{ActionAccept, ActionRedo, ActionRetry, ActionRollback, ActionSkip}},
	ReasonTargetClosed:        {"the target instance is closed", []Action{ActionAccept, ActionRetry, ActionRollback, ActionSkip}},
	ReasonTargetChanged:       {"the target instance is not the one that was started", []Action{ActionRetry, ActionSkip}},
	ReasonTargetRewound:       {"the target's counters stand below what was seen before: it was restored from a backup", []Action{ActionRetry, ActionSkip}},
	ReasonSourceMoved:         {"the source instance moved on since its snapshot", []Action{ActionRedo, ActionAccept, ActionRetry, ActionRollback, ActionSkip}},
	ReasonSourceClosed:        {"the source instance closed before its turn", []Action{ActionRollback, ActionSkip}},
	ReasonSourceBlocked:       {"the source instance cannot go on from where it is now, or the target would start another definition than planned", []Action{ActionRetry, ActionRollback, ActionSkip}},
	ReasonNothingToResume:     {"the source instance has no open activity", []Action{ActionRetry, ActionRollback, ActionSkip}},
	ReasonResumeNotConverging: {"the target does not keep the wanted activities open", []Action{ActionRetry, ActionRollback, ActionSkip}},
	ReasonRecordConflict:      {"rows on the target differ from the source and are not ours", []Action{ActionRetry, ActionRekey, ActionRollback, ActionSkip}},
	ReasonRecordUnsupported:   {"the form tables of the target cannot hold the records", []Action{ActionRetry, ActionRollback, ActionSkip}},
	ReasonRestoreMoved:        {"rows changed by start tools were changed again by somebody else", []Action{ActionAccept, ActionRetry, ActionRollback, ActionSkip}},
	ReasonRestoreUnsure:       {"rows changed around a call whose answer was lost, and nothing tells whether its tools or somebody did it", []Action{ActionPutBack, ActionAccept, ActionRollback, ActionSkip}},
	ReasonFileConflict:        {"files on the target differ from the source and are not ours", []Action{ActionRetry, ActionRollback, ActionSkip}},
	ReasonFileRefused:         {"files of the record cannot be copied safely", []Action{ActionRetry, ActionRollback, ActionSkip}},
	ReasonVariablesDiffer:     {"workflow variables differ and the API could not set them", []Action{ActionAccept, ActionRetry, ActionRollback, ActionSkip}},
	ReasonEngineWritesRefused: {"variables were written into the tables of the target's engine, and it does not show them", []Action{ActionRetry, ActionRollback, ActionSkip}},
	ReasonVerifyDiffers:       {"verification found differences", []Action{ActionRetry, ActionRedo, ActionAccept, ActionRollback, ActionSkip}},
	ReasonJoinsDiffer:         {"the branches that wait at AND-joins of the target are not those of the source", []Action{ActionRollback, ActionRetry, ActionSkip}},
	ReasonUnassigned:          {"an open activity of the target is in nobody's inbox, and Joget gives it to nobody", []Action{ActionRetry, ActionRollback, ActionSkip}},
	ReasonStepFailed:          {"a step failed, and repeating it does not help", []Action{ActionRetry, ActionRollback, ActionSkip}},
	ReasonOperator:            {"the operator decided so", nil},
}

// Text returns what a reason means in one sentence, without the full stop.
func (r Reason) Text() string {
	if t, ok := reasonTexts[r]; ok {
		return t.what
	}
	return string(r)
}

// Actions returns the actions that fit a reason, in the order to offer them.
func (r Reason) Actions() []Action { return slices.Clone(reasonTexts[r].actions) }

// Allows reports whether action fits a reason.
func (r Reason) Allows(action Action) bool { return slices.Contains(reasonTexts[r].actions, action) }

// TakesWord reports whether a retry may say where the instance goes on (Word).
func (r Reason) TakesWord() bool {
	return r == ReasonNothingToResume || r == ReasonSourceBlocked || r == ReasonResumeNotConverging
}

// Reasons returns all reasons, sorted.
func Reasons() []Reason {
	rs := make([]Reason, 0, len(reasonTexts))
	for r := range reasonTexts {
		rs = append(rs, r)
	}
	slices.Sort(rs)
	return rs
}

// Continuation says where an instance goes on after it was resolved.
type Continuation struct {
	Step     Step
	Redo     bool   // take a new snapshot; what was accepted before is so no more
	Accepted Reason // what the verification may find, "" for nothing
	End      bool   // the instance ends skipped
}

// Continue returns where an instance that was parked at step for reason goes
// on after action. ok is false when the action does not fit the reason.
func Continue(step Step, reason Reason, action Action) (c Continuation, ok bool) {
	if !reason.Allows(action) {
		return Continuation{}, false
	}
	switch action {
	case ActionPutBack:
		return Continuation{Step: step}, true
	case ActionRekey:
		return Continuation{Step: StepCopyFormData}, true
	case ActionRetry:
		if reason == ReasonUnassigned {
			// Whoever found it: the resume gives it to somebody.
			return Continuation{Step: StepResume}, true
		}
		return Continuation{Step: step}, true
	case ActionSkip:
		return Continuation{End: true}, true
	case ActionRedo:
		return Continuation{Step: StepCopyFormData, Redo: true}, true
	case ActionAdopt:
		return Continuation{Step: StepStart}, true
	case ActionAccept:
		if reason == ReasonStartedEarlier {
			return Continuation{Step: StepStart}, true
		}
		if reason == ReasonStartBroken {
			// What is open is made anew by the resume; an instance in which nothing is
			// open can be resumed like any other.
			return Continuation{Step: StepRestore}, true
		}
		if reason == ReasonRestoreUnsure {
			// What is certain is still put back.
			return Continuation{Step: step}, true
		}
		if reason == ReasonRestoreMoved || reason == ReasonVariablesDiffer {
			// The verification tells what is left of it.
			return Continuation{Step: StepResume}, true
		}
		return Continuation{Step: StepVerify, Accepted: reason}, true
	case ActionRollback:
		return Continuation{Step: StepRollback}, true
	}
	return Continuation{}, false
}

// Covers reports whether accepting one reason lets a verification pass that
// finds another: work that went on on the target shows in activities, variables,
// rows and branches that wait. Nothing else covers anything but itself.
func (r Reason) Covers(found Reason) bool {
	return r == found || r == ReasonTargetMoved && (found == ReasonVerifyDiffers || found == ReasonJoinsDiffer)
}
