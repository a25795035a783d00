package preflight

import (
	"slices"

	"jogetferry/migration"
)

// StartRunsOther is FERRY-428: with today's values the start runs other plugins.
var StartRunsOther = Check{
	ID:       "FERRY-428",
	Severity: migration.Warning,
	Title:    "with today's values the start runs other plugins",
	Remedy:   "make sure that what they send or call may happen; what they change in the record set is put back",
	About:    `A new instance begins with initial values, a migrated one with those of today: the routes after the start may lead to tools that an instance reaches late.`,
	Instance: func(f *InstanceFacts, r Report) {
		if f.Start == nil || !f.started() {
			return
		}
		usual := plugins(f.InitialStart.All())
		for _, name := range plugins(f.Start.All()) {
			if !slices.Contains(usual, name) {
				r.Found(f.subject(), f.Start.String())
				return
			}
		}
	},
}
