package workflows_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/workflows"
)

var (
	migrated   = []string{"CopyFormData", "CopyUploads", "StartProcess", "ResumeActivity", "  approve true", "VerifyInstance"}
	undoing    = []string{"AbortTarget", "  discard=false", "UndoData", "  again=false"}
	broken     = temporal.NewNonRetryableApplicationError("the table is gone", "unsupported", nil)
	differs    = contract.VerifyOutput{Outcome: parked(migration.ReasonVerifyDiffers, 1)}
	compared   = contract.VerifyOutput{Outcome: ok(), Verdict: migration.VerdictSame}
	readyAgain = contract.InstanceResult{State: migration.InstanceReady}
)

func TestInstanceModes(t *testing.T) {
	t.Parallel()
	done := contract.InstanceResult{State: migration.InstanceDone, Verdict: migration.VerdictSame, Target: "9_crm_approve"}
	for _, tc := range []struct {
		name    string
		mode    contract.Mode
		discard bool
		fakes   instanceFakes
		calls   []string
		copies  []contract.CopyFormDataInput // without StepInput
		want    contract.InstanceResult
		fails   bool
	}{
		{name: "rollback", mode: contract.ModeRollback, calls: undoing, want: readyAgain},
		{
			name: "rollback_says_what_it_left", mode: contract.ModeRollback, discard: true,
			fakes: instanceFakes{undo: func(contract.UndoDataInput) (contract.UndoDataOutput, error) {
				return contract.UndoDataOutput{Outcome: ok(), Conflicts: 2, Shared: 1}, nil
			}},
			calls: []string{"AbortTarget", "  discard=true", "UndoData", "  again=false"},
			want:  contract.InstanceResult{State: migration.InstanceReady, Conflicts: 2, Shared: 1},
		},
		{
			name: "a_refused_rollback_touches_nothing", mode: contract.ModeRollback,
			fakes: instanceFakes{abort: first[contract.AbortTargetInput](0, ok(), refused)},
			calls: []string{"AbortTarget", "  discard=false"},
			want:  contract.InstanceResult{Refused: "somebody worked on it"},
		},
		{
			name: "what_cannot_be_undone_fails_and_is_not_parked", mode: contract.ModeRollback,
			fakes: instanceFakes{undo: func(contract.UndoDataInput) (contract.UndoDataOutput, error) {
				return contract.UndoDataOutput{}, broken
			}},
			calls: undoing, fails: true,
		},
		{
			name: "redo", mode: contract.ModeRedo,
			calls:  append([]string{"AbortTarget", "  discard=false", "UndoData", "  again=true"}, migrated...),
			copies: []contract.CopyFormDataInput{{Redo: true}},
			want:   done,
		},
		{
			name: "a_refused_redo_touches_nothing", mode: contract.ModeRedo,
			fakes: instanceFakes{abort: first[contract.AbortTargetInput](0, ok(), refused)},
			calls: []string{"AbortTarget", "  discard=false"},
			want:  contract.InstanceResult{Refused: "somebody worked on it"},
		},
		{
			name: "delta", mode: contract.ModeDelta, calls: migrated, want: done,
			copies: []contract.CopyFormDataInput{{Redo: true, Delta: true}},
		},
		{
			name: "a_delta_of_one_that_is_closed_on_the_source", mode: contract.ModeDelta,
			fakes: instanceFakes{copyFormData: func(contract.CopyFormDataInput) (contract.CopyFormDataOutput, error) {
				return contract.CopyFormDataOutput{Outcome: contract.Outcome{Status: contract.StatusDone}}, nil
			}},
			calls: []string{"CopyFormData"}, want: contract.InstanceResult{State: migration.InstanceDone},
			copies: []contract.CopyFormDataInput{{Redo: true, Delta: true}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			env := environment(t)
			var copies []contract.CopyFormDataInput
			answer := tc.fakes.copyFormData
			tc.fakes.copyFormData = func(in contract.CopyFormDataInput) (contract.CopyFormDataOutput, error) {
				in.StepInput = contract.StepInput{}
				if copies = append(copies, in); answer != nil {
					return answer(in)
				}
				return contract.CopyFormDataOutput{Outcome: ok()}, nil
			}
			w := tc.fakes.register(env)
			in := instanceInput
			in.Mode, in.Discard = tc.mode, tc.discard
			env.ExecuteWorkflow(contract.InstanceWorkflow, in)
			if err := env.GetWorkflowError(); (err != nil) != tc.fails {
				t.Fatalf("workflow: %v", err)
			}
			var got contract.InstanceResult
			if !tc.fails {
				if err := env.GetWorkflowResult(&got); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(tc.want, got) + cmp.Diff(tc.calls, w.calls) + cmp.Diff(tc.copies, copies); diff != "" {
				t.Errorf("result, calls, copies (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAParkedInstanceIsRolledBack(t *testing.T) {
	t.Parallel()
	rollback := contract.Resolution{Action: migration.ActionRollback}
	forced := contract.Resolution{Action: migration.ActionRollback, Discard: true}
	resolving := []string{"ResolveInstance", "  rollback of park 1"}
	for _, tc := range []struct {
		name    string
		fakes   instanceFakes
		resolve []contract.Resolution
		calls   []string // after it parked
		want    contract.InstanceResult
	}{
		{
			name: "and_ends", resolve: []contract.Resolution{rollback},
			calls: append(slices.Clone(resolving), undoing...), want: readyAgain,
		},
		{
			name: "and_stays_parked_when_refused", resolve: []contract.Resolution{rollback, forced},
			fakes: instanceFakes{abort: first[contract.AbortTargetInput](1, refused, ok())},
			calls: slices.Concat(resolving, undoing[:2], resolving, []string{"AbortTarget", "  discard=true", "UndoData", "  again=false"}),
			want:  readyAgain,
		},
		{
			name: "and_goes_on_where_it_stood_after_it_was_refused", resolve: []contract.Resolution{rollback, {Action: migration.ActionRetry}},
			fakes: instanceFakes{abort: first[contract.AbortTargetInput](1, refused, ok())},
			calls: slices.Concat(resolving, undoing[:2], []string{"ResolveInstance", "  retry of park 1", "VerifyInstance"}),
			want:  contract.InstanceResult{State: migration.InstanceDone, Verdict: migration.VerdictSame, Target: "9_crm_approve"},
		},
		{
			name: "and_parks_anew_when_it_cannot_be_undone", resolve: []contract.Resolution{rollback, {Action: migration.ActionRetry}},
			fakes: instanceFakes{undo: func() func(contract.UndoDataInput) (contract.UndoDataOutput, error) {
				n := 0
				return func(contract.UndoDataInput) (contract.UndoDataOutput, error) {
					if n++; n == 1 {
						return contract.UndoDataOutput{}, broken
					}
					return contract.UndoDataOutput{Outcome: ok()}, nil
				}
			}()},
			calls: slices.Concat(resolving, undoing, []string{"ParkInstance", "  step_failed at rollback cancelled=false", "ResolveInstance", "  retry of park 1"}, undoing),
			want:  readyAgain,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			env := environment(t)
			tc.fakes.verify = first[contract.VerifyInput](1, differs, compared)
			w := tc.fakes.register(env)
			for i, r := range tc.resolve {
				if no := resolveAfter(t, env, time.Duration(i+1)*time.Hour, r); *no != nil {
					t.Errorf("resolution %d was not taken: %v", i, *no)
				}
			}
			var message string
			env.RegisterDelayedCallback(func() {
				value, err := env.QueryWorkflow(contract.StatusQuery)
				var status contract.InstanceStatus
				if err == nil {
					err = value.Get(&status)
				}
				if err != nil {
					t.Error(err)
				}
				message = status.Message
			}, 90*time.Minute)
			env.ExecuteWorkflow(contract.InstanceWorkflow, instanceInput)
			if err := env.GetWorkflowError(); err != nil {
				t.Fatalf("workflow: %v", err)
			}
			var got contract.InstanceResult
			if err := env.GetWorkflowResult(&got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got) + cmp.Diff(slices.Concat(migrated, tc.calls), w.calls); diff != "" {
				t.Errorf("result, calls (-want +got):\n%s", diff)
			}
			if tc.fakes.abort != nil && message != refused.Message {
				t.Errorf("while it was refused it said %q", message)
			}
		})
	}
}

func TestACancelledRollbackStaysBegun(t *testing.T) {
	t.Parallel()
	env := environment(t)
	w := instanceFakes{undo: func(contract.UndoDataInput) (contract.UndoDataOutput, error) {
		return contract.UndoDataOutput{}, temporal.NewApplicationError("the target is down", "unavailable")
	}}.register(env)
	env.RegisterDelayedCallback(env.CancelWorkflow, 10*time.Second) // between two attempts
	in := instanceInput
	in.Mode = contract.ModeRollback
	env.ExecuteWorkflow(contract.InstanceWorkflow, in)
	if err := env.GetWorkflowError(); !temporal.IsCanceledError(err) {
		t.Errorf("workflow error %v, want its cancellation", err)
	}
	if slices.Contains(w.calls, "ParkInstance") {
		t.Errorf("the ledger was told that it failed: %v", w.calls)
	}
}

// TestARetriedDeltaStillTakesItsSnapshot parks while the new snapshot is copied.
func TestARetriedDeltaStillTakesItsSnapshot(t *testing.T) {
	t.Parallel()
	env := environment(t)
	var redone []bool
	instanceFakes{copyFormData: func(in contract.CopyFormDataInput) (contract.CopyFormDataOutput, error) {
		if redone = append(redone, in.Redo); len(redone) == 1 {
			return contract.CopyFormDataOutput{Outcome: parked(migration.ReasonRecordConflict, 1)}, nil
		}
		return contract.CopyFormDataOutput{Outcome: ok()}, nil
	}}.register(env)
	resolveAfter(t, env, time.Hour, contract.Resolution{Action: migration.ActionRetry})
	in := instanceInput
	in.Mode = contract.ModeDelta
	env.ExecuteWorkflow(contract.InstanceWorkflow, in)
	if diff := cmp.Diff([]bool{true, true}, redone); diff != "" || env.GetWorkflowError() != nil {
		t.Errorf("%v, redo (-want +got):\n%s", env.GetWorkflowError(), diff)
	}
}

// turns is a ledger's rollback in memory. The first ones are refused, those
// after them fail, and then come those of which something is left.
type turns struct {
	toCome, blocked           int
	refused, failed, conflict int

	minted, most, running int
	limits                []int
	again                 []migration.InstanceID // started without a mode
}

func (p *turns) claim(in contract.ClaimRollbackInput) (contract.ClaimRollbackOutput, error) {
	p.limits = append(p.limits, in.Limit)
	var out contract.ClaimRollbackOutput
	for p.toCome > 0 && len(out.Instances) < in.Limit {
		p.minted++
		p.toCome--
		out.Instances = append(out.Instances, contract.RollbackTurn{
			ClaimedInstance: contract.ClaimedInstance{
				Instance:   migration.InstanceID(fmt.Sprintf("%d_crm_approve", p.minted)),
				Definition: migration.DefinitionID{Package: "crm", Version: "1", Process: "approve"},
			}, Parked: p.minted == 1,
		})
	}
	out.Left = p.toCome + p.blocked
	return out, nil
}

func (p *turns) instance(ctx workflow.Context, in contract.InstanceInput) (contract.InstanceResult, error) {
	if in.Mode == contract.ModeMigrate {
		p.again = append(p.again, in.Instance)
		return contract.InstanceResult{}, nil
	}
	var number int
	if _, err := fmt.Sscanf(string(in.Instance), "%d_", &number); err != nil {
		return contract.InstanceResult{}, err
	}
	p.running++
	p.most = max(p.most, p.running)
	err := workflow.Sleep(ctx, time.Duration(number)*100*time.Millisecond)
	p.running--
	if err != nil {
		return contract.InstanceResult{}, err
	}
	switch {
	case number <= p.refused:
		return contract.InstanceResult{Refused: "somebody worked on it"}, nil
	case number <= p.refused+p.failed:
		return contract.InstanceResult{}, broken
	case number <= p.refused+p.failed+p.conflict:
		return contract.InstanceResult{State: migration.InstanceReady, Conflicts: 2, Shared: 1}, nil
	}
	return readyAgain, nil
}

func (p *turns) register(env interface {
	activityRegistry
	workflows.Registry
}, w *world,
) {
	env.RegisterWorkflowWithOptions(p.instance, workflow.RegisterOptions{Name: contract.InstanceWorkflow})
	fake(env, w, contract.ClaimRollback, p.claim)
}

var rollbackInput = contract.RollbackInput{Migration: "m", Rollback: "1", Queues: queues, Discard: true}

func rollbackEnvironment(t *testing.T, p *turns) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	env := bare()
	env.RegisterWorkflowWithOptions(workflows.Rollback, workflow.RegisterOptions{Name: contract.RollbackWorkflow})
	p.register(env, &world{})
	return env
}

func TestRollbackUndoesEachOnceInAWindow(t *testing.T) {
	t.Parallel()
	p := &turns{toCome: 30, refused: 2, failed: 1, conflict: 1, blocked: 3}
	env := rollbackEnvironment(t, p)
	ids := map[string]int{}
	env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, args converterEncodedValues) {
		var in contract.InstanceInput
		if err := args.Get(&in); err != nil {
			t.Error(err)
		}
		if in.Mode == contract.ModeRollback && in.Discard {
			ids[info.WorkflowExecution.ID]++
		}
	})
	env.ExecuteWorkflow(contract.RollbackWorkflow, rollbackInput)
	var got contract.RollbackResult
	if err := env.GetWorkflowResult(&got); err != nil {
		t.Fatal(err)
	}
	want := contract.RollbackResult{
		Undone: 27, Refused: 2, Conflicts: 1, Shared: 1, Failed: 4,
		Listed: []contract.NotRolledBack{
			{Instance: "1_crm_approve", Refused: true, Message: "somebody worked on it"},
			{Instance: "2_crm_approve", Refused: true, Message: "somebody worked on it"},
			{Instance: "3_crm_approve", Failed: true, Message: "the table is gone"},
			{Instance: "4_crm_approve", Conflicts: 2},
		},
	}
	slices.SortFunc(got.Listed, func(a, b contract.NotRolledBack) int { return slices.Compare([]byte(a.Instance), []byte(b.Instance)) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if len(ids) != 30 || ids["ferry/m/instance/30_crm_approve"] != 1 {
		t.Errorf("%d undone: %v", len(ids), ids)
	}
	if p.most != 8 {
		t.Errorf("%d at a time, want 8", p.most)
	}
	if diff := cmp.Diff([]migration.InstanceID{"1_crm_approve"}, p.again); diff != "" {
		t.Errorf("parked ones that were refused, with a workflow again (-want +got):\n%s", diff)
	}
}

func TestRollbackContinuesAsNewWithNothingUnderWay(t *testing.T) {
	t.Parallel()
	p := &turns{toCome: 30}
	env := rollbackEnvironment(t, p)
	in := rollbackInput
	in.Batches, in.Result.Undone = 199, 5
	env.ExecuteWorkflow(contract.RollbackWorkflow, in)
	var next *workflow.ContinueAsNewError
	if err := env.GetWorkflowError(); !asContinueAsNew(err, &next) || p.running != 0 || p.minted != 8 {
		t.Errorf("%v with %d of %d under way", err, p.running, p.minted)
	}
}

func TestACancelledRollbackWaitsForThoseUnderWay(t *testing.T) {
	t.Parallel()
	p := &turns{toCome: 30}
	env := rollbackEnvironment(t, p)
	env.RegisterDelayedCallback(env.CancelWorkflow, 350*time.Millisecond)
	env.ExecuteWorkflow(contract.RollbackWorkflow, rollbackInput)
	if err := env.GetWorkflowError(); !temporal.IsCanceledError(err) || p.running != 0 || p.minted < 8 || p.minted == 30 {
		t.Errorf("%v with %d of %d under way", err, p.running, p.minted)
	}
}

func TestARollbackThatIsCancelledWhileItClaimsWaitsToo(t *testing.T) {
	t.Parallel()
	p := &turns{toCome: 30}
	env := rollbackEnvironment(t, p)
	claims := 0
	env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converterEncodedValues) {
		if claims++; info.ActivityType.Name == contract.ClaimRollback.Name && claims == 2 {
			env.CancelWorkflow()
		}
	})
	env.ExecuteWorkflow(contract.RollbackWorkflow, rollbackInput)
	if err := env.GetWorkflowError(); !temporal.IsCanceledError(err) || p.running != 0 {
		t.Errorf("%v with %d under way", err, p.running)
	}
}

// driftPages are pages of three, one moved and one closed.
type driftPages struct {
	left  int
	after []int64
}

func (p *driftPages) check(in contract.ListInput) (contract.DriftPage, error) {
	p.after = append(p.after, in.After)
	p.left--
	page := contract.DriftPage{Still: 1, Drifted: []contract.Drifted{{Instance: "7_crm_approve"}, {Instance: "8_crm_approve", Closed: true}}}
	if p.left > 0 {
		page.Next = in.After + 3
	}
	return page, nil
}

func TestDriftGoesThroughEveryPage(t *testing.T) {
	t.Parallel()
	p := &driftPages{left: 3}
	env := environment(t)
	fake(env, &world{}, contract.CheckDrift, p.check)
	env.ExecuteWorkflow(contract.DriftWorkflow, contract.DriftInput{Migration: "m", Queues: queues, Result: contract.DriftResult{Moved: 2}})
	var got contract.DriftResult
	if err := env.GetWorkflowResult(&got); err != nil {
		t.Fatal(err)
	}
	if got.Still != 3 || got.Moved != 5 || got.Closed != 3 || len(got.Listed) != 6 || !got.Listed[1].Closed {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]int64{0, 3, 6}, p.after); diff != "" {
		t.Errorf("pages after (-want +got):\n%s", diff)
	}
}

func TestDriftContinuesAsNew(t *testing.T) {
	t.Parallel()
	p := &driftPages{left: 1000}
	env := environment(t)
	fake(env, &world{}, contract.CheckDrift, p.check)
	env.ExecuteWorkflow(contract.DriftWorkflow, contract.DriftInput{Migration: "m", Queues: queues})
	var next *workflow.ContinueAsNewError
	if err := env.GetWorkflowError(); !asContinueAsNew(err, &next) {
		t.Errorf("workflow error %v, want continue-as-new", err)
	}
}
