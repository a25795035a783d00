package digest_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"

	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/digest"
)

func database(t *testing.T) *sql.DB {
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
	run(t, db, "CREATE TABLE thing (id varchar(20) PRIMARY KEY, a longtext, b longtext, d datetime(6), raw blob)")
	run(t, db, "CREATE TABLE keyless (a int)")
	run(t, db, "INSERT INTO thing VALUES ('r1','x',NULL,'2024-01-02 03:04:05.000001',0x00ff),('r2','','y',NULL,NULL)")
	return db
}

func run(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

func of(t *testing.T, db *sql.DB, exclude ...string) digest.Database {
	t.Helper()
	d, err := digest.OfDatabase(t.Context(), db, digest.DatabaseOptions{Exclude: exclude})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDatabase_every_change_is_seen_and_named(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, change, want string }{
		{"no_change", "SELECT 1", ""},
		{"null_is_not_empty", "UPDATE thing SET b='' WHERE id='r1'", "~ table thing: 2 rows, were 2\n    ~ row \"r1\": differs\n"},
		{"value_moves_to_the_next_column", "UPDATE thing SET a=NULL, b='x' WHERE id='r1'", "~ table thing: 2 rows, were 2\n    ~ row \"r1\": differs\n"},
		{"one_microsecond", "UPDATE thing SET d='2024-01-02 03:04:05.000002' WHERE id='r1'", "~ table thing: 2 rows, were 2\n    ~ row \"r1\": differs\n"},
		{"case_of_a_value", "UPDATE thing SET a='X' WHERE id='r1'", "~ table thing: 2 rows, were 2\n    ~ row \"r1\": differs\n"},
		{"row_added", "INSERT INTO thing (id) VALUES ('r3')", "~ table thing: 3 rows, were 2\n    + row \"r3\"\n"},
		{"row_removed", "DELETE FROM thing WHERE id='r2'", "~ table thing: 1 rows, were 2\n    - row \"r2\"\n"},
		{"row_of_a_table_without_key", "INSERT INTO keyless VALUES (7)", "~ table keyless: 1 rows, were 0\n    + row \"7\"\n"},
		{"table_added", "CREATE TABLE extra (id int PRIMARY KEY)", "+ table extra (0 rows)\n"},
		{"table_removed", "DROP TABLE keyless", "- table keyless (0 rows)\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := database(t)
			before := of(t, db)
			run(t, db, c.change)
			if got := digest.DiffDatabases(before, of(t, db)); got != c.want {
				t.Errorf("diff\n%swant\n%s", got, c.want)
			}
		})
	}
}

func TestDatabase_retyped_column_is_seen(t *testing.T) {
	t.Parallel()
	db := database(t)
	before := of(t, db)
	run(t, db, "ALTER TABLE thing MODIFY a mediumtext")
	if got := digest.DiffDatabases(before, of(t, db)); !strings.Contains(got, "a mediumtext") {
		t.Errorf("diff %q", got)
	}
}

func TestDatabase_excluded_table_is_left_out(t *testing.T) {
	t.Parallel()
	db := database(t)
	before := of(t, db, "thing")
	run(t, db, "DELETE FROM thing")
	if got := digest.DiffDatabases(before, of(t, db, "thing")); got != "" || len(before) != 1 {
		t.Errorf("diff %q of %d tables", got, len(before))
	}
}

func TestTree_every_change_is_seen_and_named(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(dir string) error
		want   string
	}{
		{"no_change", func(string) error { return nil }, ""},
		{"content", func(dir string) error { return write(filepath.Join(dir, "a", "f"), "other") }, "~ path \"a/f\": content (5 bytes, were 3)\n"},
		{"mode", func(dir string) error { return os.Chmod(filepath.Join(dir, "a", "f"), 0o400) }, "~ path \"a/f\": mode (-r--------, was -rw-------)\n"},
		{"time", func(dir string) error {
			return os.Chtimes(filepath.Join(dir, "a", "f"), stamp.Add(1), stamp.Add(1))
		}, "~ path \"a/f\": modification time (2024-01-02 03:04:05.000000001 +0000 UTC, was 2024-01-02 03:04:05 +0000 UTC)\n"},
		{"link_target", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "a", "l")), os.Symlink("elsewhere", filepath.Join(dir, "a", "l")))
		}, "~ path \"a/l\": content (0 bytes, were 0)\n"},
		{"added", func(dir string) error { return write(filepath.Join(dir, "a", "g"), "") }, "+ path \"a/g\"\n"},
		{"removed", func(dir string) error { return os.Remove(filepath.Join(dir, "a", "f")) }, "- path \"a/f\"\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			must(t, os.Mkdir(filepath.Join(dir, "a"), 0o750))
			must(t, write(filepath.Join(dir, "a", "f"), "one"))
			must(t, os.Symlink("f", filepath.Join(dir, "a", "l")))
			before := tree(t, dir)
			must(t, c.change(dir))
			if got := digest.DiffTrees(before, tree(t, dir)); got != c.want {
				t.Errorf("diff\n%swant\n%s", got, c.want)
			}
		})
	}
}

// stamp is the modification time of everything in the trees under test.
var stamp = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)

// tree digests dir with folder and link times left out of the question.
func tree(t *testing.T, dir string) digest.Tree {
	t.Helper()
	d, err := digest.OfTree(dir, digest.TreeOptions{})
	must(t, err)
	for path, e := range d {
		if !e.Mode.IsRegular() {
			e.Modified = stamp
			d[path] = e
		}
	}
	return d
}

func write(path, content string) error {
	return errors.Join(os.WriteFile(path, []byte(content), 0o600), os.Chtimes(path, stamp, stamp))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
