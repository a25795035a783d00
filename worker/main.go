package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"jogetferry/config"
	"jogetferry/internal/exitcode"
	"jogetferry/internal/observe"
	"jogetferry/internal/version"
	"jogetferry/worker/daemon"
)

// cachedWorkflows bounds the workflows kept in memory between their tasks: a
// parked one that is not is replayed when it is resolved.
const cachedWorkflows = 1000

func main() {
	// A second signal is taken like the first: what is under way is never cut.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	flags := newFlags(stderr)
	if err := parse(flags, args); errors.Is(err, pflag.ErrHelp) {
		return exitcode.OK
	} else if err != nil {
		return usageError(stderr, err)
	}
	if flags.Changed(versionFlag) {
		say(stdout, "worker "+version.String())
		return exitcode.OK
	}
	c := config.Load(flags, environ)
	if err := c.Validate(config.PartWorker); err != nil {
		return usageError(stderr, err)
	}
	temporal, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return usageError(stderr, fmt.Errorf("read TEMPORAL_* or temporal.toml: %w", err))
	}
	logger, err := observe.NewLogger(stderr, c.Worker.LogLevel)
	if err != nil {
		return usageError(stderr, err)
	}
	worker.SetStickyWorkflowCacheSize(cachedWorkflows)
	if err := daemon.Run(ctx, daemon.Options{Config: c, Temporal: temporal, Logger: logger}); err != nil {
		logger.Error("worker ended", zap.Error(err))
		return exitcode.Of(err)
	}
	return exitcode.OK
}

const versionFlag = "version"

func newFlags(stderr io.Writer) *pflag.FlagSet {
	flags := pflag.NewFlagSet("worker", pflag.ContinueOnError)
	flags.SortFlags = false
	flags.SetOutput(stderr)
	flags.SetNormalizeFunc(short)
	config.AddFlags(flags)
	flags.Bool(versionFlag, false, "print the version and exit")
	return flags
}

func parse(flags *pflag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q: worker takes flags only", flags.Arg(0))
	}
	return nil
}

// short lets --roles stand for --worker.roles, and so on: for a worker they are
// the ones that are typed.
func short(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	for _, k := range config.Keys() {
		if k.Name == "worker."+name {
			return pflag.NormalizedName(k.Name)
		}
	}
	return pflag.NormalizedName(name)
}

// usageError says what is wrong with flags or configuration, and returns the exit status for it.
func usageError(stderr io.Writer, err error) int {
	say(stderr, err.Error())
	return exitcode.Usage
}

func say(out io.Writer, line string) {
	//nolint:errcheck // there is nowhere else to say it
	_, _ = fmt.Fprintln(out, line)
}
