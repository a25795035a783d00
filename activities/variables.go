package activities

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
func (p *place) differing(scope migration.ActivityDefID) []migration.VariableDifference {
	return migration.DiffVariables(p.wanted.VariablesFor(scope), p.target.Variables)
}

// settable returns those of differing that the API can set: text.
func (p *place) settable(scope migration.ActivityDefID) []migration.VariableDifference {
	return slices.DeleteFunc(p.differing(scope), func(d migration.VariableDifference) bool {
		declared, ok := p.process.Variable(d.Name)
		return !ok || !declared.Type.Text()
	})
}

// setVariables makes the process variables of p's target those of scope, as far
// as the API can. It returns how many calls it made; Joget always claims
// success, so the caller reads back.
func (j *Joget) setVariables(ctx context.Context, s *subject, at migration.Step, p *place, scope migration.ActivityDefID) (int, error) {
	made := 0
	for _, d := range p.settable(scope) {
		// Nothing is lost: what the variable was is in the story.
		if err := j.Ledger.Log(ctx, s.Migration, s.Instance, migration.StepLine{
			Step: at, Event: migration.EventVariableBefore, Facts: migration.Facts{Target: p.target.ID, Name: d.Name}, Detail: d.Target.Value,
		}); err != nil {
			return made, err
		}
		call := migration.Call{Verb: migration.VerbSetVariable, Target: p.target.ID, Activity: scope, Variable: d.Name}
		err := j.fenced(ctx, s, at, call, func(ctx context.Context) error {
			return j.API.SetProcessVariable(ctx, p.target.ID, d.Name, d.Source.Value)
		})
		if err != nil {
			return made, err
		}
		made++
	}
	return made, nil
}

// variableSet tells whether the setting of a variable had its effect.
func (p *place) variableSet(c migration.Call) bool {
	known := func(v migration.Variable) bool { return v.Name == c.Variable }
	if c.Target != p.target.ID || !slices.ContainsFunc(p.wanted.VariablesFor(c.Activity), known) {
		return false
	}
	return !slices.ContainsFunc(p.differing(c.Activity), func(d migration.VariableDifference) bool { return d.Name == c.Variable })
}
