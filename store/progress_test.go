package store_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
)

func TestProgress_moves_an_entry_with_its_line_or_not_at_all(t *testing.T) {
	t.Parallel()
	const done, flight, ready = migration.InstanceDone, migration.InstanceRunning, migration.InstanceReady
	cases := []struct {
		name   string
		before migration.InstanceState
		change migration.Change
		code   migration.Code
		want   migration.InstanceState
	}{
		{"expected_state_is_left", ready, migration.Change{From: []migration.InstanceState{ready}, State: flight}, "", flight},
		{"unexpected_state_is_a_conflict", ready, migration.Change{From: []migration.InstanceState{flight}, State: done}, migration.CodeConflict, ready},
		{"done_is_not_left_by_accident", done, migration.Change{State: flight}, migration.CodeConflict, done},
		{"done_is_left_when_told_so", done, migration.Change{From: []migration.InstanceState{done}, State: flight}, "", flight},
		{"done_may_be_said_again", done, migration.Change{State: done}, "", done},
		{"step_alone_keeps_the_state", flight, migration.Change{Step: migration.StepResume}, "", flight},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := opened(t)
			savePlan(t, l, "p", planned(1, nil))
			must(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: tc.before}))
			before := lines(t, l, id(1))
			err := l.Progress(t.Context(), mig, id(1), tc.change, migration.StepLine{Event: migration.EventRedo})
			wantCode(t, err, tc.code)
			if got := entry(t, l, 1); got.State != tc.want {
				t.Errorf("state %s, want %s", got.State, tc.want)
			}
			after := lines(t, l, id(1))[len(before):]
			if logged := strings.Contains(strings.Join(after, "\n"), "redo"); logged != (tc.code == "") {
				t.Errorf("the line was logged: %v, although the code is %q", logged, tc.code)
			}
		})
	}
}

func TestProgress_refuses_a_target_instance_of_another_entry(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(2, nil))
	must(t, l.Progress(t.Context(), mig, id(1), migration.Change{TargetID: "9_x"}))
	wantCode(t, l.Progress(t.Context(), mig, id(2), migration.Change{TargetID: "9_x"}), migration.CodeConflict)
	wantCode(t, l.Progress(t.Context(), mig, "nobody", migration.Change{}), migration.CodeNotFound)
}

func TestPark_counts_parkings_and_repeats_the_same(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(1, nil))
	park := func(reason migration.Reason, token migration.Token, want int64) {
		t.Helper()
		got, err := l.Park(t.Context(), mig, id(1), migration.Parking{Step: migration.StepResume, Reason: reason, Detail: "by terry", Token: token})
		must(t, err)
		if got != want {
			t.Errorf("parking %d, want %d", got, want)
		}
	}
	park(migration.ReasonTargetMoved, "a", 1)
	park(migration.ReasonTargetMoved, "a", 1)
	park(migration.ReasonTargetMoved, "b", 2)
	park(migration.ReasonStepFailed, "b", 3)
	must(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: migration.InstanceRunning}))
	if e := entry(t, l, 1); e.Reason != "" || e.Detail != "" || e.ParkID != 3 {
		t.Errorf("after going on: %+v", e)
	}
	park(migration.ReasonStepFailed, "b", 4)
	must(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: migration.InstanceDone}))
	_, err := l.Park(t.Context(), mig, id(1), migration.Parking{Reason: migration.ReasonStepFailed, Token: "c"})
	wantCode(t, err, migration.CodeConflict)
}

