package activities

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/contract"
	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
	"jogetferry/store"
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

func TestDeedsOf(t *testing.T) {
	t.Parallel()
	line := func(kind, what string) migration.StepLine { return migration.StepLine{Kind: kind, What: what} }
	const (
		root  = "activity/start a abortCurrent=true after 1 in 1_x_y"
		child = "activity/start b abortCurrent=true after 2 in 2_x_z"
		over  = "assignment/complete 3_2_x_z_b in 2_x_z"
	)
	lines := []migration.StepLine{
		line(store.KindIntent, "POST process/start"),
		line(store.KindIntent, root), line(store.KindOutcome, root+": answered"),
		line(store.KindNote, "snapshot 2"),
		line(store.KindIntent, root), line(store.KindOutcome, root+": answered"),
		line(store.KindIntent, child), line(store.KindOutcome, child+": not_sent"),
		line(store.KindIntent, child), line(store.KindOutcome, child+": answered"),
		line(store.KindIntent, over), line(store.KindOutcome, over+": answered"),
		line(store.KindIntent, "assignment/accept 4_1_x_y_a to cat in 1_x_y"),
		line(store.KindIntent, "set variable status in 1_x_y"),
	}
	d := deedsOf(lines)
	if r, c := d.resumed["1_x_y"].round, d.resumed["2_x_z"].round; r != 1 || c != 2 {
		t.Errorf("%d rounds of the root and %d of the child, want 1 and 2", r, c)
	}
	want := map[migration.ActivityID]own{"3_2_x_z_b": {completed: true}, "4_1_x_y_a": {accepted: "cat"}}
	if diff := cmp.Diff(want, d.ours(), cmp.AllowUnexported(own{})); diff != "" {
		t.Errorf("ours (-want +got):\n%s", diff)
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
	ours := map[migration.ActivityID]own{"accepted": {accepted: "cat"}, "completed": {completed: true}}
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
			if got := workedOn(p.Process("approve"), []schema.Activity{tc.a}, ours); got != tc.want {
				t.Errorf("worked on: %t", got)
			}
		})
	}
}

func TestStandsUntilItIsDone(t *testing.T) {
	t.Parallel()
	lines := func(whats ...string) (list []migration.StepLine) {
		for _, w := range whats {
			list = append(list, migration.StepLine{What: w})
		}
		return list
	}
	for _, tc := range []struct {
		name  string
		lines []migration.StepLine
		want  bool
	}{
		{"given_just_now", lines("parked (2): target_moved", "resolved (2): redo", "in_flight"), true},
		{"given_to_another_parking", lines("resolved (1): redo", "parked (2): target_moved"), false},
		{"done_since", lines("resolved (2): redo", "verdict: same", "done", "claimed by wave 3"), false},
		{"rolled_back_since", lines("resolved (2): redo", "rolled back: ready", "claimed by wave 3"), false},
		{"done_before", lines("done", "parked (2): target_moved", "resolved (2): redo"), true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := stands(tc.lines, 2); got != tc.want {
				t.Errorf("stands: %t", got)
			}
		})
	}
}

func TestWhatWasNotSentWasNotMade(t *testing.T) {
	t.Parallel()
	const accept = "assignment/accept 4_1_x_y_a to cat in 1_x_y"
	lines := []migration.StepLine{{Kind: store.KindIntent, What: accept}, {Kind: store.KindOutcome, What: accept + ": not_sent"}}
	if d := deedsOf(lines); len(d.made) > 0 || len(d.ours()) > 0 {
		t.Errorf("made %v", d.made)
	}
}

func TestYoungestCountsClosedActivities(t *testing.T) {
	t.Parallel()
	p := &place{target: &migration.Instance{ID: "1_x_y"}, all: []schema.Activity{{ID: "6_1_x_y_b", DefID: "b", State: migration.StateAborted}}}
	what := startWhat(contract.ResumeCall{Activity: "b"}, p)
	if p.seen(what) {
		t.Errorf("%q is taken to have had its effect before it was sent", what)
	}
}
