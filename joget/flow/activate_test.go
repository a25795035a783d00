package flow_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/joget/flow"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

func TestActivate(t *testing.T) {
	t.Parallel()
	value := func(kind migration.VariableKind, text string) []migration.Variable {
		return []migration.Variable{{Name: "v", Kind: kind, Value: text}}
	}
	const before = "process main\n tool never plugin=T\n never -> a\n"
	typed := func(variable, condition string) string {
		return before + "data v " + variable + "\n route a\n manual yes\n manual no\n a -> yes: " + condition + "\n a -> no: OTHERWISE"
	}
	for _, tc := range []struct {
		name, definition string
		values           []migration.Variable
		want             string
	}{
		{"a_manual_activity_waits", before + "manual a\n tool next plugin=T\n a -> next", nil, "waits at a"},
		{"a_subflow_waits_with_its_child", before + "call a sub\n manual next\n a -> next\n process sub\n route r\n manual m\n r -> m", nil, "waits at a [r -> waits at m]"},
		{"a_child_that_ends_goes_on", before + "call a sub\n manual next\n a -> next\n process sub\n tool t plugin=T", nil, "a [t (T) -> ends] -> waits at next"},
		{
			"a_child_that_is_unknown_is_unknown", before + "call a sub\n process sub\n route r plugin=D", nil,
			"a [r (D) -> unknown: r has a decision plugin] -> unknown: a: r has a decision plugin",
		},
		{"a_subflow_that_is_not_there_is_unknown", before + "call a gone", nil, "a -> unknown: a calls gone, which is not there"},
		{
			"a_child_gets_the_values_of_its_caller", before + "data v STRING\n call a sub v\n process sub\n in p STRING\n route r\n manual m\n r -> m: p === 'go'", texts("v", "go"),
			"waits at a [r -> waits at m]",
		},
		{
			"a_child_has_joins_of_its_own", before + "call a sub\n process sub\n route f and-split\n route g\n manual m\n route j and-join\n f -> g\n f -> m\n g -> j\n m -> j", nil,
			"waits at a [f -> g -> waits at m -> stops after g at the AND-join j]",
		},
		{"a_tool_runs_through", before + "tool a plugin=T\n manual next\n a -> next", nil, "a (T) -> waits at next"},
		{"a_route_runs_through", before + "route a\n manual next\n a -> next", nil, "a -> waits at next"},
		{"a_branch_that_ends_opens_nothing", before + "route a", nil, "a -> ends"},
		{"its_own_join_does_not_matter", before + "manual a and-join\n manual other\n other -> a", nil, "waits at a"},
		{
			"what_waits_at_a_later_join_is_not_known", before + "route a and-split\n manual m\n route j and-join\n manual other\n a -> m\n a -> j\n other -> j", nil,
			"a -> waits at m -> unknown: j is an AND-join, and what waits there is not known",
		},
		{"a_join_with_one_way_in_does_not_wait", before + "route a\n manual j and-join\n a -> j", nil, "a -> waits at j"},
		{"an_activity_that_is_not_there_is_unknown", "process main\n manual other", nil, "unknown: a is not in the definition"},
		{"a_block_is_unknown", before + "block a", nil, "unknown: a is of kind block, which cannot be followed"},

		{"an_integer", typed("INTEGER", "v + 1 === 6"), value(migration.VariableInteger, "5"), "a -> waits at yes"},
		{"a_float", typed("FLOAT", "v + 1 === 1.5"), value(migration.VariableFloat, "0.5"), "a -> waits at yes"},
		{"a_boolean_as_it_is_now", typed("BOOLEAN true", "v === false"), value(migration.VariableBoolean, "false"), "a -> waits at yes"},
		{"a_date_as_it_is_now", typed("DATETIME", "v.getFullYear() === 2026"), value(migration.VariableDate, "2026-03-29 02:30:00"), "a -> waits at yes"},
		{"an_empty_number_has_no_initial_value", typed("INTEGER 5", "v > 1"), value(migration.VariableNull, ""), "a -> waits at no"},
		{
			"an_empty_number_is_null_or_zero", typed("INTEGER 5", "v === null"), value(migration.VariableNull, ""),
			"a -> unknown: the condition of a -> yes reads v, which has no value: null or empty",
		},
		{"no_text_is_null_or_empty", typed("STRING x", "v === null"), value(migration.VariableNull, ""), "a -> unknown: the condition of a -> yes reads v, which has no value: null or empty"},
		{"no_text_is_no_zero", typed("STRING x", "v === 0"), value(migration.VariableNull, ""), "a -> waits at no"},
		{"null_and_empty_may_agree", typed("STRING x", "v === 'x'"), value(migration.VariableNull, ""), "a -> waits at no"},
		{"an_empty_text_is_a_value", typed("STRING x", "v === ''"), value(migration.VariableString, ""), "a -> waits at yes"},
		{"no_date_is_unknown", typed("DATETIME", "v === null"), value(migration.VariableNull, ""), "a -> unknown: the condition of a -> yes reads v, which has no value"},
		{"an_unreadable_value_is_unknown", typed("STRING x", "v === 'x'"), value(migration.VariableUnreadable, ""), "a -> unknown: the condition of a -> yes reads v, whose value cannot be read"},
		{"a_value_of_another_type_is_unknown", typed("INTEGER 5", "v === 5"), value(migration.VariableString, "five"), "a -> unknown: the condition of a -> yes reads v, whose value is not of its type"},
		{"a_value_that_is_not_named_is_the_initial_one", typed("INTEGER 5", "v === 5"), nil, "a -> waits at yes"},
		{"an_undeclared_value_is_ignored", typed("INTEGER 5", "v === 5"), texts("other", "x"), "a -> waits at yes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, walker(t, tc.definition).Activate("a", tc.values).String()); diff != "" {
				t.Errorf("path (-want +got):\n%s", diff)
			}
		})
	}
}

