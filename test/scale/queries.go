package main

import (
	"fmt"

	"jogetferry/test/mysqltest"
)

// Instances of the filled ledger are a number and this.
const instanceSuffix = "_leave_process1"

// parkedOneIn: so many of the open wave's entries that had their turn are parked.
const parkedOneIn = 500

// The statements below take an offset and the number of all entries. Of ten parts of all,
// eight are waves that are done, the ninth is half of the open wave that is done too, but
// for its parked entries; half of the tenth is the open wave's to come, and the rest
// was taken by none: every second warned, one in ten of it blocked.

func fillInstances(n int) string {
	return fmt.Sprintf(`SET @from = ?, @all = ?;
INSERT INTO instance (migration, instance, ordinal, definition, process, target_definition, requester, record, started,
state, step, reason, park_id, wave, target_id, verdict, findings, activities, plan_id, updated_at)
SELECT 'filled', CONCAT(@from + seq, '%[2]s'), @from + seq, CONCAT('leave#', 1 + (@from + seq) %% 3, '#process1'), 'leave/process1',
'leave#5#process1', CONCAT('user', seq %% 400), CONCAT('record-', @from + seq), 1700000000000 + @from + seq,
@state := CASE WHEN @from + seq <= @all * 0.8 THEN 'done'
 WHEN @from + seq <= @all * 0.9 THEN IF(seq %% (%[3]d / 10) = 0, 'parked', 'done')
 WHEN @from + seq <= @all * 0.95 THEN 'ready'
 WHEN seq %% 10 = 0 THEN 'blocked' WHEN seq %% 2 = 0 THEN 'warned' ELSE 'ready' END,
IF(@state IN ('done', 'parked'), 'verify', ''), IF(@state = 'parked', 'verify_differs', ''), @state = 'parked',
CASE WHEN @from + seq <= @all * 0.8 THEN CONCAT('done-', 1 + FLOOR((@from + seq - 1) * 10 / @all))
 WHEN @from + seq <= @all * 0.95 THEN 'open' ELSE '' END,
IF(@state = 'done', CONCAT(@from + seq, '_target'), NULL), IF(@state = 'done', 'same', ''), seq %% 10 = 0, '["approve"]', 'filled-plan',
UTC_TIMESTAMP(6) - INTERVAL 2 HOUR
FROM %[1]s`, mysqltest.Sequence(n), instanceSuffix, parkedOneIn)
}

func fillFindings(n int) string {
	return fmt.Sprintf(`SET @from = ?, @all = ?;
INSERT INTO finding (migration, instance, check_id, severity, subject, message, seen, remedy)
SELECT 'filled', CONCAT(@from + seq, '%[2]s'), CONCAT('FERRY-40', seq %% 7), IF(@from + seq > @all * 0.95, 'blocking', 'warning'), '', 'text', 'seen', 'remedy'
FROM %[1]s WHERE seq %% 10 = 0`, mysqltest.Sequence(n), instanceSuffix)
}

func fillLines(n int) string {
	return fmt.Sprintf(`SET @from = ?, @all = ?;
INSERT INTO step_log (migration, instance, step, kind, event, verb, call_target, activity, activity_id, user_name, variable,
abort_current, earlier, snapshot, fate, facts, detail, http_status, actor, at)
SELECT 'filled', CONCAT(@from + seq, '%[2]s'), 'verify', 'note', 'state', '', '', '', '', '', '', 0, 0, 0, '', '{}', '', 0, 'worker', UTC_TIMESTAMP(6)
FROM %[1]s`, mysqltest.Sequence(n), instanceSuffix)
}

