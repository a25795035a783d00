package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jogetferry/migration"
)

// Ways is what it would take to move the blocked instances of the last plan: the
// result of plan --ways.
type Ways struct {
	Migration   migration.Name `json:"migration"`
	Blocked     int            `json:"blocked"`
	Definitions []WaysOf       `json:"definitions"` // those with blocked instances
	All         WaysOf         `json:"all"`         // over all definitions
	Besides     []Besides      `json:"besides"`
}

// WaysOf is what it would take for the blocked instances of a definition.
type WaysOf struct {
	Definition string `json:"definition,omitempty"` // absent for all of them
	Blocked    int    `json:"blocked"`
	// Ways are the sets of switches that free instances: single ones first, then the
	// smallest that free more. Each instance counts in the smallest set that frees it.
	Ways []WaySet `json:"ways"`
	// Stay is how many no switch frees, and Reasons why: an instance counts for each.
	Stay    int      `json:"stay"`
	Reasons []Reason `json:"reasons"`
	// Unexplained have no finding of their own or of their definition: that of a
	// subflow is blocked.
	Unexplained int `json:"unexplained,omitempty"`
}

// WaySet are switches that free instances together.
type WaySet struct {
	Switches []string `json:"switches"`
	Frees    int      `json:"frees"`    // by all of them, and by none that is smaller
	Together int      `json:"together"` // by all of them or some
}

// Besides is a check that blocks what is not in the plan as an instance: an open
// subflow without a caller, a server.
type Besides struct {
	Reason
	Switch string `json:"switch,omitempty"` // absent where none removes it
}

// wayTally counts instances of one definition, or of all.
type wayTally struct {
	blocked, stay, unexplained int
	sets                       map[string]*WaySet
	checks                     map[string]int
}

func newWayTally() *wayTally {
	return &wayTally{sets: map[string]*WaySet{}, checks: map[string]int{}}
}

// add counts instances that these ways and checks hinder.
func (t *wayTally) add(instances int, ways, checks []string) {
	t.blocked += instances
	if len(checks) == 0 && len(ways) > 0 {
		key := strings.Join(ways, " + ")
		if t.sets[key] == nil {
			t.sets[key] = &WaySet{Switches: ways}
		}
		t.sets[key].Frees += instances
		return
	}
	t.stay += instances
	if len(checks) == 0 {
		t.unexplained += instances
	}
	for _, id := range checks {
		t.checks[id] += instances
	}
}

func (t *wayTally) view(definition string) WaysOf {
	v := WaysOf{Definition: definition, Blocked: t.blocked, Ways: []WaySet{}, Stay: t.stay, Reasons: []Reason{}, Unexplained: t.unexplained}
	for _, set := range t.sets {
		for _, part := range t.sets {
			if !slices.ContainsFunc(part.Switches, func(way string) bool { return !slices.Contains(set.Switches, way) }) {
				set.Together += part.Frees
			}
		}
	}
	for _, set := range t.sets {
		v.Ways = append(v.Ways, *set)
	}
	slices.SortFunc(v.Ways, func(a, b WaySet) int {
		return cmp.Or(cmp.Compare(len(a.Switches), len(b.Switches)), cmp.Compare(b.Frees, a.Frees), slices.Compare(a.Switches, b.Switches))
	})
	for id, n := range t.checks {
		v.Reasons = append(v.Reasons, Reason{id, string(migration.Blocking), n, anchor(id)})
	}
	sortReasons(v.Reasons)
	return v
}

