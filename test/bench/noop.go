package bench

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"jogetferry/test/child"
)

// The workflow that does nothing, and its queues: two, as activities of an instance are not
// on the queue of its workflow either.
const (
	nothingWorkflow   = "nothing"
	nothingActivity   = "do-nothing"
	nothingWorkflows  = "nothing-workflows"
	nothingActivities = "nothing-activities"
)

// The environment of a process that is the worker of workflows that do nothing.
const (
	envHostPort  = "JOGETFERRY_TEST_BENCH_TEMPORAL"
	envNamespace = "JOGETFERRY_TEST_BENCH_NAMESPACE"
)

// MainOfWorker is main of the worker that does nothing, if this process was started as one by
// a run: it has to be a process of its own, as ours is. TestMain calls it.
func MainOfWorker() {
	hostPort := os.Getenv(envHostPort)
	if hostPort == "" {
		return
	}
	if err := doNothing(hostPort, os.Getenv(envNamespace)); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func dial(ctx context.Context, hostPort, namespace string) (client.Client, error) {
	return client.DialContext(ctx, client.Options{
		HostPort: hostPort, Namespace: namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
}

// doNothing works until it is told to end, with the options of our worker.
func doNothing(hostPort, namespace string) error {
	c, err := dial(context.Background(), hostPort, namespace)
	if err != nil {
		return err
	}
	defer c.Close()
	autoscaling := worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{})
	options := worker.Options{DisableEagerActivities: true, WorkflowTaskPollerBehavior: autoscaling, ActivityTaskPollerBehavior: autoscaling}
	workflows := worker.New(c, nothingWorkflows, options)
	options.DisableWorkflowWorker = true
	activities := worker.New(c, nothingActivities, options)
	workflows.RegisterWorkflowWithOptions(func(ctx workflow.Context, activities int) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{TaskQueue: nothingActivities, StartToCloseTimeout: time.Minute})
		for range activities {
			if err := workflow.ExecuteActivity(ctx, nothingActivity).Get(ctx, nil); err != nil {
				return err
			}
		}
		return nil
	}, workflow.RegisterOptions{Name: nothingWorkflow})
	activities.RegisterActivityWithOptions(func(context.Context) error { return nil }, activity.RegisterOptions{Name: nothingActivity})
	if err := workflows.Start(); err != nil {
		return err
	}
	defer workflows.Stop()
	return activities.Run(worker.InterruptCh())
}

// nothing returns what runs as many workflows as a wave has instances, and as many at a time,
// each of activities that do nothing. The worker for them runs until the run ends.
func (b *bench) nothing(activities int) func() {
	b.Helper()
	namespace := b.namespace()
	cmd := exec.CommandContext(b.Context(), os.Args[0]) //nolint:gosec // this program
	cmd.Env = append(os.Environ(), envHostPort+"="+b.temporal.HostPort(), envNamespace+"="+namespace)
	cmd.Stderr = os.Stderr
	process, err := child.Start(cmd)
	b.must(err)
	b.Cleanup(func() {
		if err := process.End(context.WithoutCancel(b.Context()), syscall.SIGKILL); err != nil {
			b.Error(err)
		}
	})
	c, err := dial(b.Context(), b.temporal.HostPort(), namespace)
	b.must(err)
	b.Cleanup(c.Close)
	turn := 0
	run := func(n int) {
		turn++
		group, ctx := errgroup.WithContext(b.Context())
		group.SetLimit(b.sizes.Window)
		for i := range n {
			group.Go(func() error {
				id := "nothing/" + strconv.Itoa(turn) + "/" + strconv.Itoa(i)
				run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: nothingWorkflows}, nothingWorkflow, activities)
				if err != nil {
					return err
				}
				return run.Get(ctx, nil)
			})
		}
		b.must(group.Wait())
	}
	b.say("  a workflow that does nothing has %d activities", activities)
	run(1) // the worker polls
	return func() { run(b.sizes.Wave) }
}
