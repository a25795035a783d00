package contract

import "jogetferry/migration"

// Mode says what a run of the Instance workflow does.
type Mode string

// The modes.
const (
	ModeMigrate  Mode = ""         // from where the ledger has it to a verdict
	ModeRollback Mode = "rollback" // undo; the instance is ready again
	ModeRedo     Mode = "redo"     // undo, then migrate from a new snapshot
	ModeDelta    Mode = "delta"    // copy and converge on a new snapshot; what was started stays
)

// The activities that undo.
var (
	// AbortTarget ends the target instance of a source instance and reads it, and
	// those below it, back as closed. StatusSkipped: refused, nothing was touched,
	// and the instance stands where it stood; Message says why.
	AbortTarget = Activity[AbortTargetInput, Outcome]{"AbortTarget", RoleJoget}
	// UndoData takes files and rows of an instance back to what they were, and
	// makes it ready. Conflicts are told, not overwritten.
	UndoData = Activity[UndoDataInput, UndoDataOutput]{"UndoData", RoleCopy}
	// ClaimRollback hands out the next instances of a rollback.
	ClaimRollback = Activity[ClaimRollbackInput, ClaimRollbackOutput]{"ClaimRollback", RoleWorkflows}
)

// AbortTargetInput says whether the work of people on the target may be lost.
type AbortTargetInput struct {
	StepInput
	Discard bool `json:"discard,omitempty"`
}

// UndoDataInput says what the instance is afterwards: ready, or at once in
// flight again.
type UndoDataInput struct {
	StepInput
	Again bool `json:"again,omitempty"`
}

// UndoDataOutput counts what was undone. Conflicts were changed by somebody
// since, Shared are used by another migrated instance: both are left.
type UndoDataOutput struct {
	Outcome
	Rows      int `json:"rows"`
	Files     int `json:"files"`
	Conflicts int `json:"conflicts,omitempty"`
	Shared    int `json:"shared,omitempty"`
}

// RollbackInput starts a rollback that is in the ledger already, or goes on with it.
type RollbackInput struct {
	Migration migration.Name `json:"migration"`
	Rollback  string         `json:"rollback"`
	Queues    Queues         `json:"queues"`
	Discard   bool           `json:"discard,omitempty"`
	Batches   int            `json:"batches,omitempty"` // of this run
	Result    RollbackResult `json:"result"`
}

// RollbackResult counts instances. Of the undone ones, Conflicts are those of
// which rows or files were left because somebody changed them since, Shared those
// of which some were left at their turn because another migrated instance used
// them. Failed ones are not undone, and wait for another rollback.
type RollbackResult struct {
	Undone    int             `json:"undone"`
	Refused   int             `json:"refused"`
	Conflicts int             `json:"conflicts"`
	Shared    int             `json:"shared"`
	Failed    int             `json:"failed"`
	Listed    []NotRolledBack `json:"listed,omitempty"` // refused, in conflict or failed, up to MaxDifferent
}

// NotRolledBack is an instance that a rollback did not undo, or not wholly.
// Message says why it was refused, or what failed, in plain words.
type NotRolledBack struct {
	Instance  migration.InstanceID `json:"instance"`
	Refused   bool                 `json:"refused,omitempty"`
	Failed    bool                 `json:"failed,omitempty"`
	Conflicts int                  `json:"conflicts,omitempty"` // rows and files
	Message   string               `json:"message,omitempty"`
}

// ClaimRollbackInput asks for the next instances of a rollback, newest start first.
type ClaimRollbackInput struct {
	Migration migration.Name `json:"migration"`
	Rollback  string         `json:"rollback"`
	Limit     int            `json:"limit"`
}

// ClaimRollbackOutput has the instances whose turn it is. Left counts those that
// still wait for one: without Instances, for another one of their record to end.
type ClaimRollbackOutput struct {
	Instances []RollbackTurn `json:"instances,omitempty"`
	Left      int            `json:"left"`
}

// RollbackTurn is an instance whose rollback begins. One that was parked waits
// for the operator again when it is refused.
type RollbackTurn struct {
	ClaimedInstance
	Parked bool `json:"parked,omitempty"`
}
