package preflight

import (
	"fmt"
	"slices"
	"strings"

	"jogetferry/joget/flow"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

var subflows = []Check{
	{
		ID:       "FERRY-404",
		Severity: migration.Blocking,
		Title:    "an open subflow cannot be continued",
		Remedy:   "let the subflow end on the source first, or publish a version on the target whose activity calls the same process and waits for it; where its instance is closed or gone, say under instances where the caller goes on: see docs/what-if.md#blocked-a-caller-that-waits-for-nothing",
		About:    `A subflow is continued below its caller: the activity is started on the target, which makes a new instance, and that is brought to where the instance on the source is. This cannot be done where the instance on the source is closed or gone while its caller still waits, or where the target's activity calls another process or does not wait. Nor can it where the new instance, with the variables of the activity, would finish at once or begin a subflow that nobody waits for. An open instance that nobody waits for cannot be continued either.`,
		Part:     subflowOpen,
	},
	{
		ID:       "FERRY-433",
		Severity: migration.Warning,
		Title:    "it cannot be known beforehand what the start of a subflow does",
		Remedy:   "try one instance with starter pilot; what its tools change in the record set is put back, and an instance whose subflow finishes at once is parked",
		About:    `The path to where the new instance waits first meets a decision plugin, a variable that a tool may set, or a condition that cannot be evaluated.`,
		Part:     subflowUnknown,
	},
}

func subflowOpen(f *InstanceFacts, p *Part, r Report) {
	for a := range p.open(xpdl.Subflow) {
		why := p.uncallable(a)
		switch {
		case why == "":
		case p.told() && (p.abandoned(a) || !p.goesOn(a)):
			// It begins anew, or is not called at all.
		case p.abandoned(a):
			r.By(migration.WayResume).Found(f.subject(), fmt.Sprintf("%s: %s", a.DefID, why))
		default:
			r.Found(f.subject(), fmt.Sprintf("%s: %s", a.DefID, why))
		}
	}
	if loose := p.loose(); p.Caller == "" && len(loose) > 0 {
		r.Found(f.subject(), "nobody waits for "+strings.Join(loose, ", "))
	}
}

// below returns the subflow that an activity waits for, nil for none.
func (p *Part) below(caller migration.ActivityDefID) *Part {
	i := slices.IndexFunc(p.Below, func(b Part) bool { return b.Caller == caller })
	if i < 0 {
		return nil
	}
	return &p.Below[i]
}

// loose returns the open instances below p that are not in its tree, a few.
func (p *Part) loose() []string {
	if !p.started() || len(p.Instance.Children) == 0 {
		return nil
	}
	known := map[migration.InstanceID]bool{}
	p.each(func(b *Part) bool {
		known[b.Instance.ID] = true
		return true
	})
	var ids []string
	for _, c := range p.Instance.Children {
		// What the operator did not name ends with the source.
		if !known[c.ID] && (p.Resume == nil || c.Asynchronous) {
			ids = append(ids, string(c.ID))
		}
	}
	return first(maxLoose, ids)
}

const maxLoose = 5

// uncallable says why what an open subflow activity waits for cannot be made
// anew, "" when it can or when that is not known.
func (p *Part) uncallable(a migration.OpenActivity) string {
	if d := p.Source.Activity(string(a.DefID)); !d.Waits() {
		return "nobody waits for it"
	}
	child := p.below(a.DefID)
	switch {
	case child == nil:
		return "it has no instance"
	case child.Instance.State == "":
		return fmt.Sprintf("its instance %s is gone", child.Instance.ID)
	case !child.Instance.State.Open():
		return fmt.Sprintf("its instance %s is closed", child.Instance.ID)
	}
	_, there := p.becomes(a)
	switch {
	case there == nil || there.Kind != xpdl.Subflow:
		return "" // FERRY-410
	case !there.Waits():
		return "the target's activity does not wait for it"
	case there.SubflowRef != child.wanted().Definition.Process:
		return fmt.Sprintf("the target's activity calls %s, not %s", there.SubflowRef, child.wanted().Definition.Process)
	case child.Start == nil:
		return ""
	case len(child.Start.Asynchronous()) > 0:
		return "the new instance would begin subflows that nobody waits for: " + strings.Join(child.Start.Asynchronous(), ", ")
	case child.runsThrough():
		return "the new instance would finish at once: " + child.Start.String()
	}
	return ""
}

// abandoned reports whether an activity waits for an instance that is closed or gone.
// Nothing wakes it, and where it goes on only somebody who knows the process can say.
func (p *Part) abandoned(a migration.OpenActivity) bool {
	if !p.Source.Activity(string(a.DefID)).Waits() {
		return false
	}
	child := p.below(a.DefID)
	return child == nil || !child.Instance.State.Open()
}

// runsThrough reports whether the instance that the caller starts is known to end at once.
func (p *Part) runsThrough() bool {
	// The caller is the first step, if it is one.
	steps := p.Start.Steps
	return len(steps) > 0 && steps[0].Child != nil && steps[0].Child.Outcome == flow.Ends
}

func subflowUnknown(f *InstanceFacts, p *Part, r Report) {
	if p.Caller != "" && p.started() && p.Start != nil && p.Start.Outcome == flow.Unknown && !p.runsThrough() {
		r.Found(f.subject(), p.Start.Why)
	}
}
