package activities

import (
	"context"
	"fmt"
	"slices"

	"jogetferry/migration"
	"jogetferry/store"
)

// instanceScope is the scope of the variables of the instance itself; any other
// scope is an open activity, by what the target calls it, whose own snapshot of
// the variables is meant.
const instanceScope migration.ActivityDefID = ""

// variablesOf returns the variables that the process has to have in a scope:
// an activity takes its snapshot of them when it is started (CONTRACT 3.8).
func (s *subject) variablesOf(scope migration.ActivityDefID) []migration.Variable {
	if scope == instanceScope {
		return s.wanted.Variables
	}
	i := slices.IndexFunc(s.wanted.Activities, func(a migration.OpenActivity) bool { return a.DefID == scope })
	if i < 0 {
		return s.wanted.Variables
	}
	// What the activity does not have of its own it takes from the process.
	merged := slices.Clone(s.wanted.Variables)
	for n, v := range merged {
		for _, own := range s.wanted.Activities[i].Variables {
			if own.Name == v.Name {
				merged[n] = own
			}
		}
	}
	return merged
}

// differing returns the variables of a target instance that are not as they have to be.
func (s *subject) differing(target *migration.Instance) []migration.VariableDifference {
	return migration.DiffVariables(s.variablesOf(instanceScope), target.Variables)
}

// setVariables makes the process variables of a target instance those of scope,
// as far as the API can: STRING ones. It returns how many calls it made; Joget
// always claims success, so the caller reads back.
func (j *Joget) setVariables(ctx context.Context, s *subject, step migration.Step, target *migration.Instance, scope migration.ActivityDefID) (int, error) {
	process, err := j.Catalog.Process(ctx, target.Definition)
	if err != nil {
		return 0, err
	}
	made := 0
	for _, d := range migration.DiffVariables(s.variablesOf(scope), target.Variables) {
		if declared, ok := process.Variable(d.Name); !ok || !declared.Type.Text() {
			continue
		}
		// Nothing is lost: what the variable was is in the story.
		if err := j.Ledger.Log(ctx, s.Migration, s.Instance, migration.StepLine{
			Step: step, Kind: store.KindNote, What: "variable " + d.Name + " before", Detail: d.Target.Value,
		}); err != nil {
			return made, err
		}
		err := j.fenced(ctx, s, step, variableWhat(d.Name, scope), target.ID, func(ctx context.Context) error {
			return j.API.SetProcessVariable(ctx, target.ID, d.Name, d.Source.Value)
		})
		if err != nil {
			return made, err
		}
		made++
	}
	return made, nil
}

// variableWhat is how the setting of a variable stands in fence and log.
func variableWhat(name string, scope migration.ActivityDefID) string {
	if scope == instanceScope {
		return "set variable " + name
	}
	return fmt.Sprintf("set variable %s for %s", name, scope)
}

// variableSet tells whether the setting of a variable had its effect.
func (s *subject) variableSet(target *migration.Instance, what string) bool {
	scopes := []migration.ActivityDefID{instanceScope}
	for _, a := range s.wanted.Activities {
		scopes = append(scopes, a.DefID)
	}
	for _, scope := range scopes {
		for _, v := range s.variablesOf(scope) {
			if what == variableWhat(v.Name, scope) {
				return !slices.ContainsFunc(migration.DiffVariables([]migration.Variable{v}, target.Variables), func(d migration.VariableDifference) bool { return d.Name == v.Name })
			}
		}
	}
	return false
}
