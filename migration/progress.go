package migration

import (
	"fmt"
	"time"
)

// PlanEntry is what a plan says of one instance. Its State is InstanceReady,
// InstanceWarned or InstanceBlocked; the number in Entry.Findings is ignored.
type PlanEntry struct {
	Entry
	Findings []Finding
	// Activities are the definition IDs of the open activities: what a pilot of
	// the definition should show. Nil where they are not known.
	Activities []ActivityDefID
}

// DefinitionCounts are the numbers of one process definition of the source.
type DefinitionCounts struct {
	Definition DefinitionID `json:"definition"`
	Counts     Counts       `json:"counts"`
}

// WaveStatus is where a wave stands.
type WaveStatus string

// The statuses. Entries of a wave that is stopped or finished may be taken by another.
const (
	WaveRunning  WaveStatus = "running"
	WavePaused   WaveStatus = "paused"
	WaveStopped  WaveStatus = "stopped"
	WaveFinished WaveStatus = "finished"
)

// Open reports whether a wave with this status still owns its entries.
func (s WaveStatus) Open() bool { return s == WaveRunning || s == WavePaused }

// Wave is a bounded group of instances that are migrated together.
type Wave struct {
	Name      WaveName   `json:"name"`   // "" lets the ledger give the next number, from 1
	Filter    Filter     `json:"filter"` // fixed when the wave is created
	Size      int        `json:"size"`   // most entries to take; 0: all that match
	Window    int        `json:"window"` // most entries claimed or in flight
	Rate      float64    `json:"rate"`   // target calls per second; 0: the configured limit
	MaxParked int        `json:"max_parked"`
	Pilotless bool       `json:"without_pilot"` // the operator waived the verified pilot
	Delta     bool       `json:"delta"`         // takes what is done, and brings it up to date
	Status    WaveStatus `json:"status"`
	Taken     int        `json:"taken"` // entries taken when it was created
	By        string     `json:"by"`
	CreatedAt time.Time  `json:"created_at"`
}

// WaveChange steers a wave; nil fields stay as they are.
type WaveChange struct {
	Status    *WaveStatus
	Window    *int
	Rate      *float64
	MaxParked *int
}

// Change is one move of an instance in the ledger. Zero fields stay as they
// are, but a State takes Reason and Detail with it, empty ones too.
type Change struct {
	// From lists the states that the entry may be in; empty means any but
	// InstanceDone and InstanceSkipped, which are never left by accident.
	From     []InstanceState
	State    InstanceState
	Step     Step
	Reason   Reason
	Detail   string // may hold personal data
	TargetID InstanceID
	Verdict  Verdict
}

// Working are the states in which a step of the migration may go on. A parked
// instance is not among them: only the operator's decision takes it out of its
// parking, never an attempt that was given up and goes on all the same.
func Working() []InstanceState {
	return []InstanceState{InstanceReady, InstanceWarned, InstanceClaimed, InstanceRunning, InstanceWaiting, InstanceFailed}
}

// Parking is why an instance has to wait for the operator.
type Parking struct {
	Step   Step
	Reason Reason
	Detail string // may hold personal data
	// Token makes parking repeatable: the same token and reason on a parked
	// entry is the same parking.
	Token Token
}

// Decision is the operator's answer to one parking.
type Decision struct {
	ParkID   int64
	Action   Action
	TargetID InstanceID // for ActionAdopt
	Discard  bool       // work done on the target may be thrown away
	// ResumeAt is where the instance goes on from then (Word), with ActionRetry; nil: what
	// was said before holds. It is kept, and not read back with the decision.
	ResumeAt []ActivityDefID
	By       string    // who decided
	Text     string    // why, in the operator's words; may hold personal data
	At       time.Time // on the ledger's clock
}

// Snapshot is what an instance was when its migration began: what the target
// is made from, and what both sides are compared with.
type Snapshot struct {
	Seq     int       `json:"-"` // from 1; a later one supersedes
	TakenAt time.Time `json:"-"` // on the ledger's clock
	Tree
	Rows  []RowDigest  `json:"rows,omitempty"`
	Files []FileDigest `json:"files,omitempty"`
}

// RowKeys names the rows of the record set. They own the uploads of the
// instance: the record does, not the instance (docs/joget.md#uploads).
func (s *Snapshot) RowKeys() []RowKey {
	keys := make([]RowKey, 0, len(s.Rows))
	for _, r := range s.Rows {
		keys = append(keys, r.RowKey)
	}
	return keys
}

// RowDigest is the digest of one form row's bytes.
type RowDigest struct {
	RowKey
	Digest string `json:"digest"`
}

// FileDigest is the digest of one uploaded file's bytes.
type FileDigest struct {
	Table  string   `json:"table"`
	Record RecordID `json:"record"`
	File   string   `json:"file"` // path below the record's folder
	Bytes  int64    `json:"bytes"`
	Digest string   `json:"digest"`
}

// StartOutcome is what became of the one request of an attempt.
type StartOutcome struct {
	Fate    Fate
	Started *TargetIdentity // nil where the answer named no instance, or none that could be read as ours
	Named   InstanceID      // by the answer, while Started is nil; "" for none
	Refused Reason          // a typed refusal, "" for none
	Status  int             // HTTP, 0 where there was none
	Detail  string          // may hold personal data
}

// RecordBusyError is the error of an instance that has to wait: another one with the
// same record is being migrated to the same target, and has the record to itself.
type RecordBusyError struct {
	By InstanceID // of the source; BulkOwner: the bulk copy is being taken back
}

// Error names the instance that has it.
func (e *RecordBusyError) Error() string {
	return fmt.Sprintf("instance %s has the same record to itself for now", e.By)
}

// FencedError is the error of a call that has to wait: an earlier call that changes
// the same target instance is not known to be over.
type FencedError struct {
	ID   string // of the open fence
	Step Step
	Call Call
	Fate Fate // FateNone: no outcome was recorded
	Age  time.Duration
}

// Error names the earlier call.
func (e *FencedError) Error() string {
	return fmt.Sprintf("%s of step %s may still run, sent %s ago", e.Call.text(), e.Step, e.Age.Round(time.Millisecond))
}
