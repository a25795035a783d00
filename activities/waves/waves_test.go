package waves_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.uber.org/zap"
	"google.golang.org/protobuf/types/known/timestamppb"

	"jogetferry/activities/waves"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/activitytest/scene"
)

// workflowsOf is a Temporal that knows the workflows of some instances; those that
// it does not know do not exist.
type workflowsOf struct {
	client.Client
	runs  map[string]*workflow.WorkflowExecutionInfo
	ended *[]string
	fails error
	// parked is how workflows stand that the list of the parked has. Without a step: it does not answer.
	parked map[string]contract.InstanceStatus
}

func (w workflowsOf) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if run := w.runs[id]; run != nil {
		return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: run}, nil
	}
	if w.fails != nil {
		return nil, w.fails
	}
	return nil, serviceerror.NewNotFound("no such workflow")
}

func (w workflowsOf) CountWorkflow(context.Context, *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	return &workflowservice.CountWorkflowExecutionsResponse{Count: int64(len(w.runs))}, w.fails
}

// ListWorkflow returns those that are parked, one on each page.
func (w workflowsOf) ListWorkflow(_ context.Context, in *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	ids := slices.Sorted(maps.Keys(w.parked))
	at := 0
	if len(in.GetNextPageToken()) > 0 {
		at = int(in.GetNextPageToken()[0])
	}
	out := &workflowservice.ListWorkflowExecutionsResponse{}
	if at < len(ids) {
		out.Executions = append(out.Executions, &workflow.WorkflowExecutionInfo{Execution: &common.WorkflowExecution{WorkflowId: ids[at]}})
		out.NextPageToken = []byte{byte(at + 1)}
	}
	return out, nil
}

func (w workflowsOf) QueryWorkflow(_ context.Context, id, _, _ string, _ ...any) (converter.EncodedValue, error) {
	status, ok := w.parked[id]
	if !ok || status.Step == "" {
		return nil, serviceerror.NewNotFound("no worker answers")
	}
	data, err := converter.GetDefaultDataConverter().ToPayloads(status)
	return client.NewValue(data), err
}

func (w workflowsOf) TerminateWorkflow(_ context.Context, id, _, _ string, _ ...any) error {
	*w.ended = append(*w.ended, id)
	if w.runs[id] == nil {
		return serviceerror.NewNotFound("no such workflow")
	}
	return w.fails
}

func run(status enumspb.WorkflowExecutionStatus, began time.Duration) *workflow.WorkflowExecutionInfo {
	return &workflow.WorkflowExecutionInfo{Status: status, StartTime: timestamppb.New(time.Now().Add(began))}
}

func wave(t *testing.T, c *activitytest.Case, w migration.Wave) {
	t.Helper()
	w.Name, w.Pilotless = "1", true
	_, err := c.Ledger.CreateWave(t.Context(), c.Migration, w)
	activitytest.Must(t, err)
}

func ids(list []contract.ClaimedInstance) []migration.InstanceID {
	var all []migration.InstanceID
	for _, i := range list {
		all = append(all, i.Instance)
	}
	return all
}

