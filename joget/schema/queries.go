package schema

// The texts of all queries. {Name} stands for a table whose real name may
// differ in case, (...) for a list of values.

// Snapshots.
const (
	nextIsolation = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
	startSnapshot = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
	rollback      = "ROLLBACK"
)

// The server.
const (
	selectTables   = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
	selectHostname = "SELECT @@hostname"
	selectPort     = "SELECT @@port"
	selectDatabase = "SELECT DATABASE()"
	selectVersion  = "SELECT VERSION()"
	selectClock    = "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"
	showGrants     = "SHOW GRANTS"
	// Neither family has all of them, and one of a family's releases has words for numbers.
	showReadOnly = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('innodb_read_only', 'super_read_only', 'read_only') AND Value NOT IN ('OFF', '0')"

	// The master password is read as set or not.
	selectSettings = `SELECT property, CASE WHEN property <> 'masterLoginPassword' THEN value WHEN value IS NULL OR value = '' THEN '' ELSE '***' END
FROM {wf_setup} WHERE property IN (...)`
	selectCounters = "SELECT name, the_number FROM {SHKCounters} WHERE name IN (...)"
	selectNextOID  = "SELECT nextoid FROM {objectid}"
	// Joget writes the line before the login holds, so that the user may stand in the message only.
	countLogins = "SELECT COUNT(*) FROM {wf_audit_trail} WHERE method = 'authenticate' AND (username = ? OR INSTR(message, ?) > 0)"
)

// The directory.
const (
	selectUsers       = "SELECT username, id, active FROM {dir_user} WHERE username IN (...)"
	selectUsernames   = "SELECT username FROM {dir_user} WHERE username IS NOT NULL ORDER BY username LIMIT ?"
	selectMemberships = `SELECT 'role', userId, roleId FROM {dir_user_role} WHERE userId IN (...)
UNION ALL SELECT 'group', userId, groupId FROM {dir_user_group} WHERE userId IN (...)
UNION ALL SELECT 'department', userId, departmentId FROM {dir_employment} WHERE departmentId IS NOT NULL AND userId IN (...)`
	countUsers   = "SELECT COUNT(DISTINCT CASE WHEN u.active = 1 THEN u.username END), COUNT(DISTINCT u.username) FROM {dir_user} u WHERE u.id IN (...)"
	countMembers = "SELECT COUNT(DISTINCT CASE WHEN u.active = 1 THEN u.username END), COUNT(DISTINCT u.username) FROM {dir_user_group} g JOIN {dir_user} u ON u.id = g.userId WHERE g.groupId IN (...)"
	selectHead   = "SELECT e.userId, d.parentId FROM {dir_department} d LEFT JOIN {dir_employment} e ON e.id = d.hod WHERE d.id = ?"
)

