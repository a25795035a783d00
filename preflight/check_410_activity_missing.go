package preflight

import (
	"jogetferry/joget/xpdl"
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
		if f.Source == nil || f.Target == nil || !f.started() {
			return
		}
		for i, wanted := range f.wanted().Activities {
			here, there := f.Instance.Activities[i].DefID, kind(f.Target, wanted.DefID)
			if there == xpdl.Unknown || there != kind(f.Source, here) {
				r.Found(f.subject(), string(here))
			}
		}
	},
}
