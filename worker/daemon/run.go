package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/sethvargo/go-retry"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"jogetferry/activities/step"
	"jogetferry/activities/waves"
	"jogetferry/config"
	"jogetferry/contract"
	"jogetferry/internal/observe"
	"jogetferry/migration"
	"jogetferry/store"
)

// StopTimeout is how long running activities may go on after the first signal.
// It is longer than the longest call of the target (330 s), which must never be
// cut: nobody could tell what became of it. Whatever supervises the process
// has to wait longer still before it kills it.
const StopTimeout = 340 * time.Second

// connectFor is how long Run waits for Temporal and the ledger to come up.
const connectFor = time.Minute

// Options are what Run needs. Config has passed Validate(config.PartWorker).
type Options struct {
	Config *config.Config
	// Temporal is where to connect, as loaded by contrib/envconfig. Its Logger
	// and MetricsHandler are set by Run.
	Temporal client.Options
	Logger   *zap.Logger
	// Listener, when set, serves metrics and health instead of
	// Config.Worker.Listen. Run closes it.
	Listener net.Listener
	// Started, when set, is called once when all queues are polled.
	Started func()
}

// Run works until ctx ends or a worker cannot go on, then drains for up to
// StopTimeout. It returns nil after an orderly end. Temporal or the ledger out
// of reach for connectFor: CodeUnavailable.
func Run(ctx context.Context, o Options) (err error) {
	metrics, err := observe.NewMetrics(o.Logger)
	if err != nil {
		return err
	}
	// Draining must not be cut by the context that asks for it.
	background := context.WithoutCancel(ctx)
	defer func() { err = errors.Join(err, metrics.Shutdown(background)) }()

	o.Temporal.Logger = observe.SDKLogger(o.Logger.Named("temporal"))
	o.Temporal.MetricsHandler = metrics.SDK
	temporal, err := withRetry(ctx, o.Logger, "Temporal", func(ctx context.Context) (client.Client, error) {
		return client.DialContext(ctx, o.Temporal)
	})
	if err != nil {
		return temporalError(o.Temporal.HostPort, err)
	}
	defer temporal.Close()
	ledger, err := withRetry(ctx, o.Logger, "ledger", func(ctx context.Context) (*store.Ledger, error) {
		return store.Open(ctx, o.Config.LedgerDSN().Reveal(), store.Options{Actor: "worker"})
	})
	if err != nil {
		return fmt.Errorf("ledger.database: %w", err)
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()

	health := newHealth(func(ctx context.Context) error {
		_, err := temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
		return errors.Join(err, ledger.Ping(ctx))
	})
	stopServing, err := serve(ctx, o, metrics.Page, health)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopServing(background)) }()

	if slices.Contains(o.Config.Worker.Roles, contract.RoleWorkflows) {
		_, err := withRetry(ctx, o.Logger, "Temporal", func(ctx context.Context) (struct{}, error) {
			return struct{}{}, AddSearchAttributes(ctx, temporal, o.Temporal.Namespace)
		})
		if err != nil {
			return temporalError(o.Temporal.HostPort, err)
		}
	}
	return work(ctx, o, temporal, ledger, health)
}

