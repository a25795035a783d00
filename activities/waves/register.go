package waves

import (
	"go.temporal.io/sdk/worker"

	"jogetferry/activities/step"
	"jogetferry/contract"
)

// Register makes the activities known to a worker.
func (act *Activities) Register(r worker.Registry) {
	step.Register(r, act.Log, contract.ParkInstance, act.ParkInstance)
	step.Register(r, act.Log, contract.ClaimInstances, act.ClaimInstances)
	step.Register(r, act.Log, contract.SettleWave, act.SettleWave)
	step.Register(r, act.Log, contract.ClaimRollback, act.ClaimRollback)
	step.Register(r, act.Log, contract.SettleRehearsal, act.SettleRehearsal)
	step.Register(r, act.Log, contract.ListMigrated, act.ListMigrated)
	step.Register(r, act.Log, contract.CheckTemporal, act.CheckTemporal)
}
