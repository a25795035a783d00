package target

import (
	"strings"
	"testing"

	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// TestWhatWeAcceptedIsOurs however the engine spells the user: it keeps the spelling
// that it saw first, and the call carried that of the source.
func TestWhatWeAcceptedIsOurs(t *testing.T) {
	t.Parallel()
	p, err := xpdl.Parse(strings.NewReader(`<Package xmlns="http://www.wfmc.org/2002/XPDL1.0" Id="crm"><WorkflowProcesses><WorkflowProcess Id="p"><Activities>
		<Activity Id="approve"><Implementation><No/></Implementation></Activity></Activities></WorkflowProcess></WorkflowProcesses></Package>`))
	if err != nil {
		t.Fatal(err)
	}
	process := p.Processes[0]
	own := map[migration.ActivityID]migration.OwnWork{"1": {Accepted: "Cat"}}
	for user, worked := range map[migration.User]bool{"Cat": false, "cat": false, "clark": true} {
		all := []schema.Activity{{ID: "1", DefID: "approve", State: migration.StateRunning, AcceptedBy: user}}
		if got := workedOn(process, all, own); got != worked {
			t.Errorf("accepted by %s: worked on %t, want %t", user, got, worked)
		}
	}
}
