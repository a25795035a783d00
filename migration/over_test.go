package migration_test

import (
	"strings"
	"testing"
	"time"

	"jogetferry/migration"
)

// What the target shows of an instance with one open manual activity.
func look(change func(*migration.Look)) migration.Look {
	l := migration.Look{Effect: true, Open: []migration.Spot{{Activity: "approve", Manual: true, Held: true}}, Ran: []migration.ActivityDefID{"begin"}, Print: "p"}
	if change != nil {
		change(&l)
	}
	return l
}

// TestDecideOver_of_a_transaction has neither its age nor what is seen prove its end.
func TestDecideOver_of_a_transaction(t *testing.T) {
	t.Parallel()
	look := migration.Look{Effect: true, Completed: true}
	for _, tc := range []struct {
		name     string
		fate     migration.Fate
		unlocked bool
		want     migration.End
	}{
		{name: "that_nobody_saw_end"},
		{name: "whose_commit_got_no_answer", fate: migration.FateUnanswered},
		{name: "whose_rows_nobody_holds", unlocked: true, want: migration.EndUnlocked},
		{name: "that_was_taken_back", fate: migration.FateNotSent, want: migration.EndNotSent},
		{name: "that_was_committed", fate: migration.FateAnswered, want: migration.EndAnswered},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			over := migration.DecideOver(migration.CallKnowledge{
				Call: migration.Call{Verb: migration.VerbWriteVariables}, Fate: tc.fate, Age: time.Hour, Settle: time.Minute, Looks: []migration.Look{look, look}, Unlocked: tc.unlocked,
			})
			if over.End != tc.want || over.Left < 0 || (over.Why == "") != (tc.want != "") {
				t.Errorf("got %+v", over)
			}
		})
	}
}