func TestActivate_inside_an_activity_set_is_unknown(t *testing.T) {
	t.Parallel()
	d := define(t, "process main\n manual a")["main"]
	d.Process.Activity("a").Set = "set"
	got := flow.NewWalker(d, nil).Activate("a", nil)
	if got.Outcome != flow.Unknown || got.Why != "a is in an activity set, whose activities cannot be started" {
		t.Errorf("got %s", got)
	}
}

func TestActivate_leaves_a_walk_as_it_was(t *testing.T) {
	t.Parallel()
	w := walker(t, "process main\n data v STRING x\n route r and-split\n route s\n manual a\n manual j and-join\n r -> s\n r -> a: v === 'x'\n s -> j\n a -> j")
	for _, step := range []struct {
		path flow.Path
		want string
	}{
		{w.Activate("r", texts("v", "y")), "r -> s -> unknown: j is an AND-join, and what waits there is not known"},
		{w.Walk(nil), "r -> s -> waits at a -> stops after s at the AND-join j"},
		{w.Activate("a", nil), "waits at a"},
	} {
		if got := step.path.String(); got != step.want {
			t.Errorf("got %s, want %s", got, step.want)
		}
	}
}

func TestMayRunPlugins(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, definition string
		want             bool
	}{
		{"routes_alone", crm, false},
		{"a_mapped_tool", "process main\n tool t plugin=T\n manual m\n t -> m", true},
		{"an_unmapped_tool", "process main\n tool t\n manual m\n t -> m", false},
		{"a_tool_after_the_wait", "process main\n manual m\n tool t plugin=T\n m -> t", false},
		{"a_form_modifier", "process main\n manual m plugin=M", false},
		{"a_decision_plugin", "process main\n route r plugin=D", true},
		{"an_unknown_path", "process main\n route r\n manual m\n r -> m: nonsense", true},
		{"a_tool_of_a_child_that_waits", "process main\n call c sub\n process sub\n tool t plugin=T\n manual m\n t -> m", true},
		{"a_tool_of_a_child_that_ended", "process main\n call c sub\n manual m\n c -> m\n process sub\n tool t plugin=T", true},
		{"a_child_without_tools", "process main\n call c sub\n process sub\n manual m", false},
		{"an_asynchronous_child_with_a_tool", "process main\n post c sub\n manual m\n c -> m\n process sub\n tool t plugin=T", true},
		{"an_unknown_asynchronous_child", "process main\n post c sub\n manual m\n c -> m\n process sub\n route r\n r -> r: nonsense", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := walker(t, tc.definition).Walk(nil); got.MayRunPlugins() != tc.want {
				t.Errorf("%t for %s", !tc.want, got)
			}
		})
	}
}

