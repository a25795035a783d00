package workflows_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"jogetferry/contract"
	"jogetferry/migration"
)

// pool is a ledger's wave in memory: instances to come, in flight, settled.
type pool struct {
	toCome, inFlight, done, parked int
	minted                         int
	claims                         []contract.ClaimInput
	mode                           contract.Mode
}

func (p *pool) counts() migration.Counts {
	return migration.Counts{Ready: p.toCome, InFlight: p.inFlight, Done: p.done, Parked: p.parked}
}

func (p *pool) claim(in contract.ClaimInput) (contract.ClaimOutput, error) {
	p.claims = append(p.claims, in)
	p.done += p.inFlight
	p.inFlight = 0
	var out contract.ClaimOutput
	for in.Claim && p.toCome > 0 && p.inFlight < in.Window {
		p.minted++
		out.Instances = append(out.Instances, contract.ClaimedInstance{
			Instance:   migration.InstanceID(fmt.Sprintf("%d_crm_approve", p.minted)),
			Definition: migration.DefinitionID{Package: "crm", Version: "1", Process: "approve"}, Mode: p.mode,
		})
		p.toCome--
		p.inFlight++
	}
	out.Counts = p.counts()
	return out, nil
}

func waveEnvironment(t *testing.T, p *pool) (*testsuite.TestWorkflowEnvironment, *world, *[]string) {
	t.Helper()
	env := bare()
	env.SetDetachedChildWait(false)
	registerWave(env)
	started := &[]string{}
	env.RegisterWorkflowWithOptions(func(workflow.Context, contract.InstanceInput) (contract.InstanceResult, error) {
		return contract.InstanceResult{}, nil
	}, workflow.RegisterOptions{Name: contract.InstanceWorkflow})
	env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, _ converterEncodedValues) {
		*started = append(*started, info.WorkflowExecution.ID)
	})
	w := &world{}
	fake(env, w, contract.ClaimInstances, p.claim)
	fake(env, w, contract.SettleWave, func(in contract.SettleWaveInput) (migration.Counts, error) {
		w.note("  stopped=%t", in.Stopped)
		return p.counts(), nil
	})
	return env, w, started
}

var waveInput = contract.WaveInput{Migration: "m", Wave: "1", Queues: queues, State: contract.WaveState{Window: 3}}

func TestWaveStartsEverythingOnceInWindows(t *testing.T) {
	t.Parallel()
	p := &pool{toCome: 7}
	env, _, started := waveEnvironment(t, p)
	env.ExecuteWorkflow(contract.WaveWorkflow, waveInput)
	if err := env.GetWorkflowError(); err != nil {
		t.Fatalf("workflow: %v", err)
	}
	var status contract.WaveStatus
	if err := env.GetWorkflowResult(&status); err != nil {
		t.Fatalf("result: %v", err)
	}
	want := contract.WaveStatus{Wave: "1", Window: 3, Counts: migration.Counts{Done: 7}}
	if diff := cmp.Diff(want, status); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	slices.Sort(*started)
	if len(*started) != 7 || len(slices.Compact(slices.Clone(*started))) != 7 {
		t.Errorf("started %v, want seven different ones", *started)
	}
	if !strings.HasPrefix((*started)[0], "ferry/m/instance/") {
		t.Errorf("workflow ID %q does not name migration and instance", (*started)[0])
	}
}

func TestADeltaWaveStartsItsInstancesSo(t *testing.T) {
	t.Parallel()
	p := &pool{toCome: 3, mode: contract.ModeDelta}
	env, _, _ := waveEnvironment(t, p)
	var modes []contract.Mode
	env.SetOnChildWorkflowStartedListener(func(_ *workflow.Info, _ workflow.Context, args converterEncodedValues) {
		var in contract.InstanceInput
		if err := args.Get(&in); err != nil {
			t.Error(err)
		}
		modes = append(modes, in.Mode)
	})
	env.ExecuteWorkflow(contract.WaveWorkflow, waveInput)
	if diff := cmp.Diff([]contract.Mode{contract.ModeDelta, contract.ModeDelta, contract.ModeDelta}, modes); diff != "" {
		t.Errorf("%v, modes (-want +got):\n%s", env.GetWorkflowError(), diff)
	}
}

func updateAfter(env *testsuite.TestWorkflowEnvironment, d time.Duration, name string, c contract.WaveControl, refused *error) {
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(name, name+d.String(), &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(err error) { *refused = err }, OnComplete: func(any, error) {},
		}, c)
	}, d)
}

