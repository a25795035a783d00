package migration_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
)

// offered is an open activity offered to users, "+" before one that accepted it.
func offered(id migration.ActivityID, users ...string) migration.OpenActivity {
	a := migration.OpenActivity{ID: id, DefID: "check", State: migration.StateNotStarted}
	for _, u := range users {
		name, accepted := strings.CutPrefix(u, "+")
		a.Assignments = append(a.Assignments, migration.Assignment{User: migration.User(name), Accepted: accepted})
		if accepted {
			a.AcceptedBy, a.State = migration.User(name), migration.StateRunning
		}
	}
	return a
}

func TestDecideHandover(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		wanted  []string
		present []string
		want    []string // "from>to", ">to" for an acceptance
	}{
		{"the_same_users", []string{"cat", "terry"}, []string{"cat", "terry"}, nil},
		{"the_same_users_in_other_spellings", []string{"Cat", "terry"}, []string{"cat", "Terry"}, nil},
		{"accepted_by_one_in_another_spelling", []string{"+Cat"}, []string{"cat", "terry"}, []string{">Cat"}},
		{"one_for_one", []string{"cat", "terry"}, []string{"admin", "terry"}, []string{"admin>cat"}},
		{"all_others", []string{"cat", "terry"}, []string{"admin", "clark"}, []string{"admin>cat", "clark>terry"}},
		{"fewer_on_the_target", []string{"cat", "terry"}, []string{"admin"}, []string{"admin>cat"}},
		{"more_on_the_target", []string{"cat"}, []string{"admin", "clark"}, []string{"admin>cat"}},
		{"nobody_missing", []string{"cat"}, []string{"admin", "cat"}, nil},
		{"nobody_to_take_it_from", []string{"cat"}, nil, nil},
		{"accepted_by_one_of_them", []string{"+cat"}, []string{"cat", "terry"}, []string{">cat"}},
		{"accepted_by_another", []string{"+cat"}, []string{"jack", "terry"}, []string{"jack>cat"}},
		{"accepted_as_on_the_source", []string{"+cat"}, []string{"+cat"}, nil},
		{"somebody_else_accepted_it_on_the_target", []string{"+cat"}, []string{"+terry"}, nil},
		{"accepted_on_the_target_only", []string{"cat"}, []string{"+cat"}, nil},
		{"accepted_and_offered_to_nobody", []string{"+cat"}, nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, h := range migration.DecideHandover(offered("7_1_a_b_check", tc.wanted...), offered("9_2_a_b_check", tc.present...)) {
				if h.Activity != "9_2_a_b_check" {
					t.Errorf("about activity %s", h.Activity)
				}
				got = append(got, string(h.From)+">"+string(h.To))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}
