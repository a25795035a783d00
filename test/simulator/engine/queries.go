package engine

// Settings, definitions and mappings.
const (
	selectSettings = "SELECT property, value FROM wf_setup"

	selectXPDL = "SELECT d.XPDLContent FROM SHKXPDLS x JOIN SHKXPDLData d ON d.XPDL = x.oid WHERE x.XPDLId = ? AND x.XPDLVersion = ?"

	selectDefinitionOID = "SELECT oid FROM SHKProcessDefinitions WHERE Name = ?"

	selectPublishedPackage = "SELECT p.packageVersion FROM app_package p JOIN app_app a ON a.appId = p.appId AND a.appVersion = p.appVersion" +
		" WHERE p.packageId = ? AND a.published = 1 ORDER BY p.packageVersion DESC"

	selectPackageApp = "SELECT a.appId, a.appVersion, CASE WHEN a.published = 1 THEN 1 ELSE 0 END" +
		" FROM app_package p JOIN app_app a ON a.appId = p.appId AND a.appVersion = p.appVersion WHERE p.packageId = ? AND p.packageVersion = ?"

	selectParticipant = "SELECT type, value FROM app_package_participant WHERE processDefId = ? AND participantId = ? AND packageId = ? AND packageVersion = ?"

	selectPlugin = "SELECT pluginName, pluginProperties FROM app_package_activity_plugin WHERE processDefId = ? AND activityDefId = ? AND packageId = ? AND packageVersion = ?"

	selectAutoContinue = "SELECT activityDefId FROM app_package_activity_form" +
		" WHERE processDefId = ? AND activityDefId = ? AND packageId = ? AND packageVersion = ? AND autoContinue = 1"
)

// Deployments.
const (
	selectDeployed    = "SELECT packageVersion FROM app_package WHERE appId = ? AND appVersion = ?"
	selectNextVersion = "SELECT CAST(NextVersion AS UNSIGNED) FROM SHKNextXPDLVersions WHERE XPDLId = ?"
	updateNextVersion = "UPDATE SHKNextXPDLVersions SET NextVersion = ?, version = version + 1 WHERE XPDLId = ?"

	insertXPDL       = "INSERT INTO SHKXPDLS (XPDLId, XPDLVersion, XPDLClassVersion, XPDLUploadTime, oid, version) VALUES (?, ?, 1184650391000, ?, ?, 0)"
	insertXPDLData   = "INSERT INTO SHKXPDLData (XPDLContent, XPDLClassContent, XPDL, CNT, oid, version) VALUES (?, NULL, ?, ?, ?, 0)"
	insertDefinition = "INSERT INTO SHKProcessDefinitions (Name, PackageId, ProcessDefinitionId, ProcessDefinitionCreated, ProcessDefinitionVersion, State, oid, version)" +
		" VALUES (?, ?, ?, ?, ?, 0, ?, 0)"

	insertPackageAgain = "INSERT INTO app_package (packageId, packageVersion, name, dateCreated, dateModified, appId, appVersion)" +
		" SELECT packageId, ?, name, dateCreated, dateModified, appId, appVersion FROM app_package WHERE packageId = ? AND packageVersion = ?"
	deletePackage = "DELETE FROM app_package WHERE packageId = ? AND packageVersion = ?"

	selectOpenOfVersion = "SELECT Id FROM SHKProcesses WHERE LOCATE(?, PDefName) = 1 AND State IN (?, ?, ?) ORDER BY oid"
	selectOfVersion     = "SELECT Id FROM SHKProcesses WHERE LOCATE(?, PDefName) = 1"

	updateDefinition            = "UPDATE SHKProcesses SET PDefName = ?, ProcessDefinition = ?, version = version + 1 WHERE oid = ?"
	selectActivityOIDs          = "SELECT oid FROM SHKActivities WHERE Process = ?"
	updateActivityDefinition    = "UPDATE SHKActivities SET PDefName = ?, version = version + 1 WHERE oid = ?"
	selectAssignmentsOfInstance = "SELECT t.oid FROM SHKAssignmentsTable t JOIN SHKActivities a ON a.oid = t.Activity WHERE a.Process = ?"
	updateAssignmentDefinition  = "UPDATE SHKAssignmentsTable SET ActivityProcessDefName = ?, version = version + 1 WHERE oid = ?"
	selectDeadlineOIDs          = "SELECT oid FROM SHKDeadlines WHERE Activity = ?"
	deleteDeadline              = "DELETE FROM SHKDeadlines WHERE oid = ?"

	deleteXPDLData    = "DELETE FROM SHKXPDLData WHERE XPDL IN (SELECT oid FROM SHKXPDLS WHERE XPDLId = ? AND XPDLVersion = ?)"
	deleteXPDL        = "DELETE FROM SHKXPDLS WHERE XPDLId = ? AND XPDLVersion = ?"
	deleteDefinitions = "DELETE FROM SHKProcessDefinitions WHERE PackageId = ? AND ProcessDefinitionVersion = ?"
)

