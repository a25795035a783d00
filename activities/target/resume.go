package target

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// ResumeActivity makes one round of the convergent loop; see
// docs/adr/0003-resume-by-convergence.md and 0005-faithful-continuation.md.
func (act *Activities) ResumeActivity(ctx context.Context, in contract.ResumeInput) (contract.ResumeOutput, error) {
	out := contract.ResumeOutput{Outcome: contract.Outcome{Status: contract.StatusOK}}
	i, target, entered, err := act.begin(ctx, in.StepInput, migration.StepResume)
	if err != nil || target == nil {
		out.Outcome = entered
		return out, err
	}
	next, outcome, err := act.next(ctx, i, target)
	if err != nil || next == nil || outcome.Status != contract.StatusOK {
		out.Outcome = outcome
		return out, err
	}
	if out.Outcome, err = act.holdFor(ctx, i, next); err != nil || out.Status != contract.StatusOK {
		return out, err
	}
	if err := act.Running(ctx, &i.Opened, migration.StepResume); err != nil {
		return out, err
	}
	// Starting an activity is a step of its own, which the timeline shows; what
	// follows from it is not.
	for {
		if err := act.make(ctx, i, next); err != nil {
			out.Outcome, err = act.refused(ctx, i, migration.StepResume, err)
			return out, err
		}
		if next.call.Do == contract.ResumeStart && out.Made == nil {
			made := next.call
			out.Made = &made
		}
		if target, err = act.read(ctx, target.ID); err != nil {
			return out, err
		}
		if next, out.Outcome, err = act.next(ctx, i, target); err != nil || next == nil || out.Status != contract.StatusOK {
			return out, err
		}
		if next.call.Do == contract.ResumeStart {
			out.Next = &next.call
			return out, nil
		}
	}
}

// holdFor takes the record where the next step is a call that is captured.
func (act *Activities) holdFor(ctx context.Context, i *Instance, m *move) (contract.Outcome, error) {
	if m.call.Do != contract.ResumeStart {
		return step.OK(), nil
	}
	runs, err := act.runsPlugins(ctx, m.node, m.call.Activity)
	if err != nil || !runs && !m.node.runs(m.call.Activity) {
		return step.OK(), err
	}
	return act.Hold(ctx, &i.Opened, migration.StepResume)
}

// move is the next step of the loop, with what it was decided on.
type move struct {
	call   contract.ResumeCall
	node   *node
	as     migration.User // who completes, for ResumeComplete
	assign []handover     // for ResumeAssign
}

// round is what one round of the loop knows of what was done on the target.
type round struct {
	done    migration.CallLog
	worked  bool // people worked on the target
	discard bool // the operator gave that up
}

// next decides the next step from what the target shows now. Nil: none is needed.
func (act *Activities) next(ctx context.Context, i *Instance, root *migration.Instance) (*move, contract.Outcome, error) {
	// Before anything is decided, what the last call or an attempt that died left behind is
	// undone.
	if out, err := act.endAsynchronous(ctx, i, root.ID, migration.StepResume); err != nil || out.Status != contract.StatusOK {
		return nil, out, err
	}
	nodes, reverted, err := act.revertLeftovers(ctx, i, root)
	if err != nil || reverted.Status != contract.StatusOK {
		return nil, reverted, err
	}
	root = nodes[0].target
	lines, err := act.Ledger.Lines(ctx, i.Migration, i.Instance)
	if err != nil {
		return nil, step.OK(), err
	}
	r := round{done: migration.CallsOf(lines)}
	if r.worked, err = act.workedBeside(ctx, lines, root.ID); err != nil {
		return nil, step.OK(), err
	}
	if r.discard, err = act.discardStands(ctx, i.StepInput, &i.Entry, lines); err != nil {
		return nil, step.OK(), err
	}
	if nodes[0].said.HasRun() {
		// What a tool opens, and whether it ends, is known when its call is over.
		if err := act.Fence(i).Drain(ctx); err != nil {
			return nil, step.OK(), err
		}
	}
	if err := act.proven(ctx, i, lines, nodes); err != nil {
		out, err := act.refused(ctx, i, migration.StepResume, err)
		return nil, out, err
	}
	for _, n := range nodes {
		m, out, err := act.decide(ctx, i, n, r)
		if m != nil && m.call.Do == contract.ResumeComplete {
			// What is in nobody's inbox cannot be given to who completed it.
			first, out, err := act.inboxes(ctx, i, []*node{n}, r.done)
			if len(first) > 0 || out.Status != contract.StatusOK || err != nil {
				return assignMove(first), out, err
			}
		}
		if m != nil || out.Status != contract.StatusOK || err != nil {
			return m, out, err
		}
	}
	if err := act.Fence(i).Drain(ctx); err != nil {
		return nil, step.OK(), err
	}
	if r.worked && !r.discard {
		return nil, step.OK(), nil // the verification tells whose turn it is
	}
	if err := act.copies(ctx, i, nodes, r.done); err != nil {
		out, err := act.refused(ctx, i, migration.StepResume, err)
		return nil, out, err
	}
	handovers, out, err := act.inboxes(ctx, i, nodes, r.done)
	if err != nil || out.Status != contract.StatusOK {
		return nil, out, err
	}
	if len(handovers) == 0 {
		if handovers, err = act.handovers(ctx, nodes, r.done); err != nil {
			return nil, step.OK(), err
		}
	}
	return assignMove(handovers), step.OK(), nil
}

