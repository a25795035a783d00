package target

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"jogetferry/activities/step"
	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// over says whether a call of the fence is over; see migration.DecideOver. Where only
// looking can tell, it looks twice.
func (f Fence) over(ctx context.Context, fence *migration.FencedError) (migration.Over, error) {
	k := migration.CallKnowledge{Call: fence.Call, Fate: fence.Fate, Age: fence.Age, Settle: f.guard.Settings.Settle}
	if over := migration.DecideOver(k); over.End != migration.EndNone {
		return over, nil
	}
	var err error
	if k.Course, err = f.course(ctx, fence.Call); err != nil {
		return migration.Over{}, err
	}
	return f.guard.rest(ctx, k, func(ctx context.Context) (migration.Look, error) { return f.look(ctx, fence.Call) })
}

// rest looks twice, with start.rest between, unless the first look speaks against it.
func (g Guard) rest(ctx context.Context, k migration.CallKnowledge, look func(context.Context) (migration.Look, error)) (migration.Over, error) {
	first, err := look(ctx)
	if err != nil {
		return migration.Over{}, err
	}
	k.Looks = []migration.Look{first, first}
	if over := migration.DecideOver(k); over.End == migration.EndNone {
		return over, nil
	}
	if err := pause(ctx, g.Settings.Rest); err != nil {
		return migration.Over{}, err
	}
	if k.Looks[1], err = look(ctx); err != nil {
		return migration.Over{}, err
	}
	return migration.DecideOver(k), nil
}

// pause waits for d, or returns why ctx ended before.
func pause(ctx context.Context, d time.Duration) error {
	waited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-waited.Done()
	return ctx.Err()
}

// course says what a call of the fence sets going.
func (f Fence) course(ctx context.Context, call migration.Call) (migration.Course, error) {
	switch call.Verb {
	case migration.VerbStartActivity, migration.VerbComplete:
	case migration.VerbReevaluate:
		// Somebody may have been given it before, and then the call takes it away again.
		return migration.Course{Blind: "who gets it is evaluated anew"}, nil
	case migration.VerbStartProcess, migration.VerbAccept, migration.VerbReassign, migration.VerbSetVariable, migration.VerbWriteVariables, migration.VerbAbortProcess:
		return migration.Course{}, nil
	}
	i, err := f.guard.read(ctx, call.Target)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return migration.Course{Blind: "the target instance is gone, and what of the call still runs cannot be told"}, nil
	}
	if err != nil {
		return migration.Course{}, err
	}
	walker, err := f.guard.Target.Catalog.Walker(ctx, i.Definition)
	if err != nil {
		return migration.Course{}, err
	}
	all, err := f.guard.Target.Fresh().Activities(ctx, i.ID)
	if err != nil {
		return migration.Course{}, err
	}
	activity := definitionOf(call, all)
	started := walker.Definition().Process.Activity(string(activity))
	if token, leaves := walker.Leaves(string(activity)); leaves && (call.Verb == migration.VerbComplete || started.Kind == xpdl.Route) {
		// As often as it was completed a branch waits: nothing takes one away while
		// the join has not come together.
		var c migration.Course
		for range count(all, activity, migration.StateCompleted) {
			c.Tokens = append(c.Tokens, token)
		}
		return c, nil
	}
	var c migration.Course
	if call.Verb == migration.VerbStartActivity {
		c = walker.Activate(string(activity), i.Variables).Course()
	} else {
		c = walker.Complete(string(activity), i.Variables).Course()
	}
	if len(c.Runs) > 0 && c.Blind == "" {
		// What it opens may have been open before, and what runs until then have run before.
		return migration.Course{Blind: fmt.Sprintf("%s runs on its way", c.Runs[0])}, nil
	}
	if others := slices.ContainsFunc(i.Activities, func(a migration.OpenActivity) bool { return a.ID != call.ActivityID }); c.Ends && others {
		c.Ends = false
	}
	if c.Ends && i.Caller != "" {
		return migration.Course{Blind: "the instance that called it goes on"}, nil
	}
	return c, nil
}

// definitionOf returns which activity a call starts or completes.
func definitionOf(call migration.Call, all []schema.Activity) migration.ActivityDefID {
	if call.Verb == migration.VerbStartActivity {
		return call.Activity
	}
	n := slices.IndexFunc(all, func(a schema.Activity) bool { return a.ID == call.ActivityID })
	if n < 0 {
		return ""
	}
	return all[n].DefID
}

// count returns how many of the activities are of a definition, and in one of the
// states where some are named.
func count(all []schema.Activity, definition migration.ActivityDefID, states ...migration.State) (n int) {
	for _, a := range all {
		if a.DefID == definition && (len(states) == 0 || slices.Contains(states, a.State)) {
			n++
		}
	}
	return n
}

// look looks at the instance that a call is about.
func (f Fence) look(ctx context.Context, call migration.Call) (migration.Look, error) {
	tree, all, err := f.guard.tree(ctx, call.Target)
	if err != nil {
		return migration.Look{}, err
	}
	if tree == nil {
		l, err := f.guard.lookAtGone(ctx, call.Target)
		l.Effect = call.Verb != migration.VerbStartActivity
		l.Completed = l.Completed && call.Target == f.of.Entry.TargetID
		return l, err
	}
	l, err := f.guard.lookAt(ctx, tree, all)
	if err != nil {
		return l, err
	}
	if call.Verb == migration.VerbSetVariable {
		l.Effect, err = f.variableSet(ctx, call)
		return l, err
	}
	l.Effect = effect(call, &tree.Instance, all[call.Target])
	return l, nil
}

