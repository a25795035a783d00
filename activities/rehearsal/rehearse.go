package rehearsal

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"jogetferry/activities/step"
	"jogetferry/activities/target"
	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/joget/flow"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// migrationPause is how long RehearseStep waits between two looks whether the
// migration has come to its end.
const migrationPause = time.Second

// notOwn is why a rehearsal leaves an instance alone that was rolled back, and
// perhaps migrated again, since it began.
const notOwn = "the target instance is not the one of this rehearsal"

// RehearseStep completes the next assignment of an instance that was migrated
// for a rehearsal, as one of those who hold it. A step stands in the ledger
// before its call, so that no assignment is completed twice, and none by another
// attempt as another user.
func (act *Activities) RehearseStep(ctx context.Context, in contract.RehearseStepInput) (contract.RehearseStepOutput, error) {
	out := contract.RehearseStepOutput{Outcome: contract.Outcome{Status: contract.StatusOK}}
	rehearsal, err := act.Ledger.Rehearsal(ctx, in.Rehearsal)
	if err != nil {
		return out, err
	}
	if !rehearsal.Held {
		out.Status, out.Stopped = contract.StatusSkipped, notOwn
		return out, nil
	}
	entry, err := act.Ledger.Entry(ctx, in.Migration, in.Instance)
	if err != nil {
		return out, err
	}
	if in.Step == 0 {
		return out, act.compareAnswers(ctx, &rehearsal, entry, &out)
	}
	switch entry.State {
	case migration.InstanceDone:
	case migration.InstanceClaimed, migration.InstanceRunning, migration.InstanceWaiting:
		return out, &step.WaitError{Why: "the instance is being migrated", Delay: migrationPause}
	case migration.InstanceParked:
		out.Outcome = contract.Outcome{Status: contract.StatusParked, Reason: entry.Reason, ParkID: entry.ParkID}
		return out, nil
	case migration.InstanceSkipped:
		out.Outcome = contract.Outcome{Status: contract.StatusSkipped, Reason: entry.Reason}
		return out, nil
	case migration.InstanceReady, migration.InstanceWarned, migration.InstanceBlocked, migration.InstanceFailed, migration.InstanceRollingBack:
		out.Outcome = contract.Outcome{Status: contract.StatusSkipped, Message: "the instance is " + string(entry.State)}
		return out, nil
	}
	i, err := act.Load(ctx, in.StepInput)
	if err != nil {
		return out, err
	}
	target, started, err := act.Ledger.TargetOf(ctx, i.Key)
	if err != nil {
		return out, err
	}
	if !started {
		return out, migration.E(migration.CodeInvalid, "rehearse", string(in.Instance), "it was not started")
	}
	own, err := act.Ledger.BindRehearsal(ctx, rehearsal.ID, target)
	if err != nil {
		return out, err
	}
	if !own {
		out.Status, out.Stopped = contract.StatusSkipped, notOwn
		return out, nil
	}
	out.Target = target.ID
	d := &driver{act: act.Activities, of: i, rehearsal: &rehearsal, target: target}
	return out, d.step(ctx, in.Step, &out)
}

// driver completes what is open in the target instance of a rehearsal.
type driver struct {
	act       *target.Activities
	of        *target.Instance
	rehearsal *migration.Rehearsal
	target    migration.TargetIdentity
}

func (d *driver) step(ctx context.Context, number int, out *contract.RehearseStepOutput) error {
	i := slices.IndexFunc(d.rehearsal.Steps, func(s migration.RehearsalStep) bool { return s.Number == number })
	if i < 0 {
		if ended, err := d.ended(ctx, out); ended || err != nil {
			return err
		}
		next, stopped, err := d.choose(ctx)
		if err != nil || stopped != "" {
			out.Stopped = stopped
			return err
		}
		// What tools do to rows and files from now on is taken back in the end.
		if err := d.act.Ledger.ReopenFileCapture(ctx, d.of.Key); err != nil {
			return err
		}
		next.Number = number
		if err := d.act.Ledger.SaveRehearsalStep(ctx, d.rehearsal.ID, next); err != nil {
			return err
		}
		d.rehearsal.Steps = append(d.rehearsal.Steps, next)
		i = len(d.rehearsal.Steps) - 1
	}
	current := &d.rehearsal.Steps[i]
	if !current.Done {
		if stopped, err := d.complete(ctx, current); err != nil || stopped != "" {
			out.Stopped = stopped
			return err
		}
	}
	out.Path, out.Activity = current.Path, current.Activity
	_, err := d.ended(ctx, out)
	return err
}

