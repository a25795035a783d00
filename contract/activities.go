package contract

import (
	"fmt"
	"time"

	"jogetferry/migration"
)

// Role says which task queue an activity runs on, and which ports it needs.
type Role string

// The roles of a worker.
const (
	RoleWorkflows Role = "workflows"
	RoleCopy      Role = "copy"
	RoleJoget     Role = "joget"
)

// Activity fixes the wire name, role, input and output of one activity, so
// that caller and worker cannot disagree.
type Activity[In, Out any] struct {
	Name string
	Role Role
}

// The activities of one instance, in the order of its migration.
var (
	// CopyFormData takes the snapshot of the source instance (again, when Redo)
	// and copies its record set.
	CopyFormData = Activity[CopyFormDataInput, CopyFormDataOutput]{"CopyFormData", RoleCopy}
	// CopyUploads copies the files of the record set.
	CopyUploads = Activity[StepInput, CopyUploadsOutput]{"CopyUploads", RoleCopy}
	// StartProcess claims the start and sends it once. It has one attempt.
	StartProcess = Activity[StepInput, StartOutput]{"StartProcess", RoleJoget}
	// ReconcileStart finds out what became of a start; it never sends one.
	ReconcileStart = Activity[ReconcileInput, StartOutput]{"ReconcileStart", RoleJoget}
	// RestoreState puts back what the start changed: rows of the record set, variables.
	RestoreState = Activity[StepInput, RestoreOutput]{"RestoreState", RoleJoget}
	// ResumeActivity makes one round of the convergent loop.
	ResumeActivity = Activity[ResumeInput, ResumeOutput]{"ResumeActivity", RoleJoget}
	// VerifyInstance reads both sides back and compares. It sets the instance done.
	VerifyInstance = Activity[VerifyInput, VerifyOutput]{"VerifyInstance", RoleCopy}
	// GatherEvidence notes in the ledger what a pilot's target instance shows, and
	// which other rows of the app's tables changed since its start. It has
	// EvidenceAttempts; none of its failures is one of the migration.
	GatherEvidence = Activity[StepInput, Outcome]{"GatherEvidence", RoleCopy}
	// ResolveInstance records the operator's decision and makes the ledger ready
	// for it; an adopted instance is looked at on the target first.
	ResolveInstance = Activity[ResolveInput, Outcome]{"ResolveInstance", RoleJoget}
)

// EvidenceAttempts is how often evidence is tried to be gathered; the last
// attempt tells in the story what went wrong, and succeeds with a Message.
const EvidenceAttempts = 3

// The activities that need the ledger only.
var (
	// ParkInstance records a step that failed for good.
	ParkInstance = Activity[ParkInput, Outcome]{"ParkInstance", RoleWorkflows}
	// ClaimInstances takes the next instances of a wave into its window.
	ClaimInstances = Activity[ClaimInput, ClaimOutput]{"ClaimInstances", RoleWorkflows}
	// SettleWave records how a wave ended.
	SettleWave = Activity[SettleWaveInput, migration.Counts]{"SettleWave", RoleWorkflows}
)

// The activities of plan, check and verify.
var (
	// CheckServers proves identities, rights and the difference of both servers.
	CheckServers = Activity[CheckInput, CheckOutput]{"CheckServers", RoleJoget}
	// CheckSource proves what only a copy worker can see: source, uploads.
	CheckSource = Activity[CheckInput, CheckOutput]{"CheckSource", RoleCopy}
	// CheckTemporal proves that the namespace keeps what a migration needs.
	CheckTemporal = Activity[CheckInput, CheckOutput]{"CheckTemporal", RoleWorkflows}
	// TakeInventory pages the source's instances and freezes them in the ledger
	// unless Dry.
	TakeInventory = Activity[InventoryInput, InventoryOutput]{"TakeInventory", RoleCopy}
	// ListMigrated pages the instances to verify.
	ListMigrated = Activity[ListInput, ListOutput]{"ListMigrated", RoleWorkflows}
)

// Status says how a step of an instance ended.
type Status string

// The statuses.
const (
	StatusOK      Status = "ok"
	StatusParked  Status = "parked"  // Reason and ParkID are set
	StatusSkipped Status = "skipped" // the instance ends; Reason is set
	StatusBusy    Status = "busy"    // another instance has the record to itself: ask again
	StatusAgain   Status = "again"   // proven that nothing was started: start anew
	StatusUnknown Status = "unknown" // sent, answer unknown: reconcile
	StatusDone    Status = "done"    // the ledger has the instance done already: nothing is touched
)

// Outcome is how a step ended. Message is plain words for the UI, free of personal data.
type Outcome struct {
	Status  Status           `json:"status"`
	Reason  migration.Reason `json:"reason,omitempty"`
	ParkID  int64            `json:"park_id,omitempty"`
	Message string           `json:"message,omitempty"`
	Sent    SentCall         `json:"sent,omitzero"`
}

// StepInput names the instance a step works on, and the call that the step before left
// under way. Everything else is in the ledger.
type StepInput struct {
	Migration migration.Name       `json:"migration"`
	Instance  migration.InstanceID `json:"instance"`
	Sent      SentCall             `json:"sent,omitzero"`
}

// SentCall is a call that changes the target and is not known to be over, as Temporal was
// told of it before its request left. Where the ledger does not know its Fence, the ledger's
// last moments were lost, and the request may be under way. At is when it was last known to
// be about to leave, or was given up. Zero: none is.
type SentCall struct {
	Fence string    `json:"fence"` // ID in the ledger
	At    time.Time `json:"at"`
}