// mappingTables are the tables with what is mapped to a package version; activities:
// to its activities, and not to participants.
var mappingTables = []struct {
	take, list, drop string
	activities       bool
}{
	{
		"UPDATE app_package_activity_form SET packageVersion = ? WHERE packageId = ? AND packageVersion = ?",
		"SELECT processDefId, activityDefId FROM app_package_activity_form WHERE packageId = ? AND packageVersion = ?",
		"DELETE FROM app_package_activity_form WHERE packageId = ? AND packageVersion = ? AND processDefId = ? AND activityDefId = ?", true,
	},
	{
		"UPDATE app_package_activity_plugin SET packageVersion = ? WHERE packageId = ? AND packageVersion = ?",
		"SELECT processDefId, activityDefId FROM app_package_activity_plugin WHERE packageId = ? AND packageVersion = ?",
		"DELETE FROM app_package_activity_plugin WHERE packageId = ? AND packageVersion = ? AND processDefId = ? AND activityDefId = ?", true,
	},
	{
		"UPDATE app_package_participant SET packageVersion = ? WHERE packageId = ? AND packageVersion = ?",
		"SELECT processDefId, participantId FROM app_package_participant WHERE packageId = ? AND packageVersion = ?",
		"DELETE FROM app_package_participant WHERE packageId = ? AND packageVersion = ? AND processDefId = ? AND participantId = ?", false,
	},
}

// Directory. All give user names.
const (
	selectUserByID   = "SELECT username FROM dir_user WHERE id = ?"
	selectUserByName = "SELECT username FROM dir_user WHERE username = ?"

	selectGroupMembers = "SELECT u.username FROM dir_user u JOIN dir_user_group g ON g.userId = u.id WHERE g.groupId = ? ORDER BY u.username"

	selectDepartmentMembers = "SELECT u.username FROM dir_user u JOIN dir_employment e ON e.userId = u.id WHERE e.departmentId = ? ORDER BY u.username"

	selectDepartmentHead = "SELECT u.username FROM dir_department d JOIN dir_employment e ON e.id = d.hod JOIN dir_user u ON u.id = e.userId WHERE d.id = ?"

	selectUserHead = "SELECT h.username FROM dir_user u JOIN dir_employment e ON e.userId = u.id JOIN dir_department d ON d.id = e.departmentId" +
		" JOIN dir_employment he ON he.id = d.hod JOIN dir_user h ON h.id = he.userId WHERE u.username = ? ORDER BY h.username"

	selectReportTo = "SELECT h.username FROM dir_user u JOIN dir_employment e ON e.userId = u.id JOIN dir_employment_report_to r ON r.employmentId = e.id" +
		" JOIN dir_employment he ON he.id = r.reportToId JOIN dir_user h ON h.id = he.userId WHERE u.username = ? ORDER BY h.username"

	selectSubordinates = "SELECT u.username FROM dir_user h JOIN dir_employment he ON he.userId = h.id JOIN dir_department d ON d.hod = he.id" +
		" JOIN dir_employment e ON e.departmentId = d.id JOIN dir_user u ON u.id = e.userId WHERE h.username = ? AND u.username <> ? ORDER BY u.username"

	selectColleagues = "SELECT c.username FROM dir_user u JOIN dir_employment e ON e.userId = u.id JOIN dir_employment ce ON ce.departmentId = e.departmentId" +
		" JOIN dir_user c ON c.id = ce.userId WHERE u.username = ? ORDER BY c.username"

	selectReplacements = "SELECT username, appId, processIds FROM dir_user_replacement WHERE replacementUser = ? AND startDate <= ? AND endDate >= ?"
)

