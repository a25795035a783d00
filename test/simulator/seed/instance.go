package seed

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"jogetferry/joget/xpdl"
	"jogetferry/test/simulator/schema"
)

// Constants of engine rows.
const (
	priority   = 3                 // unless the XPDL names one
	undefined  = math.MaxInt64 / 2 // a time that has not come (docs/joget.md#times)
	noOffset   = 0                 // *TZO columns of a server in UTC
	wholeValue = -1                // OrdNo of a value that is not in pieces

	deadline = 90 * 24 * time.Hour // what the conditions of all deadlines in the apps yield, from the activation on

	running    = "open.running"
	notStarted = "open.not_running.not_started"
	suspended  = "open.not_running.suspended"
	completed  = "closed.completed"
)

// states are the states of kinds that are not running.
var states = map[Kind]string{NotStarted: notStarted, Suspended: suspended, Closed: completed, Completed: completed}

// actor is an instance while it is being written.
type actor struct {
	Instance
	oid        int64
	definition definition
	name       string    // of the instance; that of a child tells its caller
	now        time.Time // moves on with each activity
	created    time.Time
	closed     []closedActivity
}

type closedActivity struct {
	id                  string
	def                 *xpdl.Activity
	performer           string
	assignees           []string
	activated, finished time.Time
}

func (w *world) instance(j job) error {
	a, err := w.create(j)
	if err != nil {
		return err
	}
	if j.kind != NotStarted && !w.chance(40) { // some were started by API and have no record yet
		last := a.created.Add(time.Duration(1+w.rng.IntN(72)) * time.Hour)
		if err := w.record(j.position, a.RecordID, a.Requester, a.created, last, a.Variables); err != nil {
			return err
		}
	}
	if j.kind == Completed {
		w.archive(a, j.position)
		w.result.Instances = append(w.result.Instances, a.Instance)
		return nil
	}
	w.processRow(a, "", "")
	if j.kind == NotStarted {
		w.result.Instances = append(w.result.Instances, a.Instance)
		return nil
	}
	children := w.activities(a, j.position)
	w.result.Instances = append(append(w.result.Instances, a.Instance), children...)
	return nil
}

// create decides who the instance is and links it to its record.
func (w *world) create(j job) (*actor, error) {
	d := w.definitions[j.position.Process]
	a := &actor{definition: d, name: d.process.Name, created: j.created, now: j.created}
	a.Kind, a.Position, a.Definition = j.kind, j.position.Name, d.name
	a.Requester = pick(w, w.directory.names)
	a.Variables = w.variables(j.position, j.kind)
	a.State = running
	if state, special := states[j.kind]; special {
		a.State = state
	}
	if j.kind == NotStarted {
		a.Position = ""
	}
	numbers := w.numbers.counters[schema.CounterProcess]
	next := func() string {
		pkg, key := split(j.position.Process)
		return fmt.Sprintf("%d_%s_%s", numbers.take(), pkg, key)
	}
	if w.chance(100) { // a restart: the rest of a block is lost
		numbers.next += w.rng.Int64N(schema.Block)
	}
	a.RecordID = w.uuid()
	if j.kind == InstanceIDRecord {
		a.RecordID = next()
		w.archivedPredecessor(a)
	}
	if a.ID = j.id; a.ID == "" {
		a.ID = next()
	}
	if len(a.ID) > 100 {
		return nil, fmt.Errorf("instance id %s is longer than 100 characters", a.ID)
	}
	if j.kind == WithoutLink {
		a.RecordID = a.ID
		return a, nil
	}
	where := links
	if j.kind == Completed {
		where = linkHistory
	}
	w.rows.add(where, a.ID, a.RecordID, a.RecordID)
	return a, nil
}

// archivedPredecessor leaves the trace of the instance whose id is a's record id.
func (w *world) archivedPredecessor(a *actor) {
	w.rows.add(linkHistory, a.RecordID, a.RecordID, a.RecordID)
	w.historyRow(a, a.RecordID, a.created.Add(-time.Hour), a.created)
}

func (w *world) processRow(a *actor, callerActivity, caller string) {
	a.oid = w.numbers.oid.take()
	var byActivity, byProcess any
	started := int64(undefined)
	if a.State != notStarted {
		started = a.created.Add(40 * time.Millisecond).UnixMilli()
	}
	if caller != "" {
		byActivity, byProcess = callerActivity, caller
	}
	w.rows.add(processTable, 0, a.ID, a.definition.oid, a.Definition, byActivity, byProcess, a.Requester, nil,
		schema.ProcessStateOID(a.State), priority, a.name, a.created.UnixMilli(), noOffset, started, noOffset,
		a.created.Add(40*time.Millisecond).UnixMilli(), noOffset, undefined, noOffset, nil, a.oid, 1)
	for _, name := range slices.Sorted(maps.Keys(a.Variables)) {
		w.rows.add(processData, slices.Concat([]any{a.oid}, w.variableRow(a, name, schema.CounterProcessData))...)
	}
	if caller == "" {
		w.rows.add(requesters, a.ID, nil, w.resource(a.Requester), w.numbers.oid.take(), 0)
	}
}

