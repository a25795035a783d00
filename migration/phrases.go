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
		return fmt.Sprintf("activity/start %s abortCurrent=%t after %d of them in %s", c.Activity, c.Abort, c.Earlier, c.Target)
	case VerbComplete:
		return fmt.Sprintf("assignment/complete %s in %s", c.ActivityID, c.Target)
	case VerbAccept:
		return fmt.Sprintf("assignment/accept %s to %s in %s", c.ActivityID, c.User, c.Target)
	case VerbReassign:
		return fmt.Sprintf("activity/reassign %s to %s in %s", c.ActivityID, c.User, c.Target)
	case VerbReevaluate:
		return fmt.Sprintf("activity/reevaluate %s in %s", c.ActivityID, c.Target)
	case VerbSetVariable:
		return "set variable " + c.Variable + suffix(" for ", string(c.Activity)) + " in " + string(c.Target)
	case VerbWriteVariables:
		return "write variables by SQL" + suffix(" for ", string(c.Activity)) + " in " + string(c.Target)
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
	EventPlanned:  func(l StepLine) string { return "planned again: " + string(l.Facts.State) },
	EventGone:     func(StepLine) string { return "skipped: no longer open on the source" },
	EventTaken:    func(l StepLine) string { return "claimed by wave " + l.Facts.Name },
	EventState:    func(l StepLine) string { return string(l.Facts.State) + suffix(": ", string(l.Facts.Reason)) },
	EventVerdict:  func(l StepLine) string { return "verdict: " + string(l.Facts.Verdict) + suffix("; ", l.Facts.Summary) },
	EventParked:   func(l StepLine) string { return fmt.Sprintf("parked (%d): %s", l.Facts.ParkID, l.Facts.Reason) },
	EventResolved: func(l StepLine) string { return fmt.Sprintf("resolved (%d): %s", l.Facts.ParkID, l.Facts.Action) },
	EventResumeAt: func(l StepLine) string { return "goes on at " + l.Facts.Name + ", as the operator says" },
	EventToolRun: func(l StepLine) string {
		return fmt.Sprintf("%s runs in %s, as the operator says; what it changes stays", l.Facts.Name, l.Facts.Target) + suffix("; variables that differ before: ", l.Facts.Summary)
	},
	EventSnapshot:    func(l StepLine) string { return fmt.Sprintf("snapshot %d", l.Facts.Number) },
	EventTableMade:   func(l StepLine) string { return "form table " + l.Facts.Name + ": " + l.Facts.Summary },
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

	EventClaimed: func(l StepLine) string { return fmt.Sprintf("start claimed, attempt %d", l.Facts.Number) },
	EventBaseline: func(l StepLine) string {
		return fmt.Sprintf("instances of this record on the target before the start: %d", l.Facts.Number)
	},
	EventEarlierAccepted: func(StepLine) string { return "earlier instances of this record accepted" },
	EventStarted:         started,
	EventAdopted:         func(l StepLine) string { return "adopted " + string(l.Facts.Target) },
	EventWreckAborted:    func(l StepLine) string { return "aborted " + string(l.Facts.Target) },
	EventReleased:        func(StepLine) string { return "start released" },
	EventGivenUp:         func(l StepLine) string { return "gave up " + string(l.Facts.Target) + ", which is closed" },
	EventLost: func(l StepLine) string {
		return "lost " + string(l.Facts.Target) + ": the target was restored, and another instance has this ID"
	},
	EventCallLost: func(l StepLine) string { return "late answer of an earlier call: " + string(l.Fate) },
	EventVariableBefore: func(l StepLine) string {
		return "former value of variable " + l.Facts.Name + " in " + string(l.Facts.Target)
	},

	EventVariablesShown: func(l StepLine) string { return "the target shows what was written in " + string(l.Facts.Target) },

	EventRowsReverted: func(l StepLine) string {
		n := l.Facts.Tally
		return fmt.Sprintf("rows put back: %d restored, %d removed, %d inserted again, %d as before; not touched: %d changed since, %d in use by other instances, %d new",
			n.Restored, n.Removed, n.Again, n.AsBefore, n.Moved, n.Shared, n.Appeared)
	},
	EventRowsReported: func(l StepLine) string {
		return fmt.Sprintf("start tools changed %d rows; not put back (records.restore: report)", l.Facts.Rows)
	},
	EventFilesReverted: func(l StepLine) string {
		n := l.Facts.Tally
		return fmt.Sprintf("files put back: %d removed, %d copied again; not touched: %d", n.Removed, n.Again, n.Left)
	},
	EventFilesReported: func(l StepLine) string {
		return fmt.Sprintf("start tools changed %d files; not put back (records.restore: report)", l.Facts.Files)
	},
	EventToolFiles: func(l StepLine) string {
		n := l.Facts.Tally
		return fmt.Sprintf("files of tools: %d removed, %d copied again; not touched: %d changed since, %d in use by other instances", n.Removed, n.Again, n.Left, n.Shared)
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
	EventWorkDiscarded: func(l StepLine) string { return "discarding what people did in " + string(l.Facts.Target) },
	EventRowPutBack:    func(l StepLine) string { return "row put back: " + l.Facts.Name },
	EventFilePutBack:   func(l StepLine) string { return "file put back: " + l.Facts.Name },
	EventRowsUndone:    func(l StepLine) string { return "rows undone: " + undone(l.Facts.Tally) },
	EventFilesUndone:   func(l StepLine) string { return "files undone: " + undone(l.Facts.Tally) },
	EventLeftChanged: func(l StepLine) string {
		return fmt.Sprintf("not undone: %d, which somebody changed since", l.Facts.Number)
	},
	EventLeftInUse: func(l StepLine) string {
		return fmt.Sprintf("not undone: %d, which another migrated instance uses", l.Facts.Number)
	},
	EventRecordUsed: func(l StepLine) string {
		return fmt.Sprintf("target instance %s uses the record: what it may rely on is left as it is", l.Facts.Target)
	},
	EventUndone: func(l StepLine) string {
		n := l.Facts.Tally
		return fmt.Sprintf("undone: %d rows, %d files; not undone: %d changed since, %d in use by other instances", n.Rows, n.Files, n.Conflicts, n.Shared)
	},
	EventRolledBack:      func(l StepLine) string { return "rolled back: " + string(l.Facts.State) },
	EventRollbackRefused: func(StepLine) string { return "rollback refused" },

	EventRehearsalBegun: func(l StepLine) string { return fmt.Sprintf("rehearsal %d begun", l.Facts.Number) },
	EventRehearsalEnded: func(l StepLine) string {
		return fmt.Sprintf("rehearsal %d ended after %d steps", l.Facts.Number, l.Facts.Steps)
	},
	EventRehearsalStopped: func(l StepLine) string {
		return fmt.Sprintf("rehearsal %d stopped after %d steps: %s", l.Facts.Number, l.Facts.Steps, l.Facts.Summary)
	},

	EventBound:           func(StepLine) string { return "servers recorded" },
	EventConfigured:      func(StepLine) string { return "configuration changed" },
	EventMarksForgotten:  func(StepLine) string { return "counters of the target reset" },
	EventWaveCreated:     func(l StepLine) string { return "wave " + l.Facts.Name + " created" },
	EventWaveChanged:     func(l StepLine) string { return "wave " + l.Facts.Name + " changed" },
	EventWaveResumed:     func(l StepLine) string { return "wave " + l.Facts.Name + " resumed" },
	EventRollbackCreated: func(l StepLine) string { return "rollback " + l.Facts.Name + " created" },
	EventBulkBegun:       func(StepLine) string { return "copy of all data begun, or gone on with" },
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
