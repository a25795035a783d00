package workflows_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/temporal"

	"jogetferry/contract"
	"jogetferry/migration"
)

// bulkFakes are the activities of a copy of all data.
type bulkFakes struct {
	cut  contract.CutOutput
	fail bool // one lane does
}

func (f *bulkFakes) register(env activityRegistry, w *world) {
	fake(env, w, contract.CutTables, func(contract.BulkInput) (contract.CutOutput, error) { return f.cut, nil })
	fake(env, w, contract.CopyChunks, func(contract.LaneInput) (contract.LaneOutput, error) {
		if f.fail {
			f.fail = false
			return contract.LaneOutput{}, temporal.NewNonRetryableApplicationError("rights", string(migration.CodeRefused), nil)
		}
		return contract.LaneOutput{Chunks: 2}, nil
	})
	fake(env, w, contract.SettleBulk, func(contract.BulkInput) (contract.BulkResult, error) {
		return contract.BulkResult{Status: migration.BulkDone, Chunks: 6, Parked: 1}, nil
	})
}

var bulkInput = contract.BulkInput{Migration: "m", Queues: queues, Order: migration.BulkOrder{Pass: migration.BulkPassCopy, Scope: migration.BulkScope{Apps: []string{"crm"}}}, Lanes: 3}

func TestBulkCopy(t *testing.T) {
	t.Parallel()
	cut := contract.CutOutput{Tables: 2, Refused: []string{"view"}}
	inTurns := cut
	inTurns.Turns = 2
	for _, tc := range []struct {
		name  string
		fakes bulkFakes
		want  contract.BulkResult
		calls []string
		fails bool
	}{
		{
			"lanes_side_by_side",
			bulkFakes{cut: cut},
			contract.BulkResult{CutOutput: cut, Status: migration.BulkDone, Chunks: 6, Parked: 1},
			[]string{"CutTables", "CopyChunks", "CopyChunks", "CopyChunks", "SettleBulk"},
			false,
		},
		{
			"one_turn_after_the_other",
			bulkFakes{cut: inTurns},
			contract.BulkResult{CutOutput: inTurns, Status: migration.BulkDone, Chunks: 6, Parked: 1},
			[]string{"CutTables", "CopyChunks", "CopyChunks", "CopyChunks", "CopyChunks", "CopyChunks", "CopyChunks", "SettleBulk"},
			false,
		},
		{
			"what_is_unknown_ends_it",
			bulkFakes{cut: contract.CutOutput{Unknown: []string{"nothing"}}},
			contract.BulkResult{CutOutput: contract.CutOutput{Unknown: []string{"nothing"}}},
			[]string{"CutTables"},
			false,
		},
		{"a_lane_that_fails_keeps_the_others_of_its_turn_going", bulkFakes{cut: inTurns, fail: true}, contract.BulkResult{}, []string{"CutTables", "CopyChunks", "CopyChunks", "CopyChunks"}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			env, w := environment(t), &world{}
			tc.fakes.register(env, w)
			env.ExecuteWorkflow(contract.BulkCopyWorkflow, bulkInput)
			if err := env.GetWorkflowError(); (err != nil) != tc.fails {
				t.Errorf("workflow error %v", err)
			}
			var got contract.BulkResult
			if !tc.fails {
				if err := env.GetWorkflowResult(&got); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if !slices.Equal(tc.calls, w.calls) {
				t.Errorf("calls %s", fmt.Sprint(w.calls))
			}
		})
	}
}