// effect tells whether what a call was made for is there; of one that sets a
// variable variableSet does. all are the activities of the instance, closed ones included.
func effect(call migration.Call, now *migration.Instance, all []schema.Activity) bool {
	switch call.Verb {
	case migration.VerbStartActivity:
		return call.Opened(count(all, call.Activity))
	case migration.VerbAbortProcess:
		return !now.State.Open()
	case migration.VerbStartProcess, migration.VerbSetVariable, migration.VerbWriteVariables:
		return false
	case migration.VerbComplete, migration.VerbAccept, migration.VerbReassign, migration.VerbReevaluate:
	}
	open := slices.IndexFunc(now.Activities, func(a migration.OpenActivity) bool { return a.ID == call.ActivityID })
	if open < 0 {
		return true // closed: nothing can happen to it any more
	}
	a := &now.Activities[open]
	switch call.Verb { //nolint:exhaustive // the others are not about an open activity
	case migration.VerbAccept:
		return a.AcceptedBy != ""
	case migration.VerbReassign:
		return a.HeldBy(call.User)
	case migration.VerbReevaluate:
		return len(a.Assignments) > 0
	}
	return false
}

// variableSet tells whether the variable of a call has the value that it was to get.
func (f Fence) variableSet(ctx context.Context, call migration.Call) (bool, error) {
	root, err := f.guard.read(ctx, f.of.Entry.TargetID)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	nodes, err := f.guard.nodes(ctx, f.of, root)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(nodes, func(n *node) bool { return n.target != nil && n.target.ID == call.Target })
	return i >= 0 && nodes[i].variableSet(call), nil
}

// tree reads an instance of the target with those below it, and all their
// activities. Nil: the engine does not have it.
func (g Guard) tree(ctx context.Context, id migration.InstanceID) (*migration.Tree, map[migration.InstanceID][]schema.Activity, error) {
	tree, err := g.Target.Fresh().Tree(ctx, id)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var ids []migration.InstanceID
	for _, t := range tree.Walk() {
		ids = append(ids, t.Instance.ID)
	}
	all, err := g.Target.Fresh().TreeActivities(ctx, ids)
	return &tree, all, err
}

// lookAtGone is a look at an instance that the engine does not have any more.
func (g Guard) lookAtGone(ctx context.Context, id migration.InstanceID) (migration.Look, error) {
	p, err := g.Target.Fresh().Presence(ctx, id)
	return migration.Look{Closed: true, Completed: p.State == migration.StateCompleted, Print: fmt.Sprint(p)}, err
}

// lookAt makes a look of a tree that was read; Effect is left to the caller.
func (g Guard) lookAt(ctx context.Context, tree *migration.Tree, all map[migration.InstanceID][]schema.Activity) (migration.Look, error) {
	i := &tree.Instance
	l := migration.Look{Closed: !i.State.Open(), Completed: i.State == migration.StateCompleted && i.Caller == "", Tokens: i.Tokens}
	for _, a := range all[i.ID] {
		if !a.State.Open() {
			l.Ran = append(l.Ran, a.DefID)
		}
	}
	process, err := g.Target.Catalog.Process(ctx, i.Definition)
	if err != nil {
		return l, err
	}
	for _, a := range i.Activities {
		s := migration.Spot{Activity: a.DefID, Held: len(a.Assignments) > 0}
		kind := xpdl.Unknown
		if definition := process.Activity(string(a.DefID)); definition != nil {
			kind = definition.Kind
		}
		s.Manual, s.Works = kind == xpdl.Manual, kind != xpdl.Manual && kind != xpdl.Subflow
		below := slices.IndexFunc(tree.Subflows, func(t migration.Tree) bool { return t.Caller == a.DefID && t.Instance.State.Open() })
		if kind == xpdl.Subflow && below >= 0 {
			child, err := g.lookAt(ctx, &tree.Subflows[below], all)
			if err != nil {
				return l, err
			}
			s.Child = &child
		}
		l.Open = append(l.Open, s)
	}
	l.Print, err = printOf(tree, all)
	return l, err
}

// printOf returns a digest of all that a call can change in a tree.
func printOf(tree *migration.Tree, all map[migration.InstanceID][]schema.Activity) (string, error) {
	text, err := json.Marshal([]any{tree, all})
	if err != nil {
		return "", fmt.Errorf("print a look: %w", err)
	}
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:]), nil
}

// stillRuns is what an activity returns that has to wait for the end of a call.
func stillRuns(what string, over migration.Over, rest time.Duration) error {
	delay := rest
	if over.Blind {
		delay = blindWait
	}
	return &step.WaitError{
		Why:   fmt.Sprintf("%s: %s; it is waited for %s more at the most", what, over.Why, over.Left.Round(time.Second)),
		Delay: max(min(delay, over.Left), leastWait),
	}
}

// How long is waited until the next look: where looking cannot show the end of a
// call, and at least.
const (
	blindWait = 15 * time.Second
	leastWait = 100 * time.Millisecond
)
