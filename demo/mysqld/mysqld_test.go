package mysqld_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	"jogetferry/internal/mysqltest"

	"jogetferry/demo/mysqld"
)

const clients = 16

// servers returns what a test runs against: the server under test, and MariaDB
// to show that the test asks nothing that a real server would not give.
func servers() map[string]func(testing.TB) string {
	return map[string]func(testing.TB) string{
		"mysqld": func(tb testing.TB) string {
			tb.Helper()
			server, err := mysqld.Open(tb.Context(), "ferry")
			if err != nil {
				tb.Fatal(err)
			}
			tb.Cleanup(func() {
				if err := server.Close(); err != nil {
					tb.Error(err)
				}
			})
			return server.DSN("ferry")
		},
		"mariadb": mysqltest.DSN,
	}
}

// both runs test on a fresh database of each server.
func both(t *testing.T, test func(t *testing.T, db *sql.DB)) {
	t.Helper()
	for name, dsn := range servers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t, dsn(t)))
		})
	}
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.ParseTime = true
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(clients)
	db.SetMaxIdleConns(clients)
	t.Cleanup(func() { db.Close() })
	return db
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func run(t *testing.T, db execer, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%.80s: %v", statement, err)
	}
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func number(t *testing.T, db querier, query string, args ...any) int {
	t.Helper()
	var n int
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// hammer calls work from all clients at once, n times each.
func hammer(t *testing.T, n int, work func(ctx context.Context, client, i int) error) {
	t.Helper()
	group, ctx := errgroup.WithContext(t.Context())
	for client := range clients {
		group.Go(func() error {
			for i := range n {
				if err := work(ctx, client, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

func number1062(err error) bool {
	var mysqlErr *mysql.MySQLError
	return errors.As(err, &mysqlErr) && mysqlErr.Number == 1062
}

func TestCounters_lose_no_update(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *sql.DB) {
		run(t, db, "CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL)")
		run(t, db, "INSERT INTO counter VALUES (1, 0)")
		hammer(t, 20, func(ctx context.Context, _, _ int) error {
			_, err := db.ExecContext(ctx, "UPDATE counter SET n = n + 1 WHERE id = ?", 1)
			return err
		})
		if got := number(t, db, "SELECT n FROM counter"); got != clients*20 {
			t.Errorf("counter is %d, want %d", got, clients*20)
		}
	})
}

func TestLocking_reads_in_transactions_lose_no_update(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *sql.DB) {
		run(t, db, "CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL)")
		run(t, db, "INSERT INTO counter VALUES (1, 0)")
		hammer(t, 10, func(ctx context.Context, _, _ int) error {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			defer tx.Rollback()
			var n int
			if err := tx.QueryRowContext(ctx, "SELECT n FROM counter WHERE id = ? FOR UPDATE", 1).Scan(&n); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "UPDATE counter SET n = ? WHERE id = ?", n+1, 1); err != nil {
				return err
			}
			return tx.Commit()
		})
		if got := number(t, db, "SELECT n FROM counter"); got != clients*10 {
			t.Errorf("counter is %d, want %d", got, clients*10)
		}
	})
}

func TestInserts_on_duplicate_key_add_up_beside_readers(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *sql.DB) {
		run(t, db, "CREATE TABLE tally (k varchar(20) PRIMARY KEY, n int NOT NULL)")
		hammer(t, 20, func(ctx context.Context, client, i int) error {
			if client%4 == 0 {
				tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
				if err != nil {
					return err
				}
				var n sql.NullInt64
				if err := tx.QueryRowContext(ctx, "SELECT SUM(n) FROM tally").Scan(&n); err != nil {
					return err
				}
				return tx.Commit()
			}
			_, err := db.ExecContext(ctx,
				"INSERT INTO tally (k, n) VALUES (?, 1) ON DUPLICATE KEY UPDATE n = n + VALUES(n)", fmt.Sprint("k", i%5))
			return err
		})
		if got, want := number(t, db, "SELECT SUM(n) FROM tally"), clients*3/4*20; got != want {
			t.Errorf("sum is %d, want %d", got, want)
		}
	})
}

func TestCompare_and_set_has_one_winner(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *sql.DB) {
		run(t, db, "CREATE TABLE claim (id int PRIMARY KEY, state varchar(20) NOT NULL, owner int)")
		const rounds = 10
		for i := range rounds {
			run(t, db, "INSERT INTO claim VALUES (?, 'claimed', NULL)", i)
		}
		var mu sync.Mutex
		winners := map[int]int{}
		hammer(t, rounds, func(ctx context.Context, client, i int) error {
			result, err := db.ExecContext(ctx,
				"UPDATE claim SET state = 'sending', owner = ? WHERE id = ? AND state = 'claimed'", client, i)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			mu.Lock()
			defer mu.Unlock()
			winners[i] += int(n)
			return err
		})
		for i := range rounds {
			if winners[i] != 1 {
				t.Errorf("claim %d has %d winners", i, winners[i])
			}
		}
	})
}

