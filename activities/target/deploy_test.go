package target_test

import (
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
	simulated "jogetferry/test/simulator/schema"
)

// TestDeploy_leaves_an_instance_ours has somebody deploy the app on the target while one
// of its instances is migrated: all steps go on with it, and it can be taken back.
func TestDeploy_leaves_an_instance_ours(t *testing.T) {
	t.Parallel()
	// copied takes the snapshot and the rows, as the first step of a migration does.
	copied := func(t *testing.T, j *scene.Ports, input contract.CopyFormDataInput) {
		t.Helper()
		out, err := activitytest.Retry(t, j.Register, contract.CopyFormData, input)
		activitytest.Must(t, err)
		activitytest.Same(t, "copy", contract.StatusOK, out.Status)
	}
	for _, tc := range []struct {
		name   string
		begin  activitytest.Begin
		way    scene.Way
		app    string
		rounds int // of resuming before the deploy
		// after is what happens when it was resumed and is done.
		after func(*testing.T, *activitytest.Case, *activitytest.Instance, *scene.Ports)
	}{
		{name: "before_it_is_resumed", begin: scene.Called, way: scene.ToCalled, app: "onboard"},
		{name: "while_it_is_resumed", begin: scene.Called, way: scene.ToCalled, app: "onboard", rounds: 1},
		{name: "before_branches_are_brought_to_a_join", begin: scene.Three, way: scene.ToJoin, app: "claims"},
		{name: "while_a_branch_waits_at_a_join", begin: scene.Three, way: scene.ToJoin, app: "claims", rounds: 9},
		{
			name: "before_what_moved_on_the_source_is_brought", begin: scene.Called, way: scene.ToCalled[:1], app: "onboard", rounds: 9,
			after: func(t *testing.T, c *activitytest.Case, in *activitytest.Instance, j *scene.Ports) {
				c.Source.Complete(in.ID, "equip/pick", "", map[string]string{"equipmentStatus": "picked"})
				activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, in.ID, migration.Change{
					From: []migration.InstanceState{migration.InstanceDone}, State: migration.InstanceRunning,
				}))
				copied(t, j, contract.CopyFormDataInput{StepInput: in.Step(), Redo: true, Delta: true})
				out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
				activitytest.Must(t, err)
				activitytest.Same(t, "start", contract.StatusOK, out.Status)
				activitytest.Same(t, "resumed again", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, j, in))
				activitytest.Same(t, "what is open", c.Source.Standing(in.ID), c.Target.Standing(in.TargetID()))
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.New(t).Case(t)
			in := scene.Begun(c, tc.begin, tc.way)
			for range tc.rounds {
				out, err := activitytest.Retry(t, scene.Worker(c).Register, contract.ResumeActivity, contract.ResumeInput{StepInput: in.Step()})
				activitytest.Must(t, err)
				if out.Next == nil {
					break
				}
			}
			was := in.Identity(in.TargetID())
			c.Target.Deploy(tc.app)
			if is := in.Identity(in.TargetID()); is.Definition == was.Definition || !was.Is(is) {
				t.Fatalf("the deploy made %+v of %+v", is, was)
			}
			j := scene.Worker(c)
			out, err := activitytest.Run(t, j.Register, contract.StartProcess, in.Step())
			activitytest.Must(t, err)
			activitytest.Same(t, "start", contract.StatusOK, out.Status)
			activitytest.Same(t, "resumed", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, j, in))
			for range 2 {
				verified, items := scene.Verify(t, c, in, contract.VerifyInput{Fix: true})
				if verified.Verdict != migration.VerdictSame {
					t.Fatalf("verified as %+v: %q", verified, items)
				}
				if tc.after == nil {
					break
				}
				tc.after(t, c, in, j)
				tc.after = nil
			}
			// Nobody worked on it, and it ends with all that is below it.
			aborted, err := activitytest.Retry(t, j.Register, contract.AbortTarget, contract.AbortTargetInput{StepInput: in.Step()})
			activitytest.Must(t, err)
			activitytest.Same(t, "abort", contract.Outcome{Status: contract.StatusOK}, activitytest.Decided(aborted))
			_, err = activitytest.Run(t, j.Register, contract.UndoData, contract.UndoDataInput{StepInput: in.Step()})
			activitytest.Must(t, err)
			activitytest.Same(t, "state", migration.InstanceReady, in.Entry().State)
			open := c.Target.Text("SELECT COUNT(*) FROM SHKProcesses p JOIN SHKProcessStates s ON s.oid = p.State WHERE s.Name LIKE 'open%'")
			activitytest.Same(t, "open on the target", "0", open)
		})
	}
}

