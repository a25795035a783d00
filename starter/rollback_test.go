package main_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/serviceerror"

	"jogetferry/contract"
	"jogetferry/migration"
)

// migrated is a migration of which a wave is done, with something of it in every state.
func migrated() *world {
	w := sample()
	for _, id := range []string{"1_crm_process1", "2_crm_process1"} {
		e := w.entries[migration.InstanceID(id)]
		e.Step = migration.StepVerify
		w.entries[e.Instance] = e
	}
	failed := entry("6_crm_process1", migration.InstanceFailed)
	failed.Step, failed.Wave, failed.Reason = migration.StepResume, "1", migration.ReasonOperator
	flying := entry("7_crm_process1", migration.InstanceRunning)
	flying.Step = migration.StepStart
	w.entries[failed.Instance], w.entries[flying.Instance] = failed, flying
	w.open["ferry/crm-2026/instance/7_crm_process1"] = true
	return w
}

var undone = contract.RollbackResult{
	Undone: 2, Refused: 1, Conflicts: 1, Shared: 1, Failed: 1,
	Listed: []contract.NotRolledBack{
		{Instance: "1_crm_process1", Conflicts: 3},
		{Instance: "2_crm_process1", Refused: true, Message: "somebody worked on target instance 900_crm_process1 since"},
		{Instance: "6_crm_process1", Failed: true, Message: "undo rows app_fd_proposal: unsupported"},
	},
}

func TestRollbackOutput(t *testing.T) {
	t.Parallel()
	drift := contract.DriftResult{Still: 3, Moved: 1, Closed: 1, Listed: []contract.Drifted{
		{Instance: "1_crm_process1"}, {Instance: "6_crm_process1", Closed: true},
	}}
	for _, tc := range []struct {
		name   string
		args   []string
		result any
		status int
	}{
		{"rollback", []string{"rollback", "--wave", "1"}, undone, 4},
		{"drift", []string{"drift"}, drift, 4},
		{"resolve_all", []string{"resolve", "--parked-for", "start_outcome_unknown", "--action", "retry"}, nil, 4},
	} {
		for _, format := range []string{"table", "json", "csv"} {
			t.Run(tc.name+"_as_"+format, func(t *testing.T) {
				t.Parallel()
				w := migrated()
				w.result = tc.result
				second := parked("8_crm_process1", migration.ReasonStartOutcomeUnknown)
				w.entries[second.Instance] = second
				w.refuse, w.refuses = refusal("it is parked anew"), "ferry/crm-2026/instance/8_crm_process1"
				status, out, errs := w.run(t, append(tc.args, "-o", format)...)
				if status != tc.status {
					t.Errorf("status %d, want %d: %s", status, tc.status, errs)
				}
				golden(t, tc.name+"."+format, out)
			})
		}
	}
}