// NewWays counts what switches would free of the blocked instances of a plan.
// hindrances are what the instances have of their own, general the findings about
// servers, apps and definitions.
func NewWays(name migration.Name, hindrances []migration.Hindrance, general []migration.Finding) Ways {
	general = slices.DeleteFunc(slices.Clone(general), func(f migration.Finding) bool { return f.Severity != migration.Blocking })
	all, of := newWayTally(), map[migration.DefinitionID]*wayTally{}
	used := make([]bool, len(general))
	for _, h := range hindrances {
		ways, checks := map[string]bool{}, map[string]bool{}
		for _, way := range h.Ways {
			ways[string(way)] = true
		}
		for _, id := range h.Checks {
			checks[id] = true
		}
		for i, f := range general {
			switch {
			case !concerns(f.Subject, migration.Entry{Definition: h.Definition, Target: h.Target}):
				continue
			case f.Way != "":
				ways[string(f.Way)] = true
			default:
				checks[f.ID] = true
			}
			used[i] = true
		}
		if of[h.Definition] == nil {
			of[h.Definition] = newWayTally()
		}
		for _, t := range []*wayTally{all, of[h.Definition]} {
			t.add(h.Instances, slices.Sorted(maps.Keys(ways)), slices.Sorted(maps.Keys(checks)))
		}
	}
	v := Ways{Migration: name, Blocked: all.blocked, Definitions: []WaysOf{}, All: all.view(""), Besides: []Besides{}}
	for _, d := range slices.SortedFunc(maps.Keys(of), func(a, b migration.DefinitionID) int { return strings.Compare(a.String(), b.String()) }) {
		v.Definitions = append(v.Definitions, of[d].view(d.String()))
	}
	for i, f := range general {
		if !used[i] {
			v.addBesides(f)
		}
	}
	return v
}

func (v *Ways) addBesides(f migration.Finding) {
	at := slices.IndexFunc(v.Besides, func(b Besides) bool { return b.ID == f.ID && b.Switch == string(f.Way) })
	if at < 0 {
		at, v.Besides = len(v.Besides), append(v.Besides, Besides{Reason{f.ID, string(f.Severity), 0, anchor(f.ID)}, string(f.Way)})
	}
	v.Besides[at].Instances++
}

// Freed is how many instances, and what is open besides, some switch frees.
func (v Ways) Freed() int {
	n := v.Blocked - v.All.Stay
	for _, b := range v.Besides {
		if b.Switch != "" {
			n += b.Instances
		}
	}
	return n
}

func (v Ways) sheets() []sheet {
	s := sheet{header: []string{"definition", "blocked", "frees", "together", "stay", "with"}, fits: true}
	for _, d := range v.Definitions {
		d.rows(&s, d.Definition)
	}
	if len(v.Definitions) > 1 {
		v.All.rows(&s, "all")
	}
	besides := sheet{title: "Besides the instances of the plan", header: []string{"finding", "times", "with"}}
	for _, b := range v.Besides {
		besides.add(b.ID, b.Instances, cmp.Or(b.Switch, "no switch"))
	}
	return []sheet{s, besides, {text: v.next()}}
}

func (w WaysOf) rows(s *sheet, name string) {
	for _, set := range w.Ways {
		s.add(name, w.Blocked, set.Frees, set.Together, "", strings.Join(set.Switches, " + "))
	}
	if w.Stay > 0 {
		s.add(name, w.Blocked, "", "", w.Stay, strings.Join(w.why(), ", "))
	}
}

// why lists the findings that no switch removes.
func (w WaysOf) why() []string {
	var why []string
	for _, r := range w.Reasons {
		why = append(why, fmt.Sprintf("%s (%d)", r.ID, r.Instances))
	}
	if w.Unexplained > 0 {
		why = append(why, fmt.Sprintf("the definition of a subflow (%d)", w.Unexplained))
	}
	return why
}

// next says what the numbers mean and what to do.
func (v Ways) next() []string {
	if v.Blocked == 0 && len(v.Besides) == 0 {
		return []string{"The last plan blocks no instance."}
	}
	lines := wrap("", "frees: instances that these switches free, and no smaller set of them; together: with those that a part of the set frees. Those that stay need what their findings say.")
	if v.Freed() == 0 {
		return lines
	}
	lines = append(lines, wrap("", "Set the switches in ferry.yaml, restart the workers and run starter plan, which may find more: see docs/runbook.md#instances-that-stay-blocked.")...)
	if v.has(migration.WayResume) {
		lines = append(lines, wrap("", "Where "+string(migration.WayResume)+" is named, each instance wants its own word: starter list --state blocked names them, and starter plan --explain INSTANCE says what it waits at.")...)
	}
	return lines
}

// has reports whether a way frees something, with others or without.
func (v Ways) has(way migration.Way) bool {
	return slices.ContainsFunc(v.All.Ways, func(s WaySet) bool { return slices.Contains(s.Switches, string(way)) })
}