// Instances.
const (
	selectInstance = "SELECT oid, PDefName, Name, State, ResourceRequesterId, ActivityRequesterId, ActivityRequesterProcessId, Created, Started, LimitTime" +
		" FROM SHKProcesses WHERE Id = ?"

	insertInstance = "INSERT INTO SHKProcesses (SyncVersion, Id, ProcessDefinition, PDefName, ActivityRequesterId, ActivityRequesterProcessId, ResourceRequesterId," +
		" ExternalRequesterClassName, State, Priority, Name, Created, CreatedTZO, Started, StartedTZO, LastStateTime, LastStateTimeTZO, LimitTime, LimitTimeTZO, Description, oid, version)" +
		" VALUES (0, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, 0)"

	updateStarted      = "UPDATE SHKProcesses SET State = ?, Started = ?, StartedTZO = ?, LastStateTime = ?, LastStateTimeTZO = ?, LimitTime = ?, version = version + 1 WHERE oid = ?"
	updateProcessState = "UPDATE SHKProcesses SET State = ?, LastStateTime = ?, LastStateTimeTZO = ?, version = version + 1 WHERE oid = ?"
	updateInstanceName = "UPDATE SHKProcesses SET Name = ?, version = version + 1 WHERE oid = ?"
	selectChildren     = "SELECT Id FROM SHKProcesses WHERE ActivityRequesterProcessId = ? ORDER BY oid"
	deleteInstance     = "DELETE FROM SHKProcesses WHERE oid = ?"

	insertRequester = "INSERT INTO SHKProcessRequesters (Id, ActivityRequester, ResourceRequester, oid, version) VALUES (?, ?, ?, ?, 0)"

	selectResource = "SELECT oid, Username FROM SHKResourcesTable WHERE Username = ?"
	insertResource = "INSERT INTO SHKResourcesTable (Username, Name, oid, version) VALUES (?, NULL, ?, 0)"
)

// Rows are deleted and changed by their primary key only: on small tables the
// optimizer prefers scans, which lock the rows of other instances.

// owned are tables with rows that hang on an instance, in the order in which
// its foreign keys allow to delete them; find takes the instance's oid.
var owned = []struct{ find, remove string }{
	{"SELECT oid FROM SHKDeadlines WHERE Process = ?", "DELETE FROM SHKDeadlines WHERE oid = ?"},
	{"SELECT oid FROM SHKAndJoinTable WHERE Process = ?", "DELETE FROM SHKAndJoinTable WHERE oid = ?"},
	{"SELECT d.oid FROM SHKActivityData d JOIN SHKActivities a ON a.oid = d.Activity WHERE a.Process = ?", "DELETE FROM SHKActivityData WHERE oid = ?"},
	{"SELECT t.oid FROM SHKAssignmentsTable t JOIN SHKActivities a ON a.oid = t.Activity WHERE a.Process = ?", "DELETE FROM SHKAssignmentsTable WHERE oid = ?"},
	{"SELECT r.oid FROM SHKProcessRequesters r JOIN SHKActivities a ON a.oid = r.ActivityRequester WHERE a.Process = ?", "DELETE FROM SHKProcessRequesters WHERE oid = ?"},
	{"SELECT oid FROM SHKActivities WHERE Process = ?", "DELETE FROM SHKActivities WHERE oid = ?"},
	{"SELECT oid FROM SHKProcessData WHERE Process = ?", "DELETE FROM SHKProcessData WHERE oid = ?"},
	{"SELECT r.oid FROM SHKProcessRequesters r JOIN SHKProcesses p ON p.Id = r.Id WHERE p.oid = ?", "DELETE FROM SHKProcessRequesters WHERE oid = ?"},
}

