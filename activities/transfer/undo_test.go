package transfer_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
)

// TestUndoData_leaves_files_that_may_be_somebodys has one file made by a tool and
// one copied file changed, and nobody looked at them since.
func TestUndoData_leaves_files_that_may_be_somebodys(t *testing.T) {
	t.Parallel()
	asTheyAre := []string{"a=theirs", "made=by somebody"}
	for _, tc := range []struct {
		name              string
		happens           func(*testing.T, *activitytest.Case, *activitytest.Instance)
		files             []string
		conflicts, shared int
	}{
		{name: "tools_of_our_calls_made_them", files: []string{}},
		{
			name: "thumbnails_go_with_their_images",
			happens: func(_ *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				c.Target.File("onb_hire", in.Record, "a.thumb.jpg", "small")
				c.Target.File("onb_hire", in.Record, "made.thumb.jpg", "small")
			},
			files: []string{},
		},
		{
			name:    "another_open_instance_has_the_record",
			happens: func(_ *testing.T, _ *activitytest.Case, in *activitytest.Instance) { in.StartUnknown("terry", nil) },
			files:   asTheyAre, conflicts: 2, shared: 2, // its row, too
		},
		{
			name: "people_worked_on_what_was_aborted",
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				activitytest.Must(t, c.Ledger.Log(t.Context(), c.Migration, in.ID, migration.StepLine{Step: migration.StepRollback, Event: migration.EventWorkDiscarded, Facts: migration.Facts{Target: in.TargetID()}}))
			},
			files: asTheyAre, conflicts: 3,
		},
		{
			name: "they_came_after_the_last_call",
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				late := time.Now().Add(time.Hour)
				for _, name := range []string{"a", "made"} {
					activitytest.Must(t, os.Chtimes(filepath.Join(c.Target.Folder, "onb_hire", string(in.Record), name), late, late))
				}
			},
			files: asTheyAre, conflicts: 3,
		},
		{
			name: "rows_of_tools_are_left",
			happens: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance) {
				activitytest.Must(t, c.Ledger.Log(t.Context(), c.Migration, in.ID,
					migration.StepLine{Event: migration.EventRowsReverted, Facts: migration.Facts{Tally: migration.Tally{Restored: 1, Moved: 1, Shared: 2, Appeared: 3}}},
					migration.StepLine{Event: migration.EventRowsReported, Facts: migration.Facts{Tally: migration.Tally{Rows: 4}}},
				))
			},
			files: []string{}, conflicts: 8, shared: 2,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Twins(c, map[string]string{"a": "ours"})
			scene.ByTools(t, c, in, func() {
				c.Target.File("onb_hire", in.Record, "made", "by somebody")
				c.Target.File("onb_hire", in.Record, "a", "theirs")
			})
			if tc.happens != nil {
				tc.happens(t, c, in)
			}
			c.Target.Abort(in.TargetID())
			scene.Finished(t, c, in)
			activitytest.Must(t, c.Ledger.BeginRollback(t.Context(), c.Migration, in.ID))
			for range 2 { // what is repeated after its end tells the same
				out, err := activitytest.Run(t, scene.Worker(c).Register, contract.UndoData, contract.UndoDataInput{StepInput: in.Step()})
				activitytest.Must(t, err)
				if out.Conflicts != tc.conflicts || out.Shared != tc.shared {
					t.Errorf("%d conflicts and %d shared, want %d and %d", out.Conflicts, out.Shared, tc.conflicts, tc.shared)
				}
			}
			activitytest.Same(t, "files", tc.files, c.Target.Files("onb_hire", in.Record))
			if _, open, err := c.Ledger.FileCapture(t.Context(), in.Key()); err != nil || open {
				t.Errorf("the window is open: %v, %v", open, err)
			}
		})
	}
}

func TestUndoData_ends_only_what_the_ledger_says_is_undone(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Twins(c, nil)
	_, err := activitytest.Run(t, scene.Worker(c).Register, contract.UndoData, contract.UndoDataInput{StepInput: in.Step()})
	activitytest.Same(t, "error", string(migration.CodeConflict), activitytest.TypeOf(err))
}

// TestUndoData_of_what_never_was_started takes rows and files back all the same.
func TestUndoData_of_what_never_was_started(t *testing.T) {
	t.Parallel()
	for _, state := range []migration.ClaimState{migration.ClaimNone, migration.ClaimClaimed} {
		t.Run("claim_"+string(state), func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := c.Begin(activitytest.Begin{Process: "leave/process1", Row: map[string]string{"reason": "ill"}, Files: map[string]string{"a": "ours"}})
			in.Plan()
			in.Copy()
			if state != migration.ClaimNone {
				scene.Claimed(t, c, in, state)
			}
			scene.Park(t, c, in, migration.StepStart, migration.ReasonIdentityRefused)
			activitytest.Must(t, c.Ledger.BeginRollback(t.Context(), c.Migration, in.ID))
			out, err := activitytest.Run(t, scene.Worker(c).Register, contract.UndoData, contract.UndoDataInput{StepInput: in.Step()})
			activitytest.Must(t, err)
			activitytest.Same(t, "undone", contract.UndoDataOutput{Outcome: contract.Outcome{Status: contract.StatusOK}, Rows: 1, Files: 1}, out)
			activitytest.Same(t, "row", "0", c.Target.Text("SELECT COUNT(*) FROM app_fd_leave_request WHERE id = ?", string(in.Record)))
			activitytest.Same(t, "files", []string{}, c.Target.Files("leave_request", in.Record))
			activitytest.Same(t, "state", migration.InstanceReady, in.Entry().State)
			if got := in.Claim().State; got == migration.ClaimClaimed {
				t.Errorf("the start is %s", got)
			}
		})
	}
}

