package mysqltest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// EnvDSN names the environment variable that holds an administrator's DSN in
// the form of go-sql-driver/mysql, such as "root:secret@tcp(127.0.0.1:3306)/".
// Empty or unset: a private server is started when the first test asks.
const EnvDSN = "FERRY_TEST_MYSQL"

// DSN returns the DSN of a fresh empty utf8mb4 database, dropped when tb ends.
// The account behind it is an administrator. No driver parameters are set, so
// that each caller pins the session it needs.
func DSN(tb testing.TB) string {
	tb.Helper()
	return DatabaseOn(tb, AdminDSN(tb))
}

// DatabaseOn is DSN on the server of the administrator's DSN given, such as a
// Server's.
func DatabaseOn(tb testing.TB, admin string) string {
	tb.Helper()
	dsn, drop, err := NewDatabase(tb.Context(), admin)
	if err != nil {
		tb.Fatalf("mysqltest: %v", err)
	}
	tb.Cleanup(func() {
		// tb.Context is cancelled before cleanups run.
		if err := drop(context.WithoutCancel(tb.Context())); err != nil {
			tb.Errorf("mysqltest: %v", err)
		}
	})
	return dsn
}

// NewDatabase is DatabaseOn for what outlives a test: whoever asked drops it.
func NewDatabase(ctx context.Context, admin string) (dsn string, drop func(context.Context) error, err error) {
	cfg, err := mysql.ParseDSN(admin)
	if err != nil {
		return "", nil, fmt.Errorf("parse the DSN: %w", err)
	}
	do := func(ctx context.Context, statement string) error {
		db, err := sql.Open("mysql", admin)
		if err != nil {
			return fmt.Errorf("open the DSN: %w", err)
		}
		defer db.Close()
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		_, err = db.ExecContext(ctx, statement)
		return err
	}
	cfg.DBName = randomName("ferry_")
	if err := do(ctx, "CREATE DATABASE "+quoted(cfg.DBName)+" CHARACTER SET utf8mb4"); err != nil {
		return "", nil, fmt.Errorf("create a database: %w", err)
	}
	return cfg.FormatDSN(), func(ctx context.Context) error { return do(ctx, "DROP DATABASE IF EXISTS "+quoted(cfg.DBName)) }, nil
}

// Private starts a server for tb alone, which may set what concerns all of it and
// is gone when tb ends; see Start for flags.
func Private(tb testing.TB, flags ...string) *Server {
	tb.Helper()
	server, err := Start(tb.Context(), tb.TempDir(), flags...)
	if err != nil {
		tb.Fatalf("mysqltest: %v", err)
	}
	tb.Cleanup(func() {
		if err := server.Kill(context.WithoutCancel(tb.Context())); err != nil {
			tb.Errorf("mysqltest: %v", err)
		}
	})
	return server
}

// AdminDSN returns the DSN, without a database, of an account that may do
// everything on the server that DSN uses.
func AdminDSN(tb testing.TB) string {
	tb.Helper()
	dsn, err := admin()
	if err != nil {
		tb.Fatalf("mysqltest: %v", err)
	}
	return dsn
}

// User creates an account that may do only what grants say on the database of
// dsn (an administrator's, as DSN and Server.DSN return) and returns that DSN with the account in it. A grant
// is a privilege, "SELECT", or holds its own target, "SELECT ON `db`.`table`".
// No grants: an account that can connect to the server and to no database. The
// account is dropped when tb ends.
func User(tb testing.TB, dsn string, grants ...string) string {
	tb.Helper()
	db := open(tb, dsn)
	cfg := parse(tb, dsn)
	cfg.User, cfg.Passwd = randomName("u_"), rand.Text()
	account := "'" + cfg.User + "'@'%'"
	run(tb, db, "CREATE USER "+account+" IDENTIFIED BY '"+cfg.Passwd+"'")
	tb.Cleanup(func() { run(tb, db, "DROP USER "+account) })
	for _, grant := range grants {
		if !strings.Contains(strings.ToUpper(grant), " ON ") {
			grant += " ON " + quoted(cfg.DBName) + ".*"
		}
		run(tb, db, "GRANT "+grant+" TO "+account)
	}
	return cfg.FormatDSN()
}

// admin is the server shared by all tests of this process; it has no owner that
// could close it, so it lives until the process ends and takes it along.
var admin = sync.OnceValues(func() (string, error) {
	if dsn := os.Getenv(EnvDSN); dsn != "" {
		return dsn, nil
	}
	sweep(os.TempDir())
	dir, err := os.MkdirTemp("", dirPrefix+strconv.Itoa(os.Getpid())+"-")
	if err != nil {
		return "", fmt.Errorf("make a directory for the test server: %w", err)
	}
	server, err := Start(context.Background(), dir)
	if err != nil {
		return "", err
	}
	return server.DSN(""), nil
})

// open connects when it is used; it is closed when tb ends.
func open(tb testing.TB, dsn string) *sql.DB {
	tb.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		tb.Fatalf("mysqltest: open the DSN: %v", err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Errorf("mysqltest: %v", err)
		}
	})
	return db
}

func parse(tb testing.TB, dsn string) *mysql.Config {
	tb.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		tb.Fatalf("mysqltest: parse the DSN: %v", err)
	}
	return cfg
}

// run does not use t.Context, which is cancelled before cleanups run.
func run(tb testing.TB, db *sql.DB, statement string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), time.Minute)
	defer cancel()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		tb.Errorf("mysqltest: %v", err)
		tb.FailNow()
	}
}

// Sequence is a table named sequence for a FROM clause, with the numbers 1 to n
// in its column seq. MariaDB alone has seq_1_to_N, and a recursive query is cut
// off after a thousand rounds by MySQL.
func Sequence(n int) string {
	return fmt.Sprintf("JSON_TABLE(CONCAT('[0', REPEAT(',0', %d), ']'), '$[*]' COLUMNS (seq FOR ORDINALITY)) AS sequence", n-1)
}

// dirPrefix is followed by the process ID of the owner.
const dirPrefix = "ferry-mysqltest-"

// sweep removes the data of servers whose process is gone: they die with it,
// without a chance to clean up.
func sweep(tmp string) {
	dirs, err := filepath.Glob(filepath.Join(tmp, dirPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		owner, _, ok := strings.Cut(strings.TrimPrefix(filepath.Base(dir), dirPrefix), "-")
		pid, err := strconv.Atoi(owner)
		if ok && err == nil && syscall.Kill(pid, 0) == syscall.ESRCH {
			if os.RemoveAll(dir) != nil {
				continue // another process sweeps too
			}
		}
	}
}

func randomName(prefix string) string {
	return prefix + strings.ToLower(rand.Text()[:16])
}

func quoted(identifier string) string {
	return "`" + strings.ReplaceAll(identifier, "`", "``") + "`"
}
