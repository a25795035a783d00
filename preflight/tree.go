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
func (p *Part) told() bool { return p.Resume != nil }

func (p *Part) goesOn(a migration.OpenActivity) bool { return p.told() && p.stays(a) >= 0 }

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

// activities yields the open activities that shall be on the target.
func (p *Part) activities() iter.Seq[migration.OpenActivity] {
	if !p.started() {
		return slices.Values[[]migration.OpenActivity](nil)
	}
	if p.Resume == nil {
		return slices.Values(p.Instance.Activities)
	}
	return slices.Values(slices.DeleteFunc(slices.Clone(p.Instance.Activities), func(a migration.OpenActivity) bool { return p.stays(a) < 0 }))
}

// stays returns the index in Wanted of an activity that is open on the source, where the
// operator said where the instance goes on; -1 for one that he did not name.
func (p *Part) stays(a migration.OpenActivity) int {
	return slices.IndexFunc(p.wanted().Activities, func(w migration.OpenActivity) bool { return w.ID == a.ID })
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
	if p.Resume != nil {
		i = p.stays(a)
	}
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
