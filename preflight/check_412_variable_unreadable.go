package preflight

import (
	"jogetferry/migration"
)

// VariableUnreadable is FERRY-412: a workflow variable holds an object that cannot be read.
var VariableUnreadable = Check{
	ID:       "FERRY-412",
	Severity: migration.Blocking,
	Title:    "a workflow variable holds an object that cannot be read",
	Remedy:   "set it to a text on the source, or move this instance by hand",
	About:    `A serialized Java object that is neither a text nor null.`,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		for v := range p.variables() {
			if v.Kind == migration.VariableUnreadable {
				r.Found(f.subject(), v.Name)
			}
		}
	},
}
