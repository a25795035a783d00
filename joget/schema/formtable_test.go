package schema_test

import (
	"database/sql"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/test/mysqltest"
	simulated "jogetferry/test/simulator/schema"
)

func TestStatementsOfFormTables(t *testing.T) {
	t.Parallel()
	fields := schema.FieldColumns([]string{"status", "Total-2", "7th", "id", "dateCreated", "no place", "", "STATUS", strings.Repeat("x", 63), "a`b"})
	if diff := cmp.Diff([]schema.FormColumn{{"c_7th", "longtext"}, {"c_STATUS", "longtext"}, {"c_Total-2", "longtext"}}, fields); diff != "" {
		t.Errorf("columns of fields (-want +got):\n%s", diff)
	}
	for _, tc := range []struct{ name, got, want string }{
		{
			"joget_8", schema.CreateFormTable("crm", 8, fields),
			"CREATE TABLE IF NOT EXISTS `app_fd_crm` (`id` varchar(255) NOT NULL, `dateCreated` datetime(6), `dateModified` datetime(6), " +
				"`createdBy` varchar(255), `createdByName` varchar(255), `modifiedBy` varchar(255), `modifiedByName` varchar(255), " +
				"`c_7th` longtext, `c_STATUS` longtext, `c_Total-2` longtext, PRIMARY KEY (`id`), " +
				"KEY `idx_datecreated` (`dateCreated`), KEY `idx_createdby` (`createdBy`)) ENGINE=InnoDB",
		},
		{
			"joget_7_has_no_fractions", schema.CreateFormTable("crm", 7, nil),
			"CREATE TABLE IF NOT EXISTS `app_fd_crm` (`id` varchar(255) NOT NULL, `dateCreated` datetime, `dateModified` datetime, " +
				"`createdBy` varchar(255), `createdByName` varchar(255), `modifiedBy` varchar(255), `modifiedByName` varchar(255), PRIMARY KEY (`id`), " +
				"KEY `idx_datecreated` (`dateCreated`), KEY `idx_createdby` (`createdBy`)) ENGINE=InnoDB",
		},
		{
			"joget_6_has_no_indexes", schema.CreateFormTable("crm", 6, nil),
			"CREATE TABLE IF NOT EXISTS `app_fd_crm` (`id` varchar(255) NOT NULL, `dateCreated` datetime, `dateModified` datetime, " +
				"`createdBy` varchar(255), `createdByName` varchar(255), `modifiedBy` varchar(255), `modifiedByName` varchar(255), PRIMARY KEY (`id`)) ENGINE=InnoDB",
		},
		{
			"joget_5_has_no_users", schema.CreateFormTable("crm", 5, []schema.FormColumn{{"createdBy", "varchar(255)"}, {"ID", "longtext"}}),
			"CREATE TABLE IF NOT EXISTS `app_fd_crm` (`id` varchar(255) NOT NULL, `dateCreated` datetime, `dateModified` datetime, `createdBy` varchar(255), PRIMARY KEY (`id`)) ENGINE=InnoDB",
		},
		{
			"columns", schema.AddFormColumns("app_fd_Crm", fields[:2]),
			"ALTER TABLE `app_fd_Crm` ADD COLUMN `c_7th` longtext, ADD COLUMN `c_STATUS` longtext",
		},
	} {
		if tc.got != tc.want {
			t.Errorf("%s:\n%s\nwant\n%s", tc.name, tc.got, tc.want)
		}
	}
	for name, want := range map[string]schema.FormColumn{
		"c_x": {"c_x", "longtext"}, "createdby": {"createdBy", "varchar(255)"}, "DateModified": {"dateModified", "datetime"},
		"legacy": {}, "c_": {}, "c_a b": {}, "c_" + strings.Repeat("x", 63): {},
	} {
		if got, ok := schema.FormColumnOf(7, name); ok != (want != schema.FormColumn{}) || ok && got != want {
			t.Errorf("%q: %+v %v, want %+v", name, got, ok, want)
		}
	}
}

