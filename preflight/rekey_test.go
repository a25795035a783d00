package preflight_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/preflight"
)

const newID = migration.RecordID("6f1c4a1e-0000-4000-8000-000000000001")

// recordFacts are of an instance whose record ID looks like an instance of a process.
func recordFacts(change func(*preflight.InstanceFacts)) *preflight.InstanceFacts {
	f := &preflight.InstanceFacts{Part: preflight.Part{Instance: &migration.Instance{
		ID: "7_crm_approve", App: "crm", State: migration.StateRunning, Record: "900_crm_approve", Requester: "cat",
		Definition: migration.DefinitionID{Package: "crm", Version: "3", Process: "approve"},
		Activities: []migration.OpenActivity{{ID: "40_7_crm_approve_approve", DefID: "approve", State: migration.StateNotStarted}},
	}}, Data: &preflight.DataFacts{OnConflict: "park"}}
	change(f)
	return f
}

// withWays are findings as "FERRY-NNN severity: seen (way)".
func withWays(findings []migration.Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, f.ID+" "+string(f.Severity)+": "+f.Seen+" ("+string(f.Way)+")")
	}
	return list
}

func TestRecordsThatNeedNewIDs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*preflight.InstanceFacts)
		found  string // with records.rekey never
		needs  bool
	}{
		{"is_an_instance", func(f *preflight.InstanceFacts) { f.RecordIsInstance = true }, "FERRY-301 blocking: 900_crm_approve (records.rekey: needed)", true},
		{"may_be_one", func(f *preflight.InstanceFacts) { f.Minted = 900 }, "FERRY-302 blocking: 900_crm_approve; the target may hand out 900 and above (records.rekey: needed)", true},
		{"was_given_out_before", func(f *preflight.InstanceFacts) { f.Minted = 901 }, "", false},
		{"no_call_carries_it", func(f *preflight.InstanceFacts) { f.RecordRefused = "spaces" }, "FERRY-303 blocking: record ID: spaces (records.rekey: needed)", true},
		{"no_call_carries_the_requester", func(f *preflight.InstanceFacts) { f.RequesterRefused = "spaces" }, "FERRY-303 blocking: requester: spaces ()", false},
		{"another_row_has_it", func(f *preflight.InstanceFacts) { f.Data.Differing = []string{"orders"} }, `FERRY-310 blocking: app_fd_orders "900_crm_approve" (records.rekey: needed)`, true},
		{"another_row_is_overwritten", func(f *preflight.InstanceFacts) {
			f.Data.Differing, f.Data.OnConflict = []string{"orders"}, "overwrite"
		}, `FERRY-310 warning: app_fd_orders "900_crm_approve"; records.on_conflict is overwrite ()`, false},
		{"nobody_looked", func(f *preflight.InstanceFacts) { f.Data = nil }, "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := recordFacts(tc.change)
			var want []string
			if tc.found != "" {
				want = []string{tc.found}
			}
			if diff := cmp.Diff(want, withWays(preflight.Instance(f))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if f.NeedsNewID() != tc.needs {
				t.Errorf("it needs a new ID: %t", f.NeedsNewID())
			}
			// A switch that is on does not help.
			f.Rekey.Policy = migration.RekeyNeeded
			for _, found := range preflight.Instance(f) {
				if found.Way != "" {
					t.Errorf("%s goes by %q, which is set", found.ID, found.Way)
				}
			}
		})
	}
}

