package activities

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
	"jogetferry/store"
)

// ResumeActivity makes one round of the convergent loop; see
// docs/adr/0003-resume-by-convergence.md and 0005-faithful-continuation.md.
func (j *Joget) ResumeActivity(ctx context.Context, in contract.ResumeInput) (contract.ResumeOutput, error) {
	out := contract.ResumeOutput{Outcome: contract.Outcome{Status: contract.StatusOK}}
	s, target, entered, err := j.enter(ctx, in.StepInput, migration.StepResume)
	if err != nil || target == nil {
		out.Outcome = entered
		return out, err
	}
	next, outcome, err := j.next(ctx, s, target)
	if err != nil || next == nil || outcome.Status != contract.StatusOK {
		out.Outcome = outcome
		return out, err
	}
	if err := j.Running(ctx, in.StepInput, migration.StepResume); err != nil {
		return out, err
	}
	// Starting an activity is a step of its own, which the timeline shows; what
	// follows from it is not.
	for {
		if err := j.make(ctx, s, next); err != nil {
			return out, err
		}
		if next.call.Do == contract.ResumeStart && out.Made == nil {
			made := next.call
			out.Made = &made
		}
		if target, err = j.again(ctx, target.ID); err != nil {
			return out, err
		}
		if next, out.Outcome, err = j.next(ctx, s, target); err != nil || next == nil || out.Status != contract.StatusOK {
			return out, err
		}
		if next.call.Do == contract.ResumeStart {
			out.Next = &next.call
			return out, nil
		}
	}
}

// move is the next step of the loop, with what it was decided on.
type move struct {
	call   contract.ResumeCall
	place  *place
	as     migration.User // who completes, for ResumeComplete
	assign []handover     // for ResumeAssign
}

// next decides the next step from what the target shows now. Nil: none is needed.
func (j *Joget) next(ctx context.Context, s *subject, root *migration.Instance) (*move, contract.Outcome, error) {
	ok := contract.Outcome{Status: contract.StatusOK}
	// Before anything is decided, what an attempt that died left behind is undone.
	places, tidied, err := j.tidy(ctx, s, root)
	if err != nil || tidied.Status != contract.StatusOK {
		return nil, tidied, err
	}
	root = places[0].target
	done, err := j.calls(ctx, s)
	if err != nil {
		return nil, ok, err
	}
	busy, err := worked(ctx, j.Target.Fresh(), j.Target.Catalog, root.ID, root.Definition, done.Own())
	if err != nil {
		return nil, ok, err
	}
	discard, err := j.discard(ctx, s)
	if err != nil {
		return nil, ok, err
	}
	for _, p := range places {
		why := p.why
		if p.target != nil {
			why = p.ranThrough(done.Resumes(p.target.ID, s.snapshot))
		}
		if why != "" {
			// Started again it would do the same, tools and all.
			out, err := j.Park(ctx, s.StepInput, step.Parking{Step: migration.StepResume, Reason: migration.ReasonResumeNotConverging, Message: strings.ToUpper(why[:1]) + why[1:] + "."})
			return nil, out, err
		}
		missing, stray, err := j.branches(ctx, p)
		if err != nil {
			return nil, ok, err
		}
		made := done.Resumes(p.target.ID, s.snapshot)
		view := migration.ResumeView{
			Wanted: ordered(p.process, p.wanted.Wanted()), Present: p.target.Wanted(), Stray: stray,
			SameVariables: migration.SameActivityVariables(p.wanted.Activities, p.target.Activities),
			// A branch that has to be made to wait takes two calls.
			Resumed: migration.Effective(made, p.opened), Round: len(made), MaxRounds: j.Settings.MaxRounds + 2*len(p.wanted.Tokens),
			Worked: busy, Discard: discard,
		}
		if len(missing) > 0 {
			view.Predecessor = missing[0].From
		}
		d := migration.DecideResume(view)
		m := &move{place: p, call: contract.ResumeCall{Path: p.path, Activity: d.Activity, AbortCurrent: d.AbortCurrent}}
		switch d.Action {
		case migration.ResumeConverged:
			continue
		case migration.ResumeCall:
			return m, ok, nil
		case migration.ResumeComplete:
			m.call.Do, m.as = contract.ResumeComplete, missing[0].Performer
			return m, ok, nil
		case migration.ResumePark:
		}
		out, err := j.Park(ctx, s.StepInput, step.Parking{Step: migration.StepResume, Reason: d.Reason, Message: fmt.Sprintf("Target instance %s.", p.target.ID)})
		return nil, out, err
	}
	if err := j.quiet(ctx, s, root.ID); err != nil {
		return nil, ok, err
	}
	if busy && !discard {
		return nil, ok, nil // the verification tells whose turn it is
	}
	handovers, err := j.handovers(ctx, places, done)
	if err != nil || len(handovers) == 0 {
		return nil, ok, err
	}
	return &move{call: contract.ResumeCall{Do: contract.ResumeAssign}, assign: handovers}, ok, nil
}

// make carries out a step.
func (j *Joget) make(ctx context.Context, s *subject, m *move) error {
	switch m.call.Do {
	case contract.ResumeComplete:
		return j.completeAs(ctx, s, m.place, m.call.Activity, m.as)
	case contract.ResumeAssign:
		return j.handOver(ctx, s, m.assign)
	case contract.ResumeStart:
	}
	return j.startActivity(ctx, s, m.place, m.call)
}

