package records_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/records"
)

// world is a record with rows of each kind, and a neighbour.
func world(t *testing.T) (testDB, records.Selection) {
	d := newDatabase(t)
	d.table("opp", "account", "status", "big")
	d.table("acc", "name", "big")
	d.table("line", "opp_id", "text", "big")
	d.table("extra", "x")
	d.row("opp", "r", "c_account", "a1", "c_status", "open", "dateCreated", "2024-01-01 10:00:00.5")
	d.row("opp", "other", "c_account", "a2")
	d.row("acc", "a1", "c_name", "ours")
	d.row("acc", "a2", "c_name", "theirs")
	d.row("line", "l1", "c_opp_id", "r", "c_text", "one")
	d.row("line", "l2", "c_opp_id", "r", "c_text", "two")
	d.row("line", "l9", "c_opp_id", "other", "c_text", "nine")
	for _, table := range []string{"opp", "acc", "line"} {
		d.exec("UPDATE app_fd_" + table + " SET c_big = CONCAT(id, REPEAT(' large', 500))")
	}
	return d, records.Selection{Root: "r", Model: migration.FormModel{
		Tables: []string{"extra", "opp"},
		Relations: []migration.Relation{
			{Parent: "opp", Child: "acc", Kind: holds, Column: "account"}, {Parent: "opp", Child: "line", Kind: held, Column: "opp_id"},
		},
	}}
}

// dump is everything in the tables of world, to see that nothing else moved.
func dump(d testDB) map[string]string {
	d.t.Helper()
	all := map[string]string{}
	for table, column := range map[string]string{"opp": "CONCAT_WS('|', c_account, c_status, dateCreated)", "acc": "c_name", "line": "CONCAT_WS('|', c_opp_id, c_text)", "extra": "c_x"} {
		d.dumpTable(all, table, table, column)
		if table != "extra" {
			d.dumpTable(all, "big value of "+table, table+" WHERE c_big IS NOT NULL", "c_big")
		}
	}
	return all
}

