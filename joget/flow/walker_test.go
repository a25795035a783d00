package flow_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/joget/flow"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// The package of a test is written in lines:
//
//	process KEY
//	in|out|inout|data NAME TYPE [INITIAL]
//	manual|tool|route|block|nothing ID [and-join] [and-split] [deadline] [plugin=CLASS]
//	call|post ID KEY [PARAMETER...]      synchronous, asynchronous subflow
//	set                                  what follows of the process is in an activity set
//	FROM -> TO [: CONDITION]             OTHERWISE and EXCEPTION are types, BLANK is one without text
func define(tb testing.TB, text string) map[string]flow.Definition {
	tb.Helper()
	type process struct {
		key, parameters, fields, activities, transitions string
		set                                              bool
	}
	var processes []*process
	plugins := map[string]map[string]string{}
	esc := func(s string) string {
		var b strings.Builder
		if err := xml.EscapeText(&b, []byte(s)); err != nil {
			tb.Fatal(err)
		}
		return b.String()
	}
	transitions := 0
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if from, rest, ok := strings.Cut(line, " -> "); ok {
			to, condition, _ := strings.Cut(rest, ": ")
			kind := "CONDITION"
			switch condition {
			case "":
				kind = ""
			case "OTHERWISE", "EXCEPTION":
				kind = condition
			case "BLANK":
				condition = " "
			}
			transitions++
			p := processes[len(processes)-1]
			p.transitions += fmt.Sprintf(`<Transition Id="t%d" From="%s" To="%s"><Condition Type="%s">%s</Condition></Transition>`, transitions, from, to, kind, esc(condition))
			continue
		}
		w := strings.Fields(line)
		if w[0] == "process" {
			processes = append(processes, &process{key: w[1]})
			plugins[w[1]] = map[string]string{}
			continue
		}
		p := processes[len(processes)-1]
		switch w[0] {
		case "set":
			p.set = true
			continue
		case "in", "out", "inout":
			p.parameters += fmt.Sprintf(`<FormalParameter Id="%s" Mode="%s"><DataType><BasicType Type="%s"/></DataType></FormalParameter>`, w[1], strings.ToUpper(w[0]), w[2])
			continue
		case "data":
			p.fields += fmt.Sprintf(`<DataField Id="%s"><DataType><BasicType Type="%s"/></DataType><InitialValue>%s</InitialValue></DataField>`, w[1], w[2], strings.Join(w[3:], " "))
			continue
		}
		body := map[string]string{
			"manual": `<Implementation><No/></Implementation>`, "tool": `<Implementation><Tool Id="default_application"/></Implementation>`,
			"route": `<Route/>`, "block": `<BlockActivity BlockId="b"/>`,
		}[w[0]]
		if w[0] == "call" || w[0] == "post" {
			body = fmt.Sprintf(`<Implementation><SubFlow Id="%s" Execution="%s"><ActualParameters>`, w[2], map[string]string{"call": "SYNCHR", "post": "ASYNCHR"}[w[0]])
			for _, x := range w[3:] {
				body += `<ActualParameter>` + esc(x) + `</ActualParameter>`
			}
			body += `</ActualParameters></SubFlow></Implementation>`
		}
		for _, x := range w[2:] {
			if class, ok := strings.CutPrefix(x, "plugin="); ok {
				plugins[p.key][w[1]] = class
			}
			if x == "deadline" {
				body += `<Deadline Execution="SYNCHR"><DeadlineCondition>1</DeadlineCondition><ExceptionName>late</ExceptionName></Deadline>`
			}
			if kind, ok := map[string]string{"and-join": "Join", "and-split": "Split"}[x]; ok {
				body += fmt.Sprintf(`<TransitionRestrictions><TransitionRestriction><%s Type="AND"/></TransitionRestriction></TransitionRestrictions>`, kind)
			}
		}
		p.activities += fmt.Sprintf(`<Activity Id="%s">%s</Activity>`, w[1], body)
	}
	file := `<Package Id="p"><WorkflowProcesses>`
	for _, p := range processes {
		body := fmt.Sprintf(`<Activities>%s</Activities><Transitions>%s</Transitions>`, p.activities, p.transitions)
		if p.set {
			body = `<ActivitySets><ActivitySet Id="set">` + body + `</ActivitySet></ActivitySets>`
		}
		file += fmt.Sprintf(`<WorkflowProcess Id="%s"><FormalParameters>%s</FormalParameters><DataFields>%s</DataFields>%s</WorkflowProcess>`,
			p.key, p.parameters, p.fields, body)
	}
	parsed, err := xpdl.Parse(strings.NewReader(file + `</WorkflowProcesses></Package>`))
	if err != nil {
		tb.Fatal(err)
	}
	definitions := map[string]flow.Definition{}
	for _, p := range parsed.Processes {
		definitions[p.Key] = flow.Definition{Process: p, Plugins: plugins[p.Key]}
	}
	return definitions
}

