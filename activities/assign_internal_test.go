package activities

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/contract"
	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
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

func TestTowards(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		wanted  []string
		present []string
		want    []string // "from>to", ">to" for an acceptance
	}{
		{"the_same_users", []string{"cat", "terry"}, []string{"cat", "terry"}, nil},
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
			for _, h := range towards(offered("7_1_a_b_check", tc.wanted...), offered("9_2_a_b_check", tc.present...)) {
				if h.activity != "9_2_a_b_check" {
					t.Errorf("about activity %s", h.activity)
				}
				got = append(got, string(h.from)+">"+string(h.to))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWorkedOn(t *testing.T) {
	t.Parallel()
	p, err := xpdl.Parse(strings.NewReader(`<Package xmlns="http://www.wfmc.org/2002/XPDL1.0" Id="crm"><WorkflowProcesses><WorkflowProcess Id="approve"><Activities>
		<Activity Id="check"><Implementation><No/></Implementation></Activity><Activity Id="fork"><Route/></Activity>
		</Activities></WorkflowProcess></WorkflowProcesses></Package>`))
	if err != nil {
		t.Fatal(err)
	}
	own := map[migration.ActivityID]migration.OwnWork{"accepted": {Accepted: "cat"}, "completed": {Completed: true}}
	for _, tc := range []struct {
		name string
		a    schema.Activity
		want bool
	}{
		{"open", schema.Activity{ID: "1", DefID: "check", State: migration.StateNotStarted}, false},
		{"accepted_by_somebody", schema.Activity{ID: "1", DefID: "check", State: migration.StateRunning, AcceptedBy: "terry"}, true},
		{"completed_by_somebody", schema.Activity{ID: "1", DefID: "check", State: migration.StateCompleted, AcceptedBy: "terry"}, true},
		{"accepted_by_us", schema.Activity{ID: "accepted", DefID: "check", State: migration.StateRunning, AcceptedBy: "cat"}, false},
		{"accepted_by_us_and_then_by_another", schema.Activity{ID: "accepted", DefID: "check", State: migration.StateRunning, AcceptedBy: "terry"}, true},
		{"accepted_by_us_and_completed", schema.Activity{ID: "accepted", DefID: "check", State: migration.StateCompleted, AcceptedBy: "cat"}, true},
		{"completed_by_us", schema.Activity{ID: "completed", DefID: "check", State: migration.StateCompleted, AcceptedBy: "cat"}, false},
		{"aborted", schema.Activity{ID: "1", DefID: "check", State: migration.StateAborted, AcceptedBy: "terry"}, false},
		{"a_deadline_fired", schema.Activity{ID: "completed", DefID: "check", State: migration.StateTerminated}, true},
		{"a_route", schema.Activity{ID: "1", DefID: "fork", State: migration.StateCompleted}, false},
		{"of_another_definition", schema.Activity{ID: "1", DefID: "gone", State: migration.StateCompleted}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := workedOn(p.Process("approve"), []schema.Activity{tc.a}, own); got != tc.want {
				t.Errorf("worked on: %t", got)
			}
		})
	}
}

func TestYoungestCountsClosedActivities(t *testing.T) {
	t.Parallel()
	p := &place{target: &migration.Instance{ID: "1_x_y"}, all: []schema.Activity{{ID: "6_1_x_y_b", DefID: "b", State: migration.StateAborted}}}
	call := (&subject{}).startCall(contract.ResumeCall{Activity: "b"}, p)
	if p.seen(call) {
		t.Errorf("%+v is taken to have had its effect before it was sent", call)
	}
}