// startActivity starts an activity. While it does, the process has the variables
// that the activity has on the source, which may not be those of the process by
// now: a branch that ended since may have changed them. What a subflow is given
// it is given from those.
func (j *Joget) startActivity(ctx context.Context, s *subject, p *place, c contract.ResumeCall) error {
	if _, err := j.setVariables(ctx, s, migration.StepResume, p, c.Activity); err != nil {
		return err
	}
	call := func() error {
		return j.fenced(ctx, s, migration.StepResume, s.startCall(c, p), func(ctx context.Context) error {
			ctx, err := j.unmoved(ctx, p.target)
			if err != nil {
				return err
			}
			if c.AbortCurrent {
				if guarded, err := j.guarded(ctx, s, p.target); err != nil || guarded {
					return cmp.Or(err, movedOn())
				}
			}
			// "true" may mean that nothing was done, and "false" may follow after the
			// abort: only what is open afterwards counts.
			_, err = j.API.StartActivity(ctx, p.target.ID, c.Activity, c.AbortCurrent)
			return err
		})
	}
	runs, err := j.runsPlugins(ctx, p, c.Activity)
	if err != nil {
		return err
	}
	if !runs {
		return call()
	}
	return j.windowed(ctx, s, "resume/"+rand.Text(), call)
}

// runsPlugins tells whether starting an activity may run tools: a subflow whose
// child has some at its start, or one that nobody can follow.
func (j *Joget) runsPlugins(ctx context.Context, p *place, activity migration.ActivityDefID) (bool, error) {
	a := p.process.Activity(string(activity))
	if a == nil || a.Kind != xpdl.Subflow {
		return false, nil
	}
	walker, err := j.Target.Catalog.Walker(ctx, p.target.Definition)
	if err != nil {
		return false, err
	}
	return walker.Activate(string(activity), p.wanted.VariablesFor(activity)).MayRunPlugins(), nil
}

// unmoved looks once more right before a call, when nothing is left to wait for:
// what was decided holds only for the activities that were open, and while nobody
// worked on them. The call is to be made with the context that it returns.
func (j *Joget) unmoved(ctx context.Context, decided *migration.Instance) (context.Context, error) {
	ctx, err := j.API.Admit(ctx)
	if err != nil {
		return ctx, err
	}
	now, err := j.again(ctx, decided.ID)
	if err != nil {
		return ctx, err
	}
	same := slices.EqualFunc(decided.Activities, now.Activities, func(a, b migration.OpenActivity) bool {
		return a.ID == b.ID && a.State == b.State && a.AcceptedBy == b.AcceptedBy
	})
	extra := !slices.EqualFunc(decided.Tokens, now.Tokens, func(a, b migration.Token) bool { return a.Join == b.Join && a.From == b.From })
	if !same || extra {
		return ctx, movedOn()
	}
	return ctx, nil
}

func movedOn() error {
	return &step.WaitError{Why: "the target instance moved on; deciding anew", Delay: time.Second}
}

// busy reports whether people worked on a target instance of s or on any below
// it, besides what we did in their names. It may be closed; its definition must be known.
func (j *Joget) busy(ctx context.Context, s *subject, root migration.InstanceID, definition migration.DefinitionID) (bool, error) {
	done, err := j.calls(ctx, s)
	if err != nil {
		return false, err
	}
	return worked(ctx, j.Target.Fresh(), j.Target.Catalog, root, definition, done.Own())
}

// guarded reports whether people worked on a target instance, and the operator
// did not say that this may be thrown away.
func (j *Joget) guarded(ctx context.Context, s *subject, target *migration.Instance) (bool, error) {
	busy, err := j.busy(ctx, s, target.ID, target.Definition)
	if err != nil || !busy {
		return false, err
	}
	discard, err := j.discard(ctx, s)
	return err == nil && !discard, err
}

// untouched parks a step that would change variables or rows of an instance on
// which somebody works already.
func (j *Joget) untouched(ctx context.Context, s *subject, target *migration.Instance, at migration.Step) (contract.Outcome, error) {
	guarded, err := j.guarded(ctx, s, target)
	if err != nil || !guarded {
		return contract.Outcome{Status: contract.StatusOK}, err
	}
	return j.Park(ctx, s.StepInput, step.Parking{Step: at, Reason: migration.ReasonTargetMoved, Message: fmt.Sprintf("Target instance %s.", target.ID)})
}

// discard is the operator's word that work on the target may be thrown away.
func (j *Joget) discard(ctx context.Context, s *subject) (bool, error) {
	return discarded(ctx, j.Ledger, s.Migration, s.Entry)
}

// discarded is the operator's word, given with the last parking of an entry,
// that work of people on the target may be thrown away. It holds for the redo
// that it was given for; see migration.DiscardStands.
func discarded(ctx context.Context, ledger *store.Ledger, mig string, entry migration.Entry) (bool, error) {
	if entry.ParkID == 0 {
		return false, nil
	}
	decision, err := ledger.Decision(ctx, mig, entry.Instance, entry.ParkID)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return false, nil
	}
	if err != nil || !decision.Discard || decision.Action != migration.ActionRedo {
		return false, err
	}
	lines, err := ledger.Lines(ctx, mig, entry.Instance)
	return migration.DiscardStands(lines, entry.ParkID), err
}

// quiet makes sure that no call without an answer can still change a target
// that is where it has to be.
func (j *Joget) quiet(ctx context.Context, s *subject, root migration.InstanceID) error {
	fence, err := j.Ledger.Fence(ctx, s.Key)
	if err != nil || fence == nil {
		return err
	}
	over, err := j.over(ctx, s, root, fence.Call)
	if err != nil {
		return err
	}
	if !over && fence.Age < j.Settings.Settle {
		return &step.WaitError{Why: "a call without an answer may still change the target instance", Delay: min(j.Settings.Settle-fence.Age, 30*time.Second)}
	}
	return j.Ledger.CloseFence(ctx, s.Key, fence.ID, migration.FateAnswered, 0, "its effect was seen, or its time is over")
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
