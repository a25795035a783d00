package engine_test

import (
	"bytes"
	"testing"

	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/engine"
)

// xpdl is the package file of an app with changes, pairs of what stands there and what shall.
func (j *joget) xpdl(app string, changes ...string) []byte {
	j.t.Helper()
	d, err := apps.Read(app)
	must(j.t, err)
	for i := 0; i < len(changes); i += 2 {
		if !bytes.Contains(d.XPDL, []byte(changes[i])) {
			j.t.Fatalf("%s does not stand in the package", changes[i])
		}
		d.XPDL = bytes.ReplaceAll(d.XPDL, []byte(changes[i]), []byte(changes[i+1]))
	}
	return d.XPDL
}

// complete completes the last activity of a definition as the first who holds it.
func (j *joget) complete(activity string, variables map[string]string) {
	j.t.Helper()
	id := j.text(activityByDef, activity)
	user := j.text("SELECT ResourceId FROM SHKAssignmentsTable WHERE ActivityId = ? LIMIT 1", id)
	_, err := j.Complete(j.t.Context(), engine.Caller{Name: user}, id, variables)
	must(j.t, err)
}

// TestDeploy_moves_what_runs has an instance with an open subflow, which goes on as the
// new version has it.
func TestDeploy_moves_what_runs(t *testing.T) {
	t.Parallel()
	j := newJoget(t, engine.Options{})
	j.start(hiring)
	j.complete("prepare", map[string]string{"status": "prepared"})
	j.want("open", "equip pick", openOnes)
	oids := j.text("SELECT GROUP_CONCAT(CONCAT(Id, oid, Created)) FROM SHKProcesses")
	version, err := j.Deploy(t.Context(), apps.Onboard, 1, j.xpdl(apps.Onboard, `<DataFields>`, `<DataFields><DataField Id="added"><DataType><BasicType Type="STRING"/></DataType></DataField>`, `"handover"`, `"deliver"`))
	must(t, err)
	if version != "2" {
		t.Errorf("it is version %s", version)
	}
	j.want("of", "onboard#2#onboarding onboard#2#equipment", "SELECT PDefName FROM SHKProcesses ORDER BY oid")
	j.want("of the row", "2 2", "SELECT d.ProcessDefinitionVersion FROM SHKProcesses p JOIN SHKProcessDefinitions d ON d.oid = p.ProcessDefinition ORDER BY p.oid")
	j.want("activities of", "2", "SELECT DISTINCT SUBSTRING_INDEX(SUBSTRING_INDEX(PDefName, '#', 2), '#', -1) FROM SHKActivities")
	j.want("assignments of", "onboard#2#equipment", "SELECT DISTINCT ActivityProcessDefName FROM SHKAssignmentsTable")
	j.want("the instances", oids, "SELECT GROUP_CONCAT(CONCAT(Id, oid, Created)) FROM SHKProcesses")
	j.want("a variable that was added", "|3", "SELECT DISTINCT CONCAT(VariableValueVCHAR, '|', VariableType) FROM SHKProcessData WHERE VariableDefinitionId = 'added'")
	j.want("versions", "2", "SELECT XPDLVersion FROM SHKXPDLS WHERE XPDLId = 'onboard'")
	j.want("definitions", "2", "SELECT DISTINCT ProcessDefinitionVersion FROM SHKProcessDefinitions WHERE PackageId = 'onboard'")
	j.want("packages", "2", "SELECT packageVersion FROM app_package WHERE packageId = 'onboard'")
	j.want("mappings of what is gone", "0", "SELECT COUNT(*) FROM app_package_activity_form WHERE activityDefId = 'handover'")
	j.want("mappings of what is there", "2", "SELECT packageVersion FROM app_package_activity_form WHERE packageId = 'onboard' AND activityDefId = 'pick'")
	j.complete("pick", map[string]string{"equipmentStatus": "picked"})
	j.want("open", "equip deliver", openOnes)
}

// TestDeploy_aborts_what_it_cannot_move has instances with an activity that is gone or of
// another kind, with none, and whose process is gone.
func TestDeploy_aborts_what_it_cannot_move(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		happens func(*joget, string)
		changes []string
		state   string // "" for gone from the engine
		history string
	}{
		{name: "nothing", state: "onboard#2#probation open.running"},
		{name: "the_activity_is_gone", changes: []string{`"review"`, `"examine"`}, history: "closed.aborted"},
		{name: "it_is_of_another_kind", changes: []string{"<Activity Id=\"review\" Name=\"Review\">\n          <Implementation><No/></Implementation>", `<Activity Id="review" Name="Review"><Route/>`}, history: "closed.aborted"},
		{name: "the_process_is_gone", changes: []string{`"probation"`, `"trial"`}, history: "closed.aborted"},
		{name: "nothing_is_open", happens: func(j *joget, id string) { j.AbortActivity(j.t.Context(), admin, id, "review") }, history: "closed.aborted"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			j := newJoget(t, engine.Options{})
			id := j.start("onboard:latest:probation")
			if tc.happens != nil {
				tc.happens(j, id)
			}
			_, err := j.Deploy(t.Context(), apps.Onboard, 1, j.xpdl(apps.Onboard, tc.changes...))
			must(t, err)
			j.want("instance", tc.state, "SELECT CONCAT(p.PDefName, ' ', s.Name) FROM SHKProcesses p JOIN SHKProcessStates s ON s.oid = p.State")
			j.want("history", tc.history, "SELECT state FROM wf_history_process")
			j.want("versions", "2", "SELECT XPDLVersion FROM SHKXPDLS WHERE XPDLId = 'onboard'")
		})
	}
}