// ended reports whether the target instance is not open any more, and says in
// out how it ended.
func (d *driver) ended(ctx context.Context, out *contract.RehearseStepOutput) (bool, error) {
	_, reason, err := d.act.Live(ctx, d.target)
	if err != nil || reason == "" {
		return false, err
	}
	if reason != migration.ReasonTargetClosed {
		out.Stopped = reason.Text()
		return true, nil
	}
	left, err := d.act.Target.Fresh().Presence(ctx, d.target.ID)
	if err != nil {
		return true, err
	}
	// A server that deletes what ends keeps no state.
	if left.State != migration.StateCompleted && left.State != "" {
		out.Stopped = "the target instance did not complete: its state is " + string(left.State)
		return true, nil
	}
	activities, err := d.activities(ctx)
	if err != nil {
		return true, err
	}
	var open []string
	for _, a := range activities {
		if a.child == "" {
			continue
		}
		if p, err := d.act.Target.Fresh().Presence(ctx, a.child); err != nil {
			return true, err
		} else if p.State.Open() {
			open = append(open, string(a.child))
		}
	}
	if len(open) > 0 {
		out.Stopped = "the target instance completed, but these asynchronous subflows are still open: " + strings.Join(open, ", ")
		return true, nil
	}
	out.Ended = true
	return true, nil
}

// candidate is an open manual activity of the tree.
type candidate struct {
	path     migration.Path
	instance *migration.Instance
	activity *migration.OpenActivity
}

// choose picks the assignment to complete next: the first by path and definition.
func (d *driver) choose(ctx context.Context) (next migration.RehearsalStep, stopped string, err error) {
	tree, err := d.act.Target.Fresh().Tree(ctx, d.target.ID)
	if err != nil {
		return next, "", err
	}
	var found []candidate
	var waiting []string
	for path, t := range tree.Walk() {
		for _, token := range t.Instance.Tokens {
			waiting = append(waiting, fmt.Sprintf("a branch from %s at the AND-join %s", token.From, token.Join))
		}
		if t.Instance.State == "" || len(t.Instance.Activities) == 0 {
			continue
		}
		process, err := d.act.Target.Catalog.Process(ctx, t.Instance.Definition)
		if err != nil {
			return next, "", err
		}
		for i := range t.Instance.Activities {
			a := &t.Instance.Activities[i]
			definition := process.Activity(string(a.DefID))
			if definition != nil && definition.Kind == xpdl.Manual && a.State != migration.StateSuspended {
				found = append(found, candidate{path, &t.Instance, a})
			} else {
				waiting = append(waiting, fmt.Sprintf("%s (%s)", path.Below(a.DefID), a.State))
			}
		}
	}
	if len(found) == 0 {
		return next, "the instance has not ended, and no activity can be completed; waiting: " + strings.Join(waiting, ", "), nil
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.activity.DefID, b.activity.DefID))
	})
	c := found[0]
	values, stopped, err := d.answer(ctx, &tree, c)
	if err != nil || stopped != "" {
		return next, stopped, err
	}
	user, err := d.holder(ctx, c.activity)
	if err != nil {
		return next, "", err
	}
	if user == "" {
		return next, fmt.Sprintf("%s: none of its users can log in on the target", named(c)), nil
	}
	next = migration.RehearsalStep{
		Path: c.path, Process: c.instance.Definition.Key(), Instance: c.instance.ID, Activity: c.activity.DefID,
		ActivityID: c.activity.ID, User: user, Variables: values,
	}
	known, err := d.activities(ctx)
	for _, a := range known {
		next.Known = append(next.Known, a.id)
	}
	return next, "", err
}

