package activities

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
	simulated "jogetferry/simulator/schema"
)

// TestUndoDataLeavesFilesThatMayBeSomebodys has one file made by a tool and one
// copied file changed, and the window on them open.
func TestUndoDataLeavesFilesThatMayBeSomebodys(t *testing.T) {
	t.Parallel()
	asTheyAre := []string{"a=theirs", "made=by somebody"}
	type counts struct{ Conflicts, Shared int }
	for _, tc := range []struct {
		name    string
		happens func(*twins)
		files   []string
		want    counts
	}{
		{name: "tools_of_our_calls_made_them", happens: func(*twins) {}, files: []string{}},
		{
			name: "another_open_instance_has_the_record", happens: func(p *twins) { p.instance(p.target, "10_crm_p") },
			files: asTheyAre, want: counts{Conflicts: 1, Shared: 2},
		},
		{
			name: "people_worked_on_what_was_aborted", happens: func(p *twins) {
				if err := p.copy.Ledger.Log(p.t.Context(), "m", onSource, migration.StepLine{Step: migration.StepRollback, Event: migration.EventWorkDiscarded, Facts: migration.Facts{Target: onTarget}}); err != nil {
					p.t.Fatal(err)
				}
			},
			files: asTheyAre, want: counts{Conflicts: 3},
		},
		{
			name: "they_came_after_the_last_call", happens: func(p *twins) {
				late := time.Now().Add(time.Hour)
				for _, name := range []string{"a", "made"} {
					if err := os.Chtimes(filepath.Join(p.target.folder, "order", "r-1", name), late, late); err != nil {
						p.t.Fatal(err)
					}
				}
			},
			files: asTheyAre, want: counts{Conflicts: 3},
		},
		{
			name: "rows_of_tools_are_left", happens: func(p *twins) {
				err := p.copy.Ledger.Log(p.t.Context(), "m", onSource,
					migration.StepLine{Event: migration.EventRowsReverted, Facts: migration.Facts{Tally: migration.Tally{Restored: 1, Moved: 1, Shared: 2, Appeared: 3}}},
					migration.StepLine{Event: migration.EventRowsReported, Facts: migration.Facts{Tally: migration.Tally{Rows: 4}}},
				)
				if err != nil {
					p.t.Fatal(err)
				}
			},
			files: []string{}, want: counts{Conflicts: 8, Shared: 2},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newTwins(t, step.Settings{}, map[string]string{"a": "ours"})
			p.started()
			p.target.file("order", "r-1", "made", "by somebody")
			p.target.file("order", "r-1", "a", "theirs")
			tc.happens(p)
			p.target.exec("UPDATE SHKProcesses SET State = ? WHERE Id = ?", simulated.ProcessStateOID(string(migration.StateAborted)), onTarget)
			ledger := p.copy.Ledger
			if err := ledger.Progress(t.Context(), "m", onSource, migration.Change{State: migration.InstanceDone, Step: migration.StepVerify}); err != nil {
				t.Fatal(err)
			}
			if err := ledger.BeginRollback(t.Context(), "m", onSource); err != nil {
				t.Fatal(err)
			}
			p.env.RegisterActivity(p.copy.UndoData)
			for range 2 { // what is repeated after its end tells the same
				value, err := p.env.ExecuteActivity(p.copy.UndoData, contract.UndoDataInput{StepInput: contract.StepInput{Migration: "m", Instance: onSource}})
				if err != nil {
					t.Fatal(err)
				}
				var out contract.UndoDataOutput
				if err := value.Get(&out); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tc.want, counts{out.Conflicts, out.Shared}); diff != "" {
					t.Errorf("left (-want +got):\n%s", diff)
				}
			}
			if diff := cmp.Diff(tc.files, p.files()); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if _, opened, err := ledger.FileWindow(t.Context(), p.copy.Key(onSource)); err != nil || opened {
				t.Errorf("the window is open: %v, %v", opened, err)
			}
		})
	}
}

func TestUndoDataEndsOnlyWhatTheLedgerSaysIsUndone(t *testing.T) {
	t.Parallel()
	p := newTwins(t, step.Settings{}, nil)
	p.started()
	in := contract.UndoDataInput{StepInput: contract.StepInput{Migration: "m", Instance: onSource}}
	if _, err := p.copy.UndoData(t.Context(), in); migration.CodeOf(err) != migration.CodeConflict {
		t.Errorf("got %v, want a conflict", err)
	}
}
