package contract

import "jogetferry/migration"

// Workflow names.
const (
	PlanWorkflow      = "Plan"
	WaveWorkflow      = "Wave"
	InstanceWorkflow  = "Instance"
	VerifyWorkflow    = "Verify"
	RollbackWorkflow  = "Rollback"
	RehearsalWorkflow = "Rehearsal"
	DriftWorkflow     = "Drift"
	BulkCopyWorkflow  = "BulkCopy"
)

// Updates and queries.
const (
	// ResolveUpdate unsticks a parked instance; argument Resolution, result Resolved.
	ResolveUpdate = "resolve"
	// PauseUpdate, ResumeUpdate, StopUpdate and TuneUpdate steer a wave; argument
	// WaveControl, result WaveStatus.
	PauseUpdate  = "pause"
	ResumeUpdate = "resume"
	StopUpdate   = "stop"
	TuneUpdate   = "tune"
	// StatusQuery answers WaveStatus or InstanceStatus.
	StatusQuery = "status"
)

// WaitingType is the application error type of an activity that asks for another
// attempt later, because something has to end first. It is no failure.
const WaitingType = "waiting"

// MisdirectedType is the application error type of an activity that a worker
// refused because it is another worker's. Nothing was touched.
const MisdirectedType = "misdirected"

// Search attributes, all of type Keyword, registered by the worker.
const (
	// StageAttribute is "parked" while an instance waits for the operator,
	// "resolved" after that, "skipped" when it ended so; absent for instances
	// that need nobody.
	StageAttribute      = "FerryStage"
	ReasonAttribute     = "FerryReason"
	WaveAttribute       = "FerryWave"
	DefinitionAttribute = "FerryDefinition"
)

// SearchAttributes returns the names of all search attributes.
func SearchAttributes() []string {
	return []string{StageAttribute, ReasonAttribute, WaveAttribute, DefinitionAttribute}
}

// Values of StageAttribute.
const (
	StageParked   = "parked"
	StageResolved = "resolved"
	StageSkipped  = "skipped"
)

// QueuesOf returns the task queues of a migration, whose name the ledger binds to
// one pair of servers: docs/adr/0008-queues.md. Activities that touch one scarce
// resource share a queue, so that a limit on it is one worker option.
func QueuesOf(mig migration.Name, ledger migration.LedgerID) Queues {
	of := func(r Role) string { return "ferry-" + string(r) + "-" + string(mig) + "-" + string(ledger) }
	return Queues{Workflows: of(RoleWorkflows), Copy: of(RoleCopy), Joget: of(RoleJoget)}
}

// PlanID returns the workflow ID of a migration's plan; CheckID that of its check.
func PlanID(mig migration.Name) string { return "ferry/" + string(mig) + "/plan" }

// CheckID returns the workflow ID of a preflight that freezes nothing.
func CheckID(mig migration.Name) string { return "ferry/" + string(mig) + "/check" }

// VerifyID returns the workflow ID of a verification of many instances.
func VerifyID(mig migration.Name) string { return "ferry/" + string(mig) + "/verify" }

// WaveID returns the workflow ID of a wave.
func WaveID(mig migration.Name, wave migration.WaveName) string {
	return "ferry/" + string(mig) + "/wave/" + string(wave)
}

// RollbackID returns the workflow ID of a rollback.
func RollbackID(mig migration.Name, name string) string {
	return "ferry/" + string(mig) + "/rollback/" + name
}

// RehearsalID returns the workflow ID of a rehearsal.
func RehearsalID(mig migration.Name, id migration.InstanceID) string {
	return "ferry/" + string(mig) + "/rehearsal/" + string(id)
}

// DriftID returns the workflow ID of a comparison of all that is done with the source.
func DriftID(mig migration.Name) string { return "ferry/" + string(mig) + "/drift" }

// BulkCopyID returns the workflow ID of the copy of all data.
func BulkCopyID(mig migration.Name) string { return "ferry/" + string(mig) + "/copy" }

// InstanceWorkflowID returns the workflow ID of an instance: it holds the
// migration and the source instance only, so that an instance listed in two
// waves collides instead of being migrated twice.
func InstanceWorkflowID(mig migration.Name, id migration.InstanceID) string {
	return "ferry/" + string(mig) + "/instance/" + string(id)
}

// MaxIDBytes is the longest workflow ID that Temporal's SQL persistence keeps.
const MaxIDBytes = 255
