package workflows_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"jogetferry/contract"
	"jogetferry/migration"
)

var instanceInput = contract.InstanceInput{Migration: "m", Instance: "7_crm_approve", Wave: "1", Queues: queues}

// instanceFakes answer as a migration without trouble does; tests replace what they need.
type instanceFakes struct {
	copyFormData func(contract.CopyFormDataInput) (contract.CopyFormDataOutput, error)
	start        func(contract.StepInput) (contract.StartOutput, error)
	reconcile    func(contract.ReconcileInput) (contract.StartOutput, error)
	restore      func(contract.StepInput) (contract.RestoreOutput, error)
	resume       func(contract.ResumeInput) (contract.ResumeOutput, error)
	verify       func(contract.VerifyInput) (contract.VerifyOutput, error)
	resolve      func(contract.ResolveInput) (contract.Outcome, error)
	evidence     func(contract.StepInput) (contract.Outcome, error)
	abort        func(contract.AbortTargetInput) (contract.Outcome, error)
	undo         func(contract.UndoDataInput) (contract.UndoDataOutput, error)
}

func (f instanceFakes) register(env activityRegistry) *world {
	w := &world{}
	first := &contract.ResumeCall{Activity: "approve", AbortCurrent: true}
	if f.copyFormData == nil {
		f.copyFormData = func(contract.CopyFormDataInput) (contract.CopyFormDataOutput, error) {
			return contract.CopyFormDataOutput{Outcome: ok(), Rows: 3, Written: 3}, nil
		}
	}
	if f.start == nil {
		f.start = func(contract.StepInput) (contract.StartOutput, error) {
			return contract.StartOutput{Outcome: ok(), Target: "9_crm_approve", Next: first}, nil
		}
	}
	if f.reconcile == nil {
		f.reconcile = func(in contract.ReconcileInput) (contract.StartOutput, error) { return f.start(in.StepInput) }
	}
	if f.restore == nil {
		f.restore = func(contract.StepInput) (contract.RestoreOutput, error) {
			return contract.RestoreOutput{Outcome: ok(), Rows: 1, Next: first}, nil
		}
	}
	if f.resume == nil {
		f.resume = func(in contract.ResumeInput) (contract.ResumeOutput, error) {
			return contract.ResumeOutput{Outcome: ok(), Made: &in.Call}, nil
		}
	}
	if f.verify == nil {
		f.verify = func(contract.VerifyInput) (contract.VerifyOutput, error) {
			return contract.VerifyOutput{Outcome: ok(), Verdict: migration.VerdictSame}, nil
		}
	}
	if f.resolve == nil {
		f.resolve = func(contract.ResolveInput) (contract.Outcome, error) { return ok(), nil }
	}
	if f.evidence == nil {
		f.evidence = func(contract.StepInput) (contract.Outcome, error) { return ok(), nil }
	}
	if f.abort == nil {
		f.abort = func(contract.AbortTargetInput) (contract.Outcome, error) { return ok(), nil }
	}
	if f.undo == nil {
		f.undo = func(contract.UndoDataInput) (contract.UndoDataOutput, error) {
			return contract.UndoDataOutput{Outcome: ok(), Rows: 3}, nil
		}
	}
	fake(env, w, contract.AbortTarget, func(in contract.AbortTargetInput) (contract.Outcome, error) {
		w.note("  discard=%t", in.Discard)
		return f.abort(in)
	})
	fake(env, w, contract.UndoData, func(in contract.UndoDataInput) (contract.UndoDataOutput, error) {
		w.note("  again=%t", in.Again)
		return f.undo(in)
	})
	fake(env, w, contract.GatherEvidence, f.evidence)
	fake(env, w, contract.CopyFormData, f.copyFormData)
	fake(env, w, contract.CopyUploads, func(contract.StepInput) (contract.CopyUploadsOutput, error) {
		return contract.CopyUploadsOutput{Outcome: ok()}, nil
	})
	fake(env, w, contract.StartProcess, f.start)
	fake(env, w, contract.ReconcileStart, f.reconcile)
	fake(env, w, contract.RestoreState, f.restore)
	fake(env, w, contract.ResumeActivity, func(in contract.ResumeInput) (contract.ResumeOutput, error) {
		w.note("  %s %t", in.Call.Activity, in.Call.AbortCurrent)
		return f.resume(in)
	})
	fake(env, w, contract.VerifyInstance, func(in contract.VerifyInput) (contract.VerifyOutput, error) {
		if len(in.Accepted) > 0 {
			w.note("  accepted %v", in.Accepted)
		}
		return f.verify(in)
	})
	fake(env, w, contract.ResolveInstance, func(in contract.ResolveInput) (contract.Outcome, error) {
		w.note("  %s of park %d", in.Action, in.ParkID)
		return f.resolve(in)
	})
	fake(env, w, contract.ParkInstance, func(in contract.ParkInput) (contract.Outcome, error) {
		w.note("  %s at %s cancelled=%t", in.Reason, in.Step, in.Cancelled)
		return contract.Outcome{Status: contract.StatusParked, Reason: in.Reason, ParkID: 1, Message: in.Message}, nil
	})
	return w
}

