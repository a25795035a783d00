package preflight

import (
	"iter"
	"slices"
	"strconv"
	"strings"

	"jogetferry/joget/xpdl"
	"jogetferry/migration"
	"jogetferry/preflight/startpath"
)

// InstanceFacts is what is known about one instance before it is touched.
type InstanceFacts struct {
	Instance *migration.Instance
	// Wanted is the instance as it shall be on the target, mappings applied: the
	// same activities in the same order. Nil: Instance itself.
	Wanted *migration.Instance
	// Source and Target are the definitions on either side; nil when unknown,
	// which is a finding of the definition, not of the instance.
	Source, Target *xpdl.Process
	// Start is what a start with today's values does, InitialStart one with the
	// initial values of the definition; nil when nobody looked.
	Start, InitialStart *startpath.Path
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

// systemUser is the requester of what background threads start (CONTRACT 1.4).
const systemUser migration.User = "roleSystem"

// multiApproval is the priority by which Joget marks a multi-approval (CONTRACT 3.7).
const multiApproval = 5

func (f *InstanceFacts) subject() string { return string(f.Instance.ID) }

// started is false for the wreck of a failed start, of which nothing else is said.
func (f *InstanceFacts) started() bool { return f.Instance.State != migration.StateNotStarted }

func (f *InstanceFacts) wanted() *migration.Instance {
	if f.Wanted != nil {
		return f.Wanted
	}
	return f.Instance
}

// activities yields the open activities.
func (f *InstanceFacts) activities() iter.Seq[migration.OpenActivity] {
	if !f.started() {
		return slices.Values[[]migration.OpenActivity](nil)
	}
	return slices.Values(f.Instance.Activities)
}

// open yields the open activities of some kinds.
func (f *InstanceFacts) open(kinds ...xpdl.Kind) iter.Seq[migration.OpenActivity] {
	return func(yield func(migration.OpenActivity) bool) {
		for a := range f.activities() {
			if slices.Contains(kinds, kind(f.Source, a.DefID)) && !yield(a) {
				return
			}
		}
	}
}

// variables yields the variables as they shall be on the target.
func (f *InstanceFacts) variables() iter.Seq[migration.Variable] {
	if !f.started() {
		return slices.Values[[]migration.Variable](nil)
	}
	return slices.Values(f.wanted().Variables)
}

// declared yields the variables with a value that the target declares, and how.
func (f *InstanceFacts) declared() iter.Seq2[migration.Variable, xpdl.Variable] {
	return func(yield func(migration.Variable, xpdl.Variable) bool) {
		if f.Target == nil {
			return
		}
		for v := range f.variables() {
			if v.Kind == migration.VariableUnreadable || v.Value == "" {
				continue
			}
			if declared, ok := f.Target.Variable(v.Name); ok && !yield(v, declared) {
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

// settable reports whether process/start can give v to a variable declared so,
// or the definition gives it anyhow.
func settable(declared xpdl.Variable, v migration.Variable) bool {
	return declared.Type.Takes(v.Value) || declared.Initial == v.Value
}

// leftToDefault reports whether v is what the engine is expected to give a
// variable that it cannot be given.
func leftToDefault(declared xpdl.Variable, v migration.Variable) bool {
	b, err := strconv.ParseBool(v.Value)
	return declared.Type == xpdl.Boolean && declared.Initial == "" && err == nil && !b
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
