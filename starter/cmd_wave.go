package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"jogetferry/contract"
	"jogetferry/internal/exitcode"
	"jogetferry/migration"
	"jogetferry/starter/report"
)

// Waves is what wave begins, and what steers it.
type Waves interface {
	CreateWave(ctx context.Context, mig migration.Name, w migration.Wave) (migration.Wave, error)
	SetWave(ctx context.Context, mig migration.Name, name migration.WaveName, c migration.WaveChange) error
	Wave(ctx context.Context, mig migration.Name, name migration.WaveName) (migration.Wave, error)
	Waves(ctx context.Context, mig migration.Name) ([]migration.Wave, error)
}

// waveFlags are the flags of starter wave.
type waveFlags struct {
	filterFlags
	name                    string
	size, window, maxParked int
	rate                    float64
	rated, detach           bool
	noWarned, withoutPilot  bool
	delta                   bool
}

func (a *App) waveCommand() *cobra.Command {
	var f waveFlags
	cmd := &cobra.Command{
		Use:   "wave",
		Short: "Migrate a bounded group of instances",
		Long: `Migrates the ready and warned instances that the filters select, at most --window
of them at a time, and follows until each is done, parked, skipped or failed. Parked
instances wait for starter resolve; the wave continues without them. Ctrl-C stops
following; the wave goes on. To go on with a stopped wave, give its name and the
same filters.

--delta takes instances that are done, and makes the target like the source as it
is now: records, files, variables, open activities. Instances that have closed on
the source stay as they are. The instances then belong to this wave.`,
	}
	f.add(cmd)
	cmd.Flags().IntVar(&f.size, "size", 0, "take at most so many instances; 0 for all that match")
	cmd.Flags().StringVar(&f.name, "name", "", "name of the wave; default the next number")
	cmd.Flags().IntVar(&f.window, "window", 0, "instances in flight; default limits.window")
	cmd.Flags().Float64Var(&f.rate, "rate", 0, "calls of the target per second, for all waves")
	cmd.Flags().IntVar(&f.maxParked, "max-parked", 0, "pause the wave when more than so many instances are parked; 0 for never")
	cmd.Flags().BoolVar(&f.detach, "detach", false, "start and do not follow")
	cmd.Flags().BoolVar(&f.noWarned, "no-warned", false, "leave out instances with warnings")
	cmd.Flags().BoolVar(&f.delta, "delta", false, "update instances that are done instead; needs no pilots")
	cmd.Flags().BoolVar(&f.withoutPilot, "without-pilot", false, "do not require verified pilots; recorded in the ledger")
	return a.verb(cmd, 0, 0, func(ctx context.Context, s *session, _ []string) error {
		f.rated = cmd.Flags().Changed("rate")
		if f.window == 0 {
			f.window = s.config.Limits.Window
		}
		return s.runWave(ctx, f)
	})
}

