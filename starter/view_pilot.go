package main

import (
	"cmp"
	"fmt"
	"maps"
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
	Target     *targetView    `json:"target,omitempty"`
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

// targetView is what a worker saw on the target before the comparison.
type targetView struct {
	TakenAt    string         `json:"taken_at"`
	Activities []pairView     `json:"activities"`
	Variables  []valueView    `json:"variables"`
	Modified   []modifiedView `json:"rows_modified"`
	Undated    []string       `json:"tables_without_dates"`
	Uncounted  []string       `json:"tables_not_counted"`
}

// pairView is one activity on both sides, by its name on the target; nil where it is not open.
type pairView struct {
	Activity string    `json:"activity"`
	Before   *sideView `json:"before,omitempty"`
	After    *sideView `json:"after,omitempty"`
	Differs  bool      `json:"differs"`
}

// sideView is who has an open activity.
type sideView struct {
	Assignees  []string `json:"assignees"`
	AcceptedBy string   `json:"accepted_by,omitempty"`
}

// valueView is one variable on both sides, that of an activity as "activity.variable".
type valueView struct {
	Name    string `json:"name"`
	Before  string `json:"before"`
	After   string `json:"after"`
	Differs bool   `json:"differs"`
}

// modifiedView are rows of a form table that are not of the record.
type modifiedView struct {
	Table string   `json:"table"`
	Rows  int      `json:"rows"`
	More  bool     `json:"more,omitempty"` // there are more than rows says
	IDs   []string `json:"ids"`            // some of them
}

func viewTarget(e migration.Evidence) *targetView {
	v := &targetView{TakenAt: stamp(e.TakenAt), Activities: viewPairs(e), Variables: viewValues(e), Modified: []modifiedView{}, Undated: []string{}, Uncounted: []string{}}
	for _, m := range e.Modified {
		view := modifiedView{Table: m.Table, Rows: m.Rows, More: m.More, IDs: []string{}}
		for _, id := range m.IDs {
			view.IDs = append(view.IDs, string(id))
		}
		v.Modified = append(v.Modified, view)
	}
	v.Undated, v.Uncounted = append(v.Undated, e.Undated...), append(v.Uncounted, e.Uncounted...)
	return v
}

// viewPairs puts the activities of both sides together, in the order of the
// source; what only the target has comes last.
func viewPairs(e migration.Evidence) []pairView {
	pairs := []pairView{}
	left := slices.Clone(e.Target.Activities)
	for _, a := range e.Source.Activities {
		pair := pairView{Activity: string(a.DefID), Before: viewSide(a)}
		if i := slices.IndexFunc(left, func(t migration.OpenActivity) bool { return t.DefID == a.DefID }); i >= 0 {
			pair.After = viewSide(left[i])
			left = slices.Delete(left, i, i+1)
		}
		pair.Differs = pair.After == nil || pair.Before.AcceptedBy != pair.After.AcceptedBy || !slices.Equal(pair.Before.Assignees, pair.After.Assignees)
		pairs = append(pairs, pair)
	}
	for _, a := range left {
		pairs = append(pairs, pairView{Activity: string(a.DefID), After: viewSide(a), Differs: true})
	}
	return pairs
}

func viewSide(a migration.OpenActivity) *sideView {
	v := &sideView{Assignees: []string{}, AcceptedBy: string(a.AcceptedBy)}
	for _, as := range a.Assignments {
		v.Assignees = append(v.Assignees, string(as.User))
	}
	return v
}

// viewValues puts the variables of both sides together, by name.
func viewValues(e migration.Evidence) []valueView {
	before, after := flat(e.Source), flat(e.Target)
	differs := map[string]bool{}
	for _, d := range migration.DiffVariables(before, after) {
		differs[d.Name] = true
	}
	values := map[string]valueView{}
	for _, v := range before {
		values[v.Name] = valueView{Name: v.Name, Before: brief(v.Value), Differs: differs[v.Name]}
	}
	for _, v := range after {
		value := values[v.Name]
		value.Name, value.After = v.Name, brief(v.Value)
		values[v.Name] = value
	}
	return slices.SortedFunc(maps.Values(values), func(a, b valueView) int { return cmp.Compare(a.Name, b.Name) })
}

// flat are the variables of an instance and of its open activities in one list.
func flat(side migration.EvidenceSide) []migration.Variable {
	all := slices.Clone(side.Variables)
	for _, a := range side.Activities {
		for _, v := range a.Variables {
			v.Name = string(a.DefID) + "." + v.Name
			all = append(all, v)
		}
	}
	return all
}

// mostValue is how much of a value is shown, in characters.
const mostValue = 40

func brief(value string) string {
	if runes := []rune(value); len(runes) > mostValue {
		return string(runes[:mostValue-3]) + "..."
	}
	return value
}

func viewEvidence(lines []migration.StepLine, compared *comparisonView, written migration.Written, variables int, before []migration.OpenActivity) evidenceView {
	v := evidenceView{
		Calls: []callView{}, Rows: []tableView{}, Files: written.Files, Variables: variables,
		StartTools: []string{}, Before: []activityView{}, Compared: []string{},
	}
	for _, l := range lines {
		switch {
		case l.Status != 0:
			v.Calls = append(v.Calls, callView{string(l.Step), l.Text(), l.Status})
		case l.Event.OfTools():
			v.StartTools = append(v.StartTools, l.Text())
		}
	}
	if compared != nil {
		v.Compared = append(v.Compared, compared.summary())
		for _, i := range compared.different() {
			v.Compared = append(v.Compared, i.String())
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
	tools := "What start tools changed in the record: nothing."
	if len(e.StartTools) > 0 {
		tools = "What start tools changed in the record: " + strings.Join(e.StartTools, "; ") + "."
	}
	effects := sheet{text: append(wrap("", written), wrap("", tools)...)}
	open, values := e.sides()
	compared := sheet{title: "The target, compared with that"}
	for _, c := range e.Compared {
		compared.text = append(compared.text, wrap("", c)...)
	}
	// The story was told while it happened.
	return []sheet{
		v.about(),
		{title: "Findings", text: findingsInFull(v.FindingsOf, v.Instance)},
		calls, effects, e.others(), open, values, compared,
		{text: wrap("", "starter show "+v.Instance+" tells the whole story.")},
	}
}

// others tells of the rows that are not of the record.
func (e evidenceView) others() sheet {
	if e.Target == nil {
		return sheet{text: wrap("", "The target's side was not noted: what follows is of the source.")}
	}
	var tables []string
	for _, m := range e.Target.Modified {
		text := fmt.Sprintf("%s %d", m.Table, m.Rows)
		if m.More {
			text += " or more"
		}
		tables = append(tables, fmt.Sprintf("%s (%s)", text, strings.Join(m.IDs[:min(len(m.IDs), mostIDs)], ", ")))
	}
	s := sheet{text: wrap("", "Other rows of the app's tables modified on the target since the start: "+cmp.Or(strings.Join(tables, ", "), "none")+".")}
	if len(e.Target.Uncounted) > 0 {
		s.text = append(s.text, wrap("", "Tables that took too long to look through, not counted: "+strings.Join(e.Target.Uncounted, ", ")+".")...)
	}
	if len(e.Target.Undated) > 0 {
		s.text = append(s.text, wrap("", "Tables that do not say when a row was modified: "+strings.Join(e.Target.Undated, ", ")+".")...)
	}
	return s
}

// mostIDs is how many rows of a table people see the IDs of.
const mostIDs = 5

// sides shows what is open, with the target where that is known, and the
// variables that differ.
func (e evidenceView) sides() (open, values sheet) {
	if e.Target == nil {
		open = sheet{title: "Open on the source when the snapshot was taken", header: []string{"activity", "accepted by", "assignees"}, fits: true}
		for _, a := range e.Before {
			open.add(a.Activity, a.AcceptedBy, strings.Join(a.Assignees, ", "))
		}
		return open, values
	}
	open = sheet{title: "Open on the source -> on the target", header: []string{"activity", "", "accepted by", "assignees"}, fits: true}
	for _, p := range e.Target.Activities {
		differs := ""
		switch {
		case p.After == nil:
			differs, p.After = "not on the target", &sideView{}
		case p.Before == nil:
			differs, p.Before = "not on the source", &sideView{}
		case p.Differs:
			differs = "differs"
		}
		open.add(p.Activity, differs, became(p.Before.AcceptedBy, p.After.AcceptedBy), became(strings.Join(p.Before.Assignees, ", "), strings.Join(p.After.Assignees, ", ")))
	}
	values = sheet{title: "Variables that differ", header: []string{"variable", "source", "target"}, fits: true}
	for _, value := range e.Target.Variables {
		if value.Differs {
			values.add(value.Name, value.Before, value.After)
		}
	}
	if len(values.rows) == 0 {
		values = sheet{text: []string{plural(len(e.Target.Variables), "variable") + ", none differs."}}
	}
	return open, values
}

func became(before, after string) string {
	if before == after {
		return before
	}
	return cmp.Or(before, "-") + " -> " + cmp.Or(after, "-")
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
