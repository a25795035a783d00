package preflight

import (
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
	// SourceUploads and TargetUploads say why they cannot be used; "" if they can.
	SourceUploads, TargetUploads string
}

// CallingFacts are what a joget worker learns from the target's JSON API. What
// was not tried, because something before it failed, is zero.
type CallingFacts struct {
	Unreachable    string // kind of the failure, "" if the API answers
	RefererRefused bool
	AdminRefused   bool   // the administrator is anonymous or somebody else
	AdminRights    string // kind of the failure, "" if it has them
	MasterRefused  string // kind of the failure, or "not taken"; "" if it works
	NotPaired      bool
	Rewound        bool
}

// EngineFacts are what a workflow worker sees of Temporal.
type EngineFacts struct {
	Namespace string
}

// PlanFacts are what is known after all instances have been read.
type PlanFacts struct {
	// ProcessesWithoutInstances are those of the key processes ("package/process").
	ProcessesWithoutInstances []string
	// Orphans are open instances that no root leads to, up to a bound.
	Orphans []migration.InstanceID
	// Mappings are what the configuration maps, beside what there is.
	Mappings MappingFacts
	// Amounts say how much the records of each app are, by app.
	Amounts []Amount
}
