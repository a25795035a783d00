package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"jogetferry/contract"
	"jogetferry/migration"
)

// Plan checks both servers and Temporal, and takes the inventory of running
// instances. It freezes what it found in the ledger, unless Dry. A finding that
// blocks ends it before the inventory: nothing further could be believed.
func Plan(ctx workflow.Context, in contract.PlanInput) (contract.PlanResult, error) {
	var result contract.PlanResult
	check := contract.CheckInput{Migration: in.Migration, Dry: in.Dry}
	engine := start(ctx, in.Queues, contract.CheckTemporal, "check Temporal", check)
	source := start(ctx, in.Queues, contract.CheckSource, "check source and uploads", check)
	servers, err := call(ctx, in.Queues, contract.CheckServers, "check both servers", check)
	if err != nil {
		return result, err
	}
	var copied, kept contract.CheckOutput
	if err := source.Get(ctx, &copied); err != nil {
		return result, err
	}
	if err := engine.Get(ctx, &kept); err != nil {
		return result, err
	}
	result.Findings = slices.Concat(servers.Findings, copied.Findings, kept.Findings)
	if migration.Worst(result.Findings) == migration.Blocking {
		result.Stopped = true
		return result, nil
	}
	inventory, err := call(ctx, in.Queues, contract.TakeInventory, "list and check instances", contract.InventoryInput{
		Migration: in.Migration, Plan: workflow.GetInfo(ctx).WorkflowExecution.RunID, Dry: in.Dry,
	})
	if err != nil {
		return result, err
	}
	result.Findings = append(result.Findings, inventory.Findings...)
	result.Counts, result.Open, result.LeftOut = inventory.Counts, inventory.Open, inventory.LeftOut
	result.Definitions, result.Instances = inventory.Definitions, inventory.Instances
	return result, nil
}