// assignMove is the move that makes handovers. Nil: there are none.
func assignMove(list []handover) *move {
	if len(list) == 0 {
		return nil
	}
	return &move{call: contract.ResumeCall{Do: contract.ResumeAssign}, assign: list}
}

// decide decides the next step of one instance of the tree. Nil: it is as it has
// to be. What cannot get there is parked.
func (act *Activities) decide(ctx context.Context, i *Instance, n *node, r round) (*move, contract.Outcome, error) {
	park := func(reason migration.Reason, message string) (*move, contract.Outcome, error) {
		out, err := act.Park(ctx, i.StepInput, step.Parking{Step: migration.StepResume, Reason: reason, Message: message})
		return nil, out, err
	}
	why := n.why
	if n.target != nil {
		why = n.ranThrough(r.done.Resumes(n.target.ID, i.snapshot))
	}
	if why != "" {
		// Started again it would do the same, tools and all.
		return park(migration.ReasonResumeNotConverging, strings.ToUpper(why[:1])+why[1:]+".")
	}
	left, ran, why := n.toRun(r.done)
	if why != "" {
		return park(migration.ReasonResumeNotConverging, why)
	}
	missing, stray, err := act.branches(ctx, n)
	if err != nil {
		return nil, step.OK(), err
	}
	made := r.done.Resumes(n.target.ID, i.snapshot)
	view := migration.ResumeView{
		Wanted: ordered(n.process, n.wanted.Wanted()), Present: n.target.Wanted(), Stray: stray,
		SameVariables: migration.SameActivityVariables(n.wanted.Activities, n.target.Activities),
		// A branch that has to be made to wait takes two calls.
		Resumed: migration.Effective(made, n.opened), Round: len(made), MaxRounds: act.Settings.MaxRounds + 2*len(n.wanted.Tokens),
		Worked: r.worked, Discard: r.discard, Runs: left, Ran: ran,
	}
	if len(missing) > 0 {
		view.Predecessor = missing[0].From
	}
	d := migration.DecideResume(view)
	m := &move{node: n, call: contract.ResumeCall{Path: n.path, Activity: d.Activity, AbortCurrent: d.AbortCurrent}}
	switch d.Action {
	case migration.ResumeConverged:
		return nil, step.OK(), nil
	case migration.ResumeComplete:
		m.call.Do, m.as = contract.ResumeComplete, missing[0].Performer
	case migration.ResumeCall:
	case migration.ResumePark:
		return park(d.Reason, fmt.Sprintf("Target instance %s.", n.target.ID))
	}
	return m, step.OK(), nil
}

// make carries out a step.
func (act *Activities) make(ctx context.Context, i *Instance, m *move) error {
	switch m.call.Do {
	case contract.ResumeComplete:
		return act.completeAs(ctx, i, m.node, m.call.Activity, m.as)
	case contract.ResumeAssign:
		return act.handOver(ctx, i, m.assign)
	case contract.ResumeStart:
	}
	return act.startActivity(ctx, i, m.node, m.call)
}

// startActivity starts an activity. While it does, the process has the variables
// that the activity has on the source, which may not be those of the process by
// now: a branch that ended since may have changed them. What a subflow is given
// it is given from those.
func (act *Activities) startActivity(ctx context.Context, i *Instance, n *node, c contract.ResumeCall) error {
	if !n.said.HasRun() {
		if _, err := act.setVariables(ctx, i, migration.StepResume, n, c.Activity); err != nil {
			return err
		}
	}
	call := func() error {
		return act.Fence(i).Do(ctx, migration.StepResume, i.startCall(c, n), func(ctx context.Context) error {
			if err := act.unmoved(ctx, n.target); err != nil {
				return err
			}
			if c.AbortCurrent {
				if guarded, err := act.untouchable(ctx, &i.Opened, n.target); err != nil || guarded {
					return cmp.Or(err, movedOn())
				}
			}
			// "true" may mean that nothing was done, and "false" may follow after the
			// abort: only what is open afterwards counts.
			_, err := act.API.StartActivity(ctx, n.target.ID, c.Activity, c.AbortCurrent)
			return err
		})
	}
	if n.runs(c.Activity) {
		return act.run(ctx, i, n, c.Activity, call)
	}
	runs, err := act.runsPlugins(ctx, n, c.Activity)
	if err != nil {
		return err
	}
	if !runs {
		return call()
	}
	return act.Captured(ctx, i, "resume/"+rand.Text(), call)
}

// runsPlugins tells whether starting an activity may run tools: a subflow whose
// child has some at its start, or one that nobody can follow.
func (act *Activities) runsPlugins(ctx context.Context, n *node, activity migration.ActivityDefID) (bool, error) {
	a := n.process.Activity(string(activity))
	if a == nil || a.Kind != xpdl.Subflow {
		return false, nil
	}
	walker, err := act.Target.Catalog.Walker(ctx, n.target.Definition)
	if err != nil {
		return false, err
	}
	return walker.Activate(string(activity), n.wanted.VariablesFor(activity)).MayRunPlugins(), nil
}

// ordered puts manual activities first and subflows last; the rest keeps its order.
func ordered(process *xpdl.Process, ids []migration.ActivityDefID) []migration.ActivityDefID {
	sorted := slices.Clone(ids)
	rank := func(id migration.ActivityDefID) int {
		if a := process.Activity(string(id)); a != nil && a.Kind == xpdl.Subflow {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(sorted, func(a, b migration.ActivityDefID) int { return rank(a) - rank(b) })
	return sorted
}
