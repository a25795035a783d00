package migration

import (
	"slices"
	"time"
)

// Kind says when a line of the log was written.
type Kind string

// The kinds.
const (
	KindIntent  Kind = "intent"  // before a side effect
	KindOutcome Kind = "outcome" // after it
	KindNote    Kind = "note"    // anything else
)

// Event is what a line of the log tells. Decisions read it, and Facts, Call and
// Fate, never the words that Text makes of them. Events are stored; they are
// never renamed.
type Event string

// The events of one instance.
const (
	EventPlanned          Event = "planned"           // again: State
	EventGone             Event = "gone"              // no longer open on the source
	EventTaken            Event = "taken"             // by wave Name
	EventState            Event = "state"             // State, Reason
	EventVerdict          Event = "verdict"           // Verdict, Summary
	EventParked           Event = "parked"            // ParkID, Reason
	EventResolved         Event = "resolved"          // ParkID, Action
	EventResumeAt         Event = "resume_at"         // Name: the activities at which it goes on, as the operator said
	EventToolRun          Event = "tool_run"          // Target, Name: an activity that runs by that word; Summary: variables that differ before
	EventSnapshot         Event = "snapshot"          // Number
	EventFormData         Event = "form_data"         // Rows, Inserted, Overwritten, Same, Kept
	EventUploads          Event = "uploads"           // Files, Copied, Overwritten, Same, Kept, Resumed, Bytes
	EventTableMade        Event = "table_made"        // of the target, or columns of it: Name, Summary: the statement
	EventRowWritten       Event = "row_written"       // Name: the table
	EventFileWritten      Event = "file_written"      // Name: the table
	EventClaimed          Event = "claimed"           // Number: the attempt
	EventBaseline         Event = "baseline"          // Number: of instances
	EventEarlierAccepted  Event = "earlier_accepted"  // instances in the way of the start
	EventStarted          Event = "started"           // Target, Refused, Fate, Summary: why it came too late
	EventAdopted          Event = "adopted"           // Target
	EventWreckAborted     Event = "wreck_aborted"     // Target
	EventReleased         Event = "released"          // the start
	EventGivenUp          Event = "given_up"          // Target, which is closed
	EventLost             Event = "lost"              // Target, with a restored target
	EventCall             Event = "call"              // Call; its outcome has Fate
	EventCallLost         Event = "call_lost"         // Fate of a call whose fence was taken
	EventVariableBefore   Event = "variable_before"   // Target, Name
	EventVariablesShown   Event = "variables_shown"   // on Target, by its API: what was written into its tables
	EventRowsReverted     Event = "rows_reverted"     // Restored, Removed, Again, AsBefore, Moved, Shared, Appeared
	EventRowsReported     Event = "rows_reported"     // Rows
	EventFilesReverted    Event = "files_reverted"    // Removed, Again, Left
	EventFilesReported    Event = "files_reported"    // Files
	EventToolFiles        Event = "tool_files"        // of a rollback: Removed, Again, Left, Shared
	EventEvidence         Event = "evidence"          // Number: of open activities, Rows
	EventNoEvidence       Event = "no_evidence"       // Summary: why
	EventRollback         Event = "rollback"          // taken by rollback Name, "" for a redo
	EventRedo             Event = "redo"              // asked for by the operator
	EventEnding           Event = "ending"            // Target and Instances below it are to be aborted
	EventWorkDiscarded    Event = "work_discarded"    // people's, on Target
	EventRowPutBack       Event = "row_put_back"      // Name: the table
	EventFilePutBack      Event = "file_put_back"     // Name: the table
	EventRowsUndone       Event = "rows_undone"       // Restored, Removed, AsBefore
	EventFilesUndone      Event = "files_undone"      // Restored, Removed, AsBefore
	EventLeftChanged      Event = "left_changed"      // Number: rows and files that somebody changed since
	EventLeftInUse        Event = "left_in_use"       // Number: rows and files that another migrated instance uses
	EventRecordUsed       Event = "record_used"       // by Target, which no source instance became
	EventUndone           Event = "undone"            // Rows, Files, Conflicts, Shared
	EventRolledBack       Event = "rolled_back"       // State
	EventRollbackRefused  Event = "rollback_refused"  //
	EventRehearsalBegun   Event = "rehearsal_begun"   // Number
	EventRehearsalEnded   Event = "rehearsal_ended"   // Number, Steps
	EventRehearsalStopped Event = "rehearsal_stopped" // Number, Steps, Summary: why
	EventBound            Event = "bound"             // a migration to its servers
	EventConfigured       Event = "configured"        // anew
	EventMarksForgotten   Event = "marks_forgotten"   // of the target
	EventWaveCreated      Event = "wave_created"      // Name
	EventWaveChanged      Event = "wave_changed"      // Name
	EventWaveResumed      Event = "wave_resumed"      // Name
	EventRollbackCreated  Event = "rollback_created"  // Name
	EventBulkBegun        Event = "bulk_begun"        // the copy of all data, or it goes on
)

// OfTools reports whether an event tells what tools changed, and what became of it.
func (e Event) OfTools() bool {
	return slices.Contains([]Event{EventRowsReverted, EventRowsReported, EventFilesReverted, EventFilesReported}, e)
}

// Facts are what an event tells besides; each event names those that it has.
// None of them is personal data.
type Facts struct {
	State     InstanceState `json:"state,omitempty"`
	Reason    Reason        `json:"reason,omitempty"`
	Verdict   Verdict       `json:"verdict,omitempty"`
	Action    Action        `json:"action,omitempty"`
	ParkID    int64         `json:"park_id,omitempty"`
	Target    InstanceID    `json:"target,omitempty"`
	Instances []InstanceID  `json:"instances,omitempty"`
	Name      string        `json:"name,omitempty"`
	Summary   string        `json:"summary,omitempty"`
	Number    int64         `json:"number,omitempty"`
	Steps     int           `json:"steps,omitempty"` // of a rehearsal
	Tally
}

