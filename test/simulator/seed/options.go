package seed

import "time"

// Kind says what is special about an instance.
type Kind string

// Kinds of instances; each but Child has its count in Options.
const (
	Ordinary         Kind = "ordinary"
	WithTokens       Kind = "with_tokens"        // branches wait at an AND-join
	WithSubflow      Kind = "with_subflow"       // waits for a synchronous child
	Child            Kind = "child"              // the child of a WithSubflow instance
	Suspended        Kind = "suspended"          // instance and activities
	NotStarted       Kind = "not_started"        // wreck of a failed start, no activities
	NullVariables    Kind = "null_variables"     // text and numbers that are null, which no API can set
	TypedVariables   Kind = "typed_variables"    // BOOLEAN and DATETIME values, which no API can set
	HugeVariable     Kind = "huge_variable"      // a text of 96 KiB, too long to be archived when the instance ends
	WithoutLink      Kind = "without_link"       // the record id is the instance's own id
	InstanceIDRecord Kind = "instance_id_record" // the record id is the id of an older, archived instance
	Closed           Kind = "closed"             // closed.completed, engine rows kept
	Completed        Kind = "completed"          // archived in wf_history_*, engine rows gone
)

// Processes a seed can place instances in, as package/process key.
const (
	LeaveRequest    = "leave/process1"
	PurchaseRequest = "procure/process1"
	ProbationReview = "onboard/probation"
)

// Options say what Run writes. Zero counts write none of that kind.
type Options struct {
	Seed int64 // equal options give equal rows and files

	Instances         int // ordinary running instances
	WithTokens        int // of PurchaseRequest
	WithSubflows      int // of onboard/onboarding, each with a running child
	Suspended         int
	NotStarted        int
	NullVariables     int
	TypedVariables    int // of ProbationReview
	HugeVariables     int
	WithoutLink       int
	InstanceIDRecords int
	Closed            int
	Completed         int
	RecordsOnly       int // records that no instance has

	Processes []string // nil = the three constants above
	Positions []string // "package/process/position" (see Positions); nil = all of Processes

	PackageVersion int64     // 0 = that of the published app version
	Now            time.Time // instances were created in the 60 days before; zero = a fixed day

	TextBytes    int   // length of an ordinary long text, UTF-8; 0 = 2048; one in 32 is eight times as long
	NoUploads    bool  // no files and no file names in records
	MaxFileBytes int64 // of an ordinary file; 0 = 16 KiB, at most 4 MiB
	LargeFiles   int   // files of 2 to 5 MiB in addition
	MissingFiles int   // names in records without a file, at most one a record

	// InstanceIDs are the ids of the first ordinary instances, for a server
	// whose ids equal another's. Each must be free and belong to Processes.
	InstanceIDs []string
}

// Result is what Run wrote.
type Result struct {
	Instances []Instance // in order of creation, a child right after its parent
	Files     int        // uploads written
	FileBytes int64      // their total size
	Rows      int        // rows written in all tables
}

// Of lists the instances of one kind in order of creation.
func (r Result) Of(kind Kind) []Instance {
	var out []Instance
	for _, i := range r.Instances {
		if i.Kind == kind {
			out = append(out, i)
		}
	}
	return out
}

// Instance is one instance as written.
type Instance struct {
	ID         string
	Definition string // package#version#process
	Kind       Kind
	Position   string         // name of the position; "" for NotStarted
	State      string         // SHKProcessStates.KeyValue, or wf_history_process.state
	Requester  string         // user name
	RecordID   string         // origin of the link, or ID without one
	Parent     string         // calling instance of a Child; "" for roots
	Activities []Activity     // open ones, in order of activation
	Tokens     []string       // definition ids of finished predecessors waiting at a join
	Variables  map[string]any // nil, string, int64, float64, bool or time.Time (UTC)
}

// Activity is one open activity as written.
type Activity struct {
	ID        string
	Def       string   // definition id
	State     string   // SHKActivityStates.KeyValue
	Assignees []string // user names, sorted; nil for a subflow
	Accepted  bool     // by the only assignee
	ChildID   string   // instance started by a subflow
}

// defaultNow is Options.Now when zero.
var defaultNow = time.Date(2024, time.June, 14, 16, 0, 0, 0, time.UTC)

func (o Options) withDefaults() Options {
	if o.Processes == nil {
		o.Processes = []string{LeaveRequest, PurchaseRequest, ProbationReview}
	}
	if o.Now.IsZero() {
		o.Now = defaultNow
	}
	if o.TextBytes == 0 {
		o.TextBytes = 2048
	}
	if o.MaxFileBytes == 0 {
		o.MaxFileBytes = 16 << 10
	}
	o.MaxFileBytes = min(o.MaxFileBytes, noiseBytes/2)
	return o
}
