package e2e_test

import (
	"testing"

	"go.temporal.io/sdk/testsuite"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/seed"
)

// TestAStartIsNotMadeAnewOverPeoplesWork has people end a target instance that
// is taken for one that ran through.
func TestAStartIsNotMadeAnewOverPeoplesWork(t *testing.T) {
	t.Parallel()
	s := rig.New(t, rig.Options{Seed: seed.Options{Seed: 7, Instances: 1, Positions: []string{"leave/process1/confirm"}}})
	u := newUndoing(t, s)
	worker := s.StartWorker()
	s.Starter(0, nil, "plan")
	s.Starter(0, nil, "wave", "--without-pilot")
	worker.Kill()
	id := s.Seeded.Instances[0].ID
	target := u.entry(id).TargetID
	open, err := s.Sim.Engine().Activities(t.Context(), string(target))
	u.must(err)
	u.must(accept(t.Context(), s, s.Seeded.Instances[0].RecordID))
	for _, a := range open {
		users, err := s.Sim.Engine().Assignees(t.Context(), a)
		u.must(err)
		if len(users) > 0 {
			_, err := s.Sim.Engine().Complete(t.Context(), engine.Caller{Name: users[0]}, a.ID, nil)
			u.must(err)
			break
		}
	}
	u.must(u.ledger.Progress(t.Context(), "crm", migration.InstanceID(id), migration.Change{
		From: []migration.InstanceState{migration.InstanceDone}, State: migration.InstanceRunning, Step: migration.StepStart,
	}))
	parkID, err := u.ledger.Park(t.Context(), "crm", migration.InstanceID(id), migration.Parking{Step: migration.StepStart, Reason: migration.ReasonStartRanThrough, Token: "t"})
	u.must(err)
	for _, discard := range []bool{false, true} {
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestActivityEnvironment()
		env.RegisterActivity(u.joget.ResolveInstance)
		_, err := env.ExecuteActivity(u.joget.ResolveInstance, contract.ResolveInput{
			StepInput: stepOf(id), ParkID: parkID, Reason: migration.ReasonStartRanThrough, Action: migration.ActionRedo, Discard: discard,
		})
		if (err == nil) != discard || (u.entry(id).TargetID == "") != discard {
			t.Errorf("discarding %t: %v; the target is %q", discard, err, u.entry(id).TargetID)
		}
	}
}
