package flow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/joget/flow"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// drawn makes definitions of lines such as "approve -> gate [status==='x']".
// Activities are manual, unless their name says otherwise: "route:gate",
// "tool:mail", "call:sub>child", "async:sub>child". "&" before a name makes an
// AND-join, "+" behind it an AND-split.
func drawn(t *testing.T, key string, plugins map[string]string, lines ...string) flow.Definition {
	t.Helper()
	var activities, transitions strings.Builder
	known := map[string]bool{}
	add := func(text string) string {
		join, split := "XOR", "XOR"
		if strings.HasPrefix(text, "&") {
			join, text = "AND", text[1:]
		}
		if strings.HasSuffix(text, "+") {
			split, text = "AND", strings.TrimSuffix(text, "+")
		}
		kind, name, found := strings.Cut(text, ":")
		if !found {
			kind, name = "manual", text
		}
		name, called, _ := strings.Cut(name, ">")
		if known[name] {
			return name
		}
		known[name] = true
		body := map[string]string{
			"manual": "<Implementation><No/></Implementation>", "route": "<Route/>",
			"tool":  `<Implementation><Tool Id="x" Type="APPLICATION"/></Implementation>`,
			"call":  fmt.Sprintf(`<Implementation><SubFlow Id="%s" Execution="SYNCHR"/></Implementation>`, called),
			"async": fmt.Sprintf(`<Implementation><SubFlow Id="%s" Execution="ASYNCHR"/></Implementation>`, called),
		}[kind]
		fmt.Fprintf(&activities, `<Activity Id="%s">%s<TransitionRestrictions><TransitionRestriction><Join Type="%s"/><Split Type="%s"/></TransitionRestriction></TransitionRestrictions></Activity>`, name, body, join, split)
		return name
	}
	for n, line := range lines {
		line, condition, conditional := strings.Cut(line, " [")
		from, to, _ := strings.Cut(line, " -> ")
		from = add(from)
		if to == "" {
			continue
		}
		text := ""
		if condition = strings.TrimSuffix(condition, "]"); condition == "otherwise" {
			text = `<Condition Type="OTHERWISE"/>`
		} else if conditional {
			text = `<Condition Type="CONDITION">` + condition + `</Condition>`
		}
		fmt.Fprintf(&transitions, `<Transition Id="t%d" From="%s" To="%s">%s</Transition>`, n+1, from, add(to), text)
	}
	p, err := xpdl.Parse(strings.NewReader(fmt.Sprintf(`<Package xmlns="http://www.wfmc.org/2002/XPDL1.0" Id="crm"><WorkflowProcesses>
		<WorkflowProcess Id="%s"><Activities>%s</Activities><Transitions>%s</Transitions></WorkflowProcess></WorkflowProcesses></Package>`, key, &activities, &transitions)))
	if err != nil {
		t.Fatal(err)
	}
	return flow.Definition{Process: p.Process(key), Plugins: plugins}
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	const when = " [status==='x']"
	waits := func(join, from string) []migration.JoinToken {
		return []migration.JoinToken{{Join: migration.ActivityDefID(join), From: migration.ActivityDefID(from)}}
	}
	for _, tc := range []struct {
		name     string
		lines    []string // of the root
		child    []string // of the subflow "child"
		plugins  map[string]string
		tokens   []migration.JoinToken
		inside   bool // the activity is in the child, which "sub" of the root waits for
		busy     bool // others of its instance are open
		activity string
		want     []string
	}{
		{name: "the_next_wait_follows_at_once", lines: []string{"a -> b", "b -> c" + when}, activity: "a"},
		{name: "the_end_follows", lines: []string{"a"}, activity: "a"},
		{name: "its_own_transitions_have_conditions", lines: []string{"a -> b" + when, "a -> c [otherwise]"}, activity: "a", want: []string{"t1: a -> b"}},
		{name: "a_route_behind_tools_decides", lines: []string{"a -> tool:mail", "tool:mail -> route:gate", "route:gate -> b" + when, "route:gate -> c [otherwise]"}, activity: "a", want: []string{"t3: gate -> b"}},
		{name: "the_rest_alone_is_no_decision", lines: []string{"a -> route:gate [otherwise]", "route:gate -> b" + when}, activity: "a", want: []string{"t2: gate -> b"}},
		{name: "the_rest_named_first_hides_no_decision", lines: []string{"a -> c [otherwise]", "a -> b" + when}, activity: "a", want: []string{"t2: a -> b"}},
		{name: "what_always_comes_first_decides_an_exclusive_split", lines: []string{"a -> b", "a -> c" + when}, activity: "a"},
		{name: "a_parallel_split_asks_all", lines: []string{"a+ -> b", "a -> c" + when}, activity: "a", want: []string{"t2: a -> c"}},
		{name: "a_decision_plugin", lines: []string{"a -> route:gate", "route:gate -> b"}, plugins: map[string]string{"gate": "x.Decision"}, activity: "a", want: []string{"the decision plugin of gate"}},
		{name: "a_tool_is_none", lines: []string{"a -> tool:mail", "tool:mail -> b"}, plugins: map[string]string{"mail": "x.Mail"}, activity: "a"},
		{name: "a_loop_without_waits_ends", lines: []string{"a -> tool:x", "tool:x -> tool:y", "tool:y -> tool:x"}, activity: "a"},
		{name: "a_join_that_waits_for_others_holds_the_branch", lines: []string{"a -> &route:merge", "b -> route:merge", "route:merge -> c" + when}, activity: "a"},
		{name: "a_join_that_is_complete_lets_it_go", lines: []string{"a -> &route:merge", "b -> route:merge", "route:merge -> c" + when}, tokens: waits("merge", "b"), activity: "a", want: []string{"t3: merge -> c"}},
		{name: "both_branches_may_come_of_one_completion", lines: []string{"a+ -> tool:x", "a -> tool:y", "tool:x -> &route:merge", "tool:y -> route:merge", "route:merge -> c" + when}, activity: "a", want: []string{"t5: merge -> c"}},
		{name: "a_subflow_that_waits", lines: []string{"a -> call:sub>child", "call:sub>child -> c" + when}, child: []string{"x -> y"}, activity: "a"},
		{name: "a_subflow_that_decides_at_its_start", lines: []string{"a -> call:sub>child", "call:sub>child -> c"}, child: []string{"route:go -> y" + when, "route:go -> z [otherwise]"}, activity: "a", want: []string{"t1: go -> y"}},
		{name: "a_subflow_that_runs_through", lines: []string{"a -> call:sub>child", "call:sub>child -> c" + when}, child: []string{"tool:x -> tool:y"}, activity: "a", want: []string{"t2: sub -> c"}},
		{name: "one_that_nobody_waits_for", lines: []string{"a -> async:sub>child", "async:sub>child -> c" + when}, child: []string{"x -> y"}, activity: "a", want: []string{"t2: sub -> c"}},
		{name: "one_that_cannot_be_read", lines: []string{"a -> call:sub>other", "call:sub>other -> c"}, activity: "a", want: []string{"sub: calls other, which cannot be read"}},
		{name: "the_end_of_a_subflow_is_not_the_end", lines: []string{"call:sub>child -> route:gate", "route:gate -> c" + when}, child: []string{"x -> y"}, inside: true, activity: "y", want: []string{"t2: gate -> c"}},
		{name: "a_subflow_with_other_branches_does_not_end", lines: []string{"call:sub>child -> c" + when}, child: []string{"route:go+ -> x", "route:go -> y"}, inside: true, busy: true, activity: "x"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			root, child := drawn(t, "main", tc.plugins, tc.lines...), flow.Definition{}
			if len(tc.child) > 0 {
				child = drawn(t, "child", nil, tc.child...)
			}
			levels := []flow.Level{{Definition: root, Tokens: tc.tokens, Busy: tc.busy}}
			if tc.inside {
				levels = []flow.Level{{Definition: child, Caller: "sub", Busy: tc.busy}, levels[0]}
			}
			got := flow.Decisions(levels, tc.activity, func(key string) (flow.Definition, bool) { return child, key == "child" && child.Process != nil })
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("decisions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckAnswers(t *testing.T) {
	t.Parallel()
	p, err := xpdl.Parse(strings.NewReader(`<Package xmlns="http://www.wfmc.org/2002/XPDL1.0" Id="crm"><WorkflowProcesses><WorkflowProcess Id="process1"><DataFields>
		<DataField Id="status"><DataType><BasicType Type="STRING"/></DataType></DataField>
		<DataField Id="amount"><DataType><BasicType Type="INTEGER"/></DataType></DataField>
		</DataFields><Activities><Activity Id="approve"><Implementation><No/></Implementation></Activity><Activity Id="gate"><Route/></Activity></Activities>
		</WorkflowProcess></WorkflowProcesses></Package>`))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]*xpdl.Process{"crm/process1": p.Process("process1")}
	for _, tc := range []struct {
		name    string
		answers migration.Answers
		want    []string
	}{
		{name: "none"},
		{name: "texts_of_a_manual_activity", answers: migration.Answers{"crm/process1": {"approve": {{"status": "x"}, nil}}}},
		{
			name: "all_mistakes_at_once",
			answers: migration.Answers{
				"crm/proces1":  {"approve": {{}}},
				"crm/process1": {"aprove": {{"status": "x"}}, "gate": {{}}, "approve": {{}, {"amount": "7", "statu": "x"}}},
			},
			want: []string{
				`crm/proces1: there is no process "crm/proces1"; did you mean crm/process1?`,
				`crm/process1.approve, visit 2: variable "amount" is INTEGER, and only STRING ones can be given`,
				`crm/process1.approve, visit 2: there is no variable "statu"; did you mean status?`,
				`crm/process1.aprove: there is no manual activity "aprove"; did you mean approve?`,
				`crm/process1.gate: there is no manual activity "gate"`,
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, flow.CheckAnswers(tc.answers, known)); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}
