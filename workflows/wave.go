package workflows

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"jogetferry/contract"
	"jogetferry/migration"
)

const (
	// maxBatches bounds one run of a wave; the next batch is claimed by a new run.
	maxBatches = 200
	// claimWait is how long ClaimInstances looks for free slots before it answers with none.
	claimWait = 10 * time.Second
)

// Wave starts the instances of a wave, at most a window of them at a time, in
// the pace of the ledger: a slot is free when the ledger says so, whatever
// became of the workflow that held it. Parked instances hold no slot. It ends
// when everything is settled, parked ones included.
func Wave(ctx workflow.Context, in contract.WaveInput) (contract.WaveStatus, error) {
	w := &wave{in: in, state: in.State}
	if err := w.setup(ctx); err != nil {
		return contract.WaveStatus{}, err
	}
	return w.run(ctx)
}

type wave struct {
	in    contract.WaveInput
	state contract.WaveState
}

func (w *wave) setup(ctx workflow.Context) error {
	if err := workflow.SetQueryHandlerWithOptions(ctx, contract.StatusQuery, w.status, workflow.QueryHandlerOptions{
		Description: "window, pause and counts of this wave",
	}); err != nil {
		return fmt.Errorf("register query %s: %w", contract.StatusQuery, err)
	}
	for _, u := range []struct {
		name, description string
		validate          func(contract.WaveControl) error
		apply             func(contract.WaveControl)
	}{
		{contract.PauseUpdate, "start no further instance", w.canPause, func(contract.WaveControl) { w.state.Paused = true }},
		{contract.ResumeUpdate, "go on after a pause", w.canResume, func(contract.WaveControl) { w.state.Paused = false }},
		{contract.StopUpdate, "start no further instance, and end when the instances in flight are settled", w.canStop, func(contract.WaveControl) { w.state.Stopped = true }},
		{contract.TuneUpdate, `change limits: {"window": N, "max_parked": N}`, w.canTune, w.tune},
	} {
		handler := func(_ workflow.Context, c contract.WaveControl) (contract.WaveStatus, error) {
			u.apply(c)
			return w.status()
		}
		if err := workflow.SetUpdateHandlerWithOptions(ctx, u.name, handler, workflow.UpdateHandlerOptions{
			Validator: u.validate, Description: u.description,
		}); err != nil {
			return fmt.Errorf("register update %s: %w", u.name, err)
		}
	}
	return nil
}

func (w *wave) run(ctx workflow.Context) (contract.WaveStatus, error) {
	for {
		if err := workflow.Await(ctx, func() bool { return !w.state.Paused || w.state.Stopped }); err != nil {
			return contract.WaveStatus{}, err
		}
		if err := w.launch(ctx); err != nil {
			return contract.WaveStatus{}, err
		}
		out, err := call(ctx, w.in.Queues, contract.ClaimInstances, "next instances", contract.ClaimInput{
			Migration: w.in.Migration, Wave: w.in.Wave, Window: w.state.Window, Wait: claimWait, Claim: !w.state.Stopped && !w.state.Paused,
		})
		if err != nil {
			return contract.WaveStatus{}, err
		}
		w.state.Batches++
		w.state.Counts = out.Counts
		w.state.Pending = append(w.state.Pending, out.Instances...)
		if w.state.MaxParked > 0 && out.Counts.Parked > w.state.MaxParked {
			w.state.Paused = true
		}
		w.tell(ctx, w.mood())
		if done, err := w.settled(ctx); done || err != nil {
			return w.result(err)
		}
		if w.state.Batches >= maxBatches || workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return contract.WaveStatus{}, w.continueAsNew(ctx)
		}
	}
}

