package workflows_test

import (
	"jogetferry/contract"
	"jogetferry/migration"
)

// shape is one way that a workflow can go, acted out on a real server.
type shape struct {
	name     string
	workflow string
	input    any
	fakes    instanceFakes
	pool     *pool
	plan     *planFakes
	turns    *turns
	pages    *driftPages
	bulk     *bulkFakes
	steps    []step
}

// step is what an operator does once the workflow says so in its status.
type step struct {
	until  func(contract.InstanceStatus) bool
	update string
	arg    any
	cancel bool
}

// withFiles copies form data and its few files at once.
func withFiles(contract.CopyFormDataInput) (contract.CopyFormDataOutput, error) {
	return contract.CopyFormDataOutput{Outcome: ok(), Rows: 3, Written: 3, Uploads: &contract.CopyUploadsOutput{Outcome: ok(), Files: 2, Written: 2, Bytes: 12}}, nil
}

func whenParked(s contract.InstanceStatus) bool { return s.Parked }

func whenRefused(s contract.InstanceStatus) bool { return s.Parked && s.Message != "" }

var refused = contract.Outcome{Status: contract.StatusSkipped, Message: "somebody worked on it"}

func resolved(a migration.Action) []step {
	return []step{{until: whenParked, update: contract.ResolveUpdate, arg: contract.Resolution{Action: a}}}
}

// first returns what do returns, but out for the first n calls.
func first[In, Out any](n int, out Out, then Out) func(In) (Out, error) {
	calls := 0
	return func(In) (Out, error) {
		if calls++; calls <= n {
			return out, nil
		}
		return then, nil
	}
}

