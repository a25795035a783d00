package migration

import "time"

// Rollback is a group of instances that are undone together.
type Rollback struct {
	Name      string // a number, from 1
	Discard   bool   // the work of people on the target may be lost
	Taken     int    // entries taken when it was created
	By        string
	CreatedAt time.Time // on the ledger's clock
}

// RolledBack is the last rollback of one entry.
type RolledBack struct {
	Rollback string        // "" for one that is part of no group
	Discard  bool          // of the group
	From     InstanceState // to return to when it is refused
	Outcome  RollbackOutcome
}

// RollbackOutcome is what became of an entry that was to be rolled back.
type RollbackOutcome string

// The outcomes.
const (
	RollbackPending RollbackOutcome = ""
	RollbackUndone  RollbackOutcome = "undone"
	RollbackRefused RollbackOutcome = "refused" // nothing was touched
)

// Undoable reports whether there may be something of an entry to undo, and
// nobody works on it. One whose rollback has begun is: another run goes on with it.
func (e *Entry) Undoable() bool {
	switch e.State {
	case InstanceClaimed, InstanceRunning, InstanceWaiting:
		return false
	case InstanceReady, InstanceWarned, InstanceBlocked, InstanceParked, InstanceDone, InstanceSkipped, InstanceFailed,
		InstanceRollingBack:
	}
	return e.Step != ""
}
