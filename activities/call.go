package activities

import (
	"slices"

	"jogetferry/contract"
	"jogetferry/joget/schema"
	"jogetferry/migration"
)

// startCall is the start of an activity as fence and log keep it.
func (s *subject) startCall(c contract.ResumeCall, p *place) migration.Call {
	return migration.Call{
		Verb: migration.VerbStartActivity, Target: p.target.ID, Activity: c.Activity, Abort: c.AbortCurrent, After: p.youngest(), Snapshot: s.snapshot,
	}
}

// seen tells whether a call has had its effect on p.
func (p *place) seen(c migration.Call) bool {
	switch c.Verb {
	case migration.VerbStartActivity:
		return p.opened(c)
	case migration.VerbSetVariable:
		return p.variableSet(c)
	case migration.VerbComplete, migration.VerbAccept, migration.VerbReassign:
		open := slices.IndexFunc(p.target.Activities, func(a migration.OpenActivity) bool { return a.ID == c.ActivityID })
		switch {
		case open < 0:
			return true // closed: nothing can happen to it any more
		case c.Verb == migration.VerbAccept:
			return p.target.Activities[open].AcceptedBy != ""
		}
		return c.Verb == migration.VerbReassign && p.target.Activities[open].HeldBy(c.User)
	case migration.VerbStartProcess, migration.VerbAbortProcess:
	}
	return false
}

// opened tells whether an activity of p, closed ones included, may be what a call opened.
func (p *place) opened(c migration.Call) bool {
	return slices.ContainsFunc(p.all, func(a schema.Activity) bool { return c.Opened(a.ID, a.DefID) })
}
