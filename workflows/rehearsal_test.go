package workflows_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/workflows"
)

var rehearsalInput = contract.RehearsalInput{Migration: "m", Instance: "7_crm_approve", Rehearsal: 3, Queues: queues, MaxSteps: 2}

// rehearsalFakes answer as a rehearsal of one step does; tests replace what they need.
type rehearsalFakes struct {
	instance func(workflow.Context, contract.InstanceInput) (contract.InstanceResult, error)
	step     func(contract.RehearseStepInput) (contract.RehearseStepOutput, error)
	abort    func(contract.AbortRehearsedInput) (contract.Outcome, error)
}

// done is how a step of a rehearsal that goes on ends.
func done(n int) contract.RehearseStepOutput {
	out := contract.RehearseStepOutput{Outcome: ok()}
	if n > 0 {
		out.Target, out.Activity = "9_crm_approve", "approve"
	}
	return out
}

func (f rehearsalFakes) environment(t *testing.T) (*testsuite.TestWorkflowEnvironment, *world) {
	t.Helper()
	env := bare()
	w := &world{}
	env.RegisterWorkflowWithOptions(workflows.Rehearsal, workflow.RegisterOptions{Name: contract.RehearsalWorkflow})
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context, in contract.InstanceInput) (contract.InstanceResult, error) {
		w.note("Instance %s pilot=%t", workflow.GetInfo(ctx).WorkflowExecution.ID, in.Pilot)
		if f.instance != nil {
			return f.instance(ctx, in)
		}
		return contract.InstanceResult{State: migration.InstanceDone}, nil
	}, workflow.RegisterOptions{Name: contract.InstanceWorkflow})
	fake(env, w, contract.RehearseStep, func(in contract.RehearseStepInput) (contract.RehearseStepOutput, error) {
		w.note("  step %d of %d", in.Step, in.Rehearsal)
		if f.step != nil {
			return f.step(in)
		}
		out := done(in.Step)
		out.Ended = in.Step == 1
		return out, nil
	})
	fake(env, w, contract.AbortRehearsed, func(in contract.AbortRehearsedInput) (contract.Outcome, error) {
		w.note("  gone=%t", in.Gone)
		if f.abort != nil {
			return f.abort(in)
		}
		return ok(), nil
	})
	fake(env, w, contract.UndoData, func(contract.UndoDataInput) (contract.UndoDataOutput, error) {
		return contract.UndoDataOutput{Outcome: ok(), Rows: 3, Files: 2, Conflicts: 1}, nil
	})
	fake(env, w, contract.SettleRehearsal, func(in contract.SettleRehearsalInput) (contract.Outcome, error) {
		w.note("  ended=%t undone=%t %s", in.Result.Ended, in.Result.Undone, in.Result.Stopped)
		return ok(), nil
	})
	return env, w
}

const rehearsed = "Instance ferry/m/instance/7_crm_approve pilot=true"

