package workflows

import (
	"go.temporal.io/sdk/workflow"

	"jogetferry/contract"
)

// Registry is what workflows are made known to: a worker, a replayer, a test environment.
type Registry interface {
	RegisterWorkflowWithOptions(fn any, options workflow.RegisterOptions)
}

// Register makes the workflows known by their wire names.
func Register(r Registry) {
	for name, fn := range map[string]any{
		contract.InstanceWorkflow:  Instance,
		contract.WaveWorkflow:      Wave,
		contract.PlanWorkflow:      Plan,
		contract.VerifyWorkflow:    Verify,
		contract.RollbackWorkflow:  Rollback,
		contract.DriftWorkflow:     Drift,
		contract.RehearsalWorkflow: Rehearsal,
		contract.BulkCopyWorkflow:  BulkCopy,
	} {
		r.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
	}
}
