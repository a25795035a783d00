package workflows

import (
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"jogetferry/contract"
	"jogetferry/migration"
)

// verifyPage is how many instances are compared side by side, and how many one
// run compares before it continues as new is a multiple of it.
const (
	verifyPage     = 20
	verifyPageRuns = 20
)

// Verify compares migrated instances on both sides again. It reads only, and
// leaves what it found in the ledger.
func Verify(ctx workflow.Context, in contract.VerifyRunInput) (contract.VerifyRunResult, error) {
	if len(in.Instances) > 0 {
		for page := range slices.Chunk(in.Instances, verifyPage) {
			if err := verifyAll(ctx, in, page, &in.Result); err != nil {
				return in.Result, err
			}
		}
		return in.Result, nil
	}
	for range verifyPageRuns {
		page, err := call(ctx, in.Queues, contract.ListMigrated, "next instances", contract.ListInput{
			Migration: in.Migration, After: in.After, Limit: verifyPage,
		})
		if err != nil {
			return in.Result, err
		}
		if err := verifyAll(ctx, in, page.Instances, &in.Result); err != nil {
			return in.Result, err
		}
		if in.After = page.Next; page.Next == 0 {
			return in.Result, nil
		}
	}
	return in.Result, workflow.NewContinueAsNewError(ctx, contract.VerifyWorkflow, in)
}

func verifyAll(ctx workflow.Context, in contract.VerifyRunInput, page []migration.InstanceID, result *contract.VerifyRunResult) error {
	futures := make([]workflow.Future, 0, len(page))
	for _, id := range page {
		futures = append(futures, start(ctx, in.Queues, contract.VerifyInstance, "verify "+string(id), contract.VerifyInput{
			StepInput: contract.StepInput{Migration: in.Migration, Instance: id},
		}))
	}
	for i, f := range futures {
		var out contract.VerifyOutput
		err := f.Get(ctx, &out)
		if temporal.IsCanceledError(err) {
			return err
		}
		// One that cannot be compared must not keep the others from it.
		switch {
		case err == nil && out.Verdict == migration.VerdictSame:
			result.Same++
			continue
		case err == nil && out.Verdict == migration.VerdictAssignees:
			result.AssigneesDiffer++
		case out.Reason == migration.ReasonSourceMoved, out.Reason == migration.ReasonTargetMoved:
			result.Moved++
		default:
			result.Different++
		}
		if len(result.Listed) < contract.MaxDifferent {
			result.Listed = append(result.Listed, page[i])
		}
	}
	return nil
}
