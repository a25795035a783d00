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
	Part: func(f *InstanceFacts, p *Part, r Report) {
		if p.Source == nil || p.Target == nil || !p.started() {
			return
		}
		for i, wanted := range p.wanted().Activities {
			here, there := p.Instance.Activities[i].DefID, kind(p.Target, wanted.DefID)
			if there == xpdl.Unknown || there != kind(p.Source, here) {
				r.Found(f.subject(), string(here))
			}
		}
	},
}