func named(c candidate) string {
	name := fmt.Sprintf("activity %s of %s", c.activity.DefID, c.instance.Definition.Key())
	if c.path != "" {
		name += fmt.Sprintf(" (at %s)", c.path)
	}
	return name
}

// answer returns with which variables an activity is completed, or why that
// cannot be told.
func (d *driver) answer(ctx context.Context, tree *migration.Tree, c candidate) (values map[string]string, stopped string, err error) {
	process := c.instance.Definition.Key()
	visited := d.rehearsal.Visited(process, c.activity.DefID)
	if values, answered := d.rehearsal.Answers.Visit(process, c.activity.DefID, visited); answered {
		return values, "", nil
	}
	again := func(s migration.RehearsalStep) bool { return s.Path == c.path && s.Activity == c.activity.DefID }
	if slices.ContainsFunc(d.rehearsal.Steps, again) {
		return nil, fmt.Sprintf("%s is a loop: it opened again after %d visits, and the answers have no further one", named(c), visited), nil
	}
	decisions, err := d.ahead(ctx, tree, c)
	if err != nil || len(decisions) == 0 {
		return nil, "", err
	}
	return nil, fmt.Sprintf("%s leads to a decision, and the answers do not say how it is completed (%s)", named(c), strings.Join(decisions, ", ")), nil
}

func (d *driver) ahead(ctx context.Context, tree *migration.Tree, c candidate) ([]string, error) {
	var levels []flow.Level
	for path, t := range tree.Walk() {
		if path != c.path && path != "" && !strings.HasPrefix(string(c.path), string(path)+"/") {
			continue
		}
		walker, err := d.act.Target.Catalog.Walker(ctx, t.Instance.Definition)
		if err != nil {
			return nil, err
		}
		levels = slices.Insert(levels, 0, flow.Level{
			Definition: walker.Definition(), Tokens: t.Instance.Tokens, Caller: string(t.Caller), Busy: len(t.Instance.Activities) > 1,
		})
	}
	var failed error
	decisions := flow.Decisions(levels, string(c.activity.DefID), func(process string) (flow.Definition, bool) {
		called := c.instance.Definition
		called.Process = process
		walker, err := d.act.Target.Catalog.Walker(ctx, called)
		if err != nil {
			failed = err
			return flow.Definition{}, false
		}
		return walker.Definition(), walker.Definition().Process.Key != ""
	})
	return decisions, failed
}

// holder returns who completes an activity: who accepted it, or the first of
// those whom it is offered to that can log in. "" for nobody.
func (d *driver) holder(ctx context.Context, a *migration.OpenActivity) (migration.User, error) {
	var users []migration.User
	for _, as := range a.Assignments {
		if as.Accepted {
			users = slices.Insert(users, 0, as.User)
		} else {
			users = append(users, as.User)
		}
	}
	for _, u := range users {
		if ok, err := d.act.Identity(ctx, u); ok || err != nil {
			return u, err
		}
	}
	return "", nil
}

// complete makes the call of a step, unless it has had its effect already, and
// writes down what followed.
func (d *driver) complete(ctx context.Context, current *migration.RehearsalStep) (stopped string, err error) {
	act, i := d.act, d.of
	call := migration.Call{Verb: migration.VerbComplete, Target: current.Instance, ActivityID: current.ActivityID, User: current.User}
	capture := fmt.Sprintf("rehearse/%d/%d", d.rehearsal.ID, current.Number)
	state, err := d.state(ctx, current)
	if err != nil {
		return "", err
	}
	if state.Open() {
		err := act.Captured(ctx, i, capture, func() error {
			return act.Fence(i).Do(ctx, migration.StepRehearse, call, func(ctx context.Context) error {
				return act.API.CompleteAssignmentWithVariables(ctx, current.User, current.ActivityID, current.Variables)
			})
		})
		// Whoever holds it now: the state tells.
		if err != nil && api.KindOf(err) != api.KindNotFound {
			return "", err
		}
		if state, err = d.state(ctx, current); err != nil {
			return "", err
		}
		if state.Open() {
			return fmt.Sprintf("activity %s of %s is still open after assignment/complete; see the log of the target", current.Activity, current.Process), nil
		}
	}
	// The activity is closed before the call is over: what follows may still run.
	if err := act.Fence(i).Drain(ctx); err != nil {
		return "", err
	}
	if current.Rows, err = d.changed(ctx, capture); err != nil {
		return "", err
	}
	current.State = state
	if err := d.follow(ctx, current); err != nil {
		return "", err
	}
	current.Done = true
	return "", act.Ledger.SaveRehearsalStep(ctx, d.rehearsal.ID, *current)
}

