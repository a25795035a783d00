package preflight

import (
	"jogetferry/migration"
)

// ProcessUnknown is FERRY-205: no running instance of a process named in processes.
var ProcessUnknown = Check{
	ID:       "FERRY-205",
	Severity: migration.Warning,
	Title:    "no running instance of a process named in processes",
	Remedy:   "check the spelling: package/process",
	About:    `The configuration limits the migration to some processes, and one of them has no running instance.`,
	Plan: func(f *PlanFacts, r Report) {
		for _, p := range f.ProcessesWithoutInstances {
			r.Found(p, "")
		}
	},
}
