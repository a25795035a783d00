package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"jogetferry/migration"
)

// outcome is what a wave came to.
type outcome struct {
	workers, taken int
	counts         migration.Counts
	took           time.Duration
	watch          watch
	cut            *cut // nil where none was cut off
}

func (o outcome) settled() int { return o.counts.Total() - o.counts.Unsettled() }

// rate is how many instances were settled in a second.
func (o outcome) rate() float64 { return float64(o.settled()) / max(1, o.took.Seconds()) }

const (
	lookEvery = 2 * time.Second
	sayEvery  = 15 * time.Second
)

// wave migrates the next instances of the plan with so many workers, and cuts one of them off
// in the middle where it is asked to. One that takes longer than it may is stopped.
func (s *stage) wave(ctx context.Context, wave migration.WaveName, workers, size int, cutting bool) (o outcome, err error) {
	for len(s.workers) < workers {
		if _, err := s.startWorker(ctx); err != nil {
			return o, err
		}
	}
	o = outcome{workers: workers, watch: s.processes()}
	o.watch.begin()
	begun := time.Now()
	if err := s.starter(ctx, "wave", "--name", string(wave), "--without-pilot", "--size", strconv.Itoa(size), "--window", strconv.Itoa(s.window), "--detach"); err != nil {
		return o, err
	}
	if err := s.follow(ctx, wave, begun, cutting, &o); err != nil {
		return o, err
	}
	o.took = time.Since(begun)
	o.watch.end()
	s.say("wave %s, %d workers: %d of %d settled in %s, %.1f a second: %d done, %d parked, %d failed, %d skipped; %s",
		wave, workers, o.settled(), o.taken, o.took.Round(time.Second), o.rate(), o.counts.Done, o.counts.Parked, o.counts.Failed, o.counts.Skipped, o.watch)
	if o.cut != nil {
		err = s.mend(ctx, o.cut)
	}
	return o, err
}

// processes are all that work at a wave.
func (s *stage) processes() watch {
	w := watch{{name: "MariaDB", pid: s.server.Pid()}, {name: "Temporal", pid: s.temporal.Pid()}, {name: "target", pid: s.simulator.Pid()}}
	for _, one := range s.workers {
		w = append(w, &process{name: "worker " + strconv.Itoa(one.number), pid: one.Pid()})
	}
	return w
}

// follow looks at a wave until it is settled.
func (s *stage) follow(ctx context.Context, wave migration.WaveName, begun time.Time, cutting bool, o *outcome) error {
	stopped := false
	told := time.Now()
	for tick := time.NewTicker(lookEvery); ; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		o.watch.look()
		w, err := s.ledger.Wave(ctx, name, wave)
		if err == nil {
			o.taken = w.Taken
			o.counts, err = s.ledger.Counts(ctx, name, migration.Filter{Wave: wave})
		}
		if err != nil {
			return err
		}
		if !w.Status.Open() {
			return nil
		}
		took := time.Since(begun)
		if cutting && o.cut == nil && (o.settled() >= w.Taken/3 || took > s.atMost/3) {
			if o.cut, err = s.cutOff(ctx, s.workers[len(s.workers)-1]); err != nil {
				return err
			}
		}
		if took > s.atMost && !stopped {
			stopped = true
			s.say("wave %s takes longer than %s: it is stopped", wave, s.atMost)
			if err := s.starter(ctx, "stop", string(wave)); err != nil {
				return err
			}
		}
		if time.Since(told) >= sayEvery {
			told = time.Now()
			s.say("wave %s: %s; %s", wave, estimate(o.settled(), o.taken, took), o.watch)
		}
	}
}

// estimate says how far something is, how quick, and how long the rest takes at that rate.
func estimate(done, of int, took time.Duration) string {
	rate := float64(done) / took.Seconds()
	left := "some time"
	if done > 0 {
		left = (time.Duration(float64(of-done)/rate) * time.Second).String()
	}
	return fmt.Sprintf("%d of %d, %.1f a second, %s left", done, of, rate, left)
}
