package flow

import (
	"slices"
	"strings"

	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// Outcome is where a start leads.
type Outcome string

// The outcomes. Unknown says that it cannot be told without the server.
const (
	Waits   Outcome = "waits"
	Ends    Outcome = "ends"
	Unknown Outcome = "unknown"
)

// Step is an activity that runs through at once: a tool, a route, a subflow
// that nobody waits for, or one whose child runs to its end.
type Step struct {
	Activity string
	Kind     xpdl.Kind
	Plugin   string // class mapped to it, "" for none
	// Under are the subflow activities around it, outermost first, joined by
	// "/"; "" in the instance that is started.
	Under string
	// Asynchronous is a subflow that nobody waits for.
	Asynchronous bool
	// Child is the path of a subflow's own instance, nil for other kinds. That
	// of an asynchronous one may be Unknown and the path around it be known.
	Child *Path
}

// Wait is an activity that is open when the start is over.
type Wait struct {
	Activity string
	Child    *Path // path of the instance a subflow waits for, nil for a manual activity
}

// Path is what a start does. When Outcome is Unknown, the lists end where the
// knowledge does.
type Path struct {
	Steps []Step // in the order in which they run
	Waits []Wait // in the order in which they open
	// Tokens are branches that arrived at an AND-join and wait there for others.
	Tokens  []migration.JoinToken
	Outcome Outcome
	Why     string // why it is Unknown, "" otherwise; holds no values of variables
}

// All returns the steps of the instance and of those below it: a subflow before
// what its child runs, a child that is waited for after the steps around it.
func (p Path) All() []Step {
	var all []Step
	for _, s := range p.Steps {
		all = append(all, s)
		if s.Child != nil {
			all = append(all, s.Child.All()...)
		}
	}
	for _, w := range p.Waits {
		if w.Child != nil {
			all = append(all, w.Child.All()...)
		}
	}
	return all
}

// MayRunPlugins reports whether a tool or decision plugin runs on the path, or
// may run because the path, or that of an asynchronous child, is Unknown.
func (p Path) MayRunPlugins() bool {
	child := func(c *Path) bool { return c != nil && c.MayRunPlugins() }
	return p.Outcome == Unknown ||
		slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Plugin != "" || child(s.Child) }) ||
		slices.ContainsFunc(p.Waits, func(w Wait) bool { return child(w.Child) })
}

// Asynchronous returns the subflow activities that nobody waits for, in the
// instance and in those below it, each with what it is under ("call/inner").
func (p Path) Asynchronous() []string {
	var all []string
	for _, s := range p.All() {
		if s.Asynchronous {
			all = append(all, within(s.Under, s.Activity))
		}
	}
	return all
}

func within(under, activity string) string {
	if under == "" {
		return activity
	}
	return under + "/" + activity
}

// String is the path in one line, for people.
func (p Path) String() string {
	var parts, waits, tokens []string
	for _, s := range p.Steps {
		part := s.Activity
		if s.Plugin != "" {
			part += " (" + s.Plugin + ")"
		}
		if s.Asynchronous {
			part += " (asynchronous)"
		}
		part += inside(s.Child)
		parts = append(parts, part)
	}
	for _, w := range p.Waits {
		waits = append(waits, w.Activity+inside(w.Child))
	}
	for _, t := range p.Tokens {
		tokens = append(tokens, string(t.From)+" at the AND-join "+string(t.Join))
	}
	if len(waits) > 0 {
		parts = append(parts, "waits at "+strings.Join(waits, " and "))
	}
	if len(tokens) > 0 {
		parts = append(parts, "stops after "+strings.Join(tokens, " and "))
	}
	switch p.Outcome {
	case Ends:
		parts = append(parts, "ends")
	case Unknown:
		parts = append(parts, "unknown: "+p.Why)
	case Waits:
	}
	return strings.Join(parts, " -> ")
}

func inside(child *Path) string {
	if child == nil {
		return ""
	}
	return " [" + child.String() + "]"
}
