package records_test

import (
	"context"
	"database/sql"
	"slices"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"jogetferry/records"
)

// pinned is the SQL mode of our sessions, and one statement per query.
func pinned(c *mysql.Config) {
	c.Params["sql_mode"] = "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'"
	c.InterpolateParams = true
}

// counter counts the queries that it passes on.
type counter struct {
	records.Querier
	queries int
}

func (c *counter) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	c.queries++
	return c.Querier.QueryContext(ctx, query, args...)
}

func TestSchemaReadsTheTablesAskedFor(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	for _, name := range []string{"a", "b", "twice", "Twice", "Lower"} {
		d.table(name, "x")
	}
	d.exec("CREATE VIEW app_fd_view AS SELECT * FROM app_fd_a")
	q := &counter{Querier: d.DB}
	for _, tc := range []struct {
		name, real string
		queries    int
	}{
		{"a", "app_fd_a", 5}, // the session, all names, shape, engine, columns
		{"a", "app_fd_a", 0},
		{"b", "app_fd_b", 3},
		{"B", "app_fd_b", 0},
		{"lower", "app_fd_Lower", 3},
		{"twice", "app_fd_twice", 3},
		{"TWICE", "", 0},
		{"view", "app_fd_view", 2}, // its columns are nobody's
		{"view", "app_fd_view", 0},
		{"nowhere", "", 0},
	} {
		q.queries = 0
		table, ok, err := d.Schema.Table(t.Context(), q, tc.name)
		if err != nil {
			t.Fatal(err)
		}
		if q.queries != tc.queries || ok != (tc.real != "") {
			t.Errorf("%s: found %t with %d queries, want %d", tc.name, ok, q.queries, tc.queries)
		}
		if ok && table.View != (tc.name == "view") {
			t.Errorf("%s is a view: %t", tc.name, table.View)
		}
		if ok && !table.View && (table.Name != tc.name || table.Real != tc.real || table.Engine != "InnoDB" || len(table.Columns) != 5) {
			t.Errorf("%s is %+v", tc.name, table)
		}
	}
	d.exec("DROP TABLE app_fd_a")
	d.exec("DROP TABLE app_fd_b")
	d.exec("CREATE TABLE app_fd_b (id varchar(9) PRIMARY KEY)")
	d.Schema.Forget()
	if _, ok, err := d.Schema.Table(t.Context(), q, "a"); ok || err != nil {
		t.Errorf("a dropped table is there: %v", err)
	}
	if b, ok, err := d.Schema.Table(t.Context(), q, "b"); !ok || err != nil || len(b.Columns) != 1 {
		t.Errorf("table %+v after Forget, %v", b, err)
	}
}

func TestSchemaOfThisMoment(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.table("a", "x")
	d.table("Lower", "x")
	d.exec("CREATE VIEW app_fd_view AS SELECT * FROM app_fd_a")
	q := &counter{Querier: d.DB}
	const listing, reading, asking = 2, 3, 1 // queries
	for _, tc := range []struct {
		name, before, table string
		columns             int // 0: there is none
		queries             int
	}{
		{"first_look", "", "a", 5, listing + asking + reading},
		{"nothing_changed", "", "a", 5, asking},
		{"a_column_came", "ALTER TABLE app_fd_a ADD c_y longtext", "a", 6, asking + reading},
		{"nothing_changed_since", "", "a", 6, asking},
		{"a_column_has_another_type", "ALTER TABLE app_fd_a MODIFY c_y double", "a", 6, asking + reading},
		{"it_was_dropped", "DROP TABLE app_fd_a", "a", 0, asking + listing},
		{"it_is_not_there", "", "a", 0, asking},
		{"it_was_made", "CREATE TABLE app_fd_a (id varchar(9) PRIMARY KEY)", "a", 1, asking + listing + reading},
		{"a_name_in_another_case", "", "lower", 5, 2*asking + reading},
		{"the_exact_name_was_made", "CREATE TABLE app_fd_lower (id varchar(9) PRIMARY KEY)", "lower", 1, asking + listing + reading},
		{"a_view", "", "view", 0, asking + reading - 1},
		{"the_view_as_before", "", "view", 0, asking},
	} {
		if tc.before != "" {
			d.exec(tc.before)
		}
		q.queries = 0
		table, ok, err := d.Schema.Now(t.Context(), q, tc.table)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		view := tc.table == "view" // whose columns are nobody's
		if ok != (tc.columns > 0 || view) || ok && (len(table.Columns) != tc.columns || table.View != view) {
			t.Errorf("%s: found %t, %+v", tc.name, ok, table)
		}
		if q.queries != tc.queries {
			t.Errorf("%s: %d queries, want %d", tc.name, q.queries, tc.queries)
		}
	}
}

// TestInvisibleColumnsAreData has every kind of EXTRA that a column may have.
func TestInvisibleColumnsAreData(t *testing.T) {
	t.Parallel()
	source, target := newDatabase(t, pinned), newDatabase(t, pinned)
	for _, d := range []testDB{source, target} {
		d.exec("CREATE TABLE app_fd_t (id varchar(99) PRIMARY KEY, c_x varchar(9), c_hidden varchar(9) INVISIBLE," +
			" c_virtual int GENERATED ALWAYS AS (char_length(c_x)) VIRTUAL, c_stored int GENERATED ALWAYS AS (char_length(c_x)) STORED," +
			" c_hidden_virtual int GENERATED ALWAYS AS (char_length(c_x)) VIRTUAL INVISIBLE, c_hidden_stored int GENERATED ALWAYS AS (char_length(c_x)) STORED INVISIBLE," +
			" c_expression varchar(99) DEFAULT (CONCAT('a', 'b')), c_changed timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP," +
			" c_count int NOT NULL AUTO_INCREMENT INVISIBLE, KEY k (c_count))")
	}
	source.exec("INSERT INTO app_fd_t (id, c_x, c_hidden, c_expression, c_changed, c_count) VALUES ('r', 'four', 'there', NULL, '2001-02-03 04:05:06', 77)")
	set := source.collect(selection("r", "t"))
	if want := []string{"c_changed", "c_count", "c_expression", "c_hidden", "c_x", "id"}; !slices.Equal(set.Rows[0].Names, want) {
		t.Errorf("columns %v travel, want %v", set.Rows[0].Names, want)
	}
	if _, err := records.Copy(t.Context(), target.Target, set, &images{}, records.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(set, target.collect(selection("r", "t"))); diff != "" {
		t.Errorf("rows (-source +target):\n%s", diff)
	}
	if got := target.value("r", "c_hidden_stored").String + target.value("r", "c_hidden").String; got != "4there" {
		t.Errorf("the target's hidden columns are %q", got)
	}
	bare := newDatabase(t)
	bare.exec("CREATE TABLE app_fd_t (id varchar(99) PRIMARY KEY, c_x varchar(9))")
	bare.row("t", "r", "c_x", "four")
	mismatches, err := records.Inspect(t.Context(), side(bare), side(target), "t")
	var always []string // in every row of the target
	for _, m := range mismatches {
		always = append(always, m.Column+" "+string(m.Kind))
	}
	if want := []string{"c_changed not_null", "c_count not_null"}; !slices.Equal(always, want) || err != nil {
		t.Errorf("a table without them: %v, %v, want %v", err, always, want)
	}
}
