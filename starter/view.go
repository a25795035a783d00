package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"jogetferry/contract"
	"jogetferry/migration"
)

// The views are the JSON that starter prints: an interface, documented in
// docs/output.md. Fields are added, never renamed; times are RFC 3339 in UTC.

// countsView is numbers of instances by state. Same, accepted and those of
// which only assignees differ are of done.
type countsView struct {
	Total    int `json:"total"`
	Ready    int `json:"ready"`
	Warned   int `json:"warned"`
	Blocked  int `json:"blocked"`
	Claimed  int `json:"claimed"`
	InFlight int `json:"in_flight"`
	Waiting  int `json:"waiting"`
	Parked   int `json:"parked"`
	Done     int `json:"done"`
	Skipped  int `json:"skipped"`
	Failed   int `json:"failed"`
	// RollingBack are taken by a rollback.
	RollingBack int `json:"rolling_back"`
	Same        int `json:"same"`
	Accepted    int `json:"accepted"`
	// AssigneesDiffer are those of which nothing but assignees differs.
	AssigneesDiffer int `json:"assignees_differ"`
}

func viewCounts(c migration.Counts) countsView {
	return countsView{
		Total: c.Total(), Ready: c.Ready, Warned: c.Warned, Blocked: c.Blocked, Claimed: c.Claimed, InFlight: c.InFlight,
		Waiting: c.Waiting, Parked: c.Parked, Done: c.Done, Skipped: c.Skipped, Failed: c.Failed, RollingBack: c.RollingBack, Same: c.Same, Accepted: c.Accepted,
		AssigneesDiffer: c.AssigneesDiffer,
	}
}

// findingView is one finding of a check; docs/checks.md has them by ID.
type findingView struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Subject  string `json:"subject"`
	Message  string `json:"message"`
	Seen     string `json:"seen,omitempty"`
	Remedy   string `json:"remedy"`
	Doc      string `json:"doc"` // where docs/checks.md explains it
}

func viewFindings(findings []migration.Finding) []findingView {
	views := make([]findingView, 0, len(findings))
	for _, f := range findings {
		views = append(views, findingView{f.ID, string(f.Severity), f.Subject, f.Message, f.Seen, f.Remedy, anchor(f.ID)})
	}
	return views
}

func anchor(check string) string { return "docs/checks.md#" + strings.ToLower(check) }

func findingSheet(findings []findingView) sheet {
	s := sheet{title: "Findings", header: []string{"id", "severity", "subject", "message", "remedy"}}
	for _, f := range findings {
		s.add(f.ID, f.Severity, f.Subject, strings.TrimSpace(f.Message+" "+f.Seen), f.Remedy)
	}
	return s
}

// instanceView is one instance of the ledger.
type instanceView struct {
	Instance         string `json:"instance"`
	Target           string `json:"target_instance,omitempty"`
	State            string `json:"state"`
	Step             string `json:"step,omitempty"`
	Reason           string `json:"reason,omitempty"`
	Verdict          string `json:"verdict,omitempty"`
	Wave             string `json:"wave,omitempty"`
	Definition       string `json:"definition"`
	TargetDefinition string `json:"target_definition,omitempty"`
	Requester        string `json:"requester"`
	Record           string `json:"record"`
	Started          string `json:"started,omitempty"`
	Findings         int    `json:"findings"`
	UpdatedAt        string `json:"updated_at"`
}

func viewInstance(e migration.Entry) instanceView {
	v := instanceView{
		Instance: string(e.Instance), Target: string(e.TargetID), State: string(e.State), Step: string(e.Step),
		Reason: string(e.Reason), Verdict: string(e.Verdict), Wave: e.Wave, Definition: e.Definition.String(),
		Requester: string(e.Requester), Record: string(e.Record), Findings: e.Findings, UpdatedAt: stamp(e.UpdatedAt),
	}
	if !e.Target.IsZero() {
		v.TargetDefinition = e.Target.String()
	}
	if e.Started > 0 {
		v.Started = stamp(time.UnixMilli(int64(e.Started)))
	}
	return v
}