func TestUnique_keys_have_one_winner_and_error_1062(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *sql.DB) {
		run(t, db, `CREATE TABLE start_claim (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
			a varchar(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, b varchar(80) NOT NULL, UNIQUE KEY u (a, b))`)
		var mu sync.Mutex
		winners := map[int]int{}
		hammer(t, 10, func(ctx context.Context, _, i int) error {
			_, err := db.ExecContext(ctx, "INSERT INTO start_claim (a, b) VALUES (?, 'x')", fmt.Sprint(i))
			if number1062(err) {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			winners[i]++
			return err
		})
		for i := range 10 {
			if winners[i] != 1 {
				t.Errorf("key %d has %d winners", i, winners[i])
			}
		}
		run(t, db, "INSERT INTO start_claim (a, b) VALUES ('A', 'x')")
		run(t, db, "INSERT INTO start_claim (a, b) VALUES ('a', 'x')")
	})
}

func TestAuto_increment_gives_each_row_its_own_number(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *sql.DB) {
		run(t, db, "CREATE TABLE step_log (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, v int)")
		var mu sync.Mutex
		seen := map[int64]bool{}
		hammer(t, 10, func(ctx context.Context, client, _ int) error {
			result, err := db.ExecContext(ctx, "INSERT INTO step_log (v) VALUES (?)", client)
			if err != nil {
				return err
			}
			id, err := result.LastInsertId()
			mu.Lock()
			defer mu.Unlock()
			seen[id] = true
			return err
		})
		if got := number(t, db, "SELECT COUNT(*) FROM step_log"); got != clients*10 || len(seen) != got {
			t.Errorf("%d rows, %d numbers, want %d", got, len(seen), clients*10)
		}
	})
}

func TestRollback_leaves_nothing_behind(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *sql.DB) {
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY, v int)")
		run(t, db, "INSERT INTO a VALUES (1, 1)")
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		run(t, tx, "UPDATE a SET v = 2 WHERE id = 1")
		run(t, tx, "INSERT INTO a VALUES (2, 2)")
		if _, err := tx.ExecContext(t.Context(), "INSERT INTO a VALUES (1, 9)"); !number1062(err) {
			t.Errorf("duplicate: %v", err)
		}
		if got := number(t, tx, "SELECT SUM(v) FROM a"); got != 4 {
			t.Errorf("inside: %d", got)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		if got := number(t, db, "SELECT SUM(v) FROM a"); got != 1 {
			t.Errorf("after: %d", got)
		}
	})
}

func TestClosed_connection_rolls_back_and_frees_the_lock(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *sql.DB) {
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY)")
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		run(t, conn, "START TRANSACTION")
		run(t, conn, "INSERT INTO a VALUES (1)")
		if err := conn.Raw(func(any) error { return driver.ErrBadConn }); err == nil {
			t.Fatal("the connection was kept")
		}
		run(t, db, "INSERT INTO a VALUES (1)")
	})
}

func TestRead_only_transaction_is_a_snapshot_that_blocks_nobody_and_writes_nothing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *sql.DB) {
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY)")
		run(t, db, "CREATE TABLE b (id int PRIMARY KEY)")
		tx, err := db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
		if err != nil {
			t.Fatal(err)
		}
		if got := number(t, tx, "SELECT COUNT(*) FROM a"); got != 0 {
			t.Errorf("a at first: %d", got)
		}
		run(t, db, "INSERT INTO a VALUES (1)")
		run(t, db, "INSERT INTO b VALUES (1)")
		if got := number(t, tx, "SELECT COUNT(*) FROM a"); got != 0 {
			t.Errorf("a changed inside the snapshot: %d", got)
		}
		if got := number(t, tx, "SELECT COUNT(*) FROM b"); got != 0 {
			t.Errorf("b is newer than the snapshot: %d", got)
		}
		if _, err := tx.ExecContext(t.Context(), "INSERT INTO a VALUES (2)"); err == nil {
			t.Error("a READ ONLY transaction wrote")
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if got := number(t, db, "SELECT COUNT(*) FROM a"); got != 1 {
			t.Errorf("the end of the snapshot undid a commit: %d rows", got)
		}
	})
}

