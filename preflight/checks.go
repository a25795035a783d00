package preflight

import "jogetferry/migration"

// Check is one row of the table: what a finding of that number means.
type Check struct {
	ID       string
	Severity migration.Severity
	Title    string // what is wrong, in one sentence without subject
	Remedy   string // what the operator does about it
}

// The checks.
var (
	SameServer         = Check{"FERRY-101", migration.Blocking, "source and target are the same server", "point source.database and target.database at two different Joget databases"}
	TargetUnreachable  = Check{"FERRY-102", migration.Blocking, "the target's JSON API does not answer", "check target.url (http://host:port/jw) and that the server is up"}
	AdminRefused       = Check{"FERRY-103", migration.Blocking, "the target does not take target.admin for who it is", "check user name and password of target.admin; Joget answers wrong ones as anonymous"}
	AdminRights        = Check{"FERRY-104", migration.Blocking, "target.admin is not an administrator", "give the user ROLE_ADMIN on the target"}
	MasterRefused      = Check{"FERRY-105", migration.Blocking, "the master login does not work on the target", "set the master login in the target's general settings, and target.master to the same"}
	NotPaired          = Check{"FERRY-106", migration.Blocking, "target.url and target.database belong to different servers", "a login at target.url has to show up in the audit trail of target.database: not a replica, not another server"}
	OtherServers       = Check{"FERRY-107", migration.Blocking, "this migration's name is bound to other servers", "use the servers it was planned with, or another migration name"}
	SourceWritable     = Check{"FERRY-108", migration.Warning, "the source account may write", "give source.database an account with SELECT only; every connection is read-only all the same"}
	SourceUploads      = Check{"FERRY-109", migration.Blocking, "the source uploads cannot be read", "point source.uploads at the folder app_formuploads of the source, mounted on the copy worker"}
	TargetUploads      = Check{"FERRY-110", migration.Blocking, "the target uploads cannot be written", "point target.uploads at the folder app_formuploads of the target, writable for the copy worker"}
	RefererRefused     = Check{"FERRY-111", migration.Blocking, "the target refuses every JSON call (Referer and IP whitelist)", "reach the target by the host name of target.url without a proxy that changes Host or Referer"}
	TargetRewound      = Check{"FERRY-112", migration.Blocking, "the target's counters stand below what was seen before", "the target was restored from a backup: what was started since then is gone; see docs/what-if.md#target_rewound"}
	AppUnpublished     = Check{"FERRY-201", migration.Blocking, "the app is not published on the target", "import the app on the target and publish it"}
	DefinitionMissing  = Check{"FERRY-202", migration.Blocking, "the process is not in the mapped version on the target", "publish the app version that has it, or map it under definitions"}
	DefinitionBroken   = Check{"FERRY-203", migration.Blocking, "the process definition cannot be read", "look at the package in SHKXPDLData; import the app again"}
	FormBroken         = Check{"FERRY-204", migration.Blocking, "a form definition cannot be read, so child records could be missed", "open the form in the Form Builder and save it again"}
	ProcessUnknown     = Check{"FERRY-205", migration.Warning, "no running instance of a process named in processes", "check the spelling: package/process"}
	RecordIsInstance   = Check{"FERRY-301", migration.Blocking, "the record ID is the ID of a linked instance on the target", "Joget would hook the new instance to that instance's record; see docs/what-if.md#record_id_is_instance_id"}
	RecordMayCollide   = Check{"FERRY-302", migration.Blocking, "the record ID is an instance ID that the target has yet to mint", "let the target's process counter pass that number first; see docs/what-if.md#record_id_is_instance_id"}
	Unaddressable      = Check{"FERRY-303", migration.Blocking, "an ID holds characters that Joget's API refuses", "Joget answers 500 to spaces, parentheses and semicolons in IDs and user names; this instance has to be moved by hand"}
	NotStarted         = Check{"FERRY-401", migration.Blocking, "the instance was created and never started", "it is usually the wreck of a failed start: abort it on the source, or leave it"}
	InstanceSuspended  = Check{"FERRY-402", migration.Blocking, "the instance is suspended", "resume it on the source"}
	NothingOpen        = Check{"FERRY-403", migration.Blocking, "the instance has no open activity", "it waits for something that never comes; look at it on the source"}
	SubflowOpen        = Check{"FERRY-404", migration.Blocking, "a subflow is open", "let the subflow end on the source first"}
	JoinWaiting        = Check{"FERRY-405", migration.Blocking, "a branch already waits at an AND-join", "let the join complete on the source first: the target would wait for it forever"}
	ToolInFlight       = Check{"FERRY-406", migration.Blocking, "a tool or route is in flight or stuck", "let it end, or complete it on the source"}
	ActivitySuspended  = Check{"FERRY-407", migration.Blocking, "an open activity is suspended", "resume it on the source: Joget's abortCurrent leaves suspended ones alone"}
	BlockOpen          = Check{"FERRY-408", migration.Blocking, "an open activity lies inside a block activity", "let the block end on the source first"}
	RepeatedActivity   = Check{"FERRY-409", migration.Blocking, "the same activity is open twice", "complete one of them on the source: the engine keeps one active activity per definition"}
	ActivityMissing    = Check{"FERRY-410", migration.Blocking, "an open activity does not exist in the target's definition", "publish a version that has it"}
	AnonymousRequester = Check{"FERRY-411", migration.Blocking, "the requester is not a user that can log in", "roleAnonymous and roleSystem cannot be logged in as; this instance has to be moved by hand"}
	VariableUnreadable = Check{"FERRY-412", migration.Blocking, "a workflow variable holds an object that cannot be read", "set it to a text on the source, or move this instance by hand"}
	VariableUnsettable = Check{"FERRY-413", migration.Blocking, "a workflow variable has a value that the API cannot set", "BOOLEAN and DATETIME variables cannot be set by process/start; see docs/what-if.md#variables_differ"}
	VariableUndeclared = Check{"FERRY-414", migration.Blocking, "a workflow variable with a value is not declared on the target", "publish a version that declares it"}
	PartialApproval    = Check{"FERRY-415", migration.Blocking, "a multi-approval is half done", "let the others approve on the source first"}
	DeadlineRestarts   = Check{"FERRY-416", migration.Warning, "a deadline starts anew on the target", "deadlines count from the moment of the migration"}
	Orphans            = Check{"FERRY-417", migration.Blocking, "open instances are below no root: asynchronous subflows, or of a caller that is gone", "they are not migrated; let them end on the source"}
	AppUnknown         = Check{"FERRY-418", migration.Blocking, "the app of this instance's package version is gone on the source", "its forms cannot be found; deploy the app again on the source"}
	VariableDefault    = Check{"FERRY-420", migration.Warning, "a BOOLEAN variable that is false is left to the target's default", "the API cannot set it; if the target starts it otherwise, the instance parks before anything is resumed"}
	AcceptedActivity   = Check{"FERRY-419", migration.Note, "an open activity is accepted", "on the target it is offered again to all its assignees"}
)

// Finding makes a finding of a check. seen may hold personal data; subject must not.
func (c Check) Finding(subject, seen string) migration.Finding {
	return migration.Finding{ID: c.ID, Severity: c.Severity, Subject: subject, Message: c.Title, Seen: seen, Remedy: c.Remedy}
}

// All returns every check, in order of its number.
func All() []Check {
	return []Check{
		SameServer, TargetUnreachable, AdminRefused, AdminRights, MasterRefused, NotPaired, OtherServers, SourceWritable,
		SourceUploads, TargetUploads, RefererRefused, TargetRewound,
		AppUnpublished, DefinitionMissing, DefinitionBroken, FormBroken, ProcessUnknown,
		RecordIsInstance, RecordMayCollide, Unaddressable,
		NotStarted, InstanceSuspended, NothingOpen, SubflowOpen, JoinWaiting, ToolInFlight, ActivitySuspended, BlockOpen,
		RepeatedActivity, ActivityMissing, AnonymousRequester, VariableUnreadable, VariableUnsettable, VariableUndeclared,
		PartialApproval, DeadlineRestarts, Orphans, AppUnknown, AcceptedActivity, VariableDefault,
	}
}
