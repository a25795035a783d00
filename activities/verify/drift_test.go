package verify_test

import (
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
)

// TestCheckDrift has instances that were migrated, of which some went on on the source.
func TestCheckDrift(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	instance := func(b activitytest.Begin, w scene.Way) *activitytest.Instance {
		in := c.Begin(b)
		w.Walk(c, in)
		in.Plan()
		in.Snapshot()
		scene.Finished(t, c, in)
		return in
	}
	still, moved, closed := instance(scene.One, nil), instance(scene.One, nil), instance(scene.One, nil)
	below, accepted, variables := instance(scene.Called, scene.ToCalled), instance(scene.One, nil), instance(scene.One, nil)
	row := instance(activitytest.Begin{Process: "leave/process1", Row: map[string]string{"reason": "ill"}}, nil)
	planned := scene.Leave(c)
	planned.Plan()
	c.Source.Complete(moved.ID, "approve", "", nil)
	c.Source.Abort(closed.ID)
	c.Source.Complete(below.ID, "equip/handover", "", nil)
	c.Source.Accept(accepted.ID, "approve", "clark")
	c.Source.Set(variables.ID, "status", "changed")
	// Rows are the verification's business.
	c.Source.Edit("leave_request", row.Record, "reason", "well")

	var got contract.DriftPage
	for after, pages := int64(0), 0; pages == 0 || after > 0; pages++ {
		page, err := activitytest.Run(t, scene.Worker(c).Register, contract.CheckDrift, contract.ListInput{Migration: c.Migration, After: after, Limit: 3})
		activitytest.Must(t, err)
		got.Still, got.Drifted, after = got.Still+page.Still, append(got.Drifted, page.Drifted...), page.Next
	}
	activitytest.Same(t, "drift", contract.DriftPage{Still: 2, Drifted: []contract.Drifted{
		{Instance: moved.ID}, {Instance: closed.ID, Closed: true}, {Instance: below.ID}, {Instance: accepted.ID}, {Instance: variables.ID},
	}}, got)
	activitytest.Same(t, "state", migration.InstanceDone, still.Entry().State)
}

func TestCheckDrift_of_another_source(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	elsewhere := scene.Worker(c, func(a *scene.Ports) { a.Source.Fingerprint = "elsewhere" })
	_, err := activitytest.Run(t, elsewhere.Register, contract.CheckDrift, contract.ListInput{Migration: c.Migration, Limit: 3})
	activitytest.Same(t, "error", contract.MisdirectedType, activitytest.TypeOf(err))
}