func TestClaimInstances(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	scene.Planned(t, c, "1_crm_p", "2_crm_p", "3_crm_p")
	wave(t, c, migration.Wave{Window: 2})
	book := scene.Worker(c)
	book.Temporal = workflowsOf{}
	in := contract.ClaimInput{Migration: c.Migration, Wave: "1", Window: 2, Claim: true, Wait: time.Millisecond}
	at := activitytest.NewAttempt()
	for range 2 { // another attempt claims nothing more
		out, err := activitytest.RunAs(t, book.Register, contract.ClaimInstances, in, at)
		activitytest.Must(t, err)
		activitytest.Same(t, "claimed", []migration.InstanceID{"1_crm_p", "2_crm_p"}, ids(out.Instances))
		activitytest.Same(t, "counts", migration.Counts{Ready: 1, Claimed: 2}, out.Counts)
		activitytest.Same(t, "mode", contract.ModeMigrate, out.Instances[0].Mode)
		at = at.Next()
	}
	out, err := activitytest.Run(t, book.Register, contract.ClaimInstances, in)
	activitytest.Must(t, err)
	activitytest.Same(t, "claimed in a full window", []migration.InstanceID(nil), ids(out.Instances))
	paused := in
	paused.Claim = false
	activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, "1_crm_p", migration.Change{State: migration.InstanceDone, Verdict: migration.VerdictSame}))
	out, err = activitytest.Run(t, book.Register, contract.ClaimInstances, paused)
	activitytest.Must(t, err)
	activitytest.Same(t, "claimed while paused", contract.ClaimOutput{Counts: migration.Counts{Ready: 1, Claimed: 1, Done: 1, Same: 1}}, out)
	out, err = activitytest.Run(t, book.Register, contract.ClaimInstances, in)
	activitytest.Must(t, err)
	activitytest.Same(t, "claimed when scene.One was done", []migration.InstanceID{"3_crm_p"}, ids(out.Instances))
}

// TestClaimInstances_waits_for_room has a slot come free while it waits.
func TestClaimInstances_waits_for_room(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	scene.Planned(t, c, "1_crm_p", "2_crm_p")
	wave(t, c, migration.Wave{Window: 1})
	book := scene.Worker(c)
	book.Temporal = workflowsOf{}
	in := contract.ClaimInput{Migration: c.Migration, Wave: "1", Window: 1, Claim: true, Wait: time.Minute}
	_, err := activitytest.Run(t, book.Register, contract.ClaimInstances, in)
	activitytest.Must(t, err)
	done := make(chan error, 1)
	go func() {
		done <- c.Ledger.Progress(t.Context(), c.Migration, "1_crm_p", migration.Change{State: migration.InstanceDone, Verdict: migration.VerdictSame})
	}()
	out, err := activitytest.Run(t, book.Register, contract.ClaimInstances, in)
	activitytest.Must(t, err)
	activitytest.Must(t, <-done)
	activitytest.Same(t, "claimed", []migration.InstanceID{"2_crm_p"}, ids(out.Instances))
	// A worker that stops does not keep it until the wait is over.
	stop := make(chan struct{})
	close(stop)
	at := activitytest.NewAttempt()
	at.Stop = stop
	_, err = activitytest.RunAs(t, book.Register, contract.ClaimInstances, in, at)
	activitytest.Same(t, "of a worker that stops", contract.WaitingType, activitytest.TypeOf(err))
}

func TestClaimInstances_of_a_delta_wave(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	scene.Planned(t, c, "1_crm_p")
	activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, "1_crm_p", migration.Change{State: migration.InstanceDone, Verdict: migration.VerdictSame}))
	wave(t, c, migration.Wave{Window: 1, Delta: true})
	book := scene.Worker(c)
	book.Temporal = workflowsOf{}
	out, err := activitytest.Run(t, book.Register, contract.ClaimInstances, contract.ClaimInput{Migration: c.Migration, Wave: "1", Window: 1, Claim: true, Wait: time.Millisecond})
	activitytest.Must(t, err)
	if len(out.Instances) != 1 || out.Instances[0].Mode != contract.ModeDelta {
		t.Errorf("claimed %+v", out.Instances)
	}
}

