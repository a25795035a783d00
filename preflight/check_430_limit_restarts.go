package preflight

import (
	"fmt"
	"time"

	"jogetferry/migration"
)

// LimitRestarts is FERRY-430: a limit (SLA) starts anew on the target.
var LimitRestarts = Check{
	ID:       "FERRY-430",
	Severity: migration.Note,
	Title:    "a limit (SLA) starts anew on the target",
	Remedy:   "limits count from the moment of the migration; what is late on the source is on time again",
	About:    `The definition limits the time of an open activity, or of the whole instance. Joget counts from the start of either, which is that on the target.`,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		if p.Source == nil {
			return
		}
		due := func(what string, since migration.EpochMillis, limit time.Duration) {
			if limit > 0 && since > 0 {
				r.Found(f.subject(), fmt.Sprintf("%s: was due %s", what, clock(since+migration.EpochMillis(limit.Milliseconds()))))
			}
		}
		if p.started() {
			due("the instance", p.Instance.Started, p.Source.Limit)
		}
		for a := range p.activities() {
			if d := p.Source.Activity(string(a.DefID)); d != nil {
				due(string(a.DefID), a.Activated, d.Limit)
			}
		}
	},
}
