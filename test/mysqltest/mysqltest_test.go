package mysqltest_test

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"jogetferry/test/mysqltest"
)

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func killAtEnd(t *testing.T, server *mysqltest.Server) {
	t.Helper()
	t.Cleanup(func() {
		if err := server.Kill(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

func text(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	var value string
	if err := db.QueryRowContext(t.Context(), query).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

func exec1(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestDSN_is_a_fresh_utf8mb4_database_with_case_sensitive_tables(t *testing.T) {
	t.Parallel()
	one, two := open(t, mysqltest.DSN(t)), open(t, mysqltest.DSN(t))
	exec1(t, one, "CREATE TABLE SHKProcesses (v varchar(10))")
	exec1(t, one, "INSERT INTO SHKProcesses VALUES (?)", "a😀")
	exec1(t, one, "CREATE TABLE shkprocesses (v int)")
	exec1(t, two, "CREATE TABLE SHKProcesses (v int)")
	if got := text(t, one, "SELECT v FROM SHKProcesses"); got != "a😀" {
		t.Errorf("read back %q", got)
	}
}

func TestSequence_counts_from_one(t *testing.T) {
	t.Parallel()
	db := open(t, mysqltest.DSN(t))
	got := text(t, db, "SELECT CONCAT(MIN(seq), ' ', MAX(seq), ' ', COUNT(DISTINCT seq)) FROM "+mysqltest.Sequence(12_000))
	if want := "1 12000 12000"; got != want {
		t.Errorf("least, greatest and count are %s, want %s", got, want)
	}
}

func TestDSN_is_dropped_when_the_test_ends(t *testing.T) {
	t.Parallel()
	admin := open(t, mysqltest.AdminDSN(t))
	var name string
	t.Run("inner", func(t *testing.T) {
		name = text(t, open(t, mysqltest.DSN(t)), "SELECT DATABASE()")
	})
	var count int
	err := admin.QueryRowContext(t.Context(),
		"SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", name).Scan(&count)
	if err != nil || count != 0 {
		t.Errorf("%q: count %d, %v", name, count, err)
	}
}

func TestUser_may_do_what_is_granted_and_nothing_else(t *testing.T) {
	t.Parallel()
	dsn := mysqltest.DSN(t)
	exec1(t, open(t, dsn), "CREATE TABLE t (v int)")
	reader := open(t, mysqltest.User(t, dsn, "SELECT"))
	if got := text(t, reader, "SELECT COUNT(*) FROM t"); got != "0" {
		t.Errorf("count %s", got)
	}
	_, err := reader.ExecContext(t.Context(), "INSERT INTO t VALUES (1)")
	var refused *mysql.MySQLError
	if !errors.As(err, &refused) || refused.Number != 1142 {
		t.Errorf("insert by a reader: %v, want error 1142", err)
	}
}

func TestServer_keeps_data_accounts_and_port_over_kill_and_start(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server, err := mysqltest.Start(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	killAtEnd(t, server)
	db := open(t, server.DSN(""))
	exec1(t, db, "CREATE DATABASE d")
	exec1(t, db, "CREATE TABLE d.t (v int)")
	exec1(t, db, "INSERT INTO d.t VALUES (7)")

	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := text(t, open(t, server.DSN("d")), "SELECT v FROM t"); got != "7" {
		t.Errorf("after a kill: %s", got)
	}

	if err := server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := open(t, server.DSN("")).PingContext(t.Context()); err == nil {
		t.Error("a stopped server answers")
	}
	again, err := mysqltest.Start(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	killAtEnd(t, again)
	if again.DSN("d") != server.DSN("d") {
		t.Errorf("the DSN changed from %s to %s", server.Addr(), again.Addr())
	}
	if got := text(t, open(t, again.DSN("d")), "SELECT v FROM t"); got != "7" {
		t.Errorf("after stop and start: %s", got)
	}
}

func TestStart_gives_its_flags_to_the_server(t *testing.T) {
	t.Parallel()
	server, err := mysqltest.Start(t.Context(), t.TempDir(), "--lower-case-table-names=1", "--read-only")
	if err != nil {
		t.Fatal(err)
	}
	killAtEnd(t, server)
	dsn := mysqltest.DatabaseOn(t, server.DSN(""))
	admin := open(t, dsn)
	exec1(t, admin, "CREATE TABLE SHKProcesses (v int)")
	if got := text(t, admin, "SHOW TABLES"); got != "shkprocesses" {
		t.Errorf("the table is called %q, want lower case", got)
	}
	_, err = open(t, mysqltest.User(t, dsn, "INSERT")).ExecContext(t.Context(), "INSERT INTO SHKProcesses VALUES (1)")
	var refused *mysql.MySQLError
	if !errors.As(err, &refused) || refused.Number != 1290 {
		t.Errorf("insert on a read-only server: %v, want error 1290", err)
	}
}

func TestStart_names_the_folder_that_has_no_server(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(mysqltest.EnvDir, dir)
	_, err := mysqltest.Start(t.Context(), t.TempDir())
	if !errors.Is(err, mysqltest.ErrNotInstalled) || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v, want ErrNotInstalled with %s", err, dir)
	}
}

func TestStart_moves_on_when_its_port_is_taken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server, err := mysqltest.Start(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	taker, err := new(net.ListenConfig).Listen(t.Context(), "tcp", server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer taker.Close()
	again, err := mysqltest.Start(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	killAtEnd(t, again)
	if again.Addr() == server.Addr() {
		t.Errorf("both at %s", server.Addr())
	}
	if err := open(t, again.DSN("")).PingContext(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStart_says_why_a_server_ended_at_its_start(t *testing.T) {
	t.Parallel()
	_, err := mysqltest.Start(t.Context(), t.TempDir(), "--no-such-flag")
	if err == nil || !strings.Contains(err.Error(), "no-such-flag") {
		t.Errorf("%v, want the server's own words", err)
	}
}

// TestMain doubles as the process that is killed in the test below.
func TestMain(m *testing.M) {
	dir := os.Getenv("FERRY_TEST_ORPHAN_DIR")
	if dir == "" {
		os.Exit(m.Run())
	}
	if _, err := mysqltest.Start(context.Background(), dir); err != nil {
		os.Exit(1)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		os.Exit(1)
	}
}

func TestServer_dies_with_the_process_that_started_it(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), "FERRY_TEST_ORPHAN_DIR="+dir)
	if out, err := child.CombinedOutput(); child.ProcessState.Success() || child.ProcessState.Exited() {
		t.Fatalf("the child was not killed: %v: %s", err, out)
	}
	file, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(file)))
	if err != nil {
		t.Fatal(err)
	}
	deadline, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for syscall.Kill(pid, 0) == nil {
		select {
		case <-deadline.Done():
			t.Fatalf("server %d outlived its parent", pid)
		case <-time.Tick(10 * time.Millisecond):
		}
	}
}
