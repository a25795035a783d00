package flow

import (
	"fmt"
	"slices"

	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// Course returns what a path does as one who waits for its end sees it. It is Blind
// where a tool or a plugin runs, or may: what those change nobody knows. The start of an
// asynchronous subflow runs in the same call, before the activity that calls it is closed.
func (p Path) Course() migration.Course {
	var c migration.Course
	if p.Outcome == Unknown {
		return migration.Course{Blind: "where it leads cannot be told: " + p.Why}
	}
	for _, s := range p.Steps {
		if s.Plugin != "" {
			return migration.Course{Blind: fmt.Sprintf("%s runs %s", s.Activity, s.Plugin)}
		}
		if s.Child != nil {
			if child := s.Child.Course(); child.Blind != "" {
				return child
			}
		}
		c.Runs = append(c.Runs, migration.ActivityDefID(s.Activity))
	}
	for _, w := range p.Waits {
		stop := migration.Stop{Activity: migration.ActivityDefID(w.Activity)}
		if w.Child != nil {
			child := w.Child.Course()
			if child.Blind != "" {
				return child
			}
			stop.Child = &child
		}
		c.Waits = append(c.Waits, stop)
	}
	c.Tokens, c.Ends = p.Tokens, p.Outcome == Ends
	return c
}

// Leaves returns the branch that an activity leaves at an AND-join when it is
// completed, where that is all that follows, whatever the values are.
func (w *Walker) Leaves(activity string) (migration.JoinToken, bool) {
	i := slices.IndexFunc(w.root.nodes, func(n *node) bool { return n.ID == activity })
	if i < 0 {
		return migration.JoinToken{}, false
	}
	n := w.root.nodes[i]
	if n.plugin != "" || len(n.out) != 1 || n.out[0].when != nil || n.out[0].to.Join != xpdl.AND || n.out[0].to.ways < 2 {
		return migration.JoinToken{}, false
	}
	return migration.JoinToken{Join: migration.ActivityDefID(n.out[0].to.ID), From: migration.ActivityDefID(n.ID)}, true
}

// Complete returns what follows the completion of an activity in an instance that
// has these values afterwards; see Activate for what is not known of the instance.
func (w *Walker) Complete(activity string, values []migration.Variable) Path {
	i := slices.IndexFunc(w.root.nodes, func(n *node) bool { return n.ID == activity })
	if i < 0 {
		return Path{Outcome: Unknown, Why: activity + " is not in the definition"}
	}
	r := w.amid(values)
	return r.end(r.follow(w.root.nodes[i]))
}

// amid is a run in an instance that is there already, and has these values.
func (w *Walker) amid(values []migration.Variable) *run {
	m, steps := w.root, 0
	r := newRun(m, m.values(values, func(declared xpdl.Variable, _ value, v migration.Variable) value { return held(declared, v) }), "", &steps, 0)
	r.amid = true
	return r
}
