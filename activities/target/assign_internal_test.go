package target

import (
	"strings"
	"testing"

	"jogetferry/contract"
	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

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
		{"one_that_a_deploy_took_away_completed", schema.Activity{ID: "1", DefID: "gone", State: migration.StateCompleted, AcceptedBy: "terry"}, true},
		{"one_that_a_deploy_took_away_completed_by_us", schema.Activity{ID: "completed", DefID: "gone", State: migration.StateCompleted, AcceptedBy: "cat"}, false},
		{"a_tool_that_a_deploy_took_away", schema.Activity{ID: "1", DefID: "gone", State: migration.StateCompleted}, false},
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

func TestStartCall_counts_closed_activities(t *testing.T) {
	t.Parallel()
	p := &node{target: &migration.Instance{ID: "1_x_y"}, all: []schema.Activity{{ID: "6_1_x_y_b", DefID: "b", State: migration.StateAborted}}}
	call := (&Instance{}).startCall(contract.ResumeCall{Activity: "b"}, p)
	if p.opened(call) {
		t.Errorf("%+v is taken to have had its effect before it was sent", call)
	}
}