// TestAbortTarget_reverts_what_tools_did has a start whose tools changed rows that
// no step has put back yet.
func TestAbortTarget_reverts_what_tools_did(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in, p := scene.Intake(c), scene.Worker(c)
	scene.Copied(t, c, in)
	_, err := activitytest.Run(t, p.Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "record", scene.AsToolsLeftIt, scene.Record(c, in))
	scene.Park(t, c, in, migration.StepRestore, migration.ReasonRestoreMoved)
	out, err := activitytest.Retry(t, p.Register, contract.AbortTarget, contract.AbortTargetInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusOK}, activitytest.Decided(out))
	activitytest.Same(t, "record", scene.AsOnTheSource, scene.Record(c, in))
}

// TestResolveInstance_puts_back_what_tools_did_before_another_start has an
// instance that ran through.
func TestResolveInstance_puts_back_what_tools_did_before_another_start(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in, p := scene.Intake(c), scene.Worker(c)
	scene.Copied(t, c, in)
	c.Door.At(activitytest.Effected, "process/start", func() { c.Target.Abort(scene.First(c, in)) })
	out, err := activitytest.Run(t, p.Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "start", activitytest.Parked(migration.ReasonStartRanThrough), activitytest.Decided(out.Outcome))
	activitytest.Same(t, "record", scene.AsToolsLeftIt, scene.Record(c, in))
	_, err = activitytest.Run(t, p.Register, contract.ResolveInstance, contract.ResolveInput{
		StepInput: in.Step(), ParkID: out.ParkID, Reason: migration.ReasonStartRanThrough, Action: migration.ActionRedo,
	})
	activitytest.Must(t, err)
	activitytest.Same(t, "record", scene.AsOnTheSource, scene.Record(c, in))
	activitytest.Same(t, "claim", migration.ClaimReleased, in.Claim().State)
}

// TestUndoData_leaves_the_record_to_another_instance has an instance of the record open on
// the target that is not ours: no row and no file is taken away under it.
func TestUndoData_leaves_the_record_to_another_instance(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		happens func(*activitytest.Case, *activitytest.Instance)
		kept    bool
	}{
		{name: "nobody_else", happens: func(*activitytest.Case, *activitytest.Instance) {}},
		{
			name: "people_use_it", kept: true,
			happens: func(_ *activitytest.Case, in *activitytest.Instance) { in.StartUnknown("terry", nil) },
		},
		{
			name:    "people_do_not_use_it_any_more",
			happens: func(c *activitytest.Case, in *activitytest.Instance) { c.Target.Abort(in.StartUnknown("terry", nil)) },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Twins(c, map[string]string{"a": "ours"})
			tc.happens(c, in)
			c.Target.Abort(in.TargetID())
			scene.Finished(t, c, in)
			activitytest.Must(t, c.Ledger.BeginRollback(t.Context(), c.Migration, in.ID))
			want := contract.UndoDataOutput{Outcome: contract.Outcome{Status: contract.StatusOK}, Rows: 1, Files: 1}
			name, files, told := "", []string{}, 0
			if tc.kept {
				want.Rows, want.Files, want.Conflicts = 0, 0, 2
				name, files, told = "Jack", []string{"a=ours"}, 1
			}
			for range 2 { // what is repeated after its end tells the same
				out, err := activitytest.Run(t, scene.Worker(c).Register, contract.UndoData, contract.UndoDataInput{StepInput: in.Step()})
				activitytest.Must(t, err)
				activitytest.Same(t, "undone", want, out)
			}
			activitytest.Same(t, "row", name, c.Target.Field("onb_hire", in.Record, "fullName"))
			activitytest.Same(t, "files", files, c.Target.Files("onb_hire", in.Record))
			activitytest.Same(t, "told", told, len(in.Told(migration.EventRecordUsed)))
			activitytest.Same(t, "state", migration.InstanceReady, in.Entry().State)
			// What was left is ours still, and stands in nobody's way.
			scene.Copied(t, c, in)
			activitytest.Same(t, "row of the next migration", "Jack", c.Target.Field("onb_hire", in.Record, "fullName"))
		})
	}
}

