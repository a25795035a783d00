package migration

import "time"

// StepRehearse is what a rehearsal does with an instance between its migration
// and its undoing.
const StepRehearse Step = "rehearse"

// Answers say how activities are completed in a rehearsal: by process
// ("package/process") and activity of the target, for each visit the values of
// variables. A visit without values is an answer, too.
type Answers map[string]map[ActivityDefID][]map[string]string

// Visit returns the values for completing an activity that was completed
// visited times before; answered is false where the answers do not say.
func (a Answers) Visit(process string, activity ActivityDefID, visited int) (values map[string]string, answered bool) {
	visits := a[process][activity]
	if visited >= len(visits) {
		return nil, false
	}
	return visits[visited], true
}

// Rehearsal is the ledger's row of one rehearsal. Values, users and mistakes are
// personal data.
type Rehearsal struct {
	ID       int64
	Instance InstanceID
	Answers  Answers
	MaxSteps int
	By       string
	BegunAt  time.Time
	Mistakes []string         // in Answers, compared with the definitions; nil when there are none
	Steps    []RehearsalStep  // by number
	Result   *RehearsalResult // nil while it is under way
	EndedAt  time.Time        // zero while it is under way
	Held     bool             // the instance is this rehearsal's: it was not rolled back since, nor taken by a wave, nor is there an end
}

// Visited returns how often an activity was completed.
func (r *Rehearsal) Visited(process string, activity ActivityDefID) int {
	n := 0
	for _, s := range r.Steps {
		if s.Process == process && s.Activity == activity {
			n++
		}
	}
	return n
}

// RehearsalStep is one assignment that a rehearsal completes. It is stored
// before the call, so that an attempt after a crash makes the same one.
type RehearsalStep struct {
	Number     int               `json:"number"` // from 1
	Path       Path              `json:"path"`
	Process    string            `json:"process"` // "package/process"
	Instance   InstanceID        `json:"instance"`
	Activity   ActivityDefID     `json:"activity"`
	ActivityID ActivityID        `json:"activity_id"`
	User       User              `json:"user"`
	Variables  map[string]string `json:"variables,omitempty"` // that were given
	Known      []ActivityID      `json:"known"`               // the activities of the tree until then

	// What follows is known when the step is done.
	Done   bool           `json:"done,omitempty"`
	State  State          `json:"state,omitempty"`  // of the activity afterwards
	Ran    []RehearsalRun `json:"ran,omitempty"`    // that nobody completes: tools, routes, subflows; in their order
	Opened []RehearsalRun `json:"opened,omitempty"` // what waits now and did not before
	Rows   int            `json:"rows,omitempty"`   // of the record that tools changed
	At     time.Time      `json:"at"`               // ledger's clock; of the intent until it is done
}

// RehearsalRun is an activity that ran or opened by itself.
type RehearsalRun struct {
	Path     Path          `json:"path,omitempty"`
	Activity ActivityDefID `json:"activity"`
	Kind     string        `json:"kind"`             // "tool", "route", "subflow", "manual"
	Plugin   string        `json:"plugin,omitempty"` // class mapped to it
}

// RehearsalResult is how a rehearsal ended. It is free of personal data.
type RehearsalResult struct {
	Ended    bool       `json:"ended"`              // the target instance ran to its end
	Stopped  string     `json:"stopped,omitempty"`  // why not, in plain words
	Mistakes int        `json:"mistakes,omitempty"` // in the answers: then nothing was migrated
	Reason   Reason     `json:"reason,omitempty"`   // why its migration parked or was skipped
	ParkID   int64      `json:"park_id,omitempty"`  // while it is parked
	Steps    int        `json:"steps"`
	Target   InstanceID `json:"target,omitempty"`
	Undone   bool       `json:"undone"` // the instance may be migrated again
	Rows     int        `json:"rows"`   // taken back
	Files    int        `json:"files"`
	// Conflicts are rows and files that were changed by somebody, Shared those
	// that another migrated instance uses: both were left.
	Conflicts int `json:"conflicts,omitempty"`
	Shared    int `json:"shared,omitempty"`
}
