package records_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/test/mysqltest"
)

func TestMentions_finds_columns_with_old_IDs(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.table("t", "note", "parent", "named", "about")
	d.row("t", "old", "c_note", "old")
	d.row("t", "1", "c_note", "old", "c_parent", "old", "c_named", "old", "c_about", "of old")
	d.row("t", "2", "c_note", "other", "c_about", "OLD ")
	d.exec("ALTER TABLE app_fd_t ADD c_number int, ADD c_made varchar(255) AS (c_note)")
	d.exec("CREATE VIEW app_fd_seen AS SELECT * FROM app_fd_t")
	r := records.Rekeying{
		Rekeys:  migration.Rekeys{"old": "new", "1": "2"},
		Model:   migration.FormModel{Relations: []migration.Relation{{Parent: "p", Child: "t", Kind: migration.RelationChildHoldsParent, Column: "parent"}}},
		Columns: map[string][]string{"t": {"Named"}},
	}
	side := records.Side{Q: d.DB, Schema: d.Schema}
	for _, tc := range []struct {
		name, table string
		rekeying    records.Rekeying
		want        []records.Place
	}{
		// "OLD " is what the database takes for it.
		{"a_table", "t", r, []records.Place{{Table: "t", Column: "c_note", Rows: 2}, {Table: "t", Column: "c_about", Rows: 1}}},
		{"no_record_has_a_new_ID", "t", records.Rekeying{Model: r.Model}, nil},
		{"no_table", "none", r, nil},
		{"a_view", "seen", r, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := tc.rekeying.Mentions(t.Context(), side, tc.table, time.Minute)
			if diff := cmp.Diff(tc.want, got); err != nil || diff != "" {
				t.Errorf("places (-want +got), %v:\n%s", err, diff)
			}
		})
	}
}

// TestMentions_of_many has more columns and IDs than one statement has room for.
func TestMentions_of_many(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	var columns []string
	for n := range 70 {
		columns = append(columns, fmt.Sprintf("f%02d", n))
	}
	d.table("t", columns...)
	r := records.Rekeying{Rekeys: migration.Rekeys{}}
	for n := range 500 {
		r.Rekeys[migration.RecordID(fmt.Sprintf("old-%d", n))] = "new"
	}
	d.row("t", "1", "c_f00", "old-0", "c_f69", "old-499")
	got, err := r.Mentions(t.Context(), records.Side{Q: d.DB, Schema: d.Schema}, "t", time.Minute)
	want := []records.Place{{Table: "t", Column: "c_f00", Rows: 1}, {Table: "t", Column: "c_f69", Rows: 1}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("places (-want +got), %v:\n%s", err, diff)
	}
}

// TestMentions_gives_up has a table that takes long to read.
func TestMentions_gives_up(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.exec("CREATE TABLE app_fd_slow (id varchar(255) PRIMARY KEY, c_x longtext)")
	d.exec("INSERT INTO app_fd_slow SELECT LPAD(seq, 6, '0'), REPEAT('x', 1000) FROM " + mysqltest.Sequence(1000))
	side := records.Side{Q: d.DB, Schema: d.Schema}
	if _, _, err := side.Schema.Table(t.Context(), side.Q, "slow"); err != nil {
		t.Fatal(err)
	}
	_, err := records.Rekeying{Rekeys: migration.Rekeys{"old": "new"}}.Mentions(t.Context(), side, "slow", 0)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want the deadline", err)
	}
}
