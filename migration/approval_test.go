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