// Tally counts what became of rows or files.
type Tally struct {
	Rows        int   `json:"rows,omitempty"`
	Files       int   `json:"files,omitempty"`
	Bytes       int64 `json:"bytes,omitempty"`
	Inserted    int   `json:"inserted,omitempty"`
	Copied      int   `json:"copied,omitempty"`
	Resumed     int   `json:"resumed,omitempty"` // copied from where an attempt had come to
	Overwritten int   `json:"overwritten,omitempty"`
	Same        int   `json:"same,omitempty"`
	Kept        int   `json:"kept,omitempty"`
	Restored    int   `json:"restored,omitempty"`
	Removed     int   `json:"removed,omitempty"`
	Again       int   `json:"again,omitempty"` // inserted or copied again
	AsBefore    int   `json:"as_before,omitempty"`
	Moved       int   `json:"moved,omitempty"` // changed since, and left
	Shared      int   `json:"shared,omitempty"`
	Appeared    int   `json:"appeared,omitempty"`
	Left        int   `json:"left,omitempty"`
	Conflicts   int   `json:"conflicts,omitempty"`
}

// StepLine is one line of the append-only log of an instance or, where Instance
// is "", of a migration.
type StepLine struct {
	ID       int64
	Instance InstanceID
	Step     Step
	Kind     Kind
	Event    Event
	Call     *Call // of EventCall, else nil
	Fate     Fate
	Facts    Facts
	Detail   string // may hold personal data
	Status   int    // HTTP, 0 where there was none
	By       string // worker identity or operator
	At       time.Time
}

// DiscardStands reports whether the operator's answer to a parking is the last
// word on an instance: nothing was done or rolled back since. It holds for the redo
// that it was given for, and ends with it: what people do after that is theirs.
func DiscardStands(lines []StepLine, parkID int64) bool {
	for _, l := range slices.Backward(lines) {
		switch {
		case l.Event == EventResolved && l.Facts.ParkID == parkID:
			return true
		case l.Event == EventState && l.Facts.State == InstanceDone, l.Event == EventRolledBack:
			return false
		}
	}
	return false
}

// WorkDiscarded reports whether people's work on a target instance was known,
// and given up, when it was aborted.
func WorkDiscarded(lines []StepLine, target InstanceID) bool {
	return slices.ContainsFunc(lines, func(l StepLine) bool { return l.Event == EventWorkDiscarded && l.Facts.Target == target })
}

// EndedByUs reports whether the log tells that we ended a target instance: its start
// ran through, it was aborted, or rehearsed to its end. It is asked about the one of now,
// so that what was before the last rollback does not count.
func EndedByUs(lines []StepLine, target InstanceID) bool {
	var unsent []Call
	for _, l := range slices.Backward(lines) {
		switch {
		case l.Event == EventRolledBack:
			return false
		case l.Event == EventParked && l.Facts.Reason == ReasonStartRanThrough:
			return true
		case l.Event != EventCall || l.Call == nil:
		case l.Fate == FateNotSent:
			unsent = append(unsent, *l.Call) // it was no call at all
		case l.Kind == KindIntent && slices.Contains(unsent, *l.Call):
			unsent = withoutLast(unsent, *l.Call)
		case l.Call.Verb == VerbAbortProcess && l.Call.Target == target, l.Step == StepRehearse && l.Call.Verb == VerbComplete:
			return true
		}
	}
	return false
}

// Aborts returns how often a target instance was aborted since its rollback began, as
// far as the calls are over.
func Aborts(lines []StepLine, target InstanceID) (n int) {
	for _, l := range lines {
		switch {
		case l.Event == EventRollback:
			n = 0
		case l.Event != EventCall || l.Call == nil || l.Call.Verb != VerbAbortProcess || l.Call.Target != target:
		case l.Fate == FateAnswered, l.Fate == FateOver:
			n++
		}
	}
	return n
}

// Ending returns the instances that were to be aborted with a target instance,
// as far as the log knows them: those below it cannot be told any more once it
// is archived.
func Ending(lines []StepLine, target InstanceID) []InstanceID {
	var below []InstanceID
	for _, l := range lines {
		if l.Event == EventEnding && l.Facts.Target == target {
			below = append(below, l.Facts.Instances...)
		}
	}
	return below
}

// LastUndone returns what the last rollback of an instance counted; false for none.
func LastUndone(lines []StepLine) (Tally, bool) {
	for _, l := range slices.Backward(lines) {
		if l.Event == EventUndone {
			return l.Facts.Tally, true
		}
	}
	return Tally{}, false
}

// LeftOfTools counts the rows and files that tools changed and that no step put
// back, since the instance was undone the last time: Conflicts and Shared.
func LeftOfTools(lines []StepLine) Tally {
	var left, files Tally
	for _, l := range lines {
		n := l.Facts.Tally
		switch l.Event { //nolint:exhaustive // the others count nothing
		case EventUndone:
			left, files = Tally{}, Tally{}
		case EventRowsReverted:
			left.Conflicts, left.Shared = left.Conflicts+n.Moved+n.Appeared, left.Shared+n.Shared
		case EventRowsReported:
			left.Conflicts += n.Rows
		// The last look at files is that which counts.
		case EventFilesReported:
			files = Tally{Conflicts: n.Files}
		case EventFilesReverted:
			files = Tally{Conflicts: n.Left}
		case EventToolFiles:
			files = Tally{Conflicts: n.Left, Shared: n.Shared}
		}
	}
	return Tally{Conflicts: left.Conflicts + files.Conflicts, Shared: left.Shared + files.Shared}
}
