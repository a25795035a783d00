package records_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/records"
)

// TestWhatIsWrittenIsOurs has tables of which only one side has a column, where the
// other side has nothing for it: what we wrote is taken for ours all the same.
func TestWhatIsWrittenIsOurs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name           string
		source, target string // columns beside id and c_a
		value          any    // of the source's c_old
		own            string // what the target's c_new has then
	}{
		{name: "an_empty_text_of_a_dropped_column", source: ", c_old longtext", value: ""},
		{name: "null_of_a_dropped_column", source: ", c_old longtext"},
		{name: "a_default_of_the_target", target: ", c_new varchar(9) DEFAULT 'x'"},
		{name: "a_default_that_cannot_be_null", target: ", c_new varchar(9) NOT NULL DEFAULT 'x'"},
		{name: "both", source: ", c_old longtext", value: "", target: ", c_new varchar(9) NOT NULL DEFAULT 'x', c_newer datetime DEFAULT CURRENT_TIMESTAMP"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			source, w := newDatabase(t), newUndoWorld(t)
			source.exec("CREATE TABLE app_fd_t (id varchar(99) PRIMARY KEY, c_a longtext" + tc.source + ")")
			w.exec("CREATE TABLE app_fd_t (id varchar(99) PRIMARY KEY, c_a longtext" + tc.target + ")")
			if source.row("t", "r", "c_a", "1"); tc.source != "" {
				source.exec("UPDATE app_fd_t SET c_old = ?", tc.value)
			}
			copied := func() records.CopyResult {
				t.Helper()
				got, err := records.Copy(t.Context(), w.Target, source.collect(selection("r", "t")), w.ledger.RowImages(undoMigration, w.key(1)), records.CopyOptions{})
				if err != nil {
					t.Error(err)
				}
				return got
			}
			if diff := cmp.Diff(records.CopyResult{Inserted: 1}, copied()); diff != "" {
				t.Errorf("first (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(records.Comparison{Same: 1}, records.Compare(source.collect(selection("r", "t")), w.collect(selection("r", "t")))); diff != "" {
				t.Errorf("comparison (-want +got):\n%s", diff)
			}
			source.exec("UPDATE app_fd_t SET c_a = '2'")
			if diff := cmp.Diff(records.CopyResult{Overwritten: 1}, copied()); diff != "" {
				t.Errorf("once more (-want +got):\n%s", diff)
			}
			if got := said(w.undo(1)); got != "removed" {
				t.Errorf("rollback: %q", got)
			}
		})
	}
}

// TestCopyTakesNothingThatTheTableChanges has triggers, of which the account sees
// nothing, and nothing is written through them.
func TestCopyTakesNothingThatTheTableChanges(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, trigger string
		want          string // column; "" where nothing is changed
	}{
		{"a_value_on_insert", "BEFORE INSERT ON app_fd_t FOR EACH ROW SET NEW.c_a = UPPER(NEW.c_a)", "app_fd_t.c_a"},
		{"a_value_on_update", "BEFORE UPDATE ON app_fd_t FOR EACH ROW SET NEW.c_b = 'changed'", "app_fd_t.c_b"},
		{"a_column_of_its_own", "BEFORE INSERT ON app_fd_t FOR EACH ROW SET NEW.c_own = 'x'", "app_fd_t.c_own"},
		{"the_id", "BEFORE INSERT ON app_fd_t FOR EACH ROW SET NEW.id = CONCAT('x', NEW.id)", "app_fd_t.id"},
		{"nothing", "BEFORE INSERT ON app_fd_t FOR EACH ROW SET NEW.c_a = NEW.c_a", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			target := newDatabase(t)
			target.table("t", "a", "b", "own")
			target.row("t", "there", "c_a", "old")
			target.exec("CREATE TRIGGER tr " + tc.trigger)
			set := records.Set{Root: "r"}
			for _, id := range []string{"r", "there"} {
				set.Rows = append(set.Rows, records.Row{Key: migration.RowKey{Table: "t", ID: migration.RecordID(id)}, Names: []string{"c_a", "c_b", "id"}, Values: [][]byte{[]byte("new"), nil, []byte(id)}})
			}
			_, err := records.Copy(t.Context(), target.Target, set, &images{}, records.CopyOptions{OnConflict: records.ConflictOverwrite})
			if tc.want == "" {
				if err != nil || target.value("there", "c_a").String != "new" {
					t.Errorf("it is not written: %v", err)
				}
				return
			}
			code(t, err, migration.CodeUnsupported)
			if err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v does not name %s", err, tc.want)
			}
			if n, old := target.count("t"), target.value("there", "c_a").String; n != 1 || old != "old" {
				t.Errorf("%d rows are left, and the one that was there is %q", n, old)
			}
		})
	}
}

