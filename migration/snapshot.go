package migration

import (
	"cmp"
	"slices"
)

// State is an instance or activity state as stored (SHKProcessStates.KeyValue,
// SHKActivityStates.KeyValue).
type State string

// The states of the engine (docs/joget.md#states). Instances and activities share
// them.
const (
	StateRunning    State = "open.running"
	StateNotStarted State = "open.not_running.not_started"
	StateSuspended  State = "open.not_running.suspended"
	StateCompleted  State = "closed.completed"
	StateTerminated State = "closed.terminated"
	StateAborted    State = "closed.aborted"
)

// Open reports whether s is one of the open states.
func (s State) Open() bool { return len(s) > 5 && s[:5] == "open." }

// EpochMillis is an engine time: milliseconds since 1970 in UTC. Zero means absent:
// what the SHK tables hold for a time that has not come does not get past the reader.
type EpochMillis int64

// AnonymousUser is the requester of instances that were started without a login.
const AnonymousUser User = "roleAnonymous"

// Link is a row of wf_process_link: how an instance belongs to its record.
type Link struct {
	Process InstanceID `json:"process"`
	Parent  string     `json:"parent"`
	Origin  RecordID   `json:"origin"`
}

// VariableKind is the storage type of a workflow variable (SHKProcessData.VariableType).
type VariableKind string

// The kinds. An object that is neither a string nor null in its Java
// serialization is VariableUnreadable; it can be reported, not moved.
const (
	VariableBoolean    VariableKind = "boolean"
	VariableInteger    VariableKind = "integer"
	VariableFloat      VariableKind = "float"
	VariableString     VariableKind = "string"
	VariableDate       VariableKind = "date"
	VariableNull       VariableKind = "null"
	VariableUnreadable VariableKind = "unreadable"
)

// Variable is one workflow variable of an instance or of an open activity.
// Value is its text form (integers decimal, floats shortest, dates as stored);
// empty for VariableNull.
type Variable struct {
	Name  string       `json:"name"`
	Kind  VariableKind `json:"kind"`
	Value string       `json:"value"`
	// Zones are those of the server that it was read from; of a date only, null or not,
	// whose Value is wall time there.
	Zones Zones `json:"zones,omitempty"`
}

// Assignment is an offer or an acceptance of an activity by a user.
type Assignment struct {
	User     User `json:"user"`
	Accepted bool `json:"accepted"`
}

// OpenActivity is one open activity instance. Variables are its own snapshot
// (SHKActivityData), which the form of the activity shows.
type OpenActivity struct {
	ID         ActivityID    `json:"id"`
	DefID      ActivityDefID `json:"def_id"`
	SetDefID   string        `json:"set_def_id,omitempty"` // activity set, for block activities
	State      State         `json:"state"`
	AcceptedBy User          `json:"accepted_by,omitempty"` // ResourceId
	Performer  string        `json:"performer,omitempty"`   // subflow: child instance ID
	Priority   int           `json:"priority"`              // 5 marks a partial multi-approval
	Activated  EpochMillis   `json:"activated"`
	StateTime  EpochMillis   `json:"state_time"`
	Version    int64         `json:"version"` // engine row version
	Deadlines  int           `json:"deadlines"`
	// NextDeadline is when the earliest deadline that has not fired is due; 0 for none.
	NextDeadline EpochMillis  `json:"next_deadline,omitempty"`
	Assignments  []Assignment `json:"assignments"` // by user, bytewise
	Variables    []Variable   `json:"variables"`   // by name
	// Chosen: it is not open on the source, and is to be on the target because the
	// operator said so: whoever the target's mapping gives it to has it. It is never kept.
	Chosen bool `json:"-"`
}

// JoinToken is a branch that already waits at an AND-join (SHKAndJoinTable).
type JoinToken struct {
	Join ActivityDefID `json:"join"` // the joining activity
	From ActivityDefID `json:"from"` // the finished predecessor
	// Performer completed From; "" where nobody did (a route), or nobody knows.
	Performer User `json:"performer,omitempty"`
}

// Is reports whether other is the same branch, completed by the same user.
func (t JoinToken) Is(other JoinToken) bool {
	return t.Join == other.Join && t.From == other.From && SameUser(t.Performer, other.Performer)
}

// Child is an open subflow instance below an instance.
type Child struct {
	ID             InstanceID    `json:"id"`
	Definition     DefinitionID  `json:"definition"`
	CallerActivity ActivityID    `json:"caller_activity"`
	CallerDefID    ActivityDefID `json:"caller_def_id"`          // "" when the caller is gone
	Parent         InstanceID    `json:"parent,omitempty"`       // the calling instance
	Asynchronous   bool          `json:"asynchronous,omitempty"` // its caller does not wait for it
	State          State         `json:"state"`
}

