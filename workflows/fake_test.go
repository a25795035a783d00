package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"jogetferry/contract"
	"jogetferry/workflows"
)

var queues = contract.Queues{Workflows: "w", Copy: "c", Joget: "j"}

// world is a set of typed fakes, and what was called in which order.
type world struct {
	mu    sync.Mutex
	calls []string
}

func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, fmt.Sprintf(format, args...))
}

func environment(t *testing.T) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	env := bare()
	workflows.Register(env)
	return env
}

// bare is an environment without workflows.
func bare() *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(silent)
	return suite.NewTestWorkflowEnvironment()
}

// silent is a logger for the SDK, whose lines say nothing that a failed test does not.
var silent = log.NewStructuredLogger(slog.New(slog.DiscardHandler))

// activityRegistry is a test environment or a worker.
type activityRegistry interface {
	RegisterActivityWithOptions(fn any, options activity.RegisterOptions)
}

// fake makes an activity answer with do; its input type is checked by the compiler.
func fake[In, Out any](env activityRegistry, w *world, a contract.Activity[In, Out], do func(In) (Out, error)) {
	env.RegisterActivityWithOptions(func(_ context.Context, in In) (Out, error) {
		w.note("%s", a.Name)
		return do(in)
	}, activity.RegisterOptions{Name: a.Name})
}

func ok() contract.Outcome { return contract.Outcome{Status: contract.StatusOK} }

type converterEncodedValues = converter.EncodedValues

// registerWave registers the wave alone, so that its children can be fakes.
func registerWave(env *testsuite.TestWorkflowEnvironment) {
	env.RegisterWorkflowWithOptions(workflows.Wave, workflow.RegisterOptions{Name: contract.WaveWorkflow})
}

func asContinueAsNew(err error, target **workflow.ContinueAsNewError) bool {
	return errors.As(err, target)
}