// Instances.
const (
	selectProcessStates  = "SELECT oid, KeyValue FROM {SHKProcessStates}"
	selectActivityStates = "SELECT oid, KeyValue FROM {SHKActivityStates}"
	selectDefinitions    = "SELECT oid, Name FROM {SHKProcessDefinitions}"
	selectPackages       = "SELECT packageId, packageVersion, appId, appVersion FROM {app_package}"

	headColumns = `SELECT p.oid, p.Id, p.PDefName, p.State, p.ResourceRequesterId, p.ActivityRequesterId, p.ActivityRequesterProcessId,
p.Created, p.Started, p.LastStateTime, p.version FROM {SHKProcesses} p`
	selectHeads = headColumns + " WHERE p.Id IN (...)"
	// Only the primary key may lead: by another index each page would go through
	// all open instances again. Hence the expressions, which no index fits.
	selectRoots = headColumns + " WHERE p.oid > ? AND <roots> AND p.State + 0 IN (...) ORDER BY p.oid LIMIT ?"
	// The same, of some definitions only.
	selectRootsOf = headColumns + " WHERE p.oid > ? AND <roots> AND p.State + 0 IN (...) AND p.ProcessDefinition + 0 IN (...) ORDER BY p.oid LIMIT ?"

	// What stands for <roots>; see Roots.
	uncalled  = "COALESCE(p.ActivityRequesterId, '') = ''"
	unawaited = `(COALESCE(p.ActivityRequesterId, '') = ''
OR EXISTS (SELECT 1 FROM {SHKActivities} a WHERE a.Id = p.ActivityRequesterId AND a.IsPerformerAsynchronous <> 0)
OR NOT EXISTS (SELECT 1 FROM {SHKActivities} a WHERE a.Id = p.ActivityRequesterId)
AND NOT EXISTS (SELECT 1 FROM {SHKProcesses} c WHERE c.Id = p.ActivityRequesterProcessId))`

	selectProcessData = `SELECT d.Process, d.VariableDefinitionId, d.VariableType, d.VariableValueVCHAR, d.VariableValueLONG, d.VariableValueDBL,
d.VariableValueBOOL, d.VariableValueDATE, d.VariableValue, d.OrdNo FROM {SHKProcessData} d WHERE d.Process IN (...)`
	selectActivityData = `SELECT d.Activity, d.VariableDefinitionId, d.VariableType, d.VariableValueVCHAR, d.VariableValueLONG, d.VariableValueDBL,
d.VariableValueBOOL, d.VariableValueDATE, d.VariableValue, d.OrdNo FROM {SHKActivityData} d WHERE d.Activity IN (...)`

	// What has not come (docs/joget.md#times) is in none of these columns.
	selectZones = `SELECT zone, MAX(seen) newest FROM (
SELECT ActivatedTZO zone, MAX(Activated) seen FROM {SHKActivities} GROUP BY ActivatedTZO
UNION ALL SELECT CreatedTZO, MAX(Created) FROM {SHKProcesses} GROUP BY CreatedTZO) z GROUP BY zone ORDER BY newest DESC`

	activityColumns = `SELECT a.oid, a.Process, a.Id, a.ActivityDefinitionId, a.ActivitySetDefinitionId, a.State, a.ResourceId, a.Performer, a.IsPerformerAsynchronous, a.Priority,
a.Activated, a.Accepted, a.LastStateTime, a.version FROM {SHKActivities} a`
	selectOpenActivities = activityColumns + " WHERE a.Process IN (...) AND a.State IN (...) ORDER BY a.Activated, a.oid"
	selectAllActivities  = activityColumns + " WHERE a.Process IN (...) ORDER BY a.Activated, a.oid"

	selectAssignments = "SELECT t.Activity, t.ResourceId, t.IsAccepted FROM {SHKAssignmentsTable} t WHERE t.Activity IN (...) AND t.IsValid = 1"
	selectDeadlines   = `SELECT d.Activity, COUNT(*), MIN(CASE WHEN d.IsExecuted = 0 THEN d.TimeLimit END)
FROM {SHKDeadlines} d WHERE d.Activity IN (...) GROUP BY d.Activity`
	selectTokens = `SELECT j.Process, j.ActivityDefinitionId, a.ActivityDefinitionId, a.ResourceId FROM {SHKAndJoinTable} j
JOIN {SHKActivities} a ON a.oid = j.Activity WHERE j.Process IN (...)`
	// Two queries, since servers join these tables from the wrong end: through all open instances.
	// IsPerformerAsynchronous is 0, not NULL, of every activity that calls nothing.
	selectCallers = `SELECT a.Process, a.Id, a.ActivityDefinitionId, a.IsPerformerAsynchronous FROM {SHKActivities} a
WHERE a.Process IN (...) AND (a.Performer IS NOT NULL OR a.IsPerformerAsynchronous <> 0)`
	selectChildren = "SELECT c.oid, c.Id, c.PDefName, c.State, c.ActivityRequesterId FROM {SHKProcesses} c WHERE c.ActivityRequesterId IN (...) AND c.State + 0 IN (...)"

	selectOpenDefinitions = "SELECT d.Name FROM {SHKProcessDefinitions} d WHERE EXISTS (SELECT 1 FROM {SHKProcesses} p WHERE p.ProcessDefinition = d.oid AND p.State IN (...)) ORDER BY d.Name"
	// What no person did, routes and tools, has no ResourceId.
	countRecentWork = `SELECT p.PDefName, COUNT(*) FROM {SHKProcesses} p JOIN {SHKActivities} a ON a.Process = p.oid
WHERE p.State IN (...) AND a.ResourceId IS NOT NULL AND a.LastStateTime >= ? GROUP BY p.PDefName`

	// The state leads: no index has ActivityRequesterProcessId.
	selectCalledFrom = "SELECT p.Id FROM {SHKProcesses} p WHERE p.State IN (...) AND p.ActivityRequesterProcessId = ?"

	countOpen          = "SELECT COUNT(*) FROM {SHKProcesses} p WHERE p.State IN (...)"
	countRoots         = "SELECT COUNT(*) FROM {SHKProcesses} p WHERE p.State IN (...) AND p.ActivityRequesterId IS NULL"
	selectOpenChildren = `SELECT c.Id, a.State, a.IsPerformerAsynchronous, a.Id IS NULL AND q.Id IS NULL, r.Id, r.State, r.ActivityRequesterId
FROM {SHKProcesses} c
LEFT JOIN {SHKActivities} a ON a.Id = c.ActivityRequesterId
LEFT JOIN {SHKProcesses} r ON r.oid = a.Process
LEFT JOIN {SHKProcesses} q ON q.Id = c.ActivityRequesterProcessId
WHERE c.State IN (...) AND c.ActivityRequesterId IS NOT NULL`
)

