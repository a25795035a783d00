package report

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"jogetferry/contract"
	"jogetferry/migration"
)

// Plan is the result of plan and check.
type Plan struct {
	Migration migration.Name `json:"migration"`
	Frozen    bool           `json:"frozen"` // false for check
	Blocking  bool           `json:"blocking"`
	Stopped   bool           `json:"stopped"` // a finding ended it before the inventory
	Open      struct {
		Open        int `json:"open"`
		Roots       int `json:"roots"`
		Descendants int `json:"descendants"`
		Orphans     int `json:"orphans"`
		// Asynchronous subflows that move by themselves.
		Asynchronous int `json:"asynchronous,omitempty"`
	} `json:"open"`
	Counts      Counts       `json:"counts"`
	Definitions []Definition `json:"definitions"`
	Findings    []Finding    `json:"findings"`
	LeftOut     int          `json:"left_out,omitempty"` // findings that check cannot show
	Diff        *Diff        `json:"diff,omitempty"`

	// Notes lists notes in the tables; else they are counted.
	Notes bool `json:"-"`

	ways      Ways                  // what it would take to move what is blocked; zero for check
	instances iter.Seq2[any, error] // PlannedInstance or CheckedInstance
}

// Definition is one process definition of the source.
type Definition struct {
	Definition string   `json:"definition"`
	Counts     Counts   `json:"counts"`
	Reasons    []Reason `json:"reasons"`               // blocking first, then the most frequent
	StartTools string   `json:"start_tools,omitempty"` // what runs on the target when an instance is started

	id migration.DefinitionID
}

// Reason is how many instances a check concerns; 0: the definition or its
// app, and with it all of them.
type Reason struct {
	ID        string `json:"id"`
	Severity  string `json:"severity,omitempty"`
	Instances int    `json:"instances,omitempty"`
	Doc       string `json:"doc"`
}

// PlannedInstance is what the ledger's plan says of one instance.
type PlannedInstance struct {
	Instance         string   `json:"instance"`
	Definition       string   `json:"definition"`
	TargetDefinition string   `json:"target_definition,omitempty"`
	State            string   `json:"state"`
	Reason           string   `json:"reason,omitempty"`
	Activities       []string `json:"activities"`
	FindingIDs       []string `json:"finding_ids"`
}

func newPlannedInstance(p migration.PlanEntry) PlannedInstance {
	e := newEntry(p.Entry)
	v := PlannedInstance{e.Instance, e.Definition, e.TargetDefinition, e.State, e.Reason, activityNames(p.Activities), []string{}}
	for _, f := range p.Findings {
		v.FindingIDs = append(v.FindingIDs, f.ID)
	}
	return v
}

// CheckedInstance has what check found about one instance.
type CheckedInstance struct {
	Instance   string    `json:"instance"`
	FindingsOf []Finding `json:"findings_list"`
}

// Frozen is what the ledger has of a plan.
type Frozen struct {
	Definitions []migration.DefinitionCounts
	Reasons     []migration.FindingCount
	// Findings are those about servers, apps and definitions, with what was seen
	// where it is personal: that does not travel in a plan's result.
	Findings []migration.Finding
	// Hindrances are what blocks its blocked instances.
	Hindrances []migration.Hindrance
	Instances  iter.Seq2[migration.PlanEntry, error]
	Changes    *Changes // since the plan before; nil when nobody asked
}

// NewPlan shows a plan and what of it is frozen. Of one that was stopped nothing
// is. The error is that of the changes, of which it reads the first.
func NewPlan(name migration.Name, r contract.PlanResult, frozen Frozen) (Plan, error) {
	v := newPlan(name, r)
	v.Frozen = true
	if v.Stopped {
		v.setFindings(r.Findings)
		return v, nil
	}
	v.ways = NewWays(name, frozen.Hindrances, merged(frozen.Findings, r.Findings))
	reasons := map[migration.DefinitionID][]Reason{}
	for _, c := range frozen.Reasons {
		reasons[c.Definition] = append(reasons[c.Definition], Reason{c.ID, string(c.Severity), c.Instances, anchor(c.ID)})
	}
	for _, d := range frozen.Definitions {
		v.Definitions = append(v.Definitions, newDefinition(d.Definition, d.Counts, reasons[d.Definition]))
	}
	v.instances = func(yield func(any, error) bool) {
		for p, err := range frozen.Instances {
			if !yield(newPlannedInstance(p), err) || err != nil {
				return
			}
		}
	}
	v.setFindings(merged(frozen.Findings, r.Findings))
	if frozen.Changes == nil {
		return v, nil
	}
	var err error
	v.Diff, err = newDiff(frozen.Changes)
	return v, err
}