// TestSettleWave_of_a_stop gives back what did not begin, and what ended without
// a word, and leaves what runs.
func TestSettleWave_of_a_stop(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	all := []migration.InstanceID{"1_released", "2_never", "3_earlier", "4_gone", "5_ended", "6_runs", "7_parked"}
	scene.Planned(t, c, all...)
	wave(t, c, migration.Wave{Window: len(all)})
	_, _, err := c.Ledger.ClaimNext(t.Context(), c.Migration, "1", "token", len(all))
	activitytest.Must(t, err)
	for _, id := range all[3:6] {
		activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, id, migration.Change{State: migration.InstanceRunning}))
	}
	_, err = c.Ledger.Park(t.Context(), c.Migration, "7_parked", migration.Parking{Reason: migration.ReasonVerifyDiffers, Token: "t"})
	activitytest.Must(t, err)
	workflows := workflowsOf{runs: map[string]*workflow.WorkflowExecutionInfo{
		contract.InstanceWorkflowID(c.Migration, "3_earlier"): run(enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, -time.Hour),
		contract.InstanceWorkflowID(c.Migration, "5_ended"):   run(enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, 0),
		contract.InstanceWorkflowID(c.Migration, "6_runs"):    run(enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, 0),
	}}
	book := scene.Worker(c)
	book.Temporal = workflows
	counts, err := activitytest.Run(t, book.Register, contract.SettleWave, contract.SettleWaveInput{
		Migration: c.Migration, Wave: "1", Stopped: true, Release: []migration.InstanceID{"1_released"},
	})
	activitytest.Must(t, err)
	states := map[migration.InstanceID]migration.InstanceState{}
	for _, id := range all {
		e, err := c.Ledger.Entry(t.Context(), c.Migration, id)
		activitytest.Must(t, err)
		states[id] = e.State
	}
	activitytest.Same(t, "states", map[migration.InstanceID]migration.InstanceState{
		"1_released": migration.InstanceReady, "2_never": migration.InstanceReady, "3_earlier": migration.InstanceReady,
		"4_gone": migration.InstanceFailed, "5_ended": migration.InstanceFailed, "6_runs": migration.InstanceRunning, "7_parked": migration.InstanceParked,
	}, states)
	activitytest.Same(t, "counts", migration.Counts{Ready: 3, Failed: 2, InFlight: 1, Parked: 1}, counts)
	w, err := c.Ledger.Wave(t.Context(), c.Migration, "1")
	activitytest.Must(t, err)
	activitytest.Same(t, "wave", migration.WaveStopped, w.Status)
}

func TestSettleWave_that_is_finished(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	scene.Planned(t, c, "1_crm_p")
	wave(t, c, migration.Wave{Window: 1})
	activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, "1_crm_p", migration.Change{State: migration.InstanceDone, Verdict: migration.VerdictSame}))
	book := scene.Worker(c)
	book.Temporal = workflowsOf{fails: errors.New("out of reach")}
	counts, err := activitytest.Run(t, book.Register, contract.SettleWave, contract.SettleWaveInput{Migration: c.Migration, Wave: "1"})
	activitytest.Must(t, err)
	activitytest.Same(t, "counts", migration.Counts{Done: 1, Same: 1}, counts)
	w, err := c.Ledger.Wave(t.Context(), c.Migration, "1")
	activitytest.Must(t, err)
	activitytest.Same(t, "wave", migration.WaveFinished, w.Status)
}

// TestSettleWave_without_Temporal cannot tell what runs, and gives nothing back.
func TestSettleWave_without_Temporal(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	scene.Planned(t, c, "1_crm_p")
	wave(t, c, migration.Wave{Window: 1})
	_, _, err := c.Ledger.ClaimNext(t.Context(), c.Migration, "1", "token", 1)
	activitytest.Must(t, err)
	book := scene.Worker(c)
	book.Temporal = workflowsOf{fails: errors.New("out of reach")}
	if _, err := activitytest.Run(t, book.Register, contract.SettleWave, contract.SettleWaveInput{Migration: c.Migration, Wave: "1", Stopped: true}); err == nil {
		t.Error("it knows what runs")
	}
	e, err := c.Ledger.Entry(t.Context(), c.Migration, "1_crm_p")
	activitytest.Must(t, err)
	activitytest.Same(t, "state", migration.InstanceClaimed, e.State)
}

