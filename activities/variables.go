package activities

import (
	"context"
	"slices"
	"strings"

	"jogetferry/migration"
	"jogetferry/store"
)

// instanceScope is the scope of the variables of the instance itself; any other
// scope is an open activity, by what the target calls it, whose own snapshot of
// the variables is meant.
const instanceScope migration.ActivityDefID = ""

// variablesOf returns the variables that an instance has to have in a scope:
// an activity takes its snapshot of them when it is started (CONTRACT 3.8).
func variablesOf(wanted *migration.Instance, scope migration.ActivityDefID) []migration.Variable {
	if scope == instanceScope {
		return wanted.Variables
	}
	activity := wanted.Open(scope)
	if activity == nil {
		return wanted.Variables
	}
	// What the activity does not have of its own it takes from the process.
	merged := slices.Clone(wanted.Variables)
	for n, v := range merged {
		for _, own := range activity.Variables {
			if own.Name == v.Name {
				merged[n] = own
			}
		}
	}
	return merged
}

// differing returns the variables of a scope that the target instance does not
// have as it has to.
func (p *place) differing(scope migration.ActivityDefID) []migration.VariableDifference {
	return migration.DiffVariables(variablesOf(p.wanted, scope), p.target.Variables)
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
func (j *Joget) setVariables(ctx context.Context, s *subject, step migration.Step, p *place, scope migration.ActivityDefID) (int, error) {
	made := 0
	for _, d := range p.settable(scope) {
		// Nothing is lost: what the variable was is in the story.
		if err := j.Ledger.Log(ctx, s.Migration, s.Instance, migration.StepLine{
			Step: step, Kind: store.KindNote, What: at("variable "+d.Name+" before", p.target.ID), Detail: d.Target.Value,
		}); err != nil {
			return made, err
		}
		err := j.fenced(ctx, s, step, variableWhat(d.Name, scope, p.target.ID), p.target.ID, func(ctx context.Context) error {
			return j.API.SetProcessVariable(ctx, p.target.ID, d.Name, d.Source.Value)
		})
		if err != nil {
			return made, err
		}
		made++
	}
	return made, nil
}

const verbSet = "set variable "

// variableWhat is how the setting of a variable stands in fence and log.
func variableWhat(name string, scope migration.ActivityDefID, instance migration.InstanceID) string {
	if scope == instanceScope {
		return at(verbSet+name, instance)
	}
	return at(verbSet+name+" for "+string(scope), instance)
}

// variableSet tells whether the setting of a variable had its effect.
func (p *place) variableSet(what string) bool {
	if !strings.HasPrefix(what, verbSet) {
		return false
	}
	scopes := append([]migration.ActivityDefID{instanceScope}, p.wanted.Wanted()...)
	for _, scope := range scopes {
		for _, v := range variablesOf(p.wanted, scope) {
			if what == variableWhat(v.Name, scope, p.target.ID) {
				return !slices.ContainsFunc(p.differing(scope), func(d migration.VariableDifference) bool { return d.Name == v.Name })
			}
		}
	}
	return false
}
