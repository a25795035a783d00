package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jogetferry/migration"
)

// Pilot is how one instance went, and what is to be looked at: the result of pilot.
type Pilot struct {
	Show
	Evidence Evidence `json:"evidence"`
}

// Evidence is what the ledger has of the side effects of one migration.
type Evidence struct {
	Calls      []Call      `json:"calls"`
	Rows       []TableRows `json:"rows"`
	Files      int         `json:"files"`
	Variables  int         `json:"variables"`   // given with the start
	StartTools []string    `json:"start_tools"` // what they changed; empty for nothing
	Before     []Activity  `json:"activities_before"`
	Compared   []string    `json:"compared"` // what the comparison of both sides found
	Target     *Target     `json:"target,omitempty"`
}

// Call is one call of the target and its answer.
type Call struct {
	Step   string `json:"step"`
	What   string `json:"what"`
	Status int    `json:"http_status"`
}

// TableRows is how many rows of a form table were written.
type TableRows struct {
	Table string `json:"table"`
	Rows  int    `json:"rows"`
}

// Activity is an open activity of the source, when the snapshot was taken.
type Activity struct {
	Activity   string   `json:"activity"`
	Assignees  []string `json:"assignees"`
	AcceptedBy string   `json:"accepted_by,omitempty"`
}

// Target is what a worker saw on the target before the comparison.
type Target struct {
	TakenAt    string         `json:"taken_at"`
	Activities []ActivityPair `json:"activities"`
	Variables  []Variable     `json:"variables"`
	Modified   []ModifiedRows `json:"rows_modified"`
	Undated    []string       `json:"tables_without_dates"`
	Uncounted  []string       `json:"tables_not_counted"`
}

// ActivityPair is one activity on both sides, by its name on the target; nil where it is not open.
type ActivityPair struct {
	Activity string   `json:"activity"`
	Before   *Holders `json:"before,omitempty"`
	After    *Holders `json:"after,omitempty"`
	Differs  bool     `json:"differs"`
}

// Holders is who has an open activity.
type Holders struct {
	Assignees  []string `json:"assignees"`
	AcceptedBy string   `json:"accepted_by,omitempty"`
}

// Variable is one variable on both sides, that of an activity as "activity.variable".
type Variable struct {
	Name    string `json:"name"`
	Before  string `json:"before"`
	After   string `json:"after"`
	Differs bool   `json:"differs"`
}

// ModifiedRows are rows of a form table that are not of the record.
type ModifiedRows struct {
	Table string   `json:"table"`
	Rows  int      `json:"rows"`
	More  bool     `json:"more,omitempty"` // there are more than rows says
	IDs   []string `json:"ids"`            // some of them
}

func newTarget(e migration.Evidence) *Target {
	v := &Target{TakenAt: stamp(e.TakenAt), Activities: activityPairs(e), Variables: variables(e), Modified: []ModifiedRows{}, Undated: []string{}, Uncounted: []string{}}
	for _, m := range e.Modified {
		view := ModifiedRows{Table: m.Table, Rows: m.Rows, More: m.More, IDs: []string{}}
		for _, id := range m.IDs {
			view.IDs = append(view.IDs, string(id))
		}
		v.Modified = append(v.Modified, view)
	}
	v.Undated, v.Uncounted = append(v.Undated, e.Undated...), append(v.Uncounted, e.Uncounted...)
	return v
}

// activityPairs puts the activities of both sides together, in the order of the
// source; what only the target has comes last.
func activityPairs(e migration.Evidence) []ActivityPair {
	pairs := []ActivityPair{}
	left := slices.Clone(e.Target.Activities)
	for _, a := range e.Source.Activities {
		pair := ActivityPair{Activity: string(a.DefID), Before: newHolders(a)}
		if i := slices.IndexFunc(left, func(t migration.OpenActivity) bool { return t.DefID == a.DefID }); i >= 0 {
			pair.After = newHolders(left[i])
			left = slices.Delete(left, i, i+1)
		}
		pair.Differs = pair.After == nil || !pair.Before.same(pair.After)
		pairs = append(pairs, pair)
	}
	for _, a := range left {
		pairs = append(pairs, ActivityPair{Activity: string(a.DefID), After: newHolders(a), Differs: true})
	}
	return pairs
}

// same reports whether two activities are with the same users, who may be spelt
// otherwise on the other server.
func (h *Holders) same(other *Holders) bool {
	held := func(in *Holders) func(string) bool {
		return func(u string) bool {
			return !slices.ContainsFunc(in.Assignees, func(v string) bool { return migration.SameUser(migration.User(u), migration.User(v)) })
		}
	}
	return migration.SameUser(migration.User(h.AcceptedBy), migration.User(other.AcceptedBy)) &&
		!slices.ContainsFunc(h.Assignees, held(other)) && !slices.ContainsFunc(other.Assignees, held(h))
}

