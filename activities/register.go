package activities

import (
	"go.temporal.io/sdk/worker"

	"jogetferry/activities/step"
	"jogetferry/contract"
)

// Register makes the activities of the copy role known.
func (c *Copy) Register(r worker.Registry) {
	step.Register(r, c.Log, contract.CopyFormData, c.CopyFormData)
	step.Register(r, c.Log, contract.CopyUploads, c.CopyUploads)
	step.Register(r, c.Log, contract.GatherEvidence, c.GatherEvidence)
	step.Register(r, c.Log, contract.VerifyInstance, c.VerifyInstance)
	step.Register(r, c.Log, contract.UndoData, c.UndoData)
	step.Register(r, c.Log, contract.CheckSource, c.CheckSource)
	step.Register(r, c.Log, contract.TakeInventory, c.TakeInventory)
	step.Register(r, c.Log, contract.CheckDrift, c.CheckDrift)
}

// Register makes the activities of the joget role known.
func (j *Joget) Register(r worker.Registry) {
	step.Register(r, j.Log, contract.StartProcess, j.StartProcess)
	step.Register(r, j.Log, contract.ReconcileStart, j.ReconcileStart)
	step.Register(r, j.Log, contract.RestoreState, j.RestoreState)
	step.Register(r, j.Log, contract.ResumeActivity, j.ResumeActivity)
	step.Register(r, j.Log, contract.ResolveInstance, j.ResolveInstance)
	step.Register(r, j.Log, contract.AbortTarget, j.AbortTarget)
	step.Register(r, j.Log, contract.RehearseStep, j.RehearseStep)
	step.Register(r, j.Log, contract.AbortRehearsed, j.AbortRehearsed)
	step.Register(r, j.Log, contract.CheckServers, j.CheckServers)
}

// Register makes the activities of the workflows role known.
func (b *Book) Register(r worker.Registry) {
	step.Register(r, b.Log, contract.ParkInstance, b.ParkInstance)
	step.Register(r, b.Log, contract.ClaimInstances, b.ClaimInstances)
	step.Register(r, b.Log, contract.SettleWave, b.SettleWave)
	step.Register(r, b.Log, contract.ClaimRollback, b.ClaimRollback)
	step.Register(r, b.Log, contract.SettleRehearsal, b.SettleRehearsal)
	step.Register(r, b.Log, contract.ListMigrated, b.ListMigrated)
	step.Register(r, b.Log, contract.CheckTemporal, b.CheckTemporal)
}
