package migration

import (
	"cmp"
	"fmt"
	"time"
)

// InstanceState is where an instance stands in the ledger.
type InstanceState string

// The states. Only InstanceDone is counted as done; all final ones but it carry a reason.
const (
	InstanceReady   InstanceState = "ready"     // planned, may be taken by a wave
	InstanceWarned  InstanceState = "warned"    // like ready, with warnings
	InstanceBlocked InstanceState = "blocked"   // findings stand against it
	InstanceClaimed InstanceState = "claimed"   // taken by a wave, its workflow is about to start
	InstanceRunning InstanceState = "in_flight" // its workflow works
	InstanceWaiting InstanceState = "waiting"   // another instance has the same record to itself
	InstanceParked  InstanceState = "parked"    // waits for the operator
	InstanceDone    InstanceState = "done"      // migrated, read back and compared
	InstanceSkipped InstanceState = "skipped"   // left alone, see reason
	InstanceFailed  InstanceState = "failed"    // its workflow ended without an outcome
	// InstanceRollingBack is taken by a rollback, waits for its turn or is being undone.
	InstanceRollingBack InstanceState = "rolling_back"
)

// InstanceStates are all of them.
func InstanceStates() []InstanceState {
	return []InstanceState{
		InstanceReady, InstanceWarned, InstanceBlocked, InstanceClaimed, InstanceRunning, InstanceWaiting, InstanceParked, InstanceDone,
		InstanceSkipped, InstanceFailed, InstanceRollingBack,
	}
}

// Settled reports whether an instance needs nothing more from a wave.
func (s InstanceState) Settled() bool {
	switch s {
	case InstanceParked, InstanceDone, InstanceSkipped, InstanceFailed, InstanceBlocked, InstanceRollingBack:
		return true
	case InstanceReady, InstanceWarned, InstanceClaimed, InstanceRunning, InstanceWaiting:
	}
	return false
}

// Step names a step of an instance's migration, in order.
type Step string

// The steps.
const (
	StepCopyFormData Step = "copy_form_data"
	StepCopyUploads  Step = "copy_uploads"
	StepStart        Step = "start"
	StepRestore      Step = "restore"
	StepResume       Step = "resume"
	StepVerify       Step = "verify"
	StepRollback     Step = "rollback"
)

