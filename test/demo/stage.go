package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"jogetferry/test/child"
	"jogetferry/test/simulator/schema"
	"jogetferry/test/simulator/seed"
	"jogetferry/test/temporaltest"
)

// stage is everything the demo runs. Its folder is the administrator's working
// directory: ferry.yaml, binaries, logs and the uploads of both servers.
type stage struct {
	folder         string
	source, target *joget
	databases      *databases
	ledger         ledger
	temporal       *temporaltest.Server
	workers        []*child.Process
	logs           []string // files
	environ        []string
	before         state // of the source
	terminal       *terminal
	measured       numbers
}

// Versions of the apps' packages: every import counts on, so they never are the same.
const (
	sourceVersion = 3
	targetVersion = 5
)

// Of the running instances so many have branches that wait at a join, and an
// open subflow.
const (
	withTokens   = 5
	withSubflows = 3
)

// life is what the source has done so far. Among its positions is the one with
// a deadline, which a seed leaves out when it is not told.
func life() seed.Options {
	o := seed.Options{
		Seed: 1, Instances: wanted - withTokens - withSubflows, WithTokens: withTokens, WithSubflows: withSubflows,
		Completed: 12, RecordsOnly: 5, Positions: []string{"onboard/onboarding/prepare"},
	}
	for _, p := range seed.Positions() {
		if p.Join == "" && p.Child == nil && slices.Contains([]string{seed.LeaveRequest, seed.PurchaseRequest, seed.ProbationReview}, p.Process) {
			o.Positions = append(o.Positions, p.Key())
		}
	}
	return o
}

// setUp makes everything but the worker. The stage must be closed even after an
// error.
func (s *stage) setUp(ctx context.Context) (err error) {
	if s.folder, err = os.MkdirTemp("", "jogetferry-demo-"); err != nil {
		return err
	}
	s.terminal.say("Two simulated Joget servers, the old one with %d running instances, on a real database server; "+
		"Temporal's dev server with its UI, and the real binaries.", wanted)
	together, part := errgroup.WithContext(ctx)
	together.Go(func() error { return s.fill(part) })
	together.Go(func() error { return s.build(part) })
	together.Go(func() error { return s.startTemporal(part) })
	if err := together.Wait(); err != nil {
		return err
	}
	if err := errors.Join(s.source.serve(ctx), s.target.serve(ctx)); err != nil {
		return err
	}
	s.terminal.print("old: "+s.source.url+", new: "+s.target.url, "databases: "+s.databases.where(),
		"Temporal: "+s.temporal.HostPort()+", UI: "+s.temporal.UIURL())
	return s.configure(ctx)
}

// fill makes the databases and what runs on both servers.
func (s *stage) fill(ctx context.Context) (err error) {
	if s.databases, err = openDatabases(ctx, s.folder); err != nil {
		return err
	}
	if s.source, err = s.prepare(ctx, "source", sourceVersion); err != nil {
		return err
	}
	if _, err := seed.Run(ctx, s.source.db, s.source.uploads, life()); err != nil {
		return fmt.Errorf("fill the source: %w", err)
	}
	if s.target, err = s.prepare(ctx, "target", targetVersion); err != nil {
		return err
	}
	if err := schema.MeetUsers(ctx, s.target.db); err != nil {
		return err
	}
	if _, err := seed.Target(ctx, s.target.db, s.target.uploads, seed.TargetOptions{Seed: 1001, Instances: 6, Completed: 10, RecordsOnly: 2}); err != nil {
		return fmt.Errorf("fill the target: %w", err)
	}
	s.before, err = s.source.state(ctx)
	return err
}

func (s *stage) prepare(ctx context.Context, side string, version int64) (*joget, error) {
	dsn, err := s.databases.create(ctx, side)
	if err != nil {
		return nil, err
	}
	j, err := newJoget(ctx, dsn, filepath.Join(s.folder, side, "app_formuploads"), version)
	if err != nil {
		return j, fmt.Errorf("prepare the %s: %w", side, err)
	}
	return j, nil
}

func (s *stage) startTemporal(ctx context.Context) error {
	ui, err := child.FreePort(ctx)
	if err != nil {
		return err
	}
	s.temporal, err = temporaltest.Start(ctx, temporaltest.Options{UIPort: ui, LogFile: s.log("temporal.log")})
	return err
}

// log names a file in the stage's folder whose end is shown after a failure.
func (s *stage) log(name string) string {
	file := filepath.Join(s.folder, name)
	s.logs = append(s.logs, file)
	return file
}

// build makes worker and starter as `make build` does.
func (s *stage) build(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", filepath.Join(s.folder, "bin")+"/", "jogetferry/worker", "jogetferry/starter") //nolint:gosec // our own packages
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build worker and starter: %w\n%s", err, out)
	}
	return nil
}

