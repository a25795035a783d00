package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"jogetferry/contract"
)

// Register makes the workflows known to a worker by their wire names.
func Register(r worker.Registry) {
	for name, fn := range map[string]any{
		contract.InstanceWorkflow: Instance,
		contract.WaveWorkflow:     Wave,
		contract.PlanWorkflow:     Plan,
		contract.VerifyWorkflow:   Verify,
	} {
		r.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
	}
}
