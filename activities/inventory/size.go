package inventory

import (
	"cmp"
	"fmt"

	"jogetferry/activities/step"
	"jogetferry/joget/api"
	"jogetferry/migration"
	"jogetferry/preflight"
)

// startTooLong tells of a start that one call cannot carry, as the start would build it.
func (act *Activities) startTooLong(f *preflight.InstanceFacts, target migration.DefinitionID, send []migration.Variable) []string {
	n := api.StartSize(step.StartRequest(migration.StartIntent{
		Definition: target, Requester: f.Wanted.Requester, Record: f.Wanted.Record, Variables: step.StartVariables(f.Target, send),
	}))
	return act.tooLong(nil, "the start", n)
}

// variablesTooLong tells of variables that a call of their own cannot carry: what the
// start does not set, or a tool changes, is set so, and what an open activity has of
// its own ("activity.variable").
func (act *Activities) variablesTooLong(f *preflight.InstanceFacts) (found []string) {
	for p := range f.Parts() {
		if p.Target == nil {
			continue
		}
		look := func(scope string, variables []migration.Variable) {
			for _, v := range variables {
				// Encoding makes at most three bytes of one: most values need no look.
				if 3*len(v.Value) < act.maxPost()/2 {
					continue
				}
				if declared, ok := p.Target.Variable(v.Name); ok && declared.Type.Text() {
					what := p.Path.Below(migration.ActivityDefID("variable " + scope + v.Name))
					found = act.tooLong(found, string(what), api.VariableSize(v.Value))
				}
			}
		}
		look("", p.Wanted.Variables)
		for _, a := range p.Wanted.Activities {
			look(string(a.DefID)+".", a.Variables)
		}
	}
	return found
}

func (act *Activities) tooLong(found []string, what string, size int) []string {
	if most := act.maxPost(); size >= most {
		return append(found, fmt.Sprintf("%s: %d bytes, target.max_post_size is %d", what, size, most))
	}
	return found
}

func (act *Activities) maxPost() int { return cmp.Or(act.Settings.MaxPost, api.DefaultMaxPost) }
