package daemon_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap/zaptest"
	"golang.org/x/time/rate"

	"jogetferry/config"
	"jogetferry/contract"
	"jogetferry/internal/exitcode"
	"jogetferry/joget/schema"
	"jogetferry/migration"
	"jogetferry/store"
	"jogetferry/test/mysqltest"
	"jogetferry/test/temporaltest"
	"jogetferry/worker/daemon"
)

// patience is how long a test waits for what has to come.
const patience = time.Minute

// namespace is Temporal with the ledger of one migration.
type namespace struct {
	t      *testing.T
	server *temporaltest.Server
	client client.Client
	dsn    string // of the ledger
	ledger *store.Ledger
}

func newNamespace(t *testing.T) *namespace {
	t.Helper()
	n := &namespace{t: t, server: temporaltest.New(t, temporaltest.Options{}), dsn: mysqltest.DSN(t)}
	var err error
	n.client, err = n.server.Client(t.Context())
	n.must(err)
	t.Cleanup(n.client.Close)
	n.ledger, err = store.Open(t.Context(), n.dsn, store.Options{Actor: "test"})
	n.must(err)
	t.Cleanup(func() { n.must(n.ledger.Close()) })
	return n
}

func (n *namespace) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// queues are those of the migration of load.
func (n *namespace) queues() contract.Queues {
	n.t.Helper()
	id, err := n.ledger.Identity(n.t.Context())
	n.must(err)
	return contract.QueuesOf("m", id)
}

func (n *namespace) options(c *config.Config) daemon.Options {
	n.t.Helper()
	c.Ledger.Database = migration.NewSecret(n.dsn)
	return daemon.Options{Config: c, Temporal: client.Options{HostPort: n.server.HostPort(), Namespace: n.server.Namespace()}, Logger: zaptest.NewLogger(n.t)}
}

// run starts a worker, and returns what ends it.
func (n *namespace) run(c *config.Config) (stop func()) {
	n.t.Helper()
	o := n.options(c)
	ctx, cancel := context.WithCancel(n.t.Context())
	started, ended := make(chan struct{}), make(chan error, 1)
	o.Started = func() { close(started) }
	go func() { ended <- daemon.Run(ctx, o) }()
	select {
	case err := <-ended:
		n.t.Fatalf("ended before it began: %v", err)
	case <-started:
	}
	return func() {
		n.t.Helper()
		cancel()
		n.must(<-ended)
	}
}

// asks is a workflow that runs one activity on another queue.
func asks(ctx workflow.Context, activity, queue string, in contract.StepInput) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{TaskQueue: queue, StartToCloseTimeout: time.Minute})
	return workflow.ExecuteActivity(ctx, activity, in).Get(ctx, nil)
}

// ask has an activity offered to whoever polls a queue.
func (n *namespace) ask(activity, queue string, in contract.StepInput) client.WorkflowRun {
	n.t.Helper()
	w := worker.New(n.client, "asks", worker.Options{})
	w.RegisterWorkflow(asks)
	n.must(w.Start())
	n.t.Cleanup(w.Stop)
	run, err := n.client.ExecuteWorkflow(n.t.Context(), client.StartWorkflowOptions{TaskQueue: "asks"}, asks, activity, queue, in)
	n.must(err)
	return run
}

// refused waits until the one pending activity of a run was refused, and returns what was said.
func (n *namespace) refused(run client.WorkflowRun) string {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), patience)
	defer cancel()
	for pace := rate.NewLimiter(rate.Every(50*time.Millisecond), 1); pace.Wait(ctx) == nil; {
		described, err := n.client.DescribeWorkflowExecution(n.t.Context(), run.GetID(), run.GetRunID())
		n.must(err)
		if described.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
			n.t.Fatalf("it is %s", described.GetWorkflowExecutionInfo().GetStatus())
		}
		for _, pending := range described.GetPendingActivities() {
			if failure := pending.GetLastFailure(); failure != nil {
				if kind := failure.GetApplicationFailureInfo().GetType(); kind != contract.MisdirectedType {
					n.t.Fatalf("it failed as %q: %s", kind, failure.GetMessage())
				}
				return failure.GetMessage()
			}
		}
	}
	n.t.Fatalf("nobody has refused it after %s", patience)
	return ""
}

// pair is a source and a target, as far as a worker looks at them before it works.
func (n *namespace) pair(source, target string) *config.Config {
	n.t.Helper()
	c := load(n.t, "--worker.listen=-", "--worker.roles=copy")
	c.Source.Database, c.Target.Database = migration.NewSecret(source), migration.NewSecret(target)
	c.Source.Uploads, c.Target.Uploads = n.t.TempDir(), n.t.TempDir()
	return c
}

