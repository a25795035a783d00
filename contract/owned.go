package contract

import "jogetferry/migration"

// Owned is the input of an activity or workflow: it names the migration that it is
// of, so that a worker of another one refuses it.
type Owned interface {
	Of() migration.Name
}

// Routed is the input of a workflow: it names the task queues that its activities
// and children run on.
type Routed interface {
	Owned
	On() Queues
}

// Following is the input of an activity that follows on calls to the target.
type Following interface {
	LastCall() SentCall
}

// Leading is the output of an activity that others follow on.
type Leading interface {
	PassOn(left SentCall)
}

// LastCall returns the call that was left under way.
func (in StepInput) LastCall() SentCall { return in.Sent }

// PassOn says which call is left under way.
func (o *Outcome) PassOn(left SentCall) { o.Sent = left }

// Of returns the migration of the instance.
func (in StepInput) Of() migration.Name { return in.Migration }

// Of returns the migration of the wave.
func (in ClaimInput) Of() migration.Name { return in.Migration }

// Of returns the migration of the wave.
func (in SettleWaveInput) Of() migration.Name { return in.Migration }

// Of returns the migration of the rollback.
func (in ClaimRollbackInput) Of() migration.Name { return in.Migration }

// Of returns the migration that is checked.
func (in CheckInput) Of() migration.Name { return in.Migration }

// Of returns the migration that is planned.
func (in InventoryInput) Of() migration.Name { return in.Migration }

// Of returns the migration whose instances are listed.
func (in ListInput) Of() migration.Name { return in.Migration }

// Of returns the migration of the workflow.
func (in InstanceInput) Of() migration.Name { return in.Migration }

// On returns the task queues of the workflow.
func (in InstanceInput) On() Queues { return in.Queues }

// Of returns the migration of the workflow.
func (in WaveInput) Of() migration.Name { return in.Migration }

// On returns the task queues of the workflow.
func (in WaveInput) On() Queues { return in.Queues }

// Of returns the migration of the workflow.
func (in PlanInput) Of() migration.Name { return in.Migration }

// On returns the task queues of the workflow.
func (in PlanInput) On() Queues { return in.Queues }

// Of returns the migration of the workflow.
func (in VerifyRunInput) Of() migration.Name { return in.Migration }

// On returns the task queues of the workflow.
func (in VerifyRunInput) On() Queues { return in.Queues }

// Of returns the migration of the workflow.
func (in RollbackInput) Of() migration.Name { return in.Migration }

// On returns the task queues of the workflow.
func (in RollbackInput) On() Queues { return in.Queues }

// Of returns the migration of the workflow.
func (in RehearsalInput) Of() migration.Name { return in.Migration }

// On returns the task queues of the workflow.
func (in RehearsalInput) On() Queues { return in.Queues }

// Of returns the migration of the workflow.
func (in DriftInput) Of() migration.Name { return in.Migration }

// On returns the task queues of the workflow.
func (in DriftInput) On() Queues { return in.Queues }
