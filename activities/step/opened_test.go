package step_test

import (
	"context"
	"os"
	"testing"

	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
)

func TestMain(m *testing.M) { os.Exit(activitytest.Main(m)) }

// does is an activity that is registered as all are.
var does = contract.Activity[contract.StepInput, contract.Outcome]{Name: "Does"}

func registered(do func(context.Context, contract.StepInput) (contract.Outcome, error)) func(worker.Registry) {
	return func(r worker.Registry) { step.Register(r, zap.NewNop(), does, do) }
}

func planned(c *activitytest.Case) *activitytest.Instance {
	in := c.Begin(activitytest.Begin{Process: "leave/process1"})
	in.Plan()
	return in
}

// TestBegin opens an instance unless there is nothing to do, or not by this worker.
func TestBegin(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		is     migration.Change
		change func(*step.Servers)
		want   contract.Outcome
		fails  string
	}{
		{name: "what_is_planned", want: contract.Outcome{Status: contract.StatusOK}},
		{name: "what_is_done", is: migration.Change{State: migration.InstanceDone, Verdict: migration.VerdictSame}, want: contract.Outcome{Status: contract.StatusDone}},
		{
			name: "what_was_skipped", is: migration.Change{State: migration.InstanceSkipped, Reason: migration.ReasonSourceClosed},
			want: contract.Outcome{Status: contract.StatusSkipped, Reason: migration.ReasonSourceClosed},
		},
		{name: "of_another_source", change: func(s *step.Servers) { s.Source.Fingerprint = "elsewhere" }, fails: contract.MisdirectedType},
		{name: "of_another_target", change: func(s *step.Servers) { s.Target.Fingerprint = "elsewhere" }, fails: contract.MisdirectedType},
		{name: "by_a_worker_that_knows_no_source", change: func(s *step.Servers) { s.Source = step.Server{} }, want: contract.Outcome{Status: contract.StatusOK}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			in, servers := planned(c), c.Servers()
			if tc.is.State != "" {
				activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, in.ID, tc.is))
			}
			if tc.change != nil {
				tc.change(&servers)
			}
			out, err := activitytest.Run(t, registered(func(ctx context.Context, input contract.StepInput) (contract.Outcome, error) {
				opened, out, err := servers.Begin(ctx, input)
				if err == nil && opened.Key != in.Key() {
					t.Errorf("its key is %+v", opened.Key)
				}
				return out, err
			}), does, in.Step())
			activitytest.Same(t, "outcome", tc.want, out)
			activitytest.Same(t, "error", tc.fails, activitytest.TypeOf(err))
		})
	}
}

// TestPark_is_the_same_for_all_attempts has an attempt park that could not say so.
func TestPark_is_the_same_for_all_attempts(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in, servers := planned(c), c.Servers()
	parks := registered(func(ctx context.Context, input contract.StepInput) (contract.Outcome, error) {
		return servers.Park(ctx, input, step.Parking{Step: migration.StepVerify, Reason: migration.ReasonVerifyDiffers, Message: "plain", Detail: "cat"})
	})
	at := activitytest.NewAttempt()
	want := contract.Outcome{Status: contract.StatusParked, Reason: migration.ReasonVerifyDiffers, ParkID: 1, Message: "plain"}
	for range 2 {
		out, err := activitytest.RunAs(t, parks, does, in.Step(), at)
		activitytest.Must(t, err)
		activitytest.Same(t, "outcome", want, out)
		at = at.Next()
	}
	// Another scheduling parks anew.
	want.ParkID = 2
	out, err := activitytest.Run(t, parks, does, in.Step())
	activitytest.Must(t, err)
	activitytest.Same(t, "another scheduling", want, out)
	if e := in.Entry(); e.State != migration.InstanceParked || e.Detail != "cat" {
		t.Errorf("the ledger has it %s, %q", e.State, e.Detail)
	}
}

// TestRunning_leaves_what_is_parked has an attempt go on that was given up.
func TestRunning_leaves_what_is_parked(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	in, servers := planned(c), c.Servers()
	var opened *step.Opened
	run := registered(func(ctx context.Context, _ contract.StepInput) (contract.Outcome, error) {
		return step.OK(), servers.Running(ctx, opened, migration.StepResume)
	})
	for range 2 { // the second time it is in flight already
		var err error
		opened, err = servers.Open(t.Context(), in.Step())
		activitytest.Must(t, err)
		_, err = activitytest.Run(t, run, does, in.Step())
		activitytest.Must(t, err)
	}
	if e := in.Entry(); e.State != migration.InstanceRunning || e.Step != migration.StepResume {
		t.Errorf("it is %s in %s", e.State, e.Step)
	}
	_, err := c.Ledger.Park(t.Context(), c.Migration, in.ID, migration.Parking{Step: migration.StepResume, Reason: migration.ReasonTargetMoved, Token: "t"})
	activitytest.Must(t, err)
	_, err = activitytest.Run(t, run, does, in.Step())
	activitytest.Same(t, "error", string(migration.CodeConflict), activitytest.TypeOf(err))
	activitytest.Same(t, "state", migration.InstanceParked, in.Entry().State)
}

// TestAttemptToken names an attempt, and Token all of a scheduling.
func TestAttemptToken(t *testing.T) {
	t.Parallel()
	var tokens, attempts []migration.Token
	names := registered(func(ctx context.Context, _ contract.StepInput) (contract.Outcome, error) {
		tokens, attempts = append(tokens, step.Token(ctx)), append(attempts, step.AttemptToken(ctx))
		return step.OK(), nil
	})
	for at := (activitytest.Attempt{RunID: "run", ActivityID: "7", Number: 1}); at.Number <= 2; at = at.Next() {
		_, err := activitytest.RunAs(t, names, does, contract.StepInput{}, at)
		activitytest.Must(t, err)
	}
	activitytest.Same(t, "tokens", []migration.Token{"run/7", "run/7"}, tokens)
	activitytest.Same(t, "tokens of attempts", []migration.Token{"run/7/1", "run/7/2"}, attempts)
}

// TestForget_sees_what_was_mended has a version published since it was looked at.
func TestForget_sees_what_was_mended(t *testing.T) {
	t.Parallel()
	c := activitytest.New(t).Case(t)
	servers := c.Servers()
	latest := migration.DefinitionID{Package: "leave", Version: migration.Latest, Process: "process1"}
	_, err := servers.Target.Catalog.Resolve(t.Context(), latest)
	activitytest.Must(t, err)
	c.Target.Exec("UPDATE app_app SET published = 0 WHERE appId = 'leave'")
	_, err = servers.Target.Catalog.Resolve(t.Context(), latest)
	activitytest.Must(t, err)
	activitytest.Must(t, servers.Forget(t.Context()))
	if _, err := servers.Target.Catalog.Resolve(t.Context(), latest); migration.CodeOf(err) != migration.CodeNotFound {
		t.Errorf("got %v", err)
	}
}
