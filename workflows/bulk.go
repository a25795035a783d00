package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"jogetferry/contract"
)

// BulkCopy does a pass over all data of the apps that the ledger has for it: it cuts their
// tables into chunks, and has lanes take one after the other. What cannot be done is parked
// with its chunk; a lane that fails keeps the others of its turn going.
func BulkCopy(ctx workflow.Context, in contract.BulkInput) (contract.BulkResult, error) {
	cut, err := call(ctx, in.Queues, contract.CutTables, "cut tables into chunks", in)
	if err != nil || len(cut.Unknown) > 0 {
		return contract.BulkResult{CutOutput: cut}, err
	}
	for turn := range max(1, cut.Turns) {
		if err := inLanes(ctx, in, turn); err != nil {
			return contract.BulkResult{CutOutput: cut}, err
		}
	}
	result, err := call(ctx, in.Queues, contract.SettleBulk, "look how it stands", in)
	result.CutOutput = cut
	return result, err
}

// inLanes has every chunk of a turn done.
func inLanes(ctx workflow.Context, in contract.BulkInput, turn int) error {
	lanes := make([]workflow.Future, in.Lanes)
	for i := range lanes {
		summary := fmt.Sprintf("%s chunks, lane %d of %d", in.Order.Pass, i+1, in.Lanes)
		lanes[i] = start(ctx, in.Queues, contract.CopyChunks, summary, contract.LaneInput{Migration: in.Migration, Lanes: in.Lanes, Turn: turn})
	}
	var failed []error
	for _, lane := range lanes {
		failed = append(failed, lane.Get(ctx, nil))
	}
	return errors.Join(failed...)
}
