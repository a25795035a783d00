package step_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/test/temporaltest"
)

// inTemporal runs an activity as Temporal does until an attempt returns or is final,
// on two workers that know nothing of each other, and returns how many attempts were made.
func inTemporal(t *testing.T, c client.Client, o workflow.ActivityOptions, role contract.Role, do func(ctx context.Context, attempt int32) error) (attempts int32, err error) {
	t.Helper()
	queue := t.Name()
	a := contract.Activity[contract.StepInput, contract.Outcome]{Name: "step", Role: role}
	run := func(ctx workflow.Context) error {
		o.RetryPolicy = &temporal.RetryPolicy{InitialInterval: time.Millisecond, BackoffCoefficient: 1}
		return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), a.Name, contract.StepInput{}).Get(ctx, nil)
	}
	var made atomic.Int32
	for range 2 {
		w := worker.New(c, queue, worker.Options{MaxConcurrentActivityExecutionSize: 1, DisableRegistrationAliasing: true})
		w.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{Name: "run"})
		step.Register(w, zap.NewNop(), a, func(ctx context.Context, _ contract.StepInput) (contract.Outcome, error) {
			return contract.Outcome{}, do(ctx, made.Add(1))
		})
		if err := w.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.Stop)
	}
	r, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: t.Name(), TaskQueue: queue}, "run")
	if err != nil {
		t.Fatal(err)
	}
	err = r.Get(t.Context(), nil)
	return made.Load(), err
}

func TestAttempts_leave_what_the_next_one_needs_whichever_worker_makes_it(t *testing.T) {
	t.Parallel()
	c, err := temporaltest.New(t, temporaltest.Options{}).Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	usual := workflow.ActivityOptions{StartToCloseTimeout: time.Minute, HeartbeatTimeout: 30 * time.Second}
	// An attempt has half a second, and says once that it lives.
	short := workflow.ActivityOptions{StartToCloseTimeout: 500 * time.Millisecond, HeartbeatTimeout: 300 * time.Millisecond}
	cut := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	waits := &step.WaitError{Why: "an earlier call may still run", Delay: time.Millisecond}
	for _, tc := range []struct {
		name     string
		options  workflow.ActivityOptions
		role     contract.Role
		do       func(context.Context, int32) error
		attempts int32 // 0: not said
		fails    bool
	}{
		{
			name: "errors_of_our_own_are_final_in_the_end", options: usual, attempts: 3 + 8, fails: true,
			do: func(_ context.Context, attempt int32) error {
				if attempt <= 3 {
					return waits
				}
				return errors.New("a mistake")
			},
		},
		{
			name: "what_was_remembered", options: usual, attempts: 3,
			do: func(ctx context.Context, attempt int32) error {
				var had int32
				if step.Remembered(ctx, &had); had != attempt-1 {
					return temporal.NewNonRetryableApplicationError("it is forgotten", "forgotten", nil)
				}
				if attempt == 3 {
					return nil
				}
				if err := step.Remember(ctx, attempt); err != nil {
					return err
				}
				return waits
			},
		},
		{
			name: "an_attempt_that_is_always_cut_is_final_in_the_end", options: short, fails: true,
			do: func(ctx context.Context, _ int32) error { return cut(ctx) },
		},
		{
			name: "one_that_gets_on_is_not", options: short, attempts: 10,
			do: func(ctx context.Context, attempt int32) error {
				if attempt == 10 {
					return nil
				}
				if err := step.Remember(ctx, attempt); err != nil {
					return err
				}
				return cut(ctx)
			},
		},
		{
			name: "nor_is_one_that_needs_the_ledger_only", options: short, attempts: 10, role: contract.RoleWorkflows,
			do: func(ctx context.Context, attempt int32) error {
				if attempt == 10 {
					return nil
				}
				return cut(ctx)
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.role == "" {
				tc.role = contract.RoleCopy
			}
			attempts, err := inTemporal(t, c, tc.options, tc.role, tc.do)
			var app *temporal.ApplicationError
			switch final := errors.As(err, &app) && app.NonRetryable(); {
			case tc.fails != final, !tc.fails && err != nil:
				t.Errorf("after %d attempts it ended with %v", attempts, err)
			case tc.attempts > 0 && attempts != tc.attempts:
				t.Errorf("%d attempts, want %d: %v", attempts, tc.attempts, err)
			}
		})
	}
}

// TestTell_is_heard_before_it_returns reads what Temporal knows of a call right after it
// was told, though heartbeats are kept back; and what is passed on of one that is left.
func TestTell_is_heard_before_it_returns(t *testing.T) {
	t.Parallel()
	c, err := temporaltest.New(t, temporaltest.Options{}).Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	a := contract.Activity[contract.StepInput, contract.Outcome]{Name: "step", Role: contract.RoleJoget}
	given := contract.SentCall{Fence: "given", At: time.Unix(1, 0).UTC()}
	w := worker.New(c, t.Name(), worker.Options{DisableRegistrationAliasing: true})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context) (out contract.Outcome, err error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, HeartbeatTimeout: 30 * time.Second})
		err = workflow.ExecuteActivity(ctx, a.Name, contract.StepInput{Sent: given}).Get(ctx, &out)
		return out, err
	}, workflow.RegisterOptions{Name: "run"})
	var heard []string
	step.Register(w, zap.NewNop(), a, func(ctx context.Context, _ contract.StepInput) (contract.Outcome, error) {
		heard = append(heard, step.LastCall(ctx).Fence)
		for _, fence := range []string{"first", "second"} {
			if err := step.Tell(ctx, fence); err != nil {
				return contract.Outcome{}, err
			}
			running, err := c.DescribeWorkflowExecution(ctx, t.Name(), "")
			if err != nil {
				return contract.Outcome{}, err
			}
			var kept struct{ Sent contract.SentCall }
			if err := converter.GetDefaultDataConverter().FromPayloads(running.PendingActivities[0].HeartbeatDetails, &kept); err != nil {
				return contract.Outcome{}, err
			}
			heard = append(heard, kept.Sent.Fence)
		}
		return step.OK(), nil
	})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	r, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: t.Name(), TaskQueue: t.Name()}, "run")
	if err != nil {
		t.Fatal(err)
	}
	var out contract.Outcome
	if err := r.Get(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if want := []string{"given", "first", "second"}; !slices.Equal(heard, want) || out.Sent.Fence != "second" {
		t.Errorf("Temporal heard %q, want %q; %q is passed on", heard, want, out.Sent.Fence)
	}
}
