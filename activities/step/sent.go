package step

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"jogetferry/contract"
	"jogetferry/migration"
)

// tellTime bounds how long Temporal is told of a call. The age of the call counts
// already, and start.settle is much longer.
const tellTime = 5 * time.Second

// LastCall returns the call to the target of which Temporal knows, and not that it is over:
// one of this attempt, of an attempt before it, or that the input tells of. Zero: there is none.
func LastCall(ctx context.Context) contract.SentCall {
	if at := attemptOf(ctx); at != nil {
		return at.kept().Sent
	}
	return contract.SentCall{}
}

// Tell tells Temporal of a call, before its request leaves. The ledger knows it by fence,
// and may lose its last moments. An error (CodeUnavailable): Temporal does not know of
// it, and nothing may be sent.
func Tell(ctx context.Context, fence string) error {
	at := attemptOf(ctx)
	if at == nil {
		return nil
	}
	begun := time.Now() //nolint:forbidigo // Temporal and the ledger have clocks of their own; this one is compared with itself
	at.sent(contract.SentCall{Fence: fence, At: begun})
	// A heartbeat that is kept back for now must not replace what is told.
	at.say(context.WithoutCancel(ctx))
	err := at.tell(ctx)
	if err == nil && time.Since(begun) > tellTime {
		err = context.DeadlineExceeded
	}
	if err != nil {
		return &migration.Error{Code: migration.CodeUnavailable, Op: "tell Temporal of a call", Subject: activity.GetInfo(ctx).ActivityType.Name, Hint: "nothing was sent", Err: err}
	}
	return nil
}

// tell says what is known now at once, and whether Temporal heard it.
func (at *attempt) tell(ctx context.Context) error {
	details, err := converter.GetDefaultDataConverter().ToPayloads(at.kept())
	if err != nil {
		return fmt.Errorf("encode what an attempt knows: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	info := activity.GetInfo(ctx)
	// A client's own method asks what the server can do, each time.
	_, err = activity.GetClient(ctx).WorkflowService().RecordActivityTaskHeartbeat(ctx, &workflowservice.RecordActivityTaskHeartbeatRequest{
		Namespace: info.Namespace, TaskToken: info.TaskToken, Details: details,
	})
	return err
}

// Leave says that the call behind fence was given up without an answer.
func Leave(ctx context.Context, fence string) {
	if at := attemptOf(ctx); at != nil {
		at.sent(contract.SentCall{Fence: fence, At: time.Now()}) //nolint:forbidigo // as in Tell
	}
}

// Over says that no call is under way any more.
func Over(ctx context.Context) {
	if at := attemptOf(ctx); at != nil {
		at.sent(contract.SentCall{})
	}
}

func (at *attempt) sent(call contract.SentCall) {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.memory.Sent = call
}
