package main

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"jogetferry/migration"
)

// planView is the result of plan and check.
type planView struct {
	Migration string `json:"migration"`
	Frozen    bool   `json:"frozen"` // false for check
	Blocking  bool   `json:"blocking"`
	Stopped   bool   `json:"stopped"` // a finding ended it before the inventory
	Open      struct {
		Open        int `json:"open"`
		Roots       int `json:"roots"`
		Descendants int `json:"descendants"`
		Orphans     int `json:"orphans"`
	} `json:"open"`
	Counts      countsView           `json:"counts"`
	Definitions []definitionPlanView `json:"definitions"`
	Findings    []findingView        `json:"findings"`
	LeftOut     int                  `json:"left_out,omitempty"` // findings that check cannot show
	Diff        *diffView            `json:"diff,omitempty"`

	instances iter.Seq2[any, error] // planInstanceView or checkInstanceView
	changes   iter.Seq2[any, error] // changeView; nil without Diff
	shown     []changeView          // the first of changes, for people
	notes     bool                  // notes are listed
}

// definitionPlanView is one process definition of the source.
type definitionPlanView struct {
	Definition string       `json:"definition"`
	Counts     countsView   `json:"counts"`
	Reasons    []reasonView `json:"reasons"`               // blocking first, then the most frequent
	StartTools string       `json:"start_tools,omitempty"` // what runs on the target when an instance is started

	id migration.DefinitionID
}

// reasonView is how many instances a check concerns; 0: the definition or its
// app, and with it all of them.
type reasonView struct {
	ID        string `json:"id"`
	Severity  string `json:"severity,omitempty"`
	Instances int    `json:"instances,omitempty"`
	Doc       string `json:"doc"`
}

// planInstanceView is what the ledger's plan says of one instance.
type planInstanceView struct {
	Instance         string   `json:"instance"`
	Definition       string   `json:"definition"`
	TargetDefinition string   `json:"target_definition,omitempty"`
	State            string   `json:"state"`
	Reason           string   `json:"reason,omitempty"`
	Activities       []string `json:"activities"`
	FindingIDs       []string `json:"finding_ids"`
}

func viewPlanned(p migration.PlanEntry) planInstanceView {
	e := viewInstance(p.Entry)
	v := planInstanceView{e.Instance, e.Definition, e.TargetDefinition, e.State, e.Reason, activityNames(p.Activities), []string{}}
	for _, f := range p.Findings {
		v.FindingIDs = append(v.FindingIDs, f.ID)
	}
	return v
}

func activityNames(ids []migration.ActivityDefID) []string {
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		names = append(names, string(id))
	}
	return names
}

// checkInstanceView has what check found about one instance.
type checkInstanceView struct {
	Instance   string        `json:"instance"`
	FindingsOf []findingView `json:"findings_list"`
}

func (v planView) lists() []list {
	lists := []list{{"instances", v.instances}}
	if v.Diff != nil {
		lists = append(lists, list{"changes", v.changes})
	}
	return lists
}

// startTools is the check that says which tools run when an instance is started.
const startTools = "FERRY-224"