func parked(reason migration.Reason, id int64) contract.Outcome {
	return contract.Outcome{Status: contract.StatusParked, Reason: reason, ParkID: id}
}

// resolveAfter sends a resolution and returns what came of it.
func resolveAfter(t *testing.T, env *testsuite.TestWorkflowEnvironment, d time.Duration, r contract.Resolution) (refused *error) {
	t.Helper()
	refused = new(error)
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(contract.ResolveUpdate, d.String(), &testsuite.TestUpdateCallback{
			OnAccept:   func() {},
			OnReject:   func(err error) { *refused = err },
			OnComplete: func(any, error) {},
		}, r)
	}, d)
	return refused
}

func TestInstance(t *testing.T) {
	t.Parallel()
	done := contract.InstanceResult{State: migration.InstanceDone, Verdict: migration.VerdictSame, Target: "9_crm_approve"}
	once := func(first, then contract.StartOutput) func(contract.StepInput) (contract.StartOutput, error) {
		n := 0
		return func(contract.StepInput) (contract.StartOutput, error) {
			if n++; n == 1 {
				return first, nil
			}
			return then, nil
		}
	}
	started := contract.StartOutput{Outcome: ok(), Target: "9_crm_approve", Next: &contract.ResumeCall{Activity: "approve", AbortCurrent: true}}
	for _, tc := range []struct {
		name    string
		fakes   instanceFakes
		resolve []contract.Resolution
		calls   []string
		want    contract.InstanceResult
	}{
		{
			name:  "a_clean_instance_takes_five_activities",
			calls: []string{"CopyFormData", "CopyUploads", "StartProcess", "ResumeActivity", "  approve true", "VerifyInstance"},
			want:  done,
		},
		{
			name:  "files_that_were_copied_with_the_rows_take_none_of_their_own",
			fakes: instanceFakes{copyFormData: withFiles},
			calls: []string{"CopyFormData", "StartProcess", "ResumeActivity", "  approve true", "VerifyInstance"},
			want:  done,
		},
		{
			name: "one_that_stands_where_it_has_to_is_not_resumed",
			fakes: instanceFakes{start: func(contract.StepInput) (contract.StartOutput, error) {
				return contract.StartOutput{Outcome: ok(), Target: "9_crm_approve"}, nil
			}},
			calls: []string{"CopyFormData", "CopyUploads", "StartProcess", "VerifyInstance"},
			want:  done,
		},
		{
			name: "what_the_start_changed_is_restored_before_resuming",
			fakes: instanceFakes{start: func(contract.StepInput) (contract.StartOutput, error) {
				return contract.StartOutput{Outcome: ok(), Target: "9_crm_approve", Restore: true}, nil
			}},
			calls: []string{"CopyFormData", "CopyUploads", "StartProcess", "RestoreState", "ResumeActivity", "  approve true", "VerifyInstance"},
			want:  done,
		},
		{
			name: "every_pending_activity_is_one_call_and_only_the_first_aborts",
			fakes: instanceFakes{resume: func(in contract.ResumeInput) (contract.ResumeOutput, error) {
				out := contract.ResumeOutput{Outcome: ok(), Made: &in.Call}
				switch in.Call.Activity {
				case "approve":
					out.Next = &contract.ResumeCall{Activity: "check"}
				case "check":
					out.Next = &contract.ResumeCall{Activity: "pay"}
				}
				return out, nil
			}},
			calls: []string{
				"CopyFormData", "CopyUploads", "StartProcess",
				"ResumeActivity", "  approve true", "ResumeActivity", "  check false", "ResumeActivity", "  pay false", "VerifyInstance",
			},
			want: done,
		},
		{
			name: "an_unknown_start_is_reconciled_and_never_repeated",
			fakes: instanceFakes{
				start: func(contract.StepInput) (contract.StartOutput, error) {
					return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusUnknown}}, nil
				},
				reconcile: func(contract.ReconcileInput) (contract.StartOutput, error) { return started, nil },
			},
			calls: []string{"CopyFormData", "CopyUploads", "StartProcess", "ReconcileStart", "ResumeActivity", "  approve true", "VerifyInstance"},
			want:  done,
		},
		{
			name: "a_lost_attempt_is_reconciled_and_never_repeated",
			fakes: instanceFakes{
				start: func(contract.StepInput) (contract.StartOutput, error) {
					return contract.StartOutput{}, errors.New("the worker died")
				},
				reconcile: func(contract.ReconcileInput) (contract.StartOutput, error) { return started, nil },
			},
			calls: []string{"CopyFormData", "CopyUploads", "StartProcess", "ReconcileStart", "ResumeActivity", "  approve true", "VerifyInstance"},
			want:  done,
		},
		{
			name: "a_busy_record_is_waited_for",
			fakes: instanceFakes{
				start:     once(contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusBusy}}, started),
				reconcile: func(contract.ReconcileInput) (contract.StartOutput, error) { return started, nil },
			},
			calls: []string{"CopyFormData", "CopyUploads", "StartProcess", "ReconcileStart", "ResumeActivity", "  approve true", "VerifyInstance"},
			want:  done,
		},
		{
			name: "a_permanent_error_before_the_start_parks",
			fakes: instanceFakes{
				start: func(contract.StepInput) (contract.StartOutput, error) {
					return contract.StartOutput{}, temporal.NewNonRetryableApplicationError("the record set is too large", "unsupported", nil)
				},
				reconcile: func(contract.ReconcileInput) (contract.StartOutput, error) {
					return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusAgain}}, nil
				},
			},
			resolve: []contract.Resolution{{Action: migration.ActionSkip}},
			calls: []string{
				"CopyFormData", "CopyUploads", "StartProcess", "ReconcileStart",
				"ParkInstance", "  step_failed at start cancelled=false", "ResolveInstance", "  skip of park 1",
			},
			want: contract.InstanceResult{State: migration.InstanceSkipped, Reason: migration.ReasonOperator},
		},
		{
			name: "an_instance_that_is_done_already_is_left_alone",
			fakes: instanceFakes{start: func(contract.StepInput) (contract.StartOutput, error) {
				return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusDone}, Target: "9_crm_approve"}, nil
			}},
			calls: []string{"CopyFormData", "CopyUploads", "StartProcess"},
			want:  contract.InstanceResult{State: migration.InstanceDone, Target: "9_crm_approve"},
		},
		{
			name: "accepting_one_thing_accepts_nothing_else_after_a_redo",
			fakes: instanceFakes{verify: func() func(contract.VerifyInput) (contract.VerifyOutput, error) {
				n := 0
				return func(contract.VerifyInput) (contract.VerifyOutput, error) {
					switch n++; n {
					case 1:
						return contract.VerifyOutput{Outcome: parked(migration.ReasonVerifyDiffers, 1)}, nil
					case 2:
						return contract.VerifyOutput{Outcome: parked(migration.ReasonSourceMoved, 2)}, nil
					}
					return contract.VerifyOutput{Outcome: ok(), Verdict: migration.VerdictSame}, nil
				}
			}()},
			resolve: []contract.Resolution{{Action: migration.ActionAccept}, {Action: migration.ActionRedo}},
			calls: []string{
				"CopyFormData", "CopyUploads", "StartProcess", "ResumeActivity", "  approve true", "VerifyInstance",
				"ResolveInstance", "  accept of park 1", "VerifyInstance", "  accepted [verify_differs]",
				"ResolveInstance", "  redo of park 2",
				"CopyFormData", "CopyUploads", "StartProcess", "ResumeActivity", "  approve true", "VerifyInstance",
			},
			want: done,
		},
		{
			name: "a_start_proven_not_to_have_happened_is_made_anew_a_few_times",
			fakes: instanceFakes{start: func(contract.StepInput) (contract.StartOutput, error) {
				return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusAgain, Reason: migration.ReasonStartFailed}}, nil
			}},
			resolve: []contract.Resolution{{Action: migration.ActionSkip}},
			calls: []string{
				"CopyFormData", "CopyUploads", "StartProcess", "StartProcess", "StartProcess", "StartProcess", "StartProcess",
				"ParkInstance", "  start_failed at start cancelled=false", "ResolveInstance", "  skip of park 1",
			},
			want: contract.InstanceResult{State: migration.InstanceSkipped, Reason: migration.ReasonOperator},
		},
		{
			name: "a_target_out_of_reach_is_waited_for_without_end",
			fakes: instanceFakes{start: func() func(contract.StepInput) (contract.StartOutput, error) {
				n := 0
				return func(contract.StepInput) (contract.StartOutput, error) {
					if n++; n <= 7 {
						return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusAgain}}, nil
					}
					return started, nil
				}
			}()},
			calls: []string{
				"CopyFormData", "CopyUploads", "StartProcess", "StartProcess", "StartProcess", "StartProcess", "StartProcess",
				"StartProcess", "StartProcess", "StartProcess", "ResumeActivity", "  approve true", "VerifyInstance",
			},
			want: done,
		},
		{
			name: "a_start_that_another_worker_has_to_make_is_waited_for_without_end",
			fakes: instanceFakes{
				start: func() func(contract.StepInput) (contract.StartOutput, error) {
					n := 0
					return func(contract.StepInput) (contract.StartOutput, error) {
						if n++; n <= 7 {
							return contract.StartOutput{}, temporal.NewApplicationError("other servers", contract.MisdirectedType)
						}
						return started, nil
					}
				}(),
				reconcile: func(contract.ReconcileInput) (contract.StartOutput, error) {
					return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusAgain}}, nil
				},
			},
			calls: append(append([]string{"CopyFormData", "CopyUploads"}, slices.Repeat([]string{"StartProcess", "ReconcileStart"}, 7)...),
				"StartProcess", "ResumeActivity", "  approve true", "VerifyInstance"),
			want: done,
		},
		{
			name: "one_closed_on_the_source_is_skipped",
			fakes: instanceFakes{copyFormData: func(contract.CopyFormDataInput) (contract.CopyFormDataOutput, error) {
				return contract.CopyFormDataOutput{Outcome: contract.Outcome{Status: contract.StatusSkipped, Reason: migration.ReasonSourceClosed}}, nil
			}},
			calls: []string{"CopyFormData"},
			want:  contract.InstanceResult{State: migration.InstanceSkipped, Reason: migration.ReasonSourceClosed},
		},
		{
			name: "retry_repeats_the_parked_step",
			fakes: instanceFakes{start: once(
				contract.StartOutput{Outcome: parked(migration.ReasonStartNotAllowed, 3)}, started)},
			resolve: []contract.Resolution{{Action: migration.ActionRetry, ParkID: 3}},
			calls: []string{
				"CopyFormData", "CopyUploads", "StartProcess", "ResolveInstance", "  retry of park 3",
				"StartProcess", "ResumeActivity", "  approve true", "VerifyInstance",
			},
			want: done,
		},
		{
			name: "accept_goes_to_verification_with_the_difference_accepted",
			fakes: instanceFakes{
				resume: func(contract.ResumeInput) (contract.ResumeOutput, error) {
					return contract.ResumeOutput{Outcome: parked(migration.ReasonTargetMoved, 1)}, nil
				},
				verify: func(contract.VerifyInput) (contract.VerifyOutput, error) {
					return contract.VerifyOutput{Outcome: ok(), Verdict: migration.VerdictAccepted}, nil
				},
			},
			resolve: []contract.Resolution{{Action: migration.ActionAccept}},
			calls: []string{
				"CopyFormData", "CopyUploads", "StartProcess", "ResumeActivity", "  approve true",
				"ResolveInstance", "  accept of park 1", "VerifyInstance", "  accepted [target_moved]",
			},
			want: contract.InstanceResult{State: migration.InstanceDone, Verdict: migration.VerdictAccepted, Target: "9_crm_approve"},
		},
		{
			name: "a_step_that_fails_for_good_parks_with_its_message",
			fakes: instanceFakes{restore: func(contract.StepInput) (contract.RestoreOutput, error) {
				return contract.RestoreOutput{}, temporal.NewNonRetryableApplicationError("the table is gone", "unsupported", nil)
			}, start: func(contract.StepInput) (contract.StartOutput, error) {
				return contract.StartOutput{Outcome: ok(), Restore: true}, nil
			}},
			resolve: []contract.Resolution{{Action: migration.ActionSkip}},
			calls: []string{
				"CopyFormData", "CopyUploads", "StartProcess", "RestoreState",
				"ParkInstance", "  step_failed at restore cancelled=false", "ResolveInstance", "  skip of park 1",
			},
			want: contract.InstanceResult{State: migration.InstanceSkipped, Reason: migration.ReasonOperator},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			env := environment(t)
			w := tc.fakes.register(env)
			for i, r := range tc.resolve {
				if refused := resolveAfter(t, env, time.Duration(i+1)*time.Hour, r); *refused != nil {
					t.Errorf("resolution %d refused: %v", i, *refused)
				}
			}
			env.ExecuteWorkflow(contract.InstanceWorkflow, instanceInput)
			if err := env.GetWorkflowError(); err != nil {
				t.Fatalf("workflow: %v", err)
			}
			var got contract.InstanceResult
			if err := env.GetWorkflowResult(&got); err != nil {
				t.Fatalf("result: %v", err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.calls, w.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInstanceRedoTakesANewSnapshot(t *testing.T) {
	t.Parallel()
	env := environment(t)
	var redone []bool
	verified := 0
	w := instanceFakes{
		copyFormData: func(in contract.CopyFormDataInput) (contract.CopyFormDataOutput, error) {
			redone = append(redone, in.Redo)
			return contract.CopyFormDataOutput{Outcome: ok()}, nil
		},
		verify: func(contract.VerifyInput) (contract.VerifyOutput, error) {
			if verified++; verified == 1 {
				return contract.VerifyOutput{Outcome: parked(migration.ReasonSourceMoved, 1)}, nil
			}
			return contract.VerifyOutput{Outcome: ok(), Verdict: migration.VerdictSame}, nil
		},
	}.register(env)
	resolveAfter(t, env, time.Hour, contract.Resolution{Action: migration.ActionRedo})
	env.ExecuteWorkflow(contract.InstanceWorkflow, instanceInput)
	if err := env.GetWorkflowError(); err != nil {
		t.Fatalf("workflow: %v", err)
	}
	if diff := cmp.Diff([]bool{false, true}, redone); diff != "" {
		t.Errorf("redo flags (-want +got):\n%s\ncalls: %v", diff, w.calls)
	}
}

func TestInstanceRefusesResolutionsThatDoNotFit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		give contract.Resolution
		want string
	}{
		{"unknown_action", contract.Resolution{Action: "explode"}, "these do: retry, rollback, skip"},
		{"action_of_another_reason", contract.Resolution{Action: migration.ActionRedo}, "does not fit start_not_allowed"},
		{"an_older_parking", contract.Resolution{Action: migration.ActionRetry, ParkID: 2}, "parked again since (3, not 2)"},
		{"a_target_without_adopt", contract.Resolution{Action: migration.ActionRetry, Target: "9_x_y"}, "takes no target"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			env := environment(t)
			instanceFakes{start: func(contract.StepInput) (contract.StartOutput, error) {
				return contract.StartOutput{Outcome: parked(migration.ReasonStartNotAllowed, 3)}, nil
			}}.register(env)
			refused := resolveAfter(t, env, time.Hour, tc.give)
			resolveAfter(t, env, 2*time.Hour, contract.Resolution{Action: migration.ActionSkip})
			env.ExecuteWorkflow(contract.InstanceWorkflow, instanceInput)
			if *refused == nil || !strings.Contains((*refused).Error(), tc.want) {
				t.Errorf("refused with %v, want a text with %q", *refused, tc.want)
			}
		})
	}
}

