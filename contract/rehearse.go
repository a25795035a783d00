package contract

import "jogetferry/migration"

// The activities of a rehearsal.
var (
	// RehearseStep completes the next assignment of a rehearsed instance, with the
	// answers of the ledger, or says why it cannot. While the instance is being
	// migrated it waits.
	RehearseStep = Activity[RehearseStepInput, RehearseStepOutput]{"RehearseStep", RoleJoget}
	// AbortRehearsed is AbortTarget for the instance of a rehearsal, whatever was
	// done there. One that is not the rehearsal's any more is StatusSkipped, and
	// nothing is touched.
	AbortRehearsed = Activity[AbortRehearsedInput, Outcome]{"AbortRehearsed", RoleJoget}
	// SettleRehearsal writes down how a rehearsal ended.
	SettleRehearsal = Activity[SettleRehearsalInput, Outcome]{"SettleRehearsal", RoleWorkflows}
)

// RehearsalInput starts the rehearsal of one instance, or goes on with it. Its
// answers, and what was done already, are in the ledger.
type RehearsalInput struct {
	Migration migration.Name       `json:"migration"`
	Instance  migration.InstanceID `json:"instance"`
	Rehearsal int64                `json:"rehearsal"` // number in the ledger
	Queues    Queues               `json:"queues"`
	MaxSteps  int                  `json:"max_steps"`
}

// RehearsalResult is how a rehearsal ended. The path is in the ledger.
type RehearsalResult = migration.RehearsalResult

// RehearseStepInput is one step of a rehearsal, from 1. Step 0 only compares the
// answers with the definitions, before anything is migrated.
type RehearseStepInput struct {
	StepInput
	Rehearsal int64 `json:"rehearsal"`
	Step      int   `json:"step"`
}

// RehearseStepOutput says whether there is more to do. Its status is StatusParked
// or StatusSkipped where the migration ended so, or the instance is not the
// rehearsal's any more. Stopped is why the rehearsal
// cannot go on, in plain words without values; "" while it can.
type RehearseStepOutput struct {
	Outcome
	Target   migration.InstanceID    `json:"target,omitempty"`
	Ended    bool                    `json:"ended,omitempty"`
	Stopped  string                  `json:"stopped,omitempty"`
	Mistakes int                     `json:"mistakes,omitempty"` // of step 0; they are in the ledger
	Path     migration.Path          `json:"path,omitempty"`     // where Activity was completed
	Activity migration.ActivityDefID `json:"activity,omitempty"`
}

// AbortRehearsedInput names the rehearsal. Gone says that the workflow of its
// migration has ended without an outcome, so that nobody works on the instance.
type AbortRehearsedInput struct {
	StepInput
	Rehearsal int64 `json:"rehearsal"`
	Gone      bool  `json:"gone,omitempty"`
}

// SettleRehearsalInput is how a rehearsal ended.
type SettleRehearsalInput struct {
	StepInput
	Rehearsal int64           `json:"rehearsal"`
	Result    RehearsalResult `json:"result"`
}
