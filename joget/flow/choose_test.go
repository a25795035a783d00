package flow_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/joget/flow"
	"jogetferry/migration"
)

// order is a process whose first route leads an approved one to its end, and a
// large one to somebody else.
const order = `
	process main
	data status STRING new
	data owner PERFORMER
	data amount INTEGER 0
	data urgent BOOLEAN
	route r
	manual approve
	manual direct
	tool archive plugin=Archive
	r -> archive: status === 'approved'
	r -> direct: amount > 1000
	r -> approve: OTHERWISE`

func TestChoose(t *testing.T) {
	t.Parallel()
	all := func(status, amount string) []migration.Variable {
		return []migration.Variable{
			{Name: "status", Kind: migration.VariableString, Value: status},
			{Name: "owner", Kind: migration.VariableString, Value: "cat"},
			{Name: "amount", Kind: migration.VariableInteger, Value: amount},
			{Name: "urgent", Kind: migration.VariableBoolean, Value: "true"},
			{Name: "undeclared", Kind: migration.VariableString, Value: "x"},
		}
	}
	type chosen struct {
		Send    []string
		Path    string
		Initial bool
	}
	everything := []string{"status", "owner", "amount", "urgent", "undeclared"}
	rest := []string{"amount", "urgent", "undeclared"}
	for _, tc := range []struct {
		name, definition string
		today            []migration.Variable
		want             chosen
		later            flow.Later
	}{
		{"today_when_it_waits", order, all("pending", "5"), chosen{everything, "r -> waits at approve", false}, flow.TextsLater},
		{"initial_texts_when_today_ends", order, all("approved", "5"), chosen{rest, "r -> waits at approve", true}, flow.TextsLater},
		{"numbers_are_sent_with_initial_texts", order, all("approved", "5000"), chosen{rest, "r -> waits at direct", true}, flow.TextsLater},
		{
			"initial_texts_when_today_is_unknown", "process main\n data owner STRING\n data status STRING new\n route r\n manual m\n r -> m: status === 'new' || nonsense", all("approved", "5"),
			chosen{rest, "r -> waits at m", true},
			flow.TextsLater,
		},
		{
			"today_when_both_end", "process main\n data amount INTEGER\n data status STRING\n route r\n manual m\n r -> m: amount < 10", all("approved", "50"),
			chosen{everything, "r -> ends", false},
			flow.TextsLater,
		},
		{
			"today_when_it_ends_and_the_other_is_unknown", "process main\n data status STRING nonsense\n route r\n manual m\n r -> m: status === 'nonsense' && nonsense", all("approved", "5"),
			chosen{everything, "r -> ends", false},
			flow.TextsLater,
		},
		{
			"today_when_both_are_unknown", "process main\n tool t plugin=T\n data status STRING new\n manual m\n t -> m: status === 'new'", all("approved", "5"),
			chosen{everything, "t (T) -> unknown: the condition of t -> m reads status, which t may set", false},
			flow.TextsLater,
		},
		{
			"today_when_it_is_unknown_and_the_other_ends", "process main\n data status STRING new\n route r\n manual m\n r -> m: status !== 'new' && nonsense", all("approved", "5"),
			chosen{everything, "r -> unknown: the condition of r -> m reads nonsense, which is not declared", false},
			flow.TextsLater,
		},
		{
			"references_and_performers_are_texts", "process main\n data file REFERENCE\n data owner PERFORMER\n route r\n manual m\n r -> m: file === '' && owner === ''",
			[]migration.Variable{{Name: "file", Kind: migration.VariableString, Value: "a"}, {Name: "owner", Kind: migration.VariableString, Value: "cat"}},
			chosen{nil, "r -> waits at m", true},
			flow.TextsLater,
		},
		{
			"floats_are_numbers", "process main\n data share FLOAT 0\n data status STRING\n route r\n manual m\n r -> m: share > 0.5 && status === ''",
			[]migration.Variable{{Name: "share", Kind: migration.VariableFloat, Value: "0.75"}, {Name: "status", Kind: migration.VariableString, Value: "x"}},
			chosen{[]string{"share"}, "r -> waits at m", true},
			flow.TextsLater,
		},
		{
			"numbers_that_lead_past_the_first_wait", "process main\n data amount INTEGER 1\n route r\n manual m\n r -> m: amount < 10",
			[]migration.Variable{{Name: "amount", Kind: migration.VariableInteger, Value: "50"}},
			chosen{[]string{"amount"}, "r -> ends", false},
			flow.TextsLater,
		},
		{
			"numbers_are_left_out_where_they_can_be_set_later", "process main\n data amount INTEGER 1\n route r\n manual m\n r -> m: amount < 10",
			[]migration.Variable{{Name: "amount", Kind: migration.VariableInteger, Value: "50"}},
			chosen{nil, "r -> waits at m", true},
			flow.AllLater,
		},
		{"numbers_are_sent_where_that_waits", order, all("approved", "5000"), chosen{rest, "r -> waits at direct", true}, flow.AllLater},
		{
			"what_the_start_does_not_take_is_as_it_begins", "process main\n data urgent BOOLEAN false\n route r\n manual m\n manual n\n r -> m: urgent === true\n r -> n: OTHERWISE",
			[]migration.Variable{{Name: "urgent", Kind: migration.VariableBoolean, Value: "true"}},
			chosen{[]string{"urgent"}, "r -> waits at n", false},
			flow.AllLater,
		},
		{"nothing_to_send", order, nil, chosen{nil, "r -> waits at approve", false}, flow.TextsLater},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			before := append([]migration.Variable(nil), tc.today...)
			got := walker(t, tc.definition).Choose(tc.today, tc.later)
			var names []string
			for _, v := range got.Send {
				names = append(names, v.Name)
			}
			if diff := cmp.Diff(tc.want, chosen{names, got.Path.String(), got.Initial}); diff != "" {
				t.Errorf("choice (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, tc.today); diff != "" {
				t.Errorf("today's values were changed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChoose_without_a_process_is_unknown(t *testing.T) {
	t.Parallel()
	if got := flow.NewWalker(flow.Definition{}, nil).Choose(texts("a", "b"), flow.AllLater); got.Path.Outcome != flow.Unknown || got.Initial {
		t.Errorf("got %+v", got)
	}
}
