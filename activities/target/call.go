package target

import (
	"jogetferry/contract"
	"jogetferry/migration"
)

// startCall is the start of an activity as fence and log keep it.
func (i *Instance) startCall(c contract.ResumeCall, n *node) migration.Call {
	return migration.Call{
		Verb: migration.VerbStartActivity, Target: n.target.ID, Activity: c.Activity, Abort: c.AbortCurrent,
		Earlier: count(n.all, c.Activity), Snapshot: i.snapshot,
	}
}

// opened tells whether a call opened an activity of n, open or closed since.
func (n *node) opened(c migration.Call) bool { return c.Opened(count(n.all, c.Activity)) }