// state is that of the activity of a step. One that is gone with its instance
// was completed, as far as the server keeps it.
func (d *driver) state(ctx context.Context, current *migration.RehearsalStep) (migration.State, error) {
	all, err := d.act.Target.Fresh().Activities(ctx, current.Instance)
	if err != nil {
		return "", err
	}
	for _, a := range all {
		if a.ID == current.ActivityID {
			return a.State, nil
		}
	}
	archived, err := d.act.Target.Fresh().ArchivedActivities(ctx, current.Instance)
	for _, a := range archived {
		if a.ID == current.ActivityID {
			return a.State, err
		}
	}
	return migration.StateCompleted, err
}

// changed counts the rows of the record that tools changed around a call. The
// capture stays open: undoing puts them back.
func (d *driver) changed(ctx context.Context, name string) (int, error) {
	capture, err := d.act.Capture(ctx, d.of, name)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return 0, nil // somebody else completed it before our call
	}
	return len(capture.Changes()), err
}

// follow notes what ran and opened since the intent of a step.
func (d *driver) follow(ctx context.Context, current *migration.RehearsalStep) error {
	all, err := d.activities(ctx)
	if err != nil {
		return err
	}
	current.Ran, current.Opened = nil, nil
	for _, a := range all {
		run := migration.RehearsalRun{Path: a.path, Activity: a.def, Kind: a.kind, Plugin: a.plugin}
		switch {
		case slices.Contains(current.Known, a.id):
		case a.state.Open():
			current.Opened = append(current.Opened, run)
		default:
			current.Ran = append(current.Ran, run)
		}
	}
	return nil
}

// seenActivity is an activity of the target instance or of one that it called.
type seenActivity struct {
	path   migration.Path
	id     migration.ActivityID
	def    migration.ActivityDefID
	kind   string
	plugin string
	state  migration.State
	child  migration.InstanceID
	at     migration.EpochMillis
}

// activities returns all activities of the target instance and of those that it
// called, ended ones included, as far as the server keeps them, in their order.
func (d *driver) activities(ctx context.Context) ([]seenActivity, error) {
	all, err := d.below(ctx, "", d.target.ID, d.target.Definition)
	slices.SortStableFunc(all, func(a, b seenActivity) int { return cmp.Compare(a.at, b.at) })
	return all, err
}

// below is activities for one instance and those below it. known is its definition as its
// start or its caller had it, where the server does not tell: a deploy moves instances to
// another version (docs/joget.md#deploying).
func (d *driver) below(ctx context.Context, path migration.Path, id migration.InstanceID, known migration.DefinitionID) ([]seenActivity, error) {
	p, err := d.act.Target.Fresh().Presence(ctx, id)
	if err != nil {
		return nil, err
	}
	definition := cmp.Or(p.Definition, known)
	walker, err := d.act.Target.Catalog.Walker(ctx, definition)
	if err != nil {
		return nil, err
	}
	list, err := d.rows(ctx, id)
	if err != nil {
		return nil, err
	}
	var all []seenActivity
	for _, a := range list {
		a.path, a.plugin = path, walker.Definition().Plugins[string(a.def)]
		called := walker.Definition().Process.Activity(string(a.def))
		if called != nil {
			a.kind = string(called.Kind)
		}
		if called == nil || called.Kind != xpdl.Subflow {
			a.child = ""
		}
		all = append(all, a)
		if a.child != "" {
			child := definition
			child.Process = called.SubflowRef
			below, err := d.below(ctx, path.Below(a.def), a.child, child)
			if err != nil {
				return nil, err
			}
			all = append(all, below...)
		}
	}
	return all, nil
}