// TestRollbackMistakes finds each before anything is written.
func TestRollbackMistakes(t *testing.T) {
	t.Parallel()
	parkedFor := func(rest ...string) []string {
		return append([]string{"resolve", "--parked-for", "start_outcome_unknown"}, rest...)
	}
	for _, tc := range []struct {
		name  string
		args  []string
		world func(*world)
		want  string
	}{
		{"rollback_of_nothing", []string{"rollback"}, nil, "give either instances or --wave"},
		{"rollback_of_both", []string{"rollback", "1_crm_process1", "--wave", "1"}, nil, "give either instances or --wave"},
		{"rollback_of_unknown_ones", []string{"rollback", "1_crm_process1", "9_crm_process1"}, nil, "the plan does not have 9_crm_process1"},
		{"rollback_of_one_in_flight", []string{"rollback", "1_crm_process1", "7_crm_process1", "3_crm_process1"}, nil, "7_crm_process1 is in_flight; wait until it is done or parked"},
		{"rollback_of_one_never_migrated", []string{"rollback", "1_crm_process1", "7_crm_process1", "3_crm_process1"}, nil, "3_crm_process1 is ready and was never migrated"},
		{"rollback_of_an_unknown_wave", []string{"rollback", "--wave", "one"}, nil, `wave "one" is not known`},
		{"rollback_of_a_wave_that_runs", []string{"rollback", "--wave", "1"}, func(w *world) { w.waves[0].Status = migration.WavePaused }, "wave 1 is paused; end it with starter stop 1"},
		{"rollback_of_a_wave_with_some_in_flight", []string{"rollback", "--wave", "1"}, func(w *world) {
			e := w.entries["7_crm_process1"]
			e.Wave = "1"
			w.entries[e.Instance] = e
		}, "7_crm_process1 is in_flight"},
		{"rollback_of_what_was_undone", []string{"rollback", "3_crm_process1"}, func(w *world) {
			w.rolledBack = map[migration.InstanceID]migration.RolledBack{"3_crm_process1": {Rollback: "1", Outcome: migration.RollbackUndone}}
		}, "3_crm_process1 is undone already\nthere is nothing to undo"},
		{"rollback_of_one_that_undoes_itself", []string{"rollback", "2_crm_process1"}, func(w *world) { w.rollingBack("2_crm_process1", "") }, "2_crm_process1 is being undone already"},
		{"rollback_of_more_than_one_that_runs_has", []string{"rollback", "--wave", "1"}, func(w *world) {
			w.rollingBack("1_crm_process1", "4")
			w.open["ferry/crm-2026/rollback/4"] = true
		}, "rollback 4 is under way, and 2_crm_process1 is not part of it"},
		{"rollback_that_discards_more_than_the_one_that_runs", []string{"rollback", "1_crm_process1", "--discard-target-work"}, func(w *world) {
			w.rollingBack("1_crm_process1", "4")
			w.open["ferry/crm-2026/rollback/4"] = true
		}, "rollback 4 is under way with --discard-target-work=false"},
		{"rollback_of_what_a_second_one_undoes", []string{"rollback", "1_crm_process1", "2_crm_process1", "6_crm_process1"}, func(w *world) {
			w.rollingBack("1_crm_process1", "4")
			w.rollingBack("2_crm_process1", "4")
			w.rollingBack("6_crm_process1", "5")
			w.open["ferry/crm-2026/rollback/5"] = true
		}, "rollback 5 is under way, and 1_crm_process1 is not part of it"},
		{"pilot_of_one_that_is_undone", []string{"pilot", "6_crm_process1"}, func(w *world) { w.rollingBack("6_crm_process1", "1") }, "is being rolled back"},
		{"redo_of_one_with_a_park", []string{"resolve", "1_crm_process1", "--action", "redo", "--park", "2"}, nil, "is done, not parked"},
		{"redo_of_one_in_a_rollback", []string{"resolve", "1_crm_process1", "--action", "redo"}, func(w *world) {
			w.rollingBack("1_crm_process1", "4")
			w.open["ferry/crm-2026/rollback/4"] = true
		}, "part of rollback 4, which is under way"},
		{"resolve_of_nothing", []string{"resolve", "--action", "retry"}, nil, "give either an instance or --parked-for"},
		{"resolve_of_both", parkedFor("--action", "retry", "2_crm_process1"), nil, "give either an instance or --parked-for"},
		{"parked_for_an_unknown_reason", []string{"resolve", "--parked-for", "start_unknown", "--action", "retry"}, nil, `reason "start_unknown" is not known`},
		{"parked_for_without_an_action", parkedFor(), nil, "--action is missing; for start_outcome_unknown give retry, adopt, skip"},
		{"parked_for_with_one_that_does_not_fit", parkedFor("--action", "redo"), nil, "action redo does not fit start_outcome_unknown"},
		{"parked_for_with_adopt", parkedFor("--action", "adopt", "--target", "9"), nil, "resolve them one by one"},
		{"parked_for_with_a_park", parkedFor("--action", "retry", "--park", "2"), nil, "--park belongs to one instance"},
		{"parked_for_that_nothing_waits_for", []string{"resolve", "--parked-for", "source_moved", "--action", "redo"}, nil, "nothing is parked for source_moved"},
		{"drift_without_a_plan", []string{"drift"}, func(w *world) { w.entries = nil }, "crm-2026 has no plan yet"},
		{"delta_with_pilots", []string{"wave", "--delta", "--without-pilot"}, nil, "leave out --no-warned and --without-pilot, or --delta"},
		{"delta_of_nothing", []string{"wave", "--delta", "--requester", "terry"}, nil, "no instance is done that matches"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := migrated()
			if tc.world != nil {
				tc.world(w)
			}
			status, out, errs := w.run(t, tc.args...)
			if status != 2 || !strings.Contains(errs, tc.want) || out != "" {
				t.Errorf("status %d, said %q, want %q in it; printed %q", status, errs, tc.want, out)
			}
			if len(w.started)+len(w.updates)+len(w.decided)+len(w.rollbacks) > 0 || len(w.waves) != 1 {
				t.Errorf("something was written: started %d, updates %d, decisions %d, rollbacks %d, waves %d", len(w.started), len(w.updates), len(w.decided), len(w.rollbacks), len(w.waves))
			}
		})
	}
}