// walker walks process main of the package.
func walker(tb testing.TB, text string) *flow.Walker {
	tb.Helper()
	definitions := define(tb, text)
	return flow.NewWalker(definitions["main"], func(key string) (flow.Definition, bool) {
		d, ok := definitions[key]
		return d, ok
	})
}

func texts(pairs ...string) []migration.Variable {
	var out []migration.Variable
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, migration.Variable{Name: pairs[i], Kind: migration.VariableString, Value: pairs[i+1]})
	}
	return out
}

// crm is the shape of a proposal that is approved, resubmitted or rejected.
const crm = `
	process main
	data status STRING
	route route1
	manual approve
	route approval
	tool mail plugin=EmailTool
	route1 -> approve
	approve -> approval
	approval -> mail`

// when is a definition that goes to yes or no by one condition.
func when(variable, condition string) string {
	return "process main\n data status STRING new\n" + variable + `
		route r
		manual yes
		manual no
		r -> yes: ` + condition + `
		r -> no: OTHERWISE`
}

func TestWalk(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, definition string
		values           []migration.Variable
		want             string
	}{
		{"a_route_runs_through_to_the_first_manual_activity", crm, nil, "route1 -> waits at approve"},
		{"no_activity_without_a_way_in_is_unknown", "process main\n manual a\n manual b\n a -> b\n b -> a", nil, "unknown: there is no activity to start with"},
		{"all_start_activities_start", "process main\n manual a\n route b\n manual c\n b -> c", nil, "b -> waits at a and c"},
		{"a_tool_runs_through_and_shows_its_plugin", "process main\n tool t plugin=EmailTool\n manual m\n t -> m", nil, "t (EmailTool) -> waits at m"},
		{"nothing_left_ends", "process main\n route r\n tool t\n r -> t", nil, "r -> t -> ends"},
		{"a_block_is_unknown", "process main\n block b", nil, "unknown: b is of kind block, which cannot be followed"},

		{"a_condition_reads_the_value_given", when("", "status==='rejected'"), texts("status", "rejected"), "r -> waits at yes"},
		{"a_condition_reads_the_initial_value", when("", "status==='new'"), nil, "r -> waits at yes"},
		{"otherwise_is_taken_when_nothing_else_is", when("", "status==='rejected'"), nil, "r -> waits at no"},
		{"an_empty_text_is_a_value", when("", "status===''"), texts("status", ""), "r -> waits at yes"},
		{"a_value_of_an_undeclared_variable_is_ignored", when("", "status==='new'"), texts("other", "x"), "r -> waits at yes"},
		{
			"an_unreadable_value_leaves_the_initial_one", when("", "status==='new'"),
			[]migration.Variable{{Name: "status", Kind: migration.VariableUnreadable}},
			"r -> waits at yes",
		},
		{"an_integer_is_a_number", when("data n INTEGER", "n + 1 === 6"), texts("n", "5"), "r -> waits at yes"},
		{"a_float_is_a_number", when("data n FLOAT", "n + 1 === 2.5"), texts("n", "1.5"), "r -> waits at yes"},
		{"a_text_that_is_no_number_leaves_the_initial_one", when("data n INTEGER 3", "n === 3"), texts("n", "abc"), "r -> waits at yes"},
		{"a_boolean_has_its_initial_value", when("data b BOOLEAN TRUE", "b === true"), nil, "r -> waits at yes"},
		{"a_boolean_cannot_be_given", when("data b BOOLEAN true", "b === true"), texts("b", "false"), "r -> waits at yes"},
		{"a_datetime_is_a_date", when("data d DATETIME 2026-01-02 15:04:05", "d.getFullYear() === 2026"), nil, "r -> waits at yes"},
		{"null_and_zero_may_agree", when("data n INTEGER", "n > 1000"), nil, "r -> waits at no"},
		{"null_and_zero_may_not_agree", when("data n INTEGER", "n === null"), nil, "r -> unknown: the condition of r -> yes reads n, which has no value: null or empty"},
		{"null_and_false_may_not_agree", when("data b BOOLEAN", "b === false"), nil, "r -> unknown: the condition of r -> yes reads b, which has no value: null or empty"},
		{"an_initial_value_of_another_type_is_unknown", when("data n INTEGER x", "n > 1"), nil, "r -> unknown: the condition of r -> yes reads n, whose value is not of its type"},
		{"a_boolean_is_true_or_false", when("data b BOOLEAN 1", "b"), nil, "r -> unknown: the condition of r -> yes reads b, whose value is not of its type"},
		{"a_datetime_without_a_value_is_unknown", when("data d DATETIME", "d === null"), nil, "r -> unknown: the condition of r -> yes reads d, which has no value"},
		{"a_value_of_a_foreign_type_is_unknown", when("data o OTHER", "o === null"), nil, "r -> unknown: the condition of r -> yes reads o, which is of a type that cannot be followed"},

		{"a_blank_condition_is_true", "process main\n route r\n manual a\n manual b\n r -> a: BLANK\n r -> b", nil, "r -> waits at a"},
		{"xor_takes_the_first_true_one", "process main\n route r\n manual a\n manual b\n r -> a: true\n r -> b: nonsense", nil, "r -> waits at a"},
		{"and_takes_all_true_ones", "process main\n route r and-split\n manual a\n manual b\n manual c\n r -> a: true\n r -> b: false\n r -> c", nil, "r -> waits at a and c"},
		{"otherwise_comes_last_wherever_it_stands", "process main\n route r\n manual a\n manual b\n r -> a: OTHERWISE\n r -> b: true", nil, "r -> waits at b"},
		{"and_takes_otherwise_only_alone", "process main\n route r and-split\n manual a\n manual b\n r -> a: OTHERWISE\n r -> b", nil, "r -> waits at b"},
		{"of_several_otherwise_the_last_counts", "process main\n route r\n manual a\n manual b\n r -> a: OTHERWISE\n r -> b: OTHERWISE", nil, "r -> waits at b"},
		{"exceptions_are_not_followed", "process main\n route r\n manual a\n manual b\n r -> a: EXCEPTION\n r -> b", nil, "r -> waits at b"},
		{"no_transition_matching_ends", "process main\n route r\n manual a\n r -> a: false", nil, "r -> ends"},
		{"no_transition_matching_beside_a_wait_waits", "process main\n route r and-split\n route s\n manual a\n manual b\n r -> s\n s -> a: false\n r -> b", nil, "r -> s -> waits at b"},

		{
			"an_and_join_waits_for_every_way_in", "process main\n route r and-split\n route a\n route b\n manual j and-join\n r -> a\n r -> b\n a -> j\n b -> j", nil,
			"r -> a -> b -> waits at j",
		},
		{
			"a_branch_stops_at_an_and_join", "process main\n route r and-split\n route a\n manual b\n manual j and-join\n r -> a\n r -> b\n a -> j\n b -> j", nil,
			"r -> a -> waits at b -> stops after a at the AND-join j",
		},
		{
			"only_a_branch_at_an_and_join_is_unknown", "process main\n route r\n manual b\n manual j and-join\n r -> j\n b -> j\n r -> b: false", nil,
			"r -> stops after r at the AND-join j -> unknown: nothing is open, but an AND-join still waits",
		},
		{"an_and_join_with_one_way_in_does_not_wait", "process main\n route r\n manual j and-join\n r -> j", nil, "r -> waits at j"},
		{
			"a_full_and_join_forgets_who_came", "process main\n route r and-split\n route j and-join\n manual m\n r -> j\n r -> j\n r -> j\n r -> j\n j -> m: false", nil,
			"r -> j -> ends",
		},
		{
			"an_xor_join_starts_on_every_arrival", "process main\n route r and-split\n route a\n route b\n tool j\n r -> a\n r -> b\n a -> j\n b -> j", nil,
			"r -> a -> j -> b -> j -> ends",
		},
		{
			"an_open_activity_is_not_opened_twice", "process main\n route r and-split\n route a\n route b\n manual j\n r -> a\n r -> b\n a -> j\n b -> j", nil,
			"r -> a -> b -> waits at j",
		},
		{"a_loop_is_unknown", "process main\n route r\n route a\n route b\n r -> a\n a -> b\n b -> a", nil, "r -> a -> b -> unknown: a loops"},
		{"a_loop_that_is_left_is_none", "process main\n data v STRING x\n route r\n route a\n manual m\n r -> a\n a -> a: v==='y'\n a -> m: OTHERWISE", nil, "r -> a -> waits at m"},

		{
			"what_a_tool_may_set_is_unknown", "process main\n data status STRING\n tool t plugin=T\n manual a\n t -> a: status===''", nil,
			"t (T) -> unknown: the condition of t -> a reads status, which t may set",
		},
		{"an_unmapped_tool_sets_nothing", "process main\n data status STRING\n tool t\n manual a\n t -> a: status===''", nil, "t -> waits at a"},
		{"a_condition_without_variables_is_known_after_a_tool", "process main\n tool t plugin=T\n manual a\n t -> a: 1 < 2", nil, "t (T) -> waits at a"},
		{"a_decision_plugin_is_unknown", "process main\n route r plugin=D\n manual a\n r -> a", nil, "r (D) -> unknown: r has a decision plugin"},
		{"a_form_modifier_changes_nothing", "process main\n manual a plugin=M", nil, "waits at a"},
		{"conditions_of_a_split_are_read_before_its_tools_run", "process main\n data s STRING x\n route r and-split\n tool t plugin=T\n manual m\n r -> t\n r -> m: s==='x'", nil, "r -> t (T) -> waits at m"},

		{"a_script_error_is_unknown", when("", "status.foo.bar"), nil, "r -> unknown: the condition of r -> yes ends with a script error"},
		{"what_is_thrown_is_not_told", when("", "(function(){throw status})()"), texts("status", "secret"), "r -> unknown: the condition of r -> yes ends with a script error"},
		{"an_undeclared_name_out_of_a_value_is_not_told", when("", "eval(status)"), texts("status", "secret"), "r -> unknown: the condition of r -> yes ends with a script error"},
		{"a_thrown_object_that_does_not_end_is_left", when("", "(function(){throw {toString:function(){for(;;);}}})()"), nil, "r -> unknown: the condition of r -> yes ends with a script error"},
		{"a_result_is_not_looked_into", when("", "({get a(){for(;;);}})"), nil, "r -> unknown: the condition of r -> yes yields neither true nor false"},
		{"a_syntax_error_is_unknown", when("", "status ==== 'x'"), nil, "r -> unknown: the condition of r -> yes cannot be read as a script"},
		{"an_undeclared_variable_is_unknown", when("", "missing === 'x'"), nil, "r -> unknown: the condition of r -> yes reads missing, which is not declared"},
		{"a_text_is_no_answer", when("", "'true'"), nil, "r -> unknown: the condition of r -> yes yields neither true nor false"},
		{"a_number_is_no_answer", when("", "1"), nil, "r -> unknown: the condition of r -> yes yields neither true nor false"},
		{"java_is_unknown", when("", "java.lang.Boolean.TRUE"), nil, "r -> unknown: the condition of r -> yes uses Java"},
		{"java_is_unknown_even_where_its_error_is_caught", when("", "(function(){try{return Packages.x.y()}catch(e){return true}})()"), nil, "r -> unknown: the condition of r -> yes uses Java"},
		{"a_text_about_java_is_no_java", when("", "status === 'java.lang'"), nil, "r -> waits at no"},
		{"what_is_newer_than_the_engine_is_unknown", when("", "status.startsWith('x')"), nil, "r -> unknown: the condition of r -> yes is written in a newer JavaScript than Joget's"},
		{"syntax_newer_than_the_engine_is_unknown", when("", "(() => true)()"), nil, "r -> unknown: the condition of r -> yes is written in a newer JavaScript than Joget's"},
		{"a_regular_expression_that_may_not_end_is_unknown", when("", "/^(?=(a+)+$)a/.test(status)"), texts("status", strings.Repeat("a", 40)+"b"), "r -> unknown: the condition of r -> yes has a regular expression that may not end"},
		{"a_plain_regular_expression_is_known", when("", "/^(a+)+$/.test(status)"), texts("status", strings.Repeat("a", 40)+"b"), "r -> waits at no"},
		{"what_the_engine_has_is_known", when("", "'abc'.indexOf('b') === 1 && 'a,b'.split(',').length === 2 && isNaN('x')"), nil, "r -> waits at yes"},
		{"a_hash_variable_is_unknown", when("", "'#currentUser.username#' === 'cat'"), nil, "r -> unknown: the condition of r -> yes has a hash variable, which only the server can replace"},
		{"the_time_is_unknown", when("", "new Date().getTime() < 0"), nil, "r -> unknown: the condition of r -> yes depends on the time"},
		{"a_date_of_its_own_is_known", when("", "new Date(0).getTime() === 0"), nil, "r -> waits at yes"},
		{"chance_is_unknown", when("", "Math.random() < 2"), nil, "r -> unknown: the condition of r -> yes depends on chance"},
		{"a_condition_that_does_not_end_is_unknown", when("", "(function(){for(;;);})()"), nil, "r -> unknown: the condition of r -> yes does not end within a second"},
		{"a_condition_that_recurses_is_unknown", when("", "(function f(){return f()})()"), nil, "r -> unknown: the condition of r -> yes ends with a script error"},
		{"a_very_long_condition_is_unknown", when("", strings.Repeat("(", 1<<20)), nil, "r -> unknown: the condition of r -> yes is longer than 16 KiB"},
		{"a_variable_read_without_its_name_is_read", when("", "this['sta' + 'tus'] === 'x'"), texts("status", "x"), "r -> waits at yes"},
		{"a_condition_may_have_a_variable_of_its_own", when("", "var x = status; x === 'new'"), nil, "r -> waits at yes"},

		{"a_synchronous_subflow_waits_with_its_child", "process main\n call c sub\n manual m\n c -> m\n process sub\n route r\n manual a\n r -> a", nil, "waits at c [r -> waits at a]"},
		{"a_child_that_ends_is_gone_through", "process main\n call c sub\n manual m\n c -> m\n process sub\n route r", nil, "c [r -> ends] -> waits at m"},
		{
			"an_unknown_child_is_unknown", "process main\n call c sub\n manual m\n c -> m\n process sub\n route r plugin=D", nil,
			"c [r (D) -> unknown: r has a decision plugin] -> unknown: c: r has a decision plugin",
		},
		{"an_asynchronous_subflow_goes_on_at_once", "process main\n post c sub\n manual m\n c -> m\n process sub\n manual a", nil, "c (asynchronous) [waits at a] -> waits at m"},
		{"an_unknown_asynchronous_child_goes_on", "process main\n post c sub\n manual m\n c -> m\n process sub\n block b", nil, "c (asynchronous) [unknown: b is of kind block, which cannot be followed] -> waits at m"},
		{"a_subflow_that_is_not_there_is_unknown", "process main\n call c gone", nil, "c -> unknown: c calls gone, which is not there"},
		{"an_asynchronous_subflow_that_is_not_there_is_unknown", "process main\n post c gone", nil, "c (asynchronous) -> unknown: c calls gone, which is not there"},
		{
			"a_parameter_takes_the_value_of_its_variable", "process main\n data v STRING\n call c sub v\n process sub\n in p STRING\n data x STRING\n route r\n manual a\n r -> a: p==='go'",
			texts("v", "go"), "waits at c [r -> waits at a]",
		},
		{
			"an_out_parameter_takes_nothing", "process main\n data v STRING\n call c sub v\n process sub\n out p STRING\n route r\n manual a\n r -> a: p==='go'",
			texts("v", "go"), "c [r -> ends] -> ends",
		},
		{
			"a_computed_parameter_is_unknown", "process main\n data v STRING\n call c sub 'go'\n process sub\n in p STRING\n route r\n manual a\n r -> a: p==='go'", nil,
			"c [r -> unknown: the condition of r -> a reads p, which c computes] -> unknown: c: the condition of r -> a reads p, which c computes",
		},
		{
			"a_parameter_of_another_type_is_unknown", "process main\n data v STRING 1\n call c sub v\n process sub\n in p INTEGER\n route r\n manual a\n r -> a: p===1", nil,
			"c [r -> unknown: the condition of r -> a reads p, which is passed to another type] -> unknown: c: the condition of r -> a reads p, which is passed to another type",
		},
		{
			"an_out_parameter_is_written_back", "process main\n data v STRING x\n call c sub v\n manual m\n c -> m: v===''\n process sub\n out p STRING\n route r", nil,
			"c [r -> ends] -> waits at m",
		},
		{
			"an_in_parameter_is_not_written_back", "process main\n data v STRING x\n call c sub v\n manual m\n c -> m: v==='x'\n process sub\n in p STRING\n tool t plugin=T", nil,
			"c [t (T) -> ends] -> waits at m",
		},
		{
			"what_a_tool_of_the_child_may_set_is_written_back_as_unknown", "process main\n data v STRING x\n call c sub v\n manual m\n c -> m: v==='x'\n process sub\n inout p STRING\n tool t plugin=T", nil,
			"c [t (T) -> ends] -> unknown: the condition of c -> m reads v, which t may set",
		},
		{
			"a_process_that_calls_itself_is_unknown", "process main\n call c main", nil,
			strings.Repeat("c [", 10) + "c -> unknown: c is nested too deeply" + func() string {
				var s, why string
				for range 10 {
					why += "c: "
					s += "] -> unknown: " + why + "c is nested too deeply"
				}
				return s
			}(),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, walker(t, tc.definition).Walk(tc.values).String()); diff != "" {
				t.Errorf("path (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWalk_gives_the_facts_apart(t *testing.T) {
	t.Parallel()
	w := walker(t, `
		process main
		route r and-split
		tool mail plugin=EmailTool
		post tell sub
		call ask sub
		manual join and-join
		r -> mail
		r -> tell
		r -> ask
		mail -> join
		ask -> join
		process sub
		post deep leaf
		manual m
		deep -> m
		process leaf
		manual never`)
	got := w.Walk(nil)
	child := func(under string) *flow.Path {
		return &flow.Path{
			Outcome: flow.Waits, Waits: []flow.Wait{{Activity: "m"}},
			Steps: []flow.Step{{
				Activity: "deep", Kind: xpdl.Subflow, Under: under, Asynchronous: true,
				Child: &flow.Path{Outcome: flow.Waits, Waits: []flow.Wait{{Activity: "never"}}},
			}},
		}
	}
	want := flow.Path{
		Outcome: flow.Waits,
		Steps: []flow.Step{
			{Activity: "r", Kind: xpdl.Route},
			{Activity: "mail", Kind: xpdl.Tool, Plugin: "EmailTool"},
			{Activity: "tell", Kind: xpdl.Subflow, Asynchronous: true, Child: child("tell")},
		},
		Waits:  []flow.Wait{{Activity: "ask", Child: child("ask")}},
		Tokens: []migration.JoinToken{{Join: "join", From: "mail"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("path (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"tell", "tell/deep", "ask/deep"}, got.Asynchronous()); diff != "" {
		t.Errorf("asynchronous (-want +got):\n%s", diff)
	}
	var all []string
	for _, s := range got.All() {
		all = append(all, s.Under+":"+s.Activity)
	}
	if diff := cmp.Diff([]string{":r", ":mail", ":tell", "tell:deep", "ask:deep"}, all); diff != "" {
		t.Errorf("all steps (-want +got):\n%s", diff)
	}
}

func TestMayRun_takes_every_way(t *testing.T) {
	t.Parallel()
	w := walker(t, `
		process main
		data v STRING
		route r plugin=D
		tool a plugin=A
		tool b
		manual m
		tool late plugin=L
		call c sub
		r -> a: v==='1'
		r -> b: OTHERWISE
		r -> m: false
		m -> late
		b -> c
		process sub
		tool inner plugin=I
		call again sub
		post other main
		inner -> again`)
	seen := map[string]bool{}
	steps := w.MayRun()
	for _, s := range steps {
		seen[s.Under+":"+s.Activity+" "+s.Plugin] = true
	}
	for _, want := range []string{":r D", ":a A", ":b ", ":c ", "c:inner I", "c/again:inner I"} {
		if !seen[want] {
			t.Errorf("%q is not among the steps", want)
		}
	}
	if seen[":late L"] || seen[":m "] {
		t.Error("what waits, and what comes after it, is no step of a start")
	}
	if len(steps) > 1000 {
		t.Errorf("%d steps", len(steps))
	}
}

func TestNewWalker_without_a_process_is_unknown(t *testing.T) {
	t.Parallel()
	got := flow.NewWalker(flow.Definition{}, nil).Walk(texts("a", "b"))
	if got.Outcome != flow.Unknown || got.Why != "there is no activity to start with" {
		t.Errorf("got %+v", got)
	}
}

func TestWalk_is_bounded_where_branches_multiply(t *testing.T) {
	t.Parallel()
	text := "process main\n"
	for i := range 60 {
		text += fmt.Sprintf("route r%d and-split\n", i)
	}
	for i := range 59 {
		text += fmt.Sprintf("r%d -> r%d\n r%d -> r%d\n", i, i+1, i, i+1)
	}
	got := walker(t, text).Walk(nil)
	if got.Outcome != flow.Unknown || got.Why != "more than 1000 activities run" || len(got.Steps) > 1000 {
		t.Errorf("outcome %s, %q, %d steps", got.Outcome, got.Why, len(got.Steps))
	}
}

func TestWalk_leaves_nothing_behind(t *testing.T) {
	t.Parallel()
	w := walker(t, `
		process main
		data v STRING
		call c sub v
		manual m
		c -> m
		process sub
		inout p STRING
		data x STRING first
		route r
		tool t plugin=T
		manual again
		r -> again: x !== 'first' || p === 'given'
		r -> t: OTHERWISE`)
	const unset = "c [r -> t (T) -> ends] -> waits at m"
	for i, tc := range []struct {
		values []migration.Variable
		want   string
	}{{nil, unset}, {nil, unset}, {texts("v", "given"), "waits at c [r -> waits at again]"}, {nil, unset}} {
		if got := w.Walk(tc.values).String(); got != tc.want {
			t.Errorf("walk %d: %s, want %s", i, got, tc.want)
		}
	}
}

func TestWalk_keeps_instances_apart_when_many_walk_at_once(t *testing.T) {
	t.Parallel()
	// the first condition leaves something behind, the second would see it
	w := walker(t, `
		process main
		data v STRING
		route r and-split
		manual even
		manual odd
		manual leaked
		r -> even: left = v; v % 2 === 0
		r -> odd: v % 2 === 1
		r -> leaked: typeof left !== 'undefined'`)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			want := []string{"r -> waits at even", "r -> waits at odd"}[i%2]
			if got := w.Walk(texts("v", fmt.Sprint(i%50))).String(); got != want {
				t.Errorf("walk with %d: %s, want %s", i%50, got, want)
			}
		})
	}
	wg.Wait()
}

func TestWalk_stops_a_condition_without_end_only_once(t *testing.T) {
	t.Parallel()
	w := walker(t, when("", "status === 'x' || (function(){for(;;);})()"))
	begin := time.Now()
	for i := range 20 {
		if got := w.Walk(texts("status", fmt.Sprint(i))); got.Outcome != flow.Unknown {
			t.Fatalf("outcome %s", got.Outcome)
		}
	}
	if d := time.Since(begin); d > 10*time.Second {
		t.Errorf("20 instances took %v", d)
	}
}
