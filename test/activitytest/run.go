package activitytest

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"golang.org/x/time/rate"

	"jogetferry/contract"
)

const (
	// heartbeatTimeout is long enough for a machine that does much else.
	heartbeatTimeout = time.Minute
	// retryPace is how often Retry looks again, and patience how long it does.
	retryPace = 20 * time.Millisecond
	patience  = time.Minute
)

// Attempt is one attempt of one scheduling of an activity. Attempts of a
// scheduling differ in Number only.
type Attempt struct {
	RunID, ActivityID string
	Number            int32
	// Cancel, if set, ends the attempt's context when it is closed: the worker
	// is being stopped, and its patience is over.
	Cancel <-chan struct{}
	// Stop, if set, is closed when the worker begins to stop.
	Stop chan struct{}
	// Heartbeat, if set, has the details of the heartbeats of the attempts before, and
	// gets those of this one. nil in it: there were none.
	Heartbeat *map[string]any
}

// NewAttempt is the first attempt of a new scheduling.
func NewAttempt() Attempt { return Attempt{RunID: "run-" + rand.Text(), ActivityID: "7", Number: 1} }

// Next is the attempt that follows.
func (a Attempt) Next() Attempt {
	a.Number++
	return a
}

// Run runs an activity once, as the first attempt of a new scheduling.
func Run[In, Out any](tb testing.TB, register func(worker.Registry), a contract.Activity[In, Out], in In) (Out, error) {
	tb.Helper()
	return RunAs(tb, register, a, in, NewAttempt())
}

// RunAs runs an attempt of an activity that register makes known.
func RunAs[In, Out any](tb testing.TB, register func(worker.Registry), a contract.Activity[In, Out], in In, at Attempt) (out Out, err error) {
	tb.Helper()
	suite := testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&attempted{at: at}}})
	if at.Stop != nil {
		env.SetWorkerStopChannel(at.Stop)
	}
	if at.Heartbeat != nil {
		if *at.Heartbeat != nil {
			env.SetHeartbeatDetails(*at.Heartbeat)
		}
		env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
			var kept map[string]any
			if err := details.Get(&kept); err != nil {
				tb.Errorf("read the details of a heartbeat: %v", err)
			}
			*at.Heartbeat = kept
		})
	}
	register(registry{env: env})
	value, err := env.ExecuteActivity(a.Name, in)
	if err != nil {
		return out, err
	}
	if err := value.Get(&out); err != nil {
		tb.Fatalf("read what %s returned: %v", a.Name, err)
	}
	return out, nil
}

// Retry makes attempts of one scheduling until one returns or fails for good. The
// delay that an attempt asks for is cut short.
func Retry[In, Out any](tb testing.TB, register func(worker.Registry), a contract.Activity[In, Out], in In) (Out, error) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	pace := rate.NewLimiter(rate.Every(retryPace), 1)
	for at := NewAttempt(); ; at = at.Next() {
		out, err := RunAs(tb, register, a, in, at)
		if err == nil || Final(err) {
			return out, err
		}
		if pace.Wait(ctx) != nil {
			tb.Fatalf("%s has not come to its end after %s: %v", a.Name, patience, err)
		}
	}
}

// TypeOf is the type of an activity's error as Temporal sees it: a code, or
// contract.WaitingType. "" for none.
func TypeOf(err error) string {
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return app.Type()
	}
	return ""
}

// Final reports whether an activity's error ends its attempts.
func Final(err error) bool {
	var app *temporal.ApplicationError
	return err != nil && (!errors.As(err, &app) || app.NonRetryable())
}

// registry takes activities only.
type registry struct {
	worker.Registry
	env *testsuite.TestActivityEnvironment
}

func (r registry) RegisterActivityWithOptions(a any, o activity.RegisterOptions) {
	r.env.RegisterActivityWithOptions(a, o)
}

// attempted tells an activity what attempt it is.
type attempted struct {
	interceptor.WorkerInterceptorBase
	at Attempt
}

func (i *attempted) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &inbound{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, at: i.at}
}

type inbound struct {
	interceptor.ActivityInboundInterceptorBase
	at Attempt
}

func (i *inbound) Init(next interceptor.ActivityOutboundInterceptor) error {
	return i.Next.Init(&outbound{ActivityOutboundInterceptorBase: interceptor.ActivityOutboundInterceptorBase{Next: next}, at: i.at})
}

func (i *inbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if i.at.Cancel != nil {
		go func() {
			select {
			case <-i.at.Cancel:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	return i.Next.ExecuteActivity(ctx, in)
}

type outbound struct {
	interceptor.ActivityOutboundInterceptorBase
	at Attempt
}

func (o *outbound) GetInfo(ctx context.Context) activity.Info {
	info := o.Next.GetInfo(ctx)
	info.WorkflowExecution.RunID, info.ActivityID, info.Attempt = o.at.RunID, o.at.ActivityID, o.at.Number
	info.HeartbeatTimeout = heartbeatTimeout
	return info
}
