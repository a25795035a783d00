package preflight

import (
	"iter"
	"slices"

	"jogetferry/joget/flow"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

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

// told reports whether the operator says where p goes on, and goesOn whether that is
// at an open activity, too.
func (p *Part) told() bool { return len(p.ResumeAt) > 0 }

func (p *Part) goesOn(a migration.OpenActivity) bool {
	wanted, _ := p.becomes(a)
	return slices.Contains(p.ResumeAt, wanted.DefID)
}

func (p *Part) wanted() *migration.Instance {
	if p.Wanted != nil {
		return p.Wanted
	}
	return p.Instance
}

// ownStart returns what the start of p does within it, nil when that is not known.
func (p *Part) ownStart() *flow.Path {
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

// wantedActivities are the open activities with the target's names.
func (p *Part) wantedActivities() []migration.OpenActivity {
	if !p.started() {
		return nil
	}
	return p.wanted().Activities
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

func kind(p *xpdl.Process, id migration.ActivityDefID) xpdl.Kind {
	if p == nil {
		return xpdl.Unknown
	}
	if a := p.Activity(string(id)); a != nil {
		return a.Kind
	}
	return xpdl.Unknown
}