// waveName keeps workflow IDs short and readable.
var waveName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$`)

func (s *session) runWave(ctx context.Context, f waveFlags) error {
	filter, err := s.checkWave(ctx, f)
	if err != nil {
		return err
	}
	if f.rated {
		if err := s.setRate(ctx, f.rate); err != nil {
			return err
		}
	}
	w, err := s.ledger.Waves.CreateWave(ctx, s.config.Migration, migration.Wave{
		Name: migration.WaveName(f.name), Filter: filter, Size: f.size, Window: f.window, Rate: f.rate, MaxParked: f.maxParked, Pilotless: f.withoutPilot, Delta: f.delta, By: s.Operator,
	})
	if err != nil {
		return err
	}
	id := contract.WaveID(s.config.Migration, w.Name)
	_, err = s.start(ctx, id, contract.WaveWorkflow, fmt.Sprintf("wave %s: %d instances", w.Name, w.Taken), contract.WaveInput{
		Migration: s.config.Migration, Wave: w.Name, Queues: s.queues,
		State: contract.WaveState{Window: w.Window, MaxParked: w.MaxParked},
	})
	if err != nil {
		// Nobody works on it: its instances are free for another wave.
		stopped := migration.WaveStopped
		undo := s.ledger.Waves.SetWave(context.WithoutCancel(ctx), s.config.Migration, w.Name, migration.WaveChange{Status: &stopped})
		return errors.Join(err, undo)
	}
	s.say("wave %s has %d instances, %d at a time; workflow %s", w.Name, w.Taken, w.Window, id)
	if f.detach {
		s.say("follow it with starter status --follow")
		return s.printWave(ctx, w.Name)
	}
	return s.followWave(ctx, w)
}

// checkWave finds every mistake before anything is written.
func (s *session) checkWave(ctx context.Context, f waveFlags) (migration.Filter, error) {
	switch {
	case f.size < 0 || f.maxParked < 0:
		return migration.Filter{}, mistake("--size and --max-parked must not be negative")
	case f.window < 1 || f.window > 500:
		return migration.Filter{}, mistake("--window %d does not fit; give 1 to 500", f.window)
	case f.delta && (f.noWarned || f.withoutPilot):
		return migration.Filter{}, mistake("leave out --no-warned and --without-pilot, or --delta")
	case f.rated && f.rate <= 0:
		return migration.Filter{}, mistake("--rate %g does not fit; give a number above 0", f.rate)
	case f.name != "" && !waveName.MatchString(f.name):
		return migration.Filter{}, mistake("--name %q does not fit; use letters, digits, dot, - and _, at most 63", f.name)
	}
	filter, err := f.filter(ctx, s)
	if err != nil {
		return filter, err
	}
	filter.NoWarned = f.noWarned
	takeable := filter
	takeable.States = []migration.InstanceState{migration.InstanceReady, migration.InstanceWarned}
	if f.delta { // these need no pilot
		takeable.States = []migration.InstanceState{migration.InstanceDone}
	}
	if name := migration.WaveName(f.name); name != "" {
		w, again, err := s.existing(ctx, name)
		if err != nil || again && (w.Pilotless || f.withoutPilot) {
			return filter, err
		}
		if again {
			takeable.Wave = name
			return filter, s.needPilots(ctx, takeable)
		}
	}
	counts, err := s.ledger.Entries.CountsByDefinition(ctx, s.config.Migration, takeable)
	if err != nil {
		return filter, err
	}
	if len(counts) == 0 && f.delta {
		return filter, mistake("no instance is done that matches; starter list --state done lists those that are")
	}
	if len(counts) == 0 {
		return filter, mistake("no instance is ready that matches; starter list --state ready,warned lists those that are, starter plan checks again")
	}
	if f.withoutPilot {
		return filter, nil
	}
	return filter, s.needPilots(ctx, takeable)
}

// existing returns the wave of that name, if there is one, that may go on; one
// that runs or has finished is a mistake.
func (s *session) existing(ctx context.Context, name migration.WaveName) (w migration.Wave, again bool, err error) {
	w, err = s.ledger.Waves.Wave(ctx, s.config.Migration, name)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return w, false, nil
	}
	if err != nil {
		return w, false, err
	}
	if w.Status == migration.WaveFinished {
		return w, false, mistake("wave %s has finished; choose another --name", name)
	}
	open, err := s.running(ctx, contract.WaveID(s.config.Migration, name))
	if err == nil && open {
		err = mistake("wave %s is running; starter status --follow follows it", name)
	}
	return w, true, err
}

// needPilots is a mistake naming the definitions without a verified pilot, each
// with instances that could be it.
func (s *session) needPilots(ctx context.Context, takeable migration.Filter) error {
	missing, err := s.missingPilots(ctx, takeable)
	if err != nil || len(missing) == 0 {
		return err
	}
	var lines []string
	for _, m := range missing {
		var candidates []string
		for _, p := range m.Pilots[:min(len(m.Pilots), mostCandidates)] {
			candidates = append(candidates, string(p.First))
		}
		lines = append(lines, fmt.Sprintf("  %s -> %s: starter pilot %s", m.Definition, m.Target, strings.Join(candidates, " or ")))
	}
	return mistake("these definitions have no verified pilot with the present mapping; migrate one instance of each (starter pilot --suggest covers all open activities), or give --without-pilot:\n%s", strings.Join(lines, "\n"))
}

// mostCandidates is how many pilots of a definition a refusal names.
const mostCandidates = 3

func (s *session) printWave(ctx context.Context, name migration.WaveName) error {
	w, err := s.ledger.Waves.Wave(ctx, s.config.Migration, name)
	if err != nil {
		return err
	}
	counts, err := s.ledger.Entries.Counts(ctx, s.config.Migration, migration.Filter{Wave: name})
	if err != nil {
		return err
	}
	v, err := s.waveResult(ctx, w, counts)
	if err != nil {
		return err
	}
	return s.print(v)
}

// waveResult is a wave as it stands. Of a delta it tells what stays as it was.
func (s *session) waveResult(ctx context.Context, w migration.Wave, counts migration.Counts) (report.Wave, error) {
	v := report.NewWave(w, counts)
	if !w.Delta {
		return v, nil
	}
	closed, err := s.ledger.Entries.Counts(ctx, s.config.Migration, migration.Filter{
		Wave: w.Name, States: []migration.InstanceState{migration.InstanceDone}, Reason: migration.ReasonSourceClosed,
	})
	if v.Closed = closed.Done; v.Closed > 0 {
		s.say("%d are closed on the source and stay as they were; starter drift names them", v.Closed)
	}
	return v, err
}

// unsettledBy says what a wave or migration left behind, nil for nothing.
func unsettledBy(what string, c migration.Counts) error {
	if c.Parked+c.Skipped+c.Failed == 0 {
		return nil
	}
	return &exitcode.Error{Status: exitcode.Unsettled, Text: fmt.Sprintf("%s settled with %d parked, %d skipped and %d failed; see starter parked and starter list", what, c.Parked, c.Skipped, c.Failed)}
}