// settings is the demo's ferry.yaml.
const settings = `migration: crm
source:
  database: %q
  uploads: %q
target:
  url: %s
  database: %q
  uploads: %q
  admin: {username: admin, password: admin}
  master: {username: master, password: master}
ledger:
  database: %q
joins: rebuild
limits: {target_calls_per_second: 1000}
worker: {listen: "-"}
`

func (s *stage) configure(ctx context.Context) error {
	ledger, err := s.databases.create(ctx, "ledger")
	if err != nil {
		return err
	}
	if s.ledger.DB, err = sql.Open("mysql", ledger); err != nil {
		return err
	}
	var accounts [3]string
	for i, a := range []struct{ purpose, privileges, dsn string }{
		{"reader", sourceGrants, s.source.dsn}, {"writer", targetGrants, s.target.dsn}, {"ledger", ledgerGrants, ledger},
	} {
		if accounts[i], err = s.databases.account(ctx, a.purpose, a.privileges, a.dsn); err != nil {
			return err
		}
	}
	text := fmt.Sprintf(settings, accounts[0], s.source.uploads, s.target.url, accounts[1], s.target.uploads, accounts[2])
	if err := os.WriteFile(filepath.Join(s.folder, "ferry.yaml"), []byte(text), 0o600); err != nil {
		return err
	}
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "FERRY_") && !strings.HasPrefix(entry, "TEMPORAL_") {
			s.environ = append(s.environ, entry)
		}
	}
	s.environ = append(s.environ, s.exports()...)
	return nil
}

// exports are the variables that starter and worker need beside ferry.yaml. The
// last one keeps the operator's own temporal.toml out.
func (s *stage) exports() []string {
	return []string{
		"TEMPORAL_ADDRESS=" + s.temporal.HostPort(), "TEMPORAL_NAMESPACE=" + s.temporal.Namespace(),
		"TEMPORAL_CONFIG_FILE=" + filepath.Join(s.folder, "temporal.toml"),
	}
}

// startWorker runs one more worker.
func (s *stage) startWorker() (*child.Process, error) {
	file, err := os.Create(s.log(fmt.Sprintf("worker-%d.log", len(s.workers)+1)))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(s.folder, "bin", "worker")) //nolint:gosec,noctx // our own binary, which close ends
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.folder, s.environ, file, file
	w, err := child.Start(cmd)
	if err == nil {
		s.workers = append(s.workers, w)
	}
	return w, errors.Join(err, file.Close())
}

// printLogs shows the end of every log that says something.
func (s *stage) printLogs() {
	for _, file := range s.logs {
		if end := child.Tail(file); end != "" {
			fmt.Fprintf(os.Stderr, "\n--- %s\n%s\n", filepath.Base(file), end)
		}
	}
}

// invite tells how to go on by hand.
func (s *stage) invite() {
	fmt.Printf(`
Everything stays up until Ctrl-C.

  Temporal UI    %[1]s/namespaces/%[2]s/workflows
  old server     %[3]s   (what it was made to do: curl %[4]s/sim/effects)
  new server     %[5]s   (curl %[6]s/sim/effects)
  logs           %[7]s/*.log

To try, in another terminal:

  cd %[7]s
  export PATH=$PWD/bin:$PATH %[8]s
  starter status
  starter list
  starter show INSTANCE
  starter verify
`, s.temporal.UIURL(), s.temporal.Namespace(), s.source.url, strings.TrimSuffix(s.source.url, "/jw"),
		s.target.url, strings.TrimSuffix(s.target.url, "/jw"), s.folder, strings.Join(s.exports(), " "))
}

// endTime bounds how long a process may take to end in good order.
const endTime = 30 * time.Second

// close ends all processes and servers and removes the folder; it works on a
// half-made stage too.
func (s *stage) close(ctx context.Context) error {
	var errs []error
	for _, w := range s.workers {
		errs = append(errs, end(ctx, w))
	}
	if s.temporal != nil {
		errs = append(errs, s.temporal.Kill(ctx))
	}
	for _, j := range []*joget{s.source, s.target} {
		if j != nil {
			errs = append(errs, j.close())
		}
	}
	if s.ledger.DB != nil {
		errs = append(errs, s.ledger.Close())
	}
	if s.databases != nil {
		errs = append(errs, s.databases.close(ctx))
	}
	if s.folder != "" {
		errs = append(errs, os.RemoveAll(s.folder))
	}
	return errors.Join(errs...)
}

// end tells a process to end, and kills one that does not.
func end(ctx context.Context, p *child.Process) error {
	patient, cancel := context.WithTimeout(ctx, endTime)
	defer cancel()
	if err := p.End(patient, syscall.SIGTERM); err != nil {
		return p.End(ctx, syscall.SIGKILL)
	}
	return nil
}
