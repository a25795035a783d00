package migration_test

import (
	"testing"

	"jogetferry/migration"
)

func TestUnchanged_looks_at_the_whole_tree(t *testing.T) {
	t.Parallel()
	tree := func(change func(*migration.Tree)) *migration.Tree {
		grandchild := migration.Tree{Caller: "order", Instance: migration.Instance{ID: "9", Version: 1, Record: "r"}}
		child := migration.Tree{Caller: "equip", Instance: migration.Instance{
			ID: "8", Version: 1, Record: "r", Activities: []migration.OpenActivity{{ID: "a", Version: 1}},
		}, Subflows: []migration.Tree{grandchild}}
		whole := &migration.Tree{Instance: migration.Instance{ID: "7", Version: 1, Record: "r", Children: []migration.Child{
			{ID: "12", Parent: "11"}, {ID: "11", Parent: "7", Asynchronous: true},
		}}, Subflows: []migration.Tree{child}}
		change(whole)
		return whole
	}
	for _, tc := range []struct {
		name   string
		change func(*migration.Tree)
		same   bool
	}{
		{name: "nothing_happened", change: func(*migration.Tree) {}, same: true},
		{name: "a_link_was_written_late", change: func(tree *migration.Tree) {
			tree.Subflows[0].Instance.Link = &migration.Link{Process: "8", Parent: "7", Origin: "r"}
		}, same: true},
		{name: "the_root_moved", change: func(tree *migration.Tree) { tree.Instance.Version++ }},
		{name: "a_subflow_moved", change: func(tree *migration.Tree) { tree.Subflows[0].Instance.Version++ }},
		{name: "an_activity_of_a_subflow_moved", change: func(tree *migration.Tree) { tree.Subflows[0].Instance.Activities[0].Version++ }},
		{name: "what_a_subflow_called_moved", change: func(tree *migration.Tree) {
			tree.Subflows[0].Subflows[0].Instance.State = migration.StateSuspended
		}},
		{name: "a_subflow_ended", change: func(tree *migration.Tree) { tree.Subflows = nil }},
		{name: "a_loop_called_another", change: func(tree *migration.Tree) { tree.Subflows[0].Instance.ID = "10" }},
		{name: "an_asynchronous_subflow_ended_with_what_was_below_it", change: func(tree *migration.Tree) { tree.Instance.Children = nil }, same: true},
		{name: "an_asynchronous_subflow_began", change: func(tree *migration.Tree) {
			tree.Instance.Children = append(tree.Instance.Children, migration.Child{ID: "13", Parent: "7", Asynchronous: true})
		}},
		{name: "a_subflow_was_left_behind", change: func(tree *migration.Tree) {
			tree.Instance.Children = append(tree.Instance.Children, migration.Child{ID: "13", Parent: "7"})
		}},
		{name: "another_activity_called_it", change: func(tree *migration.Tree) { tree.Subflows[0].Caller = "equip_again" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tree(func(*migration.Tree) {}).Unchanged(tree(tc.change)); got != tc.same {
				t.Errorf("unchanged: %t", got)
			}
		})
	}
}
