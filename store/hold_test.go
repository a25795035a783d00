package store_test

import (
	"errors"
	"testing"

	"jogetferry/migration"
	"jogetferry/store"
)

// TestHoldRecord says until when an instance has a record to itself.
func TestHoldRecord(t *testing.T) {
	t.Parallel()
	captured := func(t *testing.T, l *store.Ledger, id string) {
		t.Helper()
		must(t, l.SaveCapture(t.Context(), ourKey, id, []byte("before")))
	}
	started := func(t *testing.T, l *store.Ledger) {
		t.Helper()
		must(t, l.Sending(t.Context(), ourKey, "a", nil, def))
		is := target("9_x")
		must(t, l.Outcome(t.Context(), ourKey, "a", migration.StartOutcome{Fate: migration.FateAnswered, Started: &is}))
	}
	park := func(t *testing.T, l *store.Ledger) {
		t.Helper()
		_, err := l.Park(t.Context(), mig, ourKey.Instance, migration.Parking{Step: migration.StepStart, Reason: migration.ReasonOperator})
		must(t, err)
	}
	for _, tc := range []struct {
		name string
		do   func(*testing.T, *store.Ledger)
		busy bool
	}{
		{"while_data_is_copied", func(*testing.T, *store.Ledger) {}, true},
		{"parked_with_nothing_under_way", park, false},
		{"skipped_with_nothing_under_way", func(t *testing.T, l *store.Ledger) {
			must(t, l.Progress(t.Context(), mig, ourKey.Instance, migration.Change{State: migration.InstanceSkipped}))
		}, false},
		{"in_another_step", func(t *testing.T, l *store.Ledger) {
			must(t, l.Progress(t.Context(), mig, ourKey.Instance, migration.Change{State: migration.InstanceRunning, Step: migration.StepStart}))
		}, true},
		{"given_up", func(t *testing.T, l *store.Ledger) { must(t, l.FreeRecord(t.Context(), ourKey)) }, false},
		{"parked_with_a_start_under_way", func(t *testing.T, l *store.Ledger) { claim(t, l, ourKey, "a"); park(t, l) }, true},
		{"parked_with_an_open_capture", func(t *testing.T, l *store.Ledger) { captured(t, l, "resume/1"); park(t, l) }, true},
		{"started_without_a_capture", func(t *testing.T, l *store.Ledger) { claim(t, l, ourKey, "a"); started(t, l) }, false},
		{"started_with_an_open_capture", func(t *testing.T, l *store.Ledger) {
			claim(t, l, ourKey, "a")
			captured(t, l, "start/1")
			started(t, l)
		}, true},
		{"one_capture_of_two_is_closed", func(t *testing.T, l *store.Ledger) {
			claim(t, l, ourKey, "a")
			captured(t, l, "start/1")
			captured(t, l, "start/1/after")
			started(t, l)
			must(t, l.CloseCapture(t.Context(), ourKey, "start/1/after"))
		}, true},
		{"the_last_capture_is_closed", func(t *testing.T, l *store.Ledger) {
			claim(t, l, ourKey, "a")
			captured(t, l, "start/1")
			captured(t, l, "start/1/after")
			started(t, l)
			must(t, l.CloseCapture(t.Context(), ourKey, "start/1/after"))
			must(t, l.CloseCapture(t.Context(), ourKey, "start/1"))
		}, false},
		{"the_last_capture_is_closed_with_a_start_under_way", func(t *testing.T, l *store.Ledger) {
			claim(t, l, ourKey, "a")
			captured(t, l, "start/1")
			must(t, l.CloseCapture(t.Context(), ourKey, "start/1"))
		}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := opened(t)
			must(t, l.SavePlan(t.Context(), mig, "p", planned(2, nil)))
			for range 2 { // the same again
				must(t, l.HoldRecord(t.Context(), ourKey, "record-1", mig))
			}
			tc.do(t, l)
			err := l.HoldRecord(t.Context(), keyOf(2), "record-1", mig)
			var busy *migration.RecordBusyError
			if errors.As(err, &busy) != tc.busy || !tc.busy && err != nil || tc.busy && busy.By != ourKey.Instance {
				t.Errorf("got %v, want busy %t", err, tc.busy)
			}
			must(t, l.HoldRecord(t.Context(), migration.ClaimKey{Source: "s", Instance: id(2), Target: "another"}, "record-1", mig))
			must(t, l.HoldRecord(t.Context(), keyOf(2), "record-2", mig))
		})
	}
}
