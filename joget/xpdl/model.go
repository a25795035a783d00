package xpdl

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"jogetferry/migration"
)

// Package is one XPDL file. Its ID is the app ID; its version is not in the
// file but in SHKXPDLS.
type Package struct {
	ID        string
	Name      string
	Processes []*Process // document order
}

// Process returns the process definition with that key, compared as bytes;
// nil when there is none.
func (p *Package) Process(key string) *Process {
	for _, x := range p.Processes {
		if x.Key == key {
			return x
		}
	}
	return nil
}

// Process is one WorkflowProcess.
type Process struct {
	Key          string // WorkflowProcess Id, the third part of a definition ID
	Name         string
	DurationUnit time.Duration // of every Limit in the process; an hour unless the header says otherwise
	Limit        time.Duration // of the whole instance; 0 means none
	Priority     int           // 0 means that the file names none
	Variables    []Variable    // formal parameters first, then data fields, each in document order
	Participants []Participant // those of the package, then those of the process
	Activities   []*Activity   // document order, top level first, then each activity set
	Transitions  []*Transition // document order, top level first, then each activity set
	Lanes        []string      // participants from top to bottom, as they are drawn; may be empty
	Markers      []Marker      // of starts and ends, as they are drawn; may be empty

	activities map[string]*Activity
	outgoing   map[string][]*Transition // in split-reference order, exceptions last
	incoming   map[string][]*Transition
}

// Activity returns the activity definition with that ID, also from inside an
// activity set; nil when there is none.
func (p *Process) Activity(id string) *Activity { return p.activities[id] }