func TestInstanceRefusesResolutionWhileItRuns(t *testing.T) {
	t.Parallel()
	env := environment(t)
	instanceFakes{start: func(contract.StepInput) (contract.StartOutput, error) {
		return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusAgain}}, nil
	}}.register(env)
	refused := resolveAfter(t, env, time.Second, contract.Resolution{Action: migration.ActionSkip})
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
	env.ExecuteWorkflow(contract.InstanceWorkflow, instanceInput)
	if *refused == nil || !strings.Contains((*refused).Error(), "not parked") {
		t.Errorf("refused with %v, want that it is not parked", *refused)
	}
}

func TestInstanceRecordsItsCancellation(t *testing.T) {
	t.Parallel()
	env := environment(t)
	w := instanceFakes{start: func(contract.StepInput) (contract.StartOutput, error) {
		return contract.StartOutput{Outcome: parked(migration.ReasonStartNotAllowed, 1)}, nil
	}}.register(env)
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Hour)
	env.ExecuteWorkflow(contract.InstanceWorkflow, instanceInput)
	if err := env.GetWorkflowError(); !temporal.IsCanceledError(err) {
		t.Errorf("workflow error %v, want its cancellation", err)
	}
	if got := w.calls[len(w.calls)-1]; got != "  operator at start cancelled=true" {
		t.Errorf("last call %q, want the cancellation in the ledger", got)
	}
}

