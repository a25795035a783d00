package store_test

import (
	"testing"

	"jogetferry/migration"
)

func TestAccount(t *testing.T) {
	t.Parallel()
	l := opened(t)
	_, err := l.Account(t.Context(), "nobody")
	wantCode(t, err, migration.CodeNotFound)
	a, err := l.Account(t.Context(), mig)
	must(t, err)
	if a.Source != "s" || a.Target != "t" || a.ConfigDigest != "digest" || !a.PlannedAt.IsZero() {
		t.Errorf("before a plan: %+v", a)
	}
	savePlan(t, l, "p1", planned(1, nil))
	if a, err = l.Account(t.Context(), mig); err != nil || a.PlannedAt.IsZero() {
		t.Errorf("after a plan: %+v, %v", a, err)
	}
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p1", planned(2, nil))
	for n := 1; n <= 2; n++ {
		must(t, l.Progress(t.Context(), mig, id(n), migration.Change{State: migration.InstanceRunning}))
		park, err := l.Park(t.Context(), mig, id(n), migration.Parking{Step: migration.StepStart, Reason: migration.ReasonRecordConflict})
		must(t, err)
		must(t, l.Resolve(t.Context(), mig, id(n), migration.Decision{ParkID: park, Action: migration.ActionRetry, By: "cat", Text: "mended"}))
	}
	all, err := l.Decisions(t.Context(), mig)
	must(t, err)
	if len(all) != 2 || all[0].Instance != id(1) || all[1].Action != migration.ActionRetry || all[1].By != "cat" || all[1].Text != "mended" || all[0].At.IsZero() {
		t.Errorf("decisions: %+v", all)
	}
}

func TestLinesOf(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p1", planned(2, nil))
	const many = 1100 // more than one page
	lines := make([]migration.StepLine, many)
	for i := range lines {
		lines[i] = migration.StepLine{Event: migration.EventAdopted, Facts: migration.Facts{Number: int64(i)}}
	}
	must(t, l.Log(t.Context(), mig, id(1), lines...))
	must(t, l.Log(t.Context(), mig, "", migration.StepLine{Event: migration.EventMarksForgotten}, migration.StepLine{Event: migration.EventConfigured}))
	n := 0
	for s, err := range l.LinesOf(t.Context(), mig, migration.EventAdopted, migration.EventMarksForgotten) {
		must(t, err)
		switch {
		case n < many && (s.Event != migration.EventAdopted || s.Facts.Number != int64(n) || s.Instance != id(1)),
			n == many && (s.Event != migration.EventMarksForgotten || s.Instance != ""):
			t.Fatalf("line %d: %+v", n, s)
		}
		n++
	}
	if n != many+1 {
		t.Errorf("%d lines, want %d", n, many+1)
	}
}
