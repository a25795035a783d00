package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jogetferry/config"
	"jogetferry/contract"
	"jogetferry/internal/exitcode"
	"jogetferry/internal/version"
	"jogetferry/migration"
	"jogetferry/starter/report"
)

// App is the starter with everything it touches, so that a test can run any
// verb in process.
type App struct {
	Out, Err io.Writer // results, and everything else
	Terminal bool      // Err is a terminal: draw a progress bar
	Environ  []string  // as os.Environ
	Operator string    // who decides, for the ledger
	Now      func() time.Time
	Wait     func(ctx context.Context, d time.Duration) error
	// Connect dials Temporal; OpenLedger opens the ledger, which names actor in its
	// lines.
	Connect    func(ctx context.Context) (Temporal, error)
	OpenLedger func(ctx context.Context, c *config.Config, actor string) (Ledger, error)
}

// session is one run of a verb, connected.
type session struct {
	*App
	config   *config.Config
	queues   contract.Queues
	temporal Temporal
	ledger   Ledger
	format   report.Format
}

// Run executes args and returns the exit status. ctx ends a verb early; what
// it started goes on.
func (a *App) Run(ctx context.Context, args []string) int {
	root := a.command() //nolint:contextcheck // cobra hands ctx to the verbs
	root.SetArgs(args)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	err := root.ExecuteContext(ctx)
	if errors.Is(err, errDetached) {
		return exitcode.OK
	}
	if err != nil {
		a.say("%v", message(err))
	}
	return exitcode.Of(err)
}

// message is what an operator reads: codes are for machines.
func message(err error) string {
	var coded *migration.Error
	var p *plain
	if errors.As(err, &p) || !errors.As(err, &coded) {
		return err.Error()
	}
	text := strings.TrimSpace(coded.Op + " " + coded.Subject)
	if coded.Err != nil {
		text += ": " + coded.Err.Error()
	}
	if coded.Hint != "" {
		text += "; " + coded.Hint
	}
	return text
}

// say writes one line beside the result.
func (a *App) say(format string, args ...any) {
	//nolint:errcheck // there is nowhere else to say it
	_, _ = fmt.Fprintf(a.Err, format+"\n", args...)
}

func (a *App) command() *cobra.Command {
	root := &cobra.Command{
		Use:     "starter",
		Version: version.String(),
		Short:   "Moves running Joget process instances from one server to another",
		Long: `Moves running Joget process instances from one server to another.

A migration runs check, plan, pilot, wave and verify, in this order. rehearse tries
one instance to its end and rolls it back. parked lists instances that stopped, and
resolve decides about them. drift lists instances that moved on on the source, and
rollback undoes instances; report writes what came of it all. Results go to stdout,
everything else to stderr.

EXIT STATUS
  0  success
  1  internal error
  2  arguments or configuration are wrong; nothing was written
  3  blocked by findings
  4  ended with parked, skipped, failed or differing instances
  5  Temporal, the ledger or a server is out of reach`,
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				var verbs []string
				for _, c := range cmd.Commands() {
					verbs = append(verbs, c.Name())
				}
				return unknownWord("verb", args[0], verbs)
			}
			return cmd.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	root.SetVersionTemplate("starter {{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return mistake("%v; see %s --help", err, cmd.CommandPath())
	})
	config.AddFlags(root.PersistentFlags())
	for _, k := range config.Keys() {
		if flag := root.PersistentFlags().Lookup(k.Name); flag != nil {
			flag.Hidden = true // they have a page of their own; see cmd_config.go
		}
	}
	root.PersistentFlags().StringP("output", "o", string(report.Table), "table, json or csv")
	root.AddCommand(
		a.checkCommand(), a.planCommand(), a.copyCommand(), a.listCommand(), a.showCommand(), a.pilotCommand(), a.rehearseCommand(), a.waveCommand(),
		a.statusCommand(), a.pauseCommand(), a.resumeCommand(), a.stopCommand(), a.tuneCommand(),
		a.parkedCommand(), a.resolveCommand(), a.verifyCommand(), a.driftCommand(), a.rollbackCommand(), a.reportCommand(), configTopic(),
	)
	return root
}

// verb makes a command that runs with a session. Arguments are counted before
// anything is connected to.
func (a *App) verb(cmd *cobra.Command, least, most int, run func(ctx context.Context, s *session, args []string) error) *cobra.Command {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) < least || most >= 0 && len(args) > most {
			return mistake("usage: %s; see %s --help", cmd.UseLine(), cmd.CommandPath())
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		s, err := a.open(cmd)
		if err != nil {
			return err
		}
		defer func() {
			s.temporal.Close()
			err = errors.Join(err, s.ledger.Close())
		}()
		return run(cmd.Context(), s, args)
	}
	return cmd
}

// print writes the result to Out.
func (s *session) print(r report.Result) error {
	if err := report.Write(s.Out, s.format, r); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// connectFor bounds connecting: an operator waits for it.
const connectFor = 15 * time.Second

func (a *App) open(cmd *cobra.Command) (*session, error) {
	format, err := cmd.Flags().GetString("output")
	if err != nil {
		return nil, err
	}
	if !slices.Contains(report.Formats(), format) {
		return nil, unknownWord("output", format, report.Formats())
	}
	c := config.Load(cmd.Flags(), a.Environ)
	if err := c.Validate(config.PartStarter); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), connectFor)
	defer cancel()
	ledger, err := a.OpenLedger(ctx, c, a.Operator)
	if err != nil {
		return nil, unreachable("ledger.database", err)
	}
	temporal, err := a.Connect(ctx)
	if err != nil {
		return nil, errors.Join(err, ledger.Close())
	}
	return &session{App: a, config: c, queues: contract.QueuesOf(c.Migration, ledger.ID), temporal: temporal, ledger: ledger, format: report.Format(format)}, nil
}

// unreachable adds what to check to an error of the ledger that has no hint.
func unreachable(key string, err error) error {
	var coded *migration.Error
	if errors.As(err, &coded) && coded.Code == migration.CodeUnavailable && coded.Hint == "" {
		with := *coded
		with.Hint = "check " + key + ", and that its server runs and this machine can reach it"
		return &with
	}
	return err
}
