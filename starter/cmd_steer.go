package main

import (
	"context"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"

	"jogetferry/contract"
	"jogetferry/migration"
)

func (a *App) pauseCommand() *cobra.Command {
	return a.verb(&cobra.Command{
		Use:   "pause WAVE",
		Short: "Pause a wave: start none of its further instances",
		Long: `Starts no further instance of a wave. Instances in flight go on to their end.
starter resume lets the wave go on.`,
	}, 1, 1, func(ctx context.Context, s *session, args []string) error {
		return s.steer(ctx, migration.WaveName(args[0]), contract.PauseUpdate, contract.WaveControl{}, change(migration.WavePaused))
	})
}

func (a *App) resumeCommand() *cobra.Command {
	return a.verb(&cobra.Command{
		Use:   "resume WAVE",
		Short: "Let a paused wave go on",
		Long:  `Lets a wave go on that was paused, by starter pause or by --max-parked.`,
	}, 1, 1, func(ctx context.Context, s *session, args []string) error {
		return s.steer(ctx, migration.WaveName(args[0]), contract.ResumeUpdate, contract.WaveControl{}, change(migration.WaveRunning))
	})
}

func change(status migration.WaveStatus) migration.WaveChange {
	return migration.WaveChange{Status: &status}
}

func (a *App) stopCommand() *cobra.Command {
	return a.verb(&cobra.Command{
		Use:   "stop WAVE",
		Short: "End a wave when its instances in flight are settled",
		Long: `Starts no further instance of a wave, and ends the wave when its instances in
flight are settled. Other waves can take the rest.`,
	}, 1, 1, func(ctx context.Context, s *session, args []string) error {
		w, err := s.openWave(ctx, migration.WaveName(args[0]))
		if err != nil {
			return err
		}
		open, err := s.running(ctx, contract.WaveID(s.config.Migration, w.Name))
		if err != nil {
			return err
		}
		if !open {
			// Its workflow was ended from outside: only the ledger is left to tell.
			if err := s.ledger.Waves.SetWave(ctx, s.config.Migration, w.Name, change(migration.WaveStopped)); err != nil {
				return err
			}
			return s.printWave(ctx, w.Name)
		}
		return s.steer(ctx, w.Name, contract.StopUpdate, contract.WaveControl{}, migration.WaveChange{})
	})
}

func (a *App) tuneCommand() *cobra.Command {
	var control contract.WaveControl
	var rate float64
	cmd := &cobra.Command{
		Use:   "tune WAVE",
		Short: "Change the limits of a wave while it runs",
		Long: `Changes the limits of a wave while it runs. --rate limits the calls of the target
for all waves together. With 0 no call begins until you raise it again.`,
	}
	cmd.Flags().IntVar(&control.Window, "window", 0, "instances in flight")
	cmd.Flags().IntVar(&control.MaxParked, "max-parked", 0, "pause the wave when more than so many instances are parked")
	cmd.Flags().Float64Var(&rate, "rate", 0, "calls of the target per second")
	return a.verb(cmd, 1, 1, func(ctx context.Context, s *session, args []string) error {
		changed := cmd.Flags().Changed
		switch {
		case !changed("window") && !changed("max-parked") && !changed("rate"):
			return mistake("nothing to tune; give --window, --max-parked or --rate")
		case changed("window") && (control.Window < 1 || control.Window > 500):
			return mistake("--window %d does not fit; give 1 to 500", control.Window)
		case changed("max-parked") && control.MaxParked < 1:
			return mistake("--max-parked %d does not fit; give 1 or more", control.MaxParked)
		case rate < 0:
			return mistake("--rate %g does not fit; give 0 or more", rate)
		}
		w, err := s.openWave(ctx, migration.WaveName(args[0]))
		if err != nil {
			return err
		}
		var recorded migration.WaveChange
		if changed("rate") {
			if err := s.setRate(ctx, rate); err != nil {
				return err
			}
			recorded.Rate = &rate
		}
		if !changed("window") && !changed("max-parked") {
			if err := s.ledger.Waves.SetWave(ctx, s.config.Migration, w.Name, recorded); err != nil {
				return err
			}
			return s.printWave(ctx, w.Name)
		}
		if changed("window") {
			recorded.Window = &control.Window
		}
		if changed("max-parked") {
			recorded.MaxParked = &control.MaxParked
		}
		return s.steer(ctx, w.Name, contract.TuneUpdate, control, recorded)
	})
}

// openWave returns a wave that can still be steered.
func (s *session) openWave(ctx context.Context, name migration.WaveName) (migration.Wave, error) {
	w, err := s.wave(ctx, name)
	if err == nil && !w.Status.Open() {
		err = mistake("wave %s is %s; pause, resume, stop and tune work while a wave is running or paused", name, w.Status)
	}
	return w, err
}

// steer sends an update to a wave, then records in the ledger what it changed.
func (s *session) steer(ctx context.Context, name migration.WaveName, update string, control contract.WaveControl, recorded migration.WaveChange) error {
	if _, err := s.openWave(ctx, name); err != nil {
		return err
	}
	var now contract.WaveStatus
	if err := s.update(ctx, contract.WaveID(s.config.Migration, name), "", update, control, &now); err != nil {
		return err
	}
	if recorded != (migration.WaveChange{}) {
		if err := s.ledger.Waves.SetWave(ctx, s.config.Migration, name, recorded); err != nil {
			return err
		}
	}
	return s.printWave(ctx, name)
}

// setRate limits the activities of the target's queue per second, over all
// workers; it outlives them. 0 lets none begin.
func (s *session) setRate(ctx context.Context, perSecond float64) error {
	_, err := s.temporal.Queues.WorkflowService().UpdateTaskQueueConfig(ctx, &workflowservice.UpdateTaskQueueConfigRequest{
		Namespace: s.temporal.Namespace, Identity: "starter", TaskQueue: s.queues.Joget, TaskQueueType: enums.TASK_QUEUE_TYPE_ACTIVITY,
		UpdateQueueRateLimit: &workflowservice.UpdateTaskQueueConfigRequest_RateLimitUpdate{
			RateLimit: &taskqueue.RateLimit{RequestsPerSecond: float32(perSecond)}, Reason: "starter --rate",
		},
	})
	if err != nil {
		return temporalError("set the rate of queue", s.queues.Joget, err)
	}
	return nil
}
