package flow

import (
	"fmt"
	"slices"

	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// Level is an instance around an activity that is about to be completed.
type Level struct {
	Definition Definition
	Tokens     []migration.JoinToken // that wait at its joins
	Caller     string                // activity of the level above that waits for it, "" for the root
	Busy       bool                  // other activities of it are open, so that it does not end yet
}

// Decisions returns what decides where an instance goes on when an activity
// of the first level is completed, up to the next waits: conditional transitions,
// and decision plugins. levels are the instance and those that wait for it, up
// to the root. Values do not matter: which of them a form would have changed
// nobody knows. Nil: the way is the same whatever they are.
func Decisions(levels []Level, activity string, subflow func(process string) (Definition, bool)) []string {
	l := looker{subflow: subflow, seen: map[string]bool{}, arrived: map[string]int{}}
	l.over(levels, activity)
	slices.Sort(l.found)
	return slices.Compact(l.found)
}

type looker struct {
	subflow func(process string) (Definition, bool)
	seen    map[string]bool
	arrived map[string]int // branches at joins
	found   []string
}

// over follows what comes after an activity of the first level.
func (l *looker) over(levels []Level, activity string) {
	definition := levels[0].Definition
	a := definition.Process.Activity(activity)
	if a == nil {
		return
	}
	if a.Kind == xpdl.Route && definition.Plugins[activity] != "" {
		l.found = append(l.found, "the decision plugin of "+activity)
		return
	}
	var next []string
	otherwise, decided := "", false
	for _, t := range definition.Process.Outgoing(activity) {
		switch {
		case t.Condition.Type == xpdl.Otherwise:
			otherwise = t.To
		case t.Always():
			next = append(next, t.To)
		default:
			decided = true
			l.found = append(l.found, fmt.Sprintf("%s: %s -> %s", t.ID, t.From, t.To))
		}
		if a.Split == xpdl.XOR && len(next) > 0 {
			break
		}
	}
	if decided {
		return
	}
	if len(next) == 0 && otherwise != "" {
		next = append(next, otherwise)
	}
	for _, to := range next {
		l.arrive(levels, definition.Process.Activity(to))
	}
	if len(next) == 0 && len(levels) > 1 && !levels[0].Busy {
		l.over(levels[1:], levels[0].Caller)
	}
}

// arrive brings a branch to an activity.
func (l *looker) arrive(levels []Level, to *xpdl.Activity) {
	if to == nil {
		return
	}
	process := levels[0].Definition.Process
	if ways := len(process.Incoming(to.ID)); to.Join == xpdl.AND && ways > 1 {
		key := spot(levels, to)
		l.arrived[key]++
		for _, t := range levels[0].Tokens {
			if string(t.Join) == to.ID {
				ways--
			}
		}
		if l.arrived[key] < ways {
			return
		}
	}
	l.enter(levels, to)
}

// enter follows what an activity does when it is started.
func (l *looker) enter(levels []Level, a *xpdl.Activity) {
	key := spot(levels, a)
	if l.seen[key] || a.Kind == xpdl.Manual {
		return
	}
	l.seen[key] = true
	if a.Kind != xpdl.Subflow {
		l.over(levels, a.ID)
		return
	}
	called, known := l.subflow(a.SubflowRef)
	if !known {
		l.found = append(l.found, fmt.Sprintf("%s: calls %s, which cannot be read", a.ID, a.SubflowRef))
		return
	}
	child := append([]Level{{Definition: called, Caller: a.ID}}, levels...)
	for _, first := range called.Process.StartActivities() {
		l.enter(child, first)
	}
	if !a.Waits() {
		l.over(levels, a.ID)
	}
}

// spot names an activity in the instance that the first level is.
func spot(levels []Level, a *xpdl.Activity) string {
	return fmt.Sprint(len(levels), " ", levels[0].Definition.Process.Key, " ", a.ID)
}
