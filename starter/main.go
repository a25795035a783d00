package main

import (
	"context"
	"os"
	"os/signal"
	"os/user"
	"syscall"
	"time"

	"golang.org/x/term"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	app := &App{
		Out: os.Stdout, Err: os.Stderr,
		Terminal:   term.IsTerminal(int(os.Stderr.Fd())),
		Environ:    os.Environ(),
		Operator:   operator(),
		Now:        time.Now, //nolint:forbidigo // the one place that names the clock
		Wait:       wait,
		Connect:    connect,
		OpenLedger: openLedger,
	}
	status := app.Run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

// operator is who the ledger says took a decision.
func operator() string {
	name := "operator"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		name += "@" + host
	}
	return name
}

// wait returns after d, or with the error of ctx.
func wait(ctx context.Context, d time.Duration) error {
	pause, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-pause.Done()
	return ctx.Err()
}
