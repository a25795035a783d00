package report

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"jogetferry/migration"
)

// Entry is one instance of the ledger.
type Entry struct {
	Instance         string             `json:"instance"`
	Target           string             `json:"target_instance,omitempty"`
	State            string             `json:"state"`
	Step             string             `json:"step,omitempty"`
	Reason           string             `json:"reason,omitempty"`
	Verdict          string             `json:"verdict,omitempty"`
	Wave             migration.WaveName `json:"wave,omitempty"`
	Definition       string             `json:"definition"`
	TargetDefinition string             `json:"target_definition,omitempty"`
	Requester        string             `json:"requester"`
	Record           string             `json:"record"`
	TargetRecord     string             `json:"target_record,omitempty"` // where it has another ID there
	Started          string             `json:"started,omitempty"`
	Findings         int                `json:"findings"`
	UpdatedAt        string             `json:"updated_at"`
}

// newEntry shows one instance.
func newEntry(e migration.Entry) Entry {
	v := Entry{
		Instance: string(e.Instance), Target: string(e.TargetID), State: string(e.State), Step: string(e.Step),
		Reason: string(e.Reason), Verdict: string(e.Verdict), Wave: e.Wave, Definition: e.Definition.String(),
		Requester: string(e.Requester), Record: string(e.Record), TargetRecord: string(e.TargetRecord), Findings: e.Findings, UpdatedAt: stamp(e.UpdatedAt),
	}
	if !e.Target.IsZero() {
		v.TargetDefinition = e.Target.String()
	}
	if e.Started > 0 {
		v.Started = stamp(time.UnixMilli(int64(e.Started)))
	}
	return v
}

// record is the record for people: "r-1", or "r-1, on the target 6f1c...".
func (e *Entry) record() string {
	if e.TargetRecord == "" {
		return e.Record
	}
	return e.Record + ", on the target " + e.TargetRecord
}

// List is the map from source to target instances: the result of list.
type List struct {
	Instances []Entry `json:"instances"`
}

// NewList lists entries. The error is theirs.
func NewList(entries iter.Seq2[migration.Entry, error]) (List, error) {
	v := List{Instances: []Entry{}}
	for e, err := range entries {
		if err != nil {
			return v, err
		}
		v.Instances = append(v.Instances, newEntry(e))
	}
	return v, nil
}

func (v List) sheets() []sheet {
	s := sheet{header: []string{"instance", "target_instance", "state", "step", "reason", "verdict", "wave", "definition", "requester", "record", "target_record"}, spare: true}
	for _, i := range v.Instances {
		s.add(i.Instance, i.Target, i.State, i.Step, i.Reason, i.Verdict, i.Wave, i.Definition, i.Requester, i.Record, i.TargetRecord)
	}
	return []sheet{s}
}

// Line is one line of the log of an instance.
type Line struct {
	At     string `json:"at"`
	Step   string `json:"step,omitempty"`
	Kind   string `json:"kind"`
	Event  string `json:"event"`
	What   string `json:"what"` // in plain words
	Detail string `json:"detail,omitempty"`
	Status int    `json:"http_status,omitempty"`
	By     string `json:"by,omitempty"`
}

// NewLine shows one line.
func NewLine(l migration.StepLine) Line {
	return Line{At: stamp(l.At), Step: string(l.Step), Kind: string(l.Kind), Event: string(l.Event), What: l.Text(), Detail: l.Detail, Status: l.Status, By: l.By}
}

// Show is everything about one instance: the result of show, and of pilot with its evidence.
type Show struct {
	Entry
	WorkflowID string      `json:"workflow_id"`
	ParkID     int64       `json:"park_id,omitempty"`
	Meaning    string      `json:"meaning,omitempty"` // of the reason
	Detail     string      `json:"detail,omitempty"`
	ResumeAt   []string    `json:"resume_at,omitempty"`   // where it goes on, as the operator says
	ResumeSaid string      `json:"resume_said,omitempty"` // who typed that and when, or that the configuration has it
	Waits      string      `json:"waits,omitempty"`       // what its workflow waits for
	Actions    []string    `json:"actions,omitempty"`     // that fit, while parked
	Doc        string      `json:"doc,omitempty"`         // where docs/what-if.md explains the reason
	FindingsOf []Finding   `json:"findings_list"`
	Comparison *Comparison `json:"comparison,omitempty"` // of both sides, the last one
	Lines      []Line      `json:"lines"`
}