// Links and history.
const (
	linkColumns         = "SELECT processId, parentProcessId, originProcessId FROM "
	selectLinks         = linkColumns + "{wf_process_link} WHERE processId IN (...)"
	selectLinksHistory  = linkColumns + "{wf_process_link_history} WHERE processId IN (...)"
	selectOrigin        = linkColumns + "{wf_process_link} WHERE originProcessId = ?"
	selectOriginHistory = linkColumns + "{wf_process_link_history} WHERE originProcessId = ?"
	selectParent        = linkColumns + "{wf_process_link} WHERE parentProcessId = ?"
	selectParentHistory = linkColumns + "{wf_process_link_history} WHERE parentProcessId = ?"
	// Which of some records are linked to. No index helps with parents.
	selectOrigins        = "SELECT originProcessId FROM {wf_process_link} WHERE originProcessId IN (...)"
	selectOriginsHistory = "SELECT originProcessId FROM {wf_process_link_history} WHERE originProcessId IN (...)"
	selectParents        = "SELECT parentProcessId FROM {wf_process_link} WHERE parentProcessId IN (...)"
	selectParentsHistory = "SELECT parentProcessId FROM {wf_process_link_history} WHERE parentProcessId IN (...)"
	selectOwn            = "SELECT Id FROM {SHKProcesses} WHERE Id IN (...)"

	selectHistory = `SELECT processId, processDefId, resourceRequesterId, processRequesterId, state, created, variables
FROM {wf_history_process} WHERE processId IN (...)`

	// Compared by the columns' collation on purpose, as Joget's own look-up does.
	selectSameLink           = "SELECT processId FROM {wf_process_link} WHERE processId IN (...)"
	selectArchivedActivities = `SELECT activityId, activityDefId, type, state, performer, lastStateTime
FROM {wf_history_activity} WHERE processId = ? ORDER BY lastStateTime, activityId`

	selectNeverStarted = `SELECT p.Id FROM {SHKProcesses} p LEFT JOIN {wf_process_link} l ON l.processId = p.Id
WHERE p.PDefName = ? AND p.ResourceRequesterId = ? AND p.State IN (...) AND COALESCE(p.ActivityRequesterId, '') = '' AND l.processId IS NULL ORDER BY p.oid`

	selectArchivedBeginnings = "SELECT processId, variables FROM {wf_history_activity} WHERE processId IN (...) ORDER BY activated, activityId"

	selectSameLinkHistory = "SELECT processId FROM {wf_process_link_history} WHERE processId IN (...)"
	selectSameProcess     = "SELECT Id FROM {SHKProcesses} WHERE Id IN (...)"
)

