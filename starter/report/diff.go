package report

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"jogetferry/migration"
)

// Diff is what a plan changed.
type Diff struct {
	Compared bool      `json:"compared"` // false: there was no plan before
	Moves    []Move    `json:"moves"`
	Gained   []Finding `json:"findings_gained"`
	Lost     []Finding `json:"findings_lost"`

	changes iter.Seq2[any, error] // Change, in the order of the moves
	shown   []Change              // the first of them, for people
}

// Move is how many instances went from one state to another, or changed
// their findings in one state.
type Move struct {
	Was       string `json:"was,omitempty"` // absent for new ones
	State     string `json:"state"`
	Instances int    `json:"instances"`
}

// Change is one instance that a plan changed.
type Change struct {
	Instance   string   `json:"instance"`
	Definition string   `json:"definition"`
	Was        string   `json:"was,omitempty"`
	State      string   `json:"state"`
	Gained     []string `json:"gained"`
	Lost       []string `json:"lost"`
}

// Changes are what a plan changed, as the ledger has it.
type Changes struct {
	migration.PlanDiff
	// Of returns the instances of one move.
	Of func(migration.PlanMove) iter.Seq2[migration.PlanChange, error]
}

// mostChanges is how many changed instances are shown to people.
const mostChanges = 50

// newDiff reads the first instances of c; the error is that of c.Of.
func newDiff(c *Changes) (*Diff, error) {
	moves := slices.Clone(c.Moves)
	slices.SortStableFunc(moves, func(a, b migration.PlanMove) int { return cmp.Compare(urgency(a), urgency(b)) })
	v := &Diff{Compared: c.Compared, Moves: []Move{}, Gained: newFindings(c.Gained), Lost: newFindings(c.Lost)}
	for _, m := range moves {
		v.Moves = append(v.Moves, Move{string(m.Was), string(m.State), m.Instances})
	}
	v.changes = func(yield func(any, error) bool) {
		for _, m := range moves {
			for change, err := range c.Of(m) {
				if !yield(newChange(change), err) || err != nil {
					return
				}
			}
		}
	}
	for change, err := range v.changes {
		if err != nil {
			return nil, err
		}
		if v.shown = append(v.shown, change.(Change)); len(v.shown) == mostChanges {
			break
		}
	}
	return v, nil
}

// urgency orders moves: what is blocked now first, then what else changed, what
// is gone, and what is new.
func urgency(m migration.PlanMove) int {
	switch {
	case m.Was == "":
		return 3
	case m.State == migration.InstanceSkipped:
		return 2
	case m.State == migration.InstanceBlocked:
		return 0
	}
	return 1
}

func newChange(c migration.PlanChange) Change {
	v := Change{string(c.Instance), c.Definition.String(), string(c.Was), string(c.State), c.Gained, c.Lost}
	if v.Gained == nil {
		v.Gained = []string{}
	}
	if v.Lost == nil {
		v.Lost = []string{}
	}
	return v
}

func moveText(was, state string) string {
	switch {
	case was == "":
		return "new, " + state
	case state == string(migration.InstanceSkipped):
		return "gone, was " + was
	case was == state:
		return "still " + state
	}
	return was + " -> " + state
}

func (d *Diff) sheets() []sheet {
	if !d.Compared {
		return []sheet{{text: []string{"This is the first plan: there is none to compare it with."}}}
	}
	if len(d.Moves)+len(d.Gained)+len(d.Lost) == 0 {
		return []sheet{{text: []string{"Nothing changed since the plan before."}}}
	}
	var findings []string
	for _, f := range d.Gained {
		findings = append(findings, wrap("", "+ "+headline(f)+": "+f.Subject)...)
	}
	for _, f := range d.Lost {
		findings = append(findings, wrap("", "- "+headline(f)+": "+f.Subject)...)
	}
	moves := sheet{title: "Changed since the plan before", header: []string{"instances", "what"}}
	all := 0
	for _, m := range d.Moves {
		moves.add(m.Instances, moveText(m.Was, m.State))
		all += m.Instances
	}
	changes := sheet{title: "Instances", header: []string{"instance", "what", "findings"}, fits: true}
	for _, c := range d.shown {
		var ids []string
		for _, id := range c.Gained {
			ids = append(ids, "+"+strings.TrimPrefix(id, "FERRY-"))
		}
		for _, id := range c.Lost {
			ids = append(ids, "-"+strings.TrimPrefix(id, "FERRY-"))
		}
		changes.add(c.Instance, moveText(c.Was, c.State), strings.Join(ids, " "))
	}
	sheets := []sheet{{title: "Findings about servers, apps and definitions: gained, lost", text: findings}, moves, changes}
	if all > len(d.shown) {
		sheets = append(sheets, sheet{text: []string{fmt.Sprintf("and %d more; -o json shows all of them", all-len(d.shown))}})
	}
	return sheets
}
