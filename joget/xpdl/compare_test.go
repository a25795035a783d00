package xpdl_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/joget/xpdl"
)

const compared = `<Package Id="p"><Participants><Participant Id="approver" Name="Approver"/></Participants><WorkflowProcesses><WorkflowProcess Id="main" Name="Main">
<ProcessHeader DurationUnit="h"><Limit>2</Limit></ProcessHeader>
<FormalParameters><FormalParameter Id="who" Mode="IN"><DataType><BasicType Type="STRING"/></DataType></FormalParameter><FormalParameter Id="what" Mode="OUT"><DataType><BasicType Type="STRING"/></DataType></FormalParameter></FormalParameters>
<DataFields><DataField Id="status"><DataType><BasicType Type="STRING"/></DataType><InitialValue>new</InitialValue></DataField></DataFields>
<ActivitySets><ActivitySet Id="set1"><Activities><Activity Id="inner"><Route/></Activity></Activities></ActivitySet></ActivitySets>
<Activities>
<Activity Id="approve" Name="Approve"><Limit>1</Limit><Implementation><No/></Implementation><Performer>approver</Performer><Deadline Execution="SYNCHR"><DeadlineCondition>later()</DeadlineCondition><ExceptionName>late</ExceptionName></Deadline></Activity>
<Activity Id="decide"><Route/><Performer>approver</Performer><TransitionRestrictions><TransitionRestriction><Join Type="XOR"/><Split Type="XOR"><TransitionRefs><TransitionRef Id="t2"/><TransitionRef Id="t3"/><TransitionRef Id="t4"/></TransitionRefs></Split></TransitionRestriction></TransitionRestrictions></Activity>
<Activity Id="mail"><Implementation><Tool Id="default_application"/></Implementation></Activity>
<Activity Id="call"><Implementation><SubFlow Id="child" Execution="SYNCHR"><ActualParameters><ActualParameter>status</ActualParameter></ActualParameters></SubFlow></Implementation></Activity>
<Activity Id="block"><BlockActivity BlockId="set1"/></Activity>
</Activities>
<Transitions>
<Transition Id="t1" From="approve" To="decide"/>
<Transition Id="t2" From="decide" To="mail"><Condition Type="CONDITION">status==='rejected'</Condition></Transition>
<Transition Id="t3" From="decide" To="call"><Condition Type="CONDITION">status==='again'</Condition></Transition>
<Transition Id="t4" From="decide" To="block"><Condition Type="OTHERWISE"/></Transition>
</Transitions></WorkflowProcess></WorkflowProcesses></Package>`

func process(tb testing.TB, text string) *xpdl.Process {
	tb.Helper()
	p, err := xpdl.Parse(strings.NewReader(text))
	if err != nil {
		tb.Fatal(err)
	}
	return p.Process("main")
}

func render(differences []xpdl.Difference) string {
	var b strings.Builder
	for _, d := range differences {
		fmt.Fprintf(&b, "%s | %s\n", d.Aspect, d)
	}
	return b.String()
}