func TestDefinition_is_what_is_walked(t *testing.T) {
	t.Parallel()
	d := define(t, "process main\n tool t plugin=T\n process sub\n manual m")
	if diff := cmp.Diff(d["main"], flow.NewWalker(d["main"], nil).Definition(), cmp.AllowUnexported(xpdl.Process{})); diff != "" {
		t.Errorf("definition (-want +got):\n%s", diff)
	}
	if flow.NewWalker(flow.Definition{}, nil).Definition().Process == nil {
		t.Error("no process")
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, definition, want string }{
		{"what_follows_opens", "process main\n manual a\n route r\n manual next\n a -> r\n r -> next", "r -> waits at next"},
		{"nothing_follows", "process main\n manual a", "ends"},
		{"a_tool_follows", "process main\n manual a\n tool t plugin=T\n a -> t", "t (T) -> ends"},
		{"a_join_follows", "process main\n manual a\n manual b\n route j and-join\n a -> j\n b -> j", "unknown: j is an AND-join, and what waits there is not known"},
		{"values_decide", "process main\n data v STRING\n manual a\n manual yes\n manual no\n a -> yes: v === 'go'\n a -> no: OTHERWISE", "waits at yes"},
		{"it_is_not_there", "process main\n manual b", "unknown: a is not in the definition"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := walker(t, tc.definition).Complete("a", texts("v", "go")).String(); got != tc.want {
				t.Errorf("%s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestLeaves(t *testing.T) {
	t.Parallel()
	const join = "\n manual b\n route j and-join\n b -> j\n"
	for _, tc := range []struct {
		name, definition string
		want             bool
	}{
		{"one_way_to_a_join", "process main\n manual a" + join + "a -> j", true},
		{"a_condition_on_it", "process main\n manual a" + join + "a -> j: x", false},
		{"another_way_too", "process main\n manual a" + join + "a -> j\n a -> b", false},
		{"a_plugin_decides", "process main\n route a plugin=D" + join + "a -> j", false},
		{"no_join", "process main\n manual a\n manual b\n a -> b", false},
		{"a_join_with_one_way_in", "process main\n manual a\n route j and-join\n a -> j", false},
		{"it_is_not_there", "process main\n manual b", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			token, got := walker(t, tc.definition).Leaves("a")
			if want := (migration.JoinToken{Join: "j", From: "a"}); got != tc.want || got && token != want {
				t.Errorf("%+v, %t", token, got)
			}
		})
	}
}

func TestCourse(t *testing.T) {
	t.Parallel()
	ids := func(list ...migration.ActivityDefID) []migration.ActivityDefID { return list }
	for _, tc := range []struct {
		name, definition string
		want             migration.Course
	}{
		{
			"routes_and_waits", "process main\n route r and-split\n manual a\n manual b\n r -> a\n r -> b",
			migration.Course{Runs: ids("r"), Waits: []migration.Stop{{Activity: "a"}, {Activity: "b"}}},
		},
		{"a_tool_without_a_plugin_does_nothing", "process main\n tool t\n manual a\n t -> a", migration.Course{Runs: ids("t"), Waits: []migration.Stop{{Activity: "a"}}}},
		{"a_tool", "process main\n tool t plugin=T\n manual a\n t -> a", migration.Course{Blind: "t runs T"}},
		{"a_condition_that_cannot_be_evaluated", "process main\n route r\n manual a\n r -> a: java.lang.Math.random() > 0", migration.Course{Blind: "where it leads cannot be told"}},
		{
			"a_child", "process main\n call c sub\n process sub\n route r\n manual m\n r -> m",
			migration.Course{Waits: []migration.Stop{{Activity: "c", Child: &migration.Course{Runs: ids("r"), Waits: []migration.Stop{{Activity: "m"}}}}}},
		},
		{"a_tool_of_a_child", "process main\n call c sub\n process sub\n tool t plugin=T\n manual m\n t -> m", migration.Course{Blind: "t runs T"}},
		{"a_tool_of_a_child_that_ends", "process main\n call c sub\n manual a\n c -> a\n process sub\n tool t plugin=T", migration.Course{Blind: "t runs T"}},
		{"a_child_that_nobody_waits_for", "process main\n post c sub\n manual a\n c -> a\n process sub\n manual m", migration.Course{
			Runs: []migration.ActivityDefID{"c"}, Waits: []migration.Stop{{Activity: "a"}},
		}},
		{"a_tool_of_a_child_that_nobody_waits_for", "process main\n post c sub\n manual a\n c -> a\n process sub\n tool t plugin=T\n manual m\n t -> m", migration.Course{Blind: "t runs T"}},
		{"a_child_that_nobody_waits_for_and_nobody_can_follow", "process main\n post c sub\n manual a\n c -> a\n process sub\n route r\n manual m\n r -> m: java.lang.Math.random() > 0", migration.Course{Blind: "where it leads cannot be told"}},
		{
			"a_branch_at_a_join", "process main\n route r and-split\n manual a\n manual b\n route j and-join\n r -> a\n r -> j\n r -> b\n b -> j",
			migration.Course{Runs: ids("r"), Waits: []migration.Stop{{Activity: "a"}, {Activity: "b"}}, Tokens: []migration.JoinToken{{Join: "j", From: "r"}}},
		},
		{"an_end", "process main\n route r", migration.Course{Runs: ids("r"), Ends: true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := walker(t, tc.definition).Walk(nil).Course()
			if tc.want.Blind != "" && strings.HasPrefix(got.Blind, tc.want.Blind) {
				got.Blind = tc.want.Blind
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("course (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	process := walker(t, `
		process main
		data v STRING
		route begin
		manual approve
		tool notify plugin=N
		manual a
		manual b
		manual c
		route gate
		call sub child
		block set
		begin -> approve
		approve -> notify: v == 'x'
		notify -> gate
		gate -> a: v == '1'
		gate -> b: v == '2'
		gate -> c: v == '3'
		gate -> sub: OTHERWISE
		a -> set
		process child
		manual m`).Definition().Process
	for _, tc := range []struct {
		name string
		last []string
		want []string
	}{
		{"what_was_over_and_what_it_leads_to", []string{"approve"}, []string{"approve (then notify, end)", "notify (tool, then gate)"}},
		{"its_end", []string{"b"}, []string{"b (then end)"}},
		{"what_cannot_be_started_is_left_out", []string{"a"}, []string{"a (then set)"}},
		{"six_at_most", []string{"gate", "approve", "notify"}, []string{
			"gate (route, then a, b, c, ...)", "a (then set)", "b (then end)", "c (then end)", "sub (subflow, then end)", "approve (then notify, end)",
		}},
		{"what_is_not_there", []string{"gone"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, c := range flow.Candidates(process, tc.last) {
				got = append(got, c.String())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("candidates (-want +got):\n%s", diff)
			}
		})
	}
}