func (d testDB) dumpTable(all map[string]string, name, table, column string) {
	d.t.Helper()
	rows, err := d.DB.QueryContext(d.t.Context(), "SELECT id, COALESCE("+column+", 'NULL') FROM app_fd_"+table)
	if err != nil {
		d.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, value string
		if err := rows.Scan(&id, &value); err != nil {
			d.t.Fatal(err)
		}
		all[name+"/"+id] = value
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
}

func key(table, id string) migration.RowKey {
	return migration.RowKey{Table: table, ID: migration.RecordID(id)}
}

func TestPutBackUndoesWhatToolsDid(t *testing.T) {
	t.Parallel()
	keys := func(list ...migration.RowKey) []migration.RowKey { return list }
	for _, tc := range []struct {
		name    string
		tool    []string // within the capture
		later   []string // after it, by others
		crashed bool     // the worker died during the call
		want    records.RevertResult
		differ  map[string]string // from the state before the call; "": it is gone
	}{
		{name: "nothing"},
		{
			name: "changed", tool: []string{"UPDATE app_fd_opp SET c_status = 'closed', c_account = NULL, dateCreated = NULL WHERE id = 'r'"},
			want: records.RevertResult{Restored: keys(key("opp", "r"))},
		},
		{
			name: "inserted_child_and_row_of_the_record",
			tool: []string{"INSERT INTO app_fd_line (id, c_opp_id) VALUES ('l3', 'r')", "INSERT INTO app_fd_extra (id) VALUES ('r')"},
			want: records.RevertResult{Removed: keys(key("extra", "r"), key("line", "l3"))},
		},
		{name: "deleted", tool: []string{"DELETE FROM app_fd_line WHERE id = 'l1'"}, want: records.RevertResult{Reinserted: keys(key("line", "l1"))}},
		{
			name: "untied_from_the_record", tool: []string{"UPDATE app_fd_line SET c_opp_id = '' WHERE id = 'l1'"},
			want: records.RevertResult{Restored: keys(key("line", "l1"))},
		},
		{
			name: "an_older_row_tied_to_the_record_is_never_removed", tool: []string{"UPDATE app_fd_opp SET c_account = 'a2' WHERE id = 'r'"},
			want: records.RevertResult{Restored: keys(key("opp", "r")), Appeared: keys(key("acc", "a2"))},
		},
		{
			name: "a_child_of_another_record_tied_to_this_one", tool: []string{"UPDATE app_fd_line SET c_opp_id = 'r' WHERE id = 'l9'"},
			want:   records.RevertResult{Appeared: keys(key("line", "l9"))},
			differ: map[string]string{"line/l9": "r|nine"},
		},
		{
			name: "new_row_that_the_record_points_to", tool: []string{"INSERT INTO app_fd_acc (id) VALUES ('a3')", "UPDATE app_fd_opp SET c_account = 'a3' WHERE id = 'r'"},
			want: records.RevertResult{Restored: keys(key("opp", "r")), Removed: keys(key("acc", "a3"))},
		},
		{
			name: "shared_row_is_left", tool: []string{"UPDATE app_fd_acc SET c_name = 'x' WHERE id = 'a1'", "UPDATE app_fd_opp SET c_account = 'a1' WHERE id = 'other'"},
			want:   records.RevertResult{Shared: keys(key("acc", "a1"))},
			differ: map[string]string{"acc/a1": "x", "opp/other": "a1"},
		},
		{
			name: "row_that_only_this_record_points_to", tool: []string{"UPDATE app_fd_acc SET c_name = 'x' WHERE id = 'a1'"},
			want: records.RevertResult{Restored: keys(key("acc", "a1"))},
		},
		{
			name: "moved_since", tool: []string{"UPDATE app_fd_line SET c_text = 'tool'", "DELETE FROM app_fd_line WHERE id = 'l2'", "INSERT INTO app_fd_line (id, c_opp_id) VALUES ('l3', 'r')"},
			later:  []string{"UPDATE app_fd_line SET c_text = 'person' WHERE id IN ('l1', 'l3')", "INSERT INTO app_fd_line (id, c_text) VALUES ('l2', 'person')"},
			want:   records.RevertResult{Moved: keys(key("line", "l1"), key("line", "l2"), key("line", "l3"))},
			differ: map[string]string{"line/l1": "r|person", "line/l2": "person", "line/l3": "r|person", "line/l9": "other|tool", "big value of line/l2": ""},
		},
		{
			name: "put_right_by_somebody_else", tool: []string{"UPDATE app_fd_line SET c_text = 'tool' WHERE id = 'l1'"},
			later: []string{"UPDATE app_fd_line SET c_text = 'one' WHERE id = 'l1'"}, want: records.RevertResult{Already: keys(key("line", "l1"))},
		},
		{
			name: "crash_proves_only_rows_with_the_own_id", crashed: true,
			tool:   []string{"INSERT INTO app_fd_line (id, c_opp_id) VALUES ('l3', 'r')", "INSERT INTO app_fd_extra (id) VALUES ('r')", "UPDATE app_fd_line SET c_text = 'tool' WHERE id = 'l1'"},
			want:   records.RevertResult{Removed: keys(key("extra", "r")), Restored: keys(key("line", "l1")), Appeared: keys(key("line", "l3"))},
			differ: map[string]string{"line/l3": "r"},
		},
		{
			name: "table_altered_by_the_tool_proves_nothing",
			tool: []string{"ALTER TABLE app_fd_line ADD c_new longtext, ALGORITHM=COPY", "INSERT INTO app_fd_line (id, c_opp_id, c_new) VALUES ('l3', 'r', 'x')", "UPDATE app_fd_line SET c_new = 'x' WHERE id = 'l1'"},
			want: records.RevertResult{Restored: keys(key("line", "l1")), Appeared: keys(key("line", "l3"))}, differ: map[string]string{"line/l3": "r"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d, s := world(t)
			kept := &contents{}
			d.Contents = kept
			want := dump(d)
			opened, err := records.BeginCapture(t.Context(), d.Target, s, records.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			stored := records.Capture{Before: opened.Before}.Encode()
			for _, q := range tc.tool {
				d.exec(q)
			}
			var capture records.Capture
			if tc.crashed {
				opened.Abandon(t.Context())
				before, err := records.DecodeCapture(stored)
				if err != nil {
					t.Fatal(err)
				}
				capture, err = records.FinishCapture(t.Context(), d.Target, s, records.Limits{}, before.Before)
				if err != nil {
					t.Fatal(err)
				}
			} else if capture, err = opened.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, q := range tc.later {
				d.exec(q)
			}
			capture, err = records.DecodeCapture(capture.Encode())
			if err != nil {
				t.Fatal(err)
			}
			got, err := records.Revert(t.Context(), d.Target, s.Model, capture)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			for name, value := range tc.differ {
				if want[name] = value; value == "" {
					delete(want, name)
				}
			}
			if diff := cmp.Diff(want, dump(d)); diff != "" {
				t.Errorf("tables (-want +got):\n%s", diff)
			}
			again, err := records.Revert(t.Context(), d.Target, s.Model, capture)
			if err != nil {
				t.Fatal(err)
			}
			if len(again.Restored)+len(again.Removed)+len(again.Reinserted) > 0 {
				t.Errorf("a second time did %+v", again)
			}
			if diff := cmp.Diff(want, dump(d)); diff != "" {
				t.Errorf("tables after a second time (-want +got):\n%s", diff)
			}
			if d.DB.Stats().InUse != 0 {
				t.Errorf("%d connections still in use", d.DB.Stats().InUse)
			}
			before, err := records.DecodeCapture(stored)
			if err == nil {
				err = d.Forget(t.Context(), before.Before)
			}
			if err != nil {
				t.Fatal(err)
			}
			if changes := capture.Changes(); len(kept.kept) > min(1, len(changes)) {
				t.Errorf("%d contents are left of %d changes", len(kept.kept), len(changes))
			}
		})
	}
}

func TestWindowLocksNothing(t *testing.T) {
	t.Parallel()
	d, s := world(t)
	opened, err := records.BeginCapture(t.Context(), d.Target, s, records.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Abandon(t.Context())
	// A table read inside the open snapshot would make this wait.
	conn, err := d.DB.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, statement := range []string{"SET SESSION lock_wait_timeout = 1", "ALTER TABLE app_fd_opp ADD c_new longtext"} {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