func TestRead_only_session_refuses_writes_and_makes_its_transactions_snapshots(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *sql.DB) {
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY)")
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		run(t, conn, "SET SESSION TRANSACTION READ ONLY")
		_, err = conn.ExecContext(t.Context(), "INSERT INTO a VALUES (1)")
		var refused *mysql.MySQLError
		if !errors.As(err, &refused) || refused.Number != 1792 {
			t.Errorf("autocommit write: %v, want error 1792", err)
		}
		run(t, conn, "START TRANSACTION")
		if got := number(t, conn, "SELECT COUNT(*) FROM a"); got != 0 {
			t.Errorf("at first: %d", got)
		}
		run(t, db, "INSERT INTO a VALUES (2)")
		if got := number(t, conn, "SELECT COUNT(*) FROM a"); got != 0 {
			t.Errorf("not a snapshot: %d", got)
		}
		run(t, conn, "COMMIT")
		if got := number(t, db, "SELECT COUNT(*) FROM a"); got != 1 {
			t.Errorf("after the snapshot: %d", got)
		}
		run(t, conn, "SET SESSION TRANSACTION READ WRITE")
	})
}

func TestForeign_keys_are_checked(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *sql.DB) {
		run(t, db, "CREATE TABLE parent (id int PRIMARY KEY)")
		run(t, db, `CREATE TABLE child (id int PRIMARY KEY, parent int,
			CONSTRAINT fk FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE)`)
		if _, err := db.ExecContext(t.Context(), "INSERT INTO child VALUES (1, 1)"); err == nil {
			t.Error("a child without a parent")
		}
		run(t, db, "INSERT INTO parent VALUES (1)")
		run(t, db, "INSERT INTO child VALUES (1, 1)")
		run(t, db, "DELETE FROM parent WHERE id = 1")
		if got := number(t, db, "SELECT COUNT(*) FROM child"); got != 0 {
			t.Errorf("%d children left", got)
		}
		if got := number(t, db, `SELECT COUNT(*) FROM information_schema.key_column_usage
			WHERE table_schema = DATABASE() AND table_name = 'child' AND referenced_table_name = 'parent'`); got != 1 {
			t.Errorf("key_column_usage knows %d", got)
		}
	})
}

func TestValues_come_back_as_they_went_in(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *sql.DB) {
		run(t, db, `CREATE TABLE v (id varchar(255) COLLATE utf8mb4_bin PRIMARY KEY, txt longtext, blb longblob,
			at datetime(6), dt datetime, n decimal(20,4), big bigint unsigned, bt bit(1), bn varbinary(32), em varchar(10))`)
		type row struct {
			Txt    sql.NullString
			Blob   []byte
			At, Dt time.Time
			N      string
			Big    uint64
			Bit    []byte
			Bin    []byte
			Empty  sql.NullString
		}
		want := row{
			Txt:  sql.NullString{String: "grüße 😀 \\ ' \" \x00 end", Valid: true},
			Blob: []byte(strings.Repeat("\x00\x01\xfe\xff", 1<<20)),
			At:   time.Date(2026, 2, 3, 4, 5, 6, 789012000, time.UTC), Dt: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC),
			N: "12345678901234.5678", Big: 1<<64 - 1, Bit: []byte{1}, Bin: []byte{0, 255, 128}, Empty: sql.NullString{Valid: true},
		}
		run(t, db, "INSERT INTO v VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", "k😀",
			want.Txt, want.Blob, want.At, want.Dt, want.N, want.Big, 1, want.Bin, "")
		var got row
		err := db.QueryRowContext(t.Context(), "SELECT txt, blb, at, dt, n, big, bt, bn, em FROM v WHERE id = ?", "k😀").
			Scan(&got.Txt, &got.Blob, &got.At, &got.Dt, &got.N, &got.Big, &got.Bit, &got.Bin, &got.Empty)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%.2000s", diff)
		}
	})
}

func TestGet_lock_waits_for_its_holder(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *sql.DB) {
		one, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		two, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		name := strings.ReplaceAll(t.Name(), "/", ".")[:40]
		if got := number(t, one, "SELECT GET_LOCK(?, 1)", name); got != 1 {
			t.Fatalf("first: %d", got)
		}
		if got := number(t, two, "SELECT GET_LOCK(?, 0)", name); got != 0 {
			t.Errorf("second while held: %d", got)
		}
		waiting := make(chan int, 1)
		go func() {
			var n int
			if err := two.QueryRowContext(t.Context(), "SELECT GET_LOCK(?, 30)", name).Scan(&n); err != nil {
				n = -1
			}
			waiting <- n
		}()
		if got := number(t, one, "SELECT RELEASE_LOCK(?)", name); got != 1 {
			t.Errorf("release: %d", got)
		}
		if got := <-waiting; got != 1 {
			t.Errorf("second after the release: %d", got)
		}
		one.Close()
		two.Close()
	})
}