// variableRow are the value columns of SHKProcessData and SHKActivityData.
func (w *world) variableRow(a *actor, name, counter string) []any {
	declared, _ := a.definition.process.Variable(name)
	return slices.Concat([]any{name}, w.stored(declared.Type, a.Variables[name]),
		[]any{wholeValue, w.numbers.counters[counter].take(), w.numbers.oid.take(), 0})
}

// activities writes the closed and the open activities of an instance and
// returns the children of open subflows.
func (w *world) activities(a *actor, p Position) []Instance {
	arrived := map[string]int64{}
	for _, id := range p.Done {
		c := w.close(a, a.definition.process.Activity(id))
		arrived[id] = w.activityRow(a, c.def, c.id, activityState{
			name: completed, user: c.performer, activated: c.activated, accepted: c.activated, changed: c.finished,
		})
	}
	for _, id := range p.Tokens {
		w.rows.add(andJoins, a.oid, nil, p.Join, arrived[id], w.numbers.counters[schema.CounterAndJoin].take(), w.numbers.oid.take(), 0)
		a.Tokens = append(a.Tokens, id)
	}
	var children []Instance
	for _, id := range p.Open {
		def := a.definition.process.Activity(id)
		if a.Kind == Closed {
			c := w.close(a, def)
			w.activityRow(a, def, c.id, activityState{name: completed, user: c.performer, activated: c.activated, accepted: c.activated, changed: c.finished})
			continue
		}
		if def.Kind == xpdl.Subflow {
			children = append(children, w.openSubflow(a, def, *p.Child))
			continue
		}
		w.openManual(a, def)
	}
	return children
}

func (w *world) activityID(a *actor, def *xpdl.Activity) string {
	id := fmt.Sprintf("%d_%s_%s", w.numbers.counters[schema.CounterActivity].take(), a.ID, def.ID)
	return id[:min(len(id), 100)] // the engine cuts there
}

// close lets an activity run through: routes and tools at once, manual ones
// after hours, done by one of those who had it.
func (w *world) close(a *actor, def *xpdl.Activity) closedActivity {
	c := closedActivity{id: w.activityID(a, def), def: def, activated: a.now}
	if def.Kind == xpdl.Manual {
		c.assignees = w.assignees(a, def)
		c.performer = pick(w, c.assignees)
		a.now = a.now.Add(time.Duration(1+w.rng.IntN(48*3600)) * time.Second)
	} else {
		a.now = a.now.Add(time.Duration(1+w.rng.IntN(200)) * time.Millisecond)
	}
	c.finished = a.now
	a.closed = append(a.closed, c)
	return c
}

func (w *world) assignees(a *actor, def *xpdl.Activity) []string {
	m := a.definition.participants[def.Performer]
	for _, c := range a.closed {
		if m.Type == "requester" && c.def.ID == m.Value {
			return []string{c.performer}
		}
	}
	return w.directory.assignees(m, a.Requester, a.Variables)
}

func (w *world) openManual(a *actor, def *xpdl.Activity) {
	act := Activity{ID: w.activityID(a, def), Def: def.ID, State: notStarted, Assignees: w.assignees(a, def)}
	if w.chance(20) { // somebody handed it on
		other := pick(w, w.directory.names)
		if !slices.Contains(act.Assignees, other) {
			act.Assignees[w.rng.IntN(len(act.Assignees))] = other
			slices.Sort(act.Assignees)
		}
	}
	state := activityState{activated: a.now, changed: a.now}
	if a.State != suspended && w.chance(7) {
		act.Accepted, act.State = true, running
		act.Assignees = []string{pick(w, act.Assignees)}
		state.user, state.accepted = act.Assignees[0], a.now.Add(time.Duration(1+w.rng.IntN(7200))*time.Second)
		state.changed = state.accepted
	}
	if a.State == suspended {
		act.State = suspended
	}
	state.name = act.State
	oid := w.activityRow(a, def, act.ID, state)
	accepted := 0
	if act.Accepted {
		accepted = 1
	}
	for _, user := range act.Assignees {
		w.rows.add(assignments, oid, w.resource(user), act.ID, a.ID, a.Definition, user, accepted, 1,
			w.numbers.counters[schema.CounterAssignment].take(), w.numbers.oid.take(), 0)
	}
	for _, d := range def.Deadlines {
		synchronous := 0
		if d.Execution == xpdl.Synchronous {
			synchronous = 1
		}
		w.rows.add(deadlines, a.oid, oid, w.numbers.counters[schema.CounterDeadline].take(), a.now.Add(deadline).UnixMilli(), noOffset,
			d.Exception, synchronous, 0, w.numbers.oid.take(), 0)
	}
	a.Activities = append(a.Activities, act)
}

