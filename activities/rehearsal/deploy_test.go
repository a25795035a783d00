package rehearsal_test

import (
	"strings"
	"testing"
	"time"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
)

// TestRehearsal_after_a_deploy shows the same path whether or not the app was deployed on
// the target since the instance was migrated, and leaves as little behind.
func TestRehearsal_after_a_deploy(t *testing.T) {
	t.Parallel()
	paths := map[string][]migration.RehearsalStep{}
	for _, when := range []string{"never", "before", "between", "at_the_end"} {
		c := activitytest.New(t).Case(t)
		in, number := rehearsed(t, c, scene.Called, scene.ToCalled, nil)
		j := scene.Worker(c, scene.SettlesSoon)
		for n, at := range []string{"before", "between", "at_the_end"} {
			if when == at {
				c.Target.Deploy("onboard")
				j = scene.Worker(c, scene.SettlesSoon)
			}
			if n == 2 {
				break
			}
			out, err := activitytest.Retry(t, j.Register, contract.RehearseStep, contract.RehearseStepInput{StepInput: in.Step(), Rehearsal: number, Step: n + 1})
			activitytest.Must(t, err)
			activitytest.Same(t, when+": stopped", "", out.Stopped)
			activitytest.Same(t, when+": ended", n == 1, out.Ended)
		}
		// Repeated, the last step reads what became of the instance.
		out, err := activitytest.Retry(t, j.Register, contract.RehearseStep, contract.RehearseStepInput{StepInput: in.Step(), Rehearsal: number, Step: 2})
		activitytest.Must(t, err)
		activitytest.Same(t, when+": ended, once more", true, out.Ended)
		r, err := c.Ledger.Rehearsal(t.Context(), number)
		activitytest.Must(t, err)
		for i := range r.Steps { // what each rehearsal has of its own
			r.Steps[i].Instance, r.Steps[i].ActivityID, r.Steps[i].Known, r.Steps[i].At = "", "", nil, time.Time{}
		}
		paths[when] = r.Steps
		if when != "never" {
			activitytest.Same(t, when+": path", paths["never"], r.Steps)
		}
		aborted, err := activitytest.Retry(t, j.Register, contract.AbortRehearsed, contract.AbortRehearsedInput{StepInput: in.Step(), Rehearsal: number})
		activitytest.Must(t, err)
		activitytest.Same(t, when+": aborted", contract.Outcome{Status: contract.StatusOK}, aborted)
	}
	activitytest.Same(t, "what the first step opened", []migration.RehearsalRun{{Activity: "welcome", Kind: "manual"}}, paths["never"][0].Opened)
}

// TestRehearseStep_of_a_plan_before_a_deploy has nothing to compare the answers with.
func TestRehearseStep_of_a_plan_before_a_deploy(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	in := c.Begin(scene.One)
	in.Plan()
	c.Target.Deploy("leave")
	number, err := c.Ledger.BeginRehearsal(t.Context(), c.Migration, in.ID, approvals, 5)
	activitytest.Must(t, err)
	out, err := activitytest.Run(t, scene.Worker(c).Register, contract.RehearseStep, contract.RehearseStepInput{StepInput: in.Step(), Rehearsal: number})
	activitytest.Must(t, err)
	if !strings.Contains(out.Stopped, "run starter plan again") || out.Mistakes > 0 {
		t.Errorf("it stopped for %q, with %d mistakes", out.Stopped, out.Mistakes)
	}
}
