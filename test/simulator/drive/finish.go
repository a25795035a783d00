package drive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"jogetferry/test/simulator/engine"
)

// What keeps an instance from its end.
var (
	ErrStuck   = errors.New("the instance is open and nobody can do anything")
	ErrTooLong = errors.New("the instance does not come to an end")
	errNobody  = errors.New("an open activity that nobody holds")
	errRefused = errors.New("a completed activity is still open, or one to go on at is not")
)

// maxSteps is more than any instance of the simulator's apps needs.
const maxSteps = 60

// Trace is the way of an instance to its end. It names activities by
// definition, never by instance, so that traces of two servers are equal when
// the instance went the same way.
type Trace struct {
	Steps   []Step   // completed by hand, in order
	Members []Member // the root, then the subflows that were open at the beginning or came later
}

// Step is one manual activity that was completed.
type Step struct {
	Activity  string            // "path/definition"
	Offered   []string          // user names, sorted; one when it was accepted
	Accepted  bool              // before the drive came to it
	Performer string            // the first of Offered
	Before    map[string]string // variables of the instance, as text
	Answer    map[string]string // what was set; nil for nothing
	Ran       []string          // activities that ended because of it, "path/definition: state": its callers first, then fresh ones in order
}

// Member is an instance of the tree at the end.
type Member struct {
	Path      string // of the subflow activities that lead to it, "" for the root
	Process   string // "package/process"
	State     string
	Variables map[string]string // as text
}

// Finish drives an instance and its synchronous subflows to the end: always
// the first open manual activity by path and definition, as the first user who
// may. Asynchronous subflows are left alone. What went well before an error is
// in the trace.
func Finish(ctx context.Context, e *engine.Engine, instance string, answers Answers) (Trace, error) {
	d := drive{engine: e, root: instance, answers: answers, visits: map[string]int{}}
	if err := d.begin(ctx); err != nil {
		return Trace{}, err
	}
	for range maxSteps {
		open := waiting(d.members)
		if len(open) == 0 {
			return d.end(ctx)
		}
		if err := d.step(ctx, open[0]); err != nil {
			return d.trace, err
		}
	}
	return d.trace, fmt.Errorf("%s: %w", instance, ErrTooLong)
}

type drive struct {
	engine  *engine.Engine
	root    string
	answers Answers
	record  string
	members []member
	over    map[string]bool // activities that have ended
	past    map[string]bool // instances that were closed at the beginning
	visits  map[string]int  // by "path/definition"
	trace   Trace
}

func (d *drive) begin(ctx context.Context) error {
	root, found, err := d.engine.Instance(ctx, d.root)
	if err != nil || !found {
		return errors.Join(err, fmt.Errorf("read instance %s: found %t", d.root, found))
	}
	d.record = root.RecordID
	if d.members, err = tree(ctx, d.engine, d.root); err != nil {
		return err
	}
	d.over, d.past = map[string]bool{}, map[string]bool{}
	for _, m := range d.members {
		state, _, err := d.engine.Instance(ctx, m.id)
		if err != nil {
			return fmt.Errorf("read instance %s: %w", m.id, err)
		}
		d.past[m.id] = strings.HasPrefix(state.State, "closed.")
		for _, a := range m.activities {
			d.over[a.ID] = !(node{a, m.path}).open()
		}
	}
	return nil
}

// step completes one activity.
func (d *drive) step(ctx context.Context, n node) error {
	users, err := holders(ctx, d.engine, n)
	if err != nil {
		return err
	}
	s := Step{Activity: n.name(), Offered: users, Accepted: n.State == engine.Running, Performer: users[0]}
	if s.Before, err = d.variables(ctx, n.Instance); err != nil {
		return err
	}
	s.Answer = d.answers(Question{Record: d.record, Process: n.process(), Activity: n.DefID, Visit: d.visits[n.name()]})
	d.visits[n.name()]++
	if err := complete(ctx, d.engine, n, s.Performer, s.Answer); err != nil {
		return err
	}
	before := map[string]bool{}
	for _, m := range d.members {
		for _, a := range m.activities {
			before[a.ID] = true
		}
	}
	if d.members, err = tree(ctx, d.engine, d.root); err != nil {
		return err
	}
	s.Ran = d.ran(before)
	d.trace.Steps = append(d.trace.Steps, s)
	if !d.over[n.ID] {
		return fmt.Errorf("%s of %s: %w", n.name(), n.Instance, errRefused)
	}
	return nil
}

// ran tells what has ended since it was last asked. What was open before has
// IDs in the order in which it came to be open, which is nobody's business.
func (d *drive) ran(before map[string]bool) []string {
	var old, fresh []node
	for _, m := range d.members {
		for _, a := range m.activities {
			n := node{a, m.path}
			switch {
			case n.open() || d.over[a.ID]:
				continue
			case before[a.ID]:
				old = append(old, n)
			default:
				fresh = append(fresh, n)
			}
			d.over[a.ID] = true
		}
	}
	slices.SortFunc(old, func(a, b node) int { return strings.Compare(a.name(), b.name()) })
	slices.SortFunc(fresh, func(a, b node) int { return counter(a.ID) - counter(b.ID) })
	var out []string
	for _, n := range append(old, fresh...) {
		out = append(out, n.name()+": "+n.State)
	}
	return out
}

func (d *drive) variables(ctx context.Context, instance string) (map[string]string, error) {
	list, _, err := d.engine.Variables(ctx, instance)
	if err != nil {
		return nil, fmt.Errorf("read variables of %s: %w", instance, err)
	}
	out := map[string]string{}
	for _, v := range list {
		out[v.Name] = v.Text
	}
	return out, nil
}

// end tells how the members of the tree ended.
func (d *drive) end(ctx context.Context) (Trace, error) {
	for _, m := range d.members {
		if d.past[m.id] {
			continue
		}
		in, _, err := d.engine.Instance(ctx, m.id)
		if err != nil {
			return d.trace, fmt.Errorf("read instance %s: %w", m.id, err)
		}
		end := Member{Path: m.path, Process: Process(in.Definition), State: in.State}
		if end.Variables, err = d.variables(ctx, m.id); err != nil {
			return d.trace, err
		}
		d.trace.Members = append(d.trace.Members, end)
	}
	// subflows that are open together began in an order that is nobody's business
	slices.SortStableFunc(d.trace.Members, func(a, b Member) int { return strings.Compare(a.Path, b.Path) })
	if root := d.trace.Members; len(root) == 0 || !strings.HasPrefix(root[0].State, "closed.") {
		return d.trace, fmt.Errorf("%s: %w", d.root, ErrStuck)
	}
	return d.trace, nil
}
