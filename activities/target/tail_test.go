package target_test

import (
	"maps"
	"testing"
	"time"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/engine"
)

// TestResumeActivity_waits_for_a_call_that_the_ledger_lost has a ledger that lost its last
// moments while the target works on a call.
func TestResumeActivity_waits_for_a_call_that_the_ledger_lost(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		dies bool // the worker; else the attempt ends with an error
	}{{name: "whose_attempt_ended"}, {name: "whose_worker_died", dies: true}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := activitytest.New(t)
			c := s.Case(t)
			in := scene.Begun(c, scene.One, scene.ToConfirm)
			j := scene.Worker(c)
			restore := s.Backup(t)
			var told, sent map[string]any // in Temporal; and before the request left
			at := activitytest.NewAttempt()
			at.Heartbeat = &told
			resume := contract.ResumeInput{StepInput: in.Step()}
			_, release, err := cutInside(t, s, c, engine.AtMapping, func() (contract.Outcome, error) {
				out, err := activitytest.RunAs(t, j.Register, contract.ResumeActivity, resume, at)
				return out.Outcome, err
			}, func() { sent = maps.Clone(told) })
			activitytest.Same(t, "the call", string(migration.CodeUnavailable), activitytest.TypeOf(err))
			if tc.dies {
				told = sent
			}
			restore()
			at = at.Next()
			_, err = activitytest.RunAs(t, j.Register, contract.ResumeActivity, resume, at)
			activitytest.Same(t, "while it works", contract.WaitingType, activitytest.TypeOf(err))
			release()
			c.Target.Await(in.TargetID(), "confirm")
			at = at.Next()
			out, err := activitytest.RunAs(t, scene.Worker(c, scene.Settled).Register, contract.ResumeActivity, resume, at)
			activitytest.Must(t, err)
			activitytest.Same(t, "when its time is over", contract.Outcome{Status: contract.StatusOK}, out.Outcome)
			activitytest.Same(t, "the target", in.OnSource(), in.OnTarget())
			activitytest.Same(t, "calls", []string{"activity_start confirm by admin, aborting"}, in.Done(effects.ActivityStart))
		})
	}
}

// TestSteps_wait_for_a_call_that_the_ledger_lost has a ledger that does not know the call
// that the step before left under way.
func TestSteps_wait_for_a_call_that_the_ledger_lost(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		done bool // the instance
		run  func(*testing.T, *scene.Ports, contract.StepInput) (contract.Outcome, error)
	}{
		{name: "restore", run: func(t *testing.T, j *scene.Ports, in contract.StepInput) (contract.Outcome, error) {
			t.Helper()
			out, err := activitytest.Run(t, j.Register, contract.RestoreState, in)
			return out.Outcome, err
		}},
		{name: "resume", run: func(t *testing.T, j *scene.Ports, in contract.StepInput) (contract.Outcome, error) {
			t.Helper()
			out, err := activitytest.Run(t, j.Register, contract.ResumeActivity, contract.ResumeInput{StepInput: in})
			return out.Outcome, err
		}},
		{name: "verify", run: func(t *testing.T, j *scene.Ports, in contract.StepInput) (contract.Outcome, error) {
			t.Helper()
			out, err := activitytest.Run(t, j.Register, contract.VerifyInstance, contract.VerifyInput{StepInput: in, Fix: true})
			return out.Outcome, err
		}},
		{name: "abort", done: true, run: func(t *testing.T, j *scene.Ports, in contract.StepInput) (contract.Outcome, error) {
			t.Helper()
			return activitytest.Run(t, j.Register, contract.AbortTarget, contract.AbortTargetInput{StepInput: in})
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in := scene.Begun(c, scene.One, nil)
			if tc.done {
				scene.Finished(t, c, in)
			}
			step := in.Step()
			step.Sent = contract.SentCall{Fence: "lost", At: time.Now()}
			_, err := tc.run(t, scene.Worker(c), step)
			activitytest.Same(t, "while it may run", contract.WaitingType, activitytest.TypeOf(err))
			activitytest.Same(t, "aborts", 0, len(in.Done(effects.Abort)))
			out, err := tc.run(t, scene.Worker(c, scene.Settled), step)
			activitytest.Must(t, err)
			activitytest.Same(t, "when its time is over", contract.Outcome{Status: contract.StatusOK}, out)
		})
	}
}
