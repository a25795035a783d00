package main_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/contract"
	"jogetferry/migration"
)

// TestResolveByANewRecordID decides on a record, unless it is on the target under its own ID.
func TestResolveByANewRecordID(t *testing.T) {
	t.Parallel()
	const id, open = "2_crm_process1", "ferry/crm-2026/instance/2_crm_process1"
	for _, tc := range []struct {
		name   string
		reason migration.Reason
		change func(*world, *migration.Entry)
		args   []string
		status int
		said   string
	}{
		{name: "one", reason: migration.ReasonRecordConflict, args: []string{id}},
		{name: "all", reason: migration.ReasonRecordConflict, args: []string{"--parked-for", "record_conflict"}},
		{name: "for_another_reason", reason: migration.ReasonFileConflict, args: []string{id}, status: 2, said: "action rekey does not fit file_conflict"},
		{
			name: "it_is_there", reason: migration.ReasonRecordConflict, args: []string{id}, status: 2,
			change: func(w *world, e *migration.Entry) {
				w.users = map[migration.RecordID][]migration.InstanceID{e.Record: {"8_crm_process1", "9_crm_process1"}}
			},
			said: "the record of 2_crm_process1 is on the target under its own ID by 8_crm_process1, 9_crm_process1; roll back what brought it there first",
		},
		{
			name: "all_of_which_one_is_there", reason: migration.ReasonRecordConflict, args: []string{"--parked-for", "record_conflict"}, status: 4,
			change: func(w *world, e *migration.Entry) {
				w.users = map[migration.RecordID][]migration.InstanceID{e.Record: {"8_crm_process1"}}
			},
			said: "1 of 1 did not take the decision",
		},
		{
			// Whoever has it then has it under the new one.
			name: "it_has_a_new_ID", reason: migration.ReasonRecordConflict, args: []string{id},
			change: func(w *world, e *migration.Entry) {
				e.TargetRecord, w.users = "new", map[migration.RecordID][]migration.InstanceID{e.Record: {"8_crm_process1"}}
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := parked(id, tc.reason)
			w := newWorld()
			if tc.change != nil {
				tc.change(w, &e)
			}
			w.entries[e.Instance], w.open[open] = e, true
			status, _, errs := w.run(t, append([]string{"resolve", "--action", "rekey"}, tc.args...)...)
			if status != tc.status || !strings.Contains(errs, tc.said) {
				t.Errorf("status %d, said %q", status, errs)
			}
			var want []migration.Decision
			if tc.said == "" {
				want = []migration.Decision{{ParkID: 2, Action: migration.ActionRekey, By: "operator@host"}}
				if len(w.updates) != 1 || !cmp.Equal(w.updates[0].Args, []any{contract.Resolution{Action: migration.ActionRekey, ParkID: 2}}) {
					t.Errorf("updates: %+v", w.updates)
				}
			}
			if diff := cmp.Diff(want, w.decided); diff != "" {
				t.Errorf("decided (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRecordsWithNewIDsAreShown has both IDs where an instance is shown.
func TestRecordsWithNewIDsAreShown(t *testing.T) {
	t.Parallel()
	e, plain := entry("1_crm_process1", migration.InstanceReady), entry("3_crm_process1", migration.InstanceReady)
	e.TargetRecord = "6f1c4a1e"
	w := newWorld(e, plain)
	for _, tc := range []struct{ args, want string }{
		{"list -o csv", "cat,r-1_crm_process1,6f1c4a1e\n"},
		{"list -o csv", "cat,r-3_crm_process1,\n"},
		{"list -o json", `"target_record": "6f1c4a1e"`},
		{"list", "r-1_crm_process1  6f1c4a1e"},
		{"show 1_crm_process1", "r-1_crm_process1, on the target 6f1c4a1e"},
		{"plan --explain 1_crm_process1", "r-1_crm_process1, on the target 6f1c4a1e"},
	} {
		if status, out, errs := w.run(t, strings.Fields(tc.args)...); status != 0 || !strings.Contains(out, tc.want) {
			t.Errorf("%s: status %d, %q, without %q:\n%s", tc.args, status, errs, tc.want, out)
		}
	}
	if _, out, _ := newWorld(plain).run(t, "list"); strings.Contains(out, "target_record") {
		t.Errorf("an empty column is shown:\n%s", out)
	}
}