func TestSchema_questions_are_answered(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *sql.DB) {
		run(t, db, `CREATE TABLE app_fd_Request (id varchar(255) NOT NULL PRIMARY KEY, c_Amount longtext,
			n int unsigned NOT NULL DEFAULT 5, KEY i (n))
			ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`)
		rows, err := db.QueryContext(t.Context(), `SELECT column_name, data_type, is_nullable
			FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'app_fd_Request' ORDER BY ordinal_position`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var got []string
		for rows.Next() {
			var name, kind, nullable string
			if err := rows.Scan(&name, &kind, &nullable); err != nil {
				t.Fatal(err)
			}
			got = append(got, name+" "+kind+" "+nullable)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		want := []string{"id varchar NO", "c_Amount longtext YES", "n int NO"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("columns -want +got:\n%s", diff)
		}
		var table, engine string
		if err := db.QueryRowContext(t.Context(), `SELECT table_name, engine FROM information_schema.tables
			WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'`).Scan(&table, &engine); err != nil {
			t.Fatal(err)
		}
		if table != "app_fd_Request" || engine != "InnoDB" {
			t.Errorf("table %s, engine %s", table, engine)
		}
		if got := number(t, db, `SELECT COUNT(*) FROM information_schema.statistics
			WHERE table_schema = DATABASE() AND table_name = 'app_fd_Request' AND index_name = 'PRIMARY'`); got != 1 {
			t.Errorf("statistics: %d", got)
		}
	})
}

func TestReader_reads_and_nothing_else(t *testing.T) {
	t.Parallel()
	server, err := mysqld.Open(t.Context(), "source", "other")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	admin := open(t, server.DSN("source"))
	run(t, admin, "CREATE TABLE a (id int PRIMARY KEY)")
	run(t, admin, "CREATE TABLE other.a (id int PRIMARY KEY)")
	dsn, err := server.Reader(t.Context(), "source")
	if err != nil {
		t.Fatal(err)
	}
	reader := open(t, dsn)
	if got := number(t, reader, "SELECT COUNT(*) FROM a"); got != 0 {
		t.Errorf("count %d", got)
	}
	for _, statement := range []string{"INSERT INTO a VALUES (1)", "DROP TABLE a", "CREATE TABLE b (id int)", "SELECT id FROM other.a"} {
		if got := answer(t, reader, statement); !strings.HasPrefix(got, "error 1") {
			t.Errorf("%s by a reader: %s", statement, got)
		}
	}
	got := answer(t, reader, "SELECT privilege_type FROM information_schema.schema_privileges WHERE table_schema = 'source'")
	if want := `"SELECT" / `; got != want {
		t.Errorf("privileges %s, want %s", got, want)
	}
	if got := answer(t, reader, "SHOW GRANTS"); !strings.Contains(got, "GRANT SELECT ON `source`.* TO ") || strings.Contains(got, "INSERT") {
		t.Errorf("grants of the reader: %s", got)
	}
	if got := answer(t, admin, "SHOW GRANTS"); !strings.Contains(got, "GRANT INSERT ON *.* TO ") {
		t.Errorf("grants of the administrator: %s", got)
	}
}

func TestGoose_migrates_the_schema(t *testing.T) {
	t.Parallel()
	both(t, gooseUp)
}

func TestJoins_of_decimals_find_every_row(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db *sql.DB) {
		run(t, db, "CREATE TABLE state (oid decimal(19,0) PRIMARY KEY, name varchar(20))")
		run(t, db, "CREATE TABLE process (oid decimal(19,0) PRIMARY KEY, state decimal(19,0) NOT NULL, caller varchar(20), KEY (state), KEY (caller))")
		run(t, db, "INSERT INTO state VALUES (1000000, 'open'), (1000002, 'open'), (1000004, 'closed')")
		for i := range 12 {
			run(t, db, "INSERT INTO process VALUES (?, ?, NULL)", i, 1000000+2*(i%3))
		}
		for _, query := range []string{
			"SELECT COUNT(*) FROM process p JOIN state s ON s.oid = p.state WHERE s.name LIKE 'op%' AND p.caller IS NULL",
			"SELECT COUNT(s.oid) FROM process p LEFT JOIN state s ON s.oid = p.state AND s.name = 'open'",
			"SELECT COUNT(*) FROM process p WHERE p.state IN (SELECT s.oid FROM state s WHERE s.name = 'open') AND p.caller IS NULL",
			"SELECT COUNT(*) FROM process p WHERE EXISTS (SELECT 1 FROM state s WHERE s.oid = p.state AND s.name = 'open')",
			"SELECT COUNT(*) FROM process p WHERE p.state NOT IN (SELECT s.oid FROM state s WHERE s.name = 'closed')",
		} {
			if got := number(t, db, query); got != 8 {
				t.Errorf("%s: %d, want 8", query, got)
			}
		}
	})
}