// Definitions.
const (
	selectApps        = "SELECT appId, appVersion, published FROM {app_app} WHERE appId = ? ORDER BY appVersion"
	selectAppPackages = "SELECT appId, appVersion, packageId, packageVersion FROM {app_package} WHERE appId = ?"
	selectDefinition  = "SELECT Name FROM {SHKProcessDefinitions} WHERE Name = ?"
	selectXPDL        = "SELECT x.XPDLId, d.XPDLContent FROM {SHKXPDLS} x JOIN {SHKXPDLData} d ON d.XPDL = x.oid WHERE x.XPDLId = ? AND x.XPDLVersion = ?"
	selectForms       = "SELECT appId, appVersion, formId, tableName, json FROM {app_form} WHERE appId = ? ORDER BY appVersion, formId"
	// Compared by the column's collation on purpose, as Joget's own look-up does.
	selectSameForms = "SELECT appId, formId FROM {app_form} WHERE appId = ? AND formId = ? ORDER BY formId"
	// Compared by the column's collation on purpose, as names of tables are on some systems.
	selectSharers = "SELECT DISTINCT appId FROM {app_form} WHERE tableName IN (...) ORDER BY appId"

	// Joget finds a process by the version of the app alone, whatever its package is.
	selectReportApps       = "SELECT a.uuid, a.appId, a.appVersion, NULL, NULL FROM {app_report_app} a WHERE a.appId IN (...) ORDER BY a.uuid"
	selectReportPackages   = "SELECT p.uuid, a.appId, a.appVersion, p.packageId, p.packageVersion FROM {app_report_package} p JOIN {app_report_app} a ON a.uuid = p.appUid WHERE a.appId IN (...) ORDER BY p.uuid"
	selectReportProcesses  = "SELECT c.uuid, a.appId, a.appVersion, c.processDefId, NULL FROM {app_report_process} c JOIN {app_report_package} p ON p.uuid = c.packageUid JOIN {app_report_app} a ON a.uuid = p.appUid WHERE a.appId IN (...) ORDER BY c.uuid"
	selectReportActivities = "SELECT t.uuid, a.appId, a.appVersion, c.processDefId, t.activityDefId FROM {app_report_activity} t JOIN {app_report_process} c ON c.uuid = t.processUid JOIN {app_report_package} p ON p.uuid = c.packageUid JOIN {app_report_app} a ON a.uuid = p.appUid WHERE a.appId IN (...) ORDER BY t.uuid"

	selectFormsOn     = "SELECT appId, appVersion, formId, tableName, json FROM {app_form} WHERE tableName = ? ORDER BY appId, appVersion, formId"
	selectMappedForms = "SELECT packageId, formId FROM {app_package_activity_form} WHERE packageId = ? ORDER BY formId"
	selectFormsOf     = "SELECT appId, appVersion, formId, tableName, json FROM {app_form} WHERE appId = ? AND appVersion = ? ORDER BY formId"

	selectActivityForms   = "SELECT packageId, processDefId, activityDefId, type, formId FROM {app_package_activity_form} WHERE packageId = ? AND packageVersion = ? ORDER BY processDefId, activityDefId"
	selectActivityPlugins = "SELECT packageId, processDefId, activityDefId, pluginName, pluginProperties FROM {app_package_activity_plugin} WHERE packageId = ? AND packageVersion = ? ORDER BY processDefId, activityDefId"
	selectParticipants    = "SELECT packageId, processDefId, participantId, type, value, pluginProperties FROM {app_package_participant} WHERE packageId = ? AND packageVersion = ? ORDER BY processDefId, participantId"
)

// Form tables.
const (
	selectCustomTables      = "SELECT json FROM {app_builder} WHERE type = ? AND id = ? AND json IS NOT NULL ORDER BY appId, appVersion"
	selectDatabaseCollation = "SELECT '', DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()"
	// To information_schema, names that differ by case are equal.
	selectTableCollation = "SELECT TABLE_NAME, COALESCE(TABLE_COLLATION, '') FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?"
	setDefinitionWait    = "SET SESSION lock_wait_timeout = ?"
	resetDefinitionWait  = "SET SESSION lock_wait_timeout = DEFAULT"
)