// TestUndoData_of_a_row_that_was_there_before puts it back for an instance that was there
// before ours, and leaves it to one that came since.
func TestUndoData_of_a_row_that_was_there_before(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		before    bool // somebody's instance came before ours
		value     string
		conflicts int
	}{{"and_whose_instance_was_too", true, "Joe", 0}, {"and_whose_instance_came_since", false, "Jack", 1}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := c.Begin(activitytest.Begin{Process: "onboard/probation", Variables: map[string]string{"outcome": "new"}, Row: map[string]string{"fullName": "Jack"}})
			c.Target.Row("onb_hire", in.Record, map[string]string{"fullName": "Joe"})
			in.Plan()
			overwrites := scene.Worker(c, func(p *scene.Ports) { p.Settings.OnConflict = records.ConflictOverwrite })
			_, err := activitytest.Run(t, overwrites.Register, contract.CopyFormData, contract.CopyFormDataInput{StepInput: in.Step()})
			activitytest.Must(t, err)
			activitytest.Same(t, "copied", "Jack", c.Target.Field("onb_hire", in.Record, "fullName"))
			var earlier []migration.InstanceID
			if tc.before {
				earlier = append(earlier, in.StartUnknown("terry", nil))
			}
			_, _, err = c.Ledger.Claim(t.Context(), in.Key(), in.Record, "t", c.Migration)
			activitytest.Must(t, err)
			activitytest.Must(t, c.Ledger.SaveBaseline(t.Context(), in.Key(), "t", earlier))
			activitytest.Must(t, c.Ledger.Sending(t.Context(), in.Key(), "t", nil, in.Target))
			ours := in.Identity(in.StartUnknown("cat", nil))
			activitytest.Must(t, c.Ledger.Outcome(t.Context(), in.Key(), "t", migration.StartOutcome{Fate: migration.FateAnswered, Status: 200, Started: &ours}))
			if !tc.before {
				in.StartUnknown("terry", nil)
			}
			c.Target.Abort(ours.ID)
			scene.Finished(t, c, in)
			activitytest.Must(t, c.Ledger.BeginRollback(t.Context(), c.Migration, in.ID))
			out, err := activitytest.Run(t, scene.Worker(c).Register, contract.UndoData, contract.UndoDataInput{StepInput: in.Step()})
			activitytest.Must(t, err)
			activitytest.Same(t, "row", tc.value, c.Target.Field("onb_hire", in.Record, "fullName"))
			activitytest.Same(t, "conflicts", tc.conflicts, out.Conflicts)
			activitytest.Same(t, "told", 1, len(in.Told(migration.EventRecordUsed)))
		})
	}
}

// TestUndoData_of_two_instances_of_a_record leaves what both use to the last of them.
func TestUndoData_of_two_instances_of_a_record(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	first := scene.Twins(c, map[string]string{"a": "ours"})
	second := c.Begin(activitytest.Begin{Process: "onboard/probation", Record: first.Record, Variables: map[string]string{"outcome": "new"}})
	c.Plan(first, second)
	second.Copy()
	second.Start()
	undo := func(in *activitytest.Instance) contract.UndoDataOutput {
		t.Helper()
		c.Target.Abort(in.TargetID())
		scene.Finished(t, c, in)
		activitytest.Must(t, c.Ledger.BeginRollback(t.Context(), c.Migration, in.ID))
		out, err := activitytest.Run(t, scene.Worker(c).Register, contract.UndoData, contract.UndoDataInput{StepInput: in.Step()})
		activitytest.Must(t, err)
		return out
	}
	ok := contract.Outcome{Status: contract.StatusOK}
	activitytest.Same(t, "the first", contract.UndoDataOutput{Outcome: ok, Shared: 2}, undo(second))
	activitytest.Same(t, "row", "Jack", c.Target.Field("onb_hire", first.Record, "fullName"))
	activitytest.Same(t, "the last", contract.UndoDataOutput{Outcome: ok, Rows: 1, Files: 1}, undo(first))
	activitytest.Same(t, "row", "", c.Target.Field("onb_hire", first.Record, "fullName"))
}

// TestUndoData_needs_the_record has another instance hold it.
func TestUndoData_needs_the_record(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Twins(c, nil)
	c.Target.Abort(in.TargetID())
	scene.Finished(t, c, in)
	activitytest.Must(t, c.Ledger.BeginRollback(t.Context(), c.Migration, in.ID))
	other := c.Begin(activitytest.Begin{Process: "leave/process1", Record: in.Record})
	activitytest.Must(t, c.Ledger.HoldRecord(t.Context(), other.Key(), in.Record, c.Migration))
	undo := func() error {
		_, err := activitytest.Run(t, scene.Worker(c).Register, contract.UndoData, contract.UndoDataInput{StepInput: in.Step()})
		return err
	}
	activitytest.Same(t, "at first", contract.WaitingType, activitytest.TypeOf(undo()))
	activitytest.Same(t, "row", "1", c.Target.Text("SELECT COUNT(*) FROM app_fd_onb_hire WHERE id = ?", string(in.Record)))
	activitytest.Must(t, c.Ledger.FreeRecord(t.Context(), other.Key()))
	activitytest.Must(t, undo())
	activitytest.Same(t, "row, then", "0", c.Target.Text("SELECT COUNT(*) FROM app_fd_onb_hire WHERE id = ?", string(in.Record)))
	activitytest.Must(t, c.Ledger.HoldRecord(t.Context(), other.Key(), in.Record, c.Migration)) // it is free again
}
