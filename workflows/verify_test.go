package workflows_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/contract"
	"jogetferry/migration"
)

func TestVerifyCountsVerdicts(t *testing.T) {
	t.Parallel()
	env := environment(t)
	found := map[migration.InstanceID]contract.VerifyOutput{
		"same":      {Verdict: migration.VerdictSame},
		"assignees": {Verdict: migration.VerdictAssignees},
		"differs":   {Outcome: contract.Outcome{Reason: migration.ReasonVerifyDiffers}, Verdict: migration.VerdictDiffers},
		"unknown":   {Outcome: contract.Outcome{Reason: migration.ReasonVerifyDiffers}, Verdict: migration.VerdictUnverifiable},
		"source":    {Outcome: contract.Outcome{Reason: migration.ReasonSourceMoved}, Verdict: migration.VerdictDiffers},
		"target":    {Outcome: contract.Outcome{Reason: migration.ReasonTargetMoved}, Verdict: migration.VerdictDiffers},
	}
	fake(env, &world{}, contract.VerifyInstance, func(in contract.VerifyInput) (contract.VerifyOutput, error) {
		if in.Fix {
			t.Error("a mere look decides")
		}
		return found[in.Instance], nil
	})
	env.ExecuteWorkflow(contract.VerifyWorkflow, contract.VerifyRunInput{
		Migration: "m", Queues: queues, Instances: []migration.InstanceID{"same", "assignees", "differs", "unknown", "source", "target"},
	})
	var got contract.VerifyRunResult
	if err := env.GetWorkflowResult(&got); err != nil {
		t.Fatal(err)
	}
	want := contract.VerifyRunResult{
		Same: 1, AssigneesDiffer: 1, Different: 2, Moved: 2, Listed: []migration.InstanceID{"assignees", "differs", "unknown", "source", "target"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}
