package plant

import (
	"strings"

	"jogetferry/test/simulator/schema"
)

const (
	lenient = "SET SESSION sql_mode=''" // as old servers run, where ALTER cuts what does not fit

	selectNow        = "SELECT CAST(UNIX_TIMESTAMP(NOW(3))*1000 AS SIGNED)"
	selectDefinition = `SELECT d.Name, d.oid FROM SHKProcessDefinitions d
JOIN app_package p ON p.packageId=d.PackageId AND p.packageVersion=CAST(d.ProcessDefinitionVersion AS UNSIGNED)
JOIN app_app a ON a.appId=p.appId AND a.appVersion=p.appVersion AND a.published=1
WHERE d.PackageId=? AND d.ProcessDefinitionId=?`
	selectXPDL = `SELECT d.oid, d.XPDLContent FROM SHKXPDLData d JOIN SHKXPDLS x ON x.oid=d.XPDL
WHERE x.XPDLId=? ORDER BY CAST(x.XPDLVersion AS UNSIGNED) DESC LIMIT 1`
	selectForm       = "SELECT json FROM app_form WHERE appId=? AND formId=? ORDER BY appVersion DESC LIMIT 1"
	selectCounter    = "SELECT CAST(the_number AS SIGNED) FROM SHKCounters WHERE name=?"
	selectLinked     = "SELECT l.processId FROM wf_process_link l JOIN SHKProcesses p ON p.Id=l.processId ORDER BY p.oid LIMIT 1"
	selectClosed     = "SELECT Id FROM SHKActivities WHERE ProcessId=? AND ActivityDefinitionId=? ORDER BY oid DESC LIMIT 1"
	selectDone       = "SELECT a.Id FROM SHKActivities a JOIN SHKProcesses p ON p.oid=a.Process WHERE p.State=? AND a.ResourceId IS NOT NULL ORDER BY a.LastStateTime DESC LIMIT 1"
	selectCallers    = "SELECT a.ProcessId FROM SHKProcesses c JOIN SHKActivities a ON a.Id=c.ActivityRequesterId WHERE a.State=? ORDER BY a.oid"
	selectWithTokens = "SELECT DISTINCT p.Id FROM SHKAndJoinTable j JOIN SHKProcesses p ON p.oid=j.Process"
	selectRoots      = "SELECT Id FROM SHKProcesses WHERE ProcessDefinition=? AND ActivityRequesterId IS NULL ORDER BY oid"
)

// selectInstance finds the oldest running root of a process of the source that
// has an activity open which nobody accepted, no token, and a row in a form table.
func selectInstance(table string, used int) string {
	query := `SELECT p.Id, p.oid, p.PDefName, p.ResourceRequesterId, l.originProcessId, a.Id, a.oid
FROM SHKProcesses p JOIN SHKActivities a ON a.Process=p.oid JOIN wf_process_link l ON l.processId=p.Id
JOIN SHKProcessDefinitions d ON d.oid=p.ProcessDefinition
WHERE d.PackageId=? AND d.ProcessDefinitionId=? AND a.ActivityDefinitionId=? AND p.State=? AND a.State=? AND p.ActivityRequesterId IS NULL
AND NOT EXISTS (SELECT 1 FROM SHKAndJoinTable j WHERE j.Process=p.oid)
AND NOT EXISTS (SELECT 1 FROM SHKActivities b WHERE b.Process=p.oid AND b.State=?)
AND EXISTS (SELECT 1 FROM ` + schema.Quote(table) + ` f WHERE f.id=l.originProcessId)`
	if used > 0 {
		query += " AND p.Id NOT IN (?" + strings.Repeat(",?", used-1) + ")"
	}
	return query + " ORDER BY p.oid LIMIT 1"
}

// selectSubflow finds the oldest open subflow that waits at an activity.
func selectSubflow(used int) string {
	query := `SELECT c.ActivityRequesterProcessId, c.Id, c.oid, a.oid, b.Id, b.oid FROM SHKProcesses c
JOIN SHKActivities a ON a.Id=c.ActivityRequesterId JOIN SHKActivities b ON b.Process=c.oid
WHERE c.State=? AND b.ActivityDefinitionId=? AND b.State=?`
	if used > 0 {
		query += " AND c.ActivityRequesterProcessId NOT IN (?" + strings.Repeat(",?", used-1) + ")"
	}
	return query + " ORDER BY c.oid LIMIT 1"
}

// selectWithRow finds the roots of the source that are open and whose record has such a row in a form table.
func selectWithRow(table, condition string) string {
	return `SELECT p.Id FROM SHKProcesses p JOIN SHKProcessStates s ON s.oid=p.State LEFT JOIN wf_process_link l ON l.processId=p.Id
JOIN ` + schema.Quote(table) + ` f ON f.id=COALESCE(NULLIF(l.originProcessId,''),p.Id)
WHERE p.ActivityRequesterId IS NULL AND s.KeyValue LIKE 'open.%' AND ` + condition + " ORDER BY p.oid"
}

func where(r row) string {
	terms := make([]string, 0, len(r))
	for _, c := range r.columns() {
		terms = append(terms, schema.Quote(c)+"=?")
	}
	return " WHERE " + strings.Join(terms, " AND ")
}

func update(table string, changes, of row) string {
	terms := make([]string, 0, len(changes))
	for _, c := range changes.columns() {
		terms = append(terms, schema.Quote(c)+"=?")
	}
	return "UPDATE " + schema.Quote(table) + " SET " + strings.Join(terms, ",") + where(of)
}

func deleteFrom(table string, of row) string { return "DELETE FROM " + schema.Quote(table) + where(of) }

func insert(table string, r row) string {
	columns := r.columns()
	for i, c := range columns {
		columns[i] = schema.Quote(c)
	}
	return "INSERT INTO " + schema.Quote(table) + " (" + strings.Join(columns, ",") + ") VALUES (?" + strings.Repeat(",?", len(columns)-1) + ")"
}

func selectRow(table string, of row) string {
	return "SELECT * FROM " + schema.Quote(table) + where(of)
}

func drop(table string) string { return "DROP TABLE " + schema.Quote(table) }

func alter(table, change string) string { return "ALTER TABLE " + schema.Quote(table) + " " + change }

func modify(column, kind string) string { return "MODIFY " + schema.Quote(column) + " " + kind }

func dropColumn(column string) string { return "DROP COLUMN " + schema.Quote(column) }

func renameTo(table string) string { return "RENAME TO " + schema.Quote(table) }

func addUnique(column string) string {
	return "ADD UNIQUE KEY " + schema.Quote("uq_"+column) + " (" + schema.Quote(column) + "(100))"
}

// myISAM changes the keys too: MyISAM's are too short for 255 characters of four bytes.
const myISAM = "DROP KEY `idx_createdby`, DROP PRIMARY KEY, ADD PRIMARY KEY (`id`(191)), ENGINE=MyISAM"
