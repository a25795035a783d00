package migration

import (
	"fmt"
	"strings"
)

// Text is a line in plain words, for people: nothing decides by it. It names the
// user of a call, who is personal data.
func (l StepLine) Text() string {
	if l.Event == EventCall && l.Call != nil {
		return l.Call.text() + suffix(": ", string(l.Fate))
	}
	phrase, ok := phrases[l.Event]
	if !ok {
		return string(l.Event)
	}
	return phrase(l)
}

// text names a call and what it is about.
func (c Call) text() string {
	switch c.Verb {
	case VerbStartProcess:
		return "POST process/start"
	case VerbStartActivity:
		return fmt.Sprintf("activity/start %s abortCurrent=%t after %d in %s", c.Activity, c.Abort, c.After, c.Target)
	case VerbComplete:
		return fmt.Sprintf("assignment/complete %s in %s", c.ActivityID, c.Target)
	case VerbAccept:
		return fmt.Sprintf("assignment/accept %s to %s in %s", c.ActivityID, c.User, c.Target)
	case VerbReassign:
		return fmt.Sprintf("activity/reassign %s to %s in %s", c.ActivityID, c.User, c.Target)
	case VerbSetVariable:
		return "set variable " + c.Variable + suffix(" for ", string(c.Activity)) + " in " + string(c.Target)
	case VerbAbortProcess:
		return "process/abort " + string(c.Target)
	}
	return string(c.Verb)
}