// described is a table as the server describes it, its name left out.
func described(t *testing.T, db *sql.DB, table string) string {
	t.Helper()
	var name, text string
	if err := db.QueryRowContext(t.Context(), "SHOW CREATE TABLE "+table).Scan(&name, &text); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(text, name, "")
}

// A table that we make is what the simulator's Joget makes of the same forms.
func TestMadeTablesAreJogets(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	j.exec("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
	db := openDB(t, j.dsn, schema.Options{}) // sessions keep the collation that they found
	fields := []string{"title", "amount"}
	if err := simulated.CreateFormTable(t.Context(), j.sql, "theirs", fields); err != nil {
		t.Fatal(err)
	}
	statement := schema.CreateFormTable("ours", db.Generation(), schema.FieldColumns(fields))
	for range 2 { // safe to repeat
		if err := db.MakeFormTable(t.Context(), "ours", statement); err != nil {
			t.Fatal(err)
		}
	}
	byName := func(table string) string {
		lines := strings.Split(described(t, j.sql, table), "\n")
		return strings.Join(lines[:1], "\n") + strings.Join(slices.Sorted(slices.Values(lines[1:])), "\n")
	}
	if diff := cmp.Diff(byName("app_fd_theirs"), byName("app_fd_ours")); diff != "" {
		t.Errorf("(-joget's +ours):\n%s", diff)
	}
	if !db.Has("app_fd_ours") {
		t.Error("the new table is not among the names")
	}
	j.exec("INSERT INTO app_fd_ours (id, c_title) VALUES ('a', 'kept')")
	add := schema.AddFormColumns("app_fd_ours", schema.FieldColumns([]string{"later"}))
	if err := db.MakeFormTable(t.Context(), "ours", add); err != nil {
		t.Fatal(err)
	}
	if err := db.MakeFormTable(t.Context(), "ours", add); migration.CodeOf(err) != migration.CodeConflict {
		t.Errorf("a column that is there: %v", err)
	}
	if err := simulated.CreateFormTable(t.Context(), j.sql, "ours", append(fields, "joget")); err != nil {
		t.Errorf("joget's own update: %v", err)
	}
	var kept string
	if err := j.sql.QueryRowContext(t.Context(), "SELECT CONCAT(c_title, c_later IS NULL, c_joget IS NULL) FROM app_fd_ours").Scan(&kept); err != nil || kept != "kept11" {
		t.Errorf("%q, %v", kept, err)
	}
}

func TestTablesAreMadeAtOnce(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	db := openDB(t, j.dsn, schema.Options{})
	statement := schema.CreateFormTable("x", 8, nil)
	var g sync.WaitGroup
	for range 8 {
		g.Go(func() {
			if err := db.MakeFormTable(t.Context(), "x", statement); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
}

func TestTablesThatCannotBeMade(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	j.exec("CREATE TABLE app_fd_used (id varchar(255) PRIMARY KEY) ENGINE=InnoDB")
	add := schema.AddFormColumns("app_fd_used", schema.FieldColumns([]string{"x"}))
	fails := func(err error, code migration.Code, hint string) {
		t.Helper()
		var coded *migration.Error
		if migration.CodeOf(err) != code || !errors.As(err, &coded) || !strings.Contains(coded.Safe(), hint) {
			t.Errorf("%v, want %s with %q", err, code, hint)
		}
	}
	for grants, may := range map[string]bool{
		"SELECT, INSERT, UPDATE, DELETE": false, "SELECT, CREATE, CREATE VIEW, ALTER ROUTINE": false, "SELECT, CREATE, ALTER": true, "ALL": true,
	} {
		db := openDB(t, mysqltest.User(t, j.dsn, grants), schema.Options{})
		if got, err := db.Fresh().CanMakeTables(t.Context()); got != may || err != nil {
			t.Errorf("%s: %v, %v", grants, got, err)
		}
		if err := db.MakeFormTable(t.Context(), "used", add); may {
			j.exec("ALTER TABLE app_fd_used DROP COLUMN c_x")
		} else {
			fails(err, migration.CodeRefused, "GRANT CREATE, ALTER")
		}
	}
	// What is granted meanwhile counts for connections that are open.
	account := mysqltest.User(t, j.dsn, "SELECT, INSERT")
	cfg, err := mysql.ParseDSN(account)
	if err != nil {
		t.Fatal(err)
	}
	late := openDB(t, account, schema.Options{})
	fails(late.MakeFormTable(t.Context(), "late", schema.CreateFormTable("late", 8, nil)), migration.CodeRefused, "GRANT CREATE, ALTER")
	j.exec("GRANT CREATE, ALTER ON * TO '" + cfg.User + "'@'%'")
	if err := late.MakeFormTable(t.Context(), "late", schema.CreateFormTable("late", 8, nil)); err != nil {
		t.Error(err)
	}
	db := openDB(t, j.dsn, schema.Options{MaxOpen: 2})
	var wide []string
	for i := range 1200 {
		wide = append(wide, "f"+strings.Repeat("x", i%40)+string(rune('a'+i%26))+strings.Repeat("y", i/26))
	}
	fails(db.MakeFormTable(t.Context(), "wide", schema.CreateFormTable("wide", 8, schema.FieldColumns(wide))), migration.CodeUnsupported, "app_fd_wide")

	tx, err := j.sql.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "INSERT INTO app_fd_used (id) VALUES ('a')"); err != nil {
		t.Fatal(err)
	}
	fails(db.MakeFormTable(t.Context(), "used", add), migration.CodeUnavailable, "somebody uses the table")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	var wait, usual int
	if err := db.Pool().QueryRowContext(t.Context(), "SELECT @@session.lock_wait_timeout, @@global.lock_wait_timeout").Scan(&wait, &usual); err != nil || wait != usual {
		t.Errorf("the pool's connection waits %d seconds instead of %d, %v", wait, usual, err)
	}
	if err := db.MakeFormTable(t.Context(), "used", add); err != nil {
		t.Error(err)
	}
}

func TestFormsOfATable(t *testing.T) {
	t.Parallel()
	j := newJoget(t)
	j.app("crm", 2)
	j.app("hr", 1)
	j.put("app_form", "appId", "crm", "appVersion", 2, "formId", "a", "tableName", "t", "json", "{}")
	j.put("app_form", "appId", "hr", "appVersion", 1, "formId", "b", "tableName", "t", "json", "{}")
	j.put("app_form", "appId", "hr", "appVersion", 1, "formId", "c", "tableName", "other", "json", "{}")
	for id, text := range map[string]string{"app_fd_t": `{"columns": {"z": {}, "a": {}}}`, "app_fd_u": `{"columns"`} {
		j.put("app_builder", "appId", "crm", "appVersion", 2, "id", id, "type", "formdata_table", "json", text)
	}
	forms, err := j.Fresh().FormsOn(t.Context(), "t")
	var ids []string
	for _, f := range forms {
		ids = append(ids, f.ID)
	}
	if err != nil || !cmp.Equal(ids, []string{"a", "b"}) {
		t.Errorf("forms %v, %v", ids, err)
	}
	for table, want := range map[string][]string{"t": {"a", "z"}, "u": nil, "v": nil} {
		if fields, err := j.Fresh().CustomFields(t.Context(), table); err != nil || !cmp.Equal(fields, want) {
			t.Errorf("fields of %s: %v, %v", table, fields, err)
		}
	}
	j.exec("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
	j.exec("CREATE TABLE app_fd_old (id varchar(255) PRIMARY KEY) DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci")
	for table, want := range map[string]string{"": "utf8mb4_unicode_ci", "app_fd_old": "latin1_swedish_ci"} {
		if got, err := j.Fresh().Collation(t.Context(), table); err != nil || got != want {
			t.Errorf("collation of %q: %s, %v", table, got, err)
		}
	}
	if _, err := j.Fresh().Collation(t.Context(), "app_fd_gone"); migration.CodeOf(err) != migration.CodeUnsupported {
		t.Error(err)
	}
}
