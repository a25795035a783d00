package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/store"
)

// begun plans n entries and brings them to states; those not named stay ready.
func begun(t *testing.T, l *store.Ledger, n int, states map[int]migration.InstanceState) {
	t.Helper()
	savePlan(t, l, "p", planned(n, nil))
	for number, state := range states {
		must(t, l.Progress(t.Context(), mig, id(number), migration.Change{
			State: state, Step: migration.StepVerify, Reason: migration.ReasonOperator, Detail: "why", Verdict: migration.VerdictSame,
			TargetID: migration.InstanceID(fmt.Sprintf("9%d_target", number)),
		}))
	}
}

// startedIn claims and starts entries in this order, the last one newest.
func startedIn(t *testing.T, l *store.Ledger, dsn string, numbers ...int) {
	t.Helper()
	for _, number := range numbers {
		key := migration.ClaimKey{Source: "s", Instance: id(number), Target: "t"}
		token := migration.Token(fmt.Sprint(number))
		_, _, err := l.Claim(t.Context(), key, migration.RecordID("start-"+string(token)), token, mig)
		must(t, err)
		must(t, l.Sending(t.Context(), key, token, nil, def))
		must(t, l.Outcome(t.Context(), key, token, migration.StartOutcome{Fate: migration.FateAnswered, Started: &migration.TargetIdentity{
			ID: migration.InstanceID(fmt.Sprintf("9%d_target", number)), OID: fmt.Sprint(number),
		}}))
		backdate(t, dsn, "start_claim", "changed_at", time.Minute)
	}
}

func next(t *testing.T, l *store.Ledger, name string, token migration.Token, limit int) (ids []migration.InstanceID, left int) {
	t.Helper()
	entries, left, err := l.NextRollback(t.Context(), mig, name, token, limit)
	must(t, err)
	for _, e := range entries {
		if e.State != migration.InstanceRollingBack {
			t.Errorf("%s was handed out as %s", e.Instance, e.State)
		}
		ids = append(ids, e.Instance)
	}
	return ids, left
}

func numbers(ids ...int) []migration.InstanceID {
	var all []migration.InstanceID
	for _, n := range ids {
		all = append(all, id(n))
	}
	return all
}

func TestCreateRollback_takes_all_or_nothing(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		state migration.InstanceState // of entry 2; "" never begun
		ids   []migration.InstanceID
		code  migration.Code
	}{
		{"a_done_one", migration.InstanceDone, numbers(1, 2), ""},
		{"a_parked_one", migration.InstanceParked, numbers(1, 2), ""},
		{"a_skipped_one", migration.InstanceSkipped, numbers(1, 2), ""},
		{"a_failed_one", migration.InstanceFailed, numbers(1, 2), ""},
		{"one_that_failed_and_was_planned_again", migration.InstanceReady, numbers(1, 2), ""},
		{"one_that_was_never_begun", "", numbers(1, 2), migration.CodeConflict},
		{"one_in_flight", migration.InstanceRunning, numbers(1, 2), migration.CodeConflict},
		{"a_claimed_one", migration.InstanceClaimed, numbers(1, 2), migration.CodeConflict},
		{"one_that_waits_for_its_record", migration.InstanceWaiting, numbers(1, 2), migration.CodeConflict},
		{"an_unknown_one", migration.InstanceDone, append(numbers(1), "nobody"), migration.CodeNotFound},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := opened(t)
			states := map[int]migration.InstanceState{1: migration.InstanceDone}
			if tc.state != "" {
				states[2] = tc.state
			}
			begun(t, l, 2, states)
			before := []migration.Entry{entry(t, l, 1), entry(t, l, 2)}
			made, err := l.CreateRollback(t.Context(), mig, tc.ids, true, "cat")
			wantCode(t, err, tc.code)
			if err != nil {
				if diff := cmp.Diff(before, []migration.Entry{entry(t, l, 1), entry(t, l, 2)}); diff != "" {
					t.Errorf("entries (-before +after):\n%s", diff)
				}
				return
			}
			want := migration.Rollback{Name: "1", Discard: true, Taken: 2, By: "cat", CreatedAt: made.CreatedAt}
			if diff := cmp.Diff(want, made); diff != "" || made.CreatedAt.IsZero() {
				t.Errorf("rollback (-want +got):\n%s", diff)
			}
			for number := 1; number <= 2; number++ {
				if e := entry(t, l, number); e.State != migration.InstanceRollingBack || e.Step != migration.StepVerify || e.Reason != "" {
					t.Errorf("entry %+v", e)
				}
			}
			if counts, err := l.RollbackCounts(t.Context(), mig, "1"); err != nil || counts[migration.RollbackPending] != 2 {
				t.Errorf("%v, %v", counts, err)
			}
		})
	}
}