// TestClaimRollback_ends_workflows has one that waits for the operator, and one
// that is over.
func TestClaimRollback_ends_workflows(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	scene.Planned(t, c, "1_parked", "2_done")
	_, err := c.Ledger.Park(t.Context(), c.Migration, "1_parked", migration.Parking{Step: migration.StepVerify, Reason: migration.ReasonVerifyDiffers, Token: "t"})
	activitytest.Must(t, err)
	activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, "2_done", migration.Change{State: migration.InstanceDone, Step: migration.StepVerify, Verdict: migration.VerdictSame}))
	rollback, err := c.Ledger.CreateRollback(t.Context(), c.Migration, []migration.InstanceID{"1_parked", "2_done"}, false, "")
	activitytest.Must(t, err)
	var ended []string
	workflows := workflowsOf{ended: &ended, runs: map[string]*workflow.WorkflowExecutionInfo{contract.InstanceWorkflowID(c.Migration, "1_parked"): run(enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, 0)}}
	book := scene.Worker(c)
	book.Temporal = workflows
	in := contract.ClaimRollbackInput{Migration: c.Migration, Rollback: rollback.Name, Limit: 10}
	out, err := activitytest.Run(t, book.Register, contract.ClaimRollback, in)
	activitytest.Must(t, err)
	turns := map[migration.InstanceID]bool{}
	for _, turn := range out.Instances {
		turns[turn.Instance] = turn.Parked
		activitytest.Same(t, "mode", contract.ModeRollback, turn.Mode)
	}
	activitytest.Same(t, "turns, and whether they were parked", map[migration.InstanceID]bool{"1_parked": true, "2_done": false}, turns)
	activitytest.Same(t, "workflows that were ended", 2, len(ended))
	out, err = activitytest.Run(t, book.Register, contract.ClaimRollback, in)
	activitytest.Must(t, err)
	activitytest.Same(t, "another claim", contract.ClaimRollbackOutput{}, out)
	book.Temporal = workflowsOf{ended: &ended, runs: workflows.runs, fails: errors.New("out of reach")}
	scene.Planned(t, c, "3_parked")
	_, err = c.Ledger.Park(t.Context(), c.Migration, "3_parked", migration.Parking{Step: migration.StepVerify, Reason: migration.ReasonVerifyDiffers, Token: "t"})
	activitytest.Must(t, err)
	workflows.runs[contract.InstanceWorkflowID(c.Migration, "3_parked")] = run(enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, 0)
	rollback, err = c.Ledger.CreateRollback(t.Context(), c.Migration, []migration.InstanceID{"3_parked"}, false, "")
	activitytest.Must(t, err)
	if _, err := activitytest.Run(t, book.Register, contract.ClaimRollback, contract.ClaimRollbackInput{Migration: c.Migration, Rollback: rollback.Name, Limit: 1}); err == nil {
		t.Error("a workflow that may still run is taken for ended")
	}
}