func (d *driver) rows(ctx context.Context, id migration.InstanceID) ([]seenActivity, error) {
	reader := d.act.Target.Fresh()
	live, err := reader.Activities(ctx, id)
	if err != nil {
		return nil, err
	}
	var all []seenActivity
	for _, a := range live {
		all = append(all, seenActivity{id: a.ID, def: a.DefID, state: a.State, child: a.Child, at: a.Activated})
	}
	if live != nil {
		return all, nil
	}
	archived, err := reader.ArchivedActivities(ctx, id)
	for _, a := range archived {
		all = append(all, seenActivity{id: a.ID, def: a.DefID, state: a.State, child: migration.InstanceID(a.Performer), at: a.StateTime})
	}
	return all, err
}

// compareAnswers compares the answers with the definitions that the instance
// will have on the target, before anything is migrated.
func (act *Activities) compareAnswers(ctx context.Context, r *migration.Rehearsal, entry migration.Entry, out *contract.RehearseStepOutput) error {
	known, err := act.processes(ctx, entry.Target)
	if migration.CodeOf(err) == migration.CodeNotFound {
		out.Stopped = fmt.Sprintf("the target does not have %s any more, for which it was planned: run starter plan again", entry.Target)
		return nil
	}
	if err != nil {
		return err
	}
	mistakes := flow.CheckAnswers(r.Answers, known)
	if len(mistakes) == 0 {
		return nil
	}
	out.Mistakes = len(mistakes)
	out.Stopped = "the answers do not fit the definitions of the target"
	return act.Ledger.RefuseAnswers(ctx, r.ID, mistakes)
}

// processes returns a definition and those that it calls, to any depth, by
// package/process.
func (act *Activities) processes(ctx context.Context, root migration.DefinitionID) (map[string]*xpdl.Process, error) {
	known := map[string]*xpdl.Process{}
	next := []migration.DefinitionID{root}
	for len(next) > 0 {
		id := next[0]
		next = next[1:]
		if known[id.Key()] != nil {
			continue
		}
		p, err := act.Target.Catalog.Process(ctx, id)
		if migration.CodeOf(err) == migration.CodeNotFound && id != root {
			continue
		}
		if err != nil {
			return nil, err
		}
		known[id.Key()] = p
		for _, a := range p.Activities {
			if a.Kind == xpdl.Subflow {
				called := id
				called.Process = a.SubflowRef
				next = append(next, called)
			}
		}
	}
	return known, nil
}

// AbortRehearsed ends the target instance of a rehearsal. One that the rehearsal
// does not hold any more, or another target instance, is left alone.
func (act *Activities) AbortRehearsed(ctx context.Context, in contract.AbortRehearsedInput) (contract.Outcome, error) {
	foreign := contract.Outcome{Status: contract.StatusSkipped, Message: notOwn}
	rehearsal, err := act.Ledger.Rehearsal(ctx, in.Rehearsal)
	if err != nil || !rehearsal.Held {
		return foreign, err
	}
	_, claim, err := act.Claim(ctx, in.StepInput)
	if err != nil {
		return foreign, err
	}
	if claim.State == migration.ClaimStarted {
		if own, err := act.Ledger.BindRehearsal(ctx, rehearsal.ID, claim.Started); err != nil || !own {
			return foreign, err
		}
	}
	if in.Gone {
		err := act.Ledger.Progress(ctx, in.Migration, in.Instance, migration.Change{
			From:  []migration.InstanceState{migration.InstanceRunning, migration.InstanceWaiting},
			State: migration.InstanceFailed, Reason: migration.ReasonOperator,
		})
		if err != nil && migration.CodeOf(err) != migration.CodeConflict {
			return foreign, err
		}
	}
	return act.AbortTarget(ctx, contract.AbortTargetInput{StepInput: in.StepInput, Discard: true})
}
