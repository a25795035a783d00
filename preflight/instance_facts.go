package preflight

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"jogetferry/joget/flow"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// InstanceFacts is what is known about one instance, and the subflows that are
// open below it, before it is touched.
type InstanceFacts struct {
	Part // the root
	// InitialStart is what a start with the initial values of the definition
	// does; nil when nobody looked.
	InitialStart *flow.Path
	// WithInitial: Start is one with initial values, see flow.Choice.
	WithInitial bool
	// RebuildJoins: branches that wait at AND-joins are made anew.
	RebuildJoins bool
	// RecordIsInstance: the record ID names a linked instance of the target.
	RecordIsInstance bool
	// Minted is the lowest process number that the target may still hand out.
	Minted int64
	// RecordRefused and RequesterRefused say why the API cannot carry them; "" if it can.
	RecordRefused, RequesterRefused string
	// Data is what is known of the record; nil when nobody looked.
	Data *DataFacts
	// Users and Deadlines are nil when they were not looked at.
	Users     *UserFacts
	Deadlines *DeadlineFacts
}

// Part is one instance of a tree.
type Part struct {
	Path migration.Path
	// Caller is the subflow activity above that waits for it, by the source's
	// name; "" for the root.
	Caller migration.ActivityDefID
	// Instance is never nil. One that is closed or gone, while its caller waits,
	// is as schema.Reader.Below has it.
	Instance *migration.Instance
	// Wanted is the instance as it shall be on the target, mappings applied: the
	// same activities in the same order. Nil: Instance itself.
	Wanted *migration.Instance
	// Source and Target are the definitions on either side; nil when unknown,
	// which is a finding of the definition, not of the instance.
	Source, Target *xpdl.Process
	// Plugins are the classes mapped to activities of Target.
	Plugins map[string]string
	// Members are how many users of the target a participant of Target is, where
	// that does not depend on the instance; nil when nobody counted.
	Members map[string]Span
	// Start is what makes the instance on the target does: process/start, or of a
	// subflow, in the instance above, the start of the activity that calls it; nil
	// when nobody looked.
	Start *flow.Path
	// Handed are the values that a subflow gets from the instance above, by
	// variable of Target; see Handed.
	Handed map[string]string
	Below  []Part // subflows, as migration.Tree has them
}

// Span is a number of which only bounds are known.
type Span struct{ Least, Most int }

func (s Span) holds(n int) bool { return s.Least <= n && n <= s.Most }

func (s Span) String() string {
	if s.Least == s.Most {
		return strconv.Itoa(s.Least)
	}
	return fmt.Sprintf("%d to %d", s.Least, s.Most)
}

// systemUser is the requester of what background threads start (CONTRACT 1.4).
const systemUser migration.User = "roleSystem"

// multiApproval is the priority by which Joget marks a multi-approval (CONTRACT 3.7).
const multiApproval = 5

func (f *InstanceFacts) subject() string { return string(f.Instance.ID) }

// Parts yields the instances of the tree, parents before their subflows.
func (f *InstanceFacts) Parts() iter.Seq[*Part] {
	return func(yield func(*Part) bool) { f.each(yield) }
}

func (p *Part) each(yield func(*Part) bool) bool {
	if !yield(p) {
		return false
	}
	for i := range p.Below {
		if !p.Below[i].each(yield) {
			return false
		}
	}
	return true
}

// started is false for the wreck of a failed start and for a subflow that is
// closed or gone, of which nothing else is said.
func (p *Part) started() bool {
	return p.Instance.State.Open() && p.Instance.State != migration.StateNotStarted
}

func (p *Part) wanted() *migration.Instance {
	if p.Wanted != nil {
		return p.Wanted
	}
	return p.Instance
}

// own returns what the start of p does within it, nil when that is not known.
func (p *Part) own() *flow.Path {
	if p.Caller == "" || p.Start == nil {
		return p.Start
	}
	if len(p.Start.Waits) == 0 {
		return nil
	}
	return p.Start.Waits[0].Child
}

// activities yields the open activities.
func (p *Part) activities() iter.Seq[migration.OpenActivity] {
	if !p.started() {
		return slices.Values[[]migration.OpenActivity](nil)
	}
	return slices.Values(p.Instance.Activities)
}

