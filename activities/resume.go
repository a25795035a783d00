package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"jogetferry/contract"
	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
	"jogetferry/store"
)

// ResumeActivity makes one round of the convergent loop; see
// docs/adr/0003-resume-by-convergence.md.
func (j *Joget) ResumeActivity(ctx context.Context, in contract.ResumeInput) (contract.ResumeOutput, error) {
	out := contract.ResumeOutput{Outcome: contract.Outcome{Status: contract.StatusOK}}
	s, target, entered, err := j.enter(ctx, in.StepInput, migration.StepResume)
	if err != nil || target == nil {
		out.Outcome = entered
		return out, err
	}
	next, outcome, err := j.next(ctx, s, target)
	if err != nil || outcome.Status != contract.StatusOK {
		out.Outcome = outcome
		return out, err
	}
	if next == nil {
		// An attempt that died may have left the variables of an activity behind.
		return out, j.putVariablesBack(ctx, s, target, &out.Outcome)
	}
	if err := j.Ledger.Progress(ctx, in.Migration, in.Instance, migration.Change{From: working, State: migration.InstanceRunning, Step: migration.StepResume}); err != nil {
		return out, err
	}
	if err := j.resumeCall(ctx, s, target, *next); err != nil {
		return out, err
	}
	out.Made = next
	if target, err = j.again(ctx, target.ID); err != nil {
		return out, err
	}
	if err := j.putVariablesBack(ctx, s, target, &out.Outcome); err != nil || out.Status != contract.StatusOK {
		return out, err
	}
	out.Next, out.Outcome, err = j.next(ctx, s, target)
	return out, err
}

// resumeWhat is how a resuming call stands in fence and log: with it the call's
// effect is recognised, an activity of that definition younger than any before.
func resumeWhat(c contract.ResumeCall, target *migration.Instance) string {
	youngest := int64(0)
	for _, a := range target.Activities {
		youngest = max(youngest, activityNumber(a.ID))
	}
	return fmt.Sprintf("%s %s abortCurrent=%t after %d", resumeVerb, c.Activity, c.AbortCurrent, youngest)
}

const resumeVerb = "activity/start"

// resumeCall starts an activity. While it does, the process has the variables
// that the activity has on the source, which may not be those of the process by
// now: a branch that ended since may have changed them.
func (j *Joget) resumeCall(ctx context.Context, s *subject, target *migration.Instance, c contract.ResumeCall) error {
	if _, err := j.setVariables(ctx, s, migration.StepResume, target, c.Activity); err != nil {
		return err
	}
	return j.fenced(ctx, s, migration.StepResume, resumeWhat(c, target), target.ID, func(ctx context.Context) error {
		if err := j.unmoved(ctx, target); err != nil {
			return err
		}
		// "true" may mean that nothing was done, and "false" may follow after the
		// abort: only what is open afterwards counts.
		_, err := j.API.StartActivity(ctx, target.ID, c.Activity, c.AbortCurrent)
		return err
	})
}

// unmoved looks once more right before a call: what was decided holds only for
// the activities that were open, and while nobody worked on them.
func (j *Joget) unmoved(ctx context.Context, decided *migration.Instance) error {
	now, err := j.again(ctx, decided.ID)
	if err != nil {
		return err
	}
	same := slices.EqualFunc(decided.Activities, now.Activities, func(a, b migration.OpenActivity) bool {
		return a.ID == b.ID && a.State == b.State && a.AcceptedBy == b.AcceptedBy
	})
	if !same {
		return &wait{why: "the target instance moved on; deciding anew", delay: time.Second}
	}
	return nil
}

// untouched parks a step that would change variables or rows of an instance on
// which somebody works already.
func (j *Joget) untouched(ctx context.Context, s *subject, target *migration.Instance, step migration.Step) (contract.Outcome, error) {
	ok := contract.Outcome{Status: contract.StatusOK}
	process, err := j.Catalog.Process(ctx, target.Definition)
	if err != nil {
		return ok, err
	}
	all, err := j.Target.Fresh().Activities(ctx, target.ID)
	if err != nil || !workedOn(process, all) {
		return ok, err
	}
	if discard, err := j.discard(ctx, s); err != nil || discard {
		return ok, err
	}
	return j.park(ctx, s, step, migration.ReasonTargetMoved, fmt.Sprintf("Target instance %s.", target.ID), "")
}

// discard is the operator's word that work on the target may be thrown away.
func (j *Joget) discard(ctx context.Context, s *subject) (bool, error) {
	if s.entry.ParkID == 0 {
		return false, nil
	}
	decision, err := j.Ledger.Decision(ctx, s.Migration, s.Instance, s.entry.ParkID)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return false, nil
	}
	return decision.Discard, err
}

