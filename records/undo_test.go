package records_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/store"
	"jogetferry/test/mysqltest"
)

var _ records.RowUndoer = (*store.RowUndo)(nil)

// undoWorld is a target with the ledger of several source instances that all
// belong to the record r.
type undoWorld struct {
	testDB
	ledger *store.Ledger
	dsn    string                // of the ledger
	server migration.Fingerprint // what the ledger takes the target for
}

const undoMigration = "crm"

// undoModel has orders that name their customer, and lines that name their order.
var undoModel = migration.FormModel{Relations: []migration.Relation{
	{Parent: "order", Child: "customer", Kind: migration.RelationParentHoldsChild, Column: "customer"},
	{Parent: "order", Child: "line", Kind: migration.RelationChildHoldsParent, Column: "order"},
}}

func newUndoWorld(t *testing.T) undoWorld {
	t.Helper()
	dsn := mysqltest.DSN(t)
	ledger, err := store.Open(t.Context(), dsn, store.Options{Actor: "worker"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ledger.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := ledger.Bind(t.Context(), migration.Binding{Migration: undoMigration, Source: "s", Target: "t"}, "digest"); err != nil {
		t.Fatal(err)
	}
	return undoWorld{newDatabase(t), ledger, dsn, "t"}
}

// another returns a world with the same ledger and another target.
func (w undoWorld) another(t *testing.T) undoWorld {
	t.Helper()
	return undoWorld{newDatabase(t), w.ledger, w.dsn, migration.Fingerprint(t.Name())}
}

func (w undoWorld) key(n int) migration.ClaimKey {
	return migration.ClaimKey{Source: "s", Instance: migration.InstanceID(fmt.Sprintf("%d_crm_process1", n)), Target: w.server}
}

func (w undoWorld) copySet(n int, set records.Set) {
	w.t.Helper()
	options := records.CopyOptions{OnConflict: records.ConflictOverwrite}
	if _, err := records.Copy(w.t.Context(), w.Target, set, w.ledger.RowImages(undoMigration, w.key(n)), options); err != nil {
		w.t.Fatal(err)
	}
}

func (w undoWorld) undo(n int) records.UndoResult {
	w.t.Helper()
	got, err := records.Undo(w.t.Context(), w.Target, undoModel, w.ledger.RowUndo(undoMigration, w.key(n)), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func said(r records.UndoResult) string {
	var words []string
	for _, list := range []struct {
		name string
		keys []migration.RowKey
	}{{"restored", r.Restored}, {"removed", r.Removed}, {"already", r.Already}, {"shared", r.Shared}, {"conflict", r.Conflicts}} {
		for range list.keys {
			words = append(words, list.name)
		}
	}
	return strings.Join(words, " ")
}

func oneRow(value string) records.Set {
	key := migration.RowKey{Table: "t", ID: "r"}
	return records.Set{Root: "r", Rows: []records.Row{{Key: key, Names: []string{"c_a", "id"}, Values: [][]byte{[]byte(value), []byte("r")}}}}
}

// now is the value of the row, "absent" without one.
func (w undoWorld) now() string {
	w.t.Helper()
	if w.count("t") == 0 {
		return "absent"
	}
	return w.value("r", "c_a").String
}

func TestUndoTakesBackWhatTheRolledBackWroteAndNothingElse(t *testing.T) {
	t.Parallel()
	all := newUndoWorld(t)
	type step func(undoWorld)
	edit := func(value string) step {
		return func(w undoWorld) {
			w.exec("REPLACE INTO app_fd_t (id, c_a) VALUES ('r', ?)", value)
		}
	}
	vanish := func(w undoWorld) { w.exec("DELETE FROM app_fd_t") }
	copied := func(n int, value string) step { return func(w undoWorld) { w.copySet(n, oneRow(value)) } }
	undo := func(n int, want string) step {
		return func(w undoWorld) {
			w.t.Helper()
			if got := said(w.undo(n)); got != want {
				w.t.Errorf("undo of %d: %q, want %q", n, got, want)
			}
		}
	}
	is := func(want string) step {
		return func(w undoWorld) {
			w.t.Helper()
			if got := w.now(); got != want {
				w.t.Errorf("the row is %q, want %q", got, want)
			}
		}
	}
	for _, tc := range []struct {
		name  string
		steps []step
	}{
		{"absent", []step{copied(1, "a"), undo(1, "removed"), is("absent")}},
		{"existed", []step{edit("old"), copied(1, "a"), undo(1, "restored"), is("old")}},
		{"twice", []step{copied(1, "a"), undo(1, "removed"), undo(1, ""), is("absent")}},
		{"written_twice", []step{edit("old"), copied(1, "a"), copied(1, "b"), undo(1, "restored"), is("old")}},
		{"changed_since", []step{edit("old"), copied(1, "a"), edit("theirs"), undo(1, "conflict"), is("theirs"), undo(1, "conflict")}},
		{"changed_and_set_back", []step{edit("old"), copied(1, "a"), edit("theirs"), undo(1, "conflict"), edit("a"), undo(1, "restored"), is("old")}},
		{"removed_since", []step{edit("old"), copied(1, "a"), vanish, undo(1, "conflict"), is("absent")}},
		{"removed_since_and_absent_before", []step{copied(1, "a"), vanish, undo(1, "already"), is("absent")}},
		{"somebody_put_it_back", []step{edit("old"), copied(1, "a"), edit("old"), undo(1, "already"), is("old")}},
		{"the_same_from_the_start_is_not_ours", []step{edit("a"), copied(1, "a"), undo(1, ""), is("a")}},
		{"shared_first_goes_first", []step{
			edit("old"), copied(1, "a"), copied(2, "b"), undo(1, "shared"), is("b"), undo(2, "restored"), is("old"), undo(1, ""),
		}},
		{"shared_second_goes_first", []step{
			edit("old"), copied(1, "a"), copied(2, "b"), undo(2, "shared"), is("b"), undo(1, "restored"), is("old"), undo(2, ""),
		}},
		{"shared_with_one_who_found_it_the_same", []step{
			copied(1, "a"), copied(2, "a"), undo(1, "shared"), is("a"), undo(2, "removed"), is("absent"),
		}},
		{"shared_with_one_that_was_migrated_again", []step{
			copied(1, "a"), copied(2, "b"), undo(1, "shared"), copied(1, "c"), undo(2, "shared"), is("c"), undo(1, "removed"), is("absent"),
		}},
		{"three", []step{
			edit("old"), copied(1, "a"), copied(2, "b"), copied(3, "c"), undo(2, "shared"), undo(3, "shared"), is("c"), undo(1, "restored"), is("old"),
		}},
		{"somebody_wrote_between_two_of_ours", []step{
			edit("old"), copied(1, "a"), edit("theirs"), copied(2, "b"), undo(2, "shared"), undo(1, "restored"), is("theirs"),
		}},
		{"migrated_again_takes_fresh_images", []step{
			edit("old"), copied(1, "a"), undo(1, "restored"), edit("newer"), copied(1, "a"), undo(1, "restored"), is("newer"),
		}},
		{"migrated_again_where_it_was_absent", []step{
			copied(1, "a"), undo(1, "removed"), edit("theirs"), copied(1, "a"), undo(1, "restored"), is("theirs"),
		}},
		{"what_was_ours_is_not_any_more", []step{
			copied(1, "a"), undo(1, "removed"), edit("a"), copied(1, "b"), undo(1, "restored"), is("a"),
		}},
		{"migrated_again_over_a_conflict", []step{
			edit("old"), copied(1, "a"), edit("theirs"), undo(1, "conflict"), copied(1, "a"), undo(1, "restored"), is("theirs"),
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := all.another(t)
			w.table("t", "a")
			for _, do := range tc.steps {
				do(w)
			}
		})
	}
}

func TestUndoKeepsImagesAsHistory(t *testing.T) {
	t.Parallel()
	w := newUndoWorld(t)
	w.table("t", "a")
	for _, was := range []string{"old", "newer"} {
		w.exec("REPLACE INTO app_fd_t (id, c_a) VALUES ('r', ?)", was)
		w.copySet(1, oneRow("a"))
		w.undo(1)
	}
	left, err := w.ledger.RowImages(undoMigration, w.key(1)).Images(t.Context())
	if err != nil || len(left) != 0 {
		t.Errorf("%d images left, %v", len(left), err)
	}
	db, err := sql.Open("mysql", w.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "SELECT data FROM row_image_undone WHERE row_id = 'r' AND undone_at IS NOT NULL ORDER BY undo_id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var history []string
	for rows.Next() {
		var data []byte
		if err := rows.Scan(&data); err != nil {
			t.Fatal(err)
		}
		row, err := records.DecodeRow(data)
		if err != nil {
			t.Fatal(err)
		}
		value, _ := row.Value("c_a")
		history = append(history, string(value))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"old", "newer"}, history); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestUndoIsExact(t *testing.T) {
	t.Parallel()
	w := newUndoWorld(t)
	const table = "it's `quoted`-x"
	awkward(w.testDB)
	s := selection("r", table)
	before := w.collect(s)
	other := newDatabase(t)
	other.exec(awkwardTable)
	other.row(table, "r", "c_b-dash", nil, "c_`tick", "now set", "c_bin", nil, "c_small", "long", "c_num", 1)
	set := other.collect(s)
	w.copySet(1, set)
	if diff := cmp.Diff(set, w.collect(s)); diff != "" {
		t.Fatalf("copied rows (-source +target):\n%s", diff)
	}
	if got := said(w.undo(1)); got != "restored" {
		t.Errorf("undo: %s", got)
	}
	if diff := cmp.Diff(before, w.collect(s)); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
}

// cut is a ledger that dies before it notes what was done.
type cut struct{ *store.RowUndo }

var errCut = errors.New("cut")

func (cut) Done(context.Context, []migration.RowKey) error { return errCut }

func TestUndoGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	w := newUndoWorld(t)
	w.table("t", "a")
	w.row("t", "old", "c_a", "before")
	set := oneRow("a")
	second := set.Rows[0]
	second.Key.ID, second.Values = "old", [][]byte{[]byte("a"), []byte("old")}
	set.Rows = append(set.Rows, second)
	w.copySet(1, set)
	undo := w.ledger.RowUndo(undoMigration, w.key(1))
	if _, err := records.Undo(t.Context(), w.Target, undoModel, cut{undo}, nil); !errors.Is(err, errCut) {
		t.Fatalf("error %v", err)
	}
	if got := w.value("old", "c_a").String; got != "before" || w.count("t") != 1 {
		t.Fatalf("nothing was done before the crash: %q", got)
	}
	if got := said(w.undo(1)); got != "already already" {
		t.Errorf("the repetition says %q", got)
	}
	if got := said(w.undo(1)); got != "" {
		t.Errorf("once more says %q", got)
	}
}

func TestUndoGoesOnPastConflicts(t *testing.T) {
	t.Parallel()
	w := newUndoWorld(t)
	w.table("t", "a")
	w.table("gone", "a")
	var set records.Set
	for i := range 250 {
		id := fmt.Sprintf("r%03d", i)
		set.Rows = append(set.Rows, records.Row{
			Key: migration.RowKey{Table: "t", ID: migration.RecordID(id)}, Names: []string{"c_a", "id"}, Values: [][]byte{[]byte("a"), []byte(id)},
		})
	}
	gone := set.Rows[0]
	gone.Key.Table = "gone"
	set.Rows = append(set.Rows, gone)
	w.copySet(1, set)
	w.exec("DROP TABLE app_fd_gone")
	w.exec("UPDATE app_fd_t SET c_a = 'theirs' WHERE id IN ('r007', 'r199')")
	w.Schema.Forget()
	paced := 0
	got, err := records.Undo(t.Context(), w.Target, undoModel, w.ledger.RowUndo(undoMigration, w.key(1)), func(_ context.Context, rows int) error {
		paced += rows
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []migration.RowKey{{Table: "gone", ID: "r000"}, {Table: "t", ID: "r199"}, {Table: "t", ID: "r007"}}
	if diff := cmp.Diff(want, got.Conflicts); diff != "" {
		t.Errorf("conflicts (-want +got):\n%s", diff)
	}
	if len(got.Removed) != 248 || w.count("t") != 2 || paced != 251 {
		t.Errorf("%d removed, %d left, %d paced", len(got.Removed), w.count("t"), paced)
	}
}

func TestUndoOfAllWhoShareAtTheSameTime(t *testing.T) {
	t.Parallel()
	w := newUndoWorld(t)
	w.table("t", "a")
	w.row("t", "r", "c_a", "old")
	const sharers = 6
	for n := range sharers {
		w.copySet(n, oneRow(fmt.Sprint(n)))
	}
	group, ctx := errgroup.WithContext(t.Context())
	for n := range sharers {
		group.Go(func() error {
			got, err := records.Undo(ctx, w.Target, undoModel, w.ledger.RowUndo(undoMigration, w.key(n)), nil)
			if len(got.Conflicts) > 0 {
				return errors.New("a conflict with ourselves")
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := w.now(); got != "old" {
		t.Errorf("the row is %q", got)
	}
}

// TestUndoKeepsWhatRowsOfOthersName has people name rows that the instance brought.
func TestUndoKeepsWhatRowsOfOthersName(t *testing.T) {
	t.Parallel()
	set := records.Set{Root: "r", Rows: []records.Row{
		{Key: migration.RowKey{Table: "order", ID: "r"}, Names: []string{"c_customer", "id"}, Values: [][]byte{[]byte("c1"), []byte("r")}},
		{Key: migration.RowKey{Table: "customer", ID: "c1"}, Shared: true, Names: []string{"c_name", "id"}, Values: [][]byte{[]byte("ACME"), []byte("c1")}},
		{Key: migration.RowKey{Table: "line", ID: "l1"}, Names: []string{"c_order", "id"}, Values: [][]byte{[]byte("r"), []byte("l1")}},
	}}
	for _, tc := range []struct {
		name    string
		happens func(undoWorld)
		want    string
		left    []int // rows of order, customer and line
	}{
		{name: "nobody_does", happens: func(undoWorld) {}, want: "removed removed removed", left: []int{0, 0, 0}},
		{
			name: "an_order_of_theirs", want: "removed removed conflict", left: []int{1, 1, 0},
			happens: func(w undoWorld) { w.row("order", "theirs", "c_customer", "c1") },
		},
		{
			// Theirs keeps the order, and the order the customer.
			name: "a_line_of_theirs", want: "removed conflict conflict", left: []int{1, 1, 1},
			happens: func(w undoWorld) { w.row("line", "theirs", "c_order", "r") },
		},
		{
			name: "ours_that_they_changed", want: "removed conflict conflict", left: []int{1, 1, 0},
			happens: func(w undoWorld) { w.exec("UPDATE app_fd_order SET c_note = 'call back'") },
		},
		{
			name: "another_spelling_that_the_server_finds_it_under", want: "removed removed conflict", left: []int{1, 1, 0},
			happens: func(w undoWorld) { w.row("order", "theirs", "c_customer", "C1 ") },
		},
		{
			name: "another_name", want: "removed removed removed", left: []int{1, 0, 0},
			happens: func(w undoWorld) { w.row("order", "theirs", "c_customer", "c11") },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newUndoWorld(t)
			w.table("order", "customer", "note")
			w.table("customer", "name")
			w.table("line", "order")
			w.copySet(1, set)
			tc.happens(w)
			for _, want := range []string{tc.want, strings.Trim(strings.ReplaceAll(tc.want, "removed", ""), " ")} {
				if got := said(w.undo(1)); got != want {
					t.Errorf("%q, want %q", got, want)
				}
			}
			if got := []int{w.count("order"), w.count("customer"), w.count("line")}; !slices.Equal(got, tc.left) {
				t.Errorf("%v rows are left, want %v", got, tc.left)
			}
		})
	}
}
