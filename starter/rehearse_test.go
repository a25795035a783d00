package main_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/contract"
	"jogetferry/migration"
)

func (l fakeLedger) BeginRehearsal(_ context.Context, _ migration.Name, id migration.InstanceID, answers migration.Answers, maxSteps int) (int64, error) {
	e := l.entries[id]
	e.State = migration.InstanceClaimed
	l.entries[id] = e
	l.rehearsals = append(l.rehearsals, migration.Rehearsal{ID: int64(len(l.rehearsals) + 1), Instance: id, Answers: answers, MaxSteps: maxSteps, By: "operator@host", BegunAt: clock, Held: true})
	return int64(len(l.rehearsals)), nil
}

func (l fakeLedger) Rehearsal(_ context.Context, number int64) (migration.Rehearsal, error) {
	return l.rehearsals[number-1], nil
}

func (l fakeLedger) LastRehearsal(_ context.Context, _ migration.Name, id migration.InstanceID) (migration.Rehearsal, error) {
	for i := len(l.rehearsals) - 1; i >= 0; i-- {
		if l.rehearsals[i].Instance == id {
			return l.rehearsals[i], nil
		}
	}
	return migration.Rehearsal{}, migration.E(migration.CodeNotFound, "read rehearsal", string(id), "")
}

func (l fakeLedger) SettleRehearsal(_ context.Context, _ migration.Name, _ migration.InstanceID, number int64, r migration.RehearsalResult) error {
	l.rehearsals[number-1].Result = &r
	return nil
}

// path is one with everything that a step can show.
func path() []migration.RehearsalStep {
	return []migration.RehearsalStep{
		{
			Number: 1, Process: "crm/process1", Activity: "approve", User: "cat", Variables: map[string]string{"status": "approved", "note": "a text that is longer than what anybody wants to read in a table"},
			Done: true, State: migration.StateCompleted, At: clock, Rows: 1,
			Ran:    []migration.RehearsalRun{{Activity: "mail", Kind: "tool", Plugin: "org.joget.apps.app.lib.EmailTool"}, {Activity: "gate", Kind: "route"}},
			Opened: []migration.RehearsalRun{{Activity: "equip", Kind: "subflow"}, {Path: "equip", Activity: "pick", Kind: "manual"}},
		},
		{
			Number: 2, Path: "equip", Process: "crm/equipment", Activity: "pick", User: "clark", Done: true, State: migration.StateCompleted, At: clock,
			Ran: []migration.RehearsalRun{{Activity: "mail", Kind: "tool", Plugin: "org.joget.apps.app.lib.EmailTool"}},
		},
	}
}

func rehearsed(result migration.RehearsalResult, steps []migration.RehearsalStep) migration.Rehearsal {
	return migration.Rehearsal{ID: 1, Instance: "3_crm_process1", By: "operator@host", BegunAt: clock, EndedAt: clock, Steps: steps, Result: &result}
}

func TestRehearse_shows_the_last_rehearsal(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		result migration.RehearsalResult
		status int
	}{
		{"rehearse", migration.RehearsalResult{Ended: true, Steps: 2, Target: "901_crm_process1", Undone: true, Rows: 3, Files: 1, Shared: 1}, 0},
		{"rehearse_stopped", migration.RehearsalResult{
			Stopped: "activity approve of crm/process1 leads to a decision, and the answers do not say how it is completed (t1: gate -> pay)",
			Steps:   2, Target: "901_crm_process1", Undone: true, Rows: 3, Conflicts: 2,
		}, 4},
	} {
		for _, format := range []string{"table", "json", "csv"} {
			t.Run(tc.name+"_as_"+format, func(t *testing.T) {
				t.Parallel()
				w := sample()
				w.rehearsals = []migration.Rehearsal{rehearsed(tc.result, path())}
				status, out, errs := w.run(t, "rehearse", "3_crm_process1", "-o", format)
				if status != tc.status {
					t.Errorf("status %d, want %d: %s", status, tc.status, errs)
				}
				if format == "json" && !json.Valid([]byte(out)) {
					t.Error("not JSON")
				}
				golden(t, tc.name+"."+format, out)
			})
		}
	}
}

func TestRehearse_migrates_and_follows(t *testing.T) {
	t.Parallel()
	w := sample()
	w.tick = func(n int) {
		r := &w.rehearsals[0]
		if n <= 2 {
			r.Steps = path()[:n]
			return
		}
		end := rehearsed(migration.RehearsalResult{Ended: true, Steps: 2, Target: "901_crm_process1", Undone: true}, path())
		r.Result, r.EndedAt = end.Result, clock
	}
	file := answers(t, "crm/process1: {approve: [{status: approved}]}")
	status, _, errs := w.run(t, "rehearse", "3_crm_process1", "--answers", file, "--max-steps", "7")
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	golden(t, "rehearse_followed.txt", errs)
	if got, want := w.rehearsals[0].Answers, (migration.Answers{"crm/process1": {"approve": {{"status": "approved"}}}}); !cmp.Equal(want, got) {
		t.Errorf("answers %v", got)
	}
	want := contract.RehearsalInput{Migration: "crm-2026", Instance: "3_crm_process1", Rehearsal: 1, MaxSteps: 7}
	got := w.inputs[0].(contract.RehearsalInput)
	got.Queues = contract.Queues{}
	if diff := cmp.Diff(want, got); diff != "" || w.started[0].ID != "ferry/crm-2026/rehearsal/3_crm_process1" {
		t.Errorf("%s started with (-want +got):\n%s", w.started[0].ID, diff)
	}
}

