package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"

	"jogetferry/contract"
	"jogetferry/internal/exitcode"
	"jogetferry/migration"
)

// looksPerLine is how many looks there are between two lines of a wave that moves.
const looksPerLine = 5

// followWave tells the progress of a wave until it is settled.
func (s *session) followWave(ctx context.Context, w migration.Wave) error {
	id := contract.WaveID(s.config.Migration, w.Name)
	show := s.progress(w)
	defer show.end()
	var watch workerWatch
	for looks := 1; ; looks++ {
		counts, err := s.ledger.Entries.Counts(ctx, s.config.Migration, migration.Filter{Wave: w.Name})
		if err == nil {
			w, err = s.ledger.Waves.Wave(ctx, s.config.Migration, w.Name)
		}
		if ctx.Err() != nil {
			return s.detached(id)
		}
		if err != nil {
			return unreachable("ledger.database", err)
		}
		show.tell(counts, w.Status)
		if !w.Status.Open() {
			show.end()
			v, err := s.waveResult(ctx, w, counts)
			if err != nil {
				return err
			}
			return errors.Join(s.print(v), unsettledBy("wave "+string(w.Name), counts))
		}
		if looks%looksPerCheck == firstCheck {
			open, err := s.running(ctx, id)
			if err == nil && !open {
				return s.ended(ctx, w)
			}
			if err == nil {
				err = watch.look(ctx, s)
			}
			if err == nil && watch.told == "" {
				show.tellPause(ctx)
			}
			if err != nil && ctx.Err() == nil {
				return err
			}
		}
		if err := s.Wait(ctx, lookEvery); err != nil {
			show.end()
			return s.detached(id)
		}
	}
}

// ended is said of a wave whose workflow is closed: it may have settled a
// moment ago, else somebody ended it from outside.
func (s *session) ended(ctx context.Context, w migration.Wave) error {
	now, err := s.ledger.Waves.Wave(ctx, s.config.Migration, w.Name)
	if err != nil {
		return err
	}
	if err := s.printWave(ctx, w.Name); err != nil {
		return err
	}
	if now.Status.Open() {
		return &exitcode.Error{Status: exitcode.Unsettled, Text: fmt.Sprintf("the workflow of wave %s was ended from outside; starter wave --name %s with the same filters goes on with it, starter stop %s releases its instances", w.Name, w.Name, w.Name)}
	}
	counts, err := s.ledger.Entries.Counts(ctx, s.config.Migration, migration.Filter{Wave: w.Name})
	if err != nil {
		return err
	}
	return unsettledBy("wave "+string(w.Name), counts)
}

// progress shows numbers: a bar on a terminal, else lines.
type progress struct {
	s     *session
	wave  migration.WaveName
	bar   *progressbar.ProgressBar
	last  migration.Counts
	looks int
	// paused is whether the wave was when last asked.
	paused bool
}

func (s *session) progress(w migration.Wave) *progress {
	p := &progress{s: s, wave: w.Name}
	if s.Terminal {
		p.bar = progressbar.NewOptions(w.Taken, progressbar.OptionSetWriter(s.Err), progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true), progressbar.OptionSetDescription("wave "+string(w.Name)), progressbar.OptionClearOnFinish())
	}
	return p
}

func settled(c migration.Counts) int { return c.Total() - c.Unsettled() }

// tell shows counts when they changed: a line at once when the wave is closed, else
// not more often than every looksPerLine looks.
func (p *progress) tell(c migration.Counts, status migration.WaveStatus) {
	p.looks++
	if p.bar != nil {
		p.bar.Describe(fmt.Sprintf("wave %s: %d in flight, %d parked, %d skipped, %d failed", p.wave, c.InFlight+c.Claimed, c.Parked, c.Skipped, c.Failed))
		p.draw(p.bar.Set(settled(c)))
		return
	}
	if c == p.last || status.Open() && p.looks%looksPerLine != 1 {
		return
	}
	p.last = c
	p.s.say("wave %s: %d of %d settled: %d done, %d parked, %d skipped, %d failed; %d in flight, %d waiting, %d to come",
		p.wave, settled(c), c.Total(), c.Done, c.Parked, c.Skipped, c.Failed, c.InFlight+c.Claimed, c.Waiting, c.Ready+c.Warned)
}

// queryFor bounds a query, which nobody answers when the last worker just went.
const queryFor = 5 * time.Second

// tellPause says once that the wave was paused, by somebody or by --max-parked, and
// once that it goes on. Without an answer it says nothing.
func (p *progress) tellPause(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, queryFor)
	defer cancel()
	answer, err := p.s.temporal.Workflows.QueryWorkflow(ctx, contract.WaveID(p.s.config.Migration, p.wave), "", contract.StatusQuery)
	var status contract.WaveStatus
	if err == nil {
		err = answer.Get(&status)
	}
	switch {
	case err != nil || status.Paused == p.paused:
		return
	case status.Paused:
		p.s.say("wave %s is paused; starter resume %s goes on", p.wave, p.wave)
	default:
		p.s.say("wave %s goes on", p.wave)
	}
	p.paused = status.Paused
}

func (p *progress) end() {
	if p.bar != nil {
		p.draw(p.bar.Clear())
	}
}

// draw drops the error of a drawing: the wave goes on without it.
func (p *progress) draw(err error) {
	if err != nil {
		p.bar = nil
	}
}
