package preflight

import (
	"jogetferry/migration"
)

// NoStart is FERRY-213: the process cannot be started: no activity without an incoming transition.
var NoStart = Check{
	ID:       "FERRY-213",
	Severity: migration.Blocking,
	Title:    "the process cannot be started: no activity without an incoming transition",
	Remedy:   "publish a version that begins with a route, as the Process Builder makes it",
	About:    `The engine starts the activities that nothing leads to; the start marker of the designer is layout only.`,
	Definition: func(f *DefinitionFacts, r Report) {
		if p := f.Target.Process; p != nil && len(p.StartActivities()) == 0 {
			r.Found(f.ID.String(), f.TargetID.String())
		}
	},
}