// listView is the map from source to target instances.
type listView struct {
	Instances []instanceView `json:"instances"`
}

func (v listView) sheets() []sheet {
	s := sheet{header: []string{"instance", "target_instance", "state", "step", "reason", "verdict", "wave", "definition", "requester", "record"}}
	for _, i := range v.Instances {
		s.add(i.Instance, i.Target, i.State, i.Step, i.Reason, i.Verdict, i.Wave, i.Definition, i.Requester, i.Record)
	}
	return []sheet{s}
}

// lineView is one line of the story of an instance.
type lineView struct {
	At     string `json:"at"`
	Step   string `json:"step,omitempty"`
	Kind   string `json:"kind"`
	Event  string `json:"event"`
	What   string `json:"what"` // in plain words
	Detail string `json:"detail,omitempty"`
	Status int    `json:"http_status,omitempty"`
	By     string `json:"by,omitempty"`
}

func viewLine(l migration.StepLine) lineView {
	return lineView{At: stamp(l.At), Step: string(l.Step), Kind: string(l.Kind), Event: string(l.Event), What: l.Text(), Detail: l.Detail, Status: l.Status, By: l.By}
}

// showView is everything about one instance: the result of show, and of pilot with its evidence.
type showView struct {
	instanceView
	WorkflowID string          `json:"workflow_id"`
	ParkID     int64           `json:"park_id,omitempty"`
	Meaning    string          `json:"meaning,omitempty"` // of the reason
	Detail     string          `json:"detail,omitempty"`
	Actions    []string        `json:"actions,omitempty"` // that fit, while parked
	Doc        string          `json:"doc,omitempty"`     // where docs/what-if.md explains the reason
	FindingsOf []findingView   `json:"findings_list"`
	Comparison *comparisonView `json:"comparison,omitempty"` // of both sides, the last one
	Lines      []lineView      `json:"lines"`
}

func (v showView) about() sheet {
	about := sheet{header: []string{"instance", v.Instance}}
	for _, row := range [][2]string{
		{"state", v.State},
		{"step", v.Step},
		{"reason", v.Reason},
		{"meaning", v.Meaning},
		{"detail", v.Detail},
		{"actions", strings.Join(v.Actions, " ")},
		{"see", v.Doc},
		{"target instance", v.Target},
		{"verdict", v.Verdict},
		{"wave", v.Wave},
		{"definition", v.Definition},
		{"target definition", v.TargetDefinition},
		{"requester", v.Requester},
		{"record", v.Record},
		{"started", v.Started},
		{"workflow", v.WorkflowID},
	} {
		if row[1] != "" {
			about.add(row[0], row[1])
		}
	}
	return about
}

func (v showView) sheets() []sheet {
	story := sheet{title: "Story", header: []string{"at", "step", "what", "detail", "by"}}
	for _, l := range v.Lines {
		story.add(l.At, l.Step, lineText(l), l.Detail, l.By)
	}
	return slices.Concat([]sheet{v.about(), findingSheet(v.FindingsOf)}, v.Comparison.sheets(), []sheet{story})
}

func lineText(l lineView) string {
	text := l.What
	if l.Kind != "note" && l.Kind != "" {
		text = l.Kind + ": " + text
	}
	if l.Status != 0 {
		text += fmt.Sprintf(" (HTTP %d)", l.Status)
	}
	return text
}

// waveView is one wave: the result of wave, pause, resume, stop and tune.
type waveView struct {
	Wave      string     `json:"wave"`
	Status    string     `json:"status"`
	Window    int        `json:"window"`
	MaxParked int        `json:"max_parked,omitempty"`
	Taken     int        `json:"taken"`
	Delta     bool       `json:"delta,omitempty"`
	Closed    int        `json:"closed_on_source,omitempty"` // of a delta: left as they were
	Settled   bool       `json:"settled"`
	By        string     `json:"by,omitempty"`
	CreatedAt string     `json:"created_at"`
	Counts    countsView `json:"counts"`
}

