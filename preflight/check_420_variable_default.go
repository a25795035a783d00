package preflight

import (
	"jogetferry/migration"
)

// VariableDefault is FERRY-420: a BOOLEAN variable that is false is left to the target's default.
var VariableDefault = Check{
	ID:       "FERRY-420",
	Severity: migration.Warning,
	Title:    "a BOOLEAN variable that is false is left to the target's default",
	Remedy:   "the API cannot set it; if the target starts it otherwise, the instance parks before anything is resumed",
	About:    `The definition has no initial value for it, and what the engine takes then is not documented.`,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		for v, declared := range p.declared() {
			if p.leftToDefault(declared, v) {
				r.Found(f.subject(), v.Name)
			}
		}
	},
}