func TestDecideOver(t *testing.T) {
	t.Parallel()
	start, resume := migration.Call{Verb: migration.VerbStartProcess}, migration.Call{Verb: migration.VerbStartActivity, Activity: "approve", Abort: true}
	add, complete := resume, migration.Call{Verb: migration.VerbComplete}
	add.Abort = false
	course := migration.Course{Runs: []migration.ActivityDefID{"begin"}, Waits: []migration.Stop{{Activity: "approve"}}}
	blind := migration.Course{Blind: "stamp runs a tool"}
	child := migration.Course{Waits: []migration.Stop{{Activity: "call", Child: &migration.Course{Waits: []migration.Stop{{Activity: "pick"}}}}}}
	calling := func(inner *migration.Look) func(*migration.Look) {
		return func(l *migration.Look) { l.Open, l.Ran = []migration.Spot{{Activity: "call", Child: inner}}, nil }
	}
	picking := &migration.Look{Open: []migration.Spot{{Activity: "pick", Manual: true, Held: true}}}
	for _, tc := range []struct {
		name   string
		call   migration.Call
		course migration.Course
		change func(*migration.Look) // of both looks
		again  func(*migration.Look) // of the second one
		want   migration.End
		why    string
	}{
		{name: "a_start_that_stands_where_it_leads", call: start, course: course, want: migration.EndAtRest},
		{name: "an_effect_that_is_seen_once_ends_nothing", call: start, course: course, again: func(l *migration.Look) { l.Print = "q" }, why: "still changes"},
		{name: "where_a_tool_runs_nothing_is_proven", call: start, course: blind, why: "stamp runs a tool"},
		{name: "but_by_a_root_that_completed", call: start, course: blind, change: func(l *migration.Look) { l.Closed, l.Completed, l.Open = true, true, nil }, want: migration.EndAtRest},
		{name: "what_was_aborted_proves_nothing", call: start, course: course, change: func(l *migration.Look) { l.Closed, l.Open = true, nil }, why: "ends with it"},
		{name: "nothing_is_open_while_a_condition_works", call: start, course: course, change: func(l *migration.Look) { l.Open = nil }, why: "approve is not open yet"},
		{name: "nobody_has_it_while_a_mapping_works", call: start, course: course, change: func(l *migration.Look) { l.Open[0].Held = false }, why: "nobody has been given approve"},
		{name: "a_tool_that_works", call: start, course: course, change: func(l *migration.Look) { l.Open = append(l.Open, migration.Spot{Activity: "stamp", Works: true}) }, why: "stamp is at work"},
		{name: "more_than_the_start_opens", call: start, course: course, change: func(l *migration.Look) {
			l.Open = append(l.Open, migration.Spot{Activity: "other", Manual: true, Held: true})
		}, why: "more is open"},
		{name: "less_ran_than_the_start_runs_through", call: start, course: course, change: func(l *migration.Look) { l.Ran = nil }, why: "other activities ran"},
		{name: "a_branch_at_a_join_that_the_start_leaves_nowhere", call: start, course: course, change: func(l *migration.Look) { l.Tokens = tokens("a@j") }, why: "from a waits at j"},
		{name: "a_branch_that_is_not_at_its_join", call: start, course: migration.Course{Runs: course.Runs, Waits: course.Waits, Tokens: tokens("a@j")}, why: "no branch from a"},
		{name: "a_subflow_with_its_child", call: start, course: child, change: calling(picking), want: migration.EndAtRest},
		{name: "a_subflow_whose_child_is_not_there", call: start, course: child, change: calling(nil), why: "is not there yet"},
		{name: "a_subflow_whose_child_works", call: start, course: child, change: calling(&migration.Look{}), why: "pick is not open yet"},
		{name: "a_child_in_which_something_else_ran", call: start, course: child, change: calling(&migration.Look{Open: picking.Open, Ran: []migration.ActivityDefID{"pick"}}), why: "other activities ran"},

		{name: "an_activity_that_was_started_anew", call: resume, course: course, want: migration.EndAtRest},
		{name: "an_activity_that_was_there_before", call: resume, course: course, change: func(l *migration.Look) { l.Effect = false }, why: "not there yet"},
		{name: "what_is_to_be_aborted_is_still_open", call: resume, course: course, change: func(l *migration.Look) {
			l.Open = append(l.Open, migration.Spot{Activity: "other", Manual: true, Held: true})
		}, why: "more is open"},
		{name: "one_that_only_adds_leaves_others", call: add, course: course, change: func(l *migration.Look) {
			l.Open = append(l.Open, migration.Spot{Activity: "other", Manual: true, Held: true})
		}, want: migration.EndAtRest},
		{name: "a_subflow_whose_tools_run", call: add, course: blind, why: "stamp runs a tool"},

		{name: "a_completion_with_what_follows", call: complete, course: course, want: migration.EndAtRest},
		{name: "a_completion_before_what_follows", call: complete, course: course, change: func(l *migration.Look) { l.Open = nil }, why: "approve is not open yet"},
		{name: "a_completion_that_ends_the_instance", call: complete, course: migration.Course{Ends: true}, change: func(l *migration.Look) { l.Closed, l.Open = true, nil }, want: migration.EndAtRest},
		{name: "a_completion_that_is_to_end_it", call: complete, course: migration.Course{Ends: true}, why: "ends with it"},

		{name: "a_user_who_has_it_while_a_tool_works", call: migration.Call{Verb: migration.VerbReassign}, change: func(l *migration.Look) { l.Open = append(l.Open, migration.Spot{Activity: "stamp", Works: true}) }, why: "stamp is at work"},
		{name: "a_variable_that_has_its_value_while_a_mapping_works", call: migration.Call{Verb: migration.VerbSetVariable}, change: func(l *migration.Look) { l.Open[0].Held = false }, why: "nobody has been given approve"},
		{name: "a_variable_that_has_its_value", call: migration.Call{Verb: migration.VerbSetVariable}, want: migration.EndAtRest},
		{name: "a_variable_that_has_not", call: migration.Call{Verb: migration.VerbSetVariable}, change: func(l *migration.Look) { l.Effect = false }, why: "not there yet"},
		{name: "a_user_who_has_it", call: migration.Call{Verb: migration.VerbReassign}, want: migration.EndAtRest},
		{name: "an_instance_that_is_aborted", call: migration.Call{Verb: migration.VerbAbortProcess}, change: func(l *migration.Look) { l.Closed = true }, want: migration.EndAtRest},
		{name: "an_instance_that_is_not", call: migration.Call{Verb: migration.VerbAbortProcess}, change: func(l *migration.Look) { l.Effect = false }, why: "not there yet"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			first := look(tc.change)
			second := look(tc.change)
			if tc.again != nil {
				tc.again(&second)
			}
			k := migration.CallKnowledge{Call: tc.call, Fate: migration.FateUnanswered, Age: time.Second, Settle: time.Minute, Course: tc.course, Looks: []migration.Look{first, second}}
			got := migration.DecideOver(k)
			if got.End != tc.want || (tc.why == "") != (got.Why == "") || !strings.Contains(got.Why, tc.why) {
				t.Errorf("%q, %q; want %q, %q", got.End, got.Why, tc.want, tc.why)
			}
			if got.End == migration.EndNone && (got.Left != 59*time.Second || got.Blind != (tc.course.Blind != "")) {
				t.Errorf("%s left, blind %t", got.Left, got.Blind)
			}
			// One look proves nothing, and time, answer and what was not sent everything.
			k.Looks = k.Looks[:1]
			if one := migration.DecideOver(k); one.End != migration.EndNone {
				t.Errorf("one look shows %q", one.End)
			}
			for fate, want := range map[migration.Fate]migration.End{migration.FateAnswered: migration.EndAnswered, migration.FateNotSent: migration.EndNotSent, migration.FateNone: migration.EndSettled} {
				k.Fate = fate
				if fate == migration.FateNone {
					k.Age = k.Settle
				}
				if got := migration.DecideOver(k); got.End != want {
					t.Errorf("%q: %q, want %q", fate, got.End, want)
				}
			}
		})
	}
}
