// Command conformance tells whether a server behaves like a Joget v8
// community server as far as a process migration tool can see.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"

	_ "github.com/go-sql-driver/mysql"

	"jogetferry/test/conformance/fixture"
	"jogetferry/test/conformance/suite"
)

const usage = `usage: conformance load --dsn DSN [--admin user:password] [--master user:password]
       conformance run --url http://HOST:PORT/jw --dsn DSN [--admin user:password] [--master user:password]
                       [--only REGEXP] [--list] [--strict] [--json FILE] [--quiet]
`

var errFailed = errors.New("checks failed")

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	status := command(ctx, os.Args[1:])
	cancel()
	os.Exit(status)
}

// command returns the exit status: 0, 1 when checks failed, 2 when none ran.
func command(ctx context.Context, args []string) int {
	verbs := map[string]func(context.Context, []string, io.Writer) error{"load": load, "run": run}
	if len(args) == 0 || verbs[args[0]] == nil {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	switch err := verbs[args[0]](ctx, args[1:], os.Stdout); {
	case err == nil:
		return 0
	case errors.Is(err, errFailed):
		return 1
	default:
		fmt.Fprintf(os.Stderr, "conformance %s: %v\n", args[0], err)
		return 2
	}
}

// account is a flag of the form user:password.
type account [2]string

func (a *account) String() string { return a[0] }

func (a *account) Set(s string) error {
	u, p, ok := strings.Cut(s, ":")
	if !ok || u == "" || p == "" {
		return errors.New("want user:password")
	}
	*a = account{u, p}
	return nil
}

type target struct {
	dsn           string
	admin, master account
}

func (t *target) flags(fs *flag.FlagSet) {
	t.admin, t.master = account{"admin", "admin"}, account{"master", "secret"}
	fs.StringVar(&t.dsn, "dsn", "", "database of the server, user:password@tcp(host:port)/name")
	fs.Var(&t.admin, "admin", "administrator, user:password")
	fs.Var(&t.master, "master", "master login, user:password")
}

func (t *target) open(ctx context.Context) (*sql.DB, error) {
	if t.dsn == "" {
		return nil, errors.New("--dsn is required")
	}
	db, err := sql.Open("mysql", t.dsn)
	if err != nil {
		return nil, err
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func load(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("load", flag.ContinueOnError)
	var t target
	t.flags(fs)
	if err := fs.Parse(args); err != nil {
		return err
	}
	db, err := t.open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	done, err := fixture.Load(ctx, db, fixture.Options{
		AdminUser: t.admin[0], AdminPassword: t.admin[1], MasterUser: t.master[0], MasterPassword: t.master[1],
	})
	for _, d := range done {
		fmt.Fprintln(out, d)
	}
	return err
}

func run(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("run", flag.ContinueOnError)
	var t target
	t.flags(fs)
	base := fs.String("url", "", "context URL of the server, http://host:port/jw")
	only := fs.String("only", "", "run the checks whose id matches this regular expression")
	list := fs.Bool("list", false, "list the checks and exit")
	strict := fs.Bool("strict", false, "let assumed checks fail the run too")
	quiet := fs.Bool("quiet", false, "print only what differs")
	report := fs.String("json", "", "write all outcomes to this file")
	if err := fs.Parse(args); err != nil {
		return err
	}
	checks, err := matching(*only)
	if err != nil {
		return err
	}
	if *list {
		for _, c := range checks {
			fmt.Fprintf(out, "%-8s %-9s %-26s %s\n", c.ID, c.Kind, c.Section, c.Says)
		}
		return nil
	}
	db, err := t.open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	env, err := suite.NewEnv(ctx, *base, db, t.admin, t.master)
	if err != nil {
		return err
	}
	if err := env.Ready(); err != nil {
		return err
	}
	sum := summary{strict: *strict}
	for _, c := range checks {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		o := env.Run(c)
		sum.add(o)
		if !o.Passed || !*quiet {
			printOutcome(out, o, *strict)
		}
	}
	fmt.Fprintln(out, sum.String())
	if *report != "" {
		if err := sum.write(*report); err != nil {
			return err
		}
	}
	if sum.failed > 0 {
		return errFailed
	}
	return nil
}

// matching returns the checks whose id matches pattern.
func matching(pattern string) ([]suite.Check, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("--only: %w", err)
	}
	all := suite.All()
	if err := suite.Validate(all); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(c suite.Check) bool { return !re.MatchString(c.ID) }), nil
}

type summary struct {
	strict                     bool
	passed, failed, differents int
	outcomes                   []suite.Outcome
}

func (s *summary) add(o suite.Outcome) {
	s.outcomes = append(s.outcomes, o)
	switch {
	case o.Passed:
		s.passed++
	case o.Kind == suite.Assumed && !s.strict:
		s.differents++
	default:
		s.failed++
	}
}

// write puts all outcomes into file as JSON.
func (s *summary) write(file string) error {
	raw, err := json.MarshalIndent(s.outcomes, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(raw, '\n'), 0o600)
}

func (s *summary) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d assumed-different", s.passed, s.failed, s.differents)
}

func printOutcome(out io.Writer, o suite.Outcome, strict bool) {
	verdict := "ok  "
	switch {
	case o.Passed:
	case o.Kind == suite.Assumed && !strict:
		verdict = "diff"
	default:
		verdict = "FAIL"
	}
	fmt.Fprintf(out, "%s %-8s [%s] %s\n", verdict, o.ID, o.Section, o.Says)
	for _, d := range o.Diffs {
		fmt.Fprintf(out, "       %s\n         expected: %s\n         seen:     %s\n", d.What, d.Want, d.Got)
	}
}
