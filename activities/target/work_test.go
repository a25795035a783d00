package target_test

import (
	"testing"

	"jogetferry/activities/target"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
)

// TestGuard_sees_work_after_a_deploy has the version that an instance was started as
// deleted: what people did since is seen by the version that it is of now.
func TestGuard_sees_work_after_a_deploy(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Begun(c, scene.One, scene.ToConfirm)
	guard := target.Guard{Servers: &scene.Worker(c).Servers}
	worked := func() bool {
		t.Helper()
		did, err := guard.Worked(t.Context(), in.Step(), in.TargetID())
		activitytest.Must(t, err)
		return did
	}
	activitytest.Same(t, "before", false, worked())
	c.Target.Accept(in.TargetID(), "approve", "clark")
	activitytest.Same(t, "after", true, worked())

	// The version is no reason to take it for another one.
	known := in.Claim().Started
	known.Definition.Version = "98"
	root, reason, err := guard.Live(t.Context(), known)
	activitytest.Must(t, err)
	if root == nil || reason != migration.Reason("") {
		t.Errorf("it is not ours any more: %s", reason)
	}
}

// TestGuard_sees_a_subflow_that_people_completed_without_a_trace has a server that
// deletes what has ended: of the instance of a subflow that people completed nothing is
// left but its link, and its caller goes on.
func TestGuard_sees_a_subflow_that_people_completed_without_a_trace(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		process string // that was called; "": the one that has work for people
		ours    bool   // we aborted it
		want    bool
	}{
		{name: "people", want: true},
		{name: "nobody_has_work_in_it", process: "idle", want: false},
		{name: "a_process_that_nobody_knows", process: "unheard", want: true},
		{name: "we_ended_it", ours: true, want: false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			stage := activitytest.New(t)
			c := stage.Case(t)
			in := scene.Begun(c, scene.Called, scene.ToCalled)
			j := scene.Worker(c)
			activitytest.Same(t, "resumed", contract.Outcome{Status: contract.StatusOK}, scene.Resume(t, j, in))
			guard := target.Guard{Servers: &j.Servers}
			worked := func() bool {
				t.Helper()
				did, err := guard.Worked(t.Context(), in.Step(), in.TargetID())
				activitytest.Must(t, err)
				return did
			}
			activitytest.Same(t, "before", false, worked())
			child := migration.InstanceID(c.Target.Tree(in.TargetID()).Instance.Open("equip").Performer)
			c.Target.Complete(in.TargetID(), "equip/handover", "", nil)
			c.Target.Forget(child)
			c.Target.Erase(child)
			c.Target.Put("wf_process_link", "processId", string(child), "parentProcessId", string(in.TargetID()), "originProcessId", string(in.Record))
			if tc.process != "" {
				called(c, "equipment", tc.process)
				j.Target.Catalog.Forget()
			}
			if tc.ours {
				call := migration.Call{Verb: migration.VerbAbortProcess, Target: child}
				activitytest.Must(t, c.Ledger.Log(t.Context(), c.Migration, in.ID, migration.StepLine{Step: migration.StepRollback, Kind: migration.KindIntent, Event: migration.EventCall, Call: &call}))
			}
			activitytest.Same(t, "after", tc.want, worked())
			scene.Finished(t, c, in)
			out, err := activitytest.Retry(t, j.Register, contract.AbortTarget, contract.AbortTargetInput{StepInput: in.Step()})
			activitytest.Must(t, err)
			want := contract.Outcome{Status: contract.StatusOK}
			if tc.want {
				want = contract.Outcome{Status: contract.StatusSkipped, Reason: migration.ReasonTargetMoved}
			}
			activitytest.Same(t, "abort", want, activitytest.Decided(out))
		})
	}
}

// called has the subflow activity equip of the target call another process; idle is one
// that has only a route.
func called(c *activitytest.Case, was, now string) {
	const data = "UPDATE SHKXPDLData d JOIN SHKXPDLS x ON x.oid = d.XPDL SET d.XPDLContent = REPLACE(d.XPDLContent, ?, ?) WHERE x.XPDLId = 'onboard'"
	c.Target.Exec(data, `<SubFlow Id="`+was+`"`, `<SubFlow Id="`+now+`"`)
	c.Target.Exec(data, `</WorkflowProcesses>`, `<WorkflowProcess Id="idle"><Activities><Activity Id="pass"><Route/></Activity></Activities></WorkflowProcess></WorkflowProcesses>`)
}