func (n *namespace) fingerprint(dsn string) migration.Fingerprint {
	n.t.Helper()
	db, err := schema.Open(n.t.Context(), dsn, schema.Options{ReadOnly: true})
	n.must(err)
	server, err := db.Fresh().Server(n.t.Context())
	n.must(errors.Join(err, db.Close()))
	return server.Fingerprint()
}

// TestAWorkerOfAnotherPairRefusesAndTheRightOneTakesIt has a worker begin before
// anything is planned, with the servers of somebody else.
func TestAWorkerOfAnotherPairRefusesAndTheRightOneTakesIt(t *testing.T) {
	t.Parallel()
	n := newNamespace(t)
	source, target := mysqltest.DSN(t), mysqltest.DSN(t)
	swapped := n.pair(target, source)
	stop := n.run(swapped)

	bound := migration.Binding{Migration: "m", Source: n.fingerprint(source), Target: n.fingerprint(target)}
	n.must(n.ledger.Bind(t.Context(), bound, ""))
	run := n.ask(contract.CopyUploads.Name, n.queues().Copy, contract.StepInput{Migration: "m", Instance: "7_crm_approve"})
	said := n.refused(run)
	for _, want := range []string{"source " + string(bound.Source), "target " + string(bound.Target), "source " + string(bound.Target), "target " + string(bound.Source)} {
		if !strings.Contains(said, want) {
			t.Errorf("%q does not name %q", said, want)
		}
	}
	stop()

	// It does not begin any more.
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := daemon.Run(ctx, n.options(swapped))
	if exitcode.Of(err) != exitcode.Usage || !strings.Contains(err.Error(), "source "+string(bound.Source)) || !strings.Contains(err.Error(), "source "+string(bound.Target)) {
		t.Errorf("Run: %v, status %d; want %d and both pairs named", err, exitcode.Of(err), exitcode.Usage)
	}

	// The right one takes it: it looks for the instance, which the ledger does not have.
	stop = n.run(n.pair(source, target))
	var app *temporal.ApplicationError
	if err := run.Get(t.Context(), nil); !errors.As(err, &app) || app.Type() != string(migration.CodeNotFound) {
		t.Errorf("the right worker: %v", err)
	}
	stop()
}

// TestAWorkerRefusesAnotherMigration has somebody type the wrong queue.
func TestAWorkerRefusesAnotherMigration(t *testing.T) {
	t.Parallel()
	n := newNamespace(t)
	stop := n.run(load(t, "--worker.listen=-"))
	queues := n.queues()
	ran := map[string]client.WorkflowRun{}
	for name, in := range map[string]contract.DriftInput{
		"another migration": {Migration: "other", Queues: queues},
		"other queues":      {Migration: "m", Queues: contract.Queues{Workflows: queues.Workflows, Copy: "ferry-copy", Joget: "ferry-joget-127.0.0.1:8080"}},
	} {
		run, err := n.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queues.Workflows}, contract.DriftWorkflow, in)
		n.must(err)
		said := n.failedTask(run)
		if !strings.Contains(said, "waits for another worker") {
			t.Errorf("%s: %s", name, said)
		}
		ran[name] = run
	}
	asked := n.ask(contract.ParkInstance.Name, queues.Workflows, contract.StepInput{Migration: "other", Instance: "7_crm_approve"})
	if said := n.refused(asked); !strings.Contains(said, `"other"`) || !strings.Contains(said, `"m"`) {
		t.Errorf("%q does not name both migrations", said)
	}
	stop()

	// All of it is still there for whom it is meant.
	right := worker.New(n.client, queues.Workflows, worker.Options{})
	right.RegisterWorkflowWithOptions(func(workflow.Context, contract.DriftInput) error { return nil }, workflow.RegisterOptions{Name: contract.DriftWorkflow})
	right.RegisterActivityWithOptions(func(contract.ParkInput) error { return nil }, activity.RegisterOptions{Name: contract.ParkInstance.Name})
	n.must(right.Start())
	defer right.Stop()
	n.must(asked.Get(t.Context(), nil))
	for name, run := range ran {
		if err := run.Get(t.Context(), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// failedTask waits until a workflow task of a run failed, and returns what was said.
func (n *namespace) failedTask(run client.WorkflowRun) string {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), patience)
	defer cancel()
	events := n.client.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), true, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		n.must(err)
		if failed := event.GetWorkflowTaskFailedEventAttributes(); failed != nil {
			return failed.GetFailure().GetMessage()
		}
	}
	n.t.Fatal("it ended")
	return ""
}
