package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"jogetferry/demo/mysqld"
	"jogetferry/internal/child"
	"jogetferry/internal/temporaltest"
	"jogetferry/simulator/seed"
)

// stage is everything the demo runs. Its folder is the administrator's working
// directory: ferry.yaml, binaries, logs and the uploads of both servers.
type stage struct {
	folder         string
	source, target *joget
	ledger         *mysqld.Server
	temporal       *temporaltest.Server
	workers        []*child.Process
	logs           []string // files
	environ        []string
	before         state // of the source
}

// Versions of the apps' packages: every import counts on, so they never are the same.
const (
	sourceVersion = 3
	targetVersion = 5
)

// withSubflows is how many of the instances have an open subflow. None has
// branches at a join: the in-process database loses assignments there.
const withSubflows = 3

// newStage sets everything up but the worker. What it returns must be closed
// even after an error.
func newStage(ctx context.Context) (s *stage, err error) {
	s = &stage{}
	if s.folder, err = os.MkdirTemp("", "jogetferry-demo-"); err != nil {
		return s, err
	}
	say("Two simulated Joget servers, each with a database of its own; the old one with %d running instances.", wanted)
	if s.source, err = newJoget(ctx, sourceDatabase, filepath.Join(s.folder, "source", "app_formuploads"), sourceVersion); err != nil {
		return s, fmt.Errorf("prepare the source: %w", err)
	}
	seeded, err := seed.Run(ctx, s.source.db, s.source.uploads, seed.Options{
		Seed: 1, Instances: wanted - withSubflows, WithSubflows: withSubflows, Completed: 12, RecordsOnly: 5,
	})
	if err != nil {
		return s, fmt.Errorf("fill the source: %w", err)
	}
	if s.target, err = newJoget(ctx, targetDatabase, filepath.Join(s.folder, "target", "app_formuploads"), targetVersion); err != nil {
		return s, fmt.Errorf("prepare the target: %w", err)
	}
	if _, err := seed.Target(ctx, s.target.db, s.target.uploads, seed.TargetOptions{Seed: 1001, Instances: 6, Completed: 10, RecordsOnly: 2}); err != nil {
		return s, fmt.Errorf("fill the target: %w", err)
	}
	if err := errors.Join(s.source.serve(ctx), s.target.serve(ctx)); err != nil {
		return s, err
	}
	fmt.Printf("  old: %s (%d rows, %d files), new: %s\n", s.source.url, seeded.Rows, seeded.Files, s.target.url)
	if s.before, err = s.source.state(ctx); err != nil {
		return s, err
	}
	if s.ledger, err = mysqld.Open(ctx, "jogetferry"); err != nil {
		return s, err
	}
	say("Temporal's dev server with its UI, and the real binaries.")
	if err := s.build(ctx); err != nil {
		return s, err
	}
	ui, err := child.FreePort(ctx)
	if err != nil {
		return s, err
	}
	if s.temporal, err = temporaltest.Start(ctx, temporaltest.Options{UIPort: ui, LogFile: s.log("temporal.log")}); err != nil {
		return s, err
	}
	fmt.Printf("  Temporal: %s, UI: %s\n", s.temporal.HostPort(), s.temporal.UIURL())
	return s, s.configure(ctx)
}

// log names a file in the stage's folder whose end is shown after a failure.
func (s *stage) log(name string) string {
	file := filepath.Join(s.folder, name)
	s.logs = append(s.logs, file)
	return file
}

// build makes worker and starter as `make build` does.
func (s *stage) build(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", filepath.Join(s.folder, "bin")+"/", "./worker", "./starter") //nolint:gosec // our own packages
	cmd.Dir = ".."                                                                                                                 // the demo is a module of its own
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
limits: {target_calls_per_second: 1000}
worker: {listen: "-"}
`

func (s *stage) configure(ctx context.Context) error {
	reader, err := s.source.mysql.Reader(ctx, sourceDatabase)
	if err != nil {
		return err
	}
	text := fmt.Sprintf(settings, reader, s.source.uploads, s.target.url, s.target.dsn, s.target.uploads, s.ledger.DSN("jogetferry"))
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

// printLogs shows the end of every log.
func (s *stage) printLogs() {
	for _, file := range s.logs {
		fmt.Fprintf(os.Stderr, "\n--- %s\n%s\n", filepath.Base(file), child.Tail(file))
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

// endTime bounds how long processes may take to end in good order.
const endTime = 10 * time.Second

// close ends all processes and servers and removes the folder; it works on a
// half-made stage too.
func (s *stage) close() error {
	var errs []error
	for _, w := range s.workers {
		errs = append(errs, end(w))
	}
	if s.temporal != nil {
		errs = append(errs, s.temporal.Kill(context.Background()))
	}
	for _, j := range []*joget{s.source, s.target} {
		if j != nil {
			errs = append(errs, j.close())
		}
	}
	if s.ledger != nil {
		errs = append(errs, s.ledger.Close())
	}
	if s.folder != "" {
		errs = append(errs, os.RemoveAll(s.folder))
	}
	return errors.Join(errs...)
}

// end tells a process to end, and kills one that does not.
func end(p *child.Process) error {
	ctx, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	if err := p.End(ctx, syscall.SIGTERM); err != nil {
		return p.End(context.Background(), syscall.SIGKILL)
	}
	return nil
}
