package records_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/test/mysqltest"
)

const (
	sameID = migration.RelationSameID
	holds  = migration.RelationParentHoldsChild
	held   = migration.RelationChildHoldsParent
)

func TestCollect(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.table("opp", "account")
	d.table("acc", "parent_acc", "main_opp")
	d.table("line", "opp_id")
	d.table("part", "line_id")
	d.table("log", "record")
	d.table("detail", "x")
	d.table("contact", "acc_id")
	d.row("opp", "r1", "c_account", "a1")
	d.row("opp", "other", "c_account", "a1")
	d.row("opp", "lonely")
	d.row("acc", "a1", "c_parent_acc", "a2", "c_main_opp", "other")
	d.row("acc", "a2", "c_parent_acc", "a1")
	d.row("detail", "r1", "c_x", "")
	d.row("detail", "a1", "c_x", "of the account")
	d.row("line", "l2", "c_opp_id", "r1")
	d.row("line", "l1", "c_opp_id", "r1")
	d.row("line", "case", "c_opp_id", "R1")
	d.row("line", "blank", "c_opp_id", "r1 ")
	d.row("line", "accent", "c_opp_id", "ŕ1")
	d.row("line", "foreign", "c_opp_id", "other")
	d.row("part", "p1", "c_line_id", "l1")
	d.row("part", "p3", "c_line_id", "L1 ")
	d.row("part", "p4", "c_line_id", "CASE")
	d.row("part", "p5", "c_line_id", "l3")
	d.exec("CREATE TABLE app_fd_number (id varchar(99) PRIMARY KEY, c_line_id int)")
	d.row("number", "n1", "c_line_id", 0)
	d.row("line", "orphan", "c_opp_id", "unsaved")
	d.row("part", "p2", "c_line_id", "orphan")
	d.row("contact", "c2", "c_acc_id", "unsaved")
	d.row("log", "g1", "c_record", "r1")
	d.row("contact", "c1", "c_acc_id", "a1")

	for _, tc := range []struct {
		name      string
		selection records.Selection
		want      []string
		cut       []migration.Relation
		missing   []string
	}{
		{name: "same_id_in_every_table", selection: selection("r1", "opp", "detail", "log"), want: []string{"detail/r1", "opp/r1"}},
		{name: "the_collation_says_which_ids_are_equal", selection: selection("R1", "opp"), want: []string{"opp/r1"}},
		{name: "missing_tables_are_listed", selection: selection("r1", "zzz", "opp", "nope"), want: []string{"opp/r1"}, missing: []string{"nope", "zzz"}},
		{
			name: "children_of_children",
			selection: records.Selection{Root: "r1", Model: migration.FormModel{Tables: []string{"opp"}, Relations: []migration.Relation{
				{Parent: "line", Child: "part", Kind: held, Column: "line_id"}, {Parent: "opp", Child: "line", Kind: held, Column: "opp_id"},
			}}},
			want: []string{"opp/r1", "line/accent", "line/blank", "line/case", "line/l1", "line/l2", "part/p1", "part/p3", "part/p4"},
		},
		{
			// To the server every text that begins with no digit is 0.
			name: "numbers_are_compared_as_texts",
			selection: records.Selection{Root: "r1", Model: migration.FormModel{Tables: []string{"opp"}, Relations: []migration.Relation{
				{Parent: "opp", Child: "number", Kind: held, Column: "line_id"},
			}}},
			want: []string{"opp/r1"},
		},
		{
			name: "children_of_a_record_without_a_row",
			selection: records.Selection{Root: "unsaved", Model: migration.FormModel{Tables: []string{"opp"}, Relations: []migration.Relation{
				{Parent: "opp", Child: "line", Kind: held, Column: "opp_id"},
				{Parent: "line", Child: "part", Kind: held, Column: "line_id"},
				{Parent: "acc", Child: "contact", Kind: held, Column: "acc_id"},
			}}},
			want: []string{"line/orphan", "part/p2"},
		},
		{
			name: "held_row_is_shared_and_so_is_what_hangs_below",
			selection: records.Selection{Root: "r1", Model: migration.FormModel{Tables: []string{"opp"}, Relations: []migration.Relation{
				{Parent: "opp", Child: "acc", Kind: holds, Column: "account"},
				{Parent: "acc", Child: "contact", Kind: held, Column: "acc_id"},
				{Parent: "acc", Child: "detail", Kind: sameID},
			}}},
			want: []string{"opp/r1", "acc/a1 shared", "contact/c1 shared", "detail/a1 shared"},
		},
		{
			name: "cycle_of_pointers_ends",
			selection: records.Selection{Root: "r1", Model: migration.FormModel{Tables: []string{"opp"}, Relations: []migration.Relation{
				{Parent: "opp", Child: "acc", Kind: holds, Column: "account"}, {Parent: "acc", Child: "acc", Kind: holds, Column: "parent_acc"},
			}}},
			want: []string{"opp/r1", "acc/a1 shared", "acc/a2 shared"},
		},
		{
			name: "shared_row_does_not_bring_its_other_users",
			selection: records.Selection{Root: "r1", Model: migration.FormModel{Tables: []string{"opp"}, Relations: []migration.Relation{
				{Parent: "opp", Child: "acc", Kind: holds, Column: "account"},
				{Parent: "acc", Child: "opp", Kind: held, Column: "account"},
				{Parent: "acc", Child: "opp", Kind: holds, Column: "main_opp"},
			}}},
			want: []string{"opp/r1", "acc/a1 shared"},
			cut: []migration.Relation{
				{Parent: "acc", Child: "opp", Kind: held, Column: "account"}, {Parent: "acc", Child: "opp", Kind: holds, Column: "main_opp"},
			},
		},
		{
			name:      "extra_by_key_and_by_id",
			selection: records.Selection{Root: "r1", Extra: []records.Extra{{Table: "log", ForeignKey: "record"}, {Table: "detail"}}},
			want:      []string{"detail/r1", "log/g1"},
		},
		{
			name:      "known_rows_come_without_a_relation",
			selection: records.Selection{Root: "r1", Model: migration.FormModel{Tables: []string{"opp"}}, Known: []migration.RowKey{{Table: "part", ID: "p1"}, {Table: "part", ID: "gone"}, {Table: "opp", ID: "r1"}}},
			want:      []string{"opp/r1", "part/p1"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := testDB{t, d.Target}
			set := d.collect(tc.selection)
			if diff := cmp.Diff(tc.want, names(set)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.cut, set.Cut); diff != "" {
				t.Errorf("cut relations (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.missing, set.Missing); diff != "" {
				t.Errorf("missing tables (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(set, d.collect(tc.selection)); diff != "" {
				t.Errorf("two reads differ:\n%s", diff)
			}
		})
	}
}

// TestCollectTellsParentsApart has pointers of two rows of the record's own and of a
// shared one, all written otherwise than the ids that they mean: what hangs below is
// shared or not as its own parent is.
func TestCollectTellsParentsApart(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.table("opp", "doc")
	d.table("doc", "opp")
	d.table("page", "doc")
	d.row("opp", "r", "c_doc", "SHARED")
	d.row("doc", "shared")
	d.row("doc", "own1", "c_opp", "R ")
	d.row("doc", "own2", "c_opp", "r")
	for page, doc := range map[string]string{"p1": "Own1", "p2": "own2 ", "p3": "Shared"} {
		d.row("page", page, "c_doc", doc)
	}
	set := d.collect(records.Selection{Root: "r", Model: migration.FormModel{Tables: []string{"opp"}, Relations: []migration.Relation{
		{Parent: "doc", Child: "page", Kind: held, Column: "doc"},
		{Parent: "opp", Child: "doc", Kind: holds, Column: "doc"},
		{Parent: "opp", Child: "doc", Kind: held, Column: "opp"},
	}}})
	if diff := cmp.Diff([]string{"opp/r", "doc/own1", "doc/own2", "doc/shared shared", "page/p1", "page/p2", "page/p3 shared"}, names(set)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestCollectFindsOutThatASharedRowIsOwn(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.table("opp", "doc")
	d.table("doc", "step")
	d.table("step", "opp")
	d.table("page", "doc")
	d.row("opp", "r", "c_doc", "d")
	d.row("step", "s", "c_opp", "r")
	d.row("doc", "d", "c_step", "s")
	d.row("page", "p", "c_doc", "d")
	set := d.collect(records.Selection{Root: "r", Model: migration.FormModel{Tables: []string{"opp"}, Relations: []migration.Relation{
		{Parent: "doc", Child: "page", Kind: held, Column: "doc"},
		{Parent: "opp", Child: "doc", Kind: holds, Column: "doc"},
		{Parent: "opp", Child: "step", Kind: held, Column: "opp"},
		{Parent: "step", Child: "doc", Kind: held, Column: "step"},
	}}})
	if diff := cmp.Diff([]string{"opp/r", "doc/d", "step/s", "page/p"}, names(set)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestCollectRefusesMoreThanItsLimits(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.table("opp", "x")
	d.table("line", "opp")
	d.row("opp", "r")
	for i := range 20 {
		d.row("line", fmt.Sprint("l", i), "c_opp", "r")
	}
	s := selection("r", "opp")
	s.Model.Relations = []migration.Relation{{Parent: "opp", Child: "line", Kind: held, Column: "opp"}}
	for _, tc := range []struct {
		name   string
		limits records.Limits
		want   migration.Code
	}{
		{"rows_that_fit", records.Limits{MaxRows: 21}, ""},
		{"one_row_too_many", records.Limits{MaxRows: 20}, migration.CodeUnsupported},
		{"far_too_many_rows", records.Limits{MaxRows: 2}, migration.CodeUnsupported},
		{"too_many_bytes", records.Limits{MaxBytes: 30}, migration.CodeUnsupported},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := records.Collect(t.Context(), d.DB, d.Schema, s, tc.limits)
			code(t, err, tc.want)
		})
	}
}

func TestCollectReadsManyParentsInBatches(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	d.table("opp", "x")
	d.table("line", "opp")
	d.table("part", "line")
	d.row("opp", "r")
	d.exec("INSERT INTO app_fd_line (id, c_opp) SELECT CONCAT('l', seq), 'r' FROM " + mysqltest.Sequence(1300))
	d.exec("INSERT INTO app_fd_part (id, c_line) SELECT CONCAT('p', seq), CONCAT('l', seq) FROM " + mysqltest.Sequence(1300))
	s := selection("r", "opp")
	s.Model.Relations = []migration.Relation{{Parent: "line", Child: "part", Kind: held, Column: "line"}, {Parent: "opp", Child: "line", Kind: held, Column: "opp"}}
	if got := len(d.collect(s).Rows); got != 2601 {
		t.Errorf("%d rows, want 2601", got)
	}
}

func TestSessionMustBePinned(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		edit func(*mysql.Config)
		hint string
	}{
		{"zone", func(c *mysql.Config) { delete(c.Params, "time_zone") }, "time_zone"},
		{"parse_time", func(c *mysql.Config) { c.ParseTime = true }, "parseTime"},
		{"charset", func(c *mysql.Config) { c.Params["charset"] = "latin1" }, "character set"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t, tc.edit)
			_, err := records.Collect(t.Context(), d.DB, d.Schema, selection("r", "opp"), records.Limits{})
			code(t, err, migration.CodeInvalid)
			if err == nil || !strings.Contains(err.Error(), tc.hint) {
				t.Errorf("error %v does not name %s", err, tc.hint)
			}
		})
	}
}
