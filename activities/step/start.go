package step

import (
	"jogetferry/joget/api"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// StartVariables returns what process/start can set, as text. What it cannot is
// left out, and compared afterwards: an empty number or any BOOLEAN or DATETIME
// would fail or be lost (docs/joget.md#variables-at-the-start).
func StartVariables(process *xpdl.Process, variables []migration.Variable) map[string]string {
	sent := map[string]string{}
	for _, v := range variables {
		declared, ok := process.Variable(v.Name)
		if !ok || v.Kind == migration.VariableUnreadable || api.CheckVariableName(v.Name) != nil {
			continue
		}
		if declared.Type.Takes(v.Value) {
			sent[v.Name] = v.Value
		}
	}
	return sent
}

// StartRequest returns the request that an intent is sent as.
func StartRequest(i migration.StartIntent) api.StartRequest {
	return api.StartRequest{Definition: i.Definition, As: i.Requester, Record: i.Record, Variables: i.Variables}
}