func viewWave(w migration.Wave, c migration.Counts) waveView {
	return waveView{
		Wave: w.Name, Status: string(w.Status), Window: w.Window, MaxParked: w.MaxParked, Taken: w.Taken, Delta: w.Delta,
		Settled: !w.Status.Open(), By: w.By, CreatedAt: stamp(w.CreatedAt), Counts: viewCounts(c),
	}
}

func (v waveView) sheets() []sheet { return []sheet{waveSheet([]waveView{v})} }

func waveSheet(waves []waveView) sheet {
	s := sheet{title: "Waves", header: []string{"wave", "status", "window", "taken", "done", "in flight", "waiting", "parked", "skipped", "failed", "to come"}}
	for _, w := range waves {
		c := w.Counts
		s.add(w.Wave, w.Status, w.Window, w.Taken, c.Done, c.InFlight+c.Claimed, c.Waiting, c.Parked, c.Skipped, c.Failed, c.Ready+c.Warned)
	}
	return s
}

// statusView is a migration as a whole.
type statusView struct {
	Migration string       `json:"migration"`
	Counts    countsView   `json:"counts"`
	Waves     []waveView   `json:"waves"`
	Workers   []workerView `json:"workers"`
}

// workerView is how many workers poll for a role.
type workerView struct {
	Role    contract.Role `json:"role"`
	Queue   string        `json:"queue"`
	Pollers int           `json:"pollers"`
}

func (v statusView) sheets() []sheet {
	c := v.Counts
	all := sheet{header: []string{"migration", "instances", "ready", "warned", "blocked", "in flight", "waiting", "parked", "done", "skipped", "failed"}}
	all.add(v.Migration, c.Total, c.Ready, c.Warned, c.Blocked, c.InFlight+c.Claimed, c.Waiting, c.Parked, c.Done, c.Skipped, c.Failed)
	workers := sheet{title: "Workers", header: []string{"role", "queue", "pollers"}}
	for _, w := range v.Workers {
		workers.add(w.Role, w.Queue, w.Pollers)
	}
	return []sheet{all, waveSheet(v.Waves), workers}
}

// parkedView lists what waits for the operator.
type parkedView struct {
	Parked []parkedInstanceView `json:"parked"`
}

type parkedInstanceView struct {
	Instance string   `json:"instance"`
	ParkID   int64    `json:"park_id"`
	Step     string   `json:"step"`
	Reason   string   `json:"reason"`
	Meaning  string   `json:"meaning"`
	Detail   string   `json:"detail,omitempty"`
	Actions  []string `json:"actions"`
	Wave     string   `json:"wave,omitempty"`
	Since    string   `json:"since"`
	Doc      string   `json:"doc"` // where docs/what-if.md explains it
}

func section(r migration.Reason) string { return "docs/what-if.md#" + string(r) }

func (v parkedView) sheets() []sheet {
	s := sheet{header: []string{"instance", "park", "reason", "what happened", "actions", "wave", "since", "see"}}
	for _, p := range v.Parked {
		s.add(p.Instance, p.ParkID, p.Reason, p.Meaning, strings.Join(p.Actions, " "), p.Wave, p.Since, p.Doc)
	}
	return []sheet{s}
}

// resolveView says what was decided.
type resolveView struct {
	Instance string `json:"instance"`
	ParkID   int64  `json:"park_id"`
	Reason   string `json:"reason"`
	Action   string `json:"action"`
}

func (v resolveView) sheets() []sheet {
	s := sheet{header: []string{"instance", "park", "reason", "action"}}
	s.add(v.Instance, v.ParkID, v.Reason, v.Action)
	return []sheet{s}
}

func actionNames(actions []migration.Action) []string {
	names := make([]string, 0, len(actions))
	for _, a := range actions {
		names = append(names, string(a))
	}
	return names
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