func TestRekeyedRecords(t *testing.T) {
	t.Parallel()
	rekeyed := func(change func(*preflight.InstanceFacts)) *preflight.InstanceFacts {
		return recordFacts(func(f *preflight.InstanceFacts) {
			f.Rekey.Record, f.Minted = newID, 1
			change(f)
		})
	}
	note := `FERRY-324 note: "900_crm_approve" becomes "` + string(newID) + `" ()`
	variables := func(pairs ...string) (all []migration.Variable) {
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, migration.Variable{Name: pairs[i], Value: pairs[i+1]})
		}
		return all
	}
	for _, tc := range []struct {
		name  string
		facts *preflight.InstanceFacts
		want  []string
	}{
		// Its own ID would be FERRY-302 now.
		{"nothing_else", rekeyed(func(*preflight.InstanceFacts) {}), []string{note}},
		{"a_row_of_the_new_ID_differs", rekeyed(func(f *preflight.InstanceFacts) { f.Data.Differing = []string{"orders"} }), []string{
			`FERRY-310 blocking: app_fd_orders "` + string(newID) + `" ()`, note,
		}},
		{"a_key_is_too_narrow", rekeyed(func(f *preflight.InstanceFacts) { f.Rekey.Refused = []string{"app_fd_items.c_order: 2 rows"} }), []string{
			"FERRY-323 blocking: app_fd_items.c_order: 2 rows ()", note,
		}},
		{"columns_have_the_old_ID", rekeyed(func(f *preflight.InstanceFacts) { f.Rekey.Mentions = []string{"app_fd_items.c_note: 2 rows"} }), []string{
			note, "FERRY-325 warning: app_fd_items.c_note: 2 rows ()",
		}},
		{"a_bulk_copy_brought_it", rekeyed(func(f *preflight.InstanceFacts) { f.Rekey.Brought = []string{"note", "orders"} }), []string{
			note, "FERRY-330 warning: app_fd_note, app_fd_orders ()",
		}},
		{"variables_have_the_old_ID", rekeyed(func(f *preflight.InstanceFacts) {
			f.Instance.Variables = variables("record", "900_crm_approve", "copy", "900_crm_approve", "about", "900_crm_approve now")
			f.Rekey.Columns.Variables = map[string][]string{"crm/approve": {"copy"}, "crm/other": {"record"}}
			child := migration.Instance{State: migration.StateRunning, Variables: variables("parent", "900_crm_approve")}
			closed := migration.Instance{State: migration.StateCompleted, Variables: variables("parent", "900_crm_approve")}
			child.Activities = f.Instance.Activities
			f.Below = []preflight.Part{{Path: "call", Caller: "call", Instance: &child}, {Path: "called", Caller: "called", Instance: &closed}}
		}), []string{note, "FERRY-325 warning: variable record, call/variable parent ()"}},
		{"it_keeps_its_own", recordFacts(func(f *preflight.InstanceFacts) { f.Instance.Variables = variables("record", "900_crm_approve") }), nil},
		{"it_is_there_under_its_own", recordFacts(func(f *preflight.InstanceFacts) {
			f.Rekey.Users = []migration.InstanceID{"8_crm_approve", "9_crm_approve"}
		}), []string{
			"FERRY-326 blocking: 8_crm_approve, 9_crm_approve ()",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			found := slices.DeleteFunc(preflight.Instance(tc.facts), func(f migration.Finding) bool { return f.ID > "FERRY-4" })
			if diff := cmp.Diff(tc.want, withWays(found)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			for _, f := range preflight.WithoutPersonal(found) {
				if f.ID == "FERRY-324" && f.Seen != "" {
					t.Errorf("IDs of records go through Temporal: %q", f.Seen)
				}
			}
		})
	}
}

func TestOldIDsOfAnApp(t *testing.T) {
	t.Parallel()
	want := []string{"FERRY-325 warning crm: app_fd_log.c_about: 2 rows, app_fd_log.c_by: 1 rows; searched for 500 of 700 records"}
	got := lines(preflight.Plan(&preflight.PlanFacts{OldIDs: []preflight.OldIDs{
		{App: "crm", Searched: 500, Records: 700, Places: []string{"app_fd_log.c_about: 2 rows", "app_fd_log.c_by: 1 rows"}},
		{App: "leave", Searched: 1, Records: 1},
	}}))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