// TestPilot has evidence gathered before every verdict, and is not held up by it.
func TestPilot(t *testing.T) {
	t.Parallel()
	differs := func() func(contract.VerifyInput) (contract.VerifyOutput, error) {
		return first[contract.VerifyInput](1, contract.VerifyOutput{Outcome: parked(migration.ReasonVerifyDiffers, 1)},
			contract.VerifyOutput{Outcome: ok(), Verdict: migration.VerdictAccepted})
	}
	head := []string{"CopyFormData", "CopyUploads", "StartProcess", "ResumeActivity", "  approve true"}
	for _, tc := range []struct {
		name    string
		fakes   instanceFakes
		resolve []contract.Resolution
		calls   []string
		verdict migration.Verdict
	}{
		{name: "gathered", calls: []string{"GatherEvidence", "VerifyInstance"}, verdict: migration.VerdictSame},
		{
			name: "gathered_before_it_parks", fakes: instanceFakes{verify: differs()},
			resolve: []contract.Resolution{{Action: migration.ActionAccept}},
			calls: []string{
				"GatherEvidence", "VerifyInstance", "ResolveInstance", "  accept of park 1",
				"GatherEvidence", "VerifyInstance", "  accepted [verify_differs]",
			},
			verdict: migration.VerdictAccepted,
		},
		{
			name: "not_gathered", fakes: instanceFakes{evidence: func(contract.StepInput) (contract.Outcome, error) {
				return contract.Outcome{}, errors.New("the worker died")
			}},
			calls:   []string{"GatherEvidence", "GatherEvidence", "GatherEvidence", "VerifyInstance"},
			verdict: migration.VerdictSame,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			env := environment(t)
			w := tc.fakes.register(env)
			for i, r := range tc.resolve {
				resolveAfter(t, env, time.Duration(i+1)*time.Hour, r)
			}
			in := instanceInput
			in.Pilot = true
			env.ExecuteWorkflow(contract.InstanceWorkflow, in)
			var got contract.InstanceResult
			if err := env.GetWorkflowResult(&got); err != nil {
				t.Fatal(err)
			}
			want := contract.InstanceResult{State: migration.InstanceDone, Verdict: tc.verdict, Target: "9_crm_approve"}
			if diff := cmp.Diff(want, got) + cmp.Diff(append(slices.Clone(head), tc.calls...), w.calls); diff != "" {
				t.Errorf("result, calls (-want +got):\n%s", diff)
			}
		})
	}
}