// InstanceFacts is what the ledger has about one instance.
type InstanceFacts struct {
	Entry      migration.Entry
	WorkflowID string
	Findings   []migration.Finding
	Comparison *migration.Comparison // of both sides, the last one; nil for none
	Log        []migration.StepLine
	Waits      string // what its workflow waits for, "" for nothing
	Word       migration.Word
}

// NewShow tells all of f.
func NewShow(f InstanceFacts) Show {
	e := f.Entry
	v := Show{
		Entry: newEntry(e), WorkflowID: f.WorkflowID, ParkID: e.ParkID, Detail: e.Detail, Waits: f.Waits,
		FindingsOf: newFindings(f.Findings), Comparison: newComparison(f.Comparison), Lines: []Line{},
	}
	if f.Word.Activities != nil {
		v.ResumeAt, v.ResumeSaid = activityNames(f.Word.Activities), "in the configuration"
		if f.Word.Typed() {
			v.ResumeSaid = "typed by " + f.Word.By + " at " + stamp(f.Word.At)
		}
	}
	if e.Reason != "" {
		v.Meaning, v.Doc = e.Reason.Text(), section(e.Reason)
	}
	if e.State == migration.InstanceParked {
		v.Actions = ActionNames(e.Reason.Actions())
	}
	for _, l := range f.Log {
		v.Lines = append(v.Lines, NewLine(l))
	}
	return v
}

func (v Show) about() sheet {
	about := sheet{header: []string{"instance", v.Instance}}
	for _, row := range [][2]string{
		{"state", v.State},
		{"step", v.Step},
		{"reason", v.Reason},
		{"meaning", v.Meaning},
		{"detail", v.Detail},
		{"goes on at", joinWords(strings.Join(v.ResumeAt, ", "), v.ResumeSaid)},
		{"waits", v.Waits},
		{"actions", strings.Join(v.Actions, " ")},
		{"see", v.Doc},
		{"target instance", v.Target},
		{"verdict", v.Verdict},
		{"wave", string(v.Wave)},
		{"definition", v.Definition},
		{"target definition", v.TargetDefinition},
		{"requester", v.Requester},
		{"record", v.record()},
		{"started", v.Started},
		{"workflow", v.WorkflowID},
	} {
		if row[1] != "" {
			about.add(row[0], row[1])
		}
	}
	return about
}

// joinWords puts a remark behind a text, "" where there is none.
func joinWords(text, remark string) string {
	if text == "" {
		return ""
	}
	return text + " (" + remark + ")"
}

func (v Show) sheets() []sheet {
	log := sheet{title: "Log", header: []string{"at", "step", "what", "detail", "by"}}
	for _, l := range v.Lines {
		log.add(l.At, l.Step, l.text(), l.Detail, l.By)
	}
	return slices.Concat([]sheet{v.about(), findingSheet(v.FindingsOf)}, v.Comparison.sheets(), []sheet{log})
}

// Progress is the line as a verb tells it that follows the instance.
func (l Line) Progress() string { return fmt.Sprintf("%s  %-14s  %s", l.At, l.Step, l.text()) }

func (l Line) text() string {
	text := l.What
	if l.Kind != "note" && l.Kind != "" {
		text = l.Kind + ": " + text
	}
	if l.Status != 0 {
		text += fmt.Sprintf(" (HTTP %d)", l.Status)
	}
	return text
}

// stamp is a time as results have it, "" for the zero time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// ActionNames are the words for actions that an operator types.
func ActionNames(actions []migration.Action) []string {
	names := make([]string, 0, len(actions))
	for _, a := range actions {
		names = append(names, string(a))
	}
	return names
}

func activityNames(ids []migration.ActivityDefID) []string {
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		names = append(names, string(id))
	}
	return names
}