// open yields the open activities of some kinds.
func (p *Part) open(kinds ...xpdl.Kind) iter.Seq[migration.OpenActivity] {
	return func(yield func(migration.OpenActivity) bool) {
		for a := range p.activities() {
			if slices.Contains(kinds, kind(p.Source, a.DefID)) && !yield(a) {
				return
			}
		}
	}
}

// becomes returns what an open activity shall be, and its definition on the
// target, nil for none.
func (p *Part) becomes(a migration.OpenActivity) (migration.OpenActivity, *xpdl.Activity) {
	i := slices.IndexFunc(p.Instance.Activities, func(b migration.OpenActivity) bool { return b.ID == a.ID })
	wanted := p.wanted().Activities[i]
	if p.Target == nil {
		return wanted, nil
	}
	return wanted, p.Target.Activity(string(wanted.DefID))
}

// wantedActivities are the open activities with the target's names.
func (p *Part) wantedActivities() []migration.OpenActivity {
	if !p.started() {
		return nil
	}
	return p.wanted().Activities
}

// variables yields the variables as they shall be on the target.
func (p *Part) variables() iter.Seq[migration.Variable] {
	if !p.started() {
		return slices.Values[[]migration.Variable](nil)
	}
	return slices.Values(p.wanted().Variables)
}

// declared yields the variables with a value that the target declares, and how.
func (p *Part) declared() iter.Seq2[migration.Variable, xpdl.Variable] {
	return func(yield func(migration.Variable, xpdl.Variable) bool) {
		if p.Target == nil {
			return
		}
		for v := range p.variables() {
			if v.Kind == migration.VariableUnreadable || v.Value == "" {
				continue
			}
			if declared, ok := p.Target.Variable(v.Name); ok && !yield(v, declared) {
				return
			}
		}
	}
}

func kind(p *xpdl.Process, id migration.ActivityDefID) xpdl.Kind {
	if p == nil {
		return xpdl.Unknown
	}
	if a := p.Activity(string(id)); a != nil {
		return a.Kind
	}
	return xpdl.Unknown
}

// settable reports whether v can be given to a variable of p declared so: at the
// start or by a call, or by the definition or the caller anyhow.
func (p *Part) settable(declared xpdl.Variable, v migration.Variable) bool {
	if p.Caller == "" {
		return declared.Type.Takes(v.Value) || declared.Initial == v.Value
	}
	if handed, ok := p.Handed[v.Name]; ok && !declared.Type.Text() {
		return handed == v.Value
	}
	return declared.Type.Text() || declared.Initial == v.Value
}

// leftToDefault reports whether v is what the engine is expected to give a
// variable that it cannot be given.
func (p *Part) leftToDefault(declared xpdl.Variable, v migration.Variable) bool {
	b, err := strconv.ParseBool(v.Value)
	_, handed := p.Handed[v.Name]
	return declared.Type == xpdl.Boolean && declared.Initial == "" && err == nil && !b && !handed
}

// Handed returns what a subflow activity hands over to the instance that it
// starts, by variable of child: of each parameter that goes in and is a
// variable of above of the same type, its value among values.
func Handed(above *xpdl.Process, activity migration.ActivityDefID, values []migration.Variable, child *xpdl.Process) map[string]string {
	if above == nil || child == nil {
		return nil
	}
	caller := above.Activity(string(activity))
	if caller == nil {
		return nil
	}
	handed := map[string]string{}
	for position, formal := range child.Parameters() {
		if formal.Mode == xpdl.ModeOut || position >= len(caller.Parameters) {
			continue
		}
		actual, ok := above.Variable(caller.Parameters[position])
		if !ok || actual.Type != formal.Type {
			continue
		}
		for _, v := range values {
			if v.Name == actual.Name {
				handed[formal.Name] = v.Value
			}
		}
	}
	return handed
}

// LooksLikeInstance reports whether a record ID has the form of an instance ID,
// so that it may be one on some server.
func LooksLikeInstance(record migration.RecordID) bool {
	_, ok := instanceNumber(record)
	return ok
}

// instanceNumber returns the counter of a record ID that looks like an
// instance ID, "<number>_<package>_<process>".
func instanceNumber(record migration.RecordID) (int64, bool) {
	head, rest, ok := strings.Cut(string(record), "_")
	if !ok || !strings.Contains(rest, "_") {
		return 0, false
	}
	n, err := strconv.ParseInt(head, 10, 64)
	return n, err == nil && n > 0
}