func TestNextRollback_hands_out_the_newest_start_first_and_one_of_a_record(t *testing.T) {
	t.Parallel()
	l, dsn := openedAt(t)
	page := planned(5, nil)
	page[3].Record = page[1].Record // 4 and 2
	savePlan(t, l, "p", page)
	for number := 1; number <= 5; number++ {
		must(t, l.Progress(t.Context(), mig, id(number), migration.Change{State: migration.InstanceDone, Step: migration.StepVerify}))
	}
	startedIn(t, l, dsn, 2, 5, 4, 1) // 3 only has copied data
	made, err := l.CreateRollback(t.Context(), mig, numbers(1, 2, 3, 4, 5), false, "")
	must(t, err)

	first, left := next(t, l, made.Name, "a", 2)
	if diff := cmp.Diff(numbers(1, 4), first); diff != "" || left != 3 {
		t.Errorf("first, %d left (-want +got):\n%s", left, diff)
	}
	again, _ := next(t, l, made.Name, "a", 2)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the same token again (-want +got):\n%s", diff)
	}
	rest, left := next(t, l, made.Name, "b", 9)
	if diff := cmp.Diff(numbers(3, 5), rest); diff != "" || left != 1 {
		t.Errorf("while 4 has the record of 2, %d left (-want +got):\n%s", left, diff)
	}
	if none, left := next(t, l, made.Name, "c", 9); len(none) != 0 || left != 1 {
		t.Errorf("handed out %v, %d left", none, left)
	}
	must(t, l.EndRollback(t.Context(), mig, id(4), false))
	if last, left := next(t, l, made.Name, "d", 9); !slices.Equal(last, numbers(2)) || left != 0 {
		t.Errorf("handed out %v, %d left", last, left)
	}
	if _, _, err := l.NextRollback(t.Context(), mig, "7", "e", 1); migration.CodeOf(err) != migration.CodeNotFound {
		t.Errorf("an unknown rollback: %v", err)
	}
}

func TestNextRollback_is_not_held_up_by_a_record(t *testing.T) {
	t.Parallel()
	l, dsn := openedAt(t)
	page := planned(4, nil)
	page[3].Record, page[2].Record = page[1].Record, page[1].Record // 4, 3 and 2
	savePlan(t, l, "p", page)
	for number := 1; number <= 4; number++ {
		must(t, l.Progress(t.Context(), mig, id(number), migration.Change{State: migration.InstanceDone, Step: migration.StepVerify}))
	}
	startedIn(t, l, dsn, 1, 2, 3, 4)
	made, err := l.CreateRollback(t.Context(), mig, numbers(1, 2, 3, 4), false, "")
	must(t, err)
	if first, left := next(t, l, made.Name, "a", 1); !slices.Equal(first, numbers(4)) || left != 3 {
		t.Errorf("first %v, %d left", first, left)
	}
	if other, left := next(t, l, made.Name, "b", 1); !slices.Equal(other, numbers(1)) || left != 2 {
		t.Errorf("of another record %v, %d left", other, left)
	}
	must(t, l.EndRollback(t.Context(), mig, id(4), false))
	if one, left := next(t, l, made.Name, "c", 9); !slices.Equal(one, numbers(3)) || left != 1 {
		t.Errorf("of one record at a time %v, %d left", one, left)
	}
}

func TestAnotherRollbackGoesOnWithWhatOneLeft(t *testing.T) {
	t.Parallel()
	l := opened(t)
	begun(t, l, 2, map[int]migration.InstanceState{1: migration.InstanceParked, 2: migration.InstanceDone})
	_, err := l.CreateRollback(t.Context(), mig, numbers(1, 2), false, "")
	must(t, err)
	next(t, l, "1", "a", 1)
	made, err := l.CreateRollback(t.Context(), mig, numbers(1, 2), true, "")
	must(t, err)
	if all, left := next(t, l, made.Name, "b", 9); made.Name != "2" || len(all) != 2 || left != 0 {
		t.Errorf("rollback %s handed out %v, %d left", made.Name, all, left)
	}
	if was, err := l.RollbackOf(t.Context(), mig, id(1)); err != nil || was.Rollback != "2" || !was.Discard {
		t.Errorf("it is part of %+v, %v", was, err)
	}
	must(t, l.RefuseRollback(t.Context(), mig, id(1), "somebody worked on it"))
	if e := entry(t, l, 1); e.State != migration.InstanceParked || e.Reason != migration.ReasonOperator || e.Detail != "why" {
		t.Errorf("it did not come back to where it was before the first: %+v", e)
	}
}

