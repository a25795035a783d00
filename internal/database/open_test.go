package database_test

import (
	"bytes"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"jogetferry/internal/database"
	"jogetferry/migration"
	"jogetferry/test/mysqltest"
)

func open(t *testing.T, dsn string, o database.Options) *sql.DB {
	t.Helper()
	cfg, err := database.Parse("test", dsn)
	if err != nil {
		t.Fatal(err)
	}
	db, err := database.Open(cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func exec(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func text(t *testing.T, db *sql.DB, query string, args ...any) string {
	t.Helper()
	var value string
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// hostile starts a server whose defaults are as unlike ours as servers are run,
// with an account that init_connect applies to.
func hostile(t *testing.T) string {
	t.Helper()
	server := mysqltest.Private(t)
	admin, err := sql.Open("mysql", server.DSN(""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admin.Close() })
	exec(t, admin, "CREATE DATABASE d CHARACTER SET utf8mb4", "CREATE USER u@'%' IDENTIFIED BY 'p'", "GRANT ALL ON d.* TO u@'%'")
	readOnly, limit := "transaction_read_only", "max_execution_time = 20"
	if strings.Contains(text(t, admin, "SELECT VERSION()"), "MariaDB") {
		readOnly, limit = "tx_read_only", "max_statement_time = 0.02"
	}
	for _, setting := range []string{
		"autocommit = 0", "init_connect = 'SET NAMES gbk'", "sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH'",
		"time_zone = '+09:00'", "sql_safe_updates = 1", "sql_select_limit = 1", limit, readOnly + " = 1",
	} {
		exec(t, admin, "SET GLOBAL "+setting)
	}
	cfg, err := mysql.ParseDSN(server.DSN("d"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.User, cfg.Passwd = "u", "p"
	return cfg.FormatDSN()
}

func TestOpen_sets_the_session_whatever_the_server_says(t *testing.T) {
	t.Parallel()
	dsn := hostile(t)
	db, other := open(t, dsn, database.Options{FoundRows: true}), open(t, dsn, database.Options{ParseTime: true})
	exec(t, db, "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), c CHAR(5), at DATETIME)")

	const words = `縗'\ "ü€😀` // its second byte in GBK is a backslash
	if _, err := db.ExecContext(t.Context(), "INSERT INTO t VALUES (1, ?, 'a', '2026-01-02 03:04:05'), (2, 'b', 'b', NULL)", words); err != nil {
		t.Fatal(err)
	}
	if got := text(t, other, "SELECT v FROM t WHERE id = ?", 1); got != words {
		t.Errorf("wrote %q, another connection reads %q", words, got)
	}
	if got := text(t, db, `SELECT CONCAT("<", c, ">") FROM t WHERE id = 1`); got != "<a>" {
		t.Errorf("quotes or blanks mean something else: %q", got)
	}
	if got := text(t, db, "SELECT at FROM t WHERE id = 1"); got != "2026-01-02 03:04:05" {
		t.Errorf("a time as text: %q", got)
	}
	var at time.Time
	if err := other.QueryRowContext(t.Context(), "SELECT at FROM t WHERE id = 1").Scan(&at); err != nil || !at.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("a time parsed: %v, %v", at, err)
	}
	if got := text(t, db, "SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW())"); got != "0" {
		t.Errorf("now is %s s away from UTC", got)
	}
	done, err := db.ExecContext(t.Context(), "UPDATE t SET c = 'b'")
	if err != nil {
		t.Fatalf("an update without a key: %v", err)
	}
	if n, err := done.RowsAffected(); n != 2 || err != nil {
		t.Errorf("%d rows found, %v, want 2", n, err)
	}
	rows := 0
	listed, err := db.QueryContext(t.Context(), "SELECT id, SLEEP(0.1) FROM t")
	if err != nil {
		t.Fatal(err)
	}
	defer listed.Close()
	for listed.Next() {
		rows++
	}
	if err := listed.Err(); rows != 2 || err != nil {
		t.Errorf("%d rows and %v, want 2 after a fifth of a second", rows, err)
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO t VALUES (3, '', 'abcdef', NULL)"); database.ClassOf(err) != database.Unsupported {
		t.Errorf("a text that is too long: %v", err)
	}
}

func TestOpen_read_only_refuses_to_write(t *testing.T) {
	t.Parallel()
	dsn := mysqltest.DSN(t)
	exec(t, open(t, dsn, database.Options{}), "CREATE TABLE t (id INT PRIMARY KEY)")
	reader := open(t, dsn, database.Options{ReadOnly: true})
	for _, statement := range []string{"INSERT INTO t VALUES (1)", "DROP TABLE t"} {
		if _, err := reader.ExecContext(t.Context(), statement); !database.IsNumber(err, 1792) {
			t.Errorf("%s: %v, want error 1792", statement, err)
		}
	}
}

// TestOpen_sends_nothing_that_the_server_cuts_the_connection_for: a value
// that is too large is refused, a row is sent in pieces, and the connection lives on.
func TestOpen_sends_nothing_that_the_server_cuts_the_connection_for(t *testing.T) {
	t.Parallel()
	dsn := hostile(t)
	admin := open(t, dsn, database.Options{MaxOpen: 1})
	exec(t, admin, "CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT, w LONGTEXT)")
	before := text(t, admin, "SELECT CONNECTION_ID()")
	const half = 40 << 20 // of a limit of 64 MiB
	large := bytes.Repeat([]byte("x"), half)
	if _, err := admin.ExecContext(t.Context(), "INSERT INTO t VALUES (1, ?, ?)", large, large); err != nil {
		t.Errorf("a row of values that fit one by one: %v", err)
	}
	_, err := admin.ExecContext(t.Context(), "INSERT INTO t VALUES (2, ?, NULL)", append(large, large...))
	err = database.Failure("write", "table t", err)
	var coded *migration.Error
	if !errors.As(err, &coded) || coded.Code != migration.CodeUnsupported || !strings.Contains(coded.Safe(), "max_allowed_packet") {
		t.Errorf("%v, want a refusal that names max_allowed_packet", err)
	}
	if after := text(t, admin, "SELECT CONNECTION_ID()"); after != before {
		t.Errorf("connection %s was cut, %s took its place", before, after)
	}
}

func TestParse_does_not_repeat_a_password(t *testing.T) {
	t.Parallel()
	_, err := database.Parse("open", "user:secret@nowhere(")
	if migration.CodeOf(err) != migration.CodeInvalid || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"", "a", "`", "a`b``c", "`; DROP TABLE x; --"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		quoted := database.Quote(name)
		inner := quoted[1 : len(quoted)-1]
		if quoted[0] != '`' || quoted[len(quoted)-1] != '`' || strings.Contains(strings.ReplaceAll(inner, "``", ""), "`") {
			t.Errorf("Quote(%q) = %s", name, quoted)
		}
		if strings.ReplaceAll(inner, "``", "`") != name {
			t.Errorf("Quote(%q) = %s does not read back", name, quoted)
		}
	})
}
