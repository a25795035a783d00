package bench

import (
	"fmt"
	"strings"

	"jogetferry/test/mysqltest"
)

const (
	selectVersion = "SELECT CONCAT(@@version_comment, ' ', @@version)"

	// What an account has had the server do, by kind: how often, and for how many picoseconds.
	// What the protocol does on its own (ping, close) is no statement.
	selectStatements = `SELECT USER, EVENT_NAME, COUNT_STAR, SUM_TIMER_WAIT FROM performance_schema.events_statements_summary_by_account_by_event_name
WHERE USER IS NOT NULL AND COUNT_STAR > 0 AND (EVENT_NAME LIKE 'statement/sql/%' OR EVENT_NAME = 'statement/com/Execute')`

	// Transactions of the whole server that wrote something, whether by COMMIT or by themselves.
	countCommits  = "SET GLOBAL innodb_monitor_enable = 'trx_rw_commits'"
	selectCommits = "SELECT COUNT FROM information_schema.INNODB_METRICS WHERE NAME = 'trx_rw_commits'"
	selectOpen    = `SELECT l.originProcessId, a.ActivityDefinitionId FROM wf_process_link l JOIN SHKProcesses p ON p.Id = l.processId
JOIN SHKActivities a ON a.Process = p.oid WHERE a.State IN (1000001, 1000003, 1000005)`
	// What took the server the most time in a database, with how often it was asked.
	selectSlowest = `SELECT DIGEST_TEXT, COUNT_STAR, SUM_TIMER_WAIT FROM performance_schema.events_statements_summary_by_digest
WHERE SCHEMA_NAME = ? AND DIGEST_TEXT IS NOT NULL ORDER BY SUM_TIMER_WAIT DESC LIMIT 12`
	forgetSlowest  = "TRUNCATE TABLE performance_schema.events_statements_summary_by_digest"
	selectRowCount = "SELECT COUNT(*) FROM "
	truncate       = "TRUNCATE TABLE "
	selectTables   = `SELECT DISTINCT CONCAT('app_fd_', f.tableName) FROM app_form f
JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME = CONCAT('app_fd_', f.tableName)`

	// joget are the columns that each form table has.
	joget = "id varchar(255) NOT NULL PRIMARY KEY, dateCreated datetime(6), dateModified datetime(6), createdBy varchar(255), createdByName varchar(255), modifiedBy varchar(255), modifiedByName varchar(255)"

	// fields are those of a form, in the tables that are made here.
	fields = 10
)

// forgetCopy makes the ledger know nothing of a copy of all data.
var forgetCopy = []string{"DELETE FROM bulk_row", "DELETE FROM bulk_chunk", "DELETE FROM bulk_copy"}

// createTable makes a form table with fields.
func createTable(name string) string {
	var columns strings.Builder
	for n := range fields {
		fmt.Fprintf(&columns, ", c_f%d longtext", n)
	}
	return "CREATE TABLE " + name + " (" + joget + columns.String() + ") ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
}

// fillTable writes n rows of some 400 bytes, whose IDs are as random as Joget's.
func fillTable(name string, n int) string {
	var values strings.Builder
	for field := range fields {
		fmt.Fprintf(&values, ", CONCAT('value %d of ', seq, ' ', SUBSTR(MD5(seq * %d), 1, 10))", field, field+7)
	}
	return "INSERT INTO " + name + " SELECT INSERT(INSERT(INSERT(INSERT(MD5(seq), 9, 0, '-'), 14, 0, '-'), 19, 0, '-'), 24, 0, '-'), " +
		"'2024-01-02 03:04:05.678901', '2024-02-03 04:05:06.789012', 'clark', 'Clark Kent', 'terry', 'Terry Berg'" + values.String() +
		" FROM " + mysqltest.Sequence(n)
}

// itemBytes are those of an item that fillRecord makes.
const itemBytes = 16_000

// fillRecord gives a purchase n more items, that no compression makes small.
func fillRecord(n int) string {
	var text strings.Builder
	for part := range itemBytes / 32 {
		fmt.Fprintf(&text, ", MD5(seq * 10000 + %d)", part)
	}
	return "INSERT INTO app_fd_proc_item (id, dateCreated, dateModified, c_requestId, c_sku, c_description) SELECT UUID(), NOW(6), NOW(6), ?, 'SKU-1', CONCAT(" +
		text.String()[2:] + ") FROM " + mysqltest.Sequence(n)
}

// The entries of a wave, half of them done and as many in flight as its window has, without the
// ledger's doing: for there are many.
func fillWave(n int) string {
	return `INSERT INTO instance (migration, instance, ordinal, definition, process, requester, record, started, state, step, wave, target_id, verdict, plan_id, updated_at)
SELECT ?, CONCAT(seq, '_procure_process1'), seq, 'procure#3#process1', 'procure/process1', 'clark', MD5(seq), 0,
CASE WHEN seq <= @half THEN 'done' WHEN seq <= @half + @window_size THEN 'in_flight' ELSE 'ready' END, '', ?,
IF(seq <= @half, CONCAT(seq + 5000000, '_procure_process1'), NULL), IF(seq <= @half, 'same', ''), 'p', NOW(6) FROM ` + mysqltest.Sequence(n)
}