// Apps.
const (
	selectEnvironment    = "SELECT appId, id, value FROM {app_env_variable} WHERE appId = ? AND appVersion = ? ORDER BY id"
	selectPluginDefaults = "SELECT appId, id, pluginProperties FROM {app_plugin_default} WHERE appId = ? AND appVersion = ? ORDER BY id"

	selectCollation = "SELECT CHARACTER_SET_NAME, COLLATION_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND COLUMN_NAME = ?"

	// A link without an origin counts as none. Servers refuse to compare columns of
	// different collations, so that of the link is put in, which also keeps its index in use.
	// The weight is what the collation compares, but for the spaces at the end. Rows that
	// belong together come together: servers sort faster than they group. Of a subflow
	// without a link the record is its caller's.
	selectRootRecords = `SELECT CAST(r.record AS BINARY), WEIGHT_STRING(TRIM(TRAILING ' ' FROM r.record)) FROM (
SELECT COALESCE(CONVERT(NULLIF(l.originProcessId, '') USING utf8mb4), CONVERT(NULLIF(u.originProcessId, '') USING utf8mb4),
CONVERT(NULLIF(p.ActivityRequesterProcessId, '') USING utf8mb4), CONVERT(p.Id USING utf8mb4)) COLLATE utf8mb4_unicode_ci record
FROM {SHKProcesses} p LEFT JOIN {wf_process_link} l ON l.processId = CONVERT(p.Id USING <charset>) COLLATE <collation>
LEFT JOIN {wf_process_link} u ON u.processId = CONVERT(p.ActivityRequesterProcessId USING <charset>) COLLATE <collation>
WHERE p.State IN (...) AND <roots>) r ORDER BY r.record`
)

// selectClasses read a class name and a text that may mention others, by the table they need.
var selectClasses = []struct{ table, query string }{
	{"app_form", "SELECT NULL, json FROM {app_form}"},
	{"app_datalist", "SELECT NULL, json FROM {app_datalist}"},
	{"app_userview", "SELECT NULL, json FROM {app_userview}"},
	{"app_builder", "SELECT NULL, json FROM {app_builder}"},
	{"app_plugin_default", "SELECT id, pluginProperties FROM {app_plugin_default}"},
	{"app_package_activity_plugin", "SELECT pluginName, pluginProperties FROM {app_package_activity_plugin}"},
	{"app_package_participant", "SELECT CASE WHEN type = 'plugin' THEN value END, pluginProperties FROM {app_package_participant}"},
}

// Variables that are written. What is locked is locked in the order of oids, so that two
// who want the same wait for each other instead of being ended.
const (
	rowColumns = `d.oid, d.version, d.VariableDefinitionId, d.VariableType, d.VariableValueVCHAR, d.VariableValueLONG, d.VariableValueDBL,
d.VariableValueBOOL, d.VariableValueDATE, d.VariableValue, d.OrdNo`
	selectProcessRows  = "SELECT '', " + rowColumns + " FROM {SHKProcessData} d JOIN {SHKProcesses} p ON p.oid = d.Process WHERE p.Id = ? ORDER BY d.oid"
	selectActivityRows = "SELECT a.Id, " + rowColumns + " FROM {SHKActivityData} d JOIN {SHKActivities} a ON a.oid = d.Activity WHERE a.ProcessId = ? AND a.State IN (...) ORDER BY d.oid"

	// The rows of the instance and of its open activities may be read by others, not changed.
	lockInstance   = "SELECT p.oid, p.State FROM {SHKProcesses} p WHERE p.Id = ? LOCK IN SHARE MODE"
	lockActivities = "SELECT a.oid, a.Id, a.State, a.version FROM {SHKActivities} a WHERE a.Process = ? AND a.State IN (...) ORDER BY a.oid LOCK IN SHARE MODE"

	lockProcessRows  = "SELECT d.oid, d.version FROM {SHKProcessData} d WHERE d.Process = ? ORDER BY d.oid FOR UPDATE"
	lockActivityRows = "SELECT d.oid, d.version FROM {SHKActivityData} d WHERE d.Activity IN (...) ORDER BY d.oid FOR UPDATE"

	setColumns = ` SET VariableType = ?, VariableValue = ?, VariableValueVCHAR = ?, VariableValueDBL = ?, VariableValueLONG = ?, VariableValueDATE = ?,
VariableValueBOOL = ?, version = version + 1 WHERE oid = ? AND version = ?`
	updateProcessRow  = "UPDATE {SHKProcessData}" + setColumns
	updateActivityRow = "UPDATE {SHKActivityData}" + setColumns

	// Who may not do that is told so, and nothing is changed.
	proveProcessRow  = "UPDATE {SHKProcessData} SET VariableType = VariableType, version = version + 1 WHERE 1 = 0"
	proveActivityRow = "UPDATE {SHKActivityData} SET VariableType = VariableType, version = version + 1 WHERE 1 = 0"

	selectVariableColumns = `SELECT COLUMN_NAME, DATA_TYPE, COALESCE(CHARACTER_MAXIMUM_LENGTH, 0) FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?`
)
