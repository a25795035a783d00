package contract

import (
	"time"

	"jogetferry/migration"
)

// Queues are the task queues of one migration; see QueuesOf.
type Queues struct {
	// Workflows has the workflows, and the activities that need the ledger only.
	Workflows string `json:"workflows"`
	// Copy has what reads the source and copies rows and files.
	Copy string `json:"copy"`
	// Joget has everything that calls the target.
	Joget string `json:"joget"`
}

// Of returns the queue of a role.
func (q Queues) Of(r Role) string {
	switch r {
	case RoleCopy:
		return q.Copy
	case RoleJoget:
		return q.Joget
	case RoleWorkflows:
	}
	return q.Workflows
}

// InstanceInput starts the migration of one source instance.
type InstanceInput struct {
	Migration migration.Name       `json:"migration"`
	Instance  migration.InstanceID `json:"instance"`
	Wave      migration.WaveName   `json:"wave,omitempty"`
	Queues    Queues               `json:"queues"`
	// Pilot has evidence gathered before each comparison of both sides.
	Pilot bool `json:"pilot,omitempty"`
	Mode  Mode `json:"mode,omitempty"`
	// Discard lets ModeRollback and ModeRedo throw away work of people on the target.
	Discard bool `json:"discard,omitempty"`
}

// InstanceResult is how a run of one instance ended. Refused says in plain words
// why nothing was undone: the instance stands where it stood, and State is "".
// Conflicts and Shared count rows and files that an undoing left, as UndoDataOutput does.
type InstanceResult struct {
	State     migration.InstanceState `json:"state"`
	Reason    migration.Reason        `json:"reason,omitempty"`
	Verdict   migration.Verdict       `json:"verdict,omitempty"`
	Target    migration.InstanceID    `json:"target,omitempty"`
	Refused   string                  `json:"refused,omitempty"`
	Conflicts int                     `json:"conflicts,omitempty"`
	Shared    int                     `json:"shared,omitempty"`
}

// InstanceStatus answers StatusQuery of an instance. Message is what a parking
// says in plain words, or why the last decision came to nothing; Deciding is the decision
// that is being carried out, "" for none.
type InstanceStatus struct {
	Step     migration.Step       `json:"step"`
	Parked   bool                 `json:"parked"`
	ParkID   int64                `json:"park_id,omitempty"`
	Reason   migration.Reason     `json:"reason,omitempty"`
	Actions  []migration.Action   `json:"actions,omitempty"`
	Message  string               `json:"message,omitempty"`
	Target   migration.InstanceID `json:"target,omitempty"`
	Deciding migration.Action     `json:"deciding,omitempty"`
}

// Resolution is the argument of ResolveUpdate.
type Resolution struct {
	Action migration.Action `json:"action"`
	// ParkID guards against acting on the next failure; 0 means the present one.
	ParkID int64 `json:"park_id,omitempty"`
	// Target is the instance to adopt, with ActionAdopt only.
	Target migration.InstanceID `json:"target,omitempty"`
	// Discard allows a redo or rollback to throw away work of people on the target.
	Discard bool `json:"discard,omitempty"`
}

// Resolved is the result of ResolveUpdate.
type Resolved struct {
	ParkID int64            `json:"park_id"`
	Reason migration.Reason `json:"reason"`
}

// WaveInput starts a wave that is in the ledger already, or goes on with it.
type WaveInput struct {
	Migration migration.Name     `json:"migration"`
	Wave      migration.WaveName `json:"wave"`
	Queues    Queues             `json:"queues"`
	State     WaveState          `json:"state"`
}

// WaveState is what a wave carries from run to run.
type WaveState struct {
	Window    int  `json:"window"`
	MaxParked int  `json:"max_parked,omitempty"` // 0: no limit
	Paused    bool `json:"paused,omitempty"`
	Stopped   bool `json:"stopped,omitempty"`
	Batches   int  `json:"batches,omitempty"`
	// Pending were claimed while a pause arrived; they start with the resume.
	Pending []ClaimedInstance `json:"pending,omitempty"`
	Counts  migration.Counts  `json:"counts"`
}

// WaveControl is the argument of the steering updates; only TuneUpdate reads it.
type WaveControl struct {
	Window    int `json:"window,omitempty"`     // 0 keeps
	MaxParked int `json:"max_parked,omitempty"` // 0 keeps
}

// WaveStatus answers StatusQuery and the updates of a wave.
type WaveStatus struct {
	Wave    migration.WaveName `json:"wave"`
	Window  int                `json:"window"`
	Paused  bool               `json:"paused"`
	Stopped bool               `json:"stopped"`
	Counts  migration.Counts   `json:"counts"`
}

// ClaimInput asks for the next instances of a wave. The activity waits up to
// Wait for free slots, so that a pump needs no timer.
type ClaimInput struct {
	Migration migration.Name     `json:"migration"`
	Wave      migration.WaveName `json:"wave"`
	Window    int                `json:"window"`
	Wait      time.Duration      `json:"wait"`
	// Claim is false while the wave is paused or stopped: count and sweep only.
	Claim bool `json:"claim"`
}

// ClaimOutput has the instances to start now.
type ClaimOutput struct {
	Instances []ClaimedInstance `json:"instances,omitempty"`
	Counts    migration.Counts  `json:"counts"`
}

