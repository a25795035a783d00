package rehearsal

import (
	"go.temporal.io/sdk/worker"

	"jogetferry/activities/step"
	"jogetferry/contract"
)

// Register makes the activities known to a worker.
func (act *Activities) Register(r worker.Registry) {
	step.Register(r, act.Log, contract.RehearseStep, act.RehearseStep)
	step.Register(r, act.Log, contract.AbortRehearsed, act.AbortRehearsed)
}
