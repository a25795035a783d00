package workflows_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"jogetferry/contract"
	"jogetferry/internal/temporaltest"
	"jogetferry/migration"
	"jogetferry/worker/daemon"
	"jogetferry/workflows"
)

var update = flag.Bool("update", false, "rewrite golden files")

// histories is where the histories of this version of the workflows are kept.
const histories = "testdata/histories/v1"

// The budget of a clean instance with one open activity.
const (
	maxEvents       = 35
	maxPayloadBytes = 8 << 10
)

// shape is one way that a workflow can go, acted out on a real server.
type shape struct {
	name     string
	workflow string
	input    any
	fakes    instanceFakes
	pool     *pool
	plan     *planFakes
	turns    *turns
	pages    *driftPages
	steps    []step
}

// step is what an operator does once the workflow says so in its status.
type step struct {
	until  func(contract.InstanceStatus) bool
	update string
	arg    any
	cancel bool
}

func whenParked(s contract.InstanceStatus) bool { return s.Parked }

func whenRefused(s contract.InstanceStatus) bool { return s.Parked && s.Message != "" }

var refused = contract.Outcome{Status: contract.StatusSkipped, Message: "somebody worked on it"}

func resolved(a migration.Action) []step {
	return []step{{until: whenParked, update: contract.ResolveUpdate, arg: contract.Resolution{Action: a}}}
}

// first returns what do returns, but out for the first n calls.
func first[In, Out any](n int, out Out, then Out) func(In) (Out, error) {
	calls := 0
	return func(In) (Out, error) {
		if calls++; calls <= n {
			return out, nil
		}
		return then, nil
	}
}

