package workflows_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/contract"
	"jogetferry/migration"
)

// planFakes are what the checks of a plan find.
type planFakes struct {
	source, servers, engine []migration.Finding
	inventory               contract.InventoryOutput
}

func (f *planFakes) register(r activityRegistry, w *world) {
	found := func(findings []migration.Finding) func(contract.CheckInput) (contract.CheckOutput, error) {
		return func(contract.CheckInput) (contract.CheckOutput, error) {
			return contract.CheckOutput{Findings: findings}, nil
		}
	}
	fake(r, w, contract.CheckSource, found(f.source))
	fake(r, w, contract.CheckServers, found(f.servers))
	fake(r, w, contract.CheckTemporal, found(f.engine))
	fake(r, w, contract.TakeInventory, func(contract.InventoryInput) (contract.InventoryOutput, error) { return f.inventory, nil })
}

func TestPlan(t *testing.T) {
	t.Parallel()
	finding := func(id string, s migration.Severity) []migration.Finding {
		return []migration.Finding{{ID: id, Severity: s}}
	}
	checks := []string{"CheckServers", "CheckSource", "CheckTemporal"}
	inventory := contract.InventoryOutput{
		Findings: finding("FERRY-417", migration.Blocking), Counts: migration.Counts{Ready: 3}, Open: contract.OpenCounts{Open: 3, Roots: 3},
		Definitions: []contract.DefinitionCounts{{Definition: migration.DefinitionID{Package: "crm", Version: "1", Process: "approve"}, Counts: migration.Counts{Ready: 3}}}, Instances: []contract.InstanceFindings{{Instance: "7_crm_approve"}},
	}
	for _, tc := range []struct {
		name  string
		fakes planFakes
		calls []string
		want  contract.PlanResult
	}{
		{
			name: "every_check_and_the_inventory", calls: append(slices.Clone(checks), "TakeInventory"),
			fakes: planFakes{
				source: finding("FERRY-108", migration.Warning), servers: finding("FERRY-115", migration.Warning),
				engine: finding("FERRY-117", migration.Warning), inventory: inventory,
			},
			want: contract.PlanResult{
				Findings: slices.Concat(finding("FERRY-115", migration.Warning), finding("FERRY-108", migration.Warning),
					finding("FERRY-117", migration.Warning), finding("FERRY-417", migration.Blocking)),
				Counts: inventory.Counts, Open: inventory.Open, Definitions: inventory.Definitions, Instances: inventory.Instances,
			},
		},
		{
			name: "a_namespace_that_blocks_ends_it", calls: checks,
			fakes: planFakes{engine: finding("FERRY-118", migration.Blocking), inventory: inventory},
			want:  contract.PlanResult{Stopped: true, Findings: finding("FERRY-118", migration.Blocking)},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			env, w := environment(t), &world{}
			tc.fakes.register(env, w)
			env.ExecuteWorkflow(contract.PlanWorkflow, contract.PlanInput{Migration: "m", Queues: queues})
			var got contract.PlanResult
			if err := env.GetWorkflowResult(&got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			called := slices.Sorted(slices.Values(w.calls[:3]))
			if diff := cmp.Diff(tc.calls, append(called, w.calls[3:]...)); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}