// putVariablesBack makes the process variables those of the source, after an
// activity was started with its own.
func (j *Joget) putVariablesBack(ctx context.Context, s *subject, target *migration.Instance, out *contract.Outcome) error {
	if len(s.differing(target)) == 0 {
		return nil
	}
	var err error
	if *out, err = j.untouched(ctx, s, target, migration.StepResume); err != nil || out.Status != contract.StatusOK {
		return err
	}
	_, err = j.setVariables(ctx, s, migration.StepResume, target, instanceScope)
	return err
}

// seen tells whether a resuming call had its effect: an activity of its
// definition is open that is younger than any before the call.
func seen(target *migration.Instance, what string) bool {
	return slices.ContainsFunc(target.Activities, func(a migration.OpenActivity) bool { return madeBy(what, a.ID, a.DefID) })
}

// madeBy tells whether an activity may be what a resuming call opened.
func madeBy(what string, id migration.ActivityID, definition migration.ActivityDefID) bool {
	var def string
	var abort bool
	var youngest int64
	if _, err := fmt.Sscanf(what, resumeVerb+" %s abortCurrent=%t after %d", &def, &abort, &youngest); err != nil {
		return false
	}
	return string(definition) == def && activityNumber(id) > youngest
}

// quiet makes sure that no call without an answer can still change a target
// instance that is where it has to be.
func (j *Joget) quiet(ctx context.Context, s *subject, target *migration.Instance) error {
	fence, err := j.Ledger.Fence(ctx, s.key)
	if err != nil || fence == nil {
		return err
	}
	if !seen(target, fence.What) && !s.variableSet(target, fence.What) && fence.Age < j.Settings.Settle {
		return &wait{why: "a call without an answer may still change the target instance", delay: min(j.Settings.Settle-fence.Age, 30*time.Second)}
	}
	return j.Ledger.CloseFence(ctx, s.key, fence.ID, migration.FateAnswered, 0, "its effect was seen, or its time is over")
}

// calls are the resuming calls of the present snapshot.
type calls struct {
	round int      // that may have been sent
	whats []string // as they stand in the log
}

// effective returns how many different calls have left an activity, open or
// closed since. An answer says little, and no answer says nothing.
func (c calls) effective(all []schema.Activity) int {
	n := 0
	for i, what := range c.whats {
		if !slices.Contains(c.whats[:i], what) && slices.ContainsFunc(all, func(a schema.Activity) bool { return madeBy(what, a.ID, a.DefID) }) {
			n++
		}
	}
	return n
}

func (j *Joget) resumeCalls(ctx context.Context, s *subject) (calls, error) {
	lines, err := j.Ledger.Lines(ctx, s.Migration, s.Instance)
	if err != nil {
		return calls{}, err
	}
	var n calls
	for _, l := range lines {
		switch {
		case strings.HasPrefix(l.What, "snapshot "), strings.HasPrefix(l.What, "resolved "):
			// A new snapshot or the operator's word opens a new count.
			n = calls{}
		case l.Step != migration.StepResume || !strings.HasPrefix(l.What, resumeVerb):
		case l.Kind == store.KindIntent:
			n.round++
			n.whats = append(n.whats, l.What)
		case strings.HasSuffix(l.What, ": "+string(migration.FateNotSent)):
			n.round--
		}
	}
	return n, nil
}

// next decides the next call from what is open on the target. Nil: none is needed.
func (j *Joget) next(ctx context.Context, s *subject, target *migration.Instance) (*contract.ResumeCall, contract.Outcome, error) {
	ok := contract.Outcome{Status: contract.StatusOK}
	process, err := j.Catalog.Process(ctx, target.Definition)
	if err != nil {
		return nil, ok, err
	}
	made, err := j.resumeCalls(ctx, s)
	if err != nil {
		return nil, ok, err
	}
	all, err := j.Target.Fresh().Activities(ctx, target.ID)
	if err != nil {
		return nil, ok, err
	}
	discard, err := j.discard(ctx, s)
	if err != nil {
		return nil, ok, err
	}
	d := migration.DecideResume(migration.ResumeView{
		Wanted:        ordered(process, s.wanted.Wanted()),
		Present:       target.Wanted(),
		SameVariables: migration.SameActivityVariables(s.wanted.Activities, target.Activities),
		Resumed:       made.effective(all), Round: made.round, MaxRounds: j.Settings.MaxRounds,
		Worked: workedOn(process, all), Discard: discard,
	})
	switch d.Action {
	case migration.ResumeConverged:
		return nil, ok, j.quiet(ctx, s, target)
	case migration.ResumeCall:
		return &contract.ResumeCall{Activity: d.Activity, AbortCurrent: d.AbortCurrent}, ok, nil
	case migration.ResumePark:
	}
	out, err := j.park(ctx, s, migration.StepResume, d.Reason, fmt.Sprintf("Target instance %s.", target.ID), "")
	return nil, out, err
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
