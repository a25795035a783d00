package migration

import (
	"slices"
	"strings"
	"time"
)

// Word is the operator's word where an instance goes on, in place of where the source
// stands.
type Word struct {
	// Activities are activities of the target's definition; nil: nothing was said.
	Activities []ActivityDefID
	// ParkID is the parking that it answers; 0 for none.
	ParkID int64
	// By is who typed it, At when, on the ledger's clock; zero for the configuration's.
	By string
	At time.Time
}

// Word returns what a decision says of where its instance goes on.
func (d *Decision) Word() Word { return Word{Activities: d.ResumeAt, ParkID: d.ParkID, By: d.By} }

// Typed reports whether it was typed, and not written into the configuration.
func (w Word) Typed() bool { return w.By != "" }

// Says reports whether w is what other says, and answers the same.
func (w Word) Says(other Word) bool {
	return w.ParkID == other.ParkID && slices.Equal(w.Activities, other.Activities)
}

// Said is the operator's word as it applies to a tree that is to be on the target.
type Said struct {
	// Named are all activities of the word, as they were said.
	Named []ActivityDefID
	// Runs are those that do not wait: tools and routes. They are run, and are no
	// activities of the instance.
	Runs []ActivityDefID
	// Ran: at least one of Runs was run on the target. What is open since, how the
	// variables are and what waits at joins is as it has to be.
	Ran bool
	// Differed are the variables that were not the source's when they were run: no tool
	// explains them.
	Differed []string
}

// named reports whether an activity was named; false for no word.
func (s *Said) named(id ActivityDefID) bool { return s != nil && slices.Contains(s.Named, id) }

// HasRun reports whether tools were run by the word; false for no word.
func (s *Said) HasRun() bool { return s != nil && s.Ran }

// explains reports whether a tool that was run by the word may have changed a variable.
func (s *Said) explains(variable string) bool {
	return s.HasRun() && !slices.Contains(s.Differed, variable)
}

// Look learns from the log what was run in a target instance since the word was said.
func (s *Said) Look(lines []StepLine, target InstanceID) {
	calls := CallsOf(lines)
	s.Ran = slices.ContainsFunc(s.Runs, func(id ActivityDefID) bool { return len(calls.Started(target, id)) > 0 })
	var first *Facts // what differs before a later one, the first may have changed
	for i := range lines {
		switch l := &lines[i]; {
		case l.Event == EventResumeAt:
			first = nil
		case l.Event == EventToolRun && l.Facts.Target == target && first == nil:
			first = &l.Facts
		}
	}
	s.Differed = nil
	if first != nil && first.Summary != "" {
		s.Differed = strings.Split(first.Summary, listed)
	}
}

// listed lies between names that a line of the log tells.
const listed = ", "

// ToolRun is the line of the log before an activity of the word is run in a target
// instance: differ are the variables that are not the source's by then.
func ToolRun(target InstanceID, activity ActivityDefID, differ []VariableDifference) StepLine {
	names := make([]string, 0, len(differ))
	for _, d := range differ {
		names = append(names, d.Name)
	}
	return StepLine{Step: StepResume, Event: EventToolRun, Facts: Facts{Target: target, Name: string(activity), Summary: strings.Join(names, listed)}}
}

// GoOnAt makes the activities that the operator named those of the root of t, which is
// to be on the target. One that is open on the source stays as it is there, with the
// subflow that it waits for, unless nothing is open in that, or no call makes it so: it is
// suspended, or a multi-approval that is half done. Another one has the variables of the
// instance and whom the target's mapping gives it (OpenActivity.Chosen). What was suspended
// runs. runs tells of an activity whether it runs through when it is started. No names: t
// stays as it is.
func (t *Tree) GoOnAt(named []ActivityDefID, runs func(ActivityDefID) bool) {
	if len(named) == 0 {
		return
	}
	t.Said = &Said{Named: named}
	open := t.Instance.Activities
	t.Instance.State, t.Instance.Activities = StateRunning, nil
	for _, id := range named {
		if runs(id) {
			t.Said.Runs = append(t.Said.Runs, id)
			continue
		}
		i := slices.IndexFunc(open, func(a OpenActivity) bool { return a.DefID == id })
		below := t.Subflow(id)
		anew := OpenActivity{DefID: id, State: StateNotStarted, Chosen: true, Variables: slices.Clone(t.Instance.Variables)}
		switch {
		case i >= 0 && open[i].canStay() && (below == nil || below.goesOn()):
			anew = open[i]
		case i >= 0 && !open[i].canStay():
			anew.ID = open[i].ID
		}
		t.Instance.Activities = append(t.Instance.Activities, anew)
	}
	t.Subflows = slices.DeleteFunc(t.Subflows, func(s Tree) bool { return !slices.Contains(named, s.Caller) || !s.goesOn() })
}

// goesOn reports whether something is open in every instance of t.
func (t *Tree) goesOn() bool {
	for _, below := range t.Walk() {
		if len(below.Instance.Activities) == 0 {
			return false
		}
	}
	return true
}

// canStay reports whether calls can make an activity as it is on the source.
func (a *OpenActivity) canStay() bool { return a.State != StateSuspended && len(a.Approvers()) == 0 }
