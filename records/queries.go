package records

import (
	"fmt"
	"strings"

	"jogetferry/internal/database"
)

const (
	sessionQuery = "SELECT @@session.time_zone, @@session.character_set_client, @@session.character_set_results, @@session.character_set_connection, CAST('2001-02-03 04:05:06' AS DATETIME), @@session.max_allowed_packet, @@lower_case_table_names = 0"

	namesQuery = "SELECT TABLE_NAME FROM information_schema.TABLES" +
		" WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'app\\_fd\\_%' ORDER BY TABLE_NAME"

	engineQuery = "SELECT TABLE_NAME, ENGINE, TABLE_TYPE = 'VIEW' FROM information_schema.TABLES" +
		" WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'VIEW')"

	columnsQuery = "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_MAXIMUM_LENGTH, CHARACTER_OCTET_LENGTH," +
		" DATETIME_PRECISION, NUMERIC_PRECISION, NUMERIC_SCALE, CHARACTER_SET_NAME, COLLATION_NAME, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, COLUMN_KEY" +
		" FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION"

	warningsQuery = "SHOW WARNINGS"
	snapshotQuery = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
	readOnlyQuery = "START TRANSACTION READ ONLY"
	rollbackQuery = "ROLLBACK"
	isolateQuery  = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
)

func shapeQuery(table string) string { return "SELECT * FROM " + database.Quote(table) + " LIMIT 0" }

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = database.Quote(name)
	}
	return strings.Join(quoted, ", ")
}

// marks returns n question marks with commas between them.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

func selectQuery(s rowSelection) (query string, args []any) {
	read := make([]string, len(s.layout.columns))
	for i, c := range s.layout.columns {
		read[i] = c.expression()
	}
	for _, v := range s.values {
		args = append(args, v)
	}
	query = "SELECT " + strings.Join(read, ", ") + " FROM " + database.Quote(s.layout.table.Real) +
		" WHERE " + database.Quote(s.layout.table.named(s.column)) + " IN (" + marks(len(s.values)) + ") ORDER BY " + database.Quote(s.layout.table.key())
	if s.maxRows > 0 {
		query, args = query+" LIMIT ?", append(args, s.maxRows)
	}
	if s.lock {
		query += " FOR UPDATE"
	}
	return query, args
}

func insertQuery(table string, columns []*Column, rows int) string {
	values := make([]string, len(columns))
	for i, c := range columns {
		values[i] = c.placeholder()
	}
	row := "(" + strings.Join(values, ", ") + ")"
	return "INSERT INTO " + database.Quote(table) + " (" + quoteAll(names(columns)) + ") VALUES " + strings.TrimSuffix(strings.Repeat(row+", ", rows), ", ")
}

func updateQuery(table *Table, columns []*Column) string {
	set := make([]string, len(columns))
	for i, c := range columns {
		set[i] = database.Quote(c.Name) + " = " + c.placeholder()
	}
	return "UPDATE " + database.Quote(table.Real) + " SET " + strings.Join(set, ", ") + " WHERE " + database.Quote(table.key()) + " = ?"
}

func deleteQuery(table *Table, n int) string {
	return "DELETE FROM " + database.Quote(table.Real) + " WHERE " + database.Quote(table.key()) + " IN (" + marks(n) + ")"
}

// referringQuery finds rows whose column key holds one of n values.
func referringQuery(table, key string, n int) string {
	return "SELECT " + database.Quote(idColumn) + ", " + database.Quote(key) + " FROM " + database.Quote(table) + " WHERE " + database.Quote(key) + " IN (" + marks(n) + ")"
}

const uniqueKeysQuery = "SELECT INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS" +
	" WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND NON_UNIQUE = 0 AND INDEX_NAME <> 'PRIMARY' ORDER BY INDEX_NAME, SEQ_IN_INDEX"

const foreignKeysQuery = "SELECT DISTINCT TABLE_NAME, REFERENCED_TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE" +
	" WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IS NOT NULL"

func anyRowQuery(table string) string { return "SELECT 1 FROM " + database.Quote(table) + " LIMIT 1" }

// limited begins a SELECT that the server gives up after so many seconds, in MariaDB's
// words and in MySQL's: a client that hangs up does not stop it.
func limited(seconds int) string {
	return fmt.Sprintf("/*M! SET STATEMENT max_statement_time=%d FOR */ SELECT /*+ MAX_EXECUTION_TIME(%d) */ ", seconds, seconds*1000)
}

// modifiedQuery finds rows that say they were changed so many seconds ago or later.
// Joget writes the time of its own zone, or of the one in its JDBC URL, and the row
// does not tell which (docs/joget.md#times): UTC and the server's own are the usual
// ones, and what is late enough by either is taken. The server gives up after so
// many seconds.
func modifiedQuery(table string, seconds int) string {
	return limited(seconds) + database.Quote(idColumn) + " FROM " + database.Quote(table) + " WHERE " + database.Quote(modifiedColumn) + " >= NOW() - INTERVAL ? SECOND" +
		" OR " + database.Quote(modifiedColumn) + " >= CONVERT_TZ(NOW(), '+00:00', @@global.time_zone) - INTERVAL ? SECOND LIMIT ?"
}

// anyValueQuery finds a row in which a column has a value. The server gives up after so many seconds.
func anyValueQuery(table, column string, seconds int) string {
	return limited(seconds) + "1 FROM " + database.Quote(table) + " WHERE LENGTH(" + database.Quote(column) + ") > 0 LIMIT 1"
}

// mentionsQuery counts the rows of which columns hold one of n values, each for itself.
func mentionsQuery(table string, columns []string, n, seconds int) string {
	sums := make([]string, len(columns))
	for i, column := range columns {
		sums[i] = "COALESCE(SUM(" + database.Quote(column) + " IN (" + marks(n) + ")), 0)"
	}
	return limited(seconds) + strings.Join(sums, ", ") + " FROM " + database.Quote(table)
}
