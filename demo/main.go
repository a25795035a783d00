package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	keep := flag.Bool("keep", false, "leave everything up until Ctrl-C")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, *keep)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run tells the story on a stage of its own, which is gone when it returns.
func run(ctx context.Context, keep bool) (err error) {
	s, err := newStage(ctx)
	defer func() {
		if err != nil {
			s.printLogs()
		}
		err = errors.Join(err, s.close())
	}()
	if err != nil {
		return err
	}
	found, err := tell(ctx, s)
	if err != nil {
		return err
	}
	fmt.Println()
	fmt.Println(found.line())
	if keep && ctx.Err() == nil {
		s.invite()
		<-ctx.Done()
	}
	return found.err()
}
