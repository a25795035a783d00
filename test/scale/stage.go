package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"

	"jogetferry/migration"
	"jogetferry/store"
	"jogetferry/test/child"
	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/schema"
	"jogetferry/test/simulator/seed"
	"jogetferry/test/temporaltest"
)

// name of the migration.
const name = migration.Name("scale")

// stage is everything that runs: one database server, Temporal, the target, and workers.
type stage struct {
	options
	network

	folder         string
	server         *mysqltest.Server
	temporal       *temporaltest.Server
	simulator      *child.Process
	workers        []*worker
	source, target *sql.DB
	ledger         *store.Ledger
	targetName     string // of its database, on the server of the ledger's
	ledgerName     string
	environ        []string
	begun          time.Time
}

// worker is a worker process with its way to the servers.
type worker struct {
	*child.Process
	link

	number int
}

// Versions of the apps' packages on either side.
const (
	sourceVersion = 3
	targetVersion = 5
)

// say prints a line with the time since the begin.
func (s *stage) say(format string, args ...any) {
	//nolint:errcheck // there is nowhere else to say it
	_, _ = fmt.Fprintf(s.out, "%8s  %s\n", time.Since(s.begun).Round(time.Second), fmt.Sprintf(format, args...))
}

// newStage starts the database server. It must be closed even after an error.
func newStage(ctx context.Context, o options, n network) (s *stage, err error) {
	s = &stage{options: o, network: n, begun: time.Now()}
	if s.folder, err = os.MkdirTemp("", "jogetferry-scale-"); err != nil {
		return s, err
	}
	if err := s.setUp(ctx); err != nil {
		return s, err
	}
	if !n.namespaces {
		s.say("%s: all is on %s, and no worker can be cut off", n.why, loopback)
	}
	s.server, err = mysqltest.Start(ctx, filepath.Join(s.folder, "mariadb"), mysqltest.Flushing,
		"--bind-address=0.0.0.0", "--innodb-buffer-pool-size=2G", "--innodb-log-file-size=512M")
	return s, err
}

// migrate makes both sides, and what migrates between them.
func (s *stage) migrate(ctx context.Context) (err error) {
	sourceDSN, err := s.side(ctx, "source", sourceVersion, &s.source)
	if err != nil {
		return err
	}
	begun := time.Now()
	seeded, err := seed.Run(ctx, s.source, s.uploads("source"), seed.Options{Seed: 1, Instances: s.planned, TextBytes: 256, MaxFileBytes: 4 << 10})
	if err != nil {
		return err
	}
	s.say("source: %d instances, %d files, filled in %s", s.planned, seeded.Files, time.Since(begun).Round(time.Second))
	targetDSN, err := s.side(ctx, "target", targetVersion, &s.target)
	if err != nil {
		return err
	}
	if err := schema.MeetUsers(ctx, s.target); err != nil {
		return err
	}
	url, err := s.serve(ctx, targetDSN)
	if err != nil {
		return err
	}
	s.temporal, err = temporaltest.Start(ctx, temporaltest.Options{
		Everywhere: s.namespaces, DBFile: filepath.Join(s.folder, "temporal.db"), LogFile: filepath.Join(s.folder, "temporal.log"), Binary: s.binary("temporal"),
	})
	if err != nil {
		return err
	}
	ledgerDSN, _, err := mysqltest.NewDatabase(ctx, s.server.DSN(""))
	if err != nil {
		return err
	}
	if s.ledger, err = store.Open(ctx, ledgerDSN, store.Options{Actor: "scale"}); err != nil {
		return err
	}
	return s.configure(url, sourceDSN, targetDSN, ledgerDSN)
}

// side makes the database and the uploads of a server.
func (s *stage) side(ctx context.Context, side string, version int64, into **sql.DB) (dsn string, err error) {
	if dsn, _, err = mysqltest.NewDatabase(ctx, s.server.DSN("")); err != nil {
		return "", err
	}
	if *into, err = sql.Open("mysql", dsn); err != nil {
		return "", fmt.Errorf("open the %s: %w", side, err)
	}
	if err := os.MkdirAll(s.uploads(side), 0o750); err != nil {
		return "", err
	}
	return dsn, errors.Join(schema.Create(ctx, *into), apps.Load(ctx, *into, apps.Options{PackageVersion: version}))
}

func (s *stage) uploads(side string) string {
	return filepath.Join(s.folder, side, "app_formuploads")
}

func (s *stage) binary(name string) string { return filepath.Join(s.bin, name) }

// serve runs the target as a process of its own, whose CPU time can be told, and returns
// its URL when it answers.
func (s *stage) serve(ctx context.Context, dsn string) (string, error) {
	port, err := child.FreePort(ctx)
	if err != nil {
		return "", err
	}
	cmd := exec.Command(s.binary("simulator"), "serve", "--dsn", dsn, "--uploads", filepath.Dir(s.uploads("target")), //nolint:gosec,noctx // our own binary, which close ends
		"--listen", "0.0.0.0:"+strconv.Itoa(port), "--latency", s.latency.String())
	if s.simulator, err = s.child("simulator", cmd); err != nil {
		return "", err
	}
	url := "http://" + s.at(strconv.Itoa(port)) + "/jw"
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/web/json/workflow/currentUsername", http.NoBody)
		if err != nil {
			return "", err
		}
		request.Header.Set("Referer", url)
		answer, err := (&http.Client{Timeout: time.Minute}).Do(request)
		if err == nil {
			return url, answer.Body.Close()
		}
		select {
		case <-s.simulator.Exited():
			return "", fmt.Errorf("the target ended: %s", child.Tail(s.log("simulator")))
		case <-ctx.Done():
			return "", fmt.Errorf("wait for the target: %w", err)
		case <-time.Tick(50 * time.Millisecond):
		}
	}
}

