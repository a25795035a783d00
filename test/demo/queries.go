package main

import "jogetferry/test/simulator/schema"

// The demo's own look at the servers, past all code that it puts to the test.
// What is closed does not count: a rollback leaves some.
const (
	ofOpen = ` p JOIN SHKProcessStates s ON s.oid = p.State AND s.KeyValue LIKE 'open.%'`
	// Deadlines of closed activities stay.
	openDeadlines = ` JOIN SHKActivities a ON a.oid = d.Activity JOIN SHKActivityStates o ON o.oid = a.State AND o.KeyValue LIKE 'open.%'`

	selectRunning  = `SELECT p.Id FROM SHKProcesses` + ofOpen + ` WHERE p.ActivityRequesterId IS NULL ORDER BY p.oid`
	selectDeadline = `SELECT p.Id FROM SHKProcesses` + ofOpen + ` JOIN SHKDeadlines d ON d.Process = p.oid` + openDeadlines + ` ORDER BY p.oid`
	selectSpecial  = `SELECT p.Id FROM SHKProcesses` + ofOpen + ` WHERE EXISTS (SELECT 1 FROM SHKDeadlines d` + openDeadlines + ` WHERE d.Process = p.oid)
OR EXISTS (SELECT 1 FROM SHKAndJoinTable j WHERE j.Process = p.oid)`

	countBranches  = `SELECT COUNT(*) FROM SHKProcesses` + ofOpen + ` JOIN SHKAndJoinTable j ON j.Process = p.oid`
	countSubflows  = `SELECT COUNT(*) FROM SHKProcesses` + ofOpen + ` WHERE p.ActivityRequesterId IS NOT NULL`
	countDeadlines = `SELECT COUNT(*) FROM SHKProcesses` + ofOpen + ` JOIN SHKDeadlines d ON d.Process = p.oid` + openDeadlines
)

// A record of somebody else under an ID that the source uses too.
const (
	replaceByForeign = "REPLACE INTO app_fd_onb_hire (id, createdBy) VALUES (?, 'admin')"
	deleteForeign    = "DELETE FROM app_fd_onb_hire WHERE id = ?"
)

// The ledger.
const (
	selectLedgerTables = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
	sumLedgerBytes     = "SELECT SUM(DATA_LENGTH + INDEX_LENGTH) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"

	// The time from a wave's begin to the last step of those that are done.
	selectRate = `SELECT COUNT(DISTINCT i.instance), w.window_size, TIMESTAMPDIFF(MICROSECOND, w.created_at, MAX(l.at))
FROM wave w JOIN instance i ON i.migration = w.migration AND i.wave = w.name AND i.state = 'done'
JOIN step_log l ON l.migration = i.migration AND l.instance = i.instance
WHERE w.name = ? GROUP BY w.window_size, w.created_at`
)

func analyzeTable(name string) string { return "ANALYZE TABLE " + schema.Quote(name) }

func createDatabase(name string) string {
	return "CREATE DATABASE " + schema.Quote(name) + " CHARACTER SET utf8mb4"
}

func dropDatabase(name string) string { return "DROP DATABASE IF EXISTS " + schema.Quote(name) }

// Names and passwords of accounts are the demo's own, of letters, digits and "_".
func createUser(user, password string) string {
	return "CREATE USER '" + user + "'@'%' IDENTIFIED BY '" + password + "'"
}

func dropUser(user string) string { return "DROP USER IF EXISTS '" + user + "'@'%'" }

func grant(privileges, database, user string) string {
	return "GRANT " + privileges + " ON " + schema.Quote(database) + ".* TO '" + user + "'@'%'"
}
