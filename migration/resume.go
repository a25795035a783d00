package migration

import (
	"cmp"
	"slices"
)

// ResumeView is what a round of resuming one instance decides from: the
// source's open activities, the target's, read fresh, and what has happened on
// the target since the start.
type ResumeView struct {
	Wanted  []ActivityDefID // mapped to the target's definition; manual first, subflows last; no repeats
	Present []ActivityDefID // open on the target now
	// Predecessor is the first activity that has to be over, so that its branch
	// waits at an AND-join as on the source; "" when none is missing.
	Predecessor ActivityDefID
	// Stray: branches wait at joins of the target that nobody wants there, or
	// that cannot be made to wait.
	Stray bool
	// SameVariables: every activity in both carries the same activity variables.
	SameVariables bool
	// Resumed counts the calls of this snapshot that had an effect: what they
	// opened was seen.
	Resumed int
	// Round counts all calls of this snapshot, whatever their fate.
	Round, MaxRounds int
	// Worked: since the start somebody accepted or completed a manual activity,
	// or a deadline fired, that we did not do.
	Worked bool
	// Discard is the operator's word that such work may be thrown away.
	Discard bool
	// Runs are the activities that the operator named and that run through, none of which
	// was run yet since he did. Ran: another one was, so that what is open is as it has to be.
	Runs []ActivityDefID
	Ran  bool
}

// ResumeAction is what the next round does.
type ResumeAction string

// The actions.
const (
	ResumeConverged ResumeAction = "converged" // both sides have the same activities open
	ResumeCall      ResumeAction = "call"      // activity/start of Activity with AbortCurrent
	ResumeComplete  ResumeAction = "complete"  // complete Activity as its performer on the source did
	ResumePark      ResumeAction = "park"
)

// ResumeDecision is one step of the convergent loop.
type ResumeDecision struct {
	Action       ResumeAction
	Activity     ActivityDefID
	AbortCurrent bool
	Reason       Reason
}

// DecideResume returns the next step towards Present == Wanted. The first call
// aborts what the start opened; later calls add what is missing, the branches
// that wait at joins before all else; anything that cannot be explained starts
// over with an aborting call, which is allowed only while nobody has worked on
// the target. What runs through comes last, each once.
func DecideResume(v ResumeView) ResumeDecision {
	missing := firstMissing(v.Wanted, v.Present)
	unwanted := firstMissing(v.Present, v.Wanted)
	equal := missing == "" && unwanted == "" && len(v.Wanted) == len(v.Present)
	// What the start opened copied variables before they were right: an aborting
	// call makes it anew. Once it did, another one cannot help, and the
	// verification tells what the API could not set.
	settled := v.SameVariables || v.Resumed > 0
	// Work that may be thrown away is still there until the first aborting call.
	fresh := !v.Worked || !v.Discard || v.Resumed > 0
	stands := v.Ran && fresh || equal && settled && fresh && v.Predecessor == "" && !v.Stray
	switch {
	case stands && len(v.Runs) == 0:
		return ResumeDecision{Action: ResumeConverged}
	case v.Worked && !v.Discard:
		return ResumeDecision{Action: ResumePark, Reason: ReasonTargetMoved}
	case v.Ran && !fresh:
		// What ran would have to run again, and only the operator says so.
		return ResumeDecision{Action: ResumePark, Reason: ReasonResumeNotConverging}
	case v.Stray && !v.Ran:
		return ResumeDecision{Action: ResumePark, Reason: ReasonJoinsDiffer}
	case len(v.Wanted)+len(v.Runs) == 0:
		return ResumeDecision{Action: ResumePark, Reason: ReasonNothingToResume}
	case v.Round >= v.MaxRounds:
		return ResumeDecision{Action: ResumePark, Reason: ReasonResumeNotConverging}
	case stands, len(v.Wanted) == 0 && v.Predecessor == "":
		return ResumeDecision{Action: ResumeCall, Activity: v.Runs[0], AbortCurrent: !v.Ran && (v.Resumed == 0 || unwanted != "") && len(v.Wanted) == 0}
	case v.Predecessor != "" && v.Resumed > 0 && slices.Contains(v.Present, v.Predecessor):
		return ResumeDecision{Action: ResumeComplete, Activity: v.Predecessor}
	case v.Predecessor != "":
		return ResumeDecision{Action: ResumeCall, Activity: v.Predecessor, AbortCurrent: v.Resumed == 0}
	case unwanted == "" && missing != "" && v.Resumed > 0:
		return ResumeDecision{Action: ResumeCall, Activity: missing}
	}
	return ResumeDecision{Action: ResumeCall, Activity: v.Wanted[0], AbortCurrent: true}
}

func firstMissing(from, in []ActivityDefID) ActivityDefID {
	for _, id := range from {
		if !slices.Contains(in, id) {
			return id
		}
	}
	return ""
}

// SameActivityVariables reports whether every activity definition open on both
// sides carries equal variables.
func SameActivityVariables(source, target []OpenActivity) bool {
	for _, s := range source {
		i := slices.IndexFunc(target, func(t OpenActivity) bool { return t.DefID == s.DefID })
		if i >= 0 && len(DiffVariables(s.Variables, target[i].Variables)) > 0 {
			return false
		}
	}
	return true
}

// VariableDifference is one workflow variable that is not the same on both sides.
type VariableDifference struct {
	Name           string
	Source, Target Variable // zero where the side does not have it
}

// Fits reports whether the target's variable, which keeps kind, can be given the source's
// value: it is there, and it is known which moment a date is.
func (d VariableDifference) Fits(kind VariableKind) bool {
	moved, known := d.Source.InZones(d.Target.Zones)
	_, ok := moved.As(kind)
	return d.Target.Name != "" && d.Source.Name != "" && known && ok
}

// DiffVariables compares the variables of the source with those of the same names
// on the target, in name order. What only the target has is its own: a newer
// definition may declare more, with a value to begin with. Storage kinds are not
// compared, values are; see SameValue.
func DiffVariables(source, target []Variable) []VariableDifference {
	byName := func(vs []Variable) map[string]Variable {
		m := make(map[string]Variable, len(vs))
		for _, v := range vs {
			m[v.Name] = v
		}
		return m
	}
	s, t := byName(source), byName(target)
	var diffs []VariableDifference
	for name, sv := range s {
		if tv := t[name]; !SameValue(sv, tv) {
			diffs = append(diffs, VariableDifference{Name: name, Source: sv, Target: tv})
		}
	}
	slices.SortFunc(diffs, func(a, b VariableDifference) int { return cmp.Compare(a.Name, b.Name) })
	return diffs
}

// Effective counts the different calls of made that had an effect: an answer says
// little of that, and no answer says nothing. opened tells whether an activity
// is there, open or closed since, that a call may have opened.
func Effective(made []Call, opened func(Call) bool) int {
	n := 0
	for i, c := range made {
		if !slices.Contains(made[:i], c) && opened(c) {
			n++
		}
	}
	return n
}