func shapes() []shape {
	started := contract.StartOutput{Outcome: ok(), Target: "9_crm_approve", Next: &contract.ResumeCall{Activity: "approve", AbortCurrent: true}}
	parkedStart := func(r migration.Reason) contract.StartOutput { return contract.StartOutput{Outcome: parked(r, 1)} }
	instance := func(name string, fakes instanceFakes, steps ...step) shape {
		return shape{name: "instance_" + name, workflow: contract.InstanceWorkflow, input: instanceInput, fakes: fakes, steps: steps}
	}
	list := []shape{
		instance("clean", instanceFakes{}),
		{name: "instance_pilot", workflow: contract.InstanceWorkflow, input: contract.InstanceInput{Migration: "m", Instance: "7_crm_approve", Queues: queues, Pilot: true}},
		instance("three_pending", instanceFakes{resume: func(in contract.ResumeInput) (contract.ResumeOutput, error) {
			out := contract.ResumeOutput{Outcome: ok(), Made: &in.Call}
			switch in.Call.Activity {
			case "approve":
				out.Next = &contract.ResumeCall{Activity: "check"}
			case "check":
				out.Next = &contract.ResumeCall{Activity: "pay"}
			}
			return out, nil
		}}),
		instance("nothing_to_resume", instanceFakes{start: first[contract.StepInput](0, started, contract.StartOutput{Outcome: ok(), Target: "9_crm_approve"})}),
		instance("restored", instanceFakes{start: first[contract.StepInput](0, started, contract.StartOutput{Outcome: ok(), Target: "9_crm_approve", Restore: true})}),
		instance("reconciled", instanceFakes{
			start:     first[contract.StepInput](0, started, contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusUnknown}}),
			reconcile: first[contract.StepInput](0, started, started),
		}),
		instance("started_again", instanceFakes{start: first[contract.StepInput](1, contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusAgain}}, started)}),
		instance("closed_on_the_source", instanceFakes{copyFormData: first[contract.CopyFormDataInput](0, contract.CopyFormDataOutput{}, contract.CopyFormDataOutput{
			Outcome: contract.Outcome{Status: contract.StatusSkipped, Reason: migration.ReasonSourceClosed},
		})}),
		instance("parked_retry", instanceFakes{start: first[contract.StepInput](1, parkedStart(migration.ReasonStartNotAllowed), started)}, resolved(migration.ActionRetry)...),
		instance("parked_skip", instanceFakes{start: first[contract.StepInput](1, parkedStart(migration.ReasonStartNotAllowed), started)}, resolved(migration.ActionSkip)...),
		instance("parked_adopt", instanceFakes{start: first[contract.StepInput](1, parkedStart(migration.ReasonStartAmbiguous), started)},
			step{until: whenParked, update: contract.ResolveUpdate, arg: contract.Resolution{Action: migration.ActionAdopt, Target: "9_crm_approve"}}),
		instance("parked_accept", instanceFakes{resume: first[contract.ResumeInput](1, contract.ResumeOutput{Outcome: parked(migration.ReasonTargetMoved, 1)}, contract.ResumeOutput{})}, resolved(migration.ActionAccept)...),
		instance("parked_redo", instanceFakes{verify: first[contract.VerifyInput](1,
			contract.VerifyOutput{Outcome: parked(migration.ReasonSourceMoved, 1)}, contract.VerifyOutput{Outcome: ok(), Verdict: migration.VerdictSame})}, resolved(migration.ActionRedo)...),
		instance("cancelled", instanceFakes{start: first[contract.StepInput](1, parkedStart(migration.ReasonStartNotAllowed), started)}, step{until: whenParked, cancel: true}),
	}
	for name, mode := range map[string]contract.Mode{"rollback": contract.ModeRollback, "redo": contract.ModeRedo, "delta": contract.ModeDelta} {
		s := instance(name, instanceFakes{})
		s.input = contract.InstanceInput{Migration: "m", Instance: "7_crm_approve", Queues: queues, Mode: mode}
		list = append(list, s)
	}
	list = append(list,
		shape{
			name: "instance_rollback_refused", workflow: contract.InstanceWorkflow, fakes: instanceFakes{abort: first[contract.AbortTargetInput](0, ok(), refused)},
			input: contract.InstanceInput{Migration: "m", Instance: "7_crm_approve", Queues: queues, Mode: contract.ModeRollback},
		},
		instance("parked_rollback", instanceFakes{
			verify: first[contract.VerifyInput](1, contract.VerifyOutput{Outcome: parked(migration.ReasonVerifyDiffers, 1)}, contract.VerifyOutput{}),
			abort:  first[contract.AbortTargetInput](1, refused, ok()),
		}, append(resolved(migration.ActionRollback), step{until: whenRefused, update: contract.ResolveUpdate, arg: contract.Resolution{
			Action: migration.ActionRollback, Discard: true,
		}})...),
		shape{name: "rollback", workflow: contract.RollbackWorkflow, input: rollbackInput, turns: &turns{toCome: 11, refused: 2}},
		shape{name: "rollback_continued", workflow: contract.RollbackWorkflow, input: contract.RollbackInput{
			Migration: "m", Rollback: "2", Queues: queues, Batches: 199,
		}, turns: &turns{toCome: 9}},
		shape{name: "drift", workflow: contract.DriftWorkflow, input: contract.DriftInput{Migration: "m", Queues: queues}, pages: &driftPages{left: 3}},
	)
	return append(list,
		shape{name: "plan", workflow: contract.PlanWorkflow, input: contract.PlanInput{Migration: "m"}, plan: &planFakes{}},
		shape{name: "wave", workflow: contract.WaveWorkflow, input: waveInput, pool: &pool{toCome: 5}},
		shape{name: "wave_continued", workflow: contract.WaveWorkflow, input: contract.WaveInput{
			Migration: "m", Wave: "2", Queues: queues, State: contract.WaveState{Window: 3, Batches: 199},
		}, pool: &pool{toCome: 4}},
	)
}

// TestRecordedShapes acts out every shape on a real Temporal server with fake
// activities, and replays what came of it. With -update it keeps the histories.
func TestRecordedShapes(t *testing.T) {
	t.Parallel()
	server := temporaltest.New(t, temporaltest.Options{})
	c, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := daemon.AddSearchAttributes(t.Context(), c, server.Namespace()); err != nil {
		t.Fatal(err)
	}
	for _, s := range shapes() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			h := act(t, c, s)
			replay(t, h)
			if s.name == "instance_clean" {
				withinBudget(t, h)
			}
			if *update {
				keep(t, filepath.Join(histories, s.name+".json.gz"), h)
			}
		})
	}
}