// Variables. The columns between name and CNT are those of columns.
const (
	variableColumns = "VariableDefinitionId, VariableType, VariableValue, VariableValueVCHAR, VariableValueDBL, VariableValueLONG, VariableValueDATE, VariableValueBOOL"

	selectInstanceVariables = "SELECT oid, version, " + variableColumns + ", 0 FROM SHKProcessData WHERE Process = ? ORDER BY oid"
	selectActivityVariables = "SELECT oid, version, " + variableColumns + ", IsResult FROM SHKActivityData WHERE Activity = ? ORDER BY oid"

	insertInstanceVariables = "INSERT INTO SHKProcessData (Process, " + variableColumns + ", OrdNo, CNT, oid, version) VALUES "
	instanceVariableRow     = "(?, ?, ?, ?, ?, ?, ?, ?, ?, -1, ?, ?, 0)"
	insertActivityVariables = "INSERT INTO SHKActivityData (Activity, " + variableColumns + ", IsResult, OrdNo, CNT, oid, version) VALUES "
	activityVariableRow     = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, -1, ?, ?, 0)"

	variableAssignments = "VariableType = ?, VariableValue = ?, VariableValueVCHAR = ?, VariableValueDBL = ?, VariableValueLONG = ?, VariableValueDATE = ?, VariableValueBOOL = ?, version = version + 1"

	updateInstanceVariable = "UPDATE SHKProcessData SET " + variableAssignments + " WHERE oid = ? AND version = ?"
	raiseInstanceVariable  = "UPDATE SHKProcessData SET version = version + 1 WHERE oid = ?"
	updateActivityVariable = "UPDATE SHKActivityData SET IsResult = 1, " + variableAssignments + " WHERE oid = ?"
)

