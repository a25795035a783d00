package target

import (
	"go.temporal.io/sdk/worker"

	"jogetferry/activities/step"
	"jogetferry/contract"
)

// Register makes the activities known to a worker.
func (act *Activities) Register(r worker.Registry) {
	step.Register(r, act.Log, contract.StartProcess, act.StartProcess)
	step.Register(r, act.Log, contract.ReconcileStart, act.ReconcileStart)
	step.Register(r, act.Log, contract.RestoreState, act.RestoreState)
	step.Register(r, act.Log, contract.ResumeActivity, act.ResumeActivity)
	step.Register(r, act.Log, contract.ResolveInstance, act.ResolveInstance)
	step.Register(r, act.Log, contract.AbortTarget, act.AbortTarget)
	step.Register(r, act.Log, contract.CheckServers, act.CheckServers)
}
