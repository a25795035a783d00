package migration

import (
	"cmp"
	"slices"
	"time"
)

// Pilot is an instance that was migrated by itself, to be looked at before
// others of its definition follow.
type Pilot struct {
	Instance   InstanceID    `json:"instance"`
	Definition DefinitionID  `json:"definition"`
	Target     DefinitionID  `json:"target_definition"` // what the definition is mapped to; of a started instance, what it was started as
	State      InstanceState `json:"state"`
	Verdict    Verdict       `json:"verdict,omitempty"` // "" until it is compared
	By         string        `json:"by"`                // "" for one of a ledger that did not note it
	At         time.Time     `json:"at"`                // when it began, on the ledger's clock
}

// Verified reports whether waves may rely on it: both sides were found the
// same, or somebody accepted what differs.
func (p Pilot) Verified() bool {
	return p.State == InstanceDone && (p.Verdict == VerdictSame || p.Verdict == VerdictAccepted || p.Verdict == VerdictAssignees)
}

// PilotGroup are the instances of a definition that stand alike: in one state,
// with the same activities open.
type PilotGroup struct {
	Definition DefinitionID
	Target     DefinitionID
	State      InstanceState
	Activities []ActivityDefID // sorted; nil where the plan does not know them
	Instances  int             // how many stand so
	First      InstanceID      // one of them
}

// PilotSuggestion says which instances to migrate first of one definition, so
// that every activity that is open somewhere has been seen once.
type PilotSuggestion struct {
	Definition DefinitionID
	Target     DefinitionID
	Pilots     []PilotGroup    // First of each; empty when none may be taken
	Uncovered  []ActivityDefID // open in blocked instances only
}

// SuggestPilots returns one suggestion for each definition and target, sorted,
// from groups in the states ready, warned and blocked; others are ignored. Each
// pilot is the one that adds most activities; of several that add as many a
// ready one is preferred, then the more frequent one.
func SuggestPilots(groups []PilotGroup) []PilotSuggestion {
	type mapping struct{ definition, target DefinitionID }
	by := map[mapping][]PilotGroup{}
	for _, g := range groups {
		if g.State == InstanceReady || g.State == InstanceWarned || g.State == InstanceBlocked {
			m := mapping{g.Definition, g.Target}
			by[m] = append(by[m], g)
		}
	}
	suggestions := make([]PilotSuggestion, 0, len(by))
	for m, of := range by {
		s := PilotSuggestion{Definition: m.definition, Target: m.target}
		s.Pilots, s.Uncovered = cover(of)
		suggestions = append(suggestions, s)
	}
	slices.SortFunc(suggestions, func(a, b PilotSuggestion) int {
		return cmp.Or(cmp.Compare(a.Definition.String(), b.Definition.String()), cmp.Compare(a.Target.String(), b.Target.String()))
	})
	return suggestions
}

// cover is greedy: the smallest cover is not worth its search.
func cover(groups []PilotGroup) (pilots []PilotGroup, uncovered []ActivityDefID) {
	open := map[ActivityDefID]bool{}
	var takeable []PilotGroup
	for _, g := range groups {
		for _, a := range g.Activities {
			open[a] = true
		}
		if g.State != InstanceBlocked {
			takeable = append(takeable, g)
		}
	}
	adds := func(g PilotGroup) (n int) {
		for _, a := range g.Activities {
			if open[a] {
				n++
			}
		}
		return n
	}
	for len(takeable) > 0 {
		best := slices.MinFunc(takeable, func(a, b PilotGroup) int {
			// InstanceReady sorts before InstanceWarned.
			return cmp.Or(cmp.Compare(adds(b), adds(a)), cmp.Compare(a.State, b.State), cmp.Compare(b.Instances, a.Instances), cmp.Compare(a.First, b.First))
		})
		if adds(best) == 0 && len(pilots) > 0 {
			break
		}
		pilots = append(pilots, best)
		for _, a := range best.Activities {
			delete(open, a)
		}
		if len(open) == 0 {
			break
		}
	}
	for a := range open {
		uncovered = append(uncovered, a)
	}
	slices.Sort(uncovered)
	return pilots, uncovered
}

// Written is what one instance has written on the target, as the ledger noted it.
type Written struct {
	Rows  map[string]int // by form table, without app_fd_
	Files int
}

// Evidence is what a pilot's target instance showed when both sides were about
// to be compared, and what else changed on the target.
type Evidence struct {
	TakenAt time.Time `json:"-"` // on the ledger's clock
	// Source is the snapshot, in the target's names; Target the instance made of it.
	Source EvidenceSide `json:"source"`
	Target EvidenceSide `json:"target"`
	// Modified are the rows of the app's tables, outside the record set, that say
	// they were changed since the instance was started; tables with any, by name.
	Modified []ModifiedRows `json:"modified,omitempty"`
	// Undated tables of the app exist and do not say when rows were changed.
	Undated []string `json:"undated,omitempty"`
	// Uncounted tables took too long to look through.
	Uncounted []string `json:"uncounted,omitempty"`
}

// EvidenceSide is what one side has open, and its variables. Names within
// subflows begin with the path of their instance and "/".
type EvidenceSide struct {
	Activities []OpenActivity `json:"activities"`
	Variables  []Variable     `json:"variables"`
}

// ModifiedRows are rows of one form table, named without app_fd_.
type ModifiedRows struct {
	Table string     `json:"table"`
	Rows  int        `json:"rows"`
	More  bool       `json:"more,omitempty"` // there are more, not counted
	IDs   []RecordID `json:"ids"`            // of some of them, sorted
}
