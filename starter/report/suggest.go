package report

import (
	"fmt"
	"strings"

	"jogetferry/migration"
)

// Suggestions is which instances to migrate first: the result of pilot --suggest.
type Suggestions struct {
	Suggestions []Suggestion `json:"suggestions"`
}

// Suggestion is of one definition that has no verified pilot.
type Suggestion struct {
	Definition       string      `json:"definition"`
	TargetDefinition string      `json:"target_definition,omitempty"`
	Pilots           []Candidate `json:"pilots"`
	Uncovered        []string    `json:"uncovered"` // activities that are open in blocked instances only
}

// Candidate is one instance that would do.
type Candidate struct {
	Instance   string   `json:"instance"`
	State      string   `json:"state"`
	Activities []string `json:"activities"`
	Alike      int      `json:"alike"` // instances that stand so, itself included
}

// NewSuggestions shows suggestions, in their order.
func NewSuggestions(suggestions []migration.PilotSuggestion) Suggestions {
	v := Suggestions{Suggestions: make([]Suggestion, 0, len(suggestions))}
	for _, s := range suggestions {
		v.Suggestions = append(v.Suggestions, newSuggestion(s))
	}
	return v
}

func newSuggestion(s migration.PilotSuggestion) Suggestion {
	v := Suggestion{Definition: s.Definition.String(), Pilots: []Candidate{}, Uncovered: activityNames(s.Uncovered)}
	if !s.Target.IsZero() {
		v.TargetDefinition = s.Target.String()
	}
	for _, p := range s.Pilots {
		v.Pilots = append(v.Pilots, Candidate{string(p.First), string(p.State), activityNames(p.Activities), p.Instances})
	}
	return v
}

func (v Suggestions) sheets() []sheet {
	if len(v.Suggestions) == 0 {
		return []sheet{{text: []string{"Every definition has a verified pilot."}}}
	}
	pilots := sheet{header: []string{"definition", "pilot", "state", "alike", "open activities"}, fits: true}
	var left []string
	for _, s := range v.Suggestions {
		for _, p := range s.Pilots {
			pilots.add(s.Definition, p.Instance, p.State, p.Alike, strings.Join(p.Activities, ", "))
		}
		switch {
		case len(s.Pilots) == 0:
			left = append(left, wrap("", s.Definition+": all its instances are blocked.")...)
		case len(s.Uncovered) > 0:
			left = append(left, wrap("", fmt.Sprintf("%s: %s can be seen in blocked instances only.", s.Definition, strings.Join(s.Uncovered, ", ")))...)
		}
	}
	return []sheet{pilots, {text: left}, {text: []string{"starter pilot INSTANCE migrates one and shows every side effect."}}}
}
