package preflight

import (
	"jogetferry/migration"
)

// VariableUndeclared is FERRY-414: a workflow variable with a value is not declared on the target.
var VariableUndeclared = Check{
	ID:       "FERRY-414",
	Severity: migration.Blocking,
	Title:    "a workflow variable with a value is not declared on the target",
	Remedy:   "publish a version that declares it, or map it under variables",
	About:    `The engine refuses undeclared names: the value would vanish without a word.`,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		if p.Target == nil {
			return
		}
		for v := range p.variables() {
			if _, ok := p.Target.Variable(v.Name); !ok && v.Kind != migration.VariableUnreadable && v.Value != "" {
				r.Found(f.subject(), v.Name)
			}
		}
	},
}
