package migration

import (
	"slices"
)

// Verb is what a change of the target does: a call of its JSON API, or what takes the place of one. Verbs are stored; they are
// never renamed.
type Verb string

// The verbs of calls that change the target.
const (
	VerbStartProcess  Verb = "start_process"
	VerbStartActivity Verb = "start_activity"
	VerbComplete      Verb = "complete"
	VerbAccept        Verb = "accept"
	VerbReassign      Verb = "reassign"
	VerbReevaluate    Verb = "reevaluate"
	VerbSetVariable   Verb = "set_variable"
	VerbAbortProcess  Verb = "abort_process"
	// VerbWriteVariables is no call of the API: one transaction on the target's database.
	VerbWriteVariables Verb = "write_variables"
)

// Call is one request that changes the target, as fence and log keep it. Calls
// that were decided on the same view are equal.
type Call struct {
	Verb   Verb
	Target InstanceID // "" for VerbStartProcess
	// Activity is that of VerbStartActivity; of VerbSetVariable and VerbWriteVariables the
	// activity whose values the instance is given, "" for its own.
	Activity   ActivityDefID
	ActivityID ActivityID // of VerbComplete, VerbAccept, VerbReassign and VerbReevaluate
	User       User       // who accepts, completes, or is given an activity
	Variable   string     // of VerbSetVariable
	Abort      bool       // abortCurrent of VerbStartActivity
	// Earlier is, of VerbStartActivity, how many activities of the definition Target
	// had before it, closed ones included. They are counted, since their numbers do
	// not tell which is younger: each node of a cluster has blocks of its own
	// (docs/joget.md#ids).
	Earlier  int
	Snapshot int // the one that it was made for; 0 where none matters
}

// Opened reports whether c may have opened an activity of an instance that has so
// many of the definition now, closed ones included.
func (c Call) Opened(now int) bool { return c.Verb == VerbStartActivity && now > c.Earlier }

// onActivity reports whether c starts an activity, or is about one.
func (c Call) onActivity() bool {
	switch c.Verb {
	case VerbStartActivity, VerbComplete, VerbAccept, VerbReassign, VerbReevaluate:
		return true
	case VerbStartProcess, VerbSetVariable, VerbWriteVariables, VerbAbortProcess:
	}
	return false
}

// Resumes reports whether c is one of the calls that a round of resuming makes.
func (c Call) Resumes() bool { return c.Verb == VerbStartActivity || c.Verb == VerbComplete }

// OwnWork is what we did to an activity in somebody's name: nobody worked on it
// so far. What happens to it later is people's work again.
type OwnWork struct {
	Completed bool
	Accepted  User // for whom, "" when we did not
}

// CallLog is what the log says of the calls that we made about activities of the
// target. Those that were never sent are not in it.
type CallLog struct {
	made    []Call
	aborted map[InstanceID]int
	since   []Call // started since the operator last said where the instance goes on
	// Since the operator's last word:
	tried   []Call
	resumes map[InstanceID][]Call // of all snapshots
}

// CallsOf reads the log of an instance, oldest line first.
func CallsOf(lines []StepLine) CallLog {
	log := CallLog{resumes: map[InstanceID][]Call{}, aborted: map[InstanceID]int{}}
	for _, l := range lines {
		switch {
		case l.Event == EventResolved:
			log.tried, log.resumes = nil, map[InstanceID][]Call{}
		case l.Event == EventResumeAt:
			log.since = nil
		case l.Event == EventCall && l.Call != nil && l.Call.Verb == VerbAbortProcess:
			if l.Kind == KindIntent {
				log.aborted[l.Call.Target]++
			} else if l.Fate == FateNotSent {
				log.aborted[l.Call.Target]--
			}
		case l.Event != EventCall || l.Call == nil || !l.Call.onActivity():
		case l.Kind == KindIntent:
			log.made, log.tried = append(log.made, *l.Call), append(log.tried, *l.Call)
			if l.Call.Verb == VerbStartActivity {
				log.since = append(log.since, *l.Call)
			}
			if l.Call.Resumes() {
				log.resumes[l.Call.Target] = append(log.resumes[l.Call.Target], *l.Call)
			}
		case l.Fate == FateNotSent:
			// It was no call at all.
			log.made, log.tried, log.since = withoutLast(log.made, *l.Call), withoutLast(log.tried, *l.Call), withoutLast(log.since, *l.Call)
			log.resumes[l.Call.Target] = withoutLast(log.resumes[l.Call.Target], *l.Call)
		}
	}
	return log
}

// Times returns how often a call was made since the operator's last word, whatever the
// snapshot.
func (l CallLog) Times(c Call) (n int) {
	for _, made := range l.tried {
		if made.Snapshot = c.Snapshot; made == c {
			n++
		}
	}
	return n
}

// Worked reports whether any call was made about an activity of a target instance.
func (l CallLog) Worked(target InstanceID) bool {
	return slices.ContainsFunc(l.made, func(c Call) bool { return c.Target == target })
}

// Started returns the calls that started an activity of a target instance since the
// operator last said where it goes on, whatever the snapshot.
func (l CallLog) Started(target InstanceID, activity ActivityDefID) []Call {
	return slices.DeleteFunc(slices.Clone(l.since), func(c Call) bool { return c.Target != target || c.Activity != activity })
}

// Aborted reports whether a target instance was aborted by us, whatever came of it.
func (l CallLog) Aborted(target InstanceID) bool { return l.aborted[target] > 0 }

// Own returns the activities that we accepted or completed ourselves.
func (l CallLog) Own() map[ActivityID]OwnWork {
	own := map[ActivityID]OwnWork{}
	for _, c := range l.made {
		work := own[c.ActivityID]
		switch c.Verb {
		case VerbComplete:
			work.Completed = true
		case VerbAccept:
			work.Accepted = c.User
		case VerbStartProcess, VerbStartActivity, VerbReassign, VerbReevaluate, VerbSetVariable, VerbWriteVariables, VerbAbortProcess:
			continue
		}
		own[c.ActivityID] = work
	}
	return own
}

// Resumes returns the calls that resumed an instance of the target for a
// snapshot, in their order: a new snapshot, or the operator's word, opens a new count.
func (l CallLog) Resumes(target InstanceID, snapshot int) []Call {
	return slices.DeleteFunc(slices.Clone(l.resumes[target]), func(c Call) bool { return c.Snapshot != snapshot })
}

// Unshown returns the target instances into which variables were written that the
// target's API has not been seen to show since, as far as the log of an instance
// says, oldest line first.
func Unshown(lines []StepLine) []InstanceID {
	var left []InstanceID
	for _, l := range lines {
		switch {
		case l.Event == EventVariablesShown:
			left = slices.DeleteFunc(left, func(id InstanceID) bool { return id == l.Facts.Target })
		case l.Event == EventCall && l.Call != nil && l.Call.Verb == VerbWriteVariables && l.Kind == KindIntent && !slices.Contains(left, l.Call.Target):
			left = append(left, l.Call.Target)
		}
	}
	return left
}

func withoutLast(calls []Call, call Call) []Call {
	for i, c := range slices.Backward(calls) {
		if c == call {
			return slices.Delete(slices.Clone(calls), i, i+1)
		}
	}
	return calls
}
