package target

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/schema"
	"jogetferry/migration"
)

// instanceScope is the scope of the variables of the instance itself; any other
// scope is an open activity, by what the target calls it, whose own snapshot of
// the variables is meant.
const instanceScope migration.ActivityDefID = ""

// differing returns the variables of a scope that the target instance does not
// have as it has to.
func (n *node) differing(scope migration.ActivityDefID) []migration.VariableDifference {
	return migration.DiffVariables(n.wanted.VariablesFor(scope), n.target.Variables)
}

// settable returns those of differing that the API can set: text, but for null.
func (n *node) settable(scope migration.ActivityDefID) []migration.VariableDifference {
	return slices.DeleteFunc(n.differing(scope), func(d migration.VariableDifference) bool {
		declared, ok := n.process.Variable(d.Name)
		return !ok || !declared.Type.Text() || d.Source.Kind == migration.VariableNull
	})
}

// writable returns those of differing that no call sets and the type of the target's
// variable can hold; see docs/adr/0013-variables-by-sql.md.
func (n *node) writable(scope migration.ActivityDefID) []migration.VariableDifference {
	return slices.DeleteFunc(n.differing(scope), func(d migration.VariableDifference) bool {
		declared, ok := n.process.Variable(d.Name)
		text := declared.Type.Text() && d.Source.Kind != migration.VariableNull
		return !ok || text || !d.Fits(declared.Type.Holds())
	})
}

// wrong tells whether variables of the instance itself have to be set.
func (act *Activities) wrong(n *node) bool {
	return len(n.settable(instanceScope)) > 0 || act.Settings.WriteVariables && len(n.writable(instanceScope)) > 0
}

// setVariables makes the process variables of p's target those of scope: by API, as far
// as that can, and by SQL if that is switched on. It returns how many calls it made;
// Joget always claims success, so the caller reads back. An *unshownError says that
// the target does not show what was written.
func (act *Activities) setVariables(ctx context.Context, i *Instance, at migration.Step, n *node, scope migration.ActivityDefID) (int, error) {
	made := 0
	for _, d := range n.settable(scope) {
		if err := act.former(ctx, i, at, n, d.Name, d.Target); err != nil {
			return made, err
		}
		call := migration.Call{Verb: migration.VerbSetVariable, Target: n.target.ID, Activity: scope, Variable: d.Name}
		err := act.Fence(i).Do(ctx, at, call, func(ctx context.Context) error {
			return act.API.SetProcessVariable(ctx, n.target.ID, d.Name, d.Source.Value)
		})
		if err != nil {
			return made, err
		}
		made++
	}
	if !act.Settings.WriteVariables {
		return made, nil
	}
	list := n.writable(scope)
	if len(list) == 0 {
		return made, nil
	}
	return made + 1, act.write(ctx, i, at, n, scope, map[migration.ActivityDefID][]migration.VariableDifference{instanceScope: list})
}

// former puts into the log what a variable was, so that nothing is lost.
func (act *Activities) former(ctx context.Context, i *Instance, at migration.Step, n *node, name string, was migration.Variable) error {
	return act.Ledger.Log(ctx, i.Migration, i.Instance, migration.StepLine{
		Step: at, Event: migration.EventVariableBefore, Facts: migration.Facts{Target: n.target.ID, Name: name}, Detail: was.Value,
	})
}

// write writes variables of one target instance by SQL, in one transaction: those of the
// instance itself, and those of its open activities. Nothing may be under way in the tree,
// and nobody at work. An *unshownError says that the target does not show them after.
func (act *Activities) write(ctx context.Context, i *Instance, at migration.Step, n *node, scope migration.ActivityDefID, of map[migration.ActivityDefID][]migration.VariableDifference) error {
	// The versions are of before the looks: what moves from now on is not overwritten.
	rows, err := act.Target.Fresh().VariableRows(ctx, n.target.ID)
	if err != nil {
		return err
	}
	if worked, err := act.untouchable(ctx, &i.Opened, &migration.Instance{ID: i.Entry.TargetID}); err != nil || worked {
		return errors.Join(err, movedOn())
	}
	if err := act.awaitRest(ctx, i.Entry.TargetID); err != nil {
		return err
	}
	list, err := act.rowsFor(ctx, i, at, n, of, rows)
	if err != nil || len(list) == 0 {
		return err
	}
	call := migration.Call{Verb: migration.VerbWriteVariables, Target: n.target.ID, Activity: scope}
	err = act.Fence(i).do(ctx, at, call, func(ctx context.Context, id string) error {
		return act.Target.WriteVariables(ctx, n.target.ID, n.target.Activities, list, func(ctx context.Context) error {
			return act.stillOpen(ctx, i, id)
		})
	})
	if errors.Is(err, schema.ErrMoved) {
		return movedOn()
	}
	if err != nil {
		return err
	}
	return act.prove(ctx, i, at, n)
}