func TestResolve_records_one_decision_per_parking(t *testing.T) {
	t.Parallel()
	retry := migration.Decision{ParkID: 1, Action: migration.ActionRetry, By: "operator", Text: "cat has gone home"}
	skip := migration.Decision{ParkID: 1, Action: migration.ActionSkip}
	cases := []struct {
		name     string
		earlier  *migration.Decision
		taken    bool // the workflow went on
		decision migration.Decision
		code     migration.Code
	}{
		{"first", nil, false, retry, ""},
		{"same_again", &retry, false, retry, ""},
		{"same_again_after_it_was_taken_up", &retry, true, retry, ""},
		{"another_replaces_it_while_parked", &retry, false, skip, ""},
		{"another_after_it_was_taken_up_is_a_conflict", &retry, true, skip, migration.CodeConflict},
		{"unknown_parking_is_a_conflict", nil, false, migration.Decision{ParkID: 2, Action: migration.ActionRetry}, migration.CodeConflict},
		{"action_that_does_not_fit_is_invalid", nil, false, migration.Decision{ParkID: 1, Action: migration.ActionAdopt, TargetID: "x"}, migration.CodeInvalid},
		{"target_without_adopt_is_invalid", nil, false, migration.Decision{ParkID: 1, Action: migration.ActionRetry, TargetID: "x"}, migration.CodeInvalid},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := opened(t)
			savePlan(t, l, "p", planned(1, nil))
			_, err := l.Park(t.Context(), mig, id(1), migration.Parking{Reason: migration.ReasonTargetMoved})
			must(t, err)
			if tc.earlier != nil {
				must(t, l.Resolve(t.Context(), mig, id(1), *tc.earlier))
			}
			if tc.taken {
				must(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: migration.InstanceRunning}))
			}
			wantCode(t, l.Resolve(t.Context(), mig, id(1), tc.decision), tc.code)
			if tc.code != "" {
				return
			}
			got, err := l.Decision(t.Context(), mig, id(1), 1)
			must(t, err)
			if tc.decision.By == "" {
				tc.decision.By = "worker-1"
			}
			if diff := cmp.Diff(tc.decision, got, cmpopts.IgnoreFields(migration.Decision{}, "At")); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSnapshot_returns_the_latest_as_it_was_saved(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(1, nil))
	_, err := l.Snapshot(t.Context(), mig, id(1))
	wantCode(t, err, migration.CodeNotFound)
	first := migration.Snapshot{
		Tree: migration.Tree{Instance: migration.Instance{
			ID: id(1), Definition: def, Requester: "cat", State: migration.StateRunning,
			Variables: []migration.Variable{{Name: "status", Kind: migration.VariableString, Value: strings.Repeat("ü€😀\x00", 500)}},
		}},
		Rows:  []migration.RowDigest{{RowKey: migration.RowKey{Table: "crm", ID: "r"}, Digest: "d"}},
		Files: []migration.FileDigest{{Table: "crm", Record: "r", File: "a/b.pdf", Bytes: 7, Digest: "e"}},
	}
	second := first
	second.Rows = nil
	for i, s := range []struct {
		snapshot migration.Snapshot
		want     int
	}{{first, 1}, {first, 1}, {second, 2}, {first, 3}} {
		seq, err := l.SaveSnapshot(t.Context(), mig, id(1), s.snapshot)
		must(t, err)
		if seq != s.want {
			t.Errorf("snapshot %d got number %d, want %d", i, seq, s.want)
		}
	}
	got, err := l.Snapshot(t.Context(), mig, id(1))
	must(t, err)
	first.Seq = 3
	if diff := cmp.Diff(first, got, cmpopts.IgnoreFields(migration.Snapshot{}, "TakenAt")); diff != "" {
		t.Errorf("snapshot (-want +got):\n%s", diff)
	}
}

// An entry is parked again only as it was when its workflow was looked at.
func TestParkAgain(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(1, nil))
	before := entry(t, l, 1)
	must(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: migration.InstanceRunning}))
	now := entry(t, l, 1)
	p := migration.Parking{Step: migration.StepVerify, Reason: migration.ReasonVerifyDiffers}
	for _, tc := range []struct {
		name   string
		seen   migration.Entry
		parked bool
	}{{"it_has_moved_since", before, false}, {"it_has_not", now, true}, {"it_is_parked_already", now, false}} {
		parked, err := l.ParkAgain(t.Context(), mig, tc.seen, 5, p)
		must(t, err)
		if parked != tc.parked {
			t.Errorf("%s: parked %t", tc.name, parked)
		}
	}
	if e := entry(t, l, 1); e.State != migration.InstanceParked || e.ParkID != 5 || e.Reason != p.Reason || e.Step != p.Step {
		t.Errorf("%+v", e)
	}
}
