package migration_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
)

func call(kind migration.Kind, c migration.Call, fate migration.Fate) migration.StepLine {
	return migration.StepLine{Kind: kind, Event: migration.EventCall, Call: &c, Fate: fate}
}

// made are the two lines of a call that was answered.
func made(c migration.Call) []migration.StepLine {
	return []migration.StepLine{call(migration.KindIntent, c, ""), call(migration.KindOutcome, c, migration.FateAnswered)}
}

func TestCallsOf(t *testing.T) {
	t.Parallel()
	first := migration.Call{Verb: migration.VerbStartActivity, Target: "1_x_y", Activity: "a", Abort: true, Earlier: 1, Snapshot: 1}
	root, child := first, migration.Call{Verb: migration.VerbStartActivity, Target: "2_x_z", Activity: "b", Abort: true, Earlier: 2, Snapshot: 2}
	root.Snapshot = 2
	over := migration.Call{Verb: migration.VerbComplete, Target: "2_x_z", ActivityID: "3_2_x_z_b", User: "bob", Snapshot: 2}
	accept := migration.Call{Verb: migration.VerbAccept, Target: "1_x_y", ActivityID: "4_1_x_y_a", User: "cat"}
	log := migration.CallsOf(slices.Concat(
		[]migration.StepLine{call(migration.KindIntent, migration.Call{Verb: migration.VerbStartProcess}, "")},
		made(first), made(root),
		[]migration.StepLine{call(migration.KindIntent, child, ""), call(migration.KindOutcome, child, migration.FateNotSent)},
		made(child), made(over), made(accept),
		made(migration.Call{Verb: migration.VerbSetVariable, Target: "1_x_y", Variable: "status"}),
	))
	if diff := cmp.Diff([]migration.Call{root}, log.Resumes("1_x_y", 2)); diff != "" {
		t.Errorf("calls of the root for the second snapshot (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]migration.Call{child, over}, log.Resumes("2_x_z", 2)); diff != "" {
		t.Errorf("calls of the child (-want +got):\n%s", diff)
	}
	want := map[migration.ActivityID]migration.OwnWork{"3_2_x_z_b": {Completed: true}, "4_1_x_y_a": {Accepted: "cat"}}
	if diff := cmp.Diff(want, log.Own()); diff != "" {
		t.Errorf("own work (-want +got):\n%s", diff)
	}
	if n := log.Times(first); n != 2 {
		t.Errorf("the same call for two snapshots was made %d times, want 2", n)
	}
}

func TestTheOperatorsWordOpensANewCount(t *testing.T) {
	t.Parallel()
	c := migration.Call{Verb: migration.VerbStartActivity, Target: "1_x_y", Activity: "a", Snapshot: 1}
	log := migration.CallsOf(slices.Concat(made(c), []migration.StepLine{{Event: migration.EventResolved}}, made(c)))
	if n := len(log.Resumes("1_x_y", 1)); n != 1 {
		t.Errorf("%d calls since the decision, want 1", n)
	}
}

func TestTries_count_since_the_operators_word(t *testing.T) {
	t.Parallel()
	c := migration.Call{Verb: migration.VerbReevaluate, Target: "1_x_y", ActivityID: "4_1_x_y_a"}
	log := migration.CallsOf(slices.Concat(made(c), made(c), []migration.StepLine{{Event: migration.EventResolved}}, made(c)))
	if n := log.Times(c); n != 1 {
		t.Errorf("%d tries since the decision, want 1", n)
	}
}

func TestAborted(t *testing.T) {
	t.Parallel()
	abort := func(id migration.InstanceID) migration.Call {
		return migration.Call{Verb: migration.VerbAbortProcess, Target: id}
	}
	unsent := func(id migration.InstanceID) []migration.StepLine {
		return []migration.StepLine{call(migration.KindIntent, abort(id), ""), call(migration.KindOutcome, abort(id), migration.FateNotSent)}
	}
	log := migration.CallsOf(slices.Concat(made(abort("1_x_y")), unsent("1_x_y"), unsent("3_x_y")))
	for id, want := range map[migration.InstanceID]bool{"1_x_y": true, "2_x_y": false, "3_x_y": false} {
		if got := log.Aborted(id); got != want {
			t.Errorf("%s aborted: %t", id, got)
		}
	}
}

func TestWhatWasNotSentWasNotMade(t *testing.T) {
	t.Parallel()
	accept := migration.Call{Verb: migration.VerbAccept, Target: "1_x_y", ActivityID: "4_1_x_y_a", User: "cat"}
	log := migration.CallsOf([]migration.StepLine{call(migration.KindIntent, accept, ""), call(migration.KindOutcome, accept, migration.FateNotSent)})
	if n := log.Times(accept); n > 0 || len(log.Own()) > 0 {
		t.Errorf("made %d times, own work %v", n, log.Own())
	}
}

func TestCallOpened(t *testing.T) {
	t.Parallel()
	start := migration.Call{Verb: migration.VerbStartActivity, Target: "1_x_y", Activity: "a", Earlier: 1}
	for _, tc := range []struct {
		name string
		call migration.Call
		now  int
		want bool
	}{
		{"there_is_one_more", start, 2, true},
		{"there_are_as_many_as_before", start, 1, false},
		{"another_verb", migration.Call{Verb: migration.VerbComplete, Activity: "a"}, 2, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tc.call.Opened(tc.now); got != tc.want {
				t.Errorf("opened: %t", got)
			}
		})
	}
}
