package xpdl

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxBytes is the size of the largest file that Parse reads.
const MaxBytes = 16 << 20

// ErrTooLarge is returned for a file of more than MaxBytes bytes.
var ErrTooLarge = errors.New("xpdl file is larger than 16 MiB")

// Parse reads one XPDL 1.0 package in UTF-8. Elements and attributes that
// decide nothing about running (layout, headers) are skipped. It fails on
// malformed XML, missing or repeated IDs and transitions that lead nowhere;
// an activity of no known kind is no error, it has kind Unknown.
func Parse(r io.Reader) (*Package, error) {
	limited := &io.LimitedReader{R: r, N: MaxBytes + 1}
	var f file
	err := xml.NewDecoder(limited).Decode(&f)
	if limited.N <= 0 {
		return nil, ErrTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("read xpdl: %w", err)
	}
	if f.ID == "" {
		return nil, errors.New("read xpdl: the package has no Id")
	}
	p := &Package{ID: f.ID, Name: f.Name}
	seen := map[string]bool{}
	for _, w := range f.Processes {
		if seen[w.ID] {
			return nil, fmt.Errorf("read xpdl package %q: process %q is there twice", f.ID, w.ID)
		}
		seen[w.ID] = true
		proc, err := w.process(f)
		if err != nil {
			return nil, fmt.Errorf("read xpdl package %q: process %q: %w", f.ID, w.ID, err)
		}
		p.Processes = append(p.Processes, proc)
	}
	return p, nil
}

func (w workflowProcess) process(f file) (*Process, error) {
	if w.ID == "" {
		return nil, errors.New("it has no Id")
	}
	p := &Process{
		Key: w.ID, Name: w.Name, DurationUnit: unit(w.Header.Unit), Priority: integer(w.Header.Priority),
		activities: map[string]*Activity{}, outgoing: map[string][]*Transition{}, incoming: map[string][]*Transition{},
	}
	p.Limit = duration(w.Header.Limit, p.DurationUnit)
	for _, x := range append(append([]participant(nil), f.Participants...), w.Participants...) {
		p.Participants = append(p.Participants, Participant(x))
	}
	if err := p.declare(w, f.Fields); err != nil {
		return nil, err
	}
	if err := p.add("", w.graph); err != nil {
		return nil, err
	}
	for _, s := range w.Sets {
		if s.ID == "" {
			return nil, errors.New("an activity set has no Id")
		}
		if err := p.add(s.ID, s.graph); err != nil {
			return nil, fmt.Errorf("activity set %q: %w", s.ID, err)
		}
	}
	p.layout(w.Attributes)
	p.order()
	return p, nil
}

func (p *Process) declare(w workflowProcess, shared []field) error {
	names, again := map[string]bool{}, map[string]bool{}
	add := func(v Variable) error {
		if v.Name == "" {
			return errors.New("a variable has no Id")
		}
		if names[v.Name] {
			return fmt.Errorf("variable %q is declared twice", v.Name)
		}
		names[v.Name] = true
		p.Variables = append(p.Variables, v)
		return nil
	}
	for _, x := range w.Parameters {
		mode := Mode(strings.ToUpper(x.Mode))
		if mode != ModeOut && mode != ModeInOut {
			mode = ModeIn
		}
		if err := add(Variable{Name: x.ID, Type: x.kind(), Mode: mode}); err != nil {
			return err
		}
	}
	parameters := len(p.Variables)
	for _, x := range w.Fields {
		// A parameter is declared as a data field too: one variable (docs/joget.md#subflows).
		i := slices.IndexFunc(p.Variables[:parameters], func(v Variable) bool { return v.Name == x.ID })
		if i >= 0 && !again[x.ID] {
			again[x.ID] = true
			p.Variables[i].Type, p.Variables[i].Initial = x.kind(), strings.TrimSpace(x.Initial)
			continue
		}
		if err := add(Variable{Name: x.ID, Type: x.kind(), Initial: strings.TrimSpace(x.Initial)}); err != nil {
			return err
		}
	}
	for _, x := range shared {
		if x.ID != "" && !names[x.ID] {
			names[x.ID] = true
			p.Variables = append(p.Variables, Variable{Name: x.ID, Type: x.kind(), Initial: strings.TrimSpace(x.Initial)})
		}
	}
	return nil
}