func (v planView) sheets() []sheet {
	findings := sheet{title: "Findings about servers, apps and definitions", text: findingGroups(v.Findings, v.notes)}
	if v.Stopped {
		return []sheet{{text: []string{"There was no inventory: what stands against the servers comes first."}}, findings}
	}
	definitions := sheet{header: []string{"definition", "ready", "warned", "blocked", "done", "other", "top reasons"}, fits: true}
	line := func(name string, c countsView, reasons string) {
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
	open := sheet{text: wrap("", fmt.Sprintf("Open on the source: %d = %d roots + %d subflows of them + %d orphans.", v.Open.Open, v.Open.Roots, v.Open.Descendants, v.Open.Orphans))}
	sheets := []sheet{definitions, open, tools}
	if v.Diff != nil {
		sheets = append(sheets, v.Diff.sheets(v.shown)...)
	} else {
		sheets = append(sheets, findings)
	}
	return append(sheets, sheet{text: v.next()})
}

// next says what to do now.
func (v planView) next() []string {
	if v.Counts.Blocked+v.Counts.Warned == 0 {
		return nil
	}
	const numbers = "Reasons are numbers of docs/checks.md, with how many instances they concern; without, all of the definition. "
	if v.Frozen {
		return wrap("", numbers+"See starter list --state blocked,warned, then starter plan --explain INSTANCE.")
	}
	if v.LeftOut > 0 {
		return wrap("", numbers+"starter check -o json has findings of instances; "+plural(v.LeftOut, "finding")+" did not fit: starter plan keeps them all.")
	}
	return wrap("", numbers+"starter check -o json has the findings of instances.")
}

// mostReasons is how many top reasons a definition shows.
const mostReasons = 3

// topReasons is "203 404x12 413x3": the numbers of checks, and of their instances.
func topReasons(reasons []reasonView) string {
	var texts []string
	for _, r := range reasons {
		if r.Severity == string(migration.Note) || len(texts) == mostReasons {
			continue
		}
		text := strings.TrimPrefix(r.ID, "FERRY-")
		if r.Instances > 0 {
			text += fmt.Sprintf("x%d", r.Instances)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, " ")
}

// severityRank orders severities, the worst first.
func severityRank(severity string) int {
	rank := slices.Index([]string{string(migration.Blocking), string(migration.Warning), "", string(migration.Note)}, severity)
	return rank
}

func sortReasons(reasons []reasonView) {
	concerned := func(r reasonView) int {
		if r.Instances == 0 {
			return math.MaxInt
		}
		return r.Instances
	}
	slices.SortFunc(reasons, func(a, b reasonView) int {
		return cmp.Or(cmp.Compare(severityRank(a.Severity), severityRank(b.Severity)), cmp.Compare(concerned(b), concerned(a)), cmp.Compare(a.ID, b.ID))
	})
}

// The bounds of one group of findings on the screen.
const (
	mostSubjects = 4
	mostSeen     = 160 // runes
)

// findingGroups is one paragraph for each check, the worst first. Start tools
// have a table of their own; notes are counted unless they are wanted.
func findingGroups(findings []findingView, notes bool) []string {
	sorted := slices.Clone(findings)
	slices.SortStableFunc(sorted, func(a, b findingView) int {
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
		case f.Severity == string(migration.Note) && !notes:
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

func headline(f findingView) string { return f.ID + " " + f.Severity + ": " + f.Message }

// hang is a paragraph below a headline.
func hang(paragraph string) []string {
	lines := wrap("    ", paragraph)
	lines[0] = strings.TrimPrefix(lines[0], "  ")
	return lines
}

// short is the beginning of what was seen.
func short(seen string) string {
	first, rest, more := strings.Cut(strings.TrimSpace(seen), "\n")
	if runes := []rune(first); len(runes) > mostSeen {
		first = string(runes[:mostSeen]) + "..."
	}
	if more {
		first += fmt.Sprintf(" (and %s)", plural(strings.Count(rest, "\n")+1, "more line"))
	}
	return first
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// diffView is what a plan changed.
type diffView struct {
	Compared bool          `json:"compared"` // false: there was no plan before
	Moves    []moveView    `json:"moves"`
	Gained   []findingView `json:"findings_gained"`
	Lost     []findingView `json:"findings_lost"`
}

// moveView is how many instances went from one state to another, or changed
// their findings in one state.
type moveView struct {
	Was       string `json:"was,omitempty"` // absent for new ones
	State     string `json:"state"`
	Instances int    `json:"instances"`
}

// changeView is one instance that a plan changed.
type changeView struct {
	Instance   string   `json:"instance"`
	Definition string   `json:"definition"`
	Was        string   `json:"was,omitempty"`
	State      string   `json:"state"`
	Gained     []string `json:"gained"`
	Lost       []string `json:"lost"`
}

func viewChange(c migration.PlanChange) changeView {
	v := changeView{string(c.Instance), c.Definition.String(), string(c.Was), string(c.State), c.Gained, c.Lost}
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

func (d diffView) sheets(shown []changeView) []sheet {
	if !d.Compared {
		return []sheet{{text: []string{"There is no plan before this one to compare with."}}}
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
	for _, c := range shown {
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
	if all > len(shown) {
		sheets = append(sheets, sheet{text: []string{fmt.Sprintf("and %d more; -o json has all of them", all-len(shown))}})
	}
	return sheets
}

// explainView is everything that the last plan says about one instance.
type explainView struct {
	instanceView
	Activities []string      `json:"activities"`
	FindingsOf []findingView `json:"findings_list"`
	About      []findingView `json:"definition_findings"` // of its definition, what that maps to, and its app
	StartTools string        `json:"start_tools,omitempty"`
	Conclusion string        `json:"conclusion"` // what stands between it and migration
}

func (v explainView) sheets() []sheet {
	about := sheet{header: []string{"instance", v.Instance}, fits: true}
	for _, row := range [][2]string{
		{"state", strings.TrimSpace(v.State + " " + v.Reason)},
		{"definition", v.Definition},
		{"maps to", cmp.Or(v.TargetDefinition, "nothing on the target")},
		{"open activities", strings.Join(v.Activities, ", ")},
		{"start tools", v.StartTools},
		{"requester", v.Requester},
		{"record", v.Record},
		{"started", v.Started},
		{"wave", v.Wave},
		{"target instance", v.Target},
	} {
		if row[1] != "" {
			about.add(row[0], row[1])
		}
	}
	return []sheet{
		about,
		{title: "Findings of the instance", text: findingsInFull(v.FindingsOf, v.Instance)},
		{title: "Findings of its definition and app", text: findingsInFull(v.About, "")},
		{text: wrap("", v.Conclusion)},
	}
}

// findingsInFull is one paragraph for each finding; of names the subject that
// goes without saying.
func findingsInFull(findings []findingView, of string) []string {
	var lines []string
	for _, f := range findings {
		lines = append(lines, wrap("", headline(f))...)
		if f.Subject != of {
			lines = append(lines, hang(f.Subject)...)
		}
		switch seen := strings.TrimSpace(f.Seen); {
		case strings.Contains(seen, "\n"):
			lines = append(lines, "  Seen:")
			for line := range strings.Lines(seen) {
				lines = append(lines, wrap("    ", strings.TrimRight(line, "\n"))...)
			}
		case seen != "":
			lines = append(lines, hang("Seen: "+seen)...)
		}
		lines = append(lines, hang("To do: "+f.Remedy)...)
		lines = append(lines, "  "+f.Doc)
	}
	return lines
}