// suffix returns before and text, "" where there is no text.
func suffix(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

// phrases are the words for every event but EventCall.
var phrases = map[Event]func(l StepLine) string{
	EventPlanned:     func(l StepLine) string { return "planned again: " + string(l.Facts.State) },
	EventGone:        func(StepLine) string { return "skipped: no longer open on the source" },
	EventTaken:       func(l StepLine) string { return "claimed by wave " + l.Facts.Name },
	EventState:       func(l StepLine) string { return string(l.Facts.State) + suffix(": ", string(l.Facts.Reason)) },
	EventVerdict:     func(l StepLine) string { return "verdict: " + string(l.Facts.Verdict) + suffix("; ", l.Facts.Summary) },
	EventParked:      func(l StepLine) string { return fmt.Sprintf("parked (%d): %s", l.Facts.ParkID, l.Facts.Reason) },
	EventResolved:    func(l StepLine) string { return fmt.Sprintf("resolved (%d): %s", l.Facts.ParkID, l.Facts.Action) },
	EventSnapshot:    func(l StepLine) string { return fmt.Sprintf("snapshot %d", l.Facts.Number) },
	EventRowWritten:  func(l StepLine) string { return "row written: " + l.Facts.Name },
	EventFileWritten: func(l StepLine) string { return "file written: " + l.Facts.Name },
	EventFormData: func(l StepLine) string {
		n := l.Facts.Tally
		return fmt.Sprintf("form data: %d rows; %d inserted, %d overwritten, %d the same, %d kept", n.Rows, n.Inserted, n.Overwritten, n.Same, n.Kept)
	},
	EventUploads: func(l StepLine) string {
		n := l.Facts.Tally
		return fmt.Sprintf("uploads: %d files; %d copied, %d overwritten, %d the same, %d kept, %d resumed; %d bytes",
			n.Files, n.Copied, n.Overwritten, n.Same, n.Kept, n.Resumed, n.Bytes)
	},

	EventClaimed:         func(l StepLine) string { return fmt.Sprintf("start claimed, attempt %d", l.Facts.Number) },
	EventBaseline:        func(l StepLine) string { return fmt.Sprintf("baseline taken: %d instances", l.Facts.Number) },
	EventEarlierAccepted: func(StepLine) string { return "instances in the way accepted" },
	EventStarted:         started,
	EventAdopted:         func(l StepLine) string { return "adopted " + string(l.Facts.Target) },
	EventWreckAborted:    func(l StepLine) string { return "aborted " + string(l.Facts.Target) },
	EventReleased:        func(StepLine) string { return "start released" },
	EventGivenUp:         func(l StepLine) string { return "gave up " + string(l.Facts.Target) + ", which is closed" },
	EventLost: func(l StepLine) string {
		return "lost " + string(l.Facts.Target) + ": the target was restored, and another instance has this ID"
	},
	EventCallLost:       func(l StepLine) string { return "a call whose fence was taken: " + string(l.Fate) },
	EventVariableBefore: func(l StepLine) string { return "variable " + l.Facts.Name + " before in " + string(l.Facts.Target) },

	EventRowsReverted: func(l StepLine) string {
		n := l.Facts.Tally
		return fmt.Sprintf("rows put back: %d restored, %d removed, %d inserted again, %d as before; not touched: %d moved, %d shared, %d appeared",
			n.Restored, n.Removed, n.Again, n.AsBefore, n.Moved, n.Shared, n.Appeared)
	},
	EventRowsReported: func(l StepLine) string {
		return fmt.Sprintf("start tools changed %d rows; left (records.restore: report)", l.Facts.Rows)
	},
	EventFilesReverted: func(l StepLine) string {
		n := l.Facts.Tally
		return fmt.Sprintf("files put back: %d removed, %d copied again; not touched: %d", n.Removed, n.Again, n.Left)
	},
	EventFilesReported: func(l StepLine) string {
		return fmt.Sprintf("start tools changed %d files; left (records.restore: report)", l.Facts.Files)
	},
	EventToolFiles: func(l StepLine) string {
		n := l.Facts.Tally
		return fmt.Sprintf("files of tools: %d removed, %d copied again, %d left, %d in use", n.Removed, n.Again, n.Left, n.Shared)
	},
	EventEvidence: func(l StepLine) string {
		return fmt.Sprintf("evidence of the target: open activities: %d; other rows modified since the start: %d", l.Facts.Number, l.Facts.Rows)
	},
	EventNoEvidence: func(l StepLine) string { return "no evidence of the target: " + l.Facts.Summary },

	EventRollback: func(l StepLine) string {
		if l.Facts.Name == "" {
			return "rollback"
		}
		return "taken by rollback " + l.Facts.Name
	},
	EventRedo:          func(StepLine) string { return "redo" },
	EventEnding:        ending,
	EventWorkDiscarded: func(l StepLine) string { return "people's work is discarded with " + string(l.Facts.Target) },
	EventRowPutBack:    func(l StepLine) string { return "row put back: " + l.Facts.Name },
	EventFilePutBack:   func(l StepLine) string { return "file put back: " + l.Facts.Name },
	EventRowsUndone:    func(l StepLine) string { return "rows undone: " + undone(l.Facts.Tally) },
	EventFilesUndone:   func(l StepLine) string { return "files undone: " + undone(l.Facts.Tally) },
	EventLeftChanged:   func(l StepLine) string { return fmt.Sprintf("%d left, changed by somebody since", l.Facts.Number) },
	EventLeftInUse: func(l StepLine) string {
		return fmt.Sprintf("%d left, used by another migrated instance", l.Facts.Number)
	},
	EventUndone: func(l StepLine) string {
		n := l.Facts.Tally
		return fmt.Sprintf("undone: %d rows, %d files; left: %d changed, %d in use", n.Rows, n.Files, n.Conflicts, n.Shared)
	},
	EventRolledBack:      func(l StepLine) string { return "rolled back: " + string(l.Facts.State) },
	EventRollbackRefused: func(StepLine) string { return "rollback refused" },

	EventRehearsalBegun: func(l StepLine) string { return fmt.Sprintf("rehearsal %d begun", l.Facts.Number) },
	EventRehearsalEnded: func(l StepLine) string {
		return fmt.Sprintf("rehearsal %d came to the end after %d steps", l.Facts.Number, l.Facts.Steps)
	},
	EventRehearsalStopped: func(l StepLine) string {
		return fmt.Sprintf("rehearsal %d stopped after %d steps: %s", l.Facts.Number, l.Facts.Steps, l.Facts.Summary)
	},

	EventBound:           func(StepLine) string { return "bound to its servers" },
	EventConfigured:      func(StepLine) string { return "configuration changed" },
	EventMarksForgotten:  func(StepLine) string { return "marks of the target forgotten" },
	EventWaveCreated:     func(l StepLine) string { return "wave " + l.Facts.Name + " created" },
	EventWaveChanged:     func(l StepLine) string { return "wave " + l.Facts.Name + " changed" },
	EventWaveResumed:     func(l StepLine) string { return "wave " + l.Facts.Name + " resumed" },
	EventRollbackCreated: func(l StepLine) string { return "rollback " + l.Facts.Name + " created" },
}

func undone(n Tally) string {
	return fmt.Sprintf("%d restored, %d removed, %d as before", n.Restored, n.Removed, n.AsBefore)
}

// started tells what became of the one request of a start.
func started(l StepLine) string {
	text := "start " + string(l.Fate) + suffix(": ", string(l.Facts.Reason))
	if l.Facts.Target != "" {
		text = "started " + string(l.Facts.Target)
	}
	return text + suffix(", ", l.Facts.Summary)
}

func ending(l StepLine) string {
	below := make([]string, len(l.Facts.Instances))
	for i, id := range l.Facts.Instances {
		below[i] = string(id)
	}
	return "aborting " + string(l.Facts.Target) + suffix(" with ", strings.Join(below, " "))
}