func TestRollbackIsStartedAndFollowed(t *testing.T) {
	t.Parallel()
	w := migrated()
	w.result = contract.RollbackResult{Undone: 3}
	status, out, errs := w.run(t, "rollback", "--wave", "1", "--discard-target-work", "-o", "json")
	if status != 0 || !strings.Contains(out, `"undone": 3`) {
		t.Errorf("status %d: %s\n%s", status, errs, out)
	}
	want := contract.RollbackInput{
		Migration: "crm-2026", Rollback: "1", Discard: true,
		Queues: contract.QueuesOf("crm-2026", ledgerID),
	}
	if diff := cmp.Diff([]any{want}, w.inputs); diff != "" || w.started[0].ID != "ferry/crm-2026/rollback/1" {
		t.Errorf("started %s with (-want +got):\n%s", w.started[0].ID, diff)
	}
	if w.rollbacks[0].Taken != 3 || w.entries["6_crm_process1"].State != migration.InstanceRollingBack || w.entries["7_crm_process1"].State != migration.InstanceRunning {
		t.Errorf("taken %+v", w.rollbacks)
	}
}

func TestRollbackGoesOn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		world   func(*world)
		args    []string
		taken   int // by a new rollback
		started string
	}{
		{"with_what_one_left", func(w *world) { w.rollingBack("1_crm_process1", "4") }, []string{"1_crm_process1"}, 1, "ferry/crm-2026/rollback/1"},
		{"following_the_one_that_runs", func(w *world) {
			w.rollingBack("1_crm_process1", "4")
			w.rollingBack("2_crm_process1", "4")
			w.open["ferry/crm-2026/rollback/4"] = true
		}, []string{"1_crm_process1", "2_crm_process1"}, 0, ""},
		{"with_one_whose_workflow_was_ended_from_outside", func(w *world) {
			w.open["ferry/crm-2026/instance/7_crm_process1"] = false
		}, []string{"1_crm_process1", "7_crm_process1"}, 2, "ferry/crm-2026/rollback/1"},
		{"without_what_was_undone", func(w *world) {
			w.rolledBack = map[migration.InstanceID]migration.RolledBack{"3_crm_process1": {Outcome: migration.RollbackUndone}}
		}, []string{"3_crm_process1", "6_crm_process1", "6_crm_process1"}, 1, "ferry/crm-2026/rollback/1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := migrated()
			w.result = contract.RollbackResult{Undone: 1}
			tc.world(w)
			status, _, errs := w.run(t, append([]string{"rollback"}, tc.args...)...)
			if status != 0 {
				t.Fatalf("status %d: %s", status, errs)
			}
			taken, started := 0, ""
			for _, r := range w.rollbacks {
				taken += r.Taken
			}
			for _, s := range w.started {
				started += s.ID
			}
			if taken != tc.taken || started != tc.started {
				t.Errorf("took %d and started %q, want %d and %q: %s", taken, started, tc.taken, tc.started, errs)
			}
		})
	}
}

func TestRollbackThatCannotStartSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	w := migrated()
	w.down = serviceerror.NewUnavailable("connection refused")
	status, _, errs := w.run(t, "rollback", "1_crm_process1")
	if status != 5 || !strings.Contains(errs, "give the same command again") {
		t.Errorf("status %d, said %q", status, errs)
	}
}

func TestDriftFollowsTheOneThatRuns(t *testing.T) {
	t.Parallel()
	w := migrated()
	w.result = contract.DriftResult{Still: 4}
	w.open["ferry/crm-2026/drift"] = true
	status, out, errs := w.run(t, "drift", "-o", "json")
	if status != 0 || !strings.Contains(out, `"still": 4`) || !strings.Contains(errs, "following it") {
		t.Errorf("status %d, %q: %s", status, errs, out)
	}
}