func TestWaveStopsStartingWhilePausedAndGoesOnAfterResume(t *testing.T) {
	t.Parallel()
	p := &pool{toCome: 2, parked: 5}
	env, _, started := waveEnvironment(t, p)
	in := waveInput
	in.State.MaxParked = 4 // pauses by itself after the first claim
	var refused error
	updateAfter(env, time.Hour, contract.PauseUpdate, contract.WaveControl{}, &refused)
	duringPause := -1
	env.RegisterDelayedCallback(func() { duringPause = len(*started) }, 2*time.Hour)
	updateAfter(env, 3*time.Hour, contract.TuneUpdate, contract.WaveControl{MaxParked: 10}, &refused)
	var none error
	updateAfter(env, 4*time.Hour, contract.ResumeUpdate, contract.WaveControl{}, &none)
	env.ExecuteWorkflow(contract.WaveWorkflow, in)
	if err := env.GetWorkflowError(); err != nil {
		t.Fatalf("workflow: %v", err)
	}
	if refused == nil || !strings.Contains(refused.Error(), "paused already") {
		t.Errorf("pausing a paused wave was refused with %v", refused)
	}
	if none != nil {
		t.Errorf("resume refused: %v", none)
	}
	if duringPause != 0 || len(*started) != 2 {
		t.Errorf("%d started during the pause and %d in all, want 0 and 2", duringPause, len(*started))
	}
}

func TestWaveNeverCancelsItsInstances(t *testing.T) {
	t.Parallel()
	p := &pool{toCome: 2}
	env := bare()
	registerWave(env)
	ended := 0
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ contract.InstanceInput) (contract.InstanceResult, error) {
		err := workflow.Sleep(ctx, 24*time.Hour)
		ended++
		return contract.InstanceResult{}, err
	}, workflow.RegisterOptions{Name: contract.InstanceWorkflow})
	cancelled := 0
	env.SetOnChildWorkflowCanceledListener(func(*workflow.Info) { cancelled++ })
	w := &world{}
	fake(env, w, contract.ClaimInstances, p.claim)
	fake(env, w, contract.SettleWave, func(contract.SettleWaveInput) (migration.Counts, error) { return p.counts(), nil })
	env.ExecuteWorkflow(contract.WaveWorkflow, waveInput)
	if err := env.GetWorkflowError(); err != nil {
		t.Fatalf("workflow: %v", err)
	}
	if cancelled != 0 || ended != 2 {
		t.Errorf("%d instances cancelled, %d ended by themselves, want 0 and 2", cancelled, ended)
	}
}

func TestWaveStopEndsItWithoutClaimingMore(t *testing.T) {
	t.Parallel()
	p := &pool{toCome: 50, parked: 1}
	env, w, _ := waveEnvironment(t, p)
	in := waveInput
	in.State.Paused = true
	var refused error
	updateAfter(env, time.Hour, contract.StopUpdate, contract.WaveControl{}, &refused)
	env.ExecuteWorkflow(contract.WaveWorkflow, in)
	if err := env.GetWorkflowError(); err != nil {
		t.Fatalf("workflow: %v", err)
	}
	if p.minted != 0 || w.calls[len(w.calls)-1] != "  stopped=true" {
		t.Errorf("%d claimed, calls %v", p.minted, w.calls)
	}
}

func TestWaveContinuesAsNewWithItsState(t *testing.T) {
	t.Parallel()
	p := &pool{toCome: 100000}
	env, _, _ := waveEnvironment(t, p)
	in := waveInput
	in.State.Window = 1
	env.ExecuteWorkflow(contract.WaveWorkflow, in)
	var next *workflow.ContinueAsNewError
	if err := env.GetWorkflowError(); !asContinueAsNew(err, &next) {
		t.Fatalf("workflow error %v, want continue-as-new", err)
	}
	if p.minted < 100 || p.minted == 100000 {
		t.Errorf("%d claimed in one run", p.minted)
	}
}

func TestWaveRefusesBadTuning(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		give contract.WaveControl
		want string
	}{
		{"nothing", contract.WaveControl{}, "nothing to tune"},
		{"too_wide", contract.WaveControl{Window: 501}, "give 1 to 500"},
		{"negative", contract.WaveControl{Window: -1}, "give 1 to 500"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			env, _, _ := waveEnvironment(t, &pool{})
			in := waveInput
			in.State.Paused = true
			var refused, none error
			updateAfter(env, time.Hour, contract.TuneUpdate, tc.give, &refused)
			updateAfter(env, 2*time.Hour, contract.StopUpdate, contract.WaveControl{}, &none)
			env.ExecuteWorkflow(contract.WaveWorkflow, in)
			if refused == nil || !strings.Contains(refused.Error(), tc.want) {
				t.Errorf("refused with %v, want a text with %q", refused, tc.want)
			}
		})
	}
}
