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
		Remedy:   "let the subflow end on the source first, or publish a version on the target whose activity calls the same process and waits for it; what nobody waits for moves with starts.asynchronous: end; where its instance is closed or gone, say under instances where the caller goes on: see docs/what-if.md#blocked-a-caller-that-waits-for-nothing",
		About:    `A subflow is continued below its caller: the activity is started on the target, which makes a new instance, and that is brought to where the instance on the source is. This cannot be done where the instance on the source is closed or gone while its caller still waits, or where the target's activity calls another process or does not wait. Nor can it where the new instance, with the variables of the activity, would finish at once. With starts.asynchronous: block (the default) it is found, too, where the new instance would begin a subflow that nobody waits for, and where one is open below this instance. An open instance whose caller should wait for it, and is closed, is found either way.`,
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
	{
		ID:       "FERRY-440",
		Severity: migration.Note,
		Title:    "an asynchronous subflow moves by itself",
		Remedy:   "nothing, unless somebody has to know on the target what began it: the caller's name is lost",
		About:    `With starts.asynchronous: end an open subflow for which nobody waits is started on the target as an instance of its own: with its record, its variables and its requester, and without a caller. Names that Joget derives from the caller are lost. It blocks where the plan was made with that setting and it is block now.`,
		Instance: asynchronousByItself,
	},
	{
		ID:       "FERRY-441",
		Severity: migration.Warning,
		Title:    "the start begins asynchronous subflows, which are ended",
		Remedy:   "make sure that the mails and calls of their first tools may happen once more; what these change in the record set is put back",
		About:    `With starts.asynchronous: end, a subflow for which nobody waits, and that a start of the migration begins, is aborted as soon as that call is over: the one of the source is an entry of its own, if it is still open. Names the activities that begin them.`,
		Part:     asynchronousEnded,
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
			continue
		}
		if child := p.below(a.DefID); !f.EndAsynchronous && child != nil && child.Start != nil && len(child.Start.Asynchronous()) > 0 {
			r.By(migration.WayAsynchronous).Found(f.subject(), fmt.Sprintf("%s: the new instance would begin subflows that nobody waits for: %s",
				a.DefID, strings.Join(child.Start.Asynchronous(), ", ")))
		}
	}
	if p.Caller != "" {
		return
	}
	asynchronous, left := p.loose()
	if len(asynchronous) > 0 && !f.EndAsynchronous {
		r.By(migration.WayAsynchronous).Found(f.subject(), "nobody waits for "+strings.Join(first(maxLoose, asynchronous), ", "))
	}
	if len(left) > 0 {
		r.Found(f.subject(), "the caller is closed of "+strings.Join(first(maxLoose, left), ", "))
	}
}

func asynchronousByItself(f *InstanceFacts, r Report) {
	switch {
	case f.Instance.Caller == "":
	case f.EndAsynchronous:
		r.Found(f.subject(), "called by activity "+string(f.Instance.Caller))
	default:
		r.By(migration.WayAsynchronous).FoundAs(migration.Blocking, f.subject(), "called by activity "+string(f.Instance.Caller))
	}
}

func asynchronousEnded(f *InstanceFacts, p *Part, r Report) {
	if f.EndAsynchronous && p.started() && p.Start != nil && len(p.Start.Asynchronous()) > 0 {
		r.Found(f.subject(), strings.Join(p.Start.Asynchronous(), ", "))
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

// loose returns the open instances below p that are not in its tree: asynchronous
// subflows with what is below them, and what was left by a caller that is closed.
func (p *Part) loose() (asynchronous, left []string) {
	if !p.started() || len(p.Instance.Children) == 0 {
		return nil, nil
	}
	known := map[migration.InstanceID]bool{}
	p.each(func(b *Part) bool {
		known[b.Instance.ID] = true
		return true
	})
	attached := p.Instance.Attached()
	for _, c := range p.Instance.Children {
		switch {
		case known[c.ID]:
		case !slices.ContainsFunc(attached, func(a migration.Child) bool { return a.ID == c.ID }):
			asynchronous = append(asynchronous, string(c.ID))
		case p.Resume == nil:
			left = append(left, string(c.ID))
		default:
			// What the operator did not name ends with the source.
		}
	}
	return asynchronous, left
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
