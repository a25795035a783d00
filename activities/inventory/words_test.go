package inventory_test

import (
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
)

// TestTakeInventory_of_what_the_operator_says names where instances could go on in which
// nothing does, and takes what was typed before what the configuration has.
func TestTakeInventory_of_what_the_operator_says(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	begin := func() *activitytest.Instance {
		in := c.Begin(activitytest.Begin{Process: "leave/process1", Row: map[string]string{"reason": "ill"}})
		c.Source.Engine.AbortActivity(t.Context(), activitytest.Administrator, string(in.ID), "approve")
		return in
	}
	unsaid, configured, wrong, typed := begin(), begin(), begin(), begin()
	typed.Plan()
	activitytest.Must(t, c.Ledger.SayResumeAt(t.Context(), c.Migration, typed.ID, migration.Word{Activities: []migration.ActivityDefID{"confirm"}, By: "ann"}))
	gone := c.Begin(activitytest.Begin{Process: "leave/process1", Row: map[string]string{"reason": "ill"}})
	gone.Plan()
	c.Source.Abort(gone.ID)
	a := scene.Worker(c, func(a *scene.Ports) {
		a.Settings.ResumeAt = map[migration.InstanceID][]migration.ActivityDefID{
			configured.ID: {"resubmit"}, wrong.ID: {"resubmitt"}, typed.ID: {"nothing"}, "99_leave_process1": {"confirm"}, gone.ID: {"confirm"},
		}
	})
	out, err := activitytest.Run(t, a.Register, contract.TakeInventory, contract.InventoryInput{Migration: c.Migration, Plan: "p"})
	activitytest.Must(t, err)
	var absent []string
	for _, f := range out.Findings {
		if f.ID == "FERRY-442" {
			absent = append(absent, f.Subject)
		}
	}
	activitytest.Same(t, "instances that are not there", []string{"99_leave_process1"}, absent)
	for _, tc := range []struct {
		name  string
		in    *activitytest.Instance
		state migration.InstanceState
		id    string
		seen  string
		way   migration.Way
	}{
		{"unsaid", unsaid, migration.InstanceBlocked, "FERRY-403", "it could go on at approve (then decision), decision (route, then resubmit, confirm, reject), route1 (route, then approve)", migration.WayResume},
		{"configured", configured, migration.InstanceReady, "FERRY-443", "resubmit (then approve); of the configuration", ""},
		{"wrong", wrong, migration.InstanceBlocked, "FERRY-442", "the target has no resubmitt; is it resubmit?", ""},
		{"typed", typed, migration.InstanceReady, "FERRY-443", "confirm (then end); typed", ""},
	} {
		findings, err := c.Ledger.Findings(t.Context(), c.Migration, tc.in.ID)
		activitytest.Must(t, err)
		var found []migration.Finding
		for _, f := range findings {
			if f.ID == "FERRY-403" || f.ID == "FERRY-442" || f.ID == "FERRY-443" {
				found = append(found, migration.Finding{ID: f.ID, Seen: f.Seen, Way: f.Way})
			}
		}
		activitytest.Same(t, tc.name, []migration.Finding{{ID: tc.id, Seen: tc.seen, Way: tc.way}}, found)
		if state := stateOf(t, c, tc.in); (state == migration.InstanceBlocked) != (tc.state == migration.InstanceBlocked) {
			t.Errorf("%s is %s", tc.name, state)
		}
	}
}