func TestRedoOfOneThatIsDone(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		after  func(*migration.Entry, *migration.RolledBack) // what the run made of it
		status int
		want   string
	}{
		{"done_again", func(_ *migration.Entry, r *migration.RolledBack) { r.Outcome = migration.RollbackUndone }, 0, ""},
		{"refused", func(_ *migration.Entry, r *migration.RolledBack) { r.Outcome = migration.RollbackRefused }, 4, "was not undone, and stays as it was"},
		{"parked", func(e *migration.Entry, r *migration.RolledBack) {
			e.State, e.Reason, r.Outcome = migration.InstanceParked, migration.ReasonRecordConflict, migration.RollbackUndone
		}, 4, "is parked: record_conflict"},
		{"ended_from_outside", func(e *migration.Entry, _ *migration.RolledBack) { e.State = migration.InstanceRollingBack }, 4, "starter rollback 1_crm_process1 undoes what is left"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := migrated()
			const id, workflow = "1_crm_process1", "ferry/crm-2026/instance/1_crm_process1"
			w.tick = func(n int) {
				switch n {
				case 1:
					w.rollingBack(id, "")
					w.lines[id] = append(w.lines[id], migration.StepLine{ID: 20, Event: migration.EventRollback})
				case 9:
					e, r := w.entries[id], w.rolledBack[id]
					e.State = migration.InstanceDone
					tc.after(&e, &r)
					w.entries[id], w.rolledBack[id], w.open[workflow] = e, r, false
				}
			}
			status, out, errs := w.run(t, "resolve", id, "--action", "redo", "--discard-target-work", "--reason", "it moved", "-o", "json")
			if status != tc.status || !strings.Contains(errs, tc.want) || !json.Valid([]byte(out)) {
				t.Errorf("status %d, said %q: %s", status, errs, out)
			}
			in, isInstance := w.inputs[0].(contract.InstanceInput)
			if !isInstance || in.Mode != contract.ModeRedo || !in.Discard || in.Instance != id || w.started[0].ID != workflow || w.ticks < 9 {
				t.Errorf("started %s with %+v; looked %d times", w.started[0].ID, w.inputs, w.ticks)
			}
			if !slices.ContainsFunc(w.lines[id], func(l migration.StepLine) bool { return l.Event == migration.EventRedo && l.Detail == "it moved" }) {
				t.Errorf("the story lacks the decision: %v", w.lines[id])
			}
			if encoded, err := json.Marshal(w.inputs); err != nil || strings.Contains(string(encoded), "it moved") {
				t.Errorf("the reason went to Temporal: %s, %v", encoded, err)
			}
		})
	}
}

func TestResolveAllDecidesForEach(t *testing.T) {
	t.Parallel()
	w := migrated()
	for _, id := range []string{"8_crm_process1", "9_crm_process1"} {
		e := parked(id, migration.ReasonStartOutcomeUnknown)
		w.entries[e.Instance] = e
	}
	other := parked("10_crm_process1", migration.ReasonSourceMoved)
	w.entries[other.Instance] = other
	status, _, errs := w.run(t, "resolve", "--parked-for", "start_outcome_unknown", "--action", "skip", "--reason", "closed by hand")
	if status != 0 || len(w.updates) != 3 || len(w.decided) != 3 {
		t.Fatalf("status %d, %d updates, %d decisions: %s", status, len(w.updates), len(w.decided), errs)
	}
	for i, d := range w.decided {
		if d.Action != migration.ActionSkip || d.Text != "closed by hand" || d.ParkID != 2 {
			t.Errorf("decided %+v", d)
		}
		if w.updates[i].WorkflowID == "ferry/crm-2026/instance/10_crm_process1" {
			t.Error("one that is parked for another reason was resolved")
		}
	}
}

func TestADeltaWaveTakesWhatIsDone(t *testing.T) {
	t.Parallel()
	w := migrated()
	w.pilots = nil
	w.tick = func(int) {
		e := w.entries["1_crm_process1"]
		e.Reason = migration.ReasonSourceClosed
		w.entries[e.Instance] = e
		w.waves[1].Status = migration.WaveFinished
	}
	status, out, errs := w.run(t, "wave", "--delta", "--name", "last", "-o", "json")
	if status != 0 || !strings.Contains(errs, "1 are closed on the source and stay as they were") {
		t.Errorf("status %d, said %q", status, errs)
	}
	golden(t, "wave_delta.json", out)
	if !w.waves[1].Delta || w.waves[1].Taken != 1 {
		t.Errorf("wave %+v", w.waves[1])
	}
}