// NewCheck shows a check, all of which is in its result.
func NewCheck(name migration.Name, r contract.PlanResult) Plan {
	v := newPlan(name, r)
	if !v.Stopped {
		v.Definitions, v.instances, v.LeftOut = checkedDefinitions(r), checkedInstances(r), r.LeftOut
	}
	v.setFindings(r.Findings)
	return v
}

// newPlan has what plan and check have in common.
func newPlan(name migration.Name, r contract.PlanResult) Plan {
	v := Plan{
		Migration: name, Blocking: migration.Worst(r.Findings) == migration.Blocking, Stopped: r.Stopped,
		Counts: NewCounts(r.Counts), Definitions: []Definition{}, instances: func(func(any, error) bool) {},
	}
	v.Open.Open, v.Open.Roots = r.Open.Open, r.Open.Roots
	v.Open.Descendants, v.Open.Orphans, v.Open.Asynchronous = r.Open.Descendants, r.Open.Orphans, r.Open.Asynchronous
	return v
}

// merged returns the findings of the ledger, and what of a result it has not.
func merged(kept, found []migration.Finding) []migration.Finding {
	all := slices.Clone(kept)
	for _, f := range found {
		same := func(k migration.Finding) bool { return k.ID == f.ID && k.Subject == f.Subject }
		if !slices.ContainsFunc(all, same) {
			all = append(all, f)
		}
	}
	return all
}

// setFindings has what findings say of servers, and of each definition.
func (v *Plan) setFindings(findings []migration.Finding) {
	v.Findings = newFindings(findings)
	for i := range v.Definitions {
		v.Definitions[i].complete(findings)
	}
}

func newDefinition(d migration.DefinitionID, c migration.Counts, reasons []Reason) Definition {
	if reasons == nil {
		reasons = []Reason{}
	}
	return Definition{Definition: d.String(), Counts: NewCounts(c), Reasons: reasons, id: d}
}

// complete adds what findings about servers, apps and definitions say of it.
func (v *Definition) complete(findings []migration.Finding) {
	v.StartTools = toolsOf(findings, v.Definition)
	for _, f := range findings {
		// Of one check there may be several findings, and some in instances.
		known := func(r Reason) bool { return r.ID == f.ID && r.Instances == 0 }
		if f.Severity == migration.Blocking && concerns(f.Subject, migration.Entry{Definition: v.id}) && !slices.ContainsFunc(v.Reasons, known) {
			v.Reasons = append(v.Reasons, Reason{ID: f.ID, Severity: string(f.Severity), Doc: anchor(f.ID)})
		}
	}
	sortReasons(v.Reasons)
}

// checkedDefinitions knows severities from the instances that came along.
func checkedDefinitions(result contract.PlanResult) []Definition {
	severity := map[string]migration.Severity{}
	for _, i := range result.Instances {
		for _, f := range i.Findings {
			severity[f.ID] = f.Severity
		}
	}
	definitions := make([]Definition, 0, len(result.Definitions))
	for _, d := range result.Definitions {
		var reasons []Reason
		for id, n := range d.Findings {
			reasons = append(reasons, Reason{id, string(severity[id]), n, anchor(id)})
		}
		definitions = append(definitions, newDefinition(d.Definition, d.Counts, reasons))
	}
	return definitions
}

// checkedInstances are those that fit into the result.
func checkedInstances(result contract.PlanResult) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for _, i := range result.Instances {
			if !yield(CheckedInstance{string(i.Instance), newFindings(i.Findings)}, nil) {
				return
			}
		}
	}
}

// toolsOf is what the check of start tools saw in a definition.
func toolsOf(findings []migration.Finding, definition string) string {
	var seen []string
	for _, f := range findings {
		if f.ID == startTools && f.Subject == definition {
			seen = append(seen, cmp.Or(f.Seen, f.Message))
		}
	}
	return strings.Join(seen, "; ")
}

func (v Plan) lists() []list {
	lists := []list{{"instances", v.instances}}
	if v.Diff != nil {
		lists = append(lists, list{"changes", v.Diff.changes})
	}
	return lists
}

// startTools is the check that says which tools run when an instance is started.
const startTools = "FERRY-224"

