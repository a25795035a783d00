package preflight

import (
	"fmt"
	"time"

	"jogetferry/migration"
)

// dueSoon is how long before it is due a deadline is in the way.
const dueSoon = time.Hour

// DeadlineDue is FERRY-431: a deadline may fire on the source during the migration.
var DeadlineDue = Check{
	ID:       "FERRY-431",
	Severity: migration.Warning,
	Title:    "a deadline is due within the hour, or overdue: it may fire on the source during the migration",
	Remedy:   "let it fire first, or set deadlineCheckerInterval of the source to 0 and restart it; an instance that moves is parked as docs/what-if.md#source_moved",
	About:    `The earliest deadline of an open activity that has not fired, by the clock of the source's database. A source that does not look for deadlines (deadlineCheckerInterval 0 or absent) fires none.`,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		if f.Deadlines == nil || !f.Deadlines.SourceFires || p.Instance.State != migration.StateRunning {
			return
		}
		for a := range p.activities() {
			if a.NextDeadline != 0 && a.NextDeadline <= f.Deadlines.Now+migration.EpochMillis(dueSoon.Milliseconds()) {
				r.Found(f.subject(), fmt.Sprintf("%s: due %s", a.DefID, clock(a.NextDeadline)))
			}
		}
	},
}
