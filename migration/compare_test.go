package migration_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
)

// wantedTree has a subflow, a branch that waits, and everything else that is compared.
func wantedTree() *migration.Tree {
	return &migration.Tree{
		Instance: migration.Instance{
			ID: "7_crm_p", Definition: migration.DefinitionID{Package: "crm", Version: "3", Process: "p"}, State: migration.StateRunning, Requester: "cat", Record: "r-1",
			Variables: []migration.Variable{{Name: "note", Kind: migration.VariableNull}, {Name: "status", Kind: migration.VariableString, Value: "new"}},
			Activities: []migration.OpenActivity{
				{DefID: "approve", Assignments: []migration.Assignment{{User: "clark"}, {User: "terry"}}, Variables: []migration.Variable{{Name: "status", Value: "old"}}},
				{DefID: "check", AcceptedBy: "jack", Assignments: []migration.Assignment{{User: "jack", Accepted: true}}},
				{DefID: "review"},
			},
			Tokens: []migration.JoinToken{{Join: "join", From: "a", Performer: "cat"}, {Join: "join", From: "b"}},
		},
		Subflows: []migration.Tree{{Caller: "review", Instance: migration.Instance{
			ID: "8_crm_sub", Definition: migration.DefinitionID{Package: "crm", Version: "3", Process: "sub"}, State: migration.StateRunning, Requester: "cat", Record: "r-1",
			Link:       &migration.Link{Process: "8_crm_sub"},
			Activities: []migration.OpenActivity{{DefID: "look", Assignments: []migration.Assignment{{User: "cat"}}}},
		}}},
	}
}

