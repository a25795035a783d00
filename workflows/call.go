package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"jogetferry/contract"
	"jogetferry/migration"
)

// patient is the retry policy of everything that may be repeated: for ever,
// since a server that is down comes back, and what cannot be mended by
// repetition is marked as not retryable by the activity.
func patient() *temporal.RetryPolicy {
	return &temporal.RetryPolicy{
		InitialInterval:    2 * time.Second,
		BackoffCoefficient: 2,
		MaximumInterval:    time.Minute,
	}
}

// postTimeout bounds an attempt that sends one request to Joget. It is longer
// than the client's own timeout, so that the outcome is always written by the
// attempt that sent.
const postTimeout = 6 * time.Minute

// heartbeat is how long an attempt may be silent before its worker is taken for
// dead. A worker that was only cut off is no danger: ledger and fence keep its
// attempt and the next one apart.
const heartbeat = 30 * time.Second

// anySize bounds an attempt that reads or writes what a record, or a server, has: as
// long as it gets on it is not cut, and one that does not get on stops its heartbeat
// (activities/step). Temporal wants a bound.
const anySize = 30 * 24 * time.Hour

// options returns how an activity is run, by its wire name.
func options(name string) workflow.ActivityOptions {
	switch name {
	case contract.CopyFormData.Name, contract.CopyUploads.Name, contract.VerifyInstance.Name, contract.UndoData.Name, contract.TakeInventory.Name, contract.CheckDrift.Name,
		contract.CutTables.Name, contract.CopyChunks.Name:
		return workflow.ActivityOptions{StartToCloseTimeout: anySize, HeartbeatTimeout: heartbeat, RetryPolicy: patient()}
	case contract.StartProcess.Name:
		return workflow.ActivityOptions{
			StartToCloseTimeout: postTimeout, HeartbeatTimeout: heartbeat,
			RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 1},
			WaitForCancellation: true,
		}
	case contract.ResumeActivity.Name, contract.RestoreState.Name, contract.ReconcileStart.Name, contract.RehearseStep.Name, contract.AbortTarget.Name, contract.AbortRehearsed.Name:
		return workflow.ActivityOptions{StartToCloseTimeout: postTimeout, HeartbeatTimeout: heartbeat, RetryPolicy: patient(), WaitForCancellation: true}
	case contract.GatherEvidence.Name:
		retries := patient()
		retries.MaximumAttempts = contract.EvidenceAttempts
		return workflow.ActivityOptions{StartToCloseTimeout: 2 * time.Minute, ScheduleToCloseTimeout: 5 * time.Minute, HeartbeatTimeout: heartbeat, RetryPolicy: retries}
	case contract.ClaimInstances.Name:
		return workflow.ActivityOptions{StartToCloseTimeout: 2 * time.Minute, HeartbeatTimeout: 20 * time.Second, RetryPolicy: patient()}
	default:
		return workflow.ActivityOptions{StartToCloseTimeout: 5 * time.Minute, HeartbeatTimeout: heartbeat, RetryPolicy: patient()}
	}
}

// start schedules an activity on the queue of its role. summary is what the
// timeline of the UI shows.
func start[In, Out any](ctx workflow.Context, q contract.Queues, a contract.Activity[In, Out], summary string, in In) workflow.Future {
	o := options(a.Name)
	o.TaskQueue = q.Of(a.Role)
	o.Summary = summary
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), a.Name, in)
}

// call runs an activity and waits for it.
func call[In, Out any](ctx workflow.Context, q contract.Queues, a contract.Activity[In, Out], summary string, in In) (Out, error) {
	var out Out
	err := start(ctx, q, a, summary, in).Get(ctx, &out)
	return out, err
}

// permanent reports whether an activity said that a repetition ends alike.
func permanent(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && app.NonRetryable()
}

// transient reports whether a failure came of something that may pass by itself.
func transient(err error) bool {
	var app *temporal.ApplicationError
	if !errors.As(err, &app) {
		return true // a timeout: the worker is gone
	}
	switch app.Type() {
	case string(migration.CodeUnavailable), contract.WaitingType, contract.MisdirectedType:
		return true
	}
	return false
}

// unaccounted reports whether an attempt ended without a word of its own: its worker
// is gone, or was cut off. What it says itself is that it sent nothing.
func unaccounted(err error) bool {
	var app *temporal.ApplicationError
	return err != nil && !errors.As(err, &app)
}

// follow has the next step on an instance know which call to the target the last one left
// under way, since the ledger may have lost it.
func follow(step *contract.StepInput, out contract.Outcome, err error) {
	sent := out.Sent
	if err != nil {
		var app *temporal.ApplicationError
		if !errors.As(err, &app) {
			return // it said nothing of its own
		}
		if app.HasDetails() && app.Details(&sent) != nil {
			return
		}
	}
	step.Sent = sent
}

// errorMessage returns the plain words of an activity's failure, as its
// application error carries them; they are free of personal data.
func errorMessage(err error) string {
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return app.Message()
	}
	var timeout *temporal.TimeoutError
	if errors.As(err, &timeout) {
		return "timed out: " + timeout.TimeoutType().String()
	}
	return "failed"
}
