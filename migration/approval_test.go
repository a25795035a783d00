package migration_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
)

func TestApprovers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		priority int
		variable migration.Variable
		want     []migration.User
	}{
		{"two", 5, migration.Variable{Name: "MULTI_APPROVAL_PERFORMERS", Value: "cat;clark"}, []migration.User{"cat", "clark"}},
		{"one", 5, migration.Variable{Name: "MULTI_APPROVAL_PERFORMERS", Value: "cat"}, []migration.User{"cat"}},
		{"nobody_yet", 5, migration.Variable{Name: "MULTI_APPROVAL_PERFORMERS"}, nil},
		{"a_priority_of_the_definition", 5, migration.Variable{Name: "status", Value: "cat"}, nil},
		{"an_activity_that_is_none", 3, migration.Variable{Name: "MULTI_APPROVAL_PERFORMERS", Value: "cat"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a := migration.OpenActivity{Priority: tc.priority, Variables: []migration.Variable{{Name: "amount", Value: "7"}, tc.variable}}
			if diff := cmp.Diff(tc.want, a.Approvers()); diff != "" {
				t.Errorf("approvers (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWhatNoCallMakesBeginsAnew where the operator says that an instance goes on there.
func TestWhatNoCallMakesBeginsAnew(t *testing.T) {
	t.Parallel()
	own := []migration.Variable{{Name: "status", Value: "of the activity"}}
	for _, tc := range []struct {
		name   string
		change func(*migration.OpenActivity)
		anew   bool
	}{
		{"as_it_is", func(*migration.OpenActivity) {}, false},
		{"suspended", func(a *migration.OpenActivity) { a.State = migration.StateSuspended }, true},
		{"half_approved", func(a *migration.OpenActivity) {
			a.Priority, a.Variables = 5, append(a.Variables, migration.Variable{Name: "MULTI_APPROVAL_PERFORMERS", Value: "cat"})
		}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a := migration.OpenActivity{ID: "40", DefID: "approve", State: migration.StateRunning, Variables: own, Assignments: []migration.Assignment{{User: "clark"}}}
			tc.change(&a)
			tree := &migration.Tree{Instance: migration.Instance{
				State: migration.StateSuspended, Variables: []migration.Variable{{Name: "status", Value: "of the instance"}}, Activities: []migration.OpenActivity{a},
			}}
			tree = migration.Mapping{}.WantedTree(tree)
			tree.GoOnAt([]migration.ActivityDefID{"approve"}, func(migration.ActivityDefID) bool { return false })
			got := tree.Instance.Activities[0]
			if tree.Instance.State != migration.StateRunning || got.ID != "40" {
				t.Errorf("the instance is %s, the activity %+v", tree.Instance.State, got)
			}
			want := "of the activity"
			if tc.anew {
				want = "of the instance"
			}
			if got.Chosen != tc.anew || (len(got.Assignments) == 0) != tc.anew || got.Variables[0].Value != want {
				t.Errorf("anew: %v, %+v", got.Chosen, got)
			}
		})
	}
}
