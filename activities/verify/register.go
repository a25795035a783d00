package verify

import (
	"go.temporal.io/sdk/worker"

	"jogetferry/activities/step"
	"jogetferry/contract"
)

// Register makes the activities known to a worker.
func (act *Activities) Register(r worker.Registry) {
	step.Register(r, act.Log, contract.VerifyInstance, act.VerifyInstance)
	step.Register(r, act.Log, contract.GatherEvidence, act.GatherEvidence)
	step.Register(r, act.Log, contract.CheckDrift, act.CheckDrift)
}
