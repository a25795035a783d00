package recorded_test

import (
	"database/sql"
	"testing"
)

const (
	insertUser     = "INSERT INTO dir_user (id, username, password, firstName, lastName, email, active, timeZone, locale) VALUES (?, ?, ?, '', '', '', 1, '0', NULL)"
	insertRole     = "INSERT INTO dir_user_role (roleId, userId) VALUES (?, ?)"
	insertResource = "INSERT INTO SHKResourcesTable (Username, Name, oid, version) VALUES (?, '', ?, 0)"
)

// queries read the recorded columns of the recorded tables, in the order of the
// recordings, which numbers the IDs.
var queries = []struct {
	table string
	key   []string // columns that tell rows apart in a difference
	query string
}{
	{"SHKProcesses", []string{"Id"}, `SELECT p.Id, p.PDefName, s.KeyValue AS st, p.State AS state_oid, p.Name, p.ActivityRequesterId, p.ActivityRequesterProcessId, p.ResourceRequesterId,
		p.ExternalRequesterClassName, p.Priority, p.Created, p.Started, p.LastStateTime, p.LimitTime, p.version
		FROM SHKProcesses p JOIN SHKProcessStates s ON s.oid = p.State ORDER BY p.oid`},
	{"SHKProcessRequesters", []string{"Id"}, `SELECT q.Id, a.Id AS ActivityRequester, r.Username AS ResourceRequester, q.version
		FROM SHKProcessRequesters q LEFT JOIN SHKActivities a ON a.oid = q.ActivityRequester LEFT JOIN SHKResourcesTable r ON r.oid = q.ResourceRequester ORDER BY q.oid`},
	{"SHKProcessData", []string{"process", "VariableDefinitionId"}, `SELECT p.Id AS process, d.VariableDefinitionId, d.VariableType, HEX(d.VariableValue) AS value_hex, d.VariableValueVCHAR, d.VariableValueDBL, d.VariableValueLONG,
		d.VariableValueDATE, d.VariableValueBOOL, d.OrdNo, d.version
		FROM SHKProcessData d JOIN SHKProcesses p ON p.oid = d.Process ORDER BY p.oid, d.VariableDefinitionId, d.OrdNo`},
	{"SHKActivities", []string{"Id"}, `SELECT a.Id, a.ProcessId, a.ActivityDefinitionId, s.KeyValue AS st, a.State AS state_oid, a.ResourceId, a.Performer, a.IsPerformerAsynchronous, a.Priority, a.Name,
		a.ActivitySetDefinitionId, a.BlockActivityId, a.Activated, a.Accepted, a.LastStateTime, a.LimitTime, a.PDefName, a.version
		FROM SHKActivities a JOIN SHKActivityStates s ON s.oid = a.State ORDER BY a.oid`},
	{"SHKActivityData", []string{"activity", "VariableDefinitionId"}, `SELECT a.Id AS activity, d.VariableDefinitionId, d.VariableType, d.VariableValueVCHAR, d.VariableValueLONG, d.VariableValueDBL, d.VariableValueDATE, d.VariableValueBOOL,
		d.IsResult, d.OrdNo, d.version
		FROM SHKActivityData d JOIN SHKActivities a ON a.oid = d.Activity ORDER BY a.oid, d.VariableDefinitionId, d.OrdNo`},
	{"SHKAssignmentsTable", []string{"ActivityId", "ResourceId"}, `SELECT ActivityId, ActivityProcessId, ActivityProcessDefName, ResourceId, IsAccepted, IsValid, version FROM SHKAssignmentsTable ORDER BY oid`},
	{"SHKAndJoinTable", []string{"ActivityDefinitionId", "Activity"}, `SELECT p.Id AS process, b.Id AS BlockActivity, j.ActivityDefinitionId, a.Id AS Activity, j.version
		FROM SHKAndJoinTable j JOIN SHKProcesses p ON p.oid = j.Process LEFT JOIN SHKActivities b ON b.oid = j.BlockActivity LEFT JOIN SHKActivities a ON a.oid = j.Activity ORDER BY j.oid`},
	{"SHKDeadlines", []string{"activity", "ExceptionName"}, `SELECT a.Id AS activity, d.TimeLimit, d.ExceptionName, d.IsSynchronous, d.IsExecuted, d.version
		FROM SHKDeadlines d JOIN SHKActivities a ON a.oid = d.Activity ORDER BY d.oid`},
	// links have no oid: they come as their instances; history by the number that IDs begin with
	{"wf_process_link", []string{"processId"}, `SELECT l.processId, l.parentProcessId, l.originProcessId
		FROM wf_process_link l LEFT JOIN SHKProcesses p ON p.Id = l.processId ORDER BY p.oid, CAST(l.processId AS UNSIGNED)`},
	{"wf_process_link_history", []string{"processId"}, `SELECT processId, parentProcessId, originProcessId FROM wf_process_link_history ORDER BY CAST(processId AS UNSIGNED)`},
	{"wf_history_process", []string{"processId"}, `SELECT processId, processName, processRequesterId, resourceRequesterId, processDefId, started, created, lastStateTime, limitDuration, due, state, variables
		FROM wf_history_process ORDER BY CAST(processId AS UNSIGNED)`},
	{"wf_history_activity", []string{"activityId"}, `SELECT activityId, activityName, activityDefId, processId, performer, participantId, assignmentUsers, type, state, activated, accepted, lastStateTime,
		limitDuration, due, variables FROM wf_history_activity ORDER BY CAST(activityId AS UNSIGNED)`},
}

// tables are rows by table; a row is text by column, nil for NULL.
type tables map[string][]map[string]any

// rows reads all tables as the normaliser gives them.
func (j *joget) rows(t *testing.T, n *normaliser) tables {
	t.Helper()
	all := tables{}
	for _, q := range queries {
		all[q.table] = []map[string]any{}
		rows, err := j.db.QueryContext(t.Context(), q.query)
		if err != nil {
			t.Fatalf("%s: %v", q.table, err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			cells, targets := make([]sql.NullString, len(columns)), make([]any, len(columns))
			for i := range cells {
				targets[i] = &cells[i]
			}
			if err := rows.Scan(targets...); err != nil {
				t.Fatal(err)
			}
			row := map[string]any{}
			for i, c := range columns {
				row[c] = nil
				if cells[i].Valid {
					row[c] = n.cell(c, cells[i].String)
				}
			}
			all[q.table] = append(all[q.table], row)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		_ = rows.Close()
	}
	return all
}
