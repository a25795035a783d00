//go:build temporal

package workflows_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/temporaltest"
	"jogetferry/worker/daemon"
	"jogetferry/workflows"
)

var update = flag.Bool("update", false, "rewrite golden files")

// histories is where the histories of this version of the workflows are kept.
const histories = "testdata/histories/v1"

// The budget of a clean instance with one open activity.
const (
	maxEvents       = 30
	maxPayloadBytes = 8 << 10
)

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
			if s.name == "instance_files_along" {
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
	case s.bulk != nil:
		s.bulk.register(w, &world{})
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
	case contract.BulkInput:
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