// CopyFormDataInput is a step that may take a new snapshot. With Delta the
// instance was done, and is so again, untouched, when it is closed on the source.
type CopyFormDataInput struct {
	StepInput
	Redo  bool `json:"redo,omitempty"`
	Delta bool `json:"delta,omitempty"`
}

// CopyFormDataOutput counts rows. Wanted are the source's open activities. Uploads is what
// CopyUploads would tell where the same attempt copied the files, too, as it does when they
// are few; nil: they are still to be copied.
type CopyFormDataOutput struct {
	Outcome
	Rows    int                       `json:"rows"`
	Written int                       `json:"written"`
	Wanted  []migration.ActivityDefID `json:"wanted"`
	Uploads *CopyUploadsOutput        `json:"uploads,omitempty"`
}

// CopyUploadsOutput counts files and bytes.
type CopyUploadsOutput struct {
	Outcome
	Files   int   `json:"files"`
	Written int   `json:"written"`
	Bytes   int64 `json:"bytes"`
}

// ReconcileInput names the instance whose start is looked for. Unaccounted is when an
// attempt ended that said neither what it sent nor that it sent nothing; zero where
// all said so. Attempt is its number; where it said none, one more than the last that is
// known of. If the ledger knows of no claim either, or of an earlier one, its last
// moments were lost, and the request of that attempt may be under way.
type ReconcileInput struct {
	StepInput
	Unaccounted time.Time `json:"unaccounted,omitzero"`
	Attempt     int       `json:"attempt,omitempty"`
}

// ResumeDo is what a step of resuming does.
type ResumeDo string

// What a step does.
const (
	ResumeStart    ResumeDo = ""         // activity/start of Activity
	ResumeComplete ResumeDo = "complete" // complete Activity in the name of who did on the source: a token of a join
	ResumeAssign   ResumeDo = "assign"   // give the open activities to those who have them on the source
)

// ResumeCall is the next step of the convergent loop, in the instance at Path.
type ResumeCall struct {
	Do           ResumeDo                `json:"do,omitempty"`
	Path         migration.Path          `json:"path,omitempty"`
	Activity     migration.ActivityDefID `json:"activity,omitempty"`
	AbortCurrent bool                    `json:"abort_current,omitempty"`
}

// String is what people read of a step; it is free of personal data.
func (c ResumeCall) String() string {
	where := string(c.Activity)
	if c.Path != "" {
		where = string(c.Path) + "/" + where
	}
	switch c.Do {
	case ResumeComplete:
		return "complete " + where + " as on the source"
	case ResumeAssign:
		return "give the activities to those who have them on the source"
	case ResumeStart:
	}
	return fmt.Sprintf("resume %s (abortCurrent=%t)", where, c.AbortCurrent)
}

// StartOutput says what is known about the target instance. Restore is set
// when the start changed the record set or variables; Next is the first call
// of resuming, nil when the instance already stands where it has to. Attempt is the
// number of the claim that this is about, 0 where there was none.
type StartOutput struct {
	Outcome
	Attempt int                  `json:"attempt,omitempty"`
	Target  migration.InstanceID `json:"target,omitempty"`
	Restore bool                 `json:"restore,omitempty"`
	Next    *ResumeCall          `json:"next,omitempty"`
}

// RestoreOutput counts what was put back.
type RestoreOutput struct {
	Outcome
	Rows      int         `json:"rows"`
	Variables int         `json:"variables"`
	Next      *ResumeCall `json:"next,omitempty"`
}

// ResumeInput names the call that the last look asked for; the activity looks
// again and makes that call, another one, or none.
type ResumeInput struct {
	StepInput
	Call ResumeCall `json:"call"`
}

// ResumeOutput has the next call, nil when source and target have the same activities open.
type ResumeOutput struct {
	Outcome
	Made *ResumeCall `json:"made,omitempty"` // the call that was made, nil for none
	Next *ResumeCall `json:"next,omitempty"`
}

// VerifyInput asks for a comparison. Fix is true in a migration, where the
// verdict decides the state; false for a comparison only.
type VerifyInput struct {
	StepInput
	Fix      bool               `json:"fix,omitempty"`
	Accepted []migration.Reason `json:"accepted,omitempty"` // what the operator accepted since the snapshot
}

// VerifyOutput is the verdict, and how many items were compared. Reason is what
// is not the same, also for a comparison only; "" where assignees only. Older workers
// wrote other items.
type VerifyOutput struct {
	Outcome
	Verdict migration.Verdict    `json:"verdict"`
	Items   migration.ItemCounts `json:"item_counts,omitempty"`
}

// ParkInput describes a step that failed for good. Cancelled ends the instance
// as failed instead of parking it.
type ParkInput struct {
	StepInput
	Step      migration.Step   `json:"step"`
	Reason    migration.Reason `json:"reason"`
	Message   string           `json:"message"`
	Cancelled bool             `json:"cancelled,omitempty"`
}

// ResolveInput is a decision to record. What the operator wrote is in the
// ledger already, under the park ID.
type ResolveInput struct {
	StepInput
	ParkID  int64                `json:"park_id"`
	Reason  migration.Reason     `json:"reason"`
	Action  migration.Action     `json:"action"`
	Target  migration.InstanceID `json:"target,omitempty"`
	Discard bool                 `json:"discard,omitempty"`
}