// Server identifies a Joget server by its database, as the database itself
// tells it: the same through every alias, another after a move to another host.
type Server struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`
	Database string `json:"database"`
}

// Binding ties a migration name to its two servers; see Ledger.Bind.
type Binding struct {
	Migration Name
	Source    Fingerprint
	Target    Fingerprint
}

// Serves reports whether a worker with these two servers works on the migration's;
// a source of "" is none that it reaches.
func (b Binding) Serves(source, target Fingerprint) bool {
	return (source == "" || source == b.Source) && target == b.Target
}

// Misses says in plain words which two servers the migration is bound to, and
// which ones a worker has that does not serve it.
func (b Binding) Misses(source, target Fingerprint) string {
	return fmt.Sprintf("migration %q is bound to source %s and target %s, and this worker has source %s and target %s",
		b.Migration, b.Source, b.Target, cmp.Or(source, "(none)"), target)
}

// Entry is the ledger's row of one source instance.
type Entry struct {
	Instance   InstanceID   `json:"instance"`
	Definition DefinitionID `json:"definition"`
	Target     DefinitionID `json:"target_definition"` // resolved at plan time; zero when unknown
	Requester  User         `json:"requester"`
	Record     RecordID     `json:"record"`
	// TargetRecord is the record's ID on the target where it has another one there. It is
	// known of an entry that is read by itself, or listed.
	TargetRecord RecordID      `json:"target_record,omitempty"`
	Started      EpochMillis   `json:"started"`
	State        InstanceState `json:"state"`
	Step         Step          `json:"step,omitempty"`
	Reason       Reason        `json:"reason,omitempty"`
	Detail       string        `json:"detail,omitempty"` // may hold personal data
	ParkID       int64         `json:"park_id,omitempty"`
	Wave         WaveName      `json:"wave,omitempty"`
	TargetID     InstanceID    `json:"target_instance,omitempty"`
	Verdict      Verdict       `json:"verdict,omitempty"`
	Findings     int           `json:"findings"`
	UpdatedAt    time.Time     `json:"updated_at"`
}

// Replannable reports whether a plan may say anew what becomes of an entry.
func (e *Entry) Replannable() bool {
	switch e.State {
	case InstanceReady, InstanceWarned, InstanceBlocked:
		return true
	case InstanceFailed:
		// Nobody works on it any more. What was begun of it is in its claim, which stays.
		return true
	case InstanceSkipped:
		// Set aside because an earlier plan did not see it.
		return e.Reason == ReasonSourceClosed
	case InstanceClaimed, InstanceRunning, InstanceWaiting, InstanceParked,
		InstanceDone, InstanceRollingBack:
	}
	return false
}

// Comes reports whether the turn of an entry is, or will come by itself. wave is how
// the wave stands that it belongs to, "" for none.
func (e *Entry) Comes(wave WaveStatus) bool {
	switch e.State {
	case InstanceClaimed, InstanceRunning, InstanceWaiting:
		return true // one whose workflow is gone does not stay so
	case InstanceReady, InstanceWarned:
		return wave.Open()
	case InstanceBlocked, InstanceParked, InstanceDone, InstanceSkipped, InstanceFailed, InstanceRollingBack:
	}
	return false
}

// Filter selects entries. Zero fields do not filter.
type Filter struct {
	States        []InstanceState `json:"states,omitempty"`
	Processes     []string        `json:"processes,omitempty"`      // package/process
	Requester     User            `json:"-"`                        // personal: travels through the ledger only
	StartedBefore EpochMillis     `json:"started_before,omitempty"` // not those that never started
	Instances     []InstanceID    `json:"instances,omitempty"`
	Wave          WaveName        `json:"wave,omitempty"` // the last one that took them
	// TakenBy is one that took them, since they were planned or rolled back; waves
	// after it may have taken them, too.
	TakenBy  WaveName `json:"taken_by,omitempty"`
	Reason   Reason   `json:"reason,omitempty"`
	NoWarned bool     `json:"no_warned,omitempty"`
}

// ClaimKey names the one start that an instance may have: whatever the
// migration is called, and whoever asks.
type ClaimKey struct {
	Source   Fingerprint
	Instance InstanceID
	Target   Fingerprint
}

// Claim is the ledger's row of a start.
type Claim struct {
	ClaimKey
	State         ClaimState
	Attempt       int   // from 1
	Token         Token // of the attempt that owns the row
	Record        RecordID
	Baseline      []InstanceID // taken with the first look that found nothing in the way; anew only for AcceptStart
	BaselineTaken bool
	Accepted      bool // the operator said that the instances in the way stay
	Fate          Fate
	Refused       Reason
	Named         InstanceID // by an answer, where it could not be read as ours; "" for none
	Definition    DefinitionID
	Sent          map[string]string // variables as sent; values are personal data
	Started       TargetIdentity    // once State is ClaimStarted
	ChangedAt     time.Time         // of State, on the ledger's clock
	Age           time.Duration     // since the request can last have begun, on the ledger's clock
}

// KnowsOf reports whether the claim tells what was sent of an attempt with this
// number, or a later one. A ledger that lost its last moments has an earlier claim, or
// one that is not sent, and what it says is of earlier requests.
func (c *Claim) KnowsOf(attempt int) bool {
	switch c.State {
	case ClaimSending, ClaimUnknown, ClaimStarted:
		return c.Attempt >= attempt
	case ClaimNone, ClaimClaimed, ClaimReleased:
	}
	return false
}

// Verdict is the outcome of comparing both sides of one instance.
type Verdict string

// The verdicts.
const (
	VerdictSame         Verdict = "same"
	VerdictDiffers      Verdict = "differs"
	VerdictAccepted     Verdict = "accepted" // differs, and the operator accepted it
	VerdictUnverifiable Verdict = "unverifiable"
	// VerdictAssignees: everything is the same, but some activities are offered to others.
	VerdictAssignees Verdict = "assignees_differ"
)

// Counts are numbers of entries by state, and of done ones by verdict.
type Counts struct {
	Ready       int `json:"ready"`
	Warned      int `json:"warned"`
	Blocked     int `json:"blocked"`
	Claimed     int `json:"claimed"`
	InFlight    int `json:"in_flight"`
	Waiting     int `json:"waiting"`
	Parked      int `json:"parked"`
	Done        int `json:"done"`
	Skipped     int `json:"skipped"`
	Failed      int `json:"failed"`
	RollingBack int `json:"rolling_back"`
	Same        int `json:"same"`     // of Done
	Accepted    int `json:"accepted"` // of Done
	// AssigneesDiffer counts those of Done with VerdictAssignees.
	AssigneesDiffer int `json:"assignees_differ"`
}

// Add counts n more entries of a state; verdict is that of InstanceDone.
func (c *Counts) Add(state InstanceState, verdict Verdict, n int) {
	switch state {
	case InstanceReady:
		c.Ready += n
	case InstanceWarned:
		c.Warned += n
	case InstanceBlocked:
		c.Blocked += n
	case InstanceClaimed:
		c.Claimed += n
	case InstanceRunning:
		c.InFlight += n
	case InstanceWaiting:
		c.Waiting += n
	case InstanceParked:
		c.Parked += n
	case InstanceDone:
		c.Done += n
		switch verdict {
		case VerdictSame:
			c.Same += n
		case VerdictAccepted:
			c.Accepted += n
		case VerdictAssignees:
			c.AssigneesDiffer += n
		case VerdictDiffers, VerdictUnverifiable:
		}
	case InstanceSkipped:
		c.Skipped += n
	case InstanceFailed:
		c.Failed += n
	case InstanceRollingBack:
		c.RollingBack += n
	}
}

// Total returns the number of entries counted.
func (c Counts) Total() int {
	return c.Ready + c.Warned + c.Blocked + c.Claimed + c.InFlight + c.Waiting + c.Parked + c.Done + c.Skipped + c.Failed + c.RollingBack
}

// Unsettled returns how many entries of a wave still need it.
func (c Counts) Unsettled() int { return c.Ready + c.Warned + c.Claimed + c.InFlight + c.Waiting }
