package migration_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
)

func TestGoOnAt(t *testing.T) {
	t.Parallel()
	variables := []migration.Variable{{Name: "status", Kind: migration.VariableString, Value: "new"}}
	held := migration.OpenActivity{ID: "1", DefID: "approve", State: migration.StateRunning, AcceptedBy: "cat", Assignments: []migration.Assignment{{User: "cat", Accepted: true}}}
	equip, order := migration.OpenActivity{ID: "2", DefID: "equip", Performer: "8"}, migration.OpenActivity{ID: "3", DefID: "order", Performer: "9"}
	source := func() *migration.Tree {
		return &migration.Tree{
			Instance: migration.Instance{ID: "7", Variables: variables, Activities: []migration.OpenActivity{held, equip, order, {ID: "4", DefID: "mail"}}},
			Subflows: []migration.Tree{
				{Caller: "equip", Instance: migration.Instance{ID: "8", Activities: []migration.OpenActivity{{ID: "5", DefID: "pick"}}}},
				{Caller: "order", Instance: migration.Instance{ID: "9"}},
			},
		}
	}
	chosen := func(id migration.ActivityDefID) migration.OpenActivity {
		return migration.OpenActivity{DefID: id, State: migration.StateNotStarted, Chosen: true, Variables: variables}
	}
	for _, tc := range []struct {
		name     string
		named    []migration.ActivityDefID
		want     []migration.OpenActivity
		runs     []migration.ActivityDefID
		subflows []migration.ActivityDefID
	}{
		{name: "no_word", want: source().Instance.Activities, subflows: []migration.ActivityDefID{"equip", "order"}},
		{name: "another_one", named: []migration.ActivityDefID{"confirm"}, want: []migration.OpenActivity{chosen("confirm")}},
		{name: "one_that_is_open_stays_as_it_is", named: []migration.ActivityDefID{"approve"}, want: []migration.OpenActivity{held}},
		{name: "a_tool_is_run", named: []migration.ActivityDefID{"mail", "approve"}, want: []migration.OpenActivity{held}, runs: []migration.ActivityDefID{"mail"}},
		{name: "a_subflow_stays_where_it_is", named: []migration.ActivityDefID{"equip"}, want: []migration.OpenActivity{equip}, subflows: []migration.ActivityDefID{"equip"}},
		{name: "a_subflow_in_which_nothing_is_open_begins_anew", named: []migration.ActivityDefID{"order"}, want: []migration.OpenActivity{chosen("order")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tree := source()
			tree.GoOnAt(tc.named, func(id migration.ActivityDefID) bool { return id == "mail" })
			if diff := cmp.Diff(tc.want, tree.Instance.Activities); diff != "" {
				t.Errorf("activities (-want +got):\n%s", diff)
			}
			var subflows []migration.ActivityDefID
			for _, s := range tree.Subflows {
				subflows = append(subflows, s.Caller)
			}
			if diff := cmp.Diff(tc.subflows, subflows); diff != "" {
				t.Errorf("subflows (-want +got):\n%s", diff)
			}
			switch {
			case tc.named == nil && tree.Said != nil:
				t.Error("nobody said anything")
			case tc.named != nil && cmp.Diff(migration.Said{Named: tc.named, Runs: tc.runs}, *tree.Said) != "":
				t.Errorf("said %+v", *tree.Said)
			}
		})
	}
}

func TestCompareTrees_of_what_the_operator_said(t *testing.T) {
	t.Parallel()
	text := func(name, value string) migration.Variable {
		return migration.Variable{Name: name, Kind: migration.VariableString, Value: value}
	}
	wanted := migration.Tree{Instance: migration.Instance{
		State: migration.StateRunning, Requester: "cat", Variables: []migration.Variable{text("status", "new"), text("flag", "1")},
		Activities: []migration.OpenActivity{{DefID: "old", State: migration.StateNotStarted}},
		Tokens:     []migration.JoinToken{{Join: "j", From: "a"}},
	}}
	wanted.GoOnAt([]migration.ActivityDefID{"approve", "mail", "equip"}, func(id migration.ActivityDefID) bool { return id == "mail" })
	target := migration.Tree{
		Instance: migration.Instance{
			State: migration.StateRunning, Requester: "cat", Variables: []migration.Variable{text("status", "sent"), text("flag", "0")},
			Activities: []migration.OpenActivity{
				{DefID: "approve", State: migration.StateNotStarted, Assignments: []migration.Assignment{{User: "admin"}}, Variables: []migration.Variable{text("status", "new"), text("flag", "1")}},
				{DefID: "equip", Performer: "8", Variables: []migration.Variable{text("status", "new"), text("flag", "1")}},
				{DefID: "after", Performer: "9"},
			},
		},
		Subflows: []migration.Tree{{Caller: "equip", Instance: migration.Instance{ID: "8"}}, {Caller: "after", Instance: migration.Instance{ID: "9"}}},
	}
	differing := func() []string {
		var list []string
		for _, i := range migration.CompareTrees(&wanted, &target, "admin") {
			if i.Result != migration.ItemSame {
				list = append(list, i.String())
			}
		}
		return list
	}
	before := []string{
		`variable status: differs, "sent", not "new"`, `variable flag: differs, "0", not "1"`,
		"activity after: extra", "join j from a: missing", "instance at after: extra, target instance 9",
	}
	if diff := cmp.Diff(before, differing()); diff != "" {
		t.Errorf("before the tool ran (-want +got):\n%s", diff)
	}
	line := migration.StepLine{Event: migration.EventCall, Kind: migration.KindIntent, Call: &migration.Call{Verb: migration.VerbStartActivity, Target: "t", Activity: "mail"}}
	run := func(names ...string) migration.StepLine {
		var differ []migration.VariableDifference
		for _, n := range names {
			differ = append(differ, migration.VariableDifference{Name: n})
		}
		return migration.ToolRun("t", "mail", differ)
	}
	wanted.Said.Look([]migration.StepLine{run("flag"), line, run("flag", "status")}, "t")
	if diff := cmp.Diff([]string{`variable flag: differs, "0", not "1"`}, differing()); diff != "" {
		t.Errorf("after it ran (-want +got):\n%s", diff)
	}
	// Another word, or another target instance: nothing ran for it.
	for target, lines := range map[migration.InstanceID][]migration.StepLine{
		"t": {run("flag"), line, {Event: migration.EventResumeAt}}, "u": {run("flag"), line},
	} {
		if wanted.Said.Look(lines, target); wanted.Said.Ran || wanted.Said.Differed != nil {
			t.Errorf("%s: %+v", target, *wanted.Said)
		}
	}
}