// Transition returns the transition with that ID, nil when there is none.
func (p *Process) Transition(id string) *Transition {
	for _, t := range p.Transitions {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// Variable returns the declared variable of that name; false when the
// definition does not declare it (the engine refuses such names).
func (p *Process) Variable(name string) (Variable, bool) {
	for _, v := range p.Variables {
		if v.Name == name {
			return v, true
		}
	}
	return Variable{}, false
}

// Parameters returns the formal parameters in the order in which a subflow's
// actual parameters are matched to them.
func (p *Process) Parameters() []Variable {
	var out []Variable
	for _, v := range p.Variables {
		if v.Mode != ModeNone {
			out = append(out, v)
		}
	}
	return out
}

// StartActivities returns the activities the engine starts with: those of the
// top level without an incoming transition, where one transition of an
// activity to itself does not count. None means that no start can succeed.
// The start markers of the designer are layout only.
func (p *Process) StartActivities() []*Activity {
	var out []*Activity
	for _, a := range p.Activities {
		if a.Set != "" {
			continue
		}
		self, others := 0, 0
		for _, t := range p.incoming[a.ID] {
			if t.From == a.ID {
				self++
			} else {
				others++
			}
		}
		if others == 0 && self <= 1 {
			out = append(out, a)
		}
	}
	return out
}

// Outgoing returns the transitions that leave an activity when it completes,
// in the order in which the engine evaluates them: as the split names them,
// then the rest in document order. Exception transitions are not among them.
func (p *Process) Outgoing(id string) []*Transition {
	return slices.DeleteFunc(slices.Clone(p.outgoing[id]), (*Transition).Exceptional)
}

// Exceptions returns the transitions followed only when a deadline or a tool
// raises their exception, in document order.
func (p *Process) Exceptions(id string) []*Transition {
	return slices.DeleteFunc(slices.Clone(p.outgoing[id]), func(t *Transition) bool { return !t.Exceptional() })
}

// Incoming returns every transition that leads to an activity, exceptions and
// self loops included, in document order. Its length is what an AND-join
// waits for.
func (p *Process) Incoming(id string) []*Transition { return slices.Clone(p.incoming[id]) }

// Kind is what an activity does when the engine starts it.
type Kind string

// Kinds of activities. Manual waits for a user, Subflow for a child instance
// (unless asynchronous); Tool and Route run through at once. Block is not made
// by Joget's builders. Unknown is an element the engine could not run.
const (
	Manual  Kind = "manual"
	Tool    Kind = "tool"
	Route   Kind = "route"
	Subflow Kind = "subflow"
	Block   Kind = "block"
	Unknown Kind = "unknown"
)

// Rule says how transitions meet or part.
type Rule string

// Rules of joins and splits. An activity that names none behaves as XOR.
const (
	XOR Rule = "XOR"
	AND Rule = "AND"
)

// Execution says who waits for a subflow or a deadline.
type Execution string

// Executions. A subflow that names none is synchronous.
const (
	Synchronous  Execution = "SYNCHR"
	Asynchronous Execution = "ASYNCHR"
)

// Activity is one step of the model.
type Activity struct {
	ID          string // SHKActivities.ActivityDefinitionId
	Name        string
	Kind        Kind
	Performer   string // participant ID; matters for manual activities only
	Set         string // ID of the activity set around it, "" at the top level
	Join        Rule
	Split       Rule
	SplitRefs   []string // transition IDs in evaluation order, may be empty
	Tools       []string // application IDs of a tool activity
	BlockSet    string   // activity set a block activity runs
	SubflowRef  string   // process key of a subflow, same package
	Execution   Execution
	Parameters  []string // actual parameters of a subflow, by position; expressions over the caller's variables
	Deadlines   []Deadline
	Limit       time.Duration // 0 means none
	Priority    int           // 0 means that the file names none
	Description string
	Place       *Place // where it is drawn; nil: the file does not say
}

// Waits reports whether an instance can rest in the activity: manual ones and
// synchronous subflows.
func (a *Activity) Waits() bool {
	return a.Kind == Manual || a.Kind == Subflow && a.Execution == Synchronous
}

// Deadline is an escalation of an activity.
type Deadline struct {
	Execution Execution
	Condition string // JavaScript that yields a date
	Exception string // name of the exception transition to follow
}

// ConditionType is the kind of a transition's condition.
type ConditionType string

// Condition types as XPDL names them; Unconditional when the element or its
// type is absent.
const (
	Unconditional    ConditionType = ""
	When             ConditionType = "CONDITION"
	Otherwise        ConditionType = "OTHERWISE"
	Exception        ConditionType = "EXCEPTION"
	DefaultException ConditionType = "DEFAULTEXCEPTION"
)

// Condition decides whether a transition is followed. Text is JavaScript over
// the process variables, or the name of an exception.
type Condition struct {
	Type ConditionType
	Text string
}

// Transition leads from one activity to another of the same level.
type Transition struct {
	ID        string
	Name      string
	From      string
	To        string
	Set       string // activity set, "" at the top level
	Condition Condition
}

// Exceptional reports whether the transition is followed for an exception only.
func (t *Transition) Exceptional() bool {
	return t.Condition.Type == Exception || t.Condition.Type == DefaultException
}

// Always reports whether the transition needs no evaluation: the engine takes
// a blank condition for true whatever its type says, OTHERWISE excepted.
func (t *Transition) Always() bool {
	return !t.Exceptional() && t.Condition.Type != Otherwise && strings.TrimSpace(t.Condition.Text) == ""
}

// Type is the declared type of a variable.
type Type string

// Basic types of XPDL. Other stands for declared, schema and array types,
// which Joget does not write.
const (
	String    Type = "STRING"
	Reference Type = "REFERENCE"
	Performer Type = "PERFORMER"
	Integer   Type = "INTEGER"
	Float     Type = "FLOAT"
	Boolean   Type = "BOOLEAN"
	DateTime  Type = "DATETIME"
	Other     Type = "OTHER"
)

// Text reports whether the engine keeps values of the type as strings.
func (t Type) Text() bool { return t == String || t == Reference || t == Performer }

// Holds returns what the engine keeps of a variable of the type: its storage kind.
// migration.VariableUnreadable for Other.
func (t Type) Holds() migration.VariableKind {
	switch t {
	case String, Reference, Performer:
		return migration.VariableString
	case Integer:
		return migration.VariableInteger
	case Float:
		return migration.VariableFloat
	case Boolean:
		return migration.VariableBoolean
	case DateTime:
		return migration.VariableDate
	case Other:
	}
	return migration.VariableUnreadable
}

// Takes reports whether process/start can give a variable of this type the value:
// any text, a number that parses, never BOOLEAN and DATETIME
// (docs/joget.md#variables-at-the-start).
func (t Type) Takes(value string) bool {
	var err error
	switch t {
	case Integer:
		_, err = strconv.ParseInt(value, 10, 64)
	case Float:
		_, err = strconv.ParseFloat(value, 64)
	case Boolean, DateTime, Other:
		return false
	case String, Reference, Performer:
	}
	return err == nil
}

// Mode is the direction of a formal parameter.
type Mode string

// Modes. ModeNone marks a data field, which is no parameter.
const (
	ModeNone  Mode = ""
	ModeIn    Mode = "IN"
	ModeOut   Mode = "OUT"
	ModeInOut Mode = "INOUT"
)

// Variable is a declared workflow variable.
type Variable struct {
	Name    string
	Type    Type
	Initial string // as written, "" when there is none
	Mode    Mode
}

// Place is where a designer draws an activity or a marker: the upper left corner, in pixels from
// that of the lane of a participant.
type Place struct {
	Lane string // participant ID
	X, Y int
}

// Marker is a start or an end as it is drawn. It says nothing about running: see StartActivities.
type Marker struct {
	End      bool   // else a start
	Activity string // that it is connected with, "" for none
	Place    Place
}

// Participant is a swimlane; who is behind it is in app_package_participant.
type Participant struct {
	ID   string
	Name string
}
