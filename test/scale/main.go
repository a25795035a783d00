package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"jogetferry/migration"
	"jogetferry/test/mysqltest"
)

// options are the flags, and where the run tells how it goes.
type options struct {
	planned, instances, window, entries int
	workers                             []int
	latency, settle, atMost, total      time.Duration
	page, bin                           string
	out                                 io.Writer
}

func main() {
	if os.Getenv(inNamespace) == becomeWorker {
		fmt.Fprintln(os.Stderr, "scale:", become(os.Args[1:], os.Environ()))
		os.Exit(1)
	}
	o, err := parse(os.Args[1:])
	if err == nil {
		n := enter(os.Environ())
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		err = runAll(ctx, o, n)
		stop()
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.IntVar(&o.planned, "planned", 100_000, "instances of the source, all of which are planned; 0 for no wave")
	flags.IntVar(&o.instances, "instances", 20_000, "instances of each wave")
	flags.IntVar(&o.entries, "entries", 1_000_000, "entries of the ledger that is filled by SQL; 0 for none")
	flags.IntVar(&o.window, "window", 100, "instances in flight")
	workers := flags.String("workers", "1,2,3", "how many workers, one wave for each number; then one more, in which one of the last number is cut off")
	flags.DurationVar(&o.latency, "latency", 0, "how long the target lets each call wait")
	flags.DurationVar(&o.settle, "settle", time.Minute, "target.timeout and start.settle: how long a call may take, and one without an answer still run")
	flags.DurationVar(&o.atMost, "at-most", 30*time.Minute, "how long a wave may take before it is stopped")
	flags.DurationVar(&o.total, "total", 4*time.Hour, "how long all may take")
	flags.StringVar(&o.bin, "bin", "bin", "folder of the programs worker, starter, simulator and temporal")
	flags.StringVar(&o.page, "page", "", "file to which the result is written, such as docs/scale.md")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.out = os.Stdout
	if o.bin, err = filepath.Abs(o.bin); err != nil {
		return o, fmt.Errorf("--bin: %w", err)
	}
	for word := range strings.SplitSeq(*workers, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 || len(o.workers) > 0 && n < o.workers[len(o.workers)-1] {
			return o, fmt.Errorf("--workers %s: give ascending numbers, such as 1,2,3", *workers)
		}
		o.workers = append(o.workers, n)
	}
	if o.entries != 0 && o.entries < fewestEntries {
		return o, fmt.Errorf("--entries %d: give 0 or at least %d, for which the bounds are made", o.entries, fewestEntries)
	}
	if need := o.waves() * o.instances; o.planned > 0 && need > o.planned {
		return o, fmt.Errorf("%d waves of %d instances need --planned %d", o.waves(), o.instances, need)
	}
	return o, nil
}

// waves is how many there are: the last one has a worker cut off.
func (o options) waves() int { return len(o.workers) + 1 }

var errInterrupted = errors.New("interrupted, and cleaned up")

// runAll measures everything on a stage of its own, which is gone when it returns.
func runAll(ctx context.Context, o options, n network) (err error) {
	limited, cancel := context.WithTimeout(ctx, o.total)
	defer cancel()
	s, err := newStage(limited, o, n)
	defer func() {
		switch {
		case ctx.Err() != nil:
			err = errInterrupted
		case err != nil:
			s.printLogs()
		}
		err = errors.Join(err, s.close(context.WithoutCancel(ctx)))
	}()
	if err != nil {
		return err
	}
	r := &result{options: o, network: n}
	if err := s.measureAll(limited, r); err != nil {
		return errors.Join(err, r.write("")) // what there is so far
	}
	if err := r.write(o.page); err != nil {
		return err
	}
	return r.err()
}

func (s *stage) measureAll(ctx context.Context, r *result) (err error) {
	if r.machine, err = s.machine(ctx); err == nil && s.planned > 0 {
		err = s.waves(ctx, r)
	}
	if err == nil && s.entries > 0 {
		err = s.fillAndMeasure(ctx, r)
	}
	return err
}

// waves plans everything, and migrates a part of it with each number of workers.
func (s *stage) waves(ctx context.Context, r *result) error {
	if err := s.migrate(ctx); err != nil {
		return err
	}
	most := s.options.workers[len(s.options.workers)-1]
	first, err := s.startWorker(ctx)
	if err != nil {
		return err
	}
	planning := watch{{name: "MariaDB", pid: s.server.Pid()}, {name: "worker", pid: first.Pid()}}
	planning.begin()
	begun := time.Now()
	if err := s.starter(ctx, "plan"); err != nil {
		return err
	}
	r.plan, r.planMiB = time.Since(begun), memory(first.Pid())
	planning.end()
	s.say("plan: %d instances in %s; the worker holds %d MiB", s.planned, r.plan.Round(time.Second), r.planMiB)
	for i, workers := range s.options.workers {
		o, err := s.wave(ctx, migration.WaveName("w"+strconv.Itoa(i+1)), workers, s.instances, false)
		if err != nil {
			return err
		}
		r.waves = append(r.waves, o)
	}
	if s.namespaces && most > 1 {
		o, err := s.wave(ctx, "cut", most, s.instances, true)
		if err != nil {
			return err
		}
		r.waves = append(r.waves, o)
	}
	if r.truth, err = s.truth(ctx); err != nil {
		return err
	}
	s.say("%d done, %d live on the target: %d doubled, %d lost, %d unsettled; %v", r.truth.done, r.truth.live, r.truth.doubled, r.truth.lost, r.truth.unsettled, r.truth.reasons)
	return s.quiet(ctx)
}

// quiet ends the workers, so that the rest has the machine to itself.
func (s *stage) quiet(ctx context.Context) error {
	var errs []error
	for _, w := range s.workers {
		errs = append(errs, w.End(ctx, syscall.SIGKILL))
	}
	return errors.Join(errs...)
}

// fillAndMeasure is the part of the large ledger.
func (s *stage) fillAndMeasure(ctx context.Context, r *result) error {
	dsn, _, err := mysqltest.NewDatabase(ctx, s.server.DSN(""))
	if err != nil {
		return err
	}
	l, err := newLedgerSize(ctx, dsn, s.entries, s.say)
	if err == nil {
		r.uses, err = l.measure(ctx)
	}
	return errors.Join(err, l.close())
}