// rowsFor finds the rows that differences stand in, and puts into the log what they are.
func (act *Activities) rowsFor(ctx context.Context, i *Instance, at migration.Step, n *node, of map[migration.ActivityDefID][]migration.VariableDifference, rows []schema.VariableRow) ([]schema.Written, error) {
	var list []schema.Written
	for scope, differences := range of {
		var id migration.ActivityID
		prefix := ""
		if open := n.target.Open(scope); scope != instanceScope && open != nil {
			id, prefix = open.ID, string(scope)+"."
		}
		for _, d := range differences {
			r := slices.IndexFunc(rows, func(r schema.VariableRow) bool { return r.Activity == id && r.Variable.Name == d.Name })
			if r < 0 {
				continue // the comparison tells of it
			}
			if _, ok := rows[r].Writable(d.Source); !ok {
				continue
			}
			if err := act.former(ctx, i, at, n, prefix+d.Name, rows[r].Variable); err != nil {
				return nil, err
			}
			list = append(list, schema.Written{Row: rows[r], Value: d.Source})
		}
	}
	return list, nil
}

// stillOpen refuses to let a transaction be committed whose fence somebody has closed:
// this worker was taken for dead.
func (act *Activities) stillOpen(ctx context.Context, i *Instance, id string) error {
	last, open, err := act.Ledger.LastFence(ctx, i.Key)
	if err != nil {
		return err
	}
	if last != id || !open {
		return movedOn()
	}
	return nil
}

// quiet is longer than any time for which calls are waited for: only looks tell here.
const quiet = 1000 * time.Hour

// awaitRest waits until nothing works in a target instance and those below it. Whether an
// activity is in somebody's inbox does not matter: it is brought there later.
func (g Guard) awaitRest(ctx context.Context, root migration.InstanceID) error {
	over, err := g.rest(ctx, migration.CallKnowledge{Settle: quiet}, func(ctx context.Context) (migration.Look, error) {
		tree, all, err := g.tree(ctx, root)
		if err != nil || tree == nil {
			return migration.Look{}, err
		}
		l, err := g.lookAt(ctx, tree, all)
		l.Effect = true
		held(&l)
		return l, err
	})
	if err != nil {
		return err
	}
	if over.End == migration.EndNone {
		return &step.WaitError{Why: "variables are written when the target instance is at rest: " + over.Why, Delay: max(g.Settings.Rest, leastWait)}
	}
	return nil
}

func held(l *migration.Look) {
	for s := range l.Open {
		l.Open[s].Held = true
		if l.Open[s].Child != nil {
			held(l.Open[s].Child)
		}
	}
}

// unshownError says that the target does not show variables that were written. It names
// them, not their values.
type unshownError struct {
	target migration.InstanceID
	names  []string
}

// Error names the variables.
func (e *unshownError) Error() string {
	return fmt.Sprintf("target instance %s does not show %s as written", e.target, strings.Join(e.names, ", "))
}

// refused parks what the target does not show, and returns any other error.
func (act *Activities) refused(ctx context.Context, i *Instance, at migration.Step, err error) (contract.Outcome, error) {
	var unshown *unshownError
	if !errors.As(err, &unshown) {
		return step.OK(), err
	}
	return act.Park(ctx, i.StepInput, step.Parking{
		Step: at, Reason: migration.ReasonEngineWritesRefused, Message: fmt.Sprintf("Target instance %s, variables: %s.", unshown.target, strings.Join(unshown.names, ", ")),
	})
}

