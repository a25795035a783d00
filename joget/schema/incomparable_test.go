package schema_test

import (
	"database/sql"
	"testing"

	"jogetferry/internal/database"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/test/mysqltest"
)

// TestLookUpsByTextsThatTheColumnHasNoPlaceFor: servers refuse to compare them,
// each in its own words, and what cannot be stored is not there. The others that
// are looked up in the same query are found all the same.
func TestLookUpsByTextsThatTheColumnHasNoPlaceFor(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	j.dropForeignKeys()
	for _, table := range []string{"dir_user", "dir_user_role", "dir_department", "wf_process_link", "wf_process_link_history", "wf_history_activity", "wf_audit_trail", "SHKProcesses"} {
		j.exec("ALTER TABLE " + table + " CONVERT TO CHARACTER SET latin1 COLLATE latin1_swedish_ci")
	}
	const foreign = "花子"
	j.put("dir_user", "id", "ann", "username", "ann", "active", 1)
	j.put("dir_user", "id", "bob", "username", "bob", "active", 1)
	j.put("dir_user_role", "userId", "ann", "roleId", "ROLE_USER")
	r := j.Fresh()

	users, err := r.Users(t.Context(), []migration.User{"ann", foreign, "bob"})
	if err != nil || len(users) != 2 || !users["ann"].Active || !users["bob"].Active {
		t.Errorf("users %v, %v; want ann and bob", users, err)
	}
	members, err := r.Memberships(t.Context(), []string{foreign, "ann"})
	if err != nil || len(members["ann"].Roles) != 1 {
		t.Errorf("memberships %v, %v", members, err)
	}
	if linked, err := r.LinkedInstances(t.Context(), foreign); err != nil || len(linked) != 0 {
		t.Errorf("linked instances %v, %v", linked, err)
	}
	if ids, err := r.LinkedInstanceIDs(t.Context(), []migration.RecordID{foreign, "x"}); err != nil || len(ids) != 0 {
		t.Errorf("instance-like records %v, %v", ids, err)
	}
	if head, err := r.DepartmentHead(t.Context(), foreign); err != nil || head != "" {
		t.Errorf("head of department %q, %v", head, err)
	}
	if n, err := r.AuditLogins(t.Context(), foreign); err != nil || n != 0 {
		t.Errorf("%d logins, %v", n, err)
	}
	if list, err := r.ArchivedActivities(t.Context(), foreign); err != nil || len(list) != 0 {
		t.Errorf("archived activities %v, %v", list, err)
	}
	if list, err := r.ArchivedChildren(t.Context(), foreign); err != nil || len(list) != 0 {
		t.Errorf("archived children %v, %v", list, err)
	}
	if p, err := r.Presence(t.Context(), foreign); err != nil || p.Where != schema.Nowhere {
		t.Errorf("presence %v, %v", p, err)
	}
}

// dropForeignKeys lets columns change their character set.
func (j *joget) dropForeignKeys() {
	j.t.Helper()
	rows, err := j.sql.QueryContext(j.t.Context(), "SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS WHERE CONSTRAINT_TYPE = 'FOREIGN KEY' AND TABLE_SCHEMA = DATABASE()")
	if err != nil {
		j.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var table, key string
		if err := rows.Scan(&table, &key); err != nil {
			j.t.Fatal(err)
		}
		j.exec("ALTER TABLE " + database.Quote(table) + " DROP FOREIGN KEY " + database.Quote(key))
	}
	if err := rows.Err(); err != nil {
		j.t.Fatal(err)
	}
}

func TestReadOnlyNamesWhatRefusesWrites(t *testing.T) {
	t.Parallel()
	server := mysqltest.Private(t)
	admin, err := sql.Open("mysql", server.DSN(""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admin.Close() })
	for _, tc := range []struct{ statement, want string }{
		{"CREATE DATABASE d", ""},
		{"SET GLOBAL read_only = 1", "read_only"},
		{"SET GLOBAL read_only = 0", ""},
	} {
		if _, err := admin.ExecContext(t.Context(), tc.statement); err != nil {
			t.Fatal(err)
		}
		if got, err := openDB(t, server.DSN("d"), schema.Options{}).Fresh().ReadOnly(t.Context()); got != tc.want || err != nil {
			t.Errorf("after %s: %q, %v; want %q", tc.statement, got, err, tc.want)
		}
	}
}
