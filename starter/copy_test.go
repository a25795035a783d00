package main_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/contract"
	"jogetferry/migration"
)

const copyID = "ferry/crm-2026/copy"

// copied is a copy that ended: one chunk is parked.
func copied() *world {
	w := sample()
	w.bulk = &migration.BulkCopy{BulkOrder: migration.BulkOrder{Pass: migration.BulkPassCopy, Scope: migration.BulkScope{Apps: []string{"crm"}}}, Status: migration.BulkDone}
	w.bulkTables = []migration.BulkTable{
		{Kind: migration.BulkRows, Table: "crm_account", Chunks: 2, Done: 2, Planned: 30_000, BulkTally: migration.BulkTally{Rows: 30_001, Bytes: 61_200_000, Inserted: 29_000, Same: 1_001, Extra: 3}},
		{
			Kind: migration.BulkRows, Table: "crm_proposal", Chunks: 3, Done: 2, Parked: 1, Planned: 44_000, Reason: migration.ReasonRecordConflict, Detail: "crm_proposal/P-7",
			BulkTally: migration.BulkTally{Rows: 44_000, Bytes: 88_000_000, Inserted: 43_998, Overwritten: 1, Conflicts: 1, Differing: 1},
		},
		{Kind: migration.BulkFiles, Table: "crm_account", Chunks: 1, Done: 1, Planned: 900, BulkTally: migration.BulkTally{Rows: 1_200, Bytes: 9_600_000, Inserted: 1_200}},
	}
	return w
}

func TestCopyOutput(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"table", "json", "csv"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			w := copied()
			w.result = contract.BulkResult{Status: migration.BulkDone, CutOutput: contract.CutOutput{Tables: 2, Refused: []string{"crm_view"}}}
			status, out, errs := w.run(t, "copy", "-o", format)
			if status != 4 || !strings.Contains(errs, "left out, since their rows have no key that they can be taken by: crm_view") || !strings.Contains(errs, "1 chunks are parked") {
				t.Errorf("status %d, want 4; said %q", status, errs)
			}
			golden(t, "copy."+format, out)
		})
	}
}

func TestPassesOutput(t *testing.T) {
	t.Parallel()
	for pass, args := range map[migration.BulkPass]string{migration.BulkPassDelta: "copy --delta", migration.BulkPassVerify: "verify --data", migration.BulkPassUndo: "rollback --copy"} {
		t.Run(string(pass), func(t *testing.T) {
			t.Parallel()
			w := copied()
			w.bulk.Pass = pass
			w.bulkTables[1].Gone, w.bulkTables[1].Removed, w.bulkTables[1].Restored, w.bulkTables[1].InUse = 6, 5, 4, 2
			w.result = contract.BulkResult{Status: migration.BulkDone, CutOutput: contract.CutOutput{Tables: 2}}
			status, out, errs := w.run(t, strings.Fields(args)...)
			if status != 4 {
				t.Errorf("status %d, want 4; said %q", status, errs)
			}
			golden(t, "pass_"+string(pass)+".table", out+errs)
		})
	}
}

