package daemon

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"jogetferry/activities/step"
	"jogetferry/contract"
)

// ownOnly keeps a worker from what it was not made for, before anything of it
// runs: docs/adr/0008-queues.md.
type ownOnly struct {
	interceptor.WorkerInterceptorBase
	step.Own
	queues contract.Queues
}

func (o *ownOnly) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &ownActivities{interceptor.ActivityInboundInterceptorBase{Next: next}, o}
}

func (o *ownOnly) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &ownWorkflows{interceptor.WorkflowInboundInterceptorBase{Next: next}, o}
}

type ownActivities struct {
	interceptor.ActivityInboundInterceptorBase
	own *ownOnly
}

func (a *ownActivities) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	if err := a.own.Refuse(ctx, in.Args[0]); err != nil {
		return nil, err
	}
	return a.Next.ExecuteActivity(ctx, in)
}

type ownWorkflows struct {
	interceptor.WorkflowInboundInterceptorBase
	own *ownOnly
}

// ExecuteWorkflow fails the workflow's task, and not the workflow, where it is
// another's: Temporal offers the task again.
func (w *ownWorkflows) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	if err := w.own.refuseWorkflow(in.Args[0]); err != nil {
		panic(err)
	}
	return w.Next.ExecuteWorkflow(ctx, in)
}

func (o *ownOnly) refuseWorkflow(input any) error {
	in, ok := input.(contract.Routed)
	if !ok || in.Of() != o.Migration {
		return step.Misdirected(input, o.Migration)
	}
	if on := in.On(); on != o.queues {
		return &step.MisdirectedError{Why: fmt.Sprintf("this was started with the task queues %+v, and the worker serves %+v; it waits for another worker", on, o.queues)}
	}
	return nil
}