// Activities, assignments, tokens, deadlines.
const (
	activityColumns = "SELECT oid, version, Id, ActivityDefinitionId, ProcessId, State, ResourceId, Performer, Name, Activated FROM SHKActivities"

	selectActivityByID   = activityColumns + " WHERE Id = ?"
	selectOpenActivities = activityColumns + " WHERE Process = ? AND State IN (?, ?, ?) ORDER BY oid"
	selectAllActivities  = activityColumns + " WHERE Process = ? ORDER BY oid"

	selectActivityTimes = "SELECT Accepted, LastStateTime FROM SHKActivities WHERE oid = ?"

	selectPerformer = "SELECT ResourceId FROM SHKActivities WHERE ProcessId = ? AND ActivityDefinitionId = ? AND ResourceId IS NOT NULL ORDER BY oid DESC"

	insertActivity = "INSERT INTO SHKActivities (Id, ActivitySetDefinitionId, ActivityDefinitionId, Process, TheResource, PDefName, ProcessId, ResourceId, State, BlockActivityId," +
		" Performer, IsPerformerAsynchronous, Priority, Name, Activated, ActivatedTZO, Accepted, AcceptedTZO, LastStateTime, LastStateTimeTZO, LimitTime, LimitTimeTZO, Description, oid, version)" +
		" VALUES (?, ?, ?, ?, NULL, ?, ?, NULL, ?, NULL, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"

	updateActivityState = "UPDATE SHKActivities SET State = ?, LastStateTime = ?, LastStateTimeTZO = ?, version = version + 1 WHERE oid = ? AND version = ?"
	updatePerformer     = "UPDATE SHKActivities SET Performer = ?, version = version + 1 WHERE oid = ? AND version = ?"
	updateAccepted      = "UPDATE SHKActivities SET State = ?, ResourceId = ?, TheResource = ?, Accepted = ?, AcceptedTZO = ?, LastStateTime = ?, LastStateTimeTZO = ?," +
		" version = version + 1 WHERE oid = ? AND version = ?"
	updateWithdrawn = "UPDATE SHKActivities SET State = ?, ResourceId = NULL, TheResource = NULL, Accepted = ?, AcceptedTZO = ?, LastStateTime = ?, LastStateTimeTZO = ?," +
		" version = version + 2 WHERE oid = ? AND version = ?"
	raiseActivity     = "UPDATE SHKActivities SET version = version + 1 WHERE oid = ?"
	selectInterrupted = "SELECT a.Id FROM SHKActivities a JOIN SHKProcesses p ON p.oid = a.Process WHERE a.State = ? AND p.State = ?" +
		" AND a.ResourceId IS NULL AND a.Performer IS NULL ORDER BY a.oid"

	insertAssignment = "INSERT INTO SHKAssignmentsTable (Activity, TheResource, ActivityId, ActivityProcessId, ActivityProcessDefName, ResourceId, IsAccepted, IsValid, CNT, oid, version)" +
		" VALUES (?, ?, ?, ?, ?, ?, 0, 1, ?, ?, 0)"
	selectAssignmentOIDs  = "SELECT oid FROM SHKAssignmentsTable WHERE Activity = ?"
	selectAssignmentOf    = "SELECT oid FROM SHKAssignmentsTable WHERE Activity = ? AND ResourceId = ? AND IsValid = 1"
	selectAccepted        = "SELECT oid FROM SHKAssignmentsTable WHERE Activity = ? AND ResourceId = ? AND IsAccepted = 1"
	selectAssignmentOID   = "SELECT oid FROM SHKAssignmentsTable WHERE Activity = ? AND TheResource = ?"
	selectOthersOIDs      = "SELECT oid FROM SHKAssignmentsTable WHERE Activity = ? AND TheResource <> ?"
	deleteAssignment      = "DELETE FROM SHKAssignmentsTable WHERE oid = ?"
	updateAssignmentTaken = "UPDATE SHKAssignmentsTable SET IsAccepted = 1, version = version + 1 WHERE oid = ?"
	updateAssignmentMoved = "UPDATE SHKAssignmentsTable SET TheResource = ?, ResourceId = ?, IsAccepted = 0, version = version + 1 WHERE oid = ?"
	updateAssignmentFreed = "UPDATE SHKAssignmentsTable SET IsAccepted = 0, version = version + 1 WHERE oid = ?"
	selectArrivals        = "SELECT oid FROM SHKAndJoinTable WHERE Process = ? AND ActivityDefinitionId = ?"
	deleteArrival         = "DELETE FROM SHKAndJoinTable WHERE oid = ?"
	selectAssignees       = "SELECT ResourceId FROM SHKAssignmentsTable WHERE Activity = ? AND IsValid = 1 ORDER BY ResourceId"

	selectUserActivities = "SELECT t.ActivityId FROM SHKAssignmentsTable t JOIN SHKActivities a ON a.oid = t.Activity WHERE t.ResourceId = ? AND t.IsValid = 1 AND a.State = ? ORDER BY t.CNT"

	countArrivals = "SELECT COUNT(*) FROM SHKAndJoinTable WHERE Process = ? AND ActivityDefinitionId = ?"
	insertArrival = "INSERT INTO SHKAndJoinTable (Process, BlockActivity, ActivityDefinitionId, Activity, CNT, oid, version) VALUES (?, NULL, ?, ?, ?, ?, 0)"

	insertDeadline = "INSERT INTO SHKDeadlines (Process, Activity, CNT, TimeLimit, TimeLimitTZO, ExceptionName, IsSynchronous, IsExecuted, oid, version)" +
		" VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, 0)"
	updateDeadlineExecuted = "UPDATE SHKDeadlines SET IsExecuted = 1, version = version + 1 WHERE oid = ?"
	selectDueDeadlines     = "SELECT d.oid, a.Id, d.ExceptionName FROM SHKDeadlines d JOIN SHKActivities a ON a.oid = d.Activity JOIN SHKProcesses p ON p.oid = d.Process" +
		" WHERE d.IsExecuted = 0 AND d.TimeLimit < ? AND p.State = ? AND a.State IN (?, ?) ORDER BY d.oid"
)

