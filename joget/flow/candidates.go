package flow

import (
	"slices"
	"strings"

	"jogetferry/joget/xpdl"
)

// Candidate is an activity at which an instance could go on.
type Candidate struct {
	Activity string
	Kind     xpdl.Kind
	Then     []string // what its transitions lead to, in document order
	Ends     bool     // its branch may end with it: no transition leads on, or each has a condition
}

// Bounds of Candidates.
const (
	maxCandidates = 6
	maxThen       = 3
)

// Candidates returns where an instance could go on whose last activities were these, the
// latest first: at each of them again, and at what its transitions lead to, whatever their
// conditions say; six at most. What activity/start cannot start is left out
// (docs/joget.md#starting-an-activity).
func Candidates(p *xpdl.Process, last []string) []Candidate {
	var found []Candidate
	add := func(id string) {
		a := p.Activity(id)
		known := slices.ContainsFunc(found, func(c Candidate) bool { return c.Activity == id })
		if a == nil || a.Set != "" || a.Kind == xpdl.Block || a.Kind == xpdl.Unknown || known || len(found) == maxCandidates {
			return
		}
		found = append(found, CandidateOf(p, a))
	}
	for _, id := range last {
		add(id)
		for _, t := range p.Outgoing(id) {
			add(t.To)
		}
	}
	return found
}

// CandidateOf describes an activity of a process.
func CandidateOf(p *xpdl.Process, a *xpdl.Activity) Candidate {
	c := Candidate{Activity: a.ID, Kind: a.Kind, Ends: true}
	for _, t := range p.Outgoing(a.ID) {
		if t.Always() || t.Condition.Type == xpdl.Otherwise {
			c.Ends = false
		}
		if !slices.Contains(c.Then, t.To) {
			c.Then = append(c.Then, t.To)
		}
	}
	return c
}

// String is the short form for people: "approve (then notify, end)". What runs when it is
// started says so: "pay (tool, then notify)".
func (c Candidate) String() string {
	then := slices.Clone(c.Then[:min(len(c.Then), maxThen)])
	if len(c.Then) > maxThen {
		then = append(then, "...")
	}
	if c.Ends {
		then = append(then, "end")
	}
	what := "then " + strings.Join(then, ", ")
	if c.Kind != xpdl.Manual {
		what = string(c.Kind) + ", " + what
	}
	return c.Activity + " (" + what + ")"
}
