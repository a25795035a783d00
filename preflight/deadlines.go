package preflight

import (
	"fmt"
	"time"

	"jogetferry/migration"
)

var deadlines = []Check{
	{
		ID:       "FERRY-416",
		Severity: migration.Warning,
		Title:    "a deadline starts anew on the target",
		Remedy:   "deadlines count from the moment of the migration",
		About:    `Joget computes deadlines when an activity starts; what was nearly due on the source has its whole time again. A server that does not look for deadlines (deadlineCheckerInterval 0 or absent) never fires them. Where neither server does, it is a note.`,
		Part:     deadlineRestarts,
	},
	{
		ID:       "FERRY-430",
		Severity: migration.Note,
		Title:    "a limit (SLA) starts anew on the target",
		Remedy:   "limits count from the moment of the migration; what is late on the source is on time again",
		About:    `The definition limits the time of an open activity, or of the whole instance. Joget counts from the start of either on the target.`,
		Part:     limitRestarts,
	},
	{
		ID:       "FERRY-431",
		Severity: migration.Warning,
		Title:    "a deadline is due within the hour, or overdue: it may fire on the source during the migration",
		Remedy:   "let it fire first, or set deadlineCheckerInterval of the source to 0 and restart it; an instance that moves is parked as docs/what-if.md#source_moved",
		About:    `The earliest deadline of an open activity that has not fired, by the clock of the source's database. A source that does not look for deadlines (deadlineCheckerInterval 0 or absent) fires none.`,
		Part:     deadlineDue,
	},
}

func deadlineRestarts(f *InstanceFacts, p *Part, r Report) {
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
}

// clock returns an engine time for people.
func clock(at migration.EpochMillis) string {
	return time.UnixMilli(int64(at)).UTC().Format("2006-01-02 15:04 UTC")
}

func limitRestarts(f *InstanceFacts, p *Part, r Report) {
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
}

// dueSoon is how long before it is due a deadline is in the way.
const dueSoon = time.Hour

func deadlineDue(f *InstanceFacts, p *Part, r Report) {
	if f.Deadlines == nil || !f.Deadlines.SourceFires || p.Instance.State != migration.StateRunning {
		return
	}
	for a := range p.activities() {
		if a.NextDeadline != 0 && a.NextDeadline <= f.Deadlines.Now+migration.EpochMillis(dueSoon.Milliseconds()) {
			r.Found(f.subject(), fmt.Sprintf("%s: due %s", a.DefID, clock(a.NextDeadline)))
		}
	}
}