func answers(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "answers.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRehearse_takes_a_file_or_names_all_its_mistakes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		want       migration.Answers
		mistakes   []string
	}{
		{name: "comments_only", text: "# nothing to answer\n", want: migration.Answers{}},
		{name: "nothing", text: "{}", want: migration.Answers{}},
		{
			name: "values_of_any_kind_are_text",
			text: "crm/process1:\n  approve:\n    - {days: 3, ok: true, when: 2026-01-02, text: \"\"}\n    - {}\n    -\n",
			want: migration.Answers{"crm/process1": {"approve": {{"days": "3", "ok": "true", "when": "2026-01-02", "text": ""}, {}, {}}}},
		},
		{name: "a_process_without_activities", text: "crm/process1:", want: migration.Answers{"crm/process1": {}}},
		{
			name: "aliases", text: "crm/a: {x: &x [{s: y}]}\ncrm/b: {x: *x}",
			want: migration.Answers{"crm/a": {"x": {{"s": "y"}}}, "crm/b": {"x": {{"s": "y"}}}},
		},
		{
			name: "all_mistakes_at_once",
			text: "process1: {}\ncrm/process1:\n  approve: {status: approved}\n  resubmit: [{status: [a]}, {status: }, 7]\n  resubmit: [{}]\n",
			mistakes: []string{
				`line 1: "process1" is not a process: write package/process`,
				"line 3: crm/process1.approve: write a list of visits",
				"line 4: crm/process1.resubmit, visit 1: the value of variable status is not text; quote it",
				"line 4: crm/process1.resubmit, visit 2: the value of variable status is not text; quote it",
				"line 4: crm/process1.resubmit, visit 3: want variable: value",
				"line 5: crm/process1: resubmit is given twice",
			},
		},
		{name: "a_list", text: "- crm/process1", mistakes: []string{"line 1: the answers: want package/process: its activities"}},
		{name: "no_yaml", text: "crm: [", mistakes: []string{"line 1: did not find"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := sample()
			w.tick = func(int) {
				end := rehearsed(migration.RehearsalResult{Ended: true, Undone: true}, nil)
				w.rehearsals[0].Result = end.Result
			}
			status, _, errs := w.run(t, "rehearse", "3_crm_process1", "--answers", answers(t, tc.text))
			if len(tc.mistakes) == 0 {
				if status != 0 || !cmp.Equal(tc.want, w.rehearsals[0].Answers) {
					t.Errorf("status %d, answers %v: %s", status, w.rehearsals, errs)
				}
				return
			}
			if status != 2 || len(w.rehearsals) > 0 {
				t.Errorf("status %d, %d rehearsals", status, len(w.rehearsals))
			}
			for _, m := range tc.mistakes {
				if !strings.Contains(errs, m) {
					t.Errorf("does not say %q:\n%s", m, errs)
				}
			}
		})
	}
}

