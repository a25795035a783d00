package store_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
	"jogetferry/store"
)

// TestStanding_is_what_its_parts_tell compares the one statement with those of the parts,
// before anything was done and after.
func TestStanding_is_what_its_parts_tell(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(1, nil))
	compare := func(rekeyed, captured, fenced bool) {
		t.Helper()
		s, err := l.Standing(t.Context(), mig, id(1))
		must(t, err)
		word, err := l.ResumeAt(t.Context(), mig, id(1))
		must(t, err)
		snapshot, missing := l.Snapshot(t.Context(), mig, id(1))
		found, none := s.Snapshot()
		if migration.CodeOf(missing) != migration.CodeOf(none) {
			t.Errorf("snapshot: %v, want %v", none, missing)
		}
		aged := cmpopts.IgnoreFields(migration.Claim{}, "Age")
		for what, diff := range map[string]string{
			"entry":    cmp.Diff(entry(t, l, 1), s.Entry),
			"claim":    cmp.Diff(state(t, l, s.Claim.ClaimKey), s.Claim, aged),
			"word":     cmp.Diff(word, s.Word),
			"snapshot": cmp.Diff(snapshot, found),
			"flags":    cmp.Diff([]bool{rekeyed, captured, fenced}, []bool{s.Rekeyed, s.Captured, s.Fenced}),
		} {
			if diff != "" {
				t.Errorf("%s (-parts +standing):\n%s", what, diff)
			}
		}
	}
	compare(false, false, false)

	s, err := l.Standing(t.Context(), mig, id(1))
	must(t, err)
	key := s.Claim.ClaimKey
	for range 2 {
		_, err = l.SaveSnapshot(t.Context(), mig, id(1), migration.Snapshot{Tree: migration.Tree{Instance: migration.Instance{ID: id(1), Definition: def, Record: s.Entry.Record}}})
		must(t, err)
		_, err = l.SaveSnapshot(t.Context(), mig, id(1), migration.Snapshot{Tree: migration.Tree{Instance: migration.Instance{ID: id(1), Definition: def, Record: "other"}}})
		must(t, err)
	}
	must(t, l.SayResumeAt(t.Context(), mig, id(1), migration.Word{Activities: []migration.ActivityDefID{"approve"}, By: "ann"}))
	_, err = l.SaveRekeys(t.Context(), key.Source, key.Target, migration.Rekeys{s.Entry.Record: "new"}, "plan")
	must(t, err)
	_, _, err = l.Claim(t.Context(), key, "new", "a", mig)
	must(t, err)
	_, err = l.OpenFence(t.Context(), key, migration.StepResume, migration.Call{Verb: migration.VerbAbortProcess, Target: "9_p_q"})
	must(t, err)
	must(t, l.SaveCapture(t.Context(), key, "start/1", []byte("before")))
	compare(true, true, true)

	_, err = l.Standing(t.Context(), mig, id(2))
	wantCode(t, err, migration.CodeNotFound)
}

// TestTogether_writes_all_or_nothing fails after the first of two writes.
func TestTogether_writes_all_or_nothing(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(1, nil))
	failed := errors.New("it ended early")
	err := l.Together(t.Context(), "two writes", "", func(l *store.Ledger) error {
		must(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: migration.InstanceRunning, Step: migration.StepStart}))
		return failed
	})
	if !errors.Is(err, failed) {
		t.Errorf("it ended with %v", err)
	}
	if e := entry(t, l, 1); e.State == migration.InstanceRunning || len(lines(t, l, id(1))) > 0 {
		t.Errorf("one of two writes stayed: %s", e.State)
	}
}

// TestStepOn_moves_on_nothing_but_what_is_in_flight asks before and after it is.
func TestStepOn_moves_on_nothing_but_what_is_in_flight(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(1, nil))
	for _, want := range []bool{false, true} {
		moved, err := l.StepOn(t.Context(), mig, id(1), migration.StepVerify)
		must(t, err)
		if e := entry(t, l, 1); moved != want || (e.Step == migration.StepVerify) != want {
			t.Errorf("moved: %t, in step %q; want %t", moved, e.Step, want)
		}
		must(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: migration.InstanceRunning, Step: migration.StepStart}))
	}
}