func TestCopy(t *testing.T) {
	t.Parallel()
	bulk := func(of func(*migration.BulkCopy)) *migration.BulkCopy {
		b := &migration.BulkCopy{BulkOrder: migration.BulkOrder{Pass: migration.BulkPassCopy, Scope: migration.BulkScope{Tables: []string{"note"}}}, Status: migration.BulkRunning}
		of(b)
		return b
	}
	same := func(*migration.BulkCopy) {}
	for _, tc := range []struct {
		name   string
		args   string
		world  func(*world)
		status int
		says   string
		input  *contract.BulkInput
		left   *migration.BulkCopy
	}{
		{name: "apps_of_the_plan", args: "copy --detach", input: &contract.BulkInput{Lanes: 4, Order: migration.BulkOrder{Pass: migration.BulkPassCopy, Scope: migration.BulkScope{Apps: []string{"crm"}}}}},
		{name: "apps_that_are_named", args: "copy --app hr,crm,hr --lanes 2 --rate 9 --detach", input: &contract.BulkInput{Lanes: 2, Order: migration.BulkOrder{Pass: migration.BulkPassCopy, Scope: migration.BulkScope{Apps: []string{"crm", "hr"}}, RowsPerSecond: 9}}},
		{name: "without_files", args: "copy --app crm --no-uploads --detach", input: &contract.BulkInput{Lanes: 4, Order: migration.BulkOrder{Pass: migration.BulkPassCopy, Scope: migration.BulkScope{Apps: []string{"crm"}, NoUploads: true}}}},
		{name: "with_files_after_one_without", args: "copy --uploads --detach", world: func(w *world) {
			w.bulk = bulk(func(b *migration.BulkCopy) { b.Status, b.Scope.NoUploads = migration.BulkDone, true })
		}, input: &contract.BulkInput{Lanes: 4, Order: migration.BulkOrder{Pass: migration.BulkPassCopy, Scope: migration.BulkScope{Tables: []string{"note"}}}}},
		{name: "what_the_last_one_covered", args: "copy --detach", world: func(w *world) { w.bulk = bulk(func(b *migration.BulkCopy) { b.Status = migration.BulkDone }) }, input: &contract.BulkInput{Lanes: 4, Order: migration.BulkOrder{Pass: migration.BulkPassCopy, Scope: migration.BulkScope{Tables: []string{"note"}}}}},
		{name: "with_reports", args: "copy --with form_audit,app_report --detach", input: &contract.BulkInput{Lanes: 4, Order: migration.BulkOrder{Pass: migration.BulkPassCopy, Scope: migration.BulkScope{Apps: []string{"crm"}, With: []migration.BulkWith{migration.WithReports, migration.WithTrail}}}}},
		{name: "with_reports_of_what_the_last_one_covered", args: "copy --with app_report --detach", world: func(w *world) {
			w.bulk = bulk(func(b *migration.BulkCopy) {
				b.Status, b.Scope = migration.BulkDone, migration.BulkScope{Apps: []string{"hr"}}
			})
		}, input: &contract.BulkInput{Lanes: 4, Order: migration.BulkOrder{Pass: migration.BulkPassCopy, Scope: migration.BulkScope{Apps: []string{"hr"}, With: []migration.BulkWith{migration.WithReports}}}}},
		{name: "with_reports_again", args: "copy --detach", world: func(w *world) {
			w.bulk = bulk(func(b *migration.BulkCopy) {
				b.Status, b.Scope = migration.BulkDone, migration.BulkScope{Apps: []string{"hr"}, With: []migration.BulkWith{migration.WithTrail}}
			})
		}, input: &contract.BulkInput{Lanes: 4, Order: migration.BulkOrder{Pass: migration.BulkPassCopy, Scope: migration.BulkScope{Apps: []string{"hr"}, With: []migration.BulkWith{migration.WithTrail}}}}},
		{name: "with_what_is_unknown", args: "copy --with app_report,wf_audit", status: 2, says: "--with wf_audit is not known; give app_report or form_audit"},
		{name: "with_some_tables", args: "copy --tables note --with form_audit", status: 2, says: "--with is of whole apps"},
		{name: "under_way_with_more", args: "copy --with form_audit", world: func(w *world) { w.bulk, w.open[copyID] = bulk(same), true }, status: 2, says: "give --app, --tables, --with, --uploads or --create-tables when", left: bulk(same)},
		{name: "delta", args: "copy --delta --delete --detach", input: &contract.BulkInput{Lanes: 4, Order: migration.BulkOrder{Pass: migration.BulkPassDelta, Delete: true, Scope: migration.BulkScope{Apps: []string{"crm"}}}}},
		{name: "delete_without_delta", args: "copy --delete", status: 2, says: "--delete belongs to --delta"},
		{name: "verify_data", args: "verify --data --tables note --lanes 3 --detach", input: &contract.BulkInput{Lanes: 3, Order: migration.BulkOrder{Pass: migration.BulkPassVerify, Scope: migration.BulkScope{Tables: []string{"note"}}}}},
		{name: "verify_data_of_instances", args: "verify --data i", status: 2, says: "either instances or --data"},
		{name: "verify_with_flags_of_data", args: "verify --tables note", status: 2, says: "--tables: only with --data"},
		{name: "rollback_of_the_copy", args: "rollback --copy --rate 7 --detach", world: func(w *world) { w.bulk = bulk(func(b *migration.BulkCopy) { b.Status = migration.BulkDone }) }, says: "the copy brought about 72998 rows and 31 files of 2 tables", input: &contract.BulkInput{Lanes: 4, Order: migration.BulkOrder{Pass: migration.BulkPassUndo, Scope: migration.BulkScope{Tables: []string{"note"}}, RowsPerSecond: 7}}},
		{name: "rollback_of_no_copy", args: "rollback --copy", status: 2, says: "starter copy begins one"},
		{name: "rollback_of_the_copy_and_a_wave", args: "rollback --copy --wave w1", status: 2, says: "roll instances back before"},
		{name: "rollback_with_flags_of_the_copy", args: "rollback i --lanes 2", status: 2, says: "--lanes: only with --copy"},
		{name: "another_pass_is_under_way", args: "verify --data", world: func(w *world) { w.bulk, w.open[copyID] = bulk(same), true }, status: 2, says: "a copy is under way; wait", left: bulk(same)},
		{name: "a_delta_that_deletes_is_under_way", args: "copy --delta", world: func(w *world) {
			w.bulk, w.open[copyID] = bulk(func(b *migration.BulkCopy) { b.Pass, b.Delete = migration.BulkPassDelta, true }), true
		}, status: 2, says: "a delta is under way with --delete"},
		{name: "no_plan", args: "copy", world: func(w *world) { clear(w.entries) }, status: 2, says: "give --app"},
		{name: "both", args: "copy --app crm --tables note", status: 2, says: "either --app or --tables"},
		{name: "no_lane", args: "copy --lanes 0", status: 2, says: "--lanes is from 1"},
		{name: "a_rate_below_zero", args: "copy --rate -1", status: 2, says: "--rate is 0 or more"},
		{name: "unknown_names", args: "copy --app x", world: func(w *world) {
			w.result = contract.BulkResult{CutOutput: contract.CutOutput{Unknown: []string{"x", "y"}}}
		}, status: 2, says: "the source has no x, y; nothing was done"},
		{name: "under_way", args: "copy", world: func(w *world) { w.bulk, w.open[copyID] = bulk(same), true }, says: "following it", left: bulk(same)},
		{name: "under_way_at_another_rate", args: "copy --rate 500 --detach", world: func(w *world) { w.bulk, w.open[copyID] = bulk(same), true }, left: bulk(func(b *migration.BulkCopy) { b.RowsPerSecond = 500 })},
		{name: "under_way_with_others", args: "copy --app hr", world: func(w *world) { w.bulk, w.open[copyID] = bulk(same), true }, status: 2, says: "pause it with starter copy --pause", left: bulk(same)},
		{name: "pause", args: "copy --pause", world: func(w *world) { w.bulk = bulk(same) }, says: "the copy is paused", left: bulk(func(b *migration.BulkCopy) { b.Status = migration.BulkPaused })},
		{name: "pause_what_is_done", args: "copy --pause", world: func(w *world) { w.bulk = bulk(func(b *migration.BulkCopy) { b.Status = migration.BulkDone }) }, status: 2, says: "the copy is done"},
		{name: "pause_nothing", args: "copy --pause", status: 2, says: "starter copy begins one"},
		{name: "status_with_more", args: "copy --status --rate 3", status: 2, says: "give each alone"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := sample()
			if tc.world != nil {
				tc.world(w)
			}
			status, _, errs := w.run(t, strings.Fields(tc.args)...)
			if status != tc.status || !strings.Contains(errs, tc.says) {
				t.Errorf("status %d, want %d; said %q, want %q in it", status, tc.status, errs, tc.says)
			}
			if tc.left != nil {
				if diff := cmp.Diff(tc.left, w.bulk); diff != "" {
					t.Errorf("the copy (-want +got):\n%s", diff)
				}
			}
			inputs := slices.DeleteFunc(slices.Clone(w.inputs), func(in any) bool { _, is := in.(contract.BulkInput); return !is })
			if (tc.input != nil || tc.name == "unknown_names") != (len(inputs) == 1) {
				t.Fatalf("workflows were started with %v", w.inputs)
			}
			if tc.input != nil {
				want := *tc.input
				want.Migration = "crm-2026"
				want.Queues = contract.QueuesOf("crm-2026", ledgerID)
				if diff := cmp.Diff(any(want), inputs[0]); diff != "" {
					t.Errorf("input (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestCopyTellsWhatItKeptOfReports(t *testing.T) {
	t.Parallel()
	for table, told := range map[string]bool{"crm/report_instances": true, "crm/form_audit": false} {
		w := copied()
		w.bulkTables = []migration.BulkTable{{Kind: migration.BulkTrail, Table: table, Chunks: 1, Done: 1, BulkTally: migration.BulkTally{Rows: 9, Kept: 2}}}
		_, out, _ := w.run(t, "copy", "--status")
		if strings.Contains(out, "docs/what-if.md#a-copy-kept-reports-back") != told {
			t.Errorf("of %s it shows:\n%s", table, out)
		}
	}
}