func (p *Process) add(set string, g graph) error {
	local := map[string]bool{}
	for _, x := range g.Activities {
		a := x.activity(set, p.DurationUnit)
		if a.ID == "" {
			return errors.New("an activity has no Id")
		}
		if p.activities[a.ID] != nil {
			return fmt.Errorf("activity %q is there twice", a.ID)
		}
		local[a.ID] = true
		p.activities[a.ID] = a
		p.Activities = append(p.Activities, a)
	}
	ids := map[string]bool{}
	for _, x := range g.Transitions {
		switch {
		case x.ID == "":
			return errors.New("a transition has no Id")
		case ids[x.ID]:
			return fmt.Errorf("transition %q is there twice", x.ID)
		case !local[x.From]:
			return fmt.Errorf("transition %q leaves the unknown activity %q", x.ID, x.From)
		case !local[x.To]:
			return fmt.Errorf("transition %q leads to the unknown activity %q", x.ID, x.To)
		}
		ids[x.ID] = true
		p.Transitions = append(p.Transitions, &Transition{
			ID: x.ID, Name: x.Name, From: x.From, To: x.To, Set: set,
			Condition: Condition{Type: ConditionType(strings.ToUpper(x.Condition.Type)), Text: strings.TrimSpace(x.Condition.text())},
		})
	}
	return nil
}

// order prepares the lookups once, so that a parsed process is safe for use by
// several goroutines.
func (p *Process) order() {
	byID := map[string]map[string]*Transition{}
	for _, t := range p.Transitions {
		if byID[t.From] == nil {
			byID[t.From] = map[string]*Transition{}
		}
		byID[t.From][t.ID] = t
		p.incoming[t.To] = append(p.incoming[t.To], t)
	}
	for _, a := range p.Activities {
		taken := map[string]bool{}
		for _, ref := range a.SplitRefs {
			if t := byID[a.ID][ref]; t != nil && !taken[ref] {
				taken[ref] = true
				p.outgoing[a.ID] = append(p.outgoing[a.ID], t)
			}
		}
		if len(byID[a.ID]) == len(taken) {
			continue
		}
		for _, t := range p.Transitions {
			if t.From == a.ID && !taken[t.ID] {
				p.outgoing[a.ID] = append(p.outgoing[a.ID], t)
			}
		}
	}
}

func (x activity) activity(set string, per time.Duration) *Activity {
	a := &Activity{
		ID: x.ID, Name: x.Name, Set: set, Performer: strings.TrimSpace(x.Performer), Description: strings.TrimSpace(x.Description),
		Place: place(x.Attributes),
		Join:  XOR, Split: XOR, Limit: duration(x.Limit, per), Priority: integer(x.Priority), Kind: Unknown,
	}
	switch {
	case x.Route != nil:
		a.Kind = Route
	case x.Block != nil:
		a.Kind, a.BlockSet = Block, x.Block.Set
	case x.Subflow != nil:
		a.Kind, a.SubflowRef, a.Execution = Subflow, x.Subflow.Ref, execution(x.Subflow.Execution, Synchronous)
		for _, v := range x.Subflow.Parameters {
			a.Parameters = append(a.Parameters, strings.TrimSpace(v))
		}
	case len(x.Tools) > 0:
		a.Kind = Tool
		for _, t := range x.Tools {
			a.Tools = append(a.Tools, t.ID)
		}
	case x.No != nil:
		a.Kind = Manual
	}
	for _, d := range x.Deadlines {
		a.Deadlines = append(a.Deadlines, Deadline{
			Execution: execution(d.Execution, Asynchronous), Condition: strings.TrimSpace(d.Condition), Exception: strings.TrimSpace(d.Exception),
		})
	}
	for _, r := range x.Restrictions {
		if r.Join != nil && strings.EqualFold(r.Join.Type, string(AND)) {
			a.Join = AND
		}
		if r.Split == nil {
			continue
		}
		if strings.EqualFold(r.Split.Type, string(AND)) {
			a.Split = AND
		}
		for _, ref := range r.Split.Refs {
			a.SplitRefs = append(a.SplitRefs, ref.ID)
		}
	}
	return a
}

func execution(s string, otherwise Execution) Execution {
	switch e := Execution(strings.ToUpper(s)); e {
	case Synchronous, Asynchronous:
		return e
	default:
		return otherwise
	}
}

func unit(s string) time.Duration {
	switch s {
	case "D":
		return 24 * time.Hour
	case "m":
		return time.Minute
	case "s":
		return time.Second
	default:
		return time.Hour
	}
}

// duration reads a limit in units; text that is no positive number of a size
// that a time.Duration holds means no limit, as it does to Joget.
func duration(s string, per time.Duration) time.Duration {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(v > 0) || v > math.MaxInt64/2/float64(per) {
		return 0
	}
	return time.Duration(v * float64(per))
}

func integer(s string) int {
	v, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		return 0
	}
	return v
}
