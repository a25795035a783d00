package flow

import (
	"fmt"
	"slices"

	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// Bounds of a walk; beyond them it is Unknown.
const (
	maxSteps = 1000 // of all instances together
	maxDepth = 10   // of subflows in subflows
)

// Definition is a process definition and what the app maps to its activities.
type Definition struct {
	Process *xpdl.Process
	// Plugins are the classes of app_package_activity_plugin by activity ID. An
	// activity that is not there has none: a tool then does nothing.
	Plugins map[string]string
}

// Walker walks one definition. Build one per definition: it remembers what
// conditions yield. It is safe for use by several goroutines.
type Walker struct {
	definition Definition
	root       *model
}

// NewWalker prepares a definition. subflow resolves the process keys of the same
// package and version that subflows call; nil means that none is known. A nil
// process has paths that are Unknown.
func NewWalker(d Definition, subflow func(key string) (Definition, bool)) *Walker {
	models := map[string]*model{}
	var prepare func(d Definition) *model
	prepare = func(d Definition) *model {
		m := newModel(d)
		models[m.process.Key] = m
		for _, n := range m.nodes {
			if n.Kind != xpdl.Subflow {
				continue
			}
			n.child = models[n.SubflowRef]
			if n.child == nil && subflow != nil {
				if called, ok := subflow(n.SubflowRef); ok && called.Process != nil && called.Process.Key == n.SubflowRef {
					n.child = prepare(called)
				}
			}
		}
		return m
	}
	if d.Process == nil {
		d.Process = &xpdl.Process{}
	}
	return &Walker{d, prepare(d)}
}

// Definition returns the definition that is walked; its Process is never nil.
func (w *Walker) Definition() Definition { return w.definition }

// model is a definition made ready for walking.
type model struct {
	process    *xpdl.Process
	nodes      []*node // document order
	starts     []*node
	initial    []value        // of process.Variables
	parameters []int          // indexes of the formal parameters
	index      map[string]int // of process.Variables, by name
}

type node struct {
	*xpdl.Activity
	plugin string
	ways   int // incoming transitions
	out    []edge
	child  *model // of a subflow, nil when it is not known
}

type edge struct {
	to        *node
	otherwise bool
	when      *script // nil: always
}

func newModel(d Definition) *model {
	m := &model{process: d.Process, index: map[string]int{}}
	nodes := map[string]*node{}
	for _, a := range d.Process.Activities {
		n := &node{Activity: a, plugin: d.Plugins[a.ID], ways: len(d.Process.Incoming(a.ID))}
		nodes[a.ID] = n
		m.nodes = append(m.nodes, n)
	}
	scripts := map[string]*script{}
	for _, n := range m.nodes {
		for _, t := range d.Process.Outgoing(n.ID) {
			e := edge{to: nodes[t.To], otherwise: t.Condition.Type == xpdl.Otherwise}
			if text := t.Condition.Text; !e.otherwise && !t.Always() {
				if scripts[text] == nil {
					scripts[text] = newScript(text, d.Process.Variables)
				}
				e.when = scripts[text]
			}
			n.out = append(n.out, e)
		}
	}
	for _, a := range d.Process.StartActivities() {
		m.starts = append(m.starts, nodes[a.ID])
	}
	for i, v := range d.Process.Variables {
		m.index[v.Name] = i
		m.initial = append(m.initial, typed(v.Type, v.Initial))
		if v.Mode != xpdl.ModeNone {
			m.parameters = append(m.parameters, i)
		}
	}
	return m
}

// Walk returns what a start of the definition does when process/start is given
// these values. Variables without one, and those whose type does not take it
// (BOOLEAN, DATETIME, an empty number), have the initial value of the
// definition; undeclared ones are ignored. Walk(nil) is a start with the
// initial values.
func (w *Walker) Walk(values []migration.Variable) Path {
	m, steps := w.root, 0
	path, _ := walk(m, m.values(values, given), "", &steps, 0)
	return path
}

// Activate returns what activity/start of one activity does in an instance that has
// these values now: a manual one waits, a synchronous subflow waits with its child,
// and what runs through goes on along its transitions. Values of every type count,
// since none has to be sent; variables without one have the initial value of the
// definition. What leads to the activity and its own join do not matter
// (docs/joget.md#starting-an-activity). The rest of the instance is not known: what
// is open in it is taken for closed, Ends means that nothing opens, and a branch
// that goes on to an AND-join makes the path Unknown.
func (w *Walker) Activate(activity string, values []migration.Variable) Path {
	m := w.root
	i := slices.IndexFunc(m.nodes, func(n *node) bool { return n.ID == activity })
	switch {
	case i < 0:
		return Path{Outcome: Unknown, Why: activity + " is not in the definition"}
	case m.nodes[i].Set != "":
		return Path{Outcome: Unknown, Why: activity + " is in an activity set, whose activities cannot be started"}
	}
	r := w.amid(values)
	return r.end(r.activate(m.nodes[i]))
}

// values are those of an instance: the initial ones, and what set makes of
// those that are named.
func (m *model) values(named []migration.Variable, set func(declared xpdl.Variable, now value, v migration.Variable) value) []value {
	now := slices.Clone(m.initial)
	for _, v := range named {
		if i, ok := m.index[v.Name]; ok {
			now[i] = set(m.process.Variables[i], now[i], v)
		}
	}
	return now
}

// MayRun returns the steps that some start could run before it waits, whatever
// its values are and whatever its tools and plugins do: in document order, a
// subflow before what its child may run; a thousand at most. Their Child is nil.
func (w *Walker) MayRun() []Step {
	var steps []Step
	w.root.mayRun("", &steps)
	return steps
}

func (m *model) mayRun(under string, steps *[]Step) {
	reached := map[*node]bool{}
	var reach func(n *node)
	reach = func(n *node) {
		if reached[n] {
			return
		}
		reached[n] = true
		if n.Kind == xpdl.Manual {
			return
		}
		for _, e := range n.out {
			reach(e.to)
		}
	}
	for _, n := range m.starts {
		reach(n)
	}
	for _, n := range m.nodes {
		if !reached[n] || n.Kind == xpdl.Manual || len(*steps) == maxSteps {
			continue
		}
		*steps = append(*steps, Step{Activity: n.ID, Kind: n.Kind, Plugin: n.plugin, Under: under, Asynchronous: n.Kind == xpdl.Subflow && !n.Waits()})
		if n.child != nil {
			n.child.mayRun(within(under, n.ID), steps)
		}
	}
}

// walk returns the path of one instance and its values afterwards.
func walk(m *model, values []value, under string, steps *int, depth int) (Path, []value) {
	r := newRun(m, values, under, steps, depth)
	return r.end(r.start()), r.values
}

// end returns the path when nothing runs any more; why says why it is Unknown,
// "" when it is not.
func (r *run) end(why string) Path {
	r.path.Why = why
	switch {
	case r.path.Why != "":
		r.path.Outcome = Unknown
	case len(r.path.Waits) > 0:
		r.path.Outcome = Waits
	case len(r.path.Tokens) > 0:
		r.path.Outcome, r.path.Why = Unknown, "nothing is open, but an AND-join still waits"
	default:
		r.path.Outcome = Ends
	}
	return r.path
}

// run is one instance being walked. Its methods answer why they could not go
// on, "" when they could.
type run struct {
	model   *model
	values  []value
	path    Path
	under   string
	running map[*node]bool // completed, their transitions being followed
	steps   *int
	depth   int
	amid    bool // the instance was there before: what waits at its joins is not known
}

func newRun(m *model, values []value, under string, steps *int, depth int) *run {
	return &run{model: m, values: values, under: under, steps: steps, depth: depth, running: map[*node]bool{}}
}

func (r *run) start() string {
	if len(r.model.starts) == 0 {
		return "there is no activity to start with"
	}
	for _, n := range r.model.starts {
		if why := r.activate(n); why != "" {
			return why
		}
	}
	return ""
}

func (r *run) activate(n *node) string {
	if slices.ContainsFunc(r.path.Waits, func(w Wait) bool { return w.Activity == n.ID }) {
		return "" // the engine drops who arrives at an open activity
	}
	if r.running[n] {
		return n.ID + " loops"
	}
	if *r.steps++; *r.steps > maxSteps {
		return fmt.Sprintf("more than %d activities run", maxSteps)
	}
	step := Step{Activity: n.ID, Kind: n.Kind, Plugin: n.plugin, Under: r.under}
	switch n.Kind {
	case xpdl.Manual:
		r.path.Waits = append(r.path.Waits, Wait{Activity: n.ID})
		return ""
	case xpdl.Tool:
		if n.plugin != "" {
			r.obscure("which " + n.ID + " may set")
		}
	case xpdl.Route:
		if n.plugin != "" {
			r.path.Steps = append(r.path.Steps, step)
			return n.ID + " has a decision plugin"
		}
	case xpdl.Subflow:
		child, why := r.call(n)
		if why == "" && n.Waits() {
			switch child.Outcome {
			case Waits:
				r.path.Waits = append(r.path.Waits, Wait{Activity: n.ID, Child: child})
				return ""
			case Unknown:
				why = n.ID + ": " + child.Why
			case Ends:
			}
		}
		step.Child, step.Asynchronous = child, !n.Waits()
		if why != "" {
			r.path.Steps = append(r.path.Steps, step)
			return why
		}
	case xpdl.Block, xpdl.Unknown:
		return fmt.Sprintf("%s is of kind %s, which cannot be followed", n.ID, n.Kind)
	}
	r.path.Steps = append(r.path.Steps, step)
	r.running[n] = true
	defer delete(r.running, n)
	return r.follow(n)
}

// obscure makes all values unknown: a tool may set any workflow variable.
func (r *run) obscure(why string) {
	for i := range r.values {
		r.values[i] = value{why: why}
	}
}

// call walks the child of a subflow and takes over what it gives back.
func (r *run) call(n *node) (*Path, string) {
	switch {
	case n.child == nil:
		return nil, n.ID + " calls " + n.SubflowRef + ", which is not there"
	case r.depth == maxDepth:
		return nil, n.ID + " is nested too deeply"
	}
	vars := slices.Clone(n.child.initial)
	actual := func(position int) (int, bool) {
		if position >= len(n.Parameters) {
			return 0, false
		}
		i, ok := r.model.index[n.Parameters[position]]
		return i, ok
	}
	pass := func(from, to xpdl.Variable, v value) value {
		if from.Type != to.Type {
			return value{why: "which is passed to another type"}
		}
		return v
	}
	for position, formal := range n.child.parameters {
		declared := n.child.process.Variables[formal]
		if declared.Mode == xpdl.ModeOut || position >= len(n.Parameters) {
			continue
		}
		if i, ok := actual(position); ok {
			vars[formal] = pass(r.model.process.Variables[i], declared, r.values[i])
		} else {
			vars[formal] = value{why: "which " + n.ID + " computes"}
		}
	}
	path, vars := walk(n.child, vars, within(r.under, n.ID), r.steps, r.depth+1)
	if !n.Waits() || path.Outcome != Ends {
		return &path, ""
	}
	for position, formal := range n.child.parameters {
		declared := n.child.process.Variables[formal]
		if i, ok := actual(position); ok && declared.Mode != xpdl.ModeIn {
			r.values[i] = pass(declared, r.model.process.Variables[i], vars[formal])
		}
	}
	return &path, ""
}

// follow takes the transitions out of a completed activity: all are decided
// before the first is taken.
func (r *run) follow(n *node) string {
	var chosen []*node
	var otherwise *node
	for _, e := range n.out {
		if e.otherwise {
			otherwise = e.to // of several the last, as the engine has it
			continue
		}
		if e.when != nil {
			a := e.when.answer(r.values)
			if a.why != "" {
				return fmt.Sprintf("the condition of %s -> %s %s", n.ID, e.to.ID, a.why)
			}
			if !a.yes {
				continue
			}
		}
		chosen = append(chosen, e.to)
		if n.Split == xpdl.XOR {
			break
		}
	}
	if len(chosen) == 0 && otherwise != nil {
		chosen = append(chosen, otherwise)
	}
	for _, to := range chosen {
		if why := r.arrive(n, to); why != "" {
			return why
		}
	}
	return ""
}

// arrive brings a branch to an activity, where an AND-join may keep it until
// as many have come as transitions lead there.
func (r *run) arrive(from, to *node) string {
	if to.Join != xpdl.AND {
		return r.activate(to)
	}
	if r.amid && to.ways > 1 {
		return fmt.Sprintf("%s is an AND-join, and what waits there is not known", to.ID)
	}
	here := func(t migration.JoinToken) bool { return string(t.Join) == to.ID }
	waiting := 0
	for _, t := range r.path.Tokens {
		if here(t) {
			waiting++
		}
	}
	if waiting+1 < to.ways {
		r.path.Tokens = append(r.path.Tokens, migration.JoinToken{Join: migration.ActivityDefID(to.ID), From: migration.ActivityDefID(from.ID)})
		return ""
	}
	r.path.Tokens = slices.DeleteFunc(r.path.Tokens, here)
	return r.activate(to)
}
