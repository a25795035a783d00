package target

import (
	"slices"

	"jogetferry/contract"
	"jogetferry/joget/schema"
	"jogetferry/migration"
)

// startCall is the start of an activity as fence and log keep it.
func (i *Instance) startCall(c contract.ResumeCall, n *node) migration.Call {
	return migration.Call{
		Verb: migration.VerbStartActivity, Target: n.target.ID, Activity: c.Activity, Abort: c.AbortCurrent, After: n.youngest(), Snapshot: i.snapshot,
	}
}

// seen tells whether a call has had its effect on p.
func (n *node) seen(c migration.Call) bool {
	switch c.Verb {
	case migration.VerbStartActivity:
		return n.opened(c)
	case migration.VerbSetVariable:
		return n.variableSet(c)
	case migration.VerbComplete, migration.VerbAccept, migration.VerbReassign:
		open := slices.IndexFunc(n.target.Activities, func(a migration.OpenActivity) bool { return a.ID == c.ActivityID })
		switch {
		case open < 0:
			return true // closed: nothing can happen to it any more
		case c.Verb == migration.VerbAccept:
			return n.target.Activities[open].AcceptedBy != ""
		}
		return c.Verb == migration.VerbReassign && n.target.Activities[open].HeldBy(c.User)
	case migration.VerbStartProcess, migration.VerbAbortProcess:
	}
	return false
}

// opened tells whether an activity of p, closed ones included, may be what a call opened.
func (n *node) opened(c migration.Call) bool {
	return slices.ContainsFunc(n.all, func(a schema.Activity) bool { return c.Opened(a.ID, a.DefID) })
}