func TestRehearse_refuses_and_says_what_to_do(t *testing.T) {
	t.Parallel()
	file := answers(t, "{}")
	stuck := func(state migration.InstanceState, held bool, steps []migration.RehearsalStep) func(*world) {
		return func(w *world) {
			e := w.entries["3_crm_process1"]
			e.State = state
			w.entries["3_crm_process1"] = e
			w.rehearsals = []migration.Rehearsal{{ID: 1, Instance: "3_crm_process1", MaxSteps: 9, Steps: steps, Held: held}}
		}
	}
	ended := func(r migration.RehearsalResult) func(*world) {
		return func(w *world) { w.rehearsals = []migration.Rehearsal{rehearsed(r, nil)} }
	}
	for _, tc := range []struct {
		name   string
		args   []string
		world  func(*world)
		status int
		says   string
	}{
		{"never_rehearsed", []string{"3_crm_process1"}, nil, 2, "has no rehearsal yet; starter rehearse 3_crm_process1 --answers FILE"},
		{"no_such_file", []string{"3_crm_process1", "--answers", "nowhere.yaml"}, nil, 2, "--answers nowhere.yaml cannot be read"},
		{"too_many_steps", []string{"3_crm_process1", "--answers", file, "--max-steps", "1001"}, nil, 2, "does not fit; give 1 to 1000"},
		{"no_steps", []string{"3_crm_process1", "--answers", file, "--max-steps", "0"}, nil, 2, "does not fit; give 1 to 1000"},
		{"blocked", []string{"5_crm_process1", "--answers", file}, nil, 3, "is blocked by its findings"},
		{"done", []string{"1_crm_process1", "--answers", file}, nil, 2, "is done already; starter rollback 1_crm_process1 makes it ready"},
		{"parked", []string{"2_crm_process1", "--answers", file}, nil, 2, "is parked (start_outcome_unknown); starter resolve"},
		{"ended_from_outside_while_it_was_taken_back", []string{"3_crm_process1"}, stuck(migration.InstanceRollingBack, true, nil), 2, "starter rollback --discard-target-work 3_crm_process1 goes on with it"},
		{"rolled_back_and_migrated_since", []string{"3_crm_process1"}, stuck(migration.InstanceDone, false, path()), 4, "it was interrupted, and something else has the instance since\n"},
		{"rolled_back_and_migrated_since_without_steps", []string{"3_crm_process1"}, stuck(migration.InstanceDone, false, nil), 4, "it was interrupted"},
		{"rolled_back_and_migrated_since_and_answered", []string{"3_crm_process1", "--answers", file}, stuck(migration.InstanceDone, false, path()), 2, "is done already; starter rollback 3_crm_process1"},
		{"answers_that_do_not_fit", []string{"3_crm_process1"}, func(w *world) {
			ended(migration.RehearsalResult{Mistakes: 1, Stopped: "the answers do not fit the definitions of the target"})(w)
			w.rehearsals[0].Mistakes = []string{`crm/process1.aprove: there is no manual activity "aprove"`}
		}, 2, `nothing was migrated:
  crm/process1.aprove: there is no manual activity "aprove"`},
		{"migration_parked", []string{"2_crm_process1"}, func(w *world) {
			ended(migration.RehearsalResult{Stopped: "its migration is parked: x", Reason: migration.ReasonRecordConflict, ParkID: 4})(w)
			w.rehearsals[0].Instance = "2_crm_process1"
		}, 4, "starter resolve 2_crm_process1 --action ... goes on with the migration, and then nothing is rolled back"},
		{"not_taken_back", []string{"3_crm_process1"}, func(w *world) {
			ended(migration.RehearsalResult{Ended: true, Target: "901_crm_process1", Stopped: "it could not be rolled back: x"})(w)
			e := w.entries["3_crm_process1"]
			e.TargetID = "901_crm_process1"
			w.entries["3_crm_process1"] = e
		}, 4, "starter rollback --discard-target-work 3_crm_process1 rolls it back"},
		{"conflicts", []string{"3_crm_process1"}, ended(migration.RehearsalResult{Ended: true, Undone: true, Conflicts: 2}), 4, "2 rows or files stay, because somebody changed them"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := sample()
			if tc.world != nil {
				tc.world(w)
			}
			status, _, errs := w.run(t, append([]string{"rehearse"}, tc.args...)...)
			if status != tc.status || !strings.Contains(errs, tc.says) || len(w.started) > 0 {
				t.Errorf("status %d, want %d, saying %q; %d started:\n%s", status, tc.status, tc.says, len(w.started), errs)
			}
		})
	}
}

// TestRehearse_goes_on_with_what_was_ended_from_outside begins the workflow again, with the answers it had.
func TestRehearse_goes_on_with_what_was_ended_from_outside(t *testing.T) {
	t.Parallel()
	w := sample()
	e := w.entries["3_crm_process1"]
	e.State = migration.InstanceDone
	w.entries["3_crm_process1"] = e
	w.rehearsals = []migration.Rehearsal{{ID: 1, Instance: "3_crm_process1", MaxSteps: 9, Steps: path()[:1], Held: true}}
	w.tick = func(int) { w.rehearsals[0].Result = &migration.RehearsalResult{Ended: true, Undone: true} }
	status, _, errs := w.run(t, "rehearse", "3_crm_process1", "--answers", answers(t, "crm/other: {}"))
	if status != 0 || len(w.rehearsals) != 1 || len(w.inputs) != 1 || w.inputs[0].(contract.RehearsalInput).MaxSteps != 9 {
		t.Errorf("status %d, %d rehearsals, started with %v: %s", status, len(w.rehearsals), w.inputs, errs)
	}
	if !strings.Contains(errs, "goes on with the answers it began with") {
		t.Errorf("it does not say so: %s", errs)
	}
}

// TestRehearse_begins_anew_after_a_rollback, with the new answers.
func TestRehearse_begins_anew_after_a_rollback(t *testing.T) {
	t.Parallel()
	w := sample()
	w.rehearsals = []migration.Rehearsal{{ID: 1, Instance: "3_crm_process1", MaxSteps: 9, Steps: path()[:1]}}
	w.tick = func(int) { w.rehearsals[1].Result = &migration.RehearsalResult{Ended: true, Undone: true} }
	status, _, errs := w.run(t, "rehearse", "3_crm_process1", "--answers", answers(t, "crm/other: {}"))
	if status != 0 || len(w.rehearsals) != 2 || len(w.inputs) != 1 || w.inputs[0].(contract.RehearsalInput).Rehearsal != 2 {
		t.Fatalf("status %d, %d rehearsals, started with %v: %s", status, len(w.rehearsals), w.inputs, errs)
	}
	if r := w.rehearsals[0].Result; r == nil || r.Steps != 1 || r.Ended || r.Undone {
		t.Errorf("the first one ended as %+v", r)
	}
}
