package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jogetferry/migration"
)

// pilotView is how one instance went: its story, and what is to be looked at.
type pilotView struct {
	showView
	Evidence evidenceView `json:"evidence"`
}

// evidenceView is what the ledger has of the side effects of one migration.
type evidenceView struct {
	Calls      []callView     `json:"calls"`
	Rows       []tableView    `json:"rows"`
	Files      int            `json:"files"`
	Variables  int            `json:"variables"`   // given with the start
	StartTools []string       `json:"start_tools"` // what they changed; empty for nothing
	Before     []activityView `json:"activities_before"`
	Compared   []string       `json:"compared"` // what the comparison of both sides found
}

// callView is one call of the target and its answer.
type callView struct {
	Step   string `json:"step"`
	What   string `json:"what"`
	Status int    `json:"http_status"`
}

// tableView is how many rows of a form table were written.
type tableView struct {
	Table string `json:"table"`
	Rows  int    `json:"rows"`
}

// activityView is an open activity of the source, when the snapshot was taken.
type activityView struct {
	Activity   string   `json:"activity"`
	Assignees  []string `json:"assignees"`
	AcceptedBy string   `json:"accepted_by,omitempty"`
}

func viewEvidence(lines []migration.StepLine, written migration.Written, variables int, before []migration.OpenActivity) evidenceView {
	v := evidenceView{
		Calls: []callView{}, Rows: []tableView{}, Files: written.Files, Variables: variables,
		StartTools: []string{}, Before: []activityView{}, Compared: []string{},
	}
	for _, l := range lines {
		switch {
		case l.Status != 0:
			v.Calls = append(v.Calls, callView{string(l.Step), l.What, l.Status})
		case strings.HasPrefix(l.What, "rows put back"), strings.HasPrefix(l.What, "start tools changed"):
			v.StartTools = append(v.StartTools, l.What)
		case strings.HasPrefix(l.What, "verdict: "):
			// Only the last comparison counts.
			v.Compared = append([]string{}, l.What)
			if l.Detail != "" {
				v.Compared = append(v.Compared, strings.Split(l.Detail, "; ")...)
			}
		}
	}
	for table, rows := range written.Rows {
		v.Rows = append(v.Rows, tableView{table, rows})
	}
	slices.SortFunc(v.Rows, func(a, b tableView) int { return cmp.Compare(a.Table, b.Table) })
	for _, a := range before {
		view := activityView{Activity: string(a.DefID), Assignees: []string{}, AcceptedBy: string(a.AcceptedBy)}
		for _, as := range a.Assignments {
			view.Assignees = append(view.Assignees, string(as.User))
		}
		v.Before = append(v.Before, view)
	}
	return v
}

func (v pilotView) sheets() []sheet {
	e := v.Evidence
	calls := sheet{title: "Evidence: what each call answered", header: []string{"step", "answer", "call"}, fits: true}
	for _, c := range e.Calls {
		calls.add(c.Step, fmt.Sprintf("HTTP %d", c.Status), c.What)
	}
	rows := 0
	var tables []string
	for _, t := range e.Rows {
		rows += t.Rows
		tables = append(tables, fmt.Sprintf("%s %d", t.Table, t.Rows))
	}
	written := plural(rows, "row")
	if len(tables) > 0 {
		written += " (" + strings.Join(tables, ", ") + ")"
	}
	written = fmt.Sprintf("Written on the target: %s, %s; %s given with the start.", written, plural(e.Files, "file"), plural(e.Variables, "variable"))
	tools := "Rows of the record that start tools changed: none."
	if len(e.StartTools) > 0 {
		tools = "What start tools changed in the record: " + strings.Join(e.StartTools, "; ") + "."
	}
	effects := sheet{text: append(wrap("", written), wrap("", tools)...)}
	open := sheet{title: "Open on the source when the snapshot was taken", header: []string{"activity", "accepted by", "assignees"}, fits: true}
	for _, a := range e.Before {
		open.add(a.Activity, a.AcceptedBy, strings.Join(a.Assignees, ", "))
	}
	compared := sheet{title: "The target, compared with that"}
	for _, c := range e.Compared {
		compared.text = append(compared.text, wrap("", c)...)
	}
	// The story was told while it happened.
	return []sheet{
		v.about(),
		{title: "Findings", text: findingsInFull(v.FindingsOf, v.Instance)},
		calls, effects, open, compared,
		{text: wrap("", "starter show "+v.Instance+" tells the whole story.")},
	}
}

// suggestView is which instances to migrate first.
type suggestView struct {
	Suggestions []suggestionView `json:"suggestions"`
}

// suggestionView is of one definition that has no verified pilot.
type suggestionView struct {
	Definition       string         `json:"definition"`
	TargetDefinition string         `json:"target_definition,omitempty"`
	Pilots           []proposalView `json:"pilots"`
	Uncovered        []string       `json:"uncovered"` // activities that are open in blocked instances only
}

// proposalView is one instance that would do.
type proposalView struct {
	Instance   string   `json:"instance"`
	State      string   `json:"state"`
	Activities []string `json:"activities"`
	Alike      int      `json:"alike"` // instances that stand so, itself included
}

func viewSuggestion(s migration.PilotSuggestion) suggestionView {
	v := suggestionView{Definition: s.Definition.String(), Pilots: []proposalView{}, Uncovered: activityNames(s.Uncovered)}
	if !s.Target.IsZero() {
		v.TargetDefinition = s.Target.String()
	}
	for _, p := range s.Pilots {
		v.Pilots = append(v.Pilots, proposalView{string(p.First), string(p.State), activityNames(p.Activities), p.Instances})
	}
	return v
}

func (v suggestView) sheets() []sheet {
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
	return []sheet{pilots, {text: left}, {text: []string{"starter pilot INSTANCE migrates one and shows what it did."}}}
}