func shapes() []shape {
	started := contract.StartOutput{Outcome: ok(), Target: "9_crm_approve", Next: &contract.ResumeCall{Activity: "approve", AbortCurrent: true}}
	parkedStart := func(r migration.Reason) contract.StartOutput { return contract.StartOutput{Outcome: parked(r, 1)} }
	instance := func(name string, fakes instanceFakes, steps ...step) shape {
		return shape{name: "instance_" + name, workflow: contract.InstanceWorkflow, input: instanceInput, fakes: fakes, steps: steps}
	}
	list := []shape{
		instance("clean", instanceFakes{}),
		instance("files_along", instanceFakes{copyFormData: withFiles}),
		{name: "instance_pilot", workflow: contract.InstanceWorkflow, input: contract.InstanceInput{Migration: "m", Instance: "7_crm_approve", Queues: queues, Pilot: true}},
		instance("three_pending", instanceFakes{resume: func(in contract.ResumeInput) (contract.ResumeOutput, error) {
			out := contract.ResumeOutput{Outcome: ok(), Made: &in.Call}
			switch in.Call.Activity {
			case "approve":
				out.Next = &contract.ResumeCall{Activity: "check"}
			case "check":
				out.Next = &contract.ResumeCall{Activity: "pay"}
			}
			return out, nil
		}}),
		instance("nothing_to_resume", instanceFakes{start: first[contract.StepInput](0, started, contract.StartOutput{Outcome: ok(), Target: "9_crm_approve"})}),
		instance("restored", instanceFakes{start: first[contract.StepInput](0, started, contract.StartOutput{Outcome: ok(), Target: "9_crm_approve", Restore: true})}),
		instance("reconciled", instanceFakes{
			start:     first[contract.StepInput](0, started, contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusUnknown}}),
			reconcile: first[contract.ReconcileInput](0, started, started),
		}),
		instance("started_again", instanceFakes{start: first[contract.StepInput](1, contract.StartOutput{Outcome: contract.Outcome{Status: contract.StatusAgain}}, started)}),
		instance("closed_on_the_source", instanceFakes{copyFormData: first[contract.CopyFormDataInput](0, contract.CopyFormDataOutput{}, contract.CopyFormDataOutput{
			Outcome: contract.Outcome{Status: contract.StatusSkipped, Reason: migration.ReasonSourceClosed},
		})}),
		instance("parked_retry", instanceFakes{start: first[contract.StepInput](1, parkedStart(migration.ReasonStartNotAllowed), started)}, resolved(migration.ActionRetry)...),
		instance("parked_skip", instanceFakes{start: first[contract.StepInput](1, parkedStart(migration.ReasonStartNotAllowed), started)}, resolved(migration.ActionSkip)...),
		instance("parked_adopt", instanceFakes{start: first[contract.StepInput](1, parkedStart(migration.ReasonStartAmbiguous), started)},
			step{until: whenParked, update: contract.ResolveUpdate, arg: contract.Resolution{Action: migration.ActionAdopt, Target: "9_crm_approve"}}),
		instance("parked_accept", instanceFakes{resume: first[contract.ResumeInput](1, contract.ResumeOutput{Outcome: parked(migration.ReasonTargetMoved, 1)}, contract.ResumeOutput{})}, resolved(migration.ActionAccept)...),
		instance("parked_redo", instanceFakes{verify: first[contract.VerifyInput](1,
			contract.VerifyOutput{Outcome: parked(migration.ReasonSourceMoved, 1)}, contract.VerifyOutput{Outcome: ok(), Verdict: migration.VerdictSame})}, resolved(migration.ActionRedo)...),
		instance("cancelled", instanceFakes{start: first[contract.StepInput](1, parkedStart(migration.ReasonStartNotAllowed), started)}, step{until: whenParked, cancel: true}),
	}
	for name, mode := range map[string]contract.Mode{"rollback": contract.ModeRollback, "redo": contract.ModeRedo, "delta": contract.ModeDelta} {
		s := instance(name, instanceFakes{})
		s.input = contract.InstanceInput{Migration: "m", Instance: "7_crm_approve", Queues: queues, Mode: mode}
		list = append(list, s)
	}
	list = append(list,
		shape{
			name: "instance_rollback_refused", workflow: contract.InstanceWorkflow, fakes: instanceFakes{abort: first[contract.AbortTargetInput](0, ok(), refused)},
			input: contract.InstanceInput{Migration: "m", Instance: "7_crm_approve", Queues: queues, Mode: contract.ModeRollback},
		},
		instance("parked_rollback", instanceFakes{
			verify: first[contract.VerifyInput](1, contract.VerifyOutput{Outcome: parked(migration.ReasonVerifyDiffers, 1)}, contract.VerifyOutput{}),
			abort:  first[contract.AbortTargetInput](1, refused, ok()),
		}, append(resolved(migration.ActionRollback), step{until: whenRefused, update: contract.ResolveUpdate, arg: contract.Resolution{
			Action: migration.ActionRollback, Discard: true,
		}})...),
		shape{name: "rollback", workflow: contract.RollbackWorkflow, input: rollbackInput, turns: &turns{toCome: 11, refused: 2}},
		shape{name: "rollback_continued", workflow: contract.RollbackWorkflow, input: contract.RollbackInput{
			Migration: "m", Rollback: "2", Queues: queues, Batches: 199,
		}, turns: &turns{toCome: 9}},
		shape{name: "drift", workflow: contract.DriftWorkflow, input: contract.DriftInput{Migration: "m", Queues: queues}, pages: &driftPages{left: 3}},
		shape{name: "bulk_copy", workflow: contract.BulkCopyWorkflow, input: bulkInput, bulk: &bulkFakes{cut: contract.CutOutput{Tables: 2}}},
	)
	return append(list,
		shape{name: "plan", workflow: contract.PlanWorkflow, input: contract.PlanInput{Migration: "m"}, plan: &planFakes{}},
		shape{name: "wave", workflow: contract.WaveWorkflow, input: waveInput, pool: &pool{toCome: 5}},
		shape{name: "wave_continued", workflow: contract.WaveWorkflow, input: contract.WaveInput{
			Migration: "m", Wave: "2", Queues: queues, State: contract.WaveState{Window: 3, Batches: 199},
		}, pool: &pool{toCome: 4}},
	)
}
