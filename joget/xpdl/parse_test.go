package xpdl_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/joget/xpdl"
)

func sample(t *testing.T) *xpdl.Process {
	t.Helper()
	raw, err := os.ReadFile("testdata/sample.xpdl")
	if err != nil {
		t.Fatal(err)
	}
	p, err := xpdl.Parse(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if p.ID != "sample" || p.Name != "Sample" || p.Process("Approval") != nil {
		t.Fatalf("package %q %q, process by another case %v", p.ID, p.Name, p.Process("Approval"))
	}
	if x := p.Process("approval"); x != nil {
		return x
	}
	t.Fatal("no process approval")
	return nil
}

func TestParse_reads_what_Joget_writes(t *testing.T) {
	t.Parallel()
	p := sample(t)
	want := &xpdl.Process{
		Key: "approval", Name: "Approval", DurationUnit: time.Minute, Limit: 90 * time.Minute, Priority: 4,
		Variables: []xpdl.Variable{
			{Name: "status", Type: xpdl.String, Mode: xpdl.ModeInOut},
			{Name: "amount", Type: xpdl.Float, Mode: xpdl.ModeIn},
			{Name: "count", Type: xpdl.Integer, Initial: "7"},
			{Name: "list", Type: xpdl.Other},
			{Name: "odd", Type: xpdl.Other},
		},
		Participants: []xpdl.Participant{{ID: "approver", Name: "Approver"}, {ID: "requester", Name: "Requester"}},
		Activities: []*xpdl.Activity{
			{ID: "route1", Name: "Route 1", Kind: xpdl.Route, Performer: "approver", Join: xpdl.XOR, Split: xpdl.XOR},
			{
				ID: "approve", Name: "Approve", Kind: xpdl.Manual, Performer: "approver", Join: xpdl.XOR, Split: xpdl.XOR, Priority: 5, Limit: 90 * time.Second,
				Deadlines: []xpdl.Deadline{{Execution: xpdl.Synchronous, Condition: "new Date(ACTIVITY_ACTIVATED_TIME.getTime()+1000)", Exception: "late"}},
			},
			{ID: "decide", Name: "Decide", Kind: xpdl.Route, Join: xpdl.AND, Split: xpdl.AND, SplitRefs: []string{"t5", "gone", "t3"}},
			{ID: "mail", Name: "Mail", Kind: xpdl.Tool, Tools: []string{"default_application"}, Join: xpdl.XOR, Split: xpdl.XOR},
			{ID: "call", Name: "Call", Kind: xpdl.Subflow, SubflowRef: "child", Execution: xpdl.Asynchronous, Parameters: []string{"status", "amount"}, Join: xpdl.XOR, Split: xpdl.XOR},
			{ID: "block", Name: "Block", Kind: xpdl.Block, BlockSet: "set1", Join: xpdl.XOR, Split: xpdl.XOR},
			{ID: "strange", Name: "Strange", Kind: xpdl.Unknown, Join: xpdl.XOR, Split: xpdl.XOR},
			{ID: "inner", Name: "Inner", Kind: xpdl.Manual, Set: "set1", Join: xpdl.XOR, Split: xpdl.XOR},
		},
	}
	if d := cmp.Diff(want, p, cmpopts.IgnoreUnexported(xpdl.Process{}), cmpopts.IgnoreFields(xpdl.Process{}, "Transitions")); d != "" {
		t.Errorf("process (-want +got):\n%s", d)
	}
}

func ids[T any](list []T, id func(T) string) string {
	var out []string
	for _, x := range list {
		out = append(out, id(x))
	}
	return strings.Join(out, " ")
}

func TestProcess_walks_the_graph_as_the_engine_does(t *testing.T) {
	t.Parallel()
	p := sample(t)
	activity := func(a *xpdl.Activity) string { return a.ID }
	transition := func(x *xpdl.Transition) string { return x.ID }
	for _, tc := range []struct{ name, got, want string }{
		// block has one transition to itself, inner is no top level activity
		{"starts_are_activities_without_a_way_in", ids(p.StartActivities(), activity), "route1 block strange"},
		{"outgoing_follows_the_split_then_the_document", ids(p.Outgoing("decide"), transition), "t5 t3 t4"},
		{"outgoing_leaves_exceptions_out", ids(p.Outgoing("approve"), transition), "t2"},
		{"exceptions_are_asked_for_apart", ids(p.Exceptions("approve"), transition), "late"},
		{"incoming_counts_every_transition", ids(p.Incoming("mail"), transition), "late t4"},
		{"parameters_keep_their_order", ids(p.Parameters(), func(v xpdl.Variable) string { return v.Name }), "status amount"},
		{"unknown_activity_has_no_transitions", ids(p.Outgoing("nothing"), transition), ""},
		{"xpression_is_condition_text", p.Transition("t5").Condition.Text, "amount < 5"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.got != tc.want {
				t.Errorf("got %q, want %q", tc.got, tc.want)
			}
		})
	}
	if !p.Transition("t7").Always() || !p.Transition("t1").Always() || p.Transition("t4").Always() || p.Transition("t3").Always() || p.Transition("late").Always() {
		t.Error("only transitions with blank conditions need no evaluation")
	}
	if !p.Activity("approve").Waits() || p.Activity("call").Waits() || p.Activity("mail").Waits() {
		t.Error("manual activities wait, tools and asynchronous subflows do not")
	}
}

