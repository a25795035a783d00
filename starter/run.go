package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"jogetferry/contract"
	"jogetferry/migration"
)

// Workflows are started, asked, told and followed.
type Workflows interface {
	ExecuteWorkflow(ctx context.Context, o client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
	GetWorkflow(ctx context.Context, id, runID string) client.WorkflowRun
	QueryWorkflow(ctx context.Context, id, runID, query string, args ...any) (converter.EncodedValue, error)
	UpdateWorkflow(ctx context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error)
	DescribeWorkflowExecution(ctx context.Context, id, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
}

const (
	// lookEvery is how often a verb that follows looks at the ledger.
	lookEvery = time.Second
	// looksPerCheck is how many looks there are to one look at workers and workflow.
	looksPerCheck = 10
	// firstCheck is the look with the first of them: soon, but not before a worker had a chance.
	firstCheck = 2
	// updateFor bounds waiting for a workflow to take an update.
	updateFor = 30 * time.Second
)

// start begins a workflow. A running one of the same ID is CodeConflict; one
// that ended may run again, since the ledger knows what is done.
func (s *session) start(ctx context.Context, id, workflow, summary string, input any) (client.WorkflowRun, error) {
	if len(id) > contract.MaxIDBytes {
		return nil, mistake("workflow ID %s is longer than %d bytes; choose a shorter migration or wave name", id, contract.MaxIDBytes)
	}
	options := client.StartWorkflowOptions{
		ID: id, TaskQueue: s.queues.Workflows, StaticSummary: summary,
		StaticDetails:                            "Steered by `starter`; see docs/runbook.md.",
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}
	switch in := input.(type) {
	case contract.WaveInput:
		options.TypedSearchAttributes = attributes(in.Wave, "")
	case instanceStart:
		options.TypedSearchAttributes = attributes("", in.definition)
		input = in.InstanceInput
	}
	run, err := s.temporal.Workflows.ExecuteWorkflow(ctx, options, workflow, input)
	if err != nil {
		return nil, temporalError("start workflow", id, err)
	}
	return run, nil
}

// startOrFollow starts a workflow of which one is enough, or returns the run
// that is under way.
func (s *session) startOrFollow(ctx context.Context, id, workflow, summary string, input any) (client.WorkflowRun, error) {
	run, err := s.start(ctx, id, workflow, summary, input)
	if migration.CodeOf(err) == migration.CodeConflict {
		if _, err := s.running(ctx, id); err != nil {
			return nil, err
		}
		s.say("%s is under way: following it", id)
		return s.temporal.Workflows.GetWorkflow(ctx, id, ""), nil
	}
	return run, err
}

// result waits for a workflow that takes a while, and says so when nobody works on it.
func (s *session) result(ctx context.Context, run client.WorkflowRun, out any) error {
	return s.resultTelling(ctx, run, out, func() error { return nil })
}

// resultTelling is result with something to tell at every look.
func (s *session) resultTelling(ctx context.Context, run client.WorkflowRun, out any, tell func() error) error {
	ended := make(chan error, 1)
	pause, wake := context.WithCancel(ctx)
	defer wake()
	go func() {
		ended <- run.Get(ctx, out)
		wake()
	}()
	var watch workerWatch
	for looks := 1; ; looks++ {
		if err := s.Wait(pause, lookEvery); err != nil {
			err := <-ended
			switch {
			case ctx.Err() != nil:
				return s.detached(run.GetID())
			case err != nil:
				return temporalError("run workflow", run.GetID(), err)
			}
			return nil
		}
		if err := tell(); err != nil && ctx.Err() == nil {
			return err
		}
		if looks%looksPerCheck == firstCheck {
			if err := watch.look(ctx, s); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// errDetached ends a verb whose work goes on without it.
var errDetached = errors.New("detached")

func (s *session) detached(workflowID string) error {
	s.say("no longer following; %s goes on: see starter status", workflowID)
	return errDetached
}

// update sends an update and waits until the workflow has taken it.
func (s *session) update(ctx context.Context, workflowID, updateID, name string, arg, out any) error {
	if err := s.needWorkflows(ctx); err != nil {
		return err
	}
	if _, err := s.running(ctx, workflowID); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, updateFor)
	defer cancel()
	handle, err := s.temporal.Workflows.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: workflowID, UpdateID: updateID, UpdateName: name, Args: []any{arg},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, out)
	}
	if err == nil {
		return nil
	}
	coded := temporalError("send "+name+" to", workflowID, err)
	if migration.CodeOf(coded) == migration.CodeInternal {
		// The workflow's validator said no, in words for the operator.
		var e *migration.Error
		if errors.As(coded, &e) {
			return mistake("%v", e.Err)
		}
	}
	return coded
}

// running reports whether a workflow is open; an unknown one is not. An open one of
// another ledger, or of an older version, is CodeConflict: its ID names the
// migration only.
func (s *session) running(ctx context.Context, workflowID string) (bool, error) {
	described, err := s.temporal.Workflows.DescribeWorkflowExecution(ctx, workflowID, "")
	if err != nil {
		err = temporalError("look at workflow", workflowID, err)
		if migration.CodeOf(err) == migration.CodeNotFound {
			return false, nil
		}
		return false, err
	}
	info := described.GetWorkflowExecutionInfo()
	if info.GetCloseTime() != nil {
		return false, nil
	}
	if queue := info.GetTaskQueue(); queue != s.queues.Workflows {
		return true, &migration.Error{
			Code: migration.CodeConflict, Op: "look at workflow", Subject: workflowID,
			Err:  fmt.Errorf("it runs on task queue %s, and this migration's is %s", queue, s.queues.Workflows),
			Hint: "it belongs to another ledger or was started by an older version: see docs/what-if.md#a-workflow-runs-on-another-queue",
		}
	}
	return true, nil
}
