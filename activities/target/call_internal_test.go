package target

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

func TestStartVariables(t *testing.T) {
	t.Parallel()
	p, err := xpdl.Parse(strings.NewReader(`<Package xmlns="http://www.wfmc.org/2002/XPDL1.0" Id="crm"><WorkflowProcesses><WorkflowProcess Id="approve"><DataFields>
		<DataField Id="status"><DataType><BasicType Type="STRING"/></DataType></DataField>
		<DataField Id="amount"><DataType><BasicType Type="INTEGER"/></DataType></DataField>
		<DataField Id="empty"><DataType><BasicType Type="INTEGER"/></DataType></DataField>
		<DataField Id="urgent"><DataType><BasicType Type="BOOLEAN"/></DataType></DataField>
		<DataField Id="my_var_x"><DataType><BasicType Type="STRING"/></DataType></DataField>
		</DataFields><Activities><Activity Id="a"><Route/></Activity></Activities></WorkflowProcess></WorkflowProcesses></Package>`))
	if err != nil {
		t.Fatal(err)
	}
	got := step.StartVariables(p.Process("approve"), []migration.Variable{
		{Name: "status", Kind: migration.VariableNull},
		{Name: "amount", Value: "7"},
		{Name: "empty", Kind: migration.VariableNull},
		{Name: "urgent", Value: "true"},
		{Name: "my_var_x", Value: "x"},
		{Name: "undeclared", Value: "x"},
	})
	if diff := cmp.Diff(map[string]string{"status": "", "amount": "7"}, got); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

func TestEffect(t *testing.T) {
	t.Parallel()
	p := &node{
		wanted: &migration.Instance{
			Variables:  []migration.Variable{{Name: "status", Value: "new"}, {Name: "due", Value: "1"}},
			Activities: []migration.OpenActivity{{DefID: "check", Variables: []migration.Variable{{Name: "status", Value: "old"}}}},
		},
		target: &migration.Instance{
			ID: "9_crm_approve", State: migration.StateRunning, Variables: []migration.Variable{{Name: "status", Value: "old"}, {Name: "due", Value: "1"}},
			Activities: []migration.OpenActivity{
				{ID: "41_9_crm_approve_check", DefID: "check", Assignments: []migration.Assignment{{User: "cat"}}},
				{ID: "42_9_crm_approve_sign", DefID: "sign", AcceptedBy: "terry", Assignments: []migration.Assignment{{User: "terry", Accepted: true}}},
			},
		},
		all: []schema.Activity{
			{ID: "40_9_crm_approve_fork", DefID: "fork", State: migration.StateCompleted},
			{ID: "41_9_crm_approve_check", DefID: "check"},
			{ID: "42_9_crm_approve_sign", DefID: "sign"},
		},
	}
	start := func(activity migration.ActivityDefID, earlier int) migration.Call {
		return migration.Call{Verb: migration.VerbStartActivity, Target: "9_crm_approve", Activity: activity, Earlier: earlier}
	}
	seen := func(c migration.Call) bool {
		if c.Verb == migration.VerbSetVariable {
			return p.variableSet(c)
		}
		return effect(c, p.target, p.all)
	}
	on := func(verb migration.Verb, activity migration.ActivityID, user migration.User) migration.Call {
		return migration.Call{Verb: verb, Target: "9_crm_approve", ActivityID: activity, User: user}
	}
	variable := func(name string, scope migration.ActivityDefID) migration.Call {
		return migration.Call{Verb: migration.VerbSetVariable, Target: "9_crm_approve", Variable: name, Activity: scope}
	}
	for _, tc := range []struct {
		name string
		call migration.Call
		want bool
	}{
		{"there_is_one_more_and_it_is_open", start("check", 0), true},
		{"there_is_one_more_and_it_is_over", start("fork", 0), true},
		{"the_same_as_before", start("check", 1), false},
		{"another_definition", start("approve", 0), false},
		{"completed", on(migration.VerbComplete, "40_9_crm_approve_fork", ""), true},
		{"not_completed", on(migration.VerbComplete, "41_9_crm_approve_check", ""), false},
		{"accepted", on(migration.VerbAccept, "42_9_crm_approve_sign", "terry"), true},
		{"not_accepted", on(migration.VerbAccept, "41_9_crm_approve_check", "cat"), false},
		{"reassigned", on(migration.VerbReassign, "41_9_crm_approve_check", "cat"), true},
		{"not_reassigned", on(migration.VerbReassign, "41_9_crm_approve_check", "jack"), false},
		{"evaluated_again_and_held", on(migration.VerbReevaluate, "41_9_crm_approve_check", ""), true},
		{"a_variable_of_the_instance_not_set", variable("status", ""), false},
		{"a_variable_of_the_instance_set", variable("due", ""), true},
		{"a_variable_set_for_an_activity", variable("status", "check"), true},
		{"a_variable_that_is_not_wanted", variable("other", ""), false},
		{"not_aborted", migration.Call{Verb: migration.VerbAbortProcess, Target: "9_crm_approve"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := seen(tc.call); got != tc.want {
				t.Errorf("seen(%+v) = %t", tc.call, got)
			}
		})
	}
	for name, call := range map[string]migration.Call{
		"start":    (&Instance{}).startCall(contract.ResumeCall{Activity: "check", AbortCurrent: true}, &node{target: &migration.Instance{ID: "9_crm_approve"}}),
		"reassign": handover{migration.Handover{Activity: "41_9_crm_approve_check", From: "jack", To: "cat"}, p}.call(),
		"accept":   handover{migration.Handover{Activity: "42_9_crm_approve_sign", To: "terry"}, p}.call(),
	} {
		if !seen(call) {
			t.Errorf("%s: the effect of %+v is not recognised", name, call)
		}
		if call.Target != "9_crm_approve" {
			t.Errorf("%s: %+v is not a call to its instance", name, call)
		}
	}
}

func TestOutcomeOf(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		answer api.StartAnswer
		err    error
		want   migration.StartOutcome
	}{
		{name: "started", answer: api.StartAnswer{Instance: "9_x_y", RecordEchoed: true}, want: migration.StartOutcome{Fate: api.Answered, Status: 200}},
		{name: "not_allowed", answer: api.StartAnswer{RecordEchoed: true}, want: migration.StartOutcome{Fate: api.Answered, Status: 200, Refused: migration.ReasonStartNotAllowed}},
		{name: "failed", answer: api.StartAnswer{}, want: migration.StartOutcome{Fate: api.Answered, Status: 200, Refused: migration.ReasonStartFailed}},
		{name: "refused_for_good", err: &api.CallError{Fate: api.Answered, Status: 400, Kind: api.KindRefererRefused}, want: migration.StartOutcome{Fate: api.Answered, Status: 400, Refused: migration.ReasonStartRefused}},
		{name: "an_error_that_may_pass", err: &api.CallError{Fate: api.Answered, Status: 500, Kind: api.KindServerError}, want: migration.StartOutcome{Fate: api.Answered, Status: 500}},
		{name: "cut", err: &api.CallError{Fate: api.Unanswered, Kind: api.KindCut}, want: migration.StartOutcome{Fate: api.Unanswered}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := outcomeOf(tc.answer, tc.err)
			got.Detail = ""
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}
