package target

import (
	"context"
	"slices"

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

// settable returns those of differing that the API can set: text.
func (n *node) settable(scope migration.ActivityDefID) []migration.VariableDifference {
	return slices.DeleteFunc(n.differing(scope), func(d migration.VariableDifference) bool {
		declared, ok := n.process.Variable(d.Name)
		return !ok || !declared.Type.Text()
	})
}

// setVariables makes the process variables of p's target those of scope, as far
// as the API can. It returns how many calls it made; Joget always claims
// success, so the caller reads back.
func (act *Activities) setVariables(ctx context.Context, i *Instance, at migration.Step, n *node, scope migration.ActivityDefID) (int, error) {
	made := 0
	for _, d := range n.settable(scope) {
		// Nothing is lost: what the variable was is in the log.
		if err := act.Ledger.Log(ctx, i.Migration, i.Instance, migration.StepLine{
			Step: at, Event: migration.EventVariableBefore, Facts: migration.Facts{Target: n.target.ID, Name: d.Name}, Detail: d.Target.Value,
		}); err != nil {
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
	return made, nil
}

// variableSet tells whether the setting of a variable had its effect.
func (n *node) variableSet(c migration.Call) bool {
	known := func(v migration.Variable) bool { return v.Name == c.Variable }
	if c.Target != n.target.ID || !slices.ContainsFunc(n.wanted.VariablesFor(c.Activity), known) {
		return false
	}
	return !slices.ContainsFunc(n.differing(c.Activity), func(d migration.VariableDifference) bool { return d.Name == c.Variable })
}