func rename(pairs map[string]string) func(string) string {
	return func(s string) string {
		if to, ok := pairs[s]; ok {
			return to
		}
		return s
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		replace []string // old, new, ... in the target
		names   xpdl.Names
		want    []string
	}{
		{name: "a_definition_is_like_itself"},
		{
			name: "names_layout_and_spelling_are_no_difference",
			replace: []string{
				`Name="Approve"`, `Name="Sign"`, `Id="t1"`, `Id="x1"`, `"t2"`, `"x2"`, `<Condition Type="CONDITION">status==='again'`, "<Condition Type=\"CONDITION\">\n  status==='again' ",
				`Name="Approver"`, `Name="Boss"`, `<Transition Id="x1" From="approve" To="decide"/>`, `<Transition Id="x1" From="approve" To="decide"><Condition Type="CONDITION"> </Condition></Transition>`,
			},
		},
		{
			name: "an_activity_of_another_kind", replace: []string{`<Implementation><No/></Implementation>`, `<Implementation><Tool Id="x"/></Implementation>`},
			want: []string{"activities | approve: manual -> tool"},
		},
		{
			name: "an_activity_that_is_missing", replace: []string{`<Activity Id="block"><BlockActivity BlockId="set1"/></Activity>`, "", `<Transition Id="t4" From="decide" To="block"><Condition Type="OTHERWISE"/></Transition>`, ""},
			want: []string{"activities | only on the source: block (block)", "transitions | only on the source: decide -> block (OTHERWISE)"},
		},
		{
			name: "an_activity_that_is_new", replace: []string{`<Activity Id="mail">`, `<Activity Id="other"><Route/></Activity><Activity Id="mail">`},
			want: []string{"activities | only on the target: other (route)"},
		},
		{
			name: "another_performer_of_a_manual_activity", replace: []string{`<Performer>approver</Performer><Deadline`, `<Performer>boss</Performer><Deadline`},
			want: []string{"activities | approve performer: approver -> boss"},
		},
		{name: "the_swimlane_of_a_route_is_no_difference", replace: []string{`<Performer>approver</Performer><TransitionR`, `<Performer>boss</Performer><TransitionR`}},
		{
			name: "another_block", replace: []string{`"set1"`, `"set2"`},
			want: []string{"activities | block runs block: set1 -> set2", "activities | inner is in block: set1 -> set2"},
		},
		{
			name: "another_condition", replace: []string{`status==='rejected'`, `status==='no'`},
			want: []string{"transitions | decide -> mail: CONDITION status==='rejected' -> CONDITION status==='no'"},
		},
		{
			name: "another_type_of_condition", replace: []string{`<Condition Type="CONDITION">status==='rejected'`, `<Condition Type="EXCEPTION">status==='rejected'`},
			want: []string{"transitions | decide -> mail: CONDITION status==='rejected' -> EXCEPTION status==='rejected'"},
		},
		{
			name: "a_condition_that_is_gone", replace: []string{`<Condition Type="CONDITION">status==='rejected'</Condition>`, ""},
			want: []string{"transitions | decide -> mail: CONDITION status==='rejected' -> no condition"},
		},
		{
			name: "a_transition_that_leads_elsewhere", replace: []string{`From="approve" To="decide"`, `From="approve" To="mail"`},
			want: []string{"transitions | only on the source: approve -> decide (no condition)", "transitions | only on the target: approve -> mail (no condition)"},
		},
		{
			name: "a_second_transition_between_the_same_two", replace: []string{`<Transition Id="t1"`, `<Transition Id="t0" From="decide" To="mail"><Condition Type="CONDITION">true</Condition></Transition><Transition Id="t1"`},
			want: []string{"transitions | only on the target: decide -> mail (CONDITION true)", "joins_splits | decide split order: mail, call -> mail, call, mail"},
		},
		{name: "another_join", replace: []string{`<Join Type="XOR"/>`, `<Join Type="AND"/>`}, want: []string{"joins_splits | decide join: XOR -> AND"}},
		{name: "another_split", replace: []string{`<Split Type="XOR">`, `<Split Type="AND">`}, want: []string{"joins_splits | decide split: XOR -> AND"}},
		{
			name: "another_order_of_an_xor_split", replace: []string{`<TransitionRef Id="t2"/><TransitionRef Id="t3"/>`, `<TransitionRef Id="t3"/><TransitionRef Id="t2"/>`},
			want: []string{"joins_splits | decide split order: mail, call -> call, mail"},
		},
		{name: "where_otherwise_stands_is_no_difference", replace: []string{`<TransitionRef Id="t2"/><TransitionRef Id="t3"/><TransitionRef Id="t4"/>`, `<TransitionRef Id="t4"/><TransitionRef Id="t2"/><TransitionRef Id="t3"/>`}},
		{name: "the_text_of_otherwise_is_no_difference", replace: []string{`<Condition Type="OTHERWISE"/>`, `<Condition Type="OTHERWISE">x</Condition>`}},
		{
			name: "the_order_of_an_and_split_is_no_difference", replace: []string{`<Split Type="XOR">`, `<Split Type="AND">`, `<TransitionRef Id="t2"/><TransitionRef Id="t3"/>`, `<TransitionRef Id="t3"/><TransitionRef Id="t2"/>`},
			want: []string{"joins_splits | decide split: XOR -> AND"},
		},
		{name: "a_participant_named_twice_is_no_difference", replace: []string{`</Participants>`, `<Participant Id="approver"/></Participants>`}},
		{name: "another_type_of_variable", replace: []string{`<DataField Id="status"><DataType><BasicType Type="STRING"/>`, `<DataField Id="status"><DataType><BasicType Type="INTEGER"/>`}, want: []string{"variables | status: STRING = new -> INTEGER = new"}},
		{name: "another_initial_value", replace: []string{`new<`, `<`}, want: []string{"variables | status: STRING = new -> STRING"}},
		{name: "another_mode", replace: []string{`"IN"`, `"INOUT"`}, want: []string{"variables | who: STRING IN -> STRING INOUT"}},
		{name: "another_variable", replace: []string{`DataField Id="status"`, `DataField Id="state"`}, want: []string{"variables | only on the source: status (STRING = new)", "variables | only on the target: state (STRING = new)"}},
		{
			name: "another_order_of_parameters", replace: []string{`Id="who" Mode="IN"`, `Id="x" Mode="OUT"`, `Id="what" Mode="OUT"`, `Id="who" Mode="IN"`, `Id="x"`, `Id="what"`},
			want: []string{"variables | order of parameters: who, what -> what, who"},
		},
		{name: "another_participant", replace: []string{`Participant Id="approver"`, `Participant Id="boss"`}, want: []string{"participants | only on the source: approver (participant)", "participants | only on the target: boss (participant)"}},
		{name: "another_unit", replace: []string{`DurationUnit="h"`, `DurationUnit="D"`}, want: []string{"deadlines | duration unit: 1h0m0s -> 24h0m0s", "deadlines | limit of the process: 2h0m0s -> 48h0m0s", "deadlines | approve limit: 1h0m0s -> 24h0m0s"}},
		{name: "a_limit_that_is_gone", replace: []string{`<Limit>1</Limit>`, ``}, want: []string{"deadlines | approve limit: 1h0m0s -> none"}},
		{name: "another_deadline", replace: []string{`later()`, `never()`}, want: []string{"deadlines | approve deadline late: SYNCHR later() -> SYNCHR never()"}},
		{name: "another_execution_of_a_deadline", replace: []string{`<Deadline Execution="SYNCHR">`, `<Deadline Execution="ASYNCHR">`}, want: []string{"deadlines | approve deadline late: SYNCHR later() -> ASYNCHR later()"}},
		{name: "another_exception", replace: []string{`>late<`, `>slow<`}, want: []string{"deadlines | only on the source: approve deadline late (SYNCHR later())", "deadlines | only on the target: approve deadline slow (SYNCHR later())"}},
		{name: "another_subflow", replace: []string{`<SubFlow Id="child" Execution="SYNCHR">`, `<SubFlow Id="kid" Execution="ASYNCHR">`}, want: []string{"subflows | call calls: child -> kid", "subflows | call execution: SYNCHR -> ASYNCHR"}},
		{name: "another_parameter", replace: []string{`<ActualParameter>status</ActualParameter>`, ``}, want: []string{"subflows | call parameters: status -> none"}},
		{
			name: "a_mapped_activity_is_the_same", replace: []string{`"decide"`, `"judge"`, `Id="approve"`, `Id="sign"`, `From="approve"`, `From="sign"`},
			names: xpdl.Names{Activity: rename(map[string]string{"decide": "judge", "approve": "sign"})},
		},
		{
			name: "a_mapped_activity_is_compared", replace: []string{`"decide"`, `"judge"`, `'rejected'`, `'no'`, `<Join Type="XOR"/>`, `<Join Type="AND"/>`},
			names: xpdl.Names{Activity: rename(map[string]string{"decide": "judge"})},
			want:  []string{"transitions | decide -> mail: CONDITION status==='rejected' -> CONDITION status==='no'", "joins_splits | decide join: XOR -> AND"},
		},
		{
			name: "two_activities_may_map_to_one", replace: []string{`<Activity Id="mail"><Implementation><Tool Id="default_application"/></Implementation></Activity>`, ``, `To="mail"`, `To="call"`},
			names: xpdl.Names{Activity: rename(map[string]string{"mail": "call"})}, want: []string{"activities | mail: tool -> subflow"},
		},
		{
			name: "an_activity_left_out_is_not_compared", replace: []string{`<Activity Id="block"><BlockActivity BlockId="set1"/></Activity>`, "", `<Transition Id="t4" From="decide" To="block"><Condition Type="OTHERWISE"/></Transition>`, ""},
			names: xpdl.Names{Activity: rename(map[string]string{"block": ""})},
		},
		{
			name: "a_mapped_variable_is_the_same", replace: []string{`DataField Id="status"`, `DataField Id="state"`, `<ActualParameter>status`, `<ActualParameter>state`},
			names: xpdl.Names{Variable: rename(map[string]string{"status": "state"})},
		},
		{
			name: "a_dropped_variable_is_not_compared", replace: []string{`<FormalParameter Id="what" Mode="OUT"><DataType><BasicType Type="STRING"/></DataType></FormalParameter>`, ""},
			names: xpdl.Names{Variable: rename(map[string]string{"what": ""})},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			text := compared
			for i := 0; i < len(tc.replace); i += 2 {
				if !strings.Contains(text, tc.replace[i]) {
					t.Fatalf("%q is not there", tc.replace[i])
				}
				text = strings.ReplaceAll(text, tc.replace[i], tc.replace[i+1])
			}
			got := render(xpdl.Compare(process(t, compared), process(t, text), tc.names))
			want := strings.Join(tc.want, "\n")
			if diff := cmp.Diff(want, strings.TrimSuffix(got, "\n")); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompare_takes_nil_for_nothing(t *testing.T) {
	t.Parallel()
	p := process(t, compared)
	if got := xpdl.Compare(nil, nil, xpdl.Names{}); len(got) > 0 {
		t.Errorf("nothing differs from nothing by %v", got)
	}
	for _, d := range xpdl.Compare(p, nil, xpdl.Names{}) {
		if d.Source == "" || d.Subject == "duration unit" {
			t.Errorf("%q is nothing the source has and nothing lacks", d)
		}
	}
	if got := render(xpdl.Compare(nil, p, xpdl.Names{})); !strings.Contains(got, "activities | only on the target: approve (manual)\n") {
		t.Errorf("got %s", got)
	}
}

func TestDiff_shows_one_aspect_and_is_bounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	differences := []xpdl.Difference{
		{Aspect: xpdl.AspectVariables, Subject: "v", Source: "STRING"},
		{Aspect: xpdl.AspectTransitions, Subject: "a -> b", Source: "CONDITION s===1\n\t|| r", Target: "OTHERWISE"},
		{Aspect: xpdl.AspectTransitions, Subject: "a -> c", Target: "no condition"},
	}
	want := "- a -> b: CONDITION s===1\\n\\t|| r\n+ a -> b: OTHERWISE\n+ a -> c: no condition"
	if diff := cmp.Diff(want, xpdl.Diff(differences, xpdl.AspectTransitions)); diff != "" {
		t.Errorf("diff (-want +got):\n%s", diff)
	}
	if got := xpdl.Diff(differences, xpdl.AspectSubflows); got != "" {
		t.Errorf("an aspect without differences gives %q", got)
	}
	for i := range 10 {
		differences = append(differences, xpdl.Difference{Aspect: xpdl.AspectTransitions, Subject: fmt.Sprint("z", i), Source: "1", Target: "2"})
	}
	lines := strings.Split(xpdl.Diff(differences, xpdl.AspectTransitions), "\n")
	if len(lines) != 12 || lines[11] != "and 6 more" || lines[10] != "+ z3: 2" {
		t.Errorf("got %q", lines)
	}
	one := xpdl.Difference{Subject: "a", Source: long + "1" + long, Target: long + "2" + long}.String()
	if len(one) > 280 || !strings.HasPrefix(one, "a: ...x") || !strings.Contains(one, "x1x") || !strings.Contains(one, "x2x") {
		t.Errorf("a long text is cut to %d bytes: %s", len(one), one)
	}
}

// large is a file of n activities, with variables, joins, tools and conditions.
func large(n int) string {
	var b strings.Builder
	b.WriteString(`<Package Id="p"><WorkflowProcesses><WorkflowProcess Id="main"><DataFields>`)
	for i := range n * 6 / 10 {
		fmt.Fprintf(&b, `<DataField Id="v%d"><DataType><BasicType Type="STRING"/></DataType></DataField>`, i)
	}
	b.WriteString(`</DataFields><Activities>`)
	kinds := []string{`<Implementation><No/></Implementation>`, `<Route/>`, `<Implementation><Tool Id="default_application"/></Implementation>`}
	for i := range n {
		fmt.Fprintf(&b, `<Activity Id="a%d">%s<TransitionRestrictions><TransitionRestriction><Join Type="%s"/></TransitionRestriction></TransitionRestrictions></Activity>`, i, kinds[i%3], []string{"XOR", "AND"}[i%2])
	}
	b.WriteString(`</Activities><Transitions>`)
	for i := range n * 4 {
		fmt.Fprintf(&b, `<Transition Id="t%d" From="a%d" To="a%d"><Condition Type="CONDITION">v%d === 'x%d'</Condition></Transition>`, i, i%n, i*7%n, i%60, i)
	}
	b.WriteString(`</Transitions></WorkflowProcess></WorkflowProcesses></Package>`)
	return b.String()
}

// BenchmarkParseAndCompare reads and compares two definitions of 100
// activities, 60 variables and 400 transitions, of which every condition differs.
func BenchmarkParseAndCompare(b *testing.B) {
	text := large(100)
	other := strings.ReplaceAll(text, "=== 'x", "=== 'y")
	for b.Loop() {
		if got := xpdl.Compare(process(b, text), process(b, other), xpdl.Names{}); len(got) != 400 {
			b.Fatalf("%d differences", len(got))
		}
	}
}

func FuzzCompare(f *testing.F) {
	raw, err := os.ReadFile("testdata/sample.xpdl")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw, []byte(compared))
	f.Add([]byte(compared), bytes.ReplaceAll([]byte(compared), []byte("t3"), []byte("t9")))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		x, err := xpdl.Parse(bytes.NewReader(a))
		if err != nil {
			return
		}
		y, err := xpdl.Parse(bytes.NewReader(b))
		if err != nil {
			y = &xpdl.Package{}
		}
		for _, p := range x.Processes {
			if d := xpdl.Compare(p, p, xpdl.Names{}); len(d) > 0 {
				t.Errorf("a definition differs from itself: %v", d)
			}
			for _, q := range append(y.Processes, nil) {
				d := xpdl.Compare(p, q, xpdl.Names{})
				if diff := cmp.Diff(render(d), render(xpdl.Compare(p, q, xpdl.Names{}))); diff != "" {
					t.Errorf("two comparisons differ:\n%s", diff)
				}
				if lines := strings.Count(xpdl.Diff(d, xpdl.AspectTransitions), "\n"); lines > 12 {
					t.Errorf("%d lines", lines)
				}
			}
		}
	})
}