var fillRest = []string{
	`INSERT INTO wave (migration, name, ordinal, filter, size, window_size, rate, max_parked, pilotless, status, taken, looked_at, created_by, created_at)
SELECT migration, wave, MIN(ordinal), CONCAT(CHAR(0), '{}'), 0, 50, 0, 0, 1, IF(wave = 'open', 'running', 'finished'), COUNT(*), NULL, 'scale', UTC_TIMESTAMP(6)
FROM instance WHERE wave <> '' GROUP BY migration, wave`,
	`INSERT INTO wave_taken (migration, wave, instance) SELECT migration, wave, instance FROM instance WHERE wave <> ''`,
	`INSERT INTO wave_count (migration, wave, state, verdict, n)
SELECT migration, wave, state, verdict, COUNT(*) FROM instance WHERE wave <> '' GROUP BY migration, wave, state, verdict`,
	`UPDATE migration SET plan_id = 'filled-plan', next_ordinal = (SELECT MAX(ordinal) + 1 FROM instance), planned_at = UTC_TIMESTAMP(6)`,
	`INSERT INTO plan_run (migration, plan_id, compared, complete, findings_before, begun_at) VALUES ('filled', 'filled-plan', 0, 1, CONCAT(CHAR(0), '[]'), UTC_TIMESTAMP(6))`,
	`ANALYZE TABLE instance, finding, step_log, wave, wave_taken, wave_count`,
}

// What the server notes of statements, in its slow log.
var noteStatements = []string{
	`SET GLOBAL log_output = 'TABLE'`,
	`SET GLOBAL long_query_time = 0`,
	`SET GLOBAL slow_query_log = 1`,
}

const (
	forgetNoted    = `TRUNCATE TABLE mysql.slow_log`
	selectRead     = `SELECT COUNT(*), COALESCE(SUM(rows_examined), 0) FROM mysql.slow_log WHERE db = ?`
	selectLargest  = `SELECT TIME_TO_SEC(query_time) * 1000000, rows_examined, CONVERT(sql_text USING utf8mb4) FROM mysql.slow_log WHERE db = ? AND rows_examined > ? ORDER BY rows_examined DESC`
	explainNoted   = `EXPLAIN `
	selectDatabase = `SELECT DATABASE()`
)

// Both databases are on one server; {target} and {ledger} are their names.
const (
	isLive = `{target}.SHKProcesses p JOIN {target}.SHKProcessStates s ON s.oid = p.State AND s.KeyValue LIKE 'open.%'`
	isOurs = `i.migration = 'scale' AND i.target_id = CONVERT(p.Id USING utf8mb4) COLLATE utf8mb4_bin`

	countDone      = `SELECT COUNT(*) FROM {ledger}.instance WHERE migration = 'scale' AND state = 'done'`
	countSame      = countDone + ` AND verdict = 'same'`
	countUnsettled = `SELECT COUNT(*) FROM {ledger}.instance i JOIN {ledger}.wave w ON w.migration = i.migration AND w.name = i.wave AND w.status = 'finished'
WHERE i.migration = 'scale' AND i.state IN ('ready', 'warned', 'claimed', 'in_flight', 'waiting')`
	countLive    = `SELECT COUNT(*) FROM ` + isLive + ` WHERE p.ActivityRequesterId IS NULL`
	countDoubled = `SELECT COUNT(*) FROM ` + isLive + ` LEFT JOIN {ledger}.instance i ON ` + isOurs + ` WHERE p.ActivityRequesterId IS NULL AND i.instance IS NULL`
	countLost    = `SELECT COUNT(*) FROM {ledger}.instance e LEFT JOIN (SELECT i.instance FROM ` + isLive + ` JOIN {ledger}.instance i ON ` + isOurs + `) AS live ON live.instance = e.instance
WHERE e.migration = 'scale' AND e.state = 'done' AND live.instance IS NULL`
	selectReasons = `SELECT CONCAT(state, ' ', reason), COUNT(*) FROM {ledger}.instance WHERE migration = 'scale' AND wave <> '' AND state IN ('parked', 'failed', 'skipped') GROUP BY 1`

	selectVersion = `SELECT VERSION()`
)
