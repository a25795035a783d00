package records_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/records"
)

// Grown is what the server says of the table once it has grown.
func TestGrownIsWhatTheTableWillBe(t *testing.T) {
	t.Parallel()
	for _, collation := range []string{"utf8mb4_unicode_ci", "latin1_swedish_ci", "utf8mb3_general_ci"} {
		t.Run(collation, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t)
			wanted := []records.New{{"id", "varchar(255)"}, {"dateCreated", "datetime(6)"}, {"dateModified", "datetime"}, {"createdBy", "varchar(255)"}, {"c_x", "longtext"}}
			made, err := side(d).Grown(t.Context(), "a", nil, wanted, collation)
			if err != nil {
				t.Fatal(err)
			}
			d.exec("CREATE TABLE app_fd_a (id varchar(255) NOT NULL PRIMARY KEY, dateCreated datetime(6), dateModified datetime, createdBy varchar(255), c_x longtext) ENGINE=InnoDB COLLATE=" + collation)
			d.Schema.Forget()
			is := func() *records.Table {
				table, _, err := d.Schema.Table(t.Context(), d.DB, "a")
				if err != nil || table == nil {
					t.Fatal(table, err)
				}
				return table
			}
			compare := func(want *records.Table) {
				t.Helper()
				if diff := cmp.Diff(want.Columns, is().Columns); diff != "" || want.Engine != is().Engine || want.Real != is().Real {
					t.Errorf("(-foretold +made):\n%s", diff)
				}
			}
			compare(made)
			before := is()
			grown, err := side(d).Grown(t.Context(), "a", before, []records.New{{"c_y", "longtext"}}, collation)
			if err != nil {
				t.Fatal(err)
			}
			if before.Has("c_y") {
				t.Error("the table that was there has the column, too")
			}
			if got := records.Lacking(grown, before); !cmp.Equal(got, []string{"c_y"}) {
				t.Errorf("lacking %v", got)
			}
			d.exec("ALTER TABLE app_fd_a ADD COLUMN c_y longtext")
			d.Schema.Forget()
			compare(grown)
			refused := grown.Refusals()(records.Row{Key: migration.RowKey{Table: "a", ID: "1"}, Names: []string{"id", "c_y"}, Values: [][]byte{[]byte("1"), []byte("日")}})
			if latin := collation == "latin1_swedish_ci"; latin != (len(refused) > 0) {
				t.Errorf("refused %v", refused)
			}
		})
	}
}

func TestColumnsThatAreUsed(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.table("a", "value", "blank", "empty", "null")
	d.row("a", "1", "c_empty", "", "c_value", "")
	d.row("a", "2", "c_blank", " ", "c_value", "x")
	used, err := side(d).Used(t.Context(), "a", []string{"c_value", "c_blank", "c_empty", "c_null", "dateCreated"}, time.Minute)
	if err != nil || !cmp.Equal(used, []string{"c_value", "c_blank"}) {
		t.Errorf("%v, %v", used, err)
	}
	if used, err := side(d).Used(t.Context(), "none", []string{"c_x"}, time.Minute); err != nil || used != nil {
		t.Errorf("%v, %v", used, err)
	}
}

func TestColumnsOfAnotherKind(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.exec("CREATE TABLE app_fd_a (id varchar(255) PRIMARY KEY, c_text text, c_number int, c_long varchar(10), c_bytes longblob)")
	d.table("b", "text", "number", "long", "bytes")
	from, _, err := d.Schema.Table(t.Context(), d.DB, "a")
	if err != nil {
		t.Fatal(err)
	}
	to, _, err := d.Schema.Table(t.Context(), d.DB, "b")
	if err != nil {
		t.Fatal(err)
	}
	if got := records.Unlike(from, to); !cmp.Equal(got, []string{"c_number", "c_bytes"}) {
		t.Errorf("%v", got)
	}
}
