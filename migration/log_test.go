package migration_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
)

func TestDiscardStands(t *testing.T) {
	t.Parallel()
	resolved := func(parkID int64) migration.StepLine {
		return migration.StepLine{Event: migration.EventResolved, Facts: migration.Facts{ParkID: parkID, Action: migration.ActionRedo}}
	}
	state := func(s migration.InstanceState) migration.StepLine {
		return migration.StepLine{Event: migration.EventState, Facts: migration.Facts{State: s}}
	}
	parked, taken := migration.StepLine{Event: migration.EventParked, Facts: migration.Facts{ParkID: 2}}, migration.StepLine{Event: migration.EventTaken}
	done, back := state(migration.InstanceDone), migration.StepLine{Event: migration.EventRolledBack}
	for _, tc := range []struct {
		name  string
		lines []migration.StepLine
		want  bool
	}{
		{"given_just_now", []migration.StepLine{parked, resolved(2), state(migration.InstanceRunning)}, true},
		{"given_to_another_parking", []migration.StepLine{resolved(1), parked}, false},
		{"done_since", []migration.StepLine{resolved(2), {Event: migration.EventVerdict}, done, taken}, false},
		{"rolled_back_since", []migration.StepLine{resolved(2), back, taken}, false},
		{"done_before", []migration.StepLine{done, parked, resolved(2)}, true},
		{"never_given", nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := migration.DiscardStands(tc.lines, 2); got != tc.want {
				t.Errorf("stands: %t", got)
			}
		})
	}
}

func tally(event migration.Event, n migration.Tally) migration.StepLine {
	return migration.StepLine{Event: event, Facts: migration.Facts{Tally: n}}
}

