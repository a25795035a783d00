package migration_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
)

func TestDecideResume(t *testing.T) {
	t.Parallel()
	defs := func(ids ...migration.ActivityDefID) []migration.ActivityDefID { return ids }
	call := func(id migration.ActivityDefID, abort bool) migration.ResumeDecision {
		return migration.ResumeDecision{Action: migration.ResumeCall, Activity: id, AbortCurrent: abort}
	}
	for _, tc := range []struct {
		name string
		view migration.ResumeView
		want migration.ResumeDecision
	}{
		{
			name: "equal_needs_no_call",
			view: migration.ResumeView{Wanted: defs("a", "b"), Present: defs("b", "a"), SameVariables: true},
			want: migration.ResumeDecision{Action: migration.ResumeConverged},
		},
		{
			name: "what_runs_through_comes_after_the_others",
			view: migration.ResumeView{Wanted: defs("a"), Present: defs("x"), Runs: defs("t"), SameVariables: true},
			want: call("a", true),
		},
		{
			name: "what_runs_through_aborts_nothing_of_the_others",
			view: migration.ResumeView{Wanted: defs("a"), Present: defs("a"), Runs: defs("t"), SameVariables: true, Resumed: 1, Round: 1},
			want: call("t", false),
		},
		{
			name: "what_runs_through_alone_aborts_what_the_start_opened",
			view: migration.ResumeView{Present: defs("x"), Runs: defs("t"), SameVariables: true},
			want: call("t", true),
		},
		{
			name: "branches_wait_before_anything_runs_through",
			view: migration.ResumeView{Present: defs("x"), Runs: defs("t"), Predecessor: "p", SameVariables: true},
			want: call("p", true),
		},
		{
			name: "what_runs_through_after_branches_aborts_none",
			view: migration.ResumeView{Runs: defs("t"), SameVariables: true, Resumed: 1, Round: 2},
			want: call("t", false),
		},
		{
			name: "the_next_one_that_runs_through_aborts_nothing",
			view: migration.ResumeView{Wanted: defs("a"), Present: defs("b"), Runs: defs("u"), Ran: true, Stray: true, Predecessor: "p", Resumed: 2, Round: 2},
			want: call("u", false),
		},
		{
			name: "what_is_open_after_it_ran_is_right",
			view: migration.ResumeView{Wanted: defs("a"), Present: defs("b"), Ran: true, Stray: true, Predecessor: "p"},
			want: migration.ResumeDecision{Action: migration.ResumeConverged},
		},
		{
			name: "nothing_more_runs_under_people_who_work",
			view: migration.ResumeView{Present: defs("b"), Runs: defs("u"), Ran: true, Worked: true, Resumed: 1},
			want: migration.ResumeDecision{Action: migration.ResumePark, Reason: migration.ReasonTargetMoved},
		},
		{
			name: "what_ran_does_not_run_again_for_discarded_work",
			view: migration.ResumeView{Present: defs("b"), Ran: true, Worked: true, Discard: true},
			want: migration.ResumeDecision{Action: migration.ResumePark, Reason: migration.ReasonResumeNotConverging},
		},
		{
			name: "equal_with_other_variables_starts_anew",
			view: migration.ResumeView{Wanted: defs("a"), Present: defs("a")},
			want: call("a", true),
		},
		{
			name: "variables_that_a_call_could_not_set_right_are_not_tried_again",
			view: migration.ResumeView{Wanted: defs("a"), Present: defs("a"), Resumed: 1, Round: 2},
			want: migration.ResumeDecision{Action: migration.ResumeConverged},
		},
		{
			name: "calls_without_an_effect_do_not_make_it_right",
			view: migration.ResumeView{Wanted: defs("a"), Present: defs("a"), Round: 3},
			want: call("a", true),
		},
		{
			name: "first_call_aborts",
			view: migration.ResumeView{Wanted: defs("b", "c"), Present: defs("a"), SameVariables: true},
			want: call("b", true),
		},
		{
			name: "first_call_aborts_even_if_nothing_is_unwanted",
			view: migration.ResumeView{Wanted: defs("b", "c"), Present: defs("b"), SameVariables: true},
			want: call("b", true),
		},
		{
			name: "later_calls_add",
			view: migration.ResumeView{Wanted: defs("b", "c"), Present: defs("b"), SameVariables: true, Resumed: 1, Round: 1},
			want: call("c", false),
		},
		{
			name: "what_cannot_be_explained_starts_over",
			view: migration.ResumeView{Wanted: defs("b", "c"), Present: defs("b", "x"), SameVariables: true, Resumed: 1, Round: 1},
			want: call("b", true),
		},
		{
			name: "an_empty_instance_after_a_failed_start_gets_what_is_missing",
			view: migration.ResumeView{Wanted: defs("b", "c"), SameVariables: true, Resumed: 1, Round: 1},
			want: call("b", false),
		},
		{
			name: "work_of_people_is_never_aborted",
			view: migration.ResumeView{Wanted: defs("b"), Present: defs("x"), SameVariables: true, Worked: true},
			want: migration.ResumeDecision{Action: migration.ResumePark, Reason: migration.ReasonTargetMoved},
		},
		{
			name: "work_of_people_stops_adding_too",
			view: migration.ResumeView{Wanted: defs("b", "c"), Present: defs("b"), SameVariables: true, Resumed: 1, Worked: true},
			want: migration.ResumeDecision{Action: migration.ResumePark, Reason: migration.ReasonTargetMoved},
		},
		{
			name: "unless_the_operator_discards_it",
			view: migration.ResumeView{Wanted: defs("b"), Present: defs("x"), SameVariables: true, Worked: true, Discard: true},
			want: call("b", true),
		},
		{
			name: "rounds_are_bounded",
			view: migration.ResumeView{Wanted: defs("b"), Present: defs("x"), SameVariables: true, Round: 6, MaxRounds: 6},
			want: migration.ResumeDecision{Action: migration.ResumePark, Reason: migration.ReasonResumeNotConverging},
		},
		{
			name: "a_branch_that_waits_at_a_join_comes_first",
			view: migration.ResumeView{Wanted: defs("b"), Present: defs("a"), Predecessor: "p", SameVariables: true},
			want: call("p", true),
		},
		{
			name: "its_predecessor_is_completed_once_we_opened_it",
			view: migration.ResumeView{Wanted: defs("b"), Present: defs("p"), Predecessor: "p", SameVariables: true, Resumed: 1, Round: 1},
			want: migration.ResumeDecision{Action: migration.ResumeComplete, Activity: "p"},
		},
		{
			name: "one_that_the_start_opened_is_made_anew",
			view: migration.ResumeView{Wanted: defs("b"), Present: defs("p"), Predecessor: "p", SameVariables: true},
			want: call("p", true),
		},
		{
			name: "the_next_branch_does_not_abort",
			view: migration.ResumeView{Wanted: defs("b"), Predecessor: "q", SameVariables: true, Resumed: 1, Round: 2},
			want: call("q", false),
		},
		{
			name: "what_is_open_may_still_lack_a_branch",
			view: migration.ResumeView{Wanted: defs("b"), Present: defs("b"), Predecessor: "p", SameVariables: true, Resumed: 1, Round: 2},
			want: call("p", false),
		},
		{
			name: "after_the_branches_the_activities_are_added",
			view: migration.ResumeView{Wanted: defs("b"), SameVariables: true, Resumed: 2, Round: 4},
			want: call("b", false),
		},
		{
			name: "branches_that_nobody_wants_cannot_be_taken_back",
			view: migration.ResumeView{Wanted: defs("b"), Present: defs("b"), Stray: true, SameVariables: true},
			want: migration.ResumeDecision{Action: migration.ResumePark, Reason: migration.ReasonJoinsDiffer},
		},
		{
			name: "branches_that_people_brought_there_are_their_work",
			view: migration.ResumeView{Wanted: defs("b"), Present: defs("b"), Stray: true, Worked: true, SameVariables: true},
			want: migration.ResumeDecision{Action: migration.ResumePark, Reason: migration.ReasonTargetMoved},
		},
		{
			name: "what_may_be_discarded_is_made_anew_though_it_looks_right",
			view: migration.ResumeView{Wanted: defs("b"), Present: defs("b"), SameVariables: true, Worked: true, Discard: true},
			want: call("b", true),
		},
		{
			name: "and_then_it_is_right",
			view: migration.ResumeView{Wanted: defs("b"), Present: defs("b"), SameVariables: true, Worked: true, Discard: true, Resumed: 1, Round: 1},
			want: migration.ResumeDecision{Action: migration.ResumeConverged},
		},
		{
			name: "work_of_people_keeps_branches_from_being_made",
			view: migration.ResumeView{Wanted: defs("b"), Present: defs("b"), Predecessor: "p", SameVariables: true, Resumed: 1, Worked: true},
			want: migration.ResumeDecision{Action: migration.ResumePark, Reason: migration.ReasonTargetMoved},
		},
		{
			name: "nothing_wanted_is_not_resumed",
			view: migration.ResumeView{Present: defs("a"), SameVariables: true},
			want: migration.ResumeDecision{Action: migration.ResumePark, Reason: migration.ReasonNothingToResume},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.view.MaxRounds == 0 {
				tc.view.MaxRounds = 10
			}
			if diff := cmp.Diff(tc.want, migration.DecideResume(tc.view)); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDiffVariables(t *testing.T) {
	t.Parallel()
	v := func(name, value string) migration.Variable {
		return migration.Variable{Name: name, Kind: migration.VariableString, Value: value}
	}
	got := migration.DiffVariables(
		[]migration.Variable{v("same", "1"), v("changed", "1"), v("gone", "1"), {Name: "null", Kind: migration.VariableNull}},
		[]migration.Variable{v("same", "1"), v("changed", "2"), v("new", "x"), v("new_empty", ""), v("null", "")},
	)
	var names []string
	for _, d := range got {
		names = append(names, d.Name)
	}
	if diff := cmp.Diff([]string{"changed", "gone", "null"}, names); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
}

func TestContinueFitsEveryReason(t *testing.T) {
	t.Parallel()
	for _, r := range migration.Reasons() {
		for _, a := range r.Actions() {
			c, ok := migration.Continue(migration.StepVerify, r, a)
			if !ok || (!c.End && c.Step == "") {
				t.Errorf("%s of %s leads nowhere: %+v, %t", a, r, c, ok)
			}
		}
		for _, a := range []migration.Action{"", "undo"} {
			if c, ok := migration.Continue(migration.StepVerify, r, a); ok {
				t.Errorf("%q of %s leads to %+v", a, r, c)
			}
		}
	}
}