// TestWhatATableRefusesIsFinalAndNamed has a trigger and a constraint that refuse rows:
// no retry helps, and the number tells why.
func TestWhatATableRefusesIsFinalAndNamed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		statement string
		numbers   []string // of MySQL and MariaDB
		hint      string
	}{
		"a_trigger":    {"CREATE TRIGGER tr BEFORE INSERT ON app_fd_t FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'secret'", []string{"1644"}, "trigger"},
		"a_constraint": {"ALTER TABLE app_fd_t ADD CONSTRAINT c CHECK (c_a <> 'new')", []string{"3819", "4025"}, "CHECK"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := newDatabase(t)
			target.table("t", "a")
			target.exec(tc.statement)
			set := records.Set{Root: "r", Rows: []records.Row{{Key: migration.RowKey{Table: "t", ID: "r"}, Names: []string{"c_a", "id"}, Values: [][]byte{[]byte("new"), []byte("r")}}}}
			_, err := records.Copy(t.Context(), target.Target, set, &images{}, records.CopyOptions{})
			code(t, err, migration.CodeUnsupported)
			var coded *migration.Error
			if !errors.As(err, &coded) || !strings.Contains(coded.Hint, tc.hint) || strings.Contains(err.Error(), "secret") ||
				!slices.ContainsFunc(tc.numbers, func(n string) bool { return strings.Contains(coded.Safe(), n) }) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestUndoGoesOnPastWhatATableRefuses has a trigger that changes one of two rows.
func TestUndoGoesOnPastWhatATableRefuses(t *testing.T) {
	t.Parallel()
	w := newUndoWorld(t)
	w.table("t", "a")
	var set records.Set
	for _, id := range []string{"1", "2", "3"} {
		w.row("t", id, "c_a", "old")
		set.Rows = append(set.Rows, records.Row{Key: migration.RowKey{Table: "t", ID: migration.RecordID(id)}, Names: []string{"c_a", "id"}, Values: [][]byte{[]byte("new"), []byte(id)}})
	}
	w.copySet(1, set)
	w.exec("CREATE TRIGGER tr BEFORE UPDATE ON app_fd_t FOR EACH ROW SET NEW.c_a = IF(NEW.id = '2', 'theirs', NEW.c_a)")
	for _, want := range []string{"restored restored conflict", "conflict"} {
		if got := said(w.undo(1)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := w.value("1", "c_a").String + w.value("2", "c_a").String + w.value("3", "c_a").String; got != "oldnewold" {
		t.Errorf("rows are %s", got)
	}
}

// TestForeignKeysOfFormTables has somebody tie form tables in every direction: rows are
// written in the order that the keys want, and removed in the other one.
func TestForeignKeysOfFormTables(t *testing.T) {
	t.Parallel()
	row := func(table, id, to string) records.Row {
		r := records.Row{Key: migration.RowKey{Table: table, ID: migration.RecordID(id)}, Names: []string{"c_to", "id"}, Values: [][]byte{nil, []byte(id)}}
		if to != "" {
			r.Values[0] = []byte(to)
		}
		return r
	}
	set := records.Set{Root: "r", Rows: []records.Row{
		row("a", "r", "b1"), row("b", "b1", "c2"), row("c", "c1", "c2"), row("c", "c2", "c3"), row("c", "c3", ""),
	}}
	keys := map[string]string{"a": "b", "b": "c", "c": "c"}
	world := func(t *testing.T) undoWorld {
		t.Helper()
		w := newUndoWorld(t)
		for _, table := range []string{"c", "b", "a"} {
			w.exec(fmt.Sprintf("CREATE TABLE app_fd_%s (id varchar(99) PRIMARY KEY, c_to varchar(99), CONSTRAINT fk_%[1]s FOREIGN KEY (c_to) REFERENCES app_fd_%s (id)) ENGINE=InnoDB", table, keys[table]))
		}
		return w
	}
	t.Run("rows_of_the_set", func(t *testing.T) {
		t.Parallel()
		w := world(t)
		got, err := records.Copy(t.Context(), w.Target, set, w.ledger.RowImages(undoMigration, w.key(1)), records.CopyOptions{})
		if diff := cmp.Diff(records.CopyResult{Inserted: 5}, got); err != nil || diff != "" {
			t.Fatalf("copy: %v (-want +got):\n%s", err, diff)
		}
		if diff := cmp.Diff(records.Comparison{Same: 5}, records.Compare(set, records.Set{Rows: w.collect(records.Selection{Root: "r", Model: migration.FormModel{Tables: []string{"a", "b", "c"}}, Known: set.Keys()}).Rows})); diff != "" {
			t.Errorf("comparison (-want +got):\n%s", diff)
		}
		if got := said(w.undo(1)); got != "removed removed removed removed removed" {
			t.Errorf("rollback: %q", got)
		}
	})
	t.Run("a_row_of_nobody", func(t *testing.T) {
		t.Parallel()
		w := world(t)
		lost := records.Set{Root: "r", Rows: slices.Clone(set.Rows)}
		lost.Rows[4] = row("c", "c3", "nowhere")
		_, err := records.Copy(t.Context(), w.Target, lost, &images{}, records.CopyOptions{})
		code(t, err, migration.CodeUnsupported)
		if err == nil || !strings.Contains(err.Error(), "1452") || w.count("c") != 0 {
			t.Errorf("%d rows, %v", w.count("c"), err)
		}
	})
	t.Run("a_row_of_theirs", func(t *testing.T) {
		t.Parallel()
		w := world(t)
		w.copySet(1, set)
		w.row("b", "theirs", "c_to", "c1")
		if got := said(w.undo(1)); got != "removed removed conflict conflict conflict" {
			t.Errorf("rollback: %q", got)
		}
		if w.count("c") != 3 || w.count("b") != 1 {
			t.Errorf("%d rows are left of c", w.count("c"))
		}
	})
}