// Links and history.
const (
	selectLink        = "SELECT parentProcessId, originProcessId FROM wf_process_link WHERE processId = ?"
	selectLinkHistory = "SELECT parentProcessId, originProcessId FROM wf_process_link_history WHERE processId = ?"
	insertLink        = "INSERT INTO wf_process_link (processId, parentProcessId, originProcessId) VALUES (?, ?, ?)"
	insertLinkHistory = "INSERT INTO wf_process_link_history (processId, parentProcessId, originProcessId) VALUES (?, ?, ?)"
	deleteLink        = "DELETE FROM wf_process_link WHERE processId = ?"

	insertHistory = "INSERT INTO wf_history_process (processId, processName, processRequesterId, resourceRequesterId, version, processDefId, started, created, lastStateTime," +
		" limitDuration, due, state, variables) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	insertActivityHistory = "INSERT INTO wf_history_activity (activityId, activityName, activityDefId, activated, accepted, lastStateTime, limitDuration, participantId," +
		" assignmentUsers, performer, state, type, due, variables, processId) VALUES (?, ?, ?, ?, ?, ?, NULL, ?, '', ?, ?, ?, NULL, ?, ?)"
	insertAudit = "INSERT INTO wf_audit_trail (id, username, clazz, method, message, timestamp, appId, appVersion) VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)"
)

// Views of instances. Conditions are put together from the fragments below;
// values always go by placeholder.
const (
	fromLive = " FROM SHKProcesses p LEFT JOIN wf_process_link l ON l.processId = p.Id WHERE p.State IN (?, ?, ?)"
	fromPast = " FROM wf_history_process p LEFT JOIN wf_process_link_history l ON l.processId = p.processId WHERE 1 = 1"

	liveColumns = "SELECT p.Id, p.Name, p.State, p.PDefName, p.Created, p.Started, p.LastStateTime, p.ResourceRequesterId, p.LimitTime, COALESCE(l.originProcessId, p.Id)"
	pastColumns = "SELECT p.processId, p.processName, p.state, p.processDefId, p.created, p.started, p.lastStateTime, p.resourceRequesterId, COALESCE(l.originProcessId, p.processId)"

	selectLiveView = liveColumns + " FROM SHKProcesses p LEFT JOIN wf_process_link l ON l.processId = p.Id WHERE p.Id = ?"
	selectPastView = pastColumns + " FROM wf_history_process p LEFT JOIN wf_process_link_history l ON l.processId = p.processId WHERE p.processId = ?"

	selectPastVariables = "SELECT variables FROM wf_history_process WHERE processId = ?"
	selectInstanceOID   = "SELECT oid FROM SHKProcesses WHERE Id = ?"
	countAll            = "SELECT COUNT(*)"
)

// liveFilters and pastFilters are conditions by filter name.
var (
	liveFilters = map[string]string{
		"package": "p.PDefName LIKE ?", "version": "p.PDefName LIKE ?", "instance": "p.Id LIKE ?", "name": "p.Name LIKE ?",
		"requester": "p.ResourceRequesterId = ?", "record": "COALESCE(l.originProcessId, p.Id) LIKE ?",
	}
	pastFilters = map[string]string{
		"package": "p.processDefId LIKE ?", "version": "p.processDefId LIKE ?", "instance": "p.processId LIKE ?", "name": "p.processName LIKE ?",
		"requester": "p.resourceRequesterId = ?", "record": "COALESCE(l.originProcessId, p.processId) LIKE ?",
	}
	liveOrder = map[string]string{"id": "p.Id", "name": "p.Name", "Started": "p.Started", "Created": "p.Created"}
	pastOrder = map[string]string{"id": "p.processId", "name": "p.processName", "Started": "p.started", "Created": "p.created"}
)

// Views of activities and assignments.
const (
	activityViewColumns = "SELECT a.Id, a.ActivityDefinitionId, a.ProcessId, a.PDefName, a.State, a.Name, a.Activated, a.LastStateTime, a.LimitTime, a.ResourceId, a.Performer, a.oid FROM SHKActivities a"

	selectActivityView  = activityViewColumns + " WHERE a.Id = ?"
	selectActivityViews = activityViewColumns + " WHERE a.ProcessId = ? ORDER BY a.oid"

	pastActivityColumns = "SELECT h.activityId, h.activityDefId, h.processId, p.processDefId, h.state, h.activityName, h.activated, h.lastStateTime, h.performer, h.variables" +
		" FROM wf_history_activity h JOIN wf_history_process p ON p.processId = h.processId"

	selectPastActivity   = pastActivityColumns + " WHERE h.activityId = ?"
	selectPastActivities = pastActivityColumns + " WHERE h.processId = ? ORDER BY h.activated, h.activityId"

	selectWork = "SELECT t.ActivityId, t.ActivityProcessId, t.ActivityProcessDefName, t.IsAccepted, a.Name, a.Activated, a.LimitTime, p.Name" +
		" FROM SHKAssignmentsTable t JOIN SHKActivities a ON a.oid = t.Activity JOIN SHKProcesses p ON p.oid = a.Process" +
		" WHERE t.ResourceId = ? AND t.IsValid = 1 AND a.State IN (?, ?) ORDER BY a.Activated, a.oid"

	selectDefinitions = "SELECT PackageId, ProcessDefinitionId, ProcessDefinitionVersion FROM SHKProcessDefinitions ORDER BY oid"
)
