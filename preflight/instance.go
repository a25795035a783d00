package preflight

import (
	"fmt"
	"strconv"
	"strings"

	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// InstanceFacts is what is known about one instance before it is touched.
type InstanceFacts struct {
	Instance *migration.Instance
	// Source and Target are the definitions on either side; nil when unknown,
	// which is a finding of the definition, not of the instance.
	Source, Target *xpdl.Process
	// RecordIsInstance: the record ID names a linked instance of the target.
	RecordIsInstance bool
	// Minted is the lowest process number that the target may still hand out.
	Minted int64
	// Addressable checks a record ID and a user name against what the API can carry.
	RecordRefused, RequesterRefused string // why not; "" if it can
}

// Instance returns what stands against migrating one instance.
func Instance(f InstanceFacts) []migration.Finding {
	i := f.Instance
	var found []migration.Finding
	add := func(c Check, seen string) { found = append(found, c.Finding(string(i.ID), seen)) }
	switch i.State {
	case migration.StateNotStarted:
		add(NotStarted, "")
		return found
	case migration.StateSuspended:
		add(InstanceSuspended, "")
	case migration.StateRunning, migration.StateCompleted, migration.StateTerminated, migration.StateAborted:
	}
	if i.App == "" {
		add(AppUnknown, i.Definition.String())
	}
	switch i.Requester {
	case migration.AnonymousUser, "roleSystem", "":
		add(AnonymousRequester, string(i.Requester))
	}
	if f.RequesterRefused != "" {
		add(Unaddressable, "requester: "+f.RequesterRefused)
	}
	if f.RecordRefused != "" {
		add(Unaddressable, "record ID: "+f.RecordRefused)
	}
	if f.RecordIsInstance {
		add(RecordIsInstance, string(i.Record))
	} else if n, ok := instanceNumber(i.Record); ok && f.Minted > 0 && n >= f.Minted {
		add(RecordMayCollide, fmt.Sprintf("%s; the target hands out %d next", i.Record, f.Minted))
	}
	if len(i.Activities) == 0 {
		add(NothingOpen, "")
	}
	if len(i.Children) > 0 {
		add(SubflowOpen, fmt.Sprintf("%d open below", len(i.Children)))
	}
	for _, t := range i.Tokens {
		add(JoinWaiting, fmt.Sprintf("%s arrived at %s", t.From, t.Join))
	}
	found = append(found, activities(f)...)
	return append(found, variables(f)...)
}

func activities(f InstanceFacts) []migration.Finding {
	var found []migration.Finding
	add := func(c Check, a migration.OpenActivity) {
		found = append(found, c.Finding(string(f.Instance.ID), string(a.DefID)))
	}
	seen := map[migration.ActivityDefID]bool{}
	for _, a := range f.Instance.Activities {
		if seen[a.DefID] {
			add(RepeatedActivity, a)
		}
		seen[a.DefID] = true
		if a.State == migration.StateSuspended {
			add(ActivitySuspended, a)
		}
		if a.Priority == multiApproval {
			add(PartialApproval, a)
		}
		if a.Deadlines > 0 {
			add(DeadlineRestarts, a)
		}
		if a.SetDefID != "" {
			add(BlockOpen, a)
		}
		if a.AcceptedBy != "" && a.State == migration.StateRunning && kind(f.Source, a.DefID) == xpdl.Manual {
			add(AcceptedActivity, a)
		}
		switch kind(f.Source, a.DefID) {
		case xpdl.Tool, xpdl.Route:
			add(ToolInFlight, a)
		case xpdl.Subflow:
			if len(f.Instance.Children) == 0 {
				add(SubflowOpen, a)
			}
		case xpdl.Block:
			add(BlockOpen, a)
		case xpdl.Manual, xpdl.Unknown:
		}
		if f.Target != nil && kind(f.Target, a.DefID) != kind(f.Source, a.DefID) {
			add(ActivityMissing, a)
		}
	}
	return found
}

// multiApproval is the priority by which Joget marks a multi-approval (CONTRACT 3.7).
const multiApproval = 5

func kind(p *xpdl.Process, id migration.ActivityDefID) xpdl.Kind {
	if p == nil {
		return xpdl.Unknown
	}
	if a := p.Activity(string(id)); a != nil {
		return a.Kind
	}
	return xpdl.Unknown
}

func variables(f InstanceFacts) []migration.Finding {
	var found []migration.Finding
	for _, v := range f.Instance.Variables {
		add := func(c Check) { found = append(found, c.Finding(string(f.Instance.ID), v.Name)) }
		if v.Kind == migration.VariableUnreadable {
			add(VariableUnreadable)
			continue
		}
		if f.Target == nil || v.Value == "" {
			continue
		}
		declared, ok := f.Target.Variable(v.Name)
		if !ok {
			add(VariableUndeclared)
			continue
		}
		switch {
		case settable(declared, v):
		case declared.Type == xpdl.Boolean && declared.Initial == "" && isFalse(v.Value):
			add(VariableDefault)
		default:
			add(VariableUnsettable)
		}
	}
	return found
}

// settable reports whether process/start can give v to a variable declared so,
// or the definition gives it anyhow.
func settable(declared xpdl.Variable, v migration.Variable) bool {
	return declared.Type.Takes(v.Value) || declared.Initial == v.Value
}

func isFalse(value string) bool {
	b, err := strconv.ParseBool(value)
	return err == nil && !b
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
