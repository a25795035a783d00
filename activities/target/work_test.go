package target_test

import (
	"testing"

	"jogetferry/activities/target"
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
	deleted := in.Identity(in.TargetID()).Definition
	deleted.Version = "98"
	worked := func() bool {
		t.Helper()
		did, err := guard.Worked(t.Context(), in.Step(), in.TargetID(), deleted)
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
