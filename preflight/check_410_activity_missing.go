package preflight

import (
	"jogetferry/migration"
)

// ActivityMissing is FERRY-410: an open activity does not exist in the target's definition.
var ActivityMissing = Check{
	ID:       "FERRY-410",
	Severity: migration.Blocking,
	Title:    "an open activity does not exist in the target's definition",
	Remedy:   "publish a version that has it, or map it under activities",
	About:    `The target has no activity of that ID, or one of another kind.`,
	Instance: func(f *InstanceFacts, r Report) {
		if f.Target == nil {
			return
		}
		wanted := f.wanted().Activities
		for i := range f.Instance.Activities {
			a := f.Instance.Activities[i]
			if kind(f.Target, wanted[i].DefID) != kind(f.Source, a.DefID) && f.started() {
				r.Found(f.subject(), string(a.DefID))
			}
		}
	},
}
