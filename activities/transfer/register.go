package transfer

import (
	"go.temporal.io/sdk/worker"

	"jogetferry/activities/step"
	"jogetferry/contract"
)

// Register makes the activities known to a worker.
func (act *Activities) Register(r worker.Registry) {
	step.Register(r, act.Log, contract.CopyFormData, act.CopyFormData)
	step.Register(r, act.Log, contract.CopyUploads, act.CopyUploads)
	step.Register(r, act.Log, contract.UndoData, act.UndoData)
}