func act(t *testing.T, c client.Client, s shape) *historypb.History {
	t.Helper()
	queue := s.name
	w := worker.New(c, queue, worker.Options{DisableRegistrationAliasing: true})
	workflows.Register(workflowsOnly{w, s.workflow})
	switch {
	case s.plan != nil:
		s.plan.register(w, &world{})
	case s.turns != nil:
		s.turns.register(w, &world{})
	case s.pages != nil:
		fake(w, &world{}, contract.CheckDrift, s.pages.check)
	case s.pool != nil:
		w.RegisterWorkflowWithOptions(func(workflow.Context, contract.InstanceInput) (contract.InstanceResult, error) {
			return contract.InstanceResult{}, nil
		}, workflow.RegisterOptions{Name: contract.InstanceWorkflow})
		calls := &world{}
		fake(w, calls, contract.ClaimInstances, s.pool.claim)
		fake(w, calls, contract.SettleWave, func(contract.SettleWaveInput) (migration.Counts, error) { return s.pool.counts(), nil })
	default:
		s.fakes.register(w)
	}
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "ferry/m/" + s.name, TaskQueue: queue}, s.workflow, onQueue(s.input, queue))
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range s.steps {
		perform(t, c, run, st)
	}
	// The chain's end; a cancelled workflow ends with an error, which is its shape.
	_ = run.Get(t.Context(), nil) //nolint:errcheck // see above
	h := &historypb.History{}
	events := c.GetWorkflowHistory(t.Context(), run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			t.Fatal(err)
		}
		h.Events = append(h.Events, e)
	}
	return h
}

// workflowsOnly registers one workflow of all.
type workflowsOnly struct {
	workflows.Registry
	name string
}

func (r workflowsOnly) RegisterWorkflowWithOptions(fn any, o workflow.RegisterOptions) {
	if o.Name == r.name {
		r.Registry.RegisterWorkflowWithOptions(fn, o)
	}
}

func onQueue(input any, queue string) any {
	q := contract.Queues{Workflows: queue, Copy: queue, Joget: queue}
	switch in := input.(type) {
	case contract.InstanceInput:
		in.Queues = q
		return in
	case contract.WaveInput:
		in.Queues = q
		return in
	case contract.PlanInput:
		in.Queues = q
		return in
	case contract.RollbackInput:
		in.Queues = q
		return in
	case contract.DriftInput:
		in.Queues = q
		return in
	}
	return input
}

func perform(t *testing.T, c client.Client, run client.WorkflowRun, st step) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		var status contract.InstanceStatus
		value, err := c.QueryWorkflow(ctx, run.GetID(), run.GetRunID(), contract.StatusQuery)
		if err == nil {
			err = value.Get(&status)
		}
		if err != nil {
			t.Fatalf("query: %v", err)
		}
		if st.until(status) {
			break
		}
		<-poll.C
	}
	if st.cancel {
		if err := c.CancelWorkflow(ctx, run.GetID(), run.GetRunID()); err != nil {
			t.Fatal(err)
		}
		return
	}
	handle, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: run.GetID(), RunID: run.GetRunID(), UpdateName: st.update, Args: []any{st.arg}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, nil)
	}
	if err != nil {
		t.Fatalf("update: %v", err)
	}
}

func withinBudget(t *testing.T, h *historypb.History) {
	t.Helper()
	size := proto.Size(h)
	t.Logf("a clean instance: %d events, %d bytes of history", len(h.GetEvents()), size)
	if len(h.GetEvents()) > maxEvents {
		t.Errorf("%d events, the budget is %d", len(h.GetEvents()), maxEvents)
	}
	if size > maxPayloadBytes {
		t.Errorf("%d bytes, the budget is %d", size, maxPayloadBytes)
	}
}

func keep(t *testing.T, file string, h *historypb.History) {
	t.Helper()
	data, err := protojson.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replay runs the workflow's code over a history. The ID is taken from it: the
// replayer would make up another one.
func replay(t *testing.T, h *historypb.History) {
	t.Helper()
	r := worker.NewWorkflowReplayer()
	workflows.Register(r)
	started := h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
	if err := r.ReplayWorkflowHistoryWithOptions(nil, h, worker.ReplayWorkflowHistoryOptions{
		OriginalExecution: workflow.Execution{ID: started.GetWorkflowId()},
	}); err != nil {
		t.Errorf("replay of %s: %v", started.GetWorkflowId(), err)
	}
}

// TestReplayReleasedHistories runs today's code over every history that was
// kept: instances that were parked under an older version go on with it.
func TestReplayReleasedHistories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/histories/*/*.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	var names, want []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".json.gz"))
	}
	for _, s := range shapes() {
		want = append(want, s.name)
	}
	slices.Sort(want)
	slices.Sort(names)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("kept histories (-shapes +files):\n%s", diff)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			t.Parallel()
			replay(t, load(t, f))
		})
	}
}

func load(t *testing.T, file string) *historypb.History {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(io.LimitReader(z, 16<<20))
	if err != nil {
		t.Fatal(err)
	}
	h, err := client.HistoryFromJSON(bytes.NewReader(data), client.HistoryJSONOptions{})
	if err != nil {
		t.Fatal(fmt.Errorf("decode %s: %w", file, err))
	}
	return h
}
