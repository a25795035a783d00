package mysqld_test

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// answer is what a query gives, as text: rows, "N affected" or "error N".
func answer(t *testing.T, db *sql.DB, query string, args ...any) string {
	t.Helper()
	var mysqlErr *mysql.MySQLError
	word := strings.ToLower(strings.Fields(query)[0])
	if word != "select" && word != "show" && word != "with" && word != "(" {
		result, err := db.ExecContext(t.Context(), query, args...)
		if word == "set" && err == nil {
			return "set"
		}
		if errors.As(err, &mysqlErr) {
			return fmt.Sprint("error ", mysqlErr.Number)
		}
		if err != nil {
			return err.Error()
		}
		n, err := result.RowsAffected()
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(n, " affected")
	}
	rows, err := db.QueryContext(t.Context(), query, args...)
	if errors.As(err, &mysqlErr) {
		return fmt.Sprint("error ", mysqlErr.Number)
	}
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		targets := make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		for _, value := range values {
			if value.Valid {
				fmt.Fprintf(&out, "%q ", value.String)
			} else {
				out.WriteString("NULL ")
			}
		}
		out.WriteString("/ ")
	}
	if errors.As(rows.Err(), &mysqlErr) {
		return fmt.Sprint("error ", mysqlErr.Number)
	}
	if rows.Err() != nil {
		return rows.Err().Error()
	}
	return out.String()
}

// tables is what the cases below start from.
var tables = []string{
	"CREATE TABLE a (id varchar(20) PRIMARY KEY, n int NOT NULL, v varchar(10), at datetime(6))",
	"INSERT INTO a VALUES ('x', 1, 'one', '2026-01-02 03:04:05.678901'), ('y', 2, NULL, NULL), ('z', 3, 'Three', NULL)",
	"CREATE TABLE bin (id varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, b longblob)",
	"INSERT INTO bin VALUES ('A', 0x00FF80), ('a', 0x01)",
	"CREATE TABLE ci (id varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY)",
	"INSERT INTO ci VALUES ('Äa')",
	"CREATE TABLE two (a varchar(20), b varchar(20), v int, PRIMARY KEY (a, b))",
	"CREATE TABLE parent (id int PRIMARY KEY)",
	"CREATE TABLE child (id int PRIMARY KEY, parent int, CONSTRAINT fk FOREIGN KEY (parent) REFERENCES parent (id))",
	"INSERT INTO parent VALUES (1)",
	"INSERT INTO child VALUES (1, 1)",
	"CREATE TABLE gen (id int PRIMARY KEY, g varchar(20) GENERATED ALWAYS AS (concat('x', id)) STORED)",
	"CREATE TABLE tick (id int PRIMARY KEY, v int, at datetime(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))",
}

