package drive

import (
	"strings"

	"jogetferry/test/simulator/schema"
)

// selectTokens gives the joining activity and the finished predecessor of each
// token of a running instance.
const selectTokens = "SELECT j.ActivityDefinitionId, a.ActivityDefinitionId FROM SHKAndJoinTable j" +
	" JOIN SHKActivities a ON a.oid = j.Activity JOIN SHKProcesses p ON p.oid = j.Process WHERE p.Id = ? ORDER BY 1, 2"

const (
	// selectBegun gives the instances that an instance called, and whether their callers
	// go on at once.
	selectBegun = "SELECT p.Id, a.IsPerformerAsynchronous+0 FROM SHKProcesses p JOIN SHKActivities a ON a.Id = p.ActivityRequesterId" +
		" WHERE p.ActivityRequesterProcessId = ? ORDER BY p.oid"
	setProcessState = "UPDATE SHKProcesses SET State = ? WHERE Id = ?"
	setApproving    = "UPDATE SHKActivities SET Priority = 5 WHERE Id = ?"
	// insertApprovers adds a variable that no definition declares to those of an activity.
	insertApprovers = "INSERT INTO SHKActivityData (Activity, IsResult, VariableDefinitionId, VariableType, VariableValue, VariableValueVCHAR," +
		" VariableValueDBL, VariableValueLONG, VariableValueDATE, VariableValueBOOL, OrdNo, CNT, oid, version)" +
		" SELECT oid, 0, 'MULTI_APPROVAL_PERFORMERS', 3, NULL, ?, 0, 0, NULL, 0, -1, ?, ?, 0 FROM SHKActivities WHERE Id = ?"
	setActivities = "UPDATE SHKActivities SET State = ? WHERE ProcessId = ? AND State = ?"
)

func insertRow(table string, fields []string) string {
	var names strings.Builder
	for _, f := range fields {
		names.WriteString(", " + schema.Quote(schema.FormColumnPrefix+f))
	}
	return "INSERT INTO " + tableName(table) + " (id, dateCreated, dateModified, createdBy, createdByName, modifiedBy, modifiedByName" + names.String() +
		") VALUES (?, ?, ?, ?, ?, ?, ?" + strings.Repeat(", ?", len(fields)) + ")"
}

func updateField(table, field string) string {
	return "UPDATE " + tableName(table) + " SET " + schema.Quote(schema.FormColumnPrefix+field) +
		" = ?, dateModified = ?, modifiedBy = ?, modifiedByName = ? WHERE id = ?"
}
