package preflight

import (
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// VariablesDiffer is FERRY-209: the workflow variables differ.
var VariablesDiffer = Check{
	ID:       "FERRY-209",
	Severity: migration.Warning,
	Title:    "the workflow variables differ",
	Remedy:   "publish the version that the source runs, or make sure that the difference is meant",
	About:    `Names, types, initial values and the mode of parameters. A value that the target cannot take is a finding of its instance.`,
	Personal: true, // texts of the definition may hold names and addresses
	Definition: func(f *DefinitionFacts, r Report) {
		if diff := xpdl.Diff(f.Differences, xpdl.AspectVariables); diff != "" {
			r.Found(f.ID.String(), diff)
		}
	},
}