func TestLeftOfTools(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		lines []migration.StepLine
		want  migration.Tally
	}{
		{"nothing", nil, migration.Tally{}},
		{
			"rows_are_added_up", []migration.StepLine{
				tally(migration.EventRowsReverted, migration.Tally{Restored: 9, Moved: 1, Shared: 2, Appeared: 3}),
				tally(migration.EventRowsReported, migration.Tally{Rows: 4}),
			}, migration.Tally{Conflicts: 8, Shared: 2},
		},
		{
			"the_last_look_at_files_counts", []migration.StepLine{
				tally(migration.EventFilesReported, migration.Tally{Files: 5}), tally(migration.EventFilesReverted, migration.Tally{Removed: 9, Left: 2}),
				tally(migration.EventToolFiles, migration.Tally{Left: 1, Shared: 3}),
			}, migration.Tally{Conflicts: 1, Shared: 3},
		},
		{
			"what_was_undone_before_does_not_count", []migration.StepLine{
				tally(migration.EventRowsReported, migration.Tally{Rows: 4}), tally(migration.EventFilesReported, migration.Tally{Files: 5}),
				tally(migration.EventUndone, migration.Tally{Rows: 1}), tally(migration.EventRowsReported, migration.Tally{Rows: 1}),
			}, migration.Tally{Conflicts: 1},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, migration.LeftOfTools(tc.lines)); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatTheLogKnowsOfARollback(t *testing.T) {
	t.Parallel()
	of := func(event migration.Event, target migration.InstanceID, below ...migration.InstanceID) migration.StepLine {
		return migration.StepLine{Event: event, Facts: migration.Facts{Target: target, Instances: below}}
	}
	lines := []migration.StepLine{
		of(migration.EventEnding, "1_t", "2_t"), of(migration.EventEnding, "9_t", "8_t"), of(migration.EventEnding, "1_t", "3_t"),
		of(migration.EventWorkDiscarded, "9_t"),
		tally(migration.EventUndone, migration.Tally{Rows: 1}), tally(migration.EventUndone, migration.Tally{Rows: 2}),
	}
	if diff := cmp.Diff([]migration.InstanceID{"2_t", "3_t"}, migration.Ending(lines, "1_t")); diff != "" {
		t.Errorf("ending (-want +got):\n%s", diff)
	}
	if migration.WorkDiscarded(lines, "1_t") || !migration.WorkDiscarded(lines, "9_t") {
		t.Error("whose work was discarded is not told apart")
	}
	if last, ok := migration.LastUndone(lines); !ok || last.Rows != 2 {
		t.Errorf("last undone %+v, %t", last, ok)
	}
	if _, ok := migration.LastUndone(nil); ok {
		t.Error("undone although it never was")
	}
}

func TestEndedByUs(t *testing.T) {
	t.Parallel()
	call := func(step migration.Step, verb migration.Verb, target migration.InstanceID) migration.StepLine {
		return migration.StepLine{Step: step, Event: migration.EventCall, Call: &migration.Call{Verb: verb, Target: target}}
	}
	parked := func(r migration.Reason) migration.StepLine {
		return migration.StepLine{Event: migration.EventParked, Facts: migration.Facts{Reason: r}}
	}
	kind := func(k migration.Kind, f migration.Fate) migration.StepLine {
		l := call(migration.StepRollback, migration.VerbAbortProcess, "1_t")
		l.Kind, l.Fate = k, f
		return l
	}
	ranThrough := parked(migration.ReasonStartRanThrough)
	for _, tc := range []struct {
		name  string
		lines []migration.StepLine
		want  bool
	}{
		{name: "nothing"},
		{name: "only_worked_on", lines: []migration.StepLine{
			call(migration.StepResume, migration.VerbComplete, "1_t"), call(migration.StepResume, migration.VerbStartActivity, "1_t"), parked(migration.ReasonVerifyDiffers),
		}},
		{name: "aborted", lines: []migration.StepLine{call(migration.StepRollback, migration.VerbAbortProcess, "1_t")}, want: true},
		{name: "another_aborted", lines: []migration.StepLine{call(migration.StepRollback, migration.VerbAbortProcess, "2_t")}},
		{name: "rehearsed", lines: []migration.StepLine{call(migration.StepRehearse, migration.VerbComplete, "1_t")}, want: true},
		{name: "an_abort_that_was_not_sent", lines: []migration.StepLine{
			kind(migration.KindIntent, migration.FateNone), kind(migration.KindOutcome, migration.FateNotSent),
		}},
		{name: "an_abort_that_was_not_sent_after_one_that_was", lines: []migration.StepLine{
			kind(migration.KindIntent, migration.FateNone), kind(migration.KindOutcome, migration.FateUnanswered),
			kind(migration.KindIntent, migration.FateNone), kind(migration.KindOutcome, migration.FateNotSent),
		}, want: true},
		{name: "an_abort_of_which_nobody_knows", lines: []migration.StepLine{kind(migration.KindIntent, migration.FateNone)}, want: true},
		{name: "ran_through", lines: []migration.StepLine{ranThrough, parked(migration.ReasonTargetMoved)}, want: true},
		{name: "ran_through_before_it_was_rolled_back", lines: []migration.StepLine{ranThrough, {Event: migration.EventRolledBack}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := migration.EndedByUs(tc.lines, "1_t"); got != tc.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestAborts(t *testing.T) {
	t.Parallel()
	call := func(verb migration.Verb, target migration.InstanceID, fate migration.Fate) migration.StepLine {
		return migration.StepLine{Event: migration.EventCall, Kind: migration.KindOutcome, Call: &migration.Call{Verb: verb, Target: target}, Fate: fate}
	}
	lines := []migration.StepLine{
		call(migration.VerbAbortProcess, "1_t", migration.FateAnswered),
		{Event: migration.EventRollback},
		{Event: migration.EventCall, Kind: migration.KindIntent, Call: &migration.Call{Verb: migration.VerbAbortProcess, Target: "1_t"}},
		call(migration.VerbAbortProcess, "1_t", migration.FateAnswered), call(migration.VerbAbortProcess, "2_t", migration.FateAnswered),
		call(migration.VerbAbortProcess, "1_t", migration.FateUnanswered), call(migration.VerbAbortProcess, "1_t", migration.FateOver),
		call(migration.VerbAbortProcess, "1_t", migration.FateNotSent), call(migration.VerbComplete, "1_t", migration.FateAnswered),
	}
	if got := migration.Aborts(lines, "1_t"); got != 2 {
		t.Errorf("got %d", got)
	}
}
