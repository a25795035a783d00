package target_test

import (
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
)

// TestStartProcess_keeps_its_baseline looks for it behind the request that was sent.
func TestStartProcess_keeps_its_baseline(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in := scene.Leave(c)
	in.Plan()
	scene.Copied(t, c, in)
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.StartProcess, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "outcome", contract.StatusOK, out.Status)
	claim, err := c.Ledger.Claimed(t.Context(), in.Key())
	activitytest.Must(t, err)
	activitytest.Same(t, "state", migration.ClaimStarted, claim.State)
	activitytest.Same(t, "baseline", true, claim.BaselineTaken)
	activitytest.Same(t, "step", migration.StepStart, in.Entry().Step)
}