// TestInstanceWorkflow_gives_time_for_a_record_of_any_size has what reads or writes all of
// a record take as long as the record is large: no attempt of it is cut that is alive.
func TestInstanceWorkflow_gives_time_for_a_record_of_any_size(t *testing.T) {
	t.Parallel()
	env := environment(t)
	instanceFakes{}.register(env)
	times := map[string]time.Duration{}
	env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		times[info.ActivityType.Name] = info.StartToCloseTimeout
		if info.HeartbeatTimeout == 0 {
			t.Errorf("%s is not missed when its worker dies", info.ActivityType.Name)
		}
	})
	env.ExecuteWorkflow(contract.InstanceWorkflow, instanceInput)
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{contract.CopyFormData.Name, contract.CopyUploads.Name, contract.VerifyInstance.Name} {
		if times[name] < 7*24*time.Hour {
			t.Errorf("%s is cut after %s", name, times[name])
		}
	}
	for _, name := range []string{contract.StartProcess.Name, contract.ResumeActivity.Name} {
		if times[name] == 0 || times[name] > time.Hour {
			t.Errorf("%s may take %s", name, times[name])
		}
	}
}

// TestInstance_passes_on_what_it_knows_of_its_starts has attempts whose outcome is not
// known, and one that ended without a word.
func TestInstance_passes_on_what_it_knows_of_its_starts(t *testing.T) {
	t.Parallel()
	env := environment(t)
	starts := 0
	var asked []contract.ReconcileInput
	instanceFakes{
		start: func(contract.StepInput) (contract.StartOutput, error) {
			switch starts++; starts {
			case 1:
				return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusUnknown}, Attempt: 3}, nil
			case 2:
				return contract.StartOutput{}, temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_HEARTBEAT, nil)
			}
			return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusBusy}}, nil
		},
		reconcile: func(in contract.ReconcileInput) (contract.StartOutput, error) {
			if asked = append(asked, in); len(asked) == 3 {
				return contract.StartOutput{Outcome: ok(), Target: "9_crm_approve"}, nil
			}
			return contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusAgain}, Attempt: 3}, nil
		},
	}.register(env)
	env.ExecuteWorkflow(contract.InstanceWorkflow, instanceInput)
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	var attempts []int
	for i, in := range asked {
		attempts = append(attempts, in.Attempt)
		if in.Unaccounted.IsZero() != (i == 2) {
			t.Errorf("%d: an attempt is unaccounted for since %s", i, in.Unaccounted)
		}
	}
	if diff := cmp.Diff([]int{3, 4, 0}, attempts); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
}