// openSubflow writes the waiting activity and the child behind it.
func (w *world) openSubflow(a *actor, def *xpdl.Activity, p Position) Instance {
	d := w.definitions[p.Process]
	child := &actor{definition: d, name: a.name + "-" + def.Name, created: a.now.Add(30 * time.Millisecond), now: a.now.Add(30 * time.Millisecond)}
	_, key := split(p.Process)
	child.ID = fmt.Sprintf("%d_%s_%s", w.numbers.counters[schema.CounterProcess].take(), d.pkg, key)
	child.Kind, child.Position, child.Definition, child.State = Child, p.Name, d.name, running
	child.Requester, child.RecordID, child.Parent = a.Requester, a.RecordID, a.ID
	child.Variables = w.variables(p, Child)
	child.Variables["candidate"] = a.Variables["candidate"]

	act := Activity{ID: w.activityID(a, def), Def: def.ID, State: running, ChildID: child.ID}
	oid := w.activityRow(a, def, act.ID, activityState{name: running, child: child.ID, activated: a.now, changed: a.now})
	a.Activities = append(a.Activities, act)

	w.processRow(child, act.ID, a.ID)
	w.rows.add(requesters, child.ID, oid, w.resource(child.Requester), w.numbers.oid.take(), 0)
	w.rows.add(links, child.ID, a.ID, a.RecordID)
	w.activities(child, p)
	return child.Instance
}

// activityState is what distinguishes activity rows of one definition.
type activityState struct {
	name                         string
	user                         string // who accepted, "" = nobody
	child                        string // instance of a subflow, "" = none
	activated, accepted, changed time.Time
}

// activityRow writes an activity with its own copy of the variables and
// returns its object id.
func (w *world) activityRow(a *actor, def *xpdl.Activity, id string, s activityState) int64 {
	oid := w.numbers.oid.take()
	var resource, user, child any
	accepted, limit := int64(undefined), int64(undefined)
	if s.user != "" {
		resource, user = w.resource(s.user), s.user
		accepted = s.accepted.UnixMilli()
	}
	if s.child != "" {
		child = s.child
	}
	if def.Limit > 0 {
		limit = s.activated.Add(def.Limit).UnixMilli()
	}
	w.rows.add(activityTable, id, nil, def.ID, a.oid, resource, a.Definition, a.ID, user, schema.ActivityStateOID(s.name), nil,
		child, 0, priority, def.Name, s.activated.UnixMilli(), noOffset, accepted, noOffset,
		s.changed.UnixMilli(), noOffset, limit, noOffset, nil, oid, 1)
	for _, name := range slices.Sorted(maps.Keys(a.Variables)) {
		w.rows.add(activityData, slices.Concat([]any{oid, 0}, w.variableRow(a, name, schema.CounterActData))...)
	}
	return oid
}

// archive writes an instance that ran to its end on a server that archives.
func (w *world) archive(a *actor, p Position) {
	for _, id := range slices.Concat(p.Done, p.Open) {
		w.close(a, a.definition.process.Activity(id))
	}
	w.historyRow(a, a.ID, a.created, a.now)
	variables := historyVariables(a.Variables)
	for _, c := range a.closed {
		kind := map[xpdl.Kind]string{xpdl.Manual: "normal", xpdl.Tool: "tool", xpdl.Route: "route", xpdl.Subflow: "subflow"}[c.def.Kind]
		w.rows.add(activityHistory, c.id, c.def.Name, c.def.ID, c.activated.UnixMilli(), c.activated.UnixMilli(), c.finished.UnixMilli(), nil,
			c.def.Performer, "", c.performer, completed, kind, nil, variables, a.ID)
	}
}

func (w *world) historyRow(a *actor, id string, created, ended time.Time) {
	w.rows.add(processHistory, id, a.definition.process.Name, nil, a.Requester, a.definition.version, a.Definition,
		created.UnixMilli(), created.UnixMilli(), ended.UnixMilli(), nil, nil, completed, historyVariables(a.Variables))
}

// maxHistoryText keeps the JSON within the text column.
const maxHistoryText = 2000

// historyVariables is the JSON object of texts of the history tables.
func historyVariables(variables map[string]any) string {
	out := map[string]string{}
	for name, v := range variables {
		out[name] = ""
		if v != nil {
			text := fmt.Sprint(v)
			if len(text) > maxHistoryText {
				text = strings.ToValidUTF8(text[:maxHistoryText], "")
			}
			out[name] = text
		}
	}
	raw, err := json.Marshal(out)
	if err != nil {
		panic("seed: " + err.Error()) // a map of strings always encodes
	}
	return string(raw)
}
