package seed

import (
	"strings"

	"jogetferry/test/simulator/schema"
)

const (
	selectDefinitions = `SELECT d.Name, d.oid, d.PackageId, d.ProcessDefinitionId, d.ProcessDefinitionVersion, CASE WHEN a.published=1 THEN 1 ELSE 0 END
FROM SHKProcessDefinitions d
LEFT JOIN app_package p ON p.packageId=d.PackageId AND p.packageVersion=CAST(d.ProcessDefinitionVersion AS UNSIGNED)
LEFT JOIN app_app a ON a.appId=p.appId AND a.appVersion=p.appVersion`
	selectResources   = "SELECT Username, oid FROM SHKResourcesTable"
	selectTakenIDs    = "SELECT Id FROM SHKProcesses UNION SELECT processId FROM wf_history_process"
	updateEnvironment = "UPDATE app_env_variable SET value=? WHERE appId='leave' AND id='leaveNo'"
	selectEnvironment = "SELECT COALESCE(MAX(CAST(value AS UNSIGNED)), 0) FROM app_env_variable WHERE appId='leave' AND id='leaveNo'"
	ignoreDepartments = "INSERT IGNORE INTO app_fd_onb_department (id, dateCreated, createdBy, c_title, c_costCentre) VALUES (?,?,'admin',?,?)"
)

// table is a table with the columns seeds write, in the order of their values.
type table struct {
	name    string
	columns []string
}

func tableOf(name, columns string) table {
	return table{name, strings.Fields(columns)}
}

const (
	valueColumns  = "VariableDefinitionId VariableType VariableValue VariableValueVCHAR VariableValueDBL VariableValueLONG VariableValueDATE VariableValueBOOL OrdNo CNT oid version"
	linkColumns   = "processId parentProcessId originProcessId"
	formColumns   = "id dateCreated dateModified createdBy createdByName modifiedBy modifiedByName"
	maxRows       = 500     // rows of one INSERT
	maxBytes      = 4 << 20 // of values in one INSERT, about
	maxParameters = 60000   // of one statement; the protocol's limit is 65535
)

// The tables a seed writes, parents before children.
var (
	resources       = tableOf("SHKResourcesTable", "Username Name oid version")
	processTable    = tableOf("SHKProcesses", "SyncVersion Id ProcessDefinition PDefName ActivityRequesterId ActivityRequesterProcessId ResourceRequesterId ExternalRequesterClassName State Priority Name Created CreatedTZO Started StartedTZO LastStateTime LastStateTimeTZO LimitTime LimitTimeTZO Description oid version")
	activityTable   = tableOf("SHKActivities", "Id ActivitySetDefinitionId ActivityDefinitionId Process TheResource PDefName ProcessId ResourceId State BlockActivityId Performer IsPerformerAsynchronous Priority Name Activated ActivatedTZO Accepted AcceptedTZO LastStateTime LastStateTimeTZO LimitTime LimitTimeTZO Description oid version")
	requesters      = tableOf("SHKProcessRequesters", "Id ActivityRequester ResourceRequester oid version")
	processData     = tableOf("SHKProcessData", "Process "+valueColumns)
	activityData    = tableOf("SHKActivityData", "Activity IsResult "+valueColumns)
	assignments     = tableOf("SHKAssignmentsTable", "Activity TheResource ActivityId ActivityProcessId ActivityProcessDefName ResourceId IsAccepted IsValid CNT oid version")
	andJoins        = tableOf("SHKAndJoinTable", "Process BlockActivity ActivityDefinitionId Activity CNT oid version")
	deadlines       = tableOf("SHKDeadlines", "Process Activity CNT TimeLimit TimeLimitTZO ExceptionName IsSynchronous IsExecuted oid version")
	links           = tableOf("wf_process_link", linkColumns)
	linkHistory     = tableOf("wf_process_link_history", linkColumns)
	processHistory  = tableOf("wf_history_process", "processId processName processRequesterId resourceRequesterId version processDefId started created lastStateTime limitDuration due state variables")
	activityHistory = tableOf("wf_history_activity", "activityId activityName activityDefId activated accepted lastStateTime limitDuration participantId assignmentUsers performer state type due variables processId")
)

var engineTables = []table{
	resources, processTable, activityTable, requesters, processData, activityData, assignments, andJoins, deadlines,
	links, linkHistory, processHistory, activityHistory,
}

// insert renders a multi-row INSERT.
func insert(t table, rows int) string {
	quoted := make([]string, len(t.columns))
	for i, c := range t.columns {
		quoted[i] = schema.Quote(c)
	}
	row := "(?" + strings.Repeat(",?", len(t.columns)-1) + ")"
	return "INSERT INTO " + schema.Quote(t.name) + " (" + strings.Join(quoted, ",") + ") VALUES " + row + strings.Repeat(","+row, rows-1)
}