// ClaimedInstance is one instance to start, with what its search attributes show.
type ClaimedInstance struct {
	Instance   migration.InstanceID   `json:"instance"`
	Definition migration.DefinitionID `json:"definition"`
	Mode       Mode                   `json:"mode,omitempty"`
}

// SettleWaveInput says how a wave ended.
type SettleWaveInput struct {
	Migration migration.Name     `json:"migration"`
	Wave      migration.WaveName `json:"wave"`
	Stopped   bool               `json:"stopped,omitempty"`
	// Release were claimed, and are not started after all.
	Release []migration.InstanceID `json:"release,omitempty"`
}

// PlanInput starts a plan, or a check when Dry: then nothing is written, not
// even to the ledger.
type PlanInput struct {
	Migration migration.Name `json:"migration"`
	Queues    Queues         `json:"queues"`
	Dry       bool           `json:"dry,omitempty"`
}

// PlanResult counts what was found. Findings are those about servers, apps and
// definitions; of instances, only counts travel. A check has no ledger to look
// them up in, so Definitions and Instances are set for Dry, and only then.
type PlanResult struct {
	// Stopped: a blocking finding ended it before the inventory, so there are
	// findings only, and nothing is new in the ledger.
	Stopped     bool                `json:"stopped,omitempty"`
	Findings    []migration.Finding `json:"findings"`           // up to MaxFindings, the severest
	LeftOut     int                 `json:"left_out,omitempty"` // findings that did not fit, those of instances too
	Counts      migration.Counts    `json:"counts"`
	Open        OpenCounts          `json:"open"`
	Definitions []DefinitionCounts  `json:"definitions,omitempty"` // by definition
	Instances   []InstanceFindings  `json:"instances,omitempty"`   // with findings, up to MaxFindings of them
}

// DefinitionCounts are the numbers of one process definition of the source.
// Findings counts, by ID of the check, the instances that have it.
type DefinitionCounts struct {
	Definition migration.DefinitionID `json:"definition"`
	Counts     migration.Counts       `json:"counts"`
	Findings   map[string]int         `json:"findings,omitempty"`
}

// InstanceFindings are the findings of one instance, free of personal data:
// Seen is empty where a check is marked so.
type InstanceFindings struct {
	Instance migration.InstanceID `json:"instance"`
	Findings []migration.Finding  `json:"findings"`
}

// MaxFindings bounds the findings in PlanResult.Instances.
const MaxFindings = 500

// OpenCounts balance the inventory: Open = Roots + Asynchronous + Descendants + Orphans.
type OpenCounts struct {
	Open        int `json:"open"`
	Roots       int `json:"roots"`
	Descendants int `json:"descendants"` // synchronous, below a root or an asynchronous subflow that moves by itself
	Orphans     int `json:"orphans"`     // everything else: a finding each
	// Asynchronous are subflows for which nobody waits, each an entry of its own; 0 unless
	// starts.asynchronous is end.
	Asynchronous int `json:"asynchronous,omitempty"`
}

// CheckInput asks for the server checks.
type CheckInput struct {
	Migration migration.Name `json:"migration"`
	Dry       bool           `json:"dry,omitempty"`
}

// CheckOutput has what the server checks found.
type CheckOutput struct {
	Findings []migration.Finding `json:"findings"`
}

// InventoryInput asks for the inventory.
type InventoryInput struct {
	Migration migration.Name `json:"migration"`
	Plan      string         `json:"plan"` // run ID: marks what this plan saw
	Dry       bool           `json:"dry,omitempty"`
}

// InventoryOutput is the inventory in numbers; its fields are those of PlanResult.
type InventoryOutput struct {
	Findings    []migration.Finding `json:"findings"`
	LeftOut     int                 `json:"left_out,omitempty"`
	Counts      migration.Counts    `json:"counts"`
	Open        OpenCounts          `json:"open"`
	Definitions []DefinitionCounts  `json:"definitions,omitempty"`
	Instances   []InstanceFindings  `json:"instances,omitempty"`
}

// VerifyRunInput starts a verification of instances that were migrated; all of
// them when Instances is empty. After is where a continued run goes on.
type VerifyRunInput struct {
	Migration migration.Name         `json:"migration"`
	Queues    Queues                 `json:"queues"`
	Instances []migration.InstanceID `json:"instances,omitempty"`
	After     int64                  `json:"after,omitempty"`
	Result    VerifyRunResult        `json:"result"`
}

// VerifyRunResult counts verdicts and names what is not the same, up to MaxDifferent.
type VerifyRunResult struct {
	Same            int                    `json:"same"`
	AssigneesDiffer int                    `json:"assignees_differ,omitempty"` // and nothing else
	Different       int                    `json:"different"`
	Moved           int                    `json:"moved"`
	Listed          []migration.InstanceID `json:"listed,omitempty"`
}

// MaxDifferent bounds VerifyRunResult.Listed.
const MaxDifferent = 100

// ListInput pages migrated instances in plan order, After the place that the
// page before returned.
type ListInput struct {
	Migration migration.Name `json:"migration"`
	After     int64          `json:"after,omitempty"`
	Limit     int            `json:"limit"`
}

// ListOutput is one page; Next is 0 when there is no further one.
type ListOutput struct {
	Instances []migration.InstanceID `json:"instances,omitempty"`
	Next      int64                  `json:"next,omitempty"`
}