func TestParse_takes_a_parameter_and_its_data_field_for_one_variable(t *testing.T) {
	t.Parallel()
	p, err := xpdl.Parse(strings.NewReader(`<Package Id="p"><WorkflowProcesses><WorkflowProcess Id="x">
		<FormalParameters>
			<FormalParameter Id="given" Mode="IN"><DataType><BasicType Type="STRING"/></DataType></FormalParameter>
			<FormalParameter Id="result" Mode="OUT"><DataType><BasicType Type="STRING"/></DataType></FormalParameter>
		</FormalParameters>
		<DataFields>
			<DataField Id="local"><DataType><BasicType Type="STRING"/></DataType></DataField>
			<DataField Id="given"><DataType><BasicType Type="STRING"/></DataType><InitialValue>none</InitialValue></DataField>
		</DataFields>
	</WorkflowProcess></WorkflowProcesses></Package>`))
	if err != nil {
		t.Fatal(err)
	}
	want := []xpdl.Variable{
		{Name: "given", Type: xpdl.String, Initial: "none", Mode: xpdl.ModeIn},
		{Name: "result", Type: xpdl.String, Mode: xpdl.ModeOut},
		{Name: "local", Type: xpdl.String},
	}
	if d := cmp.Diff(want, p.Process("x").Variables); d != "" {
		t.Errorf("variables (-want +got):\n%s", d)
	}
}

func TestParse_refuses_what_the_engine_could_not_run(t *testing.T) {
	t.Parallel()
	process := func(body string) string {
		return `<Package Id="p"><WorkflowProcesses><WorkflowProcess Id="x">` + body + `</WorkflowProcess></WorkflowProcesses></Package>`
	}
	const one = `<Activities><Activity Id="a"><Route/></Activity></Activities>`
	for _, tc := range []struct{ name, file, want string }{
		{"empty_file", "", "EOF"},
		{"malformed_xml", "<Package Id='p'><", "syntax error"},
		{"another_document", "<html/>", "Package"},
		{"another_encoding", `<?xml version="1.0" encoding="ISO-8859-1"?><Package Id="p"/>`, "ISO-8859-1"},
		{"package_without_id", "<Package/>", "no Id"},
		{"process_without_id", strings.Replace(process(""), ` Id="x"`, "", 1), "no Id"},
		{"process_twice", `<Package Id="p"><WorkflowProcesses><WorkflowProcess Id="x"/><WorkflowProcess Id="x"/></WorkflowProcesses></Package>`, "twice"},
		{"activity_without_id", process(`<Activities><Activity><Route/></Activity></Activities>`), "no Id"},
		{"activity_twice", process(`<Activities><Activity Id="a"/><Activity Id="a"/></Activities>`), "twice"},
		{"transition_from_nowhere", process(one + `<Transitions><Transition Id="t" From="b" To="a"/></Transitions>`), `unknown activity "b"`},
		{"transition_to_nowhere", process(one + `<Transitions><Transition Id="t" From="a" To="b"/></Transitions>`), `unknown activity "b"`},
		{"transition_twice", process(one + `<Transitions><Transition Id="t" From="a" To="a"/><Transition Id="t" From="a" To="a"/></Transitions>`), "twice"},
		{"variable_twice", process(`<DataFields><DataField Id="v"/><DataField Id="v"/></DataFields>`), "twice"},
		{"parameter_twice", process(`<FormalParameters><FormalParameter Id="v"/><FormalParameter Id="v"/></FormalParameters>`), "twice"},
		{"field_of_a_parameter_twice", process(`<FormalParameters><FormalParameter Id="v"/></FormalParameters><DataFields><DataField Id="v"/><DataField Id="v"/></DataFields>`), "twice"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p, err := xpdl.Parse(strings.NewReader(tc.file))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v and error %v, want an error with %q", p, err, tc.want)
			}
		})
	}
}

func TestParse_reads_a_bounded_file(t *testing.T) {
	t.Parallel()
	endless := io.MultiReader(strings.NewReader(`<Package Id="p"><!--`), blanks{})
	if _, err := xpdl.Parse(endless); !errors.Is(err, xpdl.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func FuzzParse(f *testing.F) {
	raw, err := os.ReadFile("testdata/sample.xpdl")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(raw))
	f.Add(`<Package Id="p"><WorkflowProcesses><WorkflowProcess Id="x"><Activities><Activity Id="a"><Route/><Limit>1e308</Limit></Activity></Activities><Transitions><Transition Id="t" From="a" To="a"/></Transitions></WorkflowProcess></WorkflowProcesses></Package>`)
	f.Add(`<Package Id="p"><WorkflowProcesses><WorkflowProcess Id="x"><ProcessHeader DurationUnit="D"><Limit>NaN</Limit></ProcessHeader></WorkflowProcess></WorkflowProcesses></Package>`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := xpdl.Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, x := range p.Processes {
			out := 0
			for _, a := range x.Activities {
				if x.Activity(a.ID) != a || a.Limit < 0 {
					t.Errorf("activity %q is not found by its ID or has the limit %v", a.ID, a.Limit)
				}
				out += len(x.Outgoing(a.ID)) + len(x.Exceptions(a.ID))
			}
			if out != len(x.Transitions) {
				t.Errorf("%d transitions leave activities, the file has %d", out, len(x.Transitions))
			}
			_, _ = x.StartActivities(), x.Parameters()
		}
	})
}