// launch starts what was claimed, unless a pause came in between, and waits
// until every start is recorded: an abandoned child that is not is never started.
func (w *wave) launch(ctx workflow.Context) error {
	if w.state.Paused || w.state.Stopped {
		return nil
	}
	// Instances outlive their wave: its cancellation must not reach them, and the
	// context is never cancelled, since that would ask them to cancel too.
	detached, _ := workflow.NewDisconnectedContext(ctx)
	starts := make([]workflow.ChildWorkflowFuture, 0, len(w.state.Pending))
	for _, c := range w.state.Pending {
		opts := workflow.ChildWorkflowOptions{
			WorkflowID: contract.InstanceWorkflowID(w.in.Migration, c.Instance),
			// What may run again is for the ledger to say, which outlives retention;
			// it may also come back from a backup that knows less than Temporal.
			WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
			ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
			TaskQueue:             w.in.Queues.Workflows,
			StaticSummary:         fmt.Sprintf("%s %s", cmp.Or(string(c.Mode), "migrate"), c.Instance),
			StaticDetails:         fmt.Sprintf("Definition %s, wave %s of migration %s.", c.Definition, w.in.Wave, w.in.Migration),
			TypedSearchAttributes: temporal.NewSearchAttributes(
				waveKey.ValueSet(string(w.in.Wave)), definitionKey.ValueSet(c.Definition.Key())),
		}
		starts = append(starts, workflow.ExecuteChildWorkflow(workflow.WithChildOptions(detached, opts), contract.InstanceWorkflow, contract.InstanceInput{
			Migration: w.in.Migration, Instance: c.Instance, Wave: w.in.Wave, Queues: w.in.Queues, Mode: c.Mode,
		}))
	}
	w.state.Pending = nil
	var errs []error
	for _, s := range starts {
		err := s.GetChildWorkflowExecution().Get(detached, nil)
		var already *temporal.ChildWorkflowExecutionAlreadyStartedError
		if err != nil && !errors.As(err, &already) {
			// The ledger's sweep gives the slot back; the wave goes on.
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		workflow.GetLogger(ctx).Warn("some instances could not be started", "count", len(errs), "error", errs[0])
	}
	return nil
}

func (w *wave) settled(ctx workflow.Context) (bool, error) {
	c := w.state.Counts
	left := c.Unsettled()
	var release []migration.InstanceID
	if w.state.Stopped {
		// What was claimed while the stop arrived goes back.
		left = c.InFlight + c.Waiting + c.Claimed - len(w.state.Pending)
		for _, p := range w.state.Pending {
			release = append(release, p.Instance)
		}
	}
	if left > 0 || (len(w.state.Pending) > 0 && !w.state.Stopped) {
		return false, nil
	}
	counts, err := call(ctx, w.in.Queues, contract.SettleWave, "settle wave", contract.SettleWaveInput{
		Migration: w.in.Migration, Wave: w.in.Wave, Stopped: w.state.Stopped, Release: release,
	})
	if err != nil {
		return false, err
	}
	w.state.Counts, w.state.Pending = counts, nil
	w.tell(ctx, "finished")
	return true, w.finish(ctx)
}

func (w *wave) finish(ctx workflow.Context) error {
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

func (w *wave) result(err error) (contract.WaveStatus, error) {
	if err != nil {
		return contract.WaveStatus{}, err
	}
	return w.status()
}

func (w *wave) continueAsNew(ctx workflow.Context) error {
	if err := w.launch(ctx); err != nil {
		return err
	}
	if err := w.finish(ctx); err != nil {
		return err
	}
	next := w.in
	next.State = w.state
	next.State.Batches = 0
	return workflow.NewContinueAsNewError(ctx, contract.WaveWorkflow, next)
}

func (w *wave) status() (contract.WaveStatus, error) {
	return contract.WaveStatus{
		Wave: w.in.Wave, Window: w.state.Window, Paused: w.state.Paused, Stopped: w.state.Stopped, Counts: w.state.Counts,
	}, nil
}

func (w *wave) canPause(contract.WaveControl) error {
	switch {
	case w.state.Stopped:
		return fmt.Errorf("wave %s is stopping", w.in.Wave)
	case w.state.Paused:
		return fmt.Errorf("wave %s is paused already", w.in.Wave)
	}
	return nil
}

func (w *wave) canResume(contract.WaveControl) error {
	if !w.state.Paused || w.state.Stopped {
		return fmt.Errorf("wave %s is not paused", w.in.Wave)
	}
	return nil
}

func (w *wave) canStop(contract.WaveControl) error {
	if w.state.Stopped {
		return fmt.Errorf("wave %s is stopping already", w.in.Wave)
	}
	return nil
}

// maxWindow keeps the number of open children below what one workflow may have pending.
const maxWindow = 500

func (w *wave) canTune(c contract.WaveControl) error {
	switch {
	case c.Window < 0 || c.Window > maxWindow:
		return fmt.Errorf("window %d does not fit; give 1 to %d", c.Window, maxWindow)
	case c.MaxParked < 0:
		return fmt.Errorf("max_parked %d does not fit; give 1 or more", c.MaxParked)
	case c.Window == 0 && c.MaxParked == 0:
		return errors.New("nothing to tune: give window or max_parked")
	}
	return nil
}

func (w *wave) tune(c contract.WaveControl) {
	if c.Window > 0 {
		w.state.Window = c.Window
	}
	if c.MaxParked > 0 {
		w.state.MaxParked = c.MaxParked
	}
}

func (w *wave) mood() string {
	switch {
	case w.state.Stopped:
		return "stopping"
	case w.state.Paused:
		return "paused"
	}
	return "running"
}

func (w *wave) tell(ctx workflow.Context, state string) {
	c := w.state.Counts
	workflow.SetCurrentDetails(ctx, fmt.Sprintf(
		"**%s**, window %d\n\n- %d done of %d\n- %d in flight, %d waiting for another instance of their record\n- %d parked, %d skipped, %d failed\n- %d to come",
		state, w.state.Window, c.Done, c.Total(), c.InFlight+c.Claimed, c.Waiting, c.Parked, c.Skipped, c.Failed, c.Ready+c.Warned))
}
