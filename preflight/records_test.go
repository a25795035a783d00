package preflight_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/preflight"
)

func TestAmounts(t *testing.T) {
	t.Parallel()
	want := []string{"FERRY-313 note crm: 3 rows with 40 bytes, 1 files with 7 bytes"}
	got := lines(preflight.Plan(&preflight.PlanFacts{Amounts: []preflight.Amount{{App: "crm", Rows: 3, Bytes: 40, Files: 1, FileBytes: 7}}}))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestData(t *testing.T) {
	t.Parallel()
	differing := func(policy string) *preflight.DataFacts {
		return &preflight.DataFacts{Differing: []string{"orders"}, OnConflict: policy}
	}
	for _, tc := range []struct {
		name string
		data *preflight.DataFacts
		want []string
	}{
		{name: "nobody_looked"},
		{name: "nothing_found", data: &preflight.DataFacts{Sharing: 1, Found: []string{"orders"}, Mapped: []string{"orders", "approvals"}, OnConflict: "park"}},
		{name: "row_differs", data: differing("park"), want: []string{`FERRY-310 blocking 7_crm_approve: app_fd_orders "rec-1"`}},
		{name: "row_differs_and_will_be_overwritten", data: differing("overwrite"), want: []string{
			`FERRY-310 warning 7_crm_approve: app_fd_orders "rec-1"; records.on_conflict is overwrite`,
		}},
		{name: "row_differs_and_will_be_kept", data: differing("keep"), want: []string{
			`FERRY-310 warning 7_crm_approve: app_fd_orders "rec-1"; records.on_conflict is keep`,
		}},
		{name: "shared", data: &preflight.DataFacts{Sharing: 2}, want: []string{"FERRY-311 note 7_crm_approve: 2 instances"}},
		{name: "no_row", data: &preflight.DataFacts{Mapped: []string{"orders"}, Found: []string{"log"}}, want: []string{"FERRY-314 note 7_crm_approve: "}},
		{name: "no_forms", data: &preflight.DataFacts{}},
		{name: "upload_missing", data: &preflight.DataFacts{MissingFiles: []string{"orders: a.pdf"}}, want: []string{"FERRY-315 warning 7_crm_approve: orders: a.pdf"}},
		{name: "encrypted", data: &preflight.DataFacts{Encrypted: []string{"app_fd_a.c_x", "app_fd_a.c_y"}}, want: []string{
			"FERRY-317 warning 7_crm_approve: app_fd_a.c_x, app_fd_a.c_y",
		}},
		{name: "refused", data: &preflight.DataFacts{Refused: []string{"app_fd_a", "app_fd_b.c_x"}}, want: []string{
			"FERRY-319 blocking 7_crm_approve: app_fd_a, app_fd_b.c_x",
		}},
		{name: "upload_refused", data: &preflight.DataFacts{RefusedFiles: []string{"orders: a.pdf (symlink)", "orders: the folder"}}, want: []string{
			"FERRY-320 blocking 7_crm_approve: orders: a.pdf (symlink), orders: the folder",
		}},
		{name: "same_folder", data: &preflight.DataFacts{SameFolder: []migration.RecordID{"rec-1/a"}}, want: []string{`FERRY-322 warning 7_crm_approve: "rec-1" and "rec-1/a"`}},
		{name: "alike", data: &preflight.DataFacts{Alike: []migration.RecordID{"REC-1"}}, want: []string{`FERRY-318 blocking 7_crm_approve: "rec-1" and "REC-1"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := preflight.InstanceFacts{Part: preflight.Part{Instance: &migration.Instance{
				ID: "7_crm_approve", App: "crm", State: migration.StateRunning, Record: "rec-1", Requester: "cat",
				Activities: []migration.OpenActivity{{ID: "40_7_crm_approve_approve", DefID: "approve", State: migration.StateNotStarted}},
			}}, Data: tc.data}
			found := preflight.Instance(&f)
			if diff := cmp.Diff(tc.want, lines(found)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			for _, f := range preflight.WithoutPersonal(found) {
				if f.Seen != "" && f.ID != "FERRY-311" && f.ID != "FERRY-317" && f.ID != "FERRY-319" {
					t.Errorf("%s goes through Temporal with %q", f.ID, f.Seen)
				}
			}
		})
	}
}

// TestWhatTablesThatAreMadeFree: the switch frees a record only if it does so in all tables.
func TestWhatTablesThatAreMadeFree(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		stuck []string
		want  migration.Way
	}{
		"all": {nil, migration.WayCreateTables}, "some": {[]string{"app_fd_b.c_x"}, ""},
	} {
		f := preflight.InstanceFacts{Part: preflight.Part{Instance: &migration.Instance{ID: "7_crm_approve", App: "crm", State: migration.StateRunning, Record: "rec-1", Requester: "cat"}}}
		f.Data = &preflight.DataFacts{Refused: []string{"app_fd_a", "app_fd_b.c_x"}, Stuck: tc.stuck}
		found := slices.DeleteFunc(preflight.Instance(&f), func(f migration.Finding) bool { return f.ID != "FERRY-319" })
		if len(found) != 1 || found[0].Way != tc.want {
			t.Errorf("%s: %+v, want the way %q", name, found, tc.want)
		}
	}
}

func TestLooksLikeInstance(t *testing.T) {
	t.Parallel()
	for record, want := range map[migration.RecordID]bool{
		"900_crm_approve": true, "900_crm": false, "0_crm_approve": false, "x_crm_approve": false, "1f0c3a52-8a7e": false, "": false,
	} {
		if got := preflight.LooksLikeInstance(record); got != want {
			t.Errorf("%q: %t, want %t", record, got, want)
		}
	}
}