// Instance is one process instance as its engine tables show it at one moment.
// Lists are sorted by ID (activities by activation, then row), so that two
// reads of an unmoved instance are equal.
type Instance struct {
	ID         InstanceID     `json:"id"`
	OID        string         `json:"oid"` // SHKProcesses.oid, decimal
	Definition DefinitionID   `json:"definition"`
	App        string         `json:"app,omitempty"` // "" when app_package has no row for it
	AppVersion int64          `json:"app_version,omitempty"`
	State      State          `json:"state"`
	Requester  User           `json:"requester"`
	Record     RecordID       `json:"record"`
	Link       *Link          `json:"link,omitempty"` // nil: no link, record ID = instance ID
	Created    EpochMillis    `json:"created"`
	Started    EpochMillis    `json:"started"` // 0: not yet
	StateTime  EpochMillis    `json:"state_time"`
	Version    int64          `json:"version"`          // engine row version
	Caller     ActivityID     `json:"caller,omitempty"` // set for subflow children only
	Variables  []Variable     `json:"variables"`
	Activities []OpenActivity `json:"activities"`
	Children   []Child        `json:"children"`
	Tokens     []JoinToken    `json:"tokens"`
}

// Open returns the open activity of a definition, the first of several; nil for none.
func (i *Instance) Open(definition ActivityDefID) *OpenActivity {
	n := slices.IndexFunc(i.Activities, func(a OpenActivity) bool { return a.DefID == definition })
	if n < 0 {
		return nil
	}
	return &i.Activities[n]
}

// Attached returns the children of i without asynchronous subflows and those below them:
// nobody waits for these, and they come and go as they like.
func (i *Instance) Attached() []Child {
	loose := map[InstanceID]bool{}
	for before := -1; before < len(loose); {
		before = len(loose)
		for _, c := range i.Children {
			if c.Asynchronous || loose[c.Parent] {
				loose[c.ID] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(i.Children), func(c Child) bool { return loose[c.ID] })
}

// Wanted returns the definition IDs of the open activities in activation
// order: what the target has to have open in the end. A definition ID that is
// open twice appears twice; such an instance is not migrated (FERRY-409).
func (i *Instance) Wanted() []ActivityDefID {
	ids := make([]ActivityDefID, 0, len(i.Activities))
	for _, a := range i.Activities {
		ids = append(ids, a.DefID)
	}
	return ids
}

// Identity is what tells i from another instance that comes to bear its ID; compared by Is.
func (i *Instance) Identity() TargetIdentity {
	return TargetIdentity{ID: i.ID, OID: i.OID, Created: i.Created, Requester: i.Requester, Definition: i.Definition, Origin: i.Record}
}

// VariablesFor returns the variables under which an activity of i is to be open: an
// activity takes a copy of the process's when it starts
// (docs/joget.md#variables-of-an-activity), and what it has no copy of it reads
// from the process. An activity that is not open, and "" for the process itself:
// the process's.
func (i *Instance) VariablesFor(activity ActivityDefID) []Variable {
	open := i.Open(activity)
	if open == nil {
		return i.Variables
	}
	merged := slices.Clone(i.Variables)
	for n, v := range merged {
		for _, own := range open.Variables {
			if own.Name == v.Name {
				merged[n] = own
			}
		}
	}
	return merged
}

// RelationKind says how two form tables are connected.
type RelationKind string

// The kinds (docs/joget.md#related-records).
const (
	// RelationSameID: the child row has the parent row's id.
	RelationSameID RelationKind = "same_id"
	// RelationParentHoldsChild: column Column of the parent row holds the child's id.
	RelationParentHoldsChild RelationKind = "parent_holds_child"
	// RelationChildHoldsParent: column Column of the child row holds the parent's id.
	RelationChildHoldsParent RelationKind = "child_holds_parent"
)

// Relation connects two form tables. Table names are Joget's, without the
// app_fd_ prefix; Column is the field ID, without the c_ prefix ("" for
// RelationSameID).
type Relation struct {
	Parent string       `json:"parent"`
	Child  string       `json:"child"`
	Kind   RelationKind `json:"kind"`
	Column string       `json:"column,omitempty"`
}

// FormModel is what the form definitions of an app say about its data: the
// form tables, and how records in them hang together. Sorted, without duplicates.
type FormModel struct {
	Tables    []string   `json:"tables"`
	Relations []Relation `json:"relations"`
}

// Union returns m with what other has besides, sorted and without duplicates.
func (m FormModel) Union(other FormModel) FormModel {
	union := FormModel{Tables: slices.Concat(m.Tables, other.Tables), Relations: slices.Concat(m.Relations, other.Relations)}
	slices.Sort(union.Tables)
	union.Tables = slices.Compact(union.Tables)
	slices.SortFunc(union.Relations, func(a, b Relation) int {
		return cmp.Or(cmp.Compare(a.Parent, b.Parent), cmp.Compare(a.Child, b.Child), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Column, b.Column))
	})
	union.Relations = slices.Compact(union.Relations)
	return union
}

// AllTables are the form tables and those of child records, sorted and each once.
func (m FormModel) AllTables() []string {
	tables := slices.Clone(m.Tables)
	for _, r := range m.Relations {
		tables = append(tables, r.Child)
	}
	slices.Sort(tables)
	return slices.Compact(tables)
}

// RowKey names one form row: table without app_fd_, and its id.
type RowKey struct {
	Table string   `json:"table"`
	ID    RecordID `json:"id"`
}

// String is "table/id"; it holds personal data where record IDs do.
func (k RowKey) String() string { return k.Table + "/" + string(k.ID) }