func TestRefuseRollback_returns_to_what_was(t *testing.T) {
	t.Parallel()
	l := opened(t)
	begun(t, l, 1, map[int]migration.InstanceState{1: migration.InstanceDone})
	parkID, err := l.Park(t.Context(), mig, id(1), migration.Parking{})
	wantCode(t, err, migration.CodeConflict)
	want := entry(t, l, 1)
	must(t, l.BeginRollback(t.Context(), mig, id(1)))
	must(t, l.BeginRollback(t.Context(), mig, id(1)))
	must(t, l.RefuseRollback(t.Context(), mig, id(1), "somebody worked on it"))
	must(t, l.RefuseRollback(t.Context(), mig, id(1), "somebody worked on it"))
	must(t, l.EndRollback(t.Context(), mig, id(1), false))
	got := entry(t, l, 1)
	got.UpdatedAt = want.UpdatedAt
	if diff := cmp.Diff(want, got); diff != "" || parkID != 0 {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	was, err := l.RollbackOf(t.Context(), mig, id(1))
	must(t, err)
	if diff := cmp.Diff(migration.RolledBack{From: migration.InstanceDone, Outcome: migration.RollbackRefused}, was); diff != "" {
		t.Errorf("rollback (-want +got):\n%s", diff)
	}
	story := lines(t, l, id(1))
	if want := []string{"note: rollback", "note: rollback_refused"}; !slices.Equal(story[len(story)-2:], want) {
		t.Errorf("story %v", story)
	}
}

func TestEndRollback_makes_an_entry_as_it_was_planned(t *testing.T) {
	t.Parallel()
	finding := func(s migration.Severity) []migration.Finding {
		return []migration.Finding{{ID: "FERRY-416", Severity: s, Subject: "s", Message: "m", Remedy: "r"}}
	}
	cases := []struct {
		name     string
		findings []migration.Finding
		again    bool
		want     migration.InstanceState
	}{
		{"ready", finding(migration.Note), false, migration.InstanceReady},
		{"warned", finding(migration.Warning), false, migration.InstanceWarned},
		{"blocked", finding(migration.Blocking), false, migration.InstanceBlocked},
		{"in_flight_when_it_is_migrated_again", finding(migration.Warning), true, migration.InstanceRunning},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := opened(t)
			page := planned(1, nil)
			page[0].Findings = tc.findings
			savePlan(t, l, "p", page)
			createWave(t, l, migration.Wave{Window: 1, Name: "w"})
			must(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: migration.InstanceDone, Step: migration.StepVerify, TargetID: "9_target", Verdict: migration.VerdictSame}))
			must(t, l.BeginRollback(t.Context(), mig, id(1)))
			must(t, l.EndRollback(t.Context(), mig, id(1), tc.again, migration.StepLine{Event: migration.EventRowsUndone}))
			want := page[0].Entry
			want.State, want.Findings = tc.want, 1
			if tc.again {
				want.Step, want.Wave = migration.StepCopyFormData, "w"
			}
			got := entry(t, l, 1)
			want.UpdatedAt = got.UpdatedAt
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("entry (-want +got):\n%s", diff)
			}
			if batch, _ := claimNext(t, l, "w", "a", 9); len(batch) != 0 {
				t.Errorf("its wave, which runs, took %v again", batch)
			}
			story := lines(t, l, id(1))
			if want := []string{"note: rows_undone", "outcome: rolled_back"}; !slices.Equal(story[len(story)-2:], want) {
				t.Errorf("story %v", story)
			}
		})
	}
}

func TestRollback_is_not_ended_by_a_late_attempt(t *testing.T) {
	t.Parallel()
	l := opened(t)
	begun(t, l, 1, map[int]migration.InstanceState{1: migration.InstanceDone})
	must(t, l.BeginRollback(t.Context(), mig, id(1)))
	late := func(want migration.InstanceState) {
		t.Helper()
		_, err := l.Park(t.Context(), mig, id(1), migration.Parking{Step: migration.StepVerify, Reason: migration.ReasonTargetMoved, Token: "late"})
		wantCode(t, err, migration.CodeConflict)
		if e := entry(t, l, 1); e.State != want {
			t.Errorf("it is %s, want %s", e.State, want)
		}
	}
	late(migration.InstanceRollingBack)
	wantCode(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: migration.InstanceSkipped, Step: migration.StepCopyFormData}), migration.CodeConflict)
	_, err := l.Park(t.Context(), mig, id(1), migration.Parking{Step: migration.StepRollback, Reason: migration.ReasonStepFailed, Token: "its own"})
	must(t, err)
	must(t, l.BeginRollback(t.Context(), mig, id(1)))
	must(t, l.EndRollback(t.Context(), mig, id(1), false))
	undone := entry(t, l, 1).State
	late(undone)
	_, err = l.Park(t.Context(), mig, id(1), migration.Parking{Step: migration.StepCopyFormData, Reason: migration.ReasonStepFailed, Token: "begun again"})
	must(t, err)
}