func (v Plan) sheets() []sheet {
	findings := sheet{title: "Findings about servers, apps and definitions", text: v.findingGroups()}
	if v.Stopped {
		return []sheet{{text: []string{"No instance was checked: solve the findings about the servers first."}}, findings}
	}
	definitions := sheet{header: []string{"definition", "ready", "warned", "blocked", "done", "other", "top reasons"}, fits: true}
	line := func(name string, c Counts, reasons string) {
		definitions.add(name, c.Ready, c.Warned, c.Blocked, c.Done, c.Total-c.Ready-c.Warned-c.Blocked-c.Done, reasons)
	}
	tools := sheet{title: "Start tools: they run on the target when an instance is started"}
	for _, d := range v.Definitions {
		line(d.Definition, d.Counts, topReasons(d.Reasons))
		// What comes after the tools is the way of a start: plan --explain has it.
		if which, _, _ := strings.Cut(d.StartTools, "; "); which != "" {
			tools.text = append(tools.text, hang(d.Definition+": "+short(which))...)
		}
	}
	if len(v.Definitions) != 1 {
		line("all", v.Counts, "")
	}
	open := sheet{text: wrap("", v.opened())}
	sheets := []sheet{definitions, open, tools}
	if v.Diff != nil {
		sheets = append(sheets, v.Diff.sheets()...)
	} else {
		sheets = append(sheets, findings)
	}
	return append(sheets, sheet{text: v.next()})
}

// opened counts the instances that are open on the source.
func (v Plan) opened() string {
	text := fmt.Sprintf("%d open on the source: %d top-level, ", v.Open.Open, v.Open.Roots)
	if v.Open.Asynchronous > 0 {
		text += plural(v.Open.Asynchronous, "asynchronous subflow") + " by themselves, "
	}
	text += plural(v.Open.Descendants, "subflow")
	if v.Open.Orphans > 0 {
		text += ", " + plural(v.Open.Orphans, "subflow") + " for which nobody waits"
	}
	return text + "."
}

// findingGroups is one paragraph for each check, the worst first. Start tools
// have a table of their own; notes are counted unless they are wanted.
func (v Plan) findingGroups() []string {
	sorted := slices.Clone(v.Findings)
	slices.SortStableFunc(sorted, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(severityRank(a.Severity), severityRank(b.Severity)), cmp.Compare(a.ID, b.ID))
	})
	var lines []string
	left := 0
	for len(sorted) > 0 {
		f, n := sorted[0], 1
		for n < len(sorted) && sorted[n].ID == f.ID && sorted[n].Severity == f.Severity {
			n++
		}
		group := sorted[:n]
		sorted = sorted[n:]
		switch {
		case f.ID == startTools:
			continue
		case f.Severity == string(migration.Note) && !v.Notes:
			left += n
			continue
		}
		lines = append(lines, wrap("", headline(f))...)
		for _, g := range group[:min(n, mostSubjects)] {
			lines = append(lines, hang(strings.TrimSuffix(g.Subject+": "+short(g.Seen), ": "))...)
		}
		if n > mostSubjects {
			lines = append(lines, fmt.Sprintf("  and %d more", n-mostSubjects))
		}
		lines = append(lines, hang("To do: "+f.Remedy)...)
	}
	if left > 0 {
		lines = append(lines, fmt.Sprintf("%s; --notes lists them", plural(left, "note")))
	}
	return lines
}

// next says what to do now.
func (v Plan) next() []string {
	if v.Counts.Blocked+v.Counts.Warned == 0 {
		return nil
	}
	const numbers = "A reason is a finding and the number of its instances; all: it is about the definition or its app. docs/checks.md explains each. "
	if v.Frozen {
		lines := wrap("", numbers+"See starter list --state blocked,warned, then starter plan --explain INSTANCE.")
		if v.ways.Freed() > 0 {
			lines = append(lines, "Switches of ferry.yaml free some of what is blocked: see starter plan --ways.")
		}
		return lines
	}
	if v.LeftOut > 0 {
		return wrap("", numbers+"starter check -o json has the findings of instances, but "+plural(v.LeftOut, "finding")+" did not fit: starter plan keeps all.")
	}
	return wrap("", numbers+"starter check -o json has the findings of instances.")
}

// mostReasons is how many top reasons a definition shows.
const mostReasons = 2

// topReasons has a line for each check, with how many instances it concerns:
// "FERRY-203: all", "FERRY-404: 12".
func topReasons(reasons []Reason) string {
	var texts []string
	for _, r := range reasons {
		if r.Severity == string(migration.Note) || len(texts) == mostReasons {
			continue
		}
		if r.Instances > 0 {
			texts = append(texts, fmt.Sprintf("%s: %d", r.ID, r.Instances))
		} else {
			texts = append(texts, r.ID+": all")
		}
	}
	return strings.Join(texts, "\n")
}

func sortReasons(reasons []Reason) {
	concerned := func(r Reason) int {
		if r.Instances == 0 {
			return math.MaxInt
		}
		return r.Instances
	}
	slices.SortFunc(reasons, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(severityRank(a.Severity), severityRank(b.Severity)), cmp.Compare(concerned(b), concerned(a)), cmp.Compare(a.ID, b.ID))
	})
}
