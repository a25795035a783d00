package preflight

import (
	"time"

	"jogetferry/migration"
)

// Grants says what an account may do.
type Grants int

// What SHOW GRANTS tells.
const (
	GrantsUnknown Grants = iota
	GrantsRead
	GrantsWrite
)

// CopyingFacts are what a copy worker sees of both databases and uploads.
type CopyingFacts struct {
	Migration      string
	Source, Target string // fingerprints
	// BoundElsewhere: the migration's name means other servers in the ledger.
	BoundElsewhere bool
	SourceGrants   Grants
	// TargetReadOnly is the variable that makes the target's server refuse writes, "" for none.
	TargetReadOnly string
	// SourceUploads and TargetUploads say why they cannot be used; "" if they can.
	SourceUploads, TargetUploads string
	// SourceGeneration and TargetGeneration are those of Joget that made the tables, 0 when unknown.
	SourceGeneration, TargetGeneration int
	// SourceClock and TargetClock are how far the databases' clocks are ahead of the worker's.
	SourceClock, TargetClock time.Duration
	// SourceWork and TargetWork count the activities that people accepted or
	// completed in the last ten minutes, by app, of the apps concerned.
	SourceWork, TargetWork map[string]int
}

// CallingFacts are what a joget worker learns from the target's JSON API. What
// was not tried, because something before it failed, is zero.
type CallingFacts struct {
	Unreachable    string // kind of the failure, "" if the API answers
	RefererRefused bool
	Whitelists     string        // settings of the target that let a call in, when it was refused
	AdminRefused   bool          // the administrator is anonymous or somebody else
	AdminRights    string        // kind of the failure, "" if it has them
	MasterRefused  string        // kind of the failure, or "not taken"; "" if it works
	MasterUnset    bool          // the target has no master login
	Clock          time.Duration // how far the target's clock is ahead of the worker's
	NotPaired      bool
	Rewound        bool
}

// EngineFacts are what a workflow worker sees of Temporal.
type EngineFacts struct {
	Namespace string
	Retention time.Duration // of closed workflows; 0: not known
	// MissingAttributes and MistypedAttributes (name to type) are the contract's
	// search attributes that the namespace does not have as they have to be.
	MissingAttributes  []string
	MistypedAttributes map[string]string
}

// PlanFacts are what is known after all instances have been read.
type PlanFacts struct {
	// ProcessesWithoutInstances are those of the key processes ("package/process").
	ProcessesWithoutInstances []string
	// Orphans are open instances that no root leads to, up to a bound.
	Orphans []migration.InstanceID
	// Mappings are what the configuration maps, beside what there is.
	Mappings MappingFacts
	// Users are what users leads to and the target does not have.
	Users MappedUsers
	// Amounts say how much the records of each app are, by app.
	Amounts []Amount
	// FreeBytes is the space left for uploads on the target; nil: not known.
	FreeBytes *int64
}
