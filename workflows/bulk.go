package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"jogetferry/contract"
)

// BulkCopy copies all data of the apps that the ledger has for it: it cuts their tables
// into chunks, and has lanes take one after the other. What cannot be copied is parked
// with its chunk; a lane that fails keeps the others going.
func BulkCopy(ctx workflow.Context, in contract.BulkInput) (contract.BulkResult, error) {
	cut, err := call(ctx, in.Queues, contract.CutTables, "cut tables into chunks", in)
	if err != nil || len(cut.Unknown) > 0 {
		return contract.BulkResult{CutOutput: cut}, err
	}
	lanes := make([]workflow.Future, in.Lanes)
	for i := range lanes {
		lanes[i] = start(ctx, in.Queues, contract.CopyChunks, fmt.Sprintf("copy chunks, lane %d of %d", i+1, in.Lanes), contract.LaneInput{Migration: in.Migration, Lanes: in.Lanes})
	}
	var failed []error
	for _, lane := range lanes {
		failed = append(failed, lane.Get(ctx, nil))
	}
	if err := errors.Join(failed...); err != nil {
		return contract.BulkResult{CutOutput: cut}, err
	}
	result, err := call(ctx, in.Queues, contract.SettleBulk, "look how it stands", in)
	result.CutOutput = cut
	return result, err
}