const (
	setWave   = "SET @half = ?, @window_size = ?"
	takeWave  = "INSERT INTO wave_taken (migration, wave, instance) SELECT migration, wave, instance FROM instance WHERE migration = ?"
	countWave = `INSERT INTO wave_count (migration, wave, state, verdict, n)
SELECT migration, wave, state, verdict, COUNT(*) FROM instance WHERE migration = ? GROUP BY migration, wave, state, verdict`
	updateWave    = "UPDATE wave SET taken = ?, looked_at = NULL WHERE migration = ? AND name = ?"
	settleOne     = "UPDATE instance SET state = 'done', verdict = 'same' WHERE migration = ? AND state = 'in_flight' ORDER BY ordinal LIMIT 1"
	countOne      = "INSERT INTO wave_count (migration, wave, state, verdict, n) VALUES (?, ?, 'in_flight', '', -1), (?, ?, 'done', 'same', 1)"
	analyzeLedger = "ANALYZE TABLE instance, wave, wave_taken, wave_count"
)

// bareSQL is what a plan has to read of the source, each table once and by as
// few statements as SQL allows, with nothing made of it.
var bareSQL = []string{
	`SELECT p.oid, p.Id, p.PDefName, p.State, p.ResourceRequesterId, p.Created, p.Started, p.LastStateTime, p.version, l.parentProcessId, l.originProcessId
FROM SHKProcesses p LEFT JOIN wf_process_link l ON l.processId = p.Id
WHERE p.State IN (1000000, 1000002, 1000004) AND p.ActivityRequesterId IS NULL ORDER BY p.oid`,
	`SELECT d.Process, d.VariableDefinitionId, d.VariableType, d.VariableValueVCHAR, d.VariableValueLONG, d.VariableValueDBL, d.VariableValueBOOL,
d.VariableValueDATE, d.VariableValue FROM SHKProcesses p JOIN SHKProcessData d ON d.Process = p.oid
WHERE p.State IN (1000000, 1000002, 1000004) AND p.ActivityRequesterId IS NULL ORDER BY p.oid`,
	`SELECT a.oid, a.Process, a.Id, a.ActivityDefinitionId, a.State, a.ResourceId, a.Performer, a.Priority, a.Activated, a.Accepted, a.LastStateTime, a.version
FROM SHKProcesses p JOIN SHKActivities a ON a.Process = p.oid
WHERE p.State IN (1000000, 1000002, 1000004) AND p.ActivityRequesterId IS NULL AND a.State IN (1000001, 1000003, 1000005) ORDER BY p.oid`,
	`SELECT d.Activity, d.VariableDefinitionId, d.VariableType, d.VariableValueVCHAR, d.VariableValueLONG, d.VariableValueDBL, d.VariableValueBOOL,
d.VariableValueDATE, d.VariableValue FROM SHKProcesses p JOIN SHKActivities a ON a.Process = p.oid JOIN SHKActivityData d ON d.Activity = a.oid
WHERE p.State IN (1000000, 1000002, 1000004) AND p.ActivityRequesterId IS NULL AND a.State IN (1000001, 1000003, 1000005) ORDER BY p.oid`,
	`SELECT t.Activity, t.ResourceId, t.IsAccepted FROM SHKProcesses p JOIN SHKActivities a ON a.Process = p.oid JOIN SHKAssignmentsTable t ON t.Activity = a.oid
WHERE p.State IN (1000000, 1000002, 1000004) AND p.ActivityRequesterId IS NULL AND a.State IN (1000001, 1000003, 1000005) AND t.IsValid = 1 ORDER BY p.oid`,
	`SELECT d.Activity, d.TimeLimit FROM SHKProcesses p JOIN SHKDeadlines d ON d.Process = p.oid
WHERE p.State IN (1000000, 1000002, 1000004) AND p.ActivityRequesterId IS NULL`,
	`SELECT j.Process, j.ActivityDefinitionId, a.ActivityDefinitionId FROM SHKProcesses p JOIN SHKAndJoinTable j ON j.Process = p.oid JOIN SHKActivities a ON a.oid = j.Activity
WHERE p.State IN (1000000, 1000002, 1000004) AND p.ActivityRequesterId IS NULL`,
	`SELECT c.oid, c.Id, c.PDefName, c.State, c.ActivityRequesterId FROM SHKProcesses c WHERE c.State IN (1000000, 1000002, 1000004) AND c.ActivityRequesterId IS NOT NULL`,
}

// recordSQL reads the records of the running instances, %s being a form table.
const recordSQL = `SELECT f.* FROM SHKProcesses p LEFT JOIN wf_process_link l ON l.processId = p.Id JOIN %s f ON f.id = COALESCE(l.originProcessId, p.Id)
WHERE p.State IN (1000000, 1000002, 1000004) AND p.ActivityRequesterId IS NULL ORDER BY p.oid`
