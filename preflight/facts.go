package preflight

import (
	"time"

	"jogetferry/joget/flow"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// Grants says what an account may do.
type Grants int

// What SHOW GRANTS tells.
const (
	GrantsUnknown Grants = iota
	GrantsRead
	GrantsWrite
)

// CopyingFacts are what a copy worker sees of both databases and uploads.
type CopyingFacts struct {
	Migration      migration.Name
	Source, Target migration.Fingerprint
	// BoundElsewhere: the migration's name means other servers in the ledger.
	BoundElsewhere bool
	SourceGrants   Grants
	// NoTables: the account of the target may not make tables or add columns, and shall.
	NoTables bool
	// TargetReadOnly is the variable that makes the target's server refuse writes, "" for none.
	TargetReadOnly string
	// SourceUploads and TargetUploads say why they cannot be used; "" if they can.
	SourceUploads, TargetUploads string
	// TargetUploadsLack is what the SFTP server of the target's uploads cannot do, with what follows.
	TargetUploadsLack []string
	// SourceGeneration and TargetGeneration are those of Joget that made the tables, 0 when unknown.
	SourceGeneration, TargetGeneration int
	// SourceClock and TargetClock are how far the databases' clocks are ahead of the worker's.
	SourceClock, TargetClock time.Duration
	// SourceWork and TargetWork count the activities that people accepted or
	// completed in the last ten minutes, by app, of the apps concerned.
	SourceWork, TargetWork map[string]int
}

// CallingFacts are what a joget worker learns from the target's JSON API. What
// was not tried, because something before it failed, is zero.
type CallingFacts struct {
	Unreachable    string // kind of the failure, "" if the API answers
	RefererRefused bool
	Whitelists     string        // settings of the target that let a call in, when it was refused
	AdminRefused   bool          // the administrator is anonymous or somebody else
	AdminRights    string        // kind of the failure, "" if it has them
	MasterRefused  string        // kind of the failure, or "not taken"; "" if it works
	MasterUnset    bool          // the target has no master login
	Clock          time.Duration // how far the target's clock is ahead of the worker's
	NotPaired      bool
	Rewound        bool
	// Unwritable says why variables cannot be written into the engine's tables; "" if they
	// can, or are not to be.
	Unwritable string
}

// EngineFacts are what a workflow worker sees of Temporal.
type EngineFacts struct {
	Namespace string
	Retention time.Duration // of closed workflows; 0: not known
	// MissingAttributes and MistypedAttributes (name to type) are the contract's
	// search attributes that the namespace does not have as they have to be.
	MissingAttributes  []string
	MistypedAttributes map[string]string
}

// PlanFacts are what is known after all instances have been read.
type PlanFacts struct {
	// ProcessesWithoutInstances are those of the key processes ("package/process").
	ProcessesWithoutInstances []string
	// Orphans are open instances that no root leads to, up to a bound. Asynchronous are
	// those that would move by themselves, did asynchronous subflows do.
	Orphans, Asynchronous []migration.InstanceID
	// Mappings are what the configuration maps, beside what there is.
	Mappings MappingFacts
	// Users are what users leads to and the target does not have.
	Users MappedUsers
	// Words are the instances that the configuration names.
	Words WordFacts
	// Amounts say how much the records of each app are, by app.
	Amounts []Amount
	// OldIDs are those of the apps with records that get new IDs, by app.
	OldIDs []OldIDs
	// FreeBytes is the space left for uploads on the target; nil: not known.
	FreeBytes *int64
}

// MappingFacts are what the configuration maps, beside what both sides have.
type MappingFacts struct {
	Mapping migration.Mapping
	// SourceDefinitions and TargetDefinitions are all that are deployed.
	SourceDefinitions, TargetDefinitions []migration.DefinitionID
	// Processes are the pairs of definitions met, by process key of the source.
	Processes map[string][]ProcessPair
}

// ProcessPair is a definition with running instances and what it maps to; nil
// where it cannot be read, which is a finding of the definition.
type ProcessPair struct{ Source, Target *xpdl.Process }

// MappedUsers are users of the configuration that the target does not have.
type MappedUsers struct {
	Missing []migration.User
	Known   []string // users that it has; nil when none is missing
}

// Amount is how much the inventory saw of the records of an app: the rows whose
// id is a record ID and the files beside those that name one. Bytes are of values and of files.
type Amount struct {
	App              string
	Rows, Bytes      int64
	Files, FileBytes int64
}

// AppFacts are an app on both sides, over all instances of the plan. Versions
// are the published one, or the highest where none is.
type AppFacts struct {
	ID string
	// Absent: the target has no version of the app; what it lacks is not listed then.
	Absent bool
	// Problems are forms that cannot be read, one line each.
	Problems []string
	// FormsGone are places of forms and mappings that name a form that the app does not have, one line each.
	FormsGone []string
	// FormsUnclear are places of forms that name a form of the app for no known reason, one line each.
	FormsUnclear []string
	// TablesUnclear are places of forms and plugins that name a form table, or a form, whose
	// rows nothing leads to, one line each.
	TablesUnclear []string
	// Foreign are relations from the app's form tables that only forms of other apps have.
	Foreign []ForeignRelation
	// Options are the form tables, with rows on the source, that options of fields are read from.
	Options []OptionTable
	// Mismatches are those of the form tables that have rows on the source.
	Mismatches []migration.Mismatch
	// Growths are what is to be made of form tables that the target lacks, or lacks columns of.
	Growths []Growth
	// Relations lead from the form tables to child tables, those of records.extra included.
	Relations []migration.Relation
	// Source and Target are the environment variables, by ID.
	Source, Target []migration.EnvironmentVariable
	// Counters are the environment variables that ID generators of the source's forms count with.
	Counters []string
	// Mentions are places of the target's app where a host of the source stands:
	// "environment variable x", never a value.
	Mentions []string
	// Plugins are the classes that the source's app uses, with one place where it
	// does; Seen are those that the target knows from any of its apps.
	Plugins map[string]string
	Seen    map[string]bool
}

// ForeignRelation is a relation that the forms of App have.
type ForeignRelation struct {
	App string
	migration.Relation
}

// OptionTable is a form table, without app_fd_, that options are read from. Lacking: the
// target has no row in it.
type OptionTable struct {
	Table   string
	Lacking bool
}

// Growth is what the target gets of a form table (without app_fd_) by a statement: the
// table itself if it is New, else columns. Unnamed are those of its columns that no form of the target has,
// and "" of a table that none has.
type Growth struct {
	Table, Statement string
	New              bool
	Unnamed          []string
}

// DefinitionFacts are a definition of the source and what it maps to.
type DefinitionFacts struct {
	ID migration.DefinitionID
	// TargetID is zero when Unpublished says why.
	TargetID       migration.DefinitionID
	Unpublished    string
	Source, Target DefinitionSide
	// Differences are those of the two processes; nil unless both are there.
	Differences []xpdl.Difference
	// Mapping says what is called otherwise on the target.
	Mapping migration.Mapping
	// EndAsynchronous: asynchronous subflows that a start begins are ended.
	EndAsynchronous bool
	// MayRun are the steps that some start on the target could run before it
	// waits, Start is what one with the initial values does.
	MayRun []flow.Step
	Start  flow.Path
}

// DefinitionSide is a definition on one server: Process, or why there is none.
type DefinitionSide struct {
	Process *xpdl.Process
	Missing bool // the server has no such definition
	Broken  bool // it has, and nobody can read it
	// Published: it is the one that a start by latest takes.
	Published bool
	// Participants, Plugins and Forms are the mappings of this process.
	Participants []migration.Participant
	Plugins      []migration.ActivityPlugin
	Forms        []migration.ActivityForm
}

// InstanceFacts is what is known about one instance, and the subflows that are
// open below it, before it is touched.
type InstanceFacts struct {
	Part // the root
	// InitialStart is what a start with the initial values of the definition
	// does; nil when nobody looked.
	InitialStart *flow.Path
	// WithInitial: Start is one with initial values, see flow.Choice.
	WithInitial bool
	// Candidates are where the instance could go on, of one in which nothing is open or a
	// tool or route is; nil where the operator said so, or nobody looked.
	Candidates []flow.Candidate
	// RebuildJoins: branches that wait at AND-joins are made anew.
	RebuildJoins bool
	// EndAsynchronous: open asynchronous subflows move by themselves, and those that a
	// start begins are ended.
	EndAsynchronous bool
	// WriteVariables: what no call can set is written into the tables of the target's
	// engine, whose Java machine has TargetZones.
	WriteVariables bool
	TargetZones    migration.Zones
	// RecordIsInstance: the target's record ID names a linked instance there.
	RecordIsInstance bool
	// Minted is the lowest process number that the target may still hand out.
	Minted int64
	// RecordRefused and RequesterRefused say why the API cannot carry them; "" if it can.
	RecordRefused, RequesterRefused string
	// TooLong are the calls whose body would reach target.max_post_size, and by how
	// much: "the start: 3000000 bytes, ...". Nil: none.
	TooLong []string
	// Rekey says which ID the record has on the target.
	Rekey RekeyFacts
	// Data is what is known of the record; nil when nobody looked.
	Data *DataFacts
	// Users and Deadlines are nil when they were not looked at.
	Users     *UserFacts
	Deadlines *DeadlineFacts
}

// Part is one instance of a tree.
type Part struct {
	Path migration.Path
	// Caller is the subflow activity above that waits for it, by the source's
	// name; "" for the root.
	Caller migration.ActivityDefID
	// Instance is never nil. One that is closed or gone, while its caller waits,
	// is as schema.Reader.Below has it.
	Instance *migration.Instance
	// Wanted is the instance as it shall be on the target, mappings applied: the
	// same activities in the same order, or those of Resume. Nil: Instance itself.
	Wanted *migration.Instance
	// Resume is, of the root, the operator's word where it goes on; nil for none. What is
	// open on the source and is not named is nobody's concern then.
	Resume *ResumeFacts
	// Source and Target are the definitions on either side; nil when unknown,
	// which is a finding of the definition, not of the instance.
	Source, Target *xpdl.Process
	// Plugins are the classes mapped to activities of Target.
	Plugins map[string]string
	// Members are how many users of the target a participant of Target is, where
	// that does not depend on the instance; nil when nobody counted.
	Members map[string]Span
	// Start is what makes the instance on the target does: process/start, or of a
	// subflow, in the instance above, the start of the activity that calls it; nil
	// when nobody looked.
	Start *flow.Path
	// Handed are the values that a subflow gets from the instance above, by
	// variable of Target; see Handed.
	Handed map[string]string
	Below  []Part // subflows, as migration.Tree has them
}

// Span is a number of which only bounds are known.
type Span struct{ Least, Most int }

// DataFacts is what a plan knows of the record of an instance. Rows are those
// whose id is the record ID, in any form table of the app; tables are named
// without app_fd_.
type DataFacts struct {
	// Found are the tables that have such a row on the source.
	Found []string
	// Mapped are the tables of the forms mapped to the process; nil: none is mapped, or none is known.
	Mapped []string
	// Differing are the tables whose row on the target is neither the source's nor
	// ours, and OnConflict is what happens to those: "park", "overwrite" or "keep".
	Differing  []string
	OnConflict string
	// Alike are record IDs, of rows on the target or of other running instances,
	// that differ from this one by case, accents or trailing spaces only.
	Alike []migration.RecordID
	// Sharing is how many running root instances have this record, this one included.
	Sharing int
	// MissingFiles are uploads that a field names and the source's disk lacks: "table: name".
	MissingFiles []string
	// RefusedFiles are what the copy would refuse of the uploads of such a row: "table:
	// name (symlink)", "table: the folder". Not looked at where no field names one.
	RefusedFiles []string
	// SameFolder are the records of other running instances that have the record's
	// folder of uploads, or one within it, or around it.
	SameFolder []migration.RecordID
	// Refused are the tables and columns of the source's rows that the copy would
	// refuse: "app_fd_x", "app_fd_x.c_y".
	Refused []string
	// Stuck are those of Refused that it would with records.create_tables, too.
	Stuck []string
	// Encrypted are the columns that hold an encrypted value: "app_fd_x.c_y".
	Encrypted []string
}

// RekeyFacts say which ID the record of an instance has on the target. What else is known
// of the target's record (RecordIsInstance, RecordRefused, Data) is of that ID.
type RekeyFacts struct {
	// Policy is records.rekey.
	Policy migration.Rekey
	// Record is the new ID; "": the record keeps its own.
	Record migration.RecordID
	// Users are the instances by which the record is on the target under its own ID, where
	// Policy gives it a new one.
	Users []migration.InstanceID
	// Columns are records.rekey_columns.
	Columns migration.RekeyColumns
	// Refused are keys of the record set that cannot take the new ID, and Mentions columns
	// that hold an old one and are not rewritten: "app_fd_x.c_y: 3 rows".
	Refused, Mentions []string
	// Brought are the form tables that have a row of the record's own ID on the target by a
	// bulk copy, and as it brought it.
	Brought []string
}

// OldIDs are where the form tables of an app have old IDs of records with new ones that
// are not rewritten: "app_fd_x.c_y: 3 rows", "app_fd_x: not searched whole". Searched of Records
// such records were looked for; one that instances share counts once per page of them.
type OldIDs struct {
	App               string
	Searched, Records int
	Places            []string
}

// UserFacts are what the target knows of the users of an instance.
type UserFacts struct {
	Accounts map[migration.User]Account // by the target's names
	// Start says who may start what the definition maps to; nil when it maps to nothing.
	Start *StartRule
}

// Account is what the target knows of a user. Memberships are gathered of
// requesters only.
type Account struct {
	Standing Standing
	// Refused: no call of the API can carry the name.
	Refused bool
	ID      string // dir_user.id, "" when the directory's tables do not have the user
	// Anonymous: no user, but who has not logged in; see migration.AnonymousUser.
	Anonymous bool
	// External: another directory than Joget's tables may know more than this.
	External bool
	Roles    []string
	Groups   []string
	// Departments are those of all employments.
	Departments []string
}

// Standing says whether the target knows a user.
type Standing int

// The standings.
const (
	StandingUnknown Standing = iota // nobody can tell
	StandingActive
	StandingInactive
	StandingMissing
)

// StartRule is who may start a definition of the target
// (docs/joget.md#the-start-whitelist).
type StartRule struct {
	// Published: it is of the published version of its app.
	Published bool
	// Whitelist is the mapping of processStartWhiteList; nil: everybody may.
	Whitelist *migration.Participant
	// Head is the dir_user.id of the head that a whitelist of type hod names; "" for nobody.
	Head string
}

// DeadlineFacts say which deadlines may fire while an instance is migrated.
type DeadlineFacts struct {
	Now migration.EpochMillis // by the source database's clock
	// SourceFires and TargetFires: the server looks for deadlines that are due
	// (setting deadlineCheckerInterval).
	SourceFires, TargetFires bool
}
