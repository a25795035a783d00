package workflows

import (
	"go.temporal.io/sdk/workflow"

	"jogetferry/contract"
)

const (
	// driftPage is how many instances are compared at a time.
	driftPage = 200
	// driftPages bounds one run.
	driftPages = 100
)

// Drift compares everything that is done with the source as it is now, page by
// page. It reads only.
func Drift(ctx workflow.Context, in contract.DriftInput) (contract.DriftResult, error) {
	for range driftPages {
		page, err := call(ctx, in.Queues, contract.CheckDrift, "compare a page", contract.ListInput{
			Migration: in.Migration, After: in.After, Limit: driftPage,
		})
		if err != nil {
			return in.Result, err
		}
		in.Result.Still += page.Still
		for _, d := range page.Drifted {
			if d.Closed {
				in.Result.Closed++
			} else {
				in.Result.Moved++
			}
			if len(in.Result.Listed) < contract.MaxDifferent {
				in.Result.Listed = append(in.Result.Listed, d)
			}
		}
		if in.After = page.Next; page.Next == 0 {
			return in.Result, nil
		}
	}
	return in.Result, workflow.NewContinueAsNewError(ctx, contract.DriftWorkflow, in)
}