func TestParkInstance(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		is    migration.Change
		parks bool // before
		in    contract.ParkInput
		want  contract.Outcome
		state migration.InstanceState
	}{
		{
			name: "a_step_that_failed", in: contract.ParkInput{Step: migration.StepVerify, Reason: migration.ReasonStepFailed},
			want: activitytest.Parked(migration.ReasonStepFailed), state: migration.InstanceParked,
		},
		{
			name: "what_an_attempt_parked_already", parks: true, in: contract.ParkInput{Step: migration.StepVerify, Reason: migration.ReasonStepFailed},
			want: activitytest.Parked(migration.ReasonTargetMoved), state: migration.InstanceParked,
		},
		{
			name: "what_is_done", is: migration.Change{State: migration.InstanceDone, Verdict: migration.VerdictSame}, in: contract.ParkInput{Step: migration.StepVerify, Reason: migration.ReasonStepFailed},
			want: contract.Outcome{Status: contract.StatusDone}, state: migration.InstanceDone,
		},
		{
			name: "a_workflow_that_was_cancelled", in: contract.ParkInput{Step: migration.StepVerify, Reason: migration.ReasonOperator, Cancelled: true},
			want: contract.Outcome{Status: contract.StatusOK}, state: migration.InstanceFailed,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			const id = "1_crm_p"
			scene.Planned(t, c, id)
			if tc.is.State != "" {
				activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, id, tc.is))
			}
			first := int64(0)
			if tc.parks {
				var err error
				first, err = c.Ledger.Park(t.Context(), c.Migration, id, migration.Parking{Reason: migration.ReasonTargetMoved, Token: "t"})
				activitytest.Must(t, err)
			}
			book := scene.Worker(c)
			tc.in.StepInput = c.Step(id)
			out, err := activitytest.Run(t, book.Register, contract.ParkInstance, tc.in)
			activitytest.Must(t, err)
			activitytest.Same(t, "outcome", tc.want, activitytest.Decided(out))
			if tc.parks {
				activitytest.Same(t, "parking", first, out.ParkID)
			}
			e, err := c.Ledger.Entry(t.Context(), c.Migration, id)
			activitytest.Must(t, err)
			activitytest.Same(t, "state", tc.state, e.State)
		})
	}
}

func TestListMigrated_pages_what_is_done(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	scene.Planned(t, c, "1_crm_p", "2_crm_p", "3_crm_p", "4_crm_p")
	for _, id := range []migration.InstanceID{"1_crm_p", "2_crm_p", "4_crm_p"} {
		activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, id, migration.Change{State: migration.InstanceDone, Verdict: migration.VerdictSame}))
	}
	book := scene.Worker(c)
	var got []migration.InstanceID
	for after, pages := int64(0), 0; pages == 0 || after > 0; pages++ {
		page, err := activitytest.Run(t, book.Register, contract.ListMigrated, contract.ListInput{Migration: c.Migration, After: after, Limit: 2})
		activitytest.Must(t, err)
		got, after = append(got, page.Instances...), page.Next
	}
	activitytest.Same(t, "instances", []migration.InstanceID{"1_crm_p", "2_crm_p", "4_crm_p"}, got)
}