func (s *stage) log(name string) string { return filepath.Join(s.folder, name+".log") }

// child runs a program whose output goes to its log.
func (s *stage) child(name string, cmd *exec.Cmd) (*child.Process, error) {
	file, err := os.Create(s.log(name))
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = file, file
	p, err := child.Start(cmd)
	return p, errors.Join(err, file.Close())
}

// configure sets the environment of worker and starter.
func (s *stage) configure(url, source, target, ledger string) error {
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "FERRY_") && !strings.HasPrefix(entry, "TEMPORAL_") {
			s.environ = append(s.environ, entry)
		}
	}
	_, port, err := net.SplitHostPort(s.temporal.HostPort())
	if err != nil {
		return err
	}
	s.environ = append(s.environ,
		"TEMPORAL_ADDRESS="+s.at(port), "TEMPORAL_NAMESPACE="+s.temporal.Namespace(), "TEMPORAL_CONFIG_FILE="+filepath.Join(s.folder, "temporal.toml"),
		"FERRY_MIGRATION="+string(name), "FERRY_TARGET_URL="+url,
		"FERRY_SOURCE_UPLOADS="+s.uploads("source"), "FERRY_TARGET_UPLOADS="+s.uploads("target"),
		"FERRY_TARGET_ADMIN_USERNAME=admin", "FERRY_TARGET_ADMIN_PASSWORD=admin",
		"FERRY_TARGET_MASTER_USERNAME=master", "FERRY_TARGET_MASTER_PASSWORD=master",
		"FERRY_LIMITS_TARGET_CALLS_PER_SECOND=2000", "FERRY_START_SETTLE="+s.settle.String(), "FERRY_TARGET_TIMEOUT="+s.settle.String(),
		"FERRY_WORKER_LISTEN=-", "FERRY_WORKER_LOG_LEVEL=warn",
	)
	for key, dsn := range map[string]string{"FERRY_SOURCE_DATABASE": source, "FERRY_TARGET_DATABASE": target, "FERRY_LEDGER_DATABASE": ledger} {
		cfg, err := mysql.ParseDSN(dsn)
		if err != nil {
			return err
		}
		_, port, err := net.SplitHostPort(cfg.Addr)
		if err != nil {
			return err
		}
		switch dsn {
		case target:
			s.targetName = cfg.DBName
		case ledger:
			s.ledgerName = cfg.DBName
		}
		cfg.Addr = s.at(port)
		s.environ = append(s.environ, key+"="+cfg.FormatDSN())
	}
	return nil
}

// startWorker runs one more worker, at an address of its own.
func (s *stage) startWorker(ctx context.Context) (*worker, error) {
	w := &worker{number: len(s.workers) + 1}
	file, err := os.Create(s.log("worker-" + strconv.Itoa(w.number)))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(s.binary("worker")) //nolint:gosec,noctx // our own binary, which close ends
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.folder, s.environ, file, file
	w.Process, w.link, err = s.start(ctx, w.number, cmd)
	if w.Process != nil {
		s.workers = append(s.workers, w)
		s.say("worker %d runs as process %d at %s", w.number, w.Pid(), w.address)
	}
	return w, errors.Join(err, file.Close())
}

// starter runs a verb. It ends when a worker does, for nobody
// may be left to do what it waits for.
func (s *stage) starter(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for _, w := range s.workers {
		go func() {
			select {
			case <-w.Exited():
				cancel(fmt.Errorf("worker %d ended", w.number))
			case <-ctx.Done():
			}
		}()
	}
	cmd := exec.CommandContext(ctx, s.binary("starter"), args...) //nolint:gosec // our own binary
	cmd.Dir, cmd.Env = s.folder, s.environ
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == unsettled {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("starter %s: %w\n%s", strings.Join(args, " "), errors.Join(err, context.Cause(ctx)), out)
	}
	return err
}

// unsettled is starter's exit status where something is parked.
const unsettled = 4

// close ends all processes and removes the folder; it works on a half-made stage too.
// All but the databases' server are killed: nothing of theirs is looked at any more.
func (s *stage) close(ctx context.Context) error {
	var errs []error
	for _, w := range s.workers {
		errs = append(errs, w.End(ctx, syscall.SIGKILL))
	}
	errs = append(errs, s.simulator.End(ctx, syscall.SIGKILL))
	if s.temporal != nil {
		errs = append(errs, s.temporal.Kill(ctx))
	}
	if s.ledger != nil {
		errs = append(errs, s.ledger.Close())
	}
	for _, db := range []*sql.DB{s.source, s.target} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.server != nil {
		errs = append(errs, s.server.Kill(ctx))
	}
	if s.folder != "" {
		errs = append(errs, os.RemoveAll(s.folder))
	}
	return errors.Join(errs...)
}

// printLogs shows the end of every log that says something.
func (s *stage) printLogs() {
	files, err := filepath.Glob(s.log("*"))
	if err != nil {
		return
	}
	for _, file := range files {
		if end := child.Tail(file); end != "" {
			fmt.Fprintf(os.Stderr, "\n--- %s\n%s\n", filepath.Base(file), end)
		}
	}
}

func openDatabase(dsn string) (*sql.DB, error) {
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return nil, fmt.Errorf("open a database: %w", err)
	}
	return db, nil
}
