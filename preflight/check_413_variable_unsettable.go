package preflight

import (
	"jogetferry/migration"
)

// VariableUnsettable is FERRY-413: a workflow variable has a value that the API cannot set.
var VariableUnsettable = Check{
	ID:       "FERRY-413",
	Severity: migration.Blocking,
	Title:    "a workflow variable has a value that the API cannot set",
	Remedy:   "BOOLEAN and DATETIME variables cannot be set by process/start; see docs/what-if.md#variables_differ",
	About:    `Joget parses what process/start sends by the declared type: a BOOLEAN kills the start, a DATETIME is dropped.`,
	Instance: func(f *InstanceFacts, r Report) {
		for v, declared := range f.declared() {
			if !settable(declared, v) && !leftToDefault(declared, v) {
				r.Found(f.subject(), v.Name)
			}
		}
	},
}
