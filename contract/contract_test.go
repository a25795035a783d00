package contract_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/contract"
	"jogetferry/migration"
)

var update = flag.Bool("update", false, "rewrite golden files")

var (
	definition = migration.DefinitionID{Package: "crm", Version: "3", Process: "approve"}
	queues     = contract.Queues{Workflows: "w", Copy: "c", Joget: "j"}
	sent       = contract.SentCall{Fence: "QK7", At: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	step       = contract.StepInput{Migration: "m", Instance: "7_crm_approve", Sent: sent}
	outcome    = contract.Outcome{Status: contract.StatusParked, Reason: migration.ReasonTargetMoved, ParkID: 2, Message: "Target instance 9_crm_approve.", Sent: sent}
	next       = &contract.ResumeCall{Do: contract.ResumeComplete, Path: "check", Activity: "approve", AbortCurrent: true}
	counts     = migration.Counts{Ready: 1, Warned: 2, Blocked: 3, Claimed: 4, InFlight: 5, Waiting: 6, Parked: 7, Done: 8, Skipped: 9, Failed: 10, RollingBack: 11, Same: 6, Accepted: 2, AssigneesDiffer: 1}
	findings   = []migration.Finding{{ID: "FERRY-101", Severity: migration.Blocking, Subject: "source", Message: "m", Remedy: "r"}}
	judged     = []contract.DefinitionCounts{{Definition: definition, Counts: counts, Findings: map[string]int{"FERRY-404": 3}}}
	listed     = []contract.InstanceFindings{{Instance: "7_crm_approve", Findings: findings}}
	claimed    = contract.ClaimedInstance{Instance: "7_crm_approve", Definition: definition, Mode: contract.ModeDelta}
	undone     = contract.RollbackResult{Undone: 1, Refused: 2, Conflicts: 3, Shared: 4, Failed: 5, Listed: []contract.NotRolledBack{
		{Instance: "8_crm_approve", Refused: true, Failed: true, Conflicts: 2, Message: "m"},
	}}
	drifted   = contract.Drifted{Instance: "8_crm_approve", Closed: true}
	rehearsed = contract.RehearsalResult{
		Ended: true, Stopped: "a decision", Mistakes: 1, Reason: migration.ReasonRecordConflict, ParkID: 2, Steps: 3, Target: "9_crm_approve",
		Undone: true, Rows: 4, Files: 5, Conflicts: 6, Shared: 7,
	}
	open = contract.OpenCounts{Open: 7, Roots: 2, Descendants: 1, Orphans: 1, Asynchronous: 3}
	cut  = contract.CutOutput{Tables: 2, Turns: 2, Unknown: []string{"x"}, Refused: []string{"y"}}
)

// wire is one filled value of everything that is stored in Temporal histories.
var wire = []any{
	contract.InstanceInput{Migration: "m", Instance: "7_crm_approve", Wave: "1", Queues: queues, Pilot: true, Mode: contract.ModeRedo, Discard: true},
	contract.InstanceResult{State: migration.InstanceDone, Reason: migration.ReasonOperator, Verdict: migration.VerdictSame, Target: "9_crm_approve", Refused: "m", Conflicts: 2, Shared: 1},
	contract.InstanceStatus{Deciding: migration.ActionRetry, Step: migration.StepResume, Parked: true, ParkID: 2, Reason: migration.ReasonTargetMoved, Actions: []migration.Action{migration.ActionAccept}, Message: "m", Target: "9_crm_approve"},
	contract.Resolution{Action: migration.ActionAdopt, ParkID: 2, Target: "9_crm_approve", Discard: true},
	contract.Resolved{ParkID: 2, Reason: migration.ReasonTargetMoved},
	contract.WaveInput{Migration: "m", Wave: "1", Queues: queues, State: contract.WaveState{
		Window: 5, MaxParked: 3, Paused: true, Stopped: true, Batches: 9, Counts: counts,
		Pending: []contract.ClaimedInstance{claimed},
	}},
	contract.WaveControl{Window: 5, MaxParked: 3},
	contract.WaveStatus{Wave: "1", Window: 5, Paused: true, Stopped: true, Counts: counts},
	contract.PlanInput{Migration: "m", Queues: queues, Dry: true},
	contract.PlanResult{LeftOut: 3, Stopped: true, Findings: findings, Counts: counts, Open: open, Definitions: judged, Instances: listed},
	contract.VerifyRunInput{Migration: "m", Queues: queues, Instances: []migration.InstanceID{"7_crm_approve"}, After: 3, Result: contract.VerifyRunResult{Same: 1, AssigneesDiffer: 4, Different: 2, Moved: 3, Listed: []migration.InstanceID{"8_crm_approve"}}},
	step,
	contract.CopyFormDataInput{StepInput: step, Redo: true, Delta: true},
	contract.CopyFormDataOutput{
		Outcome: outcome, Rows: 3, Written: 2, Wanted: []migration.ActivityDefID{"approve"},
		Uploads: &contract.CopyUploadsOutput{Outcome: outcome, Files: 3, Written: 2, Bytes: 1 << 40},
	},
	contract.CopyUploadsOutput{Outcome: outcome, Files: 3, Written: 2, Bytes: 1 << 40},
	contract.StartOutput{Outcome: outcome, Attempt: 2, Target: "9_crm_approve", Restore: true, Next: next},
	contract.RestoreOutput{Outcome: outcome, Rows: 1, Variables: 2, Next: next},
	contract.ResumeInput{StepInput: step, Call: *next},
	contract.ResumeOutput{Outcome: outcome, Made: next, Next: next},
	contract.VerifyInput{StepInput: step, Fix: true, Accepted: []migration.Reason{migration.ReasonSourceMoved}},
	contract.VerifyOutput{Outcome: outcome, Verdict: migration.VerdictDiffers, Items: migration.ItemCounts{migration.ItemRow: {migration.ItemDiffers: 1, migration.ItemSame: 2}}},
	contract.ParkInput{StepInput: step, Step: migration.StepStart, Reason: migration.ReasonStepFailed, Message: "m", Cancelled: true},
	contract.ResolveInput{StepInput: step, ParkID: 2, Reason: migration.ReasonTargetMoved, Action: migration.ActionAdopt, Target: "9_crm_approve", Discard: true},
	contract.ClaimInput{Migration: "m", Wave: "1", Window: 5, Wait: 10 * time.Second, Claim: true},
	contract.ClaimOutput{Instances: []contract.ClaimedInstance{claimed}, Counts: counts},
	contract.SettleWaveInput{Migration: "m", Wave: "1", Stopped: true, Release: []migration.InstanceID{"7_crm_approve"}},
	contract.CheckInput{Migration: "m", Dry: true},
	contract.CheckOutput{Findings: findings},
	contract.InventoryInput{Migration: "m", Plan: "run", Dry: true},
	contract.InventoryOutput{LeftOut: 3, Findings: findings, Counts: counts, Open: open, Definitions: judged, Instances: listed},
	contract.ListInput{Migration: "m", After: 3, Limit: 20},
	contract.AbortTargetInput{StepInput: step, Discard: true},
	contract.UndoDataInput{StepInput: step, Again: true},
	contract.UndoDataOutput{Outcome: outcome, Rows: 1, Files: 2, Conflicts: 3, Shared: 4},
	contract.RollbackInput{Migration: "m", Rollback: "1", Queues: queues, Discard: true, Batches: 9, Result: undone},
	contract.ClaimRollbackInput{Migration: "m", Rollback: "1", Limit: 8},
	contract.ClaimRollbackOutput{Instances: []contract.RollbackTurn{{ClaimedInstance: claimed, Parked: true}}, Left: 3},
	contract.RehearsalInput{Migration: "m", Instance: "7_crm_approve", Rehearsal: 3, Queues: queues, MaxSteps: 100},
	rehearsed,
	contract.RehearseStepInput{StepInput: step, Rehearsal: 3, Step: 1},
	contract.AbortRehearsedInput{StepInput: step, Rehearsal: 3, Gone: true},
	contract.RehearseStepOutput{Outcome: outcome, Target: "9_crm_approve", Ended: true, Stopped: "a decision", Mistakes: 1, Path: "call", Activity: "approve"},
	contract.SettleRehearsalInput{StepInput: step, Rehearsal: 3, Result: rehearsed},
	contract.DriftInput{Migration: "m", Queues: queues, After: 3, Result: contract.DriftResult{Still: 1, Moved: 2, Closed: 3, Listed: []contract.Drifted{drifted}}},
	contract.DriftPage{Still: 1, Drifted: []contract.Drifted{drifted}, Next: 4},
	contract.ListOutput{Instances: []migration.InstanceID{"7_crm_approve"}, Next: 4},
	contract.BulkInput{Migration: "m", Queues: queues, Order: migration.BulkOrder{Scope: migration.BulkScope{Apps: []string{"crm"}, Tables: []string{"note"}, With: []migration.BulkWith{migration.WithTrail}, NoUploads: true}, Pass: migration.BulkPassDelta, Delete: true, RowsPerSecond: 500}, Lanes: 4, CreateTables: true},
	contract.LaneInput{Migration: "m", Lanes: 4, Turn: 1},
	contract.LaneOutput{Chunks: 3, Parked: 1},
	cut,
	contract.BulkResult{CutOutput: cut, Status: migration.BulkDone, Chunks: 3, Parked: 1},
}

// Histories hold this JSON for as long as instances are parked: it may grow by
// fields, and never change otherwise.
func TestWireIsFrozen(t *testing.T) {
	t.Parallel()
	for _, value := range wire {
		name := reflect.TypeOf(value).Name()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var zero []string
			unfilled(reflect.ValueOf(value), name, &zero)
			if len(zero) > 0 {
				t.Errorf("the sample does not fill %v", zero)
			}
			got, err := json.MarshalIndent(value, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(file, append(got, '\n'), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(bytes.TrimSpace(want)), string(got)); diff != "" {
				t.Errorf("JSON (-golden +now):\n%s", diff)
			}
			back := reflect.New(reflect.TypeOf(value))
			if err := json.Unmarshal(want, back.Interface()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(value, back.Elem().Interface()); diff != "" {
				t.Errorf("read back (-want +got):\n%s", diff)
			}
		})
	}
}

// unfilled lists fields that are zero: a sample must show all of them.
func unfilled(v reflect.Value, path string, zero *[]string) {
	if v.Kind() != reflect.Struct || v.Type() == reflect.TypeFor[time.Time]() {
		return
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name := path + "." + field.Name
		if field.Tag.Get("json") == "-" || name == "Finding.Seen" {
			continue
		}
		if v.Field(i).IsZero() {
			*zero = append(*zero, name)
		}
		unfilled(v.Field(i), name, zero)
	}
}

// TestQueuesOf has no two migrations of one namespace share a queue.
func TestQueuesOf(t *testing.T) {
	t.Parallel()
	want := contract.Queues{
		Workflows: "ferry-workflows-crm-2026-0123456789ab", Copy: "ferry-copy-crm-2026-0123456789ab", Joget: "ferry-joget-crm-2026-0123456789ab",
	}
	if diff := cmp.Diff(want, contract.QueuesOf("crm-2026", "0123456789ab")); diff != "" {
		t.Errorf("queues (-want +got):\n%s", diff)
	}
}

func TestWorkflowIDsAreDistinctAndStable(t *testing.T) {
	t.Parallel()
	got := []string{
		contract.PlanID("m"), contract.CheckID("m"), contract.VerifyID("m"), contract.WaveID("m", "1"),
		contract.InstanceWorkflowID("m", "7_crm_approve"), contract.RollbackID("m", "1"), contract.DriftID("m"),
	}
	want := []string{"ferry/m/plan", "ferry/m/check", "ferry/m/verify", "ferry/m/wave/1", "ferry/m/instance/7_crm_approve", "ferry/m/rollback/1", "ferry/m/drift"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("IDs (-want +got):\n%s", diff)
	}
}

// TestEveryInputNamesItsMigration has a worker tell by its input what is not its own.
func TestEveryInputNamesItsMigration(t *testing.T) {
	t.Parallel()
	for _, value := range wire {
		shape := reflect.TypeOf(value)
		if _, has := shape.FieldByName("Migration"); !has {
			continue
		}
		t.Run(shape.Name(), func(t *testing.T) {
			t.Parallel()
			if in, ok := value.(contract.Owned); !ok || in.Of() != "m" {
				t.Error("its migration is not told")
			}
			if _, has := shape.FieldByName("Queues"); !has {
				return
			}
			if in, ok := value.(contract.Routed); !ok || in.On() != queues {
				t.Error("its queues are not told")
			}
		})
	}
}