// prove reads back by API what stands in the tables of an instance: what the engine
// shows is what counts. It looks twice, since somebody may come between.
func (act *Activities) prove(ctx context.Context, i *Instance, at migration.Step, n *node) error {
	unshown, err := act.unshown(ctx, n.target.ID)
	if err == nil && len(unshown) > 0 {
		if err := pause(ctx, act.Settings.Rest); err != nil {
			return err
		}
		unshown, err = act.unshown(ctx, n.target.ID)
	}
	if err != nil {
		return err
	}
	if len(unshown) > 0 {
		return &unshownError{n.target.ID, unshown}
	}
	return act.Ledger.Log(ctx, i.Migration, i.Instance, migration.StepLine{
		Step: at, Event: migration.EventVariablesShown, Facts: migration.Facts{Target: n.target.ID},
	})
}

// unshown returns the variables of an instance, and of its open activities
// ("activity.variable"), that its API shows otherwise than they stand in the tables.
func (act *Activities) unshown(ctx context.Context, id migration.InstanceID) ([]string, error) {
	now, err := act.read(ctx, id)
	if err != nil {
		return nil, err
	}
	shown, err := act.API.Variables(ctx, id)
	if err != nil {
		return nil, err
	}
	names := differ("", now.Variables, shown)
	for _, a := range now.Activities {
		if shown, err = act.API.ActivityVariables(ctx, a.ID); err != nil {
			return nil, err
		}
		names = append(names, differ(string(a.DefID)+".", a.Variables, shown)...)
	}
	return names, nil
}

func differ(prefix string, stored []migration.Variable, shown map[string]string) (names []string) {
	for _, v := range stored {
		text, is := shown[v.Name]
		if is = is || v.Kind == migration.VariableNull; v.Kind != migration.VariableUnreadable && (!is || !v.Shown(text)) {
			names = append(names, prefix+v.Name)
		}
	}
	return names
}

// proven makes sure, of what was written and not proven to be shown since, that it is:
// the worker may have died between, and who was parked for it may be let go on.
func (act *Activities) proven(ctx context.Context, i *Instance, lines []migration.StepLine, nodes []*node) error {
	left := migration.Unshown(lines)
	for _, n := range nodes {
		if n.target == nil || !slices.Contains(left, n.target.ID) {
			continue
		}
		if err := act.prove(ctx, i, migration.StepResume, n); err != nil {
			return err
		}
	}
	return nil
}

// copies writes what open activities have of their own, when all is open: the innermost
// instances first, since a subflow hands back what it has when it ends. An activity that
// was started after its values were written has them; one that has not shows that the
// engine did not take them.
func (act *Activities) copies(ctx context.Context, i *Instance, nodes []*node, done migration.CallLog) error {
	if !act.Settings.WriteVariables {
		return nil
	}
	for _, n := range slices.Backward(nodes) {
		if n.target == nil {
			continue
		}
		of := map[migration.ActivityDefID][]migration.VariableDifference{}
		for _, a := range n.wanted.Activities {
			present := n.target.Open(a.DefID)
			if present == nil {
				continue
			}
			for _, d := range migration.DiffVariables(a.Variables, present.Variables) {
				declared, ok := n.process.Variable(d.Name)
				if !ok || !d.Fits(declared.Type.Holds()) {
					continue
				}
				// Null reads as zero or false, and so a copy of it has that.
				taken := !declared.Type.Text() && d.Source.Kind != migration.VariableNull
				if taken && n.started(done.Resumes(n.target.ID, i.snapshot), a.DefID) {
					return &unshownError{n.target.ID, []string{string(a.DefID) + "." + d.Name}}
				}
				of[a.DefID] = append(of[a.DefID], d)
			}
		}
		if len(of) == 0 {
			continue
		}
		if err := act.write(ctx, i, migration.StepResume, n, instanceScope, of); err != nil {
			return err
		}
	}
	return nil
}

// started tells whether one of calls started an activity of n.
func (n *node) started(calls []migration.Call, activity migration.ActivityDefID) bool {
	return slices.ContainsFunc(calls, func(c migration.Call) bool { return c.Activity == activity && n.opened(c) })
}

// variableSet tells whether the setting of a variable had its effect.
func (n *node) variableSet(c migration.Call) bool {
	known := func(v migration.Variable) bool { return v.Name == c.Variable }
	if c.Target != n.target.ID || !slices.ContainsFunc(n.wanted.VariablesFor(c.Activity), known) {
		return false
	}
	return !slices.ContainsFunc(n.differing(c.Activity), func(d migration.VariableDifference) bool { return d.Name == c.Variable })
}