func newHolders(a migration.OpenActivity) *Holders {
	v := &Holders{Assignees: []string{}, AcceptedBy: string(a.AcceptedBy)}
	for _, as := range a.Assignments {
		v.Assignees = append(v.Assignees, string(as.User))
	}
	return v
}

// variables puts the variables of both sides together, by name.
func variables(e migration.Evidence) []Variable {
	before, after := flat(e.Source), flat(e.Target)
	differs := map[string]bool{}
	for _, d := range migration.DiffVariables(before, after) {
		differs[d.Name] = true
	}
	values := map[string]Variable{}
	for _, v := range before {
		values[v.Name] = Variable{Name: v.Name, Before: brief(v.Value), Differs: differs[v.Name]}
	}
	for _, v := range after {
		value := values[v.Name]
		value.Name, value.After = v.Name, brief(v.Value)
		values[v.Name] = value
	}
	return slices.SortedFunc(maps.Values(values), func(a, b Variable) int { return cmp.Compare(a.Name, b.Name) })
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

// Effects is what the ledger has of the side effects of one migration.
type Effects struct {
	Written   migration.Written
	Variables int                      // given with the start
	Before    []migration.OpenActivity // of the source, when the snapshot was taken
	Seen      *migration.Evidence      // of both sides, before the comparison; nil where it was not noted
}

// NewPilot tells how an instance went.
func NewPilot(f InstanceFacts, e Effects) Pilot {
	v := Pilot{Show: NewShow(f)}
	v.Evidence = newEvidence(f.Log, v.Comparison, e)
	return v
}

func newEvidence(log []migration.StepLine, compared *Comparison, e Effects) Evidence {
	v := Evidence{
		Calls: []Call{}, Rows: []TableRows{}, Files: e.Written.Files, Variables: e.Variables,
		StartTools: []string{}, Before: []Activity{}, Compared: []string{},
	}
	for _, l := range log {
		switch {
		case l.Status != 0:
			v.Calls = append(v.Calls, Call{string(l.Step), l.Text(), l.Status})
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
	for table, rows := range e.Written.Rows {
		v.Rows = append(v.Rows, TableRows{table, rows})
	}
	slices.SortFunc(v.Rows, func(a, b TableRows) int { return cmp.Compare(a.Table, b.Table) })
	for _, a := range e.Before {
		who := newHolders(a)
		v.Before = append(v.Before, Activity{Activity: string(a.DefID), Assignees: who.Assignees, AcceptedBy: who.AcceptedBy})
	}
	if e.Seen != nil {
		v.Target = newTarget(*e.Seen)
	}
	return v
}

func (v Pilot) sheets() []sheet {
	e := v.Evidence
	calls := sheet{title: "Evidence: what each call answered", header: []string{"step", "answer", "call"}, fits: true}
	for _, c := range e.Calls {
		calls.add(c.Step, fmt.Sprintf("HTTP %d", c.Status), c.What)
	}
	open, values := e.sides()
	compared := sheet{title: "The target, compared with that"}
	for _, c := range e.Compared {
		compared.text = append(compared.text, wrap("", c)...)
	}
	// The log was told while it grew.
	return []sheet{
		v.about(),
		{title: "Findings", text: findingsInFull(v.FindingsOf, v.Instance)},
		calls, e.effects(), e.others(), open, values, compared,
		{text: wrap("", "starter show "+v.Instance+" shows everything about it.")},
	}
}

// effects says what was written, and what start tools changed.
func (e Evidence) effects() sheet {
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
	written = fmt.Sprintf("Written on the target: %s, %s; %s set by the start.", written, plural(e.Files, "file"), plural(e.Variables, "variable"))
	tools := "What start tools changed in the record: nothing."
	if len(e.StartTools) > 0 {
		tools = "What start tools changed in the record: " + strings.Join(e.StartTools, "; ") + "."
	}
	return sheet{text: append(wrap("", written), wrap("", tools)...)}
}

// others tells of the rows that are not of the record.
func (e Evidence) others() sheet {
	if e.Target == nil {
		return sheet{text: wrap("", "The ledger has no evidence of the target: what follows is about the source.")}
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
		s.text = append(s.text, wrap("", "Tables that took too long to search, not counted: "+strings.Join(e.Target.Uncounted, ", ")+".")...)
	}
	if len(e.Target.Undated) > 0 {
		s.text = append(s.text, wrap("", "Tables without a date of modification: "+strings.Join(e.Target.Undated, ", ")+".")...)
	}
	return s
}

// mostIDs is how many rows of a table people see the IDs of.
const mostIDs = 5

// sides shows what is open, with the target where that is known, and the
// variables that differ.
func (e Evidence) sides() (open, values sheet) {
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
			differs, p.After = "not on the target", &Holders{}
		case p.Before == nil:
			differs, p.Before = "not on the source", &Holders{}
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