// TestDeploy_does_not_hide_work has people work on an activity that came with the new
// version, while the old one is still there for an instance that has ended.
func TestDeploy_does_not_hide_work(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	in := scene.Begun(c, scene.One, scene.ToConfirm)
	scene.Finished(t, c, in)
	ended := scene.Leave(c).StartUnknown("cat", nil)
	c.Target.Exec("UPDATE SHKProcesses SET State = ? WHERE Id = ?", simulated.ProcessStateOID("closed.completed"), string(ended))
	c.Target.Deploy("leave", `"confirm"`, `"countersign"`)
	activitytest.Same(t, "versions", "2", c.Target.Text("SELECT COUNT(*) FROM SHKXPDLS WHERE XPDLId = 'leave'"))
	c.Target.Engine.StartActivity(t.Context(), activitytest.Administrator, string(in.TargetID()), "countersign", true)
	input := contract.AbortTargetInput{StepInput: in.Step()}
	c.Target.Accept(in.TargetID(), "countersign", c.Target.Tree(in.TargetID()).Instance.Open("countersign").Assignments[0].User)
	out, err := activitytest.Retry(t, scene.Worker(c).Register, contract.AbortTarget, input)
	activitytest.Must(t, err)
	activitytest.Same(t, "outcome", contract.Outcome{Status: contract.StatusSkipped, Reason: migration.ReasonTargetMoved}, activitytest.Decided(out))
	activitytest.Same(t, "aborts", 0, len(c.Door.Calls("process/abort")))
}

// TestDeploy_while_a_start_has_no_answer cannot be told apart from the start's own doing:
// it is waited out.
func TestDeploy_while_a_start_has_no_answer(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	in := scene.Ready(c)
	scene.Claimed(t, c, in, migration.ClaimUnknown)
	id := in.StartUnknown("cat", map[string]string{"status": "new"})
	c.Target.Deploy("leave")
	reconcile := func(change ...func(*scene.Ports)) (contract.StartOutput, error) {
		return activitytest.Run(t, scene.Worker(c, change...).Register, contract.ReconcileStart, contract.ReconcileInput{StepInput: in.Step()})
	}
	_, err := reconcile()
	activitytest.Same(t, "error", contract.WaitingType, activitytest.TypeOf(err))
	activitytest.Same(t, "claim", migration.ClaimUnknown, in.Claim().State)
	out, err := reconcile(scene.Settled)
	activitytest.Must(t, err)
	activitytest.Same(t, "outcome", contract.StatusOK, out.Status)
	activitytest.Same(t, "target", id, out.Target)
}

// TestDeploy_ends_what_has_nothing_open takes the instance away that a resume left empty.
func TestDeploy_ends_what_has_nothing_open(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	in := scene.Begun(c, scene.One, scene.ToConfirm)
	c.Target.Engine.AbortActivity(t.Context(), activitytest.Administrator, string(in.TargetID()), "approve")
	c.Target.Deploy("leave")
	j := scene.Worker(c)
	activitytest.Same(t, "resumed", activitytest.Parked(migration.ReasonTargetClosed), scene.Resume(t, j, in))
	aborted, err := activitytest.Retry(t, j.Register, contract.AbortTarget, contract.AbortTargetInput{StepInput: in.Step()})
	activitytest.Must(t, err)
	activitytest.Same(t, "rollback", contract.Outcome{Status: contract.StatusOK}, activitytest.Decided(aborted))
}