func TestRehearsal(t *testing.T) {
	t.Parallel()
	undone := []string{"AbortRehearsed", "  gone=false", "UndoData", "SettleRehearsal"}
	at := func(n int, then contract.RehearseStepOutput) func(contract.RehearseStepInput) (contract.RehearseStepOutput, error) {
		return func(in contract.RehearseStepInput) (contract.RehearseStepOutput, error) {
			if in.Step == n {
				return then, nil
			}
			return done(in.Step), nil
		}
	}
	refused := temporal.NewNonRetryableApplicationError("no access", "refused", nil)
	for _, tc := range []struct {
		name  string
		fakes rehearsalFakes
		calls []string // after the answers were compared, and the migration
		want  contract.RehearsalResult
	}{
		{
			name:  "one_that_ends_is_taken_back",
			calls: append(append([]string{"RehearseStep", "  step 1 of 3"}, undone...), "  ended=true undone=true "),
			want:  contract.RehearsalResult{Ended: true, Steps: 1, Target: "9_crm_approve", Undone: true, Rows: 3, Files: 2, Conflicts: 1},
		},
		{
			name:  "so_is_one_that_stops",
			fakes: rehearsalFakes{step: at(2, contract.RehearseStepOutput{Outcome: ok(), Stopped: "a decision"})},
			calls: append(append([]string{"RehearseStep", "  step 1 of 3", "RehearseStep", "  step 2 of 3"}, undone...), "  ended=false undone=true a decision"),
			want:  contract.RehearsalResult{Stopped: "a decision", Steps: 1, Target: "9_crm_approve", Undone: true, Rows: 3, Files: 2, Conflicts: 1},
		},
		{
			name:  "and_one_that_comes_to_no_end",
			fakes: rehearsalFakes{step: at(9, done(9))},
			calls: append(append([]string{"RehearseStep", "  step 1 of 3", "RehearseStep", "  step 2 of 3"}, undone...), "  ended=false undone=true 2 steps did not lead to the end"),
			want:  contract.RehearsalResult{Stopped: "2 steps did not lead to the end", Steps: 2, Target: "9_crm_approve", Undone: true, Rows: 3, Files: 2, Conflicts: 1},
		},
		{
			name: "one_whose_migration_parks_is_left_to_the_operator",
			fakes: rehearsalFakes{
				instance: func(ctx workflow.Context, _ contract.InstanceInput) (contract.InstanceResult, error) {
					return contract.InstanceResult{}, workflow.Sleep(ctx, 24*time.Hour)
				},
				step: at(1, contract.RehearseStepOutput{Outcome: parked(migration.ReasonRecordConflict, 4)}),
			},
			calls: []string{"RehearseStep", "  step 1 of 3", "SettleRehearsal", "  ended=false undone=false its migration is parked: " + migration.ReasonRecordConflict.Text()},
			want:  contract.RehearsalResult{Stopped: "its migration is parked: " + migration.ReasonRecordConflict.Text(), Reason: migration.ReasonRecordConflict, ParkID: 4},
		},
		{
			name:  "one_that_lost_its_instance_leaves_it_alone",
			fakes: rehearsalFakes{step: at(2, contract.RehearseStepOutput{Outcome: contract.Outcome{Status: contract.StatusSkipped}, Stopped: "not its own"})},
			calls: []string{"RehearseStep", "  step 1 of 3", "RehearseStep", "  step 2 of 3", "SettleRehearsal", "  ended=false undone=false not its own"},
			want:  contract.RehearsalResult{Stopped: "not its own", Steps: 1, Target: "9_crm_approve"},
		},
		{
			name: "a_refusal_to_close_the_target_is_told",
			fakes: rehearsalFakes{abort: func(contract.AbortRehearsedInput) (contract.Outcome, error) {
				return contract.Outcome{Status: contract.StatusSkipped, Message: "the start is unknown"}, nil
			}},
			calls: []string{"RehearseStep", "  step 1 of 3", "AbortRehearsed", "  gone=false", "SettleRehearsal", "  ended=true undone=false it was not rolled back: the start is unknown"},
			want:  contract.RehearsalResult{Ended: true, Stopped: "it was not rolled back: the start is unknown", Steps: 1, Target: "9_crm_approve"},
		},
		{
			name:  "so_is_undoing_that_fails",
			fakes: rehearsalFakes{abort: func(contract.AbortRehearsedInput) (contract.Outcome, error) { return contract.Outcome{}, refused }},
			calls: []string{"RehearseStep", "  step 1 of 3", "AbortRehearsed", "  gone=false", "SettleRehearsal", "  ended=true undone=false it could not be rolled back: no access"},
			want:  contract.RehearsalResult{Ended: true, Stopped: "it could not be rolled back: no access", Steps: 1, Target: "9_crm_approve"},
		},
		{
			name: "a_step_that_fails_for_good_stops_it",
			fakes: rehearsalFakes{step: func(in contract.RehearseStepInput) (contract.RehearseStepOutput, error) {
				if in.Step == 1 {
					return contract.RehearseStepOutput{}, refused
				}
				return done(in.Step), nil
			}},
			calls: append(append([]string{"RehearseStep", "  step 1 of 3"}, undone...), "  ended=false undone=true no access"),
			want:  contract.RehearsalResult{Stopped: "no access", Undone: true, Rows: 3, Files: 2, Conflicts: 1},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			env, w := tc.fakes.environment(t)
			env.ExecuteWorkflow(contract.RehearsalWorkflow, rehearsalInput)
			var got contract.RehearsalResult
			if err := env.GetWorkflowResult(&got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			// The migration and the first step begin side by side.
			calls := without(w.calls, rehearsed)
			if diff := cmp.Diff(append([]string{"RehearseStep", "  step 0 of 3"}, tc.calls...), calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if len(calls) == len(w.calls) {
				t.Error("nothing was migrated")
			}
		})
	}
}

func without(calls []string, one string) []string {
	var left []string
	for _, c := range calls {
		if c != one {
			left = append(left, c)
		}
	}
	return left
}

// TestRehearsal_with_mistakes_in_its_answers touches nothing.
func TestRehearsal_with_mistakes_in_its_answers(t *testing.T) {
	t.Parallel()
	env, w := rehearsalFakes{step: func(contract.RehearseStepInput) (contract.RehearseStepOutput, error) {
		return contract.RehearseStepOutput{Outcome: ok(), Stopped: "they do not fit", Mistakes: 2}, nil
	}}.environment(t)
	env.ExecuteWorkflow(contract.RehearsalWorkflow, rehearsalInput)
	var got contract.RehearsalResult
	if err := env.GetWorkflowResult(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(contract.RehearsalResult{Stopped: "they do not fit", Mistakes: 2}, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"RehearseStep", "  step 0 of 3", "SettleRehearsal", "  ended=false undone=false they do not fit"}, w.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// waits is a step whose attempts fail until something has ended.
func waits(at int) func(contract.RehearseStepInput) (contract.RehearseStepOutput, error) {
	return func(in contract.RehearseStepInput) (contract.RehearseStepOutput, error) {
		if in.Step == at {
			return contract.RehearseStepOutput{}, temporal.NewApplicationErrorWithOptions("waiting", contract.WaitingType, temporal.ApplicationErrorOptions{NextRetryDelay: time.Second})
		}
		return done(in.Step), nil
	}
}

// TestRehearsal_whose_migration_is_ended_from_outside does not wait for it for ever.
func TestRehearsal_whose_migration_is_ended_from_outside(t *testing.T) {
	t.Parallel()
	env, w := rehearsalFakes{step: waits(1), instance: func(ctx workflow.Context, _ contract.InstanceInput) (contract.InstanceResult, error) {
		return contract.InstanceResult{}, errors.Join(workflow.Sleep(ctx, 3*time.Second), errors.New("terminated"))
	}}.environment(t)
	env.ExecuteWorkflow(contract.RehearsalWorkflow, rehearsalInput)
	var got contract.RehearsalResult
	if err := env.GetWorkflowResult(&got); err != nil {
		t.Fatal(err)
	}
	if got.Stopped != "the workflow of its migration was ended from outside" || !got.Undone {
		t.Errorf("got %+v after %v", got, w.calls)
	}
	if !slices.Contains(w.calls, "  gone=true") {
		t.Errorf("the instance stays in flight: %v", w.calls)
	}
}

// TestRehearsal_that_is_cancelled takes back what it did all the same.
func TestRehearsal_that_is_cancelled(t *testing.T) {
	t.Parallel()
	env, w := rehearsalFakes{step: waits(2)}.environment(t)
	env.RegisterDelayedCallback(env.CancelWorkflow, 3*time.Second)
	env.ExecuteWorkflow(contract.RehearsalWorkflow, rehearsalInput)
	if err := env.GetWorkflowError(); !temporal.IsCanceledError(err) {
		t.Errorf("got %v", err)
	}
	calls := w.calls[len(w.calls)-5:]
	if diff := cmp.Diff([]string{"AbortRehearsed", "  gone=false", "UndoData", "SettleRehearsal", "  ended=false undone=true it was cancelled"}, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