func TestCompareTreesNamesWhatDiffers(t *testing.T) {
	t.Parallel()
	root := func(t *migration.Tree) *migration.Instance { return &t.Instance }
	child := func(t *migration.Tree) *migration.Instance { return &t.Subflows[0].Instance }
	activity := func(t *migration.Tree, n int) *migration.OpenActivity { return &t.Instance.Activities[n] }
	for _, tc := range []struct {
		name   string
		wanted func(*migration.Tree)
		target func(*migration.Tree)
		items  []migration.Item // that are not the same
	}{
		{name: "nothing"},
		{
			name: "what_the_target_has_besides_or_derives",
			target: func(t *migration.Tree) {
				root(t).Variables = append(root(t).Variables, migration.Variable{Name: "new", Value: "x"})
				child(t).Link, child(t).Record, child(t).ID = nil, "8_crm_sub", "99_crm_sub"
				root(t).Definition.Version, child(t).Definition.Version = "4", "4"
			},
		},
		{
			name: "an_empty_text_for_null",
			target: func(t *migration.Tree) {
				root(t).Variables[0] = migration.Variable{Name: "note", Kind: migration.VariableString}
			},
			items: []migration.Item{{Kind: migration.ItemVariable, Subject: "note", Result: migration.ItemDiffers, Seen: `"", not null`}},
		},
		{
			name: "an_instance_for_which_nobody_waits",
			target: func(t *migration.Tree) {
				root(t).Children = []migration.Child{{ID: "8_crm_sub"}, {ID: "9_crm_sub"}, {ID: "10_crm_sub", Asynchronous: true}}
			},
			items: []migration.Item{
				{Kind: migration.ItemInstance, Subject: "9_crm_sub", Result: migration.ItemExtra, Seen: "target instance 9_crm_sub, for which nobody waits"},
				{Kind: migration.ItemInstance, Subject: "10_crm_sub", Result: migration.ItemExtra, Seen: "target instance 10_crm_sub, for which nobody waits"},
			},
		},
		{
			name:   "asynchronous_subflows_of_the_source_alone",
			wanted: func(t *migration.Tree) { root(t).Children = []migration.Child{{ID: "8_crm_sub", Asynchronous: true}} },
		},
		{
			name: "the_instance",
			target: func(t *migration.Tree) {
				root(t).Requester, root(t).State = "terry", migration.StateSuspended
			},
			items: []migration.Item{
				{Kind: migration.ItemRequester, Result: migration.ItemDiffers, Seen: "terry, not cat"},
				{Kind: migration.ItemEngine, Subject: "state", Result: migration.ItemDiffers, Seen: "open.not_running.suspended, not open.running"},
			},
		},
		{
			name:   "variables",
			wanted: func(t *migration.Tree) { root(t).Variables[1].Value = "0123456789012345678901234567890123456789x" },
			target: func(t *migration.Tree) {
				root(t).Variables[1].Value = "late"
				activity(t, 0).Variables = nil
			},
			items: []migration.Item{
				{Kind: migration.ItemVariable, Subject: "status", Result: migration.ItemDiffers, Seen: `"late", not "0123456789012345678901234567890123456789..."`},
				{Kind: migration.ItemVariable, Subject: "approve.status", Result: migration.ItemMissing, Seen: `"old" on the source`},
			},
		},
		{
			name:   "a_variable_that_nobody_can_read",
			target: func(t *migration.Tree) { root(t).Variables[1].Kind = migration.VariableUnreadable },
			items:  []migration.Item{{Kind: migration.ItemVariable, Subject: "status", Result: migration.ItemUnverifiable, Seen: "its value is an object, not text"}},
		},
		{
			name: "activities",
			target: func(t *migration.Tree) {
				root(t).Activities = append(root(t).Activities[1:], migration.OpenActivity{DefID: "check"}, migration.OpenActivity{DefID: "other"})
			},
			items: []migration.Item{
				{Kind: migration.ItemActivity, Subject: "approve", Result: migration.ItemMissing},
				{Kind: migration.ItemActivity, Subject: "check", Result: migration.ItemExtra},
				{Kind: migration.ItemActivity, Subject: "other", Result: migration.ItemExtra},
			},
		},
		{
			name: "assignees",
			target: func(t *migration.Tree) {
				activity(t, 0).Assignments = []migration.Assignment{{User: "admin"}, {User: "terry"}}
				child(t).Activities[0].Assignments = nil
			},
			items: []migration.Item{
				{Kind: migration.ItemAssignee, Subject: "approve", Result: migration.ItemDiffers, Seen: "not to clark, but to admin (admin, who migrates, has it)"},
				{Kind: migration.ItemAssignee, Path: "review", Subject: "look", Result: migration.ItemMissing, Seen: "not to cat"},
			},
		},
		{
			name: "in_nobodys_inbox",
			target: func(t *migration.Tree) {
				activity(t, 0).State, activity(t, 0).Assignments = migration.StateNotStarted, nil
			},
			items: []migration.Item{
				{Kind: migration.ItemInbox, Subject: "approve", Result: migration.ItemMissing, Seen: "it is open, and nobody has it"},
				{Kind: migration.ItemAssignee, Subject: "approve", Result: migration.ItemMissing, Seen: "not to clark, terry"},
			},
		},
		{
			name: "users_in_other_spellings",
			wanted: func(t *migration.Tree) {
				root(t).Requester = "Cat"
				activity(t, 0).Assignments[0].User = "CLARK"
				root(t).Tokens[0].Performer, activity(t, 1).AcceptedBy = "Cat", "Jack"
			},
		},
		{
			name:   "the_administrator_holds_what_is_his",
			wanted: func(t *migration.Tree) { activity(t, 0).Assignments = []migration.Assignment{{User: "admin"}} },
			target: func(t *migration.Tree) {
				activity(t, 0).Assignments = []migration.Assignment{{User: "admin"}, {User: "cat"}}
			},
			items: []migration.Item{{Kind: migration.ItemAssignee, Subject: "approve", Result: migration.ItemExtra, Seen: "also to cat"}},
		},
		{
			name: "accepted_by_others",
			target: func(t *migration.Tree) {
				activity(t, 0).AcceptedBy = "clark"
				activity(t, 1).AcceptedBy = "admin"
				child(t).Activities[0].AcceptedBy = "admin"
			},
			items: []migration.Item{
				{Kind: migration.ItemAccepted, Subject: "approve", Result: migration.ItemExtra, Seen: "by clark"},
				{Kind: migration.ItemAccepted, Subject: "check", Result: migration.ItemDiffers, Seen: "by admin, not jack (admin, who migrates, has it)"},
				{Kind: migration.ItemAccepted, Path: "review", Subject: "look", Result: migration.ItemExtra, Seen: "by admin (admin, who migrates, has it)"},
			},
		},
		{
			name:   "accepted_by_nobody",
			target: func(t *migration.Tree) { activity(t, 1).AcceptedBy = "" },
			items:  []migration.Item{{Kind: migration.ItemAccepted, Subject: "check", Result: migration.ItemMissing, Seen: "not by jack"}},
		},
		{
			name: "joins",
			target: func(t *migration.Tree) {
				root(t).Tokens = []migration.JoinToken{{Join: "join", From: "a", Performer: "admin"}, {Join: "join", From: "c"}, {Join: "join", From: "c"}}
			},
			items: []migration.Item{
				{Kind: migration.ItemJoin, Subject: "join from a", Result: migration.ItemDiffers, Seen: "completed by admin, not cat"},
				{Kind: migration.ItemJoin, Subject: "join from b", Result: migration.ItemMissing},
				{Kind: migration.ItemJoin, Subject: "join from c", Result: migration.ItemExtra},
				{Kind: migration.ItemJoin, Subject: "join from c", Result: migration.ItemExtra},
			},
		},
		{
			name: "a_branch_that_waits_twice",
			target: func(t *migration.Tree) {
				root(t).Tokens = append(root(t).Tokens, root(t).Tokens[0])
			},
			items: []migration.Item{{Kind: migration.ItemJoin, Subject: "join from a", Result: migration.ItemExtra}},
		},
		{
			name:   "a_subflow_is_missing",
			target: func(t *migration.Tree) { t.Subflows = nil },
			items:  []migration.Item{{Kind: migration.ItemInstance, Path: "review", Result: migration.ItemMissing}},
		},
		{
			name: "a_subflow_is_extra_and_one_below_it",
			target: func(t *migration.Tree) {
				child(t).ID = "9"
				t.Subflows[0].Subflows = []migration.Tree{{Caller: "deep", Instance: migration.Instance{ID: "10"}}}
			},
			items: []migration.Item{{Kind: migration.ItemInstance, Path: "review/deep", Result: migration.ItemExtra, Seen: "target instance 10"}},
		},
		{
			name:   "a_subflow_closed_while_its_caller_waits",
			target: func(t *migration.Tree) { child(t).State = migration.StateCompleted },
			items:  []migration.Item{{Kind: migration.ItemInstance, Path: "review", Result: migration.ItemDiffers, Seen: "target instance 8_crm_sub is closed, but its caller still waits"}},
		},
		{
			name:   "a_subflow_of_the_source_that_nobody_can_tell_of",
			wanted: func(t *migration.Tree) { child(t).State = "" },
			items:  []migration.Item{{Kind: migration.ItemInstance, Path: "review", Result: migration.ItemUnverifiable, Seen: "the one of the source is closed, but its caller still waits"}},
		},
		{
			name:   "another_subflow",
			target: func(t *migration.Tree) { child(t).Definition.Process = "other" },
			items:  []migration.Item{{Kind: migration.ItemInstance, Path: "review", Result: migration.ItemDiffers, Seen: "it is of crm/other"}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			wanted, target := wantedTree(), wantedTree()
			if tc.wanted != nil {
				tc.wanted(wanted)
			}
			if tc.target != nil {
				tc.target(target)
			}
			var items []migration.Item
			for _, i := range migration.CompareTrees(wanted, target, "admin") {
				if i.Result != migration.ItemSame {
					items = append(items, i)
				}
			}
			if diff := cmp.Diff(tc.items, items); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompareTreesCountsWhatIsTheSame(t *testing.T) {
	t.Parallel()
	want := migration.ItemCounts{}
	for kind, n := range map[migration.ItemKind]int{
		migration.ItemInstance: 1, migration.ItemRequester: 2, migration.ItemEngine: 2, migration.ItemVariable: 3, migration.ItemActivity: 4,
		migration.ItemAssignee: 3, migration.ItemAccepted: 1, migration.ItemJoin: 2,
	} {
		want[kind] = map[migration.ItemResult]int{migration.ItemSame: n}
	}
	if diff := cmp.Diff(want, migration.CountItems(migration.CompareTrees(wantedTree(), wantedTree(), "admin"))); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}