// TestSweep_has_both_sides_agree has each side forget what the other one knows.
func TestSweep_has_both_sides_agree(t *testing.T) {
	t.Parallel()
	parkedAs := func(id int64) contract.InstanceStatus {
		return contract.InstanceStatus{Step: migration.StepVerify, Parked: true, ParkID: id, Reason: migration.ReasonVerifyDiffers}
	}
	deciding, goesOn := parkedAs(3), contract.InstanceStatus{Step: migration.StepVerify}
	deciding.Deciding = migration.ActionRollback
	running := run(enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, 0)
	for _, tc := range []struct {
		name   string
		state  migration.InstanceState // "": ready, as planned
		run    *workflow.WorkflowExecutionInfo
		parked *contract.InstanceStatus
		want   migration.InstanceState
		parkID int64
	}{
		{name: "a_pilot_whose_workflow_was_deleted", state: migration.InstanceRunning, want: migration.InstanceFailed},
		{name: "a_pilot_whose_workflow_was_terminated", state: migration.InstanceRunning, run: run(enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, 0), want: migration.InstanceFailed},
		{name: "what_waits_for_another_one_and_has_no_workflow", state: migration.InstanceWaiting, want: migration.InstanceFailed},
		{name: "a_pilot_under_way", state: migration.InstanceRunning, run: running, want: migration.InstanceRunning},
		{name: "what_has_not_begun", want: migration.InstanceReady},
		{name: "a_ledger_that_has_it_in_flight_under_a_parked_workflow", state: migration.InstanceRunning, run: running, parked: new(parkedAs(3)), want: migration.InstanceParked, parkID: 3},
		{name: "a_ledger_that_has_it_ready_under_a_parked_workflow", run: running, parked: new(parkedAs(2)), want: migration.InstanceParked, parkID: 2},
		{name: "a_ledger_that_has_it_failed_under_a_parked_workflow", state: migration.InstanceFailed, run: running, parked: new(parkedAs(2)), want: migration.InstanceParked, parkID: 2},
		{name: "a_decision_is_being_carried_out", state: migration.InstanceRunning, run: running, parked: &deciding, want: migration.InstanceRunning},
		{name: "it_goes_on_already", state: migration.InstanceRunning, run: running, parked: &goesOn, want: migration.InstanceRunning},
		{name: "it_does_not_answer", state: migration.InstanceRunning, run: running, parked: &contract.InstanceStatus{}, want: migration.InstanceRunning},
		{name: "it_is_done", state: migration.InstanceDone, run: running, parked: new(parkedAs(2)), want: migration.InstanceDone},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := activitytest.Shared(t).Case(t)
			const id, other = "1_crm_p", "2_crm_p"
			scene.Planned(t, c, id, other)
			if tc.state != "" {
				activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, id, migration.Change{State: tc.state, Verdict: migration.VerdictSame, Reason: migration.ReasonOperator}))
			}
			activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, other, migration.Change{State: migration.InstanceRunning}))
			// Another one that is parked keeps the namespace known, and is parked whatever becomes of the first.
			temporal := workflowsOf{
				runs:   map[string]*workflow.WorkflowExecutionInfo{contract.InstanceWorkflowID(c.Migration, other): running},
				parked: map[string]contract.InstanceStatus{contract.InstanceWorkflowID(c.Migration, other): parkedAs(7)},
			}
			if tc.run != nil {
				temporal.runs[contract.InstanceWorkflowID(c.Migration, id)] = tc.run
			}
			if tc.parked != nil {
				temporal.parked[contract.InstanceWorkflowID(c.Migration, id)] = *tc.parked
			}
			book := waves.Activities{Ledger: c.Ledger, Temporal: temporal, Log: zap.NewNop()}
			for range 2 { // the second time nothing is left to do
				err := book.Sweep(t.Context(), c.Migration, "q", 0)
				if unanswered := tc.parked != nil && tc.parked.Step == ""; unanswered == (err == nil) {
					t.Errorf("error %v", err)
				}
				e, err := c.Ledger.Entry(t.Context(), c.Migration, id)
				activitytest.Must(t, err)
				activitytest.Same(t, "state", tc.want, e.State)
				activitytest.Same(t, "parking", tc.parkID, e.ParkID)
				if tc.want == migration.InstanceParked {
					activitytest.Same(t, "reason", migration.ReasonVerifyDiffers, e.Reason)
					activitytest.Same(t, "step", migration.StepVerify, e.Step)
				}
				e, err = c.Ledger.Entry(t.Context(), c.Migration, other)
				activitytest.Must(t, err)
				activitytest.Same(t, "parking of the other one", int64(7), e.ParkID)
			}
		})
	}
}

// TestSweep_in_a_namespace_that_knows_nothing_of_the_migration changes nothing.
func TestSweep_in_a_namespace_that_knows_nothing_of_the_migration(t *testing.T) {
	t.Parallel()
	c := activitytest.Shared(t).Case(t)
	scene.Planned(t, c, "1_crm_p")
	activitytest.Must(t, c.Ledger.Progress(t.Context(), c.Migration, "1_crm_p", migration.Change{State: migration.InstanceRunning}))
	book := waves.Activities{Ledger: c.Ledger, Temporal: workflowsOf{}, Log: zap.NewNop()}
	activitytest.Must(t, book.Sweep(t.Context(), c.Migration, "q", 0))
	e, err := c.Ledger.Entry(t.Context(), c.Migration, "1_crm_p")
	activitytest.Must(t, err)
	activitytest.Same(t, "state", migration.InstanceRunning, e.State)
}
