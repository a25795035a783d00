package schema_test

import (
	"context"
	"database/sql"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/schema"
)

func created(t *testing.T) *sql.DB {
	t.Helper()
	db := empty(t)
	if err := schema.Create(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return db
}

func empty(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", mysqltest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestCreate_leaves_nothing_missing(t *testing.T) {
	t.Parallel()
	missing, err := schema.Missing(t.Context(), created(t))
	if err != nil || len(missing) > 0 {
		t.Fatalf("missing %v, error %v", missing, err)
	}
}

func TestMissing_names_tables_by_exact_case_and_columns(t *testing.T) {
	t.Parallel()
	db := created(t)
	for _, ddl := range []string{
		"DROP TABLE SHKDeadlines",
		"CREATE TABLE shkdeadlines (oid int)",
		"ALTER TABLE wf_setup DROP COLUMN ordering",
	} {
		if _, err := db.ExecContext(t.Context(), ddl); err != nil {
			t.Fatal(err)
		}
	}
	missing, err := schema.Missing(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"SHKDeadlines", "wf_setup.ordering"}, missing); diff != "" {
		t.Error(diff)
	}
}

func TestCreate_on_a_filled_database_is_refused(t *testing.T) {
	t.Parallel()
	if err := schema.Create(t.Context(), created(t)); err == nil {
		t.Error("the second Create was accepted")
	}
}

func TestCreate_writes_the_rows_Joget_relies_on(t *testing.T) {
	t.Parallel()
	db := created(t)
	for _, c := range []struct{ name, query, want string }{
		{
			"process_states_have_even_oids", "SELECT GROUP_CONCAT(CONCAT(oid,'=',KeyValue) ORDER BY oid) FROM SHKProcessStates",
			"1000000=open.running,1000002=open.not_running.not_started,1000004=open.not_running.suspended,1000006=closed.completed,1000008=closed.terminated,1000010=closed.aborted",
		},
		{"activity_states_have_odd_oids", "SELECT GROUP_CONCAT(oid ORDER BY oid) FROM SHKActivityStates", "1000001,1000003,1000005,1000007,1000009,1000011"},
		{"admin_can_log_in", "SELECT CONCAT(u.password,r.roleId) FROM dir_user u JOIN dir_user_role r ON r.userId=u.id WHERE u.username='admin'", "21232f297a57a5a743894a0e4a801fc3ROLE_ADMIN"},
		{"users_have_the_sample_password", "SELECT COUNT(*) FROM dir_user WHERE password='5f4dcc3b5aa765d61d8327deb882cf99'", "11"},
		{"some_user_id_is_not_the_name", "SELECT GROUP_CONCAT(username ORDER BY username) FROM dir_user WHERE id<>username", "roy,tina"},
		{"everyone_but_admin_has_a_head_of_department", "SELECT COUNT(*) FROM dir_user u JOIN dir_employment e ON e.userId=u.id JOIN dir_department d ON d.id=e.departmentId JOIN dir_employment h ON h.id=d.hod JOIN dir_user hu ON hu.id=h.userId", "11"},
		{"master_login_is_set", "SELECT GROUP_CONCAT(value ORDER BY id) FROM wf_setup", "archive,master,master"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got string
			if err := db.QueryRowContext(t.Context(), c.query).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCreateFormTable_adds_columns_and_keeps_rows(t *testing.T) {
	t.Parallel()
	db := empty(t)
	for _, fields := range [][]string{{"title"}, {"title", "odd`name"}} {
		if err := schema.CreateFormTable(t.Context(), db, "thing", fields); err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), "INSERT IGNORE INTO app_fd_thing (id, c_title, dateCreated) VALUES ('r','x','2024-01-02 03:04:05.678901')"); err != nil {
			t.Fatal(err)
		}
	}
	var got string
	if err := db.QueryRowContext(t.Context(), "SELECT CONCAT(c_title,' ',dateCreated,' ',COALESCE(`c_odd``name`,'null')) FROM app_fd_thing").Scan(&got); err != nil {
		t.Fatal(err)
	}
	if got != "x 2024-01-02 03:04:05.678901 null" {
		t.Errorf("row %q", got)
	}
}

func TestReserve_hands_out_whole_blocks(t *testing.T) {
	t.Parallel()
	db := created(t)
	reserve := func(n int64, take func(context.Context, *sql.Tx, int64) (int64, error)) int64 {
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		first, err := take(t.Context(), tx, n)
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		return first
	}
	counter := func(ctx context.Context, tx *sql.Tx, n int64) (int64, error) {
		return schema.ReserveCounter(ctx, tx, schema.CounterXPDLData, n)
	}
	got := []int64{
		reserve(1, schema.ReserveObjectIDs), reserve(201, schema.ReserveObjectIDs), reserve(1, schema.ReserveObjectIDs),
		reserve(200, counter), reserve(1, counter), reserve(1, counter),
	}
	if diff := cmp.Diff([]int64{1000200, 1000400, 1000800, 1, 201, 401}, got); diff != "" {
		t.Error(diff)
	}
	if got := schema.CounterOID(schema.CounterXPDLData); got != 29504246 {
		t.Errorf("counter oid %d", got)
	}
}
