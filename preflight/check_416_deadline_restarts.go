package preflight

import (
	"jogetferry/migration"
)

// DeadlineRestarts is FERRY-416: a deadline starts anew on the target.
var DeadlineRestarts = Check{
	ID:       "FERRY-416",
	Severity: migration.Warning,
	Title:    "a deadline starts anew on the target",
	Remedy:   "deadlines count from the moment of the migration",
	About: `Joget computes deadlines when an activity starts; what was nearly due on the source has its whole time again. A server
that does not look for deadlines (deadlineCheckerInterval 0 or absent) never fires them; where neither does, it is a note.`,
	Part: func(f *InstanceFacts, p *Part, r Report) {
		for a := range p.activities() {
			if a.Deadlines == 0 {
				continue
			}
			seen := string(a.DefID)
			if a.NextDeadline != 0 {
				seen += ": was due " + clock(a.NextDeadline)
			}
			severity := migration.Warning
			switch d := f.Deadlines; {
			case d == nil, d.SourceFires && d.TargetFires:
			case d.SourceFires:
				seen += "; the target does not look for deadlines"
			case d.TargetFires:
				seen += "; the source does not look for deadlines"
			default:
				severity = migration.Note
				seen += "; neither server looks for deadlines"
			}
			r.FoundAs(severity, f.subject(), seen)
		}
	},
}
