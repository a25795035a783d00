package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// options are the flags.
type options struct{ keep, writeDocs bool }

func main() {
	var o options
	flag.BoolVar(&o.keep, "keep", false, "leave everything up until Ctrl-C")
	flag.BoolVar(&o.writeDocs, "write-docs", false, "write transcript and numbers into the documents of the repository in the working directory")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

var errInterrupted = errors.New("interrupted, and cleaned up")

// storyTime bounds a run that hangs; one on a very busy machine takes minutes.
const storyTime = 30 * time.Minute

// run tells the story on a stage of its own, which is gone when it returns.
func run(ctx context.Context, o options) (err error) {
	s := &stage{terminal: &terminal{screen: os.Stdout}}
	defer func() {
		switch {
		case err != nil && ctx.Err() != nil:
			err = errInterrupted
		case err != nil:
			s.printLogs()
		}
		err = errors.Join(err, s.close(context.WithoutCancel(ctx)))
	}()
	limited, cancel := context.WithTimeout(ctx, storyTime)
	defer cancel()
	if err := s.setUp(limited); err != nil {
		return err
	}
	found, err := tell(limited, s)
	if err != nil {
		return err
	}
	if err := s.conclude(found, o); err != nil {
		return err
	}
	if o.keep && ctx.Err() == nil {
		s.invite()
		<-ctx.Done()
	}
	return nil
}

// Titles of what the demo finds out by itself.
const (
	keptTitle    = "What is easily lost, counted on both servers."
	numbersTitle = "What it took."
)

// conclude prints what was found; an error says what is not as it has to be.
func (s *stage) conclude(found verdict, o options) error {
	s.terminal.say(keptTitle)
	for _, k := range found.kept {
		s.terminal.print(fmt.Sprintf("%-32s  old %2d  new %2d", k.what, k.source, k.target))
	}
	s.terminal.say(numbersTitle)
	for _, f := range s.measured.facts() {
		s.terminal.print(f.what + ": " + f.value)
	}
	s.terminal.print("", found.line())
	if err := found.err(); err != nil {
		return err
	}
	s.terminal.print("",
		"To look at it in Temporal's UI and with starter: make demo KEEP=1",
		`To migrate between servers of your own: "Two real servers" in README.md`,
		"Before a real wave: docs/runbook.md")
	if !o.writeDocs {
		return nil
	}
	return writeDocs(s.terminal.text.String(), found, s.measured)
}