// work polls the queues of all roles until ctx ends or one of them fails.
func work(ctx context.Context, o Options, temporal client.Client, ledger *store.Ledger, health *health) (err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	id, err := ledger.Identity(ctx)
	if err != nil {
		return err
	}
	queues := contract.QueuesOf(o.Config.Migration, id)
	var workers []worker.Worker
	var closers []func() error
	// After drain, which every way out of here passes: nothing uses the ports any more.
	defer func() {
		for _, closePorts := range closers {
			err = errors.Join(err, closePorts())
		}
	}()
	perSecond := o.Config.Limits.TargetCallsPerSecond
	with := shared{
		config: o.Config, logger: o.Logger, temporal: temporal, ledger: ledger,
		calls: rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond))),
	}
	for _, role := range o.Config.Worker.Roles {
		options := workerOptions(o.Config, role)
		own := &ownOnly{Own: step.Own{Migration: o.Config.Migration, Log: o.Logger}, queues: queues}
		options.Interceptors = []interceptor.WorkerInterceptor{own}
		options.OnFatalError = func(err error) { fail(fmt.Errorf("poll %s: %w", queues.Of(role), err)) }
		w := worker.New(temporal, queues.Of(role), options)
		closePorts, err := register(ctx, with, role, own, w)
		if err != nil {
			drain(workers)
			return fmt.Errorf("register activities of role %s: %w", role, err)
		}
		closers = append(closers, closePorts)
		if err := w.Start(); err != nil {
			drain(workers)
			return migration.E(migration.CodeUnavailable, "start polling", queues.Of(role), "%w", err)
		}
		workers = append(workers, w)
	}
	o.Logger.Info("worker started", zap.Any("roles", o.Config.Worker.Roles), zap.String("migration", string(o.Config.Migration)))
	health.started()
	if o.Started != nil {
		o.Started()
	}
	var sweeping sync.WaitGroup
	if slices.Contains(o.Config.Worker.Roles, contract.RoleWorkflows) {
		sweeping.Go(func() { sweep(ctx, with, queues.Workflows) })
	}
	<-ctx.Done()
	sweeping.Wait()
	health.stopping()
	o.Logger.Info("worker stopping: waiting for calls under way", zap.Duration("at_most", StopTimeout))
	drain(workers)
	o.Logger.Info("worker stopped")
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// sweepEvery is how often ledger and Temporal are compared: with the age of what is
// looked at, what differs is found within a minute.
const sweepEvery = 20 * time.Second

// sweep compares ledger and Temporal until ctx ends. It needs no wave: a pilot, too, may
// wait for an instance whose workflow is gone.
func sweep(ctx context.Context, with shared, queue string) {
	act := &waves.Activities{Ledger: with.ledger, Temporal: with.temporal, Log: with.logger}
	pace := rate.NewLimiter(rate.Every(sweepEvery), 1)
	for pace.Wait(ctx) == nil {
		if err := act.Sweep(ctx, with.config.Migration, queue, waves.SweepAge); err != nil && ctx.Err() == nil {
			with.logger.Warn("ledger and Temporal were not compared", step.SafeError(err))
		}
	}
}

// drain stops all workers at the same time: their timeouts must not add up.
func drain(workers []worker.Worker) {
	var group sync.WaitGroup
	for _, w := range workers {
		group.Go(w.Stop)
	}
	group.Wait()
}

// workerOptions are the options of one role's worker.
func workerOptions(c *config.Config, role contract.Role) worker.Options {
	autoscaling := worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{})
	options := worker.Options{
		WorkerStopTimeout:           StopTimeout,
		DisableRegistrationAliasing: true,
		// Eager activities pass by the queue, and so by its rate limit.
		DisableEagerActivities:     true,
		WorkflowTaskPollerBehavior: autoscaling,
		ActivityTaskPollerBehavior: autoscaling,
	}
	switch role {
	case contract.RoleWorkflows:
		options.MaxConcurrentActivityExecutionSize = ledgerActivities
	case contract.RoleCopy:
		options.DisableWorkflowWorker = true
		options.MaxConcurrentActivityExecutionSize = c.Worker.MaxCopies
	case contract.RoleJoget:
		options.DisableWorkflowWorker = true
		options.MaxConcurrentActivityExecutionSize = c.Worker.MaxCalls
		options.TaskQueueActivitiesPerSecond = c.Limits.TargetCallsPerSecond
	}
	return options
}

// ledgerActivities bounds the activities that need the ledger only; it fits the
// ledger's connections.
const ledgerActivities = 32

// withRetry calls connect until it succeeds, for connectFor.
func withRetry[T any](ctx context.Context, logger *zap.Logger, what string, connect func(context.Context) (T, error)) (T, error) {
	backoff := retry.WithMaxDuration(connectFor, retry.WithCappedDuration(5*time.Second, retry.NewExponential(250*time.Millisecond)))
	return retry.DoValue(ctx, backoff, func(ctx context.Context) (T, error) {
		v, err := connect(ctx)
		if err != nil && !permanent(err) {
			logger.Warn("not reached yet", zap.String("server", what))
			return v, retry.RetryableError(err)
		}
		return v, err
	})
}