// TestAnswers_are_those_of_MariaDB_unless_listed asks both servers the same.
// A listed difference that is gone fails too, so that the list stays true.
func TestAnswers_are_those_of_MariaDB_unless_listed(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		query   string
		args    []any
		differs bool
	}{
		{name: "upsert_of_the_same_value", query: "INSERT INTO a (id, n) VALUES ('x', 1) ON DUPLICATE KEY UPDATE n = VALUES(n)"},
		{name: "upsert_of_another_value", query: "INSERT INTO a (id, n) VALUES ('x', 9) ON DUPLICATE KEY UPDATE n = VALUES(n)"},
		{name: "upsert_of_several_rows", query: "INSERT INTO a (id, n) VALUES ('x', 9), ('w', 4) ON DUPLICATE KEY UPDATE n = VALUES(n)"},
		{name: "insert_ignore", query: "INSERT IGNORE INTO a (id, n) VALUES ('x', 9), ('w', 4)"},
		{name: "replace", query: "REPLACE INTO a (id, n) VALUES ('x', 9)"},
		{name: "insert_select", query: "INSERT INTO bin (id) SELECT id FROM a"},
		{name: "update_that_changes_nothing", query: "UPDATE a SET n = 1 WHERE id = 'x'"},
		{name: "update_ordered_and_limited", query: "UPDATE a SET n = 7 ORDER BY id LIMIT 2"},
		{name: "update_with_join", query: "UPDATE a JOIN bin ON bin.id = a.v SET a.n = 5"},
		{name: "delete_limited", query: "DELETE FROM a ORDER BY id LIMIT 1"},
		{name: "delete_in_list", query: "DELETE FROM a WHERE id IN (?, ?)", args: []any{"x", "y"}},
		{name: "keys_that_concatenate_alike_in_one_statement", query: "INSERT INTO two VALUES ('1','23',1), ('12','3',2)", differs: true},
		{name: "duplicate_key", query: "INSERT INTO a (id, n) VALUES ('x', 1)"},
		{name: "null_in_not_null", query: "INSERT INTO a (id, n) VALUES ('q', NULL)"},
		{name: "missing_value", query: "INSERT INTO a (id) VALUES ('q')", differs: true},
		{name: "too_long", query: "INSERT INTO a (id, n) VALUES ('123456789012345678901', 1)", differs: true},
		{name: "no_number", query: "INSERT INTO a (id, n) VALUES ('q', 'x')"},
		{name: "out_of_range", query: "INSERT INTO a (id, n) VALUES ('q', 99999999999)", differs: true},
		{name: "bad_date", query: "INSERT INTO a (id, n, at) VALUES ('q', 1, '2026-13-45')", differs: true},
		{name: "no_table", query: "SELECT id FROM nowhere"},
		{name: "no_column", query: "SELECT nothing FROM a", differs: true},
		{name: "syntax_error", query: "SELECT FROM WHERE", differs: true},
		{name: "child_without_parent", query: "INSERT INTO child VALUES (2, 2)"},
		{name: "parent_with_child", query: "DELETE FROM parent"},
		{name: "table_in_use_exists", query: "CREATE TABLE a (id int)", differs: true},
		{name: "table_names_differ_by_case", query: "SELECT id FROM A", differs: true},
		{name: "write_of_generated_column", query: "INSERT INTO gen (id, g) VALUES (1, 'y')", differs: true},
		{name: "generated_column_by_expression", query: "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'gen' AND generation_expression <> ''", differs: true},
		{name: "generated_column_by_extra", query: "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'gen' AND extra LIKE '%GENERATED%'", differs: true},
		{name: "column_types", query: "SELECT column_name, column_type, data_type, character_maximum_length, datetime_precision, is_nullable, character_set_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN ('a', 'bin') ORDER BY table_name, ordinal_position", differs: true},
		{name: "column_collation", query: "SELECT collation_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'bin' ORDER BY ordinal_position"},
		{name: "column_default", query: "SELECT column_default FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'a' ORDER BY ordinal_position", differs: true},
		{name: "primary_key_columns", query: "SELECT column_name, ordinal_position FROM information_schema.key_column_usage WHERE table_schema = DATABASE() AND table_name = 'two' AND constraint_name = 'PRIMARY' ORDER BY ordinal_position"},
		{name: "index_columns", query: "SELECT index_name, column_name, seq_in_index, non_unique FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'two' ORDER BY seq_in_index"},
		{name: "foreign_keys", query: "SELECT constraint_name, referenced_table_name, referenced_column_name FROM information_schema.key_column_usage WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL"},
		{name: "triggers", query: "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = DATABASE()"},
		{name: "table_engine", query: "SELECT table_name, engine FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'two'"},
		{name: "schema_charset", query: "SELECT default_character_set_name FROM information_schema.schemata WHERE schema_name = DATABASE()"},
		{name: "schema_names", query: "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'nowhere'"},
		{name: "binary_collation_tells_case", query: "SELECT id FROM bin WHERE id = 'a'"},
		{name: "ci_collation_ignores_case", query: "SELECT COUNT(*) FROM ci WHERE id = 'äA'"},
		{name: "ci_primary_key_ignores_case", query: "INSERT INTO ci VALUES ('äA')", differs: true},
		{name: "default_collation_ignores_case", query: "SELECT COUNT(*) FROM a WHERE v = 'ONE'", differs: true},
		{name: "binary_comparison", query: "SELECT COUNT(*) FROM ci WHERE BINARY id = 'äA'"},
		{name: "cast_as_binary", query: "SELECT COUNT(*) FROM ci WHERE CAST(id AS BINARY) = CAST(? AS BINARY)", args: []any{"Äa"}},
		{name: "collate_in_a_comparison", query: "SELECT COUNT(*) FROM ci WHERE id COLLATE utf8mb4_bin = ?", args: []any{"Äa"}},
		{name: "bytes_in_where", query: "SELECT id FROM bin WHERE b = ?", args: []any{[]byte{0, 255, 128}}},
		{name: "hex_of_blob", query: "SELECT HEX(b), LENGTH(b) FROM bin ORDER BY id"},
		{name: "sha2_of_text", query: "SELECT SHA2('abc', 256)"},
		{name: "sha2_of_blob", query: "SELECT SHA2(b, 256) FROM bin ORDER BY id", differs: true},
		{name: "md5_of_blob", query: "SELECT MD5(b) FROM bin ORDER BY id", differs: true},
		{name: "unhex", query: "SELECT UNHEX('00FF')"},
		{name: "octet_and_char_length", query: "SELECT OCTET_LENGTH(id), CHAR_LENGTH(id) FROM ci"},
		{name: "now_and_utc_are_microseconds", query: "SELECT LENGTH(UTC_TIMESTAMP(6)), LENGTH(NOW(6))"},
		{name: "timestampdiff", query: "SELECT TIMESTAMPDIFF(MICROSECOND, '2026-01-01 00:00:00', at) FROM a WHERE id = 'x'"},
		{name: "date_add", query: "SELECT DATE_ADD(at, INTERVAL 5 SECOND), at + INTERVAL 1 MICROSECOND FROM a WHERE id = 'x'", differs: true},
		{name: "unix_timestamp", query: "SELECT UNIX_TIMESTAMP('2026-01-01 00:00:00') > 0"},
		{name: "time_zone_set", query: "SELECT @@session.time_zone IS NOT NULL"},
		{name: "tuple_comparison", query: "SELECT id FROM a WHERE (n, id) > (?, ?) ORDER BY n, id LIMIT ?", args: []any{1, "x", 10}},
		{name: "tuple_in", query: "SELECT id FROM a WHERE (id, n) IN (('x', 1), ('y', 3)) ORDER BY id"},
		{name: "row_number", query: "SELECT id, ROW_NUMBER() OVER (ORDER BY id) FROM a ORDER BY id"},
		{name: "common_table_expression", query: "WITH c AS (SELECT id FROM a) SELECT COUNT(*) FROM c"},
		{name: "recursive_expression", query: "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT SUM(n) FROM r"},
		{name: "group_concat", query: "SELECT GROUP_CONCAT(id ORDER BY id SEPARATOR '|') FROM a"},
		{name: "exists_subquery", query: "SELECT id FROM a WHERE NOT EXISTS (SELECT 1 FROM bin WHERE bin.id = a.v) ORDER BY id"},
		{name: "left_join_and_null_safe_equal", query: "SELECT a.id FROM a LEFT JOIN bin ON bin.id <=> a.v WHERE a.v <=> NULL ORDER BY a.id"},
		{name: "union_all", query: "SELECT id FROM a UNION ALL SELECT id FROM bin ORDER BY id LIMIT 2"},
		{name: "order_of_nulls", query: "SELECT v FROM a ORDER BY v, id", differs: true},
		{name: "sum_is_decimal", query: "SELECT SUM(n), AVG(n), COUNT(v) FROM a", differs: true},
		{name: "if_case_coalesce", query: "SELECT IF(n > 1, 'b', 's'), COALESCE(v, '-'), CASE n WHEN 1 THEN 'i' END FROM a ORDER BY id"},
		{name: "like_with_escape", query: "SELECT COUNT(*) FROM a WHERE id LIKE 'x\\_%' ESCAPE '\\\\'"},
		{name: "select_for_update", query: "SELECT n FROM a WHERE id = 'x' FOR UPDATE"},
		{name: "select_for_update_skip_locked", query: "SELECT n FROM a WHERE id = 'x' FOR UPDATE SKIP LOCKED"},
		{name: "select_for_update_nowait", query: "SELECT n FROM a WHERE id = 'x' FOR UPDATE NOWAIT", differs: true},
		{name: "lock_in_share_mode", query: "SELECT n FROM a WHERE id = 'x' LOCK IN SHARE MODE"},
		{name: "force_index", query: "SELECT n FROM a FORCE INDEX (PRIMARY) WHERE id = 'x'", differs: true},
		{name: "json_extract", query: "SELECT JSON_UNQUOTE(JSON_EXTRACT('{\"a\": \"b\"}', '$.a'))"},
		{name: "quoted_backtick", query: "SELECT 1 AS `a``b`"},
		{name: "set_session_variables", query: "SET SESSION sql_mode = 'STRICT_TRANS_TABLES', time_zone = '+00:00', innodb_lock_wait_timeout = 5"},
		{name: "consistent_snapshot", query: "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", differs: true},
		{name: "savepoint", query: "SAVEPOINT s", differs: true},
		{name: "temporary_table", query: "CREATE TEMPORARY TABLE tmp (id int)", differs: true},
		{name: "create_index", query: "CREATE INDEX i ON a (n)"},
		{name: "alter_table_with_several_changes", query: "ALTER TABLE a ADD COLUMN w int NOT NULL DEFAULT 1, ADD UNIQUE KEY u (n), MODIFY v varchar(40)"},
		{name: "check_constraint", query: "CREATE TABLE chk (n int, CHECK (n > 0))"},
		{name: "enum_column", query: "CREATE TABLE en (e ENUM('a','b') NOT NULL DEFAULT 'a')"},
		{name: "truncate", query: "TRUNCATE TABLE bin", differs: true},
		{name: "drop_if_exists", query: "DROP TABLE IF EXISTS nowhere"},
		{name: "show_create_table", query: "SHOW CREATE TABLE nowhere"},
		{name: "server_identity", query: "SELECT @@server_id IS NOT NULL, @@hostname <> '', @@port > 0, @@version <> ''", differs: true},
		{name: "server_uuid", query: "SELECT LENGTH(@@server_uuid)", differs: true},
		{name: "read_only_server", query: "SELECT @@global.read_only"},
		{name: "lower_case_table_names", query: "SELECT @@lower_case_table_names"},
		{name: "current_user", query: "SELECT CURRENT_USER() <> '', CONNECTION_ID() > 0"},
		{name: "privileges", query: "SELECT COUNT(*) > 0 FROM information_schema.user_privileges"},
		{name: "open_transactions", query: "SELECT COUNT(*) >= 0 FROM information_schema.innodb_trx"},
		{name: "processlist", query: "SELECT COUNT(*) > 0 FROM information_schema.processlist"},
		{name: "warnings_of_a_read", query: "SHOW WARNINGS"},
	}
	dsns := servers()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := map[string]string{}
			for name, dsn := range dsns {
				db := open(t, dsn(t))
				db.SetMaxOpenConns(1)
				for _, statement := range tables {
					run(t, db, statement)
				}
				got[name] = answer(t, db, tc.query, tc.args...)
			}
			same := got["mysqld"] == got["mariadb"]
			if !same != tc.differs {
				t.Errorf("%s\nmysqld:  %s\nmariadb: %s", tc.query, got["mysqld"], got["mariadb"])
			}
		})
	}
}