// TestInstance_passes_on_which_call_was_left_under_way has a step that parks, and one that
// fails, while a call to the target may run.
func TestInstance_passes_on_which_call_was_left_under_way(t *testing.T) {
	t.Parallel()
	env := environment(t)
	first, second := contract.SentCall{Fence: "first", At: time.Unix(1, 0).UTC()}, contract.SentCall{Fence: "second", At: time.Unix(2, 0).UTC()}
	var told []contract.SentCall
	instanceFakes{
		resume: func(in contract.ResumeInput) (contract.ResumeOutput, error) {
			switch told = append(told, in.Sent); len(told) {
			case 1:
				return contract.ResumeOutput{Outcome: contract.Outcome{Status: contract.StatusParked, Reason: migration.ReasonResumeNotConverging, ParkID: 1, Sent: first}}, nil
			case 2:
				return contract.ResumeOutput{}, temporal.NewApplicationErrorWithOptions("m", "refused", temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{second}})
			}
			return contract.ResumeOutput{Outcome: ok()}, nil
		},
		verify: func(in contract.VerifyInput) (contract.VerifyOutput, error) {
			told = append(told, in.Sent)
			return contract.VerifyOutput{Outcome: ok(), Verdict: migration.VerdictSame}, nil
		},
	}.register(env)
	resolveAfter(t, env, time.Hour, contract.Resolution{Action: migration.ActionRetry})
	resolveAfter(t, env, 2*time.Hour, contract.Resolution{Action: migration.ActionRetry})
	env.ExecuteWorkflow(contract.InstanceWorkflow, instanceInput)
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]contract.SentCall{{}, first, second, {}}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}
