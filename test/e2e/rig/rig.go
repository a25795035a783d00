package rig

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/digest"
	"jogetferry/test/simulator/schema"
	"jogetferry/test/simulator/seed"
	"jogetferry/test/simulator/server"
	"jogetferry/test/sshdtest"
	"jogetferry/test/temporaltest"
)

// Stage is two servers with everything that migrates from one to the other.
type Stage struct {
	Source, Target             *sql.DB
	SourceUploads, TargetFiles string // folders app_formuploads
	Seeded                     seed.Result
	Sim                        *server.Server // of the target; RestartTarget starts it anew
	Temporal                   *temporaltest.Server
	Ledger                     string // DSN
	URL                        string // of the target, as the worker has it

	t          testing.TB
	env        []string
	accounts   map[string]string // of the worker, by OnSource and the like
	namespace  string
	front      *front
	targetDSN  string
	sourceDB   digest.Database
	sourceTree digest.Tree
	bin        string
}

// Options say what stands on a stage.
type Options struct {
	Seed   seed.Options
	Target seed.TargetOptions
	// Newcomers: the target's engine has seen none of its users yet, so that calls at the
	// same moment that involve one collide.
	Newcomers bool
	Apps      []string                                                        // loaded on both sides; nil for those of apps.Names
	Populate  func(ctx context.Context, source *sql.DB, uploads string) error // adds to what was seeded; nil for nothing
	Settings  map[string]string                                               // FERRY_* variables, such as "FERRY_START_SETTLE"
	// Proxy returns what the worker connects to instead of dsn; which is "source",
	// "target" or "ledger". nil for none.
	Proxy func(which, dsn string) string
	// Gate sees every call of the target; nil for none.
	Gate *Gate
	// Simulator tells how the target behaves; its DB and UploadsDir are set here.
	Simulator server.Options
	SFTP      *sshdtest.Server     // by which the worker reaches the uploads of both sides; nil: as folders
	Temporal  *temporaltest.Server // nil: a new one in memory
	Namespace string               // of Temporal, made by NewNamespace; "": the server's own
	UIPort    int
	LedgerDSN string // "": a fresh database
	// SourceServer and TargetServer are administrators' DSNs of the servers for
	// the databases of either side; "": the shared one. The ledger is on the target's.
	SourceServer, TargetServer string
}

// Versions of the apps on either side: a migration never finds them equal.
const (
	SourceVersion = 3
	TargetVersion = 5
)

// New sets up a stage; everything on it ends with t.
func New(tb testing.TB, o Options) *Stage {
	tb.Helper()
	root := tb.TempDir()
	s := &Stage{
		t: tb, SourceUploads: filepath.Join(root, "source", "app_formuploads"), TargetFiles: filepath.Join(root, "target", "app_formuploads"),
		bin: filepath.Join(root, "bin"),
	}
	targetServer := cmp.Or(o.TargetServer, mysqltest.AdminDSN(tb))
	sourceDSN := mysqltest.DatabaseOn(tb, cmp.Or(o.SourceServer, mysqltest.AdminDSN(tb)))
	s.targetDSN = mysqltest.DatabaseOn(tb, targetServer)
	s.Source, s.Target = s.open(sourceDSN), s.open(s.targetDSN)
	s.fill(o)
	s.sourceDB, s.sourceTree = s.digests()

	o.Simulator.DB, o.Simulator.UploadsDir = s.Target, filepath.Dir(s.TargetFiles)
	s.URL = s.serve(o.Simulator, o.Gate)
	if s.Temporal = o.Temporal; s.Temporal == nil {
		s.Temporal = temporaltest.New(tb, temporaltest.Options{UIPort: o.UIPort})
	}
	if s.namespace = o.Namespace; s.namespace == "" {
		s.namespace = s.Temporal.Namespace()
	}
	if s.Ledger = o.LedgerDSN; s.Ledger == "" {
		s.Ledger = mysqltest.DatabaseOn(tb, targetServer)
	}
	s.env = s.environment(o, sourceDSN)
	s.build()
	return s
}

// fill makes both servers: their tables, the apps, and the data that o asks for.
func (s *Stage) fill(o Options) {
	s.t.Helper()
	ctx := s.t.Context()
	for _, side := range []struct {
		db      *sql.DB
		version int64
		uploads string
	}{{s.Source, SourceVersion, s.SourceUploads}, {s.Target, TargetVersion, s.TargetFiles}} {
		s.must(os.MkdirAll(side.uploads, 0o750))
		s.must(schema.Create(ctx, side.db))
		s.must(apps.Load(ctx, side.db, apps.Options{Apps: o.Apps, PackageVersion: side.version}))
	}
	var err error
	s.Seeded, err = seed.Run(ctx, s.Source, s.SourceUploads, o.Seed)
	s.must(err)
	if o.Populate != nil {
		s.must(o.Populate(ctx, s.Source, s.SourceUploads))
	}
	if o.Target.Seed == 0 {
		o.Target.Seed = o.Seed.Seed + 1000
	}
	if !o.Newcomers {
		s.must(schema.MeetUsers(ctx, s.Target)) // starts at the same moment are about something else there
	}
	_, err = seed.Target(ctx, s.Target, s.TargetFiles, o.Target)
	s.must(err)
}

// environment is that of worker and starter: their settings are FERRY_* variables.
func (s *Stage) environment(o Options, sourceDSN string) []string {
	s.t.Helper()
	proxied := func(which, dsn string) string {
		if o.Proxy == nil {
			return dsn
		}
		return o.Proxy(which, dsn)
	}
	source := mysqltest.User(s.t, sourceDSN, "SELECT")
	target := mysqltest.User(s.t, s.targetDSN, "SELECT, INSERT, UPDATE, DELETE")
	ledger := mysqltest.User(s.t, s.Ledger, "ALL")
	s.accounts = map[string]string{OnSource: accountOf(source), OnTarget: accountOf(target), OnLedger: accountOf(ledger)}
	env := append(os.Environ(),
		"TEMPORAL_ADDRESS="+s.Temporal.HostPort(), "TEMPORAL_NAMESPACE="+s.namespace,
		"FERRY_MIGRATION=crm",
		"FERRY_SOURCE_DATABASE="+proxied(OnSource, source), "FERRY_SOURCE_UPLOADS="+s.SourceUploads,
		"FERRY_TARGET_URL="+s.URL, "FERRY_TARGET_DATABASE="+proxied(OnTarget, target), "FERRY_TARGET_UPLOADS="+s.TargetFiles,
		"FERRY_TARGET_ADMIN_USERNAME=admin", "FERRY_TARGET_ADMIN_PASSWORD=admin",
		"FERRY_TARGET_MASTER_USERNAME=master", "FERRY_TARGET_MASTER_PASSWORD=master",
		"FERRY_LEDGER_DATABASE="+proxied(OnLedger, ledger),
		"FERRY_WORKER_LISTEN=-", "FERRY_LIMITS_TARGET_CALLS_PER_SECOND=1000",
	)
	if o.SFTP != nil {
		for side, folder := range map[string]string{"FERRY_SOURCE_": s.SourceUploads, "FERRY_TARGET_": s.TargetFiles} {
			env = append(env, side+"UPLOADS="+o.SFTP.URL(folder), side+"SFTP_KNOWN_HOSTS="+o.SFTP.KnownHosts,
				side+"SFTP_KEY="+o.SFTP.Key, side+"SFTP_PASSPHRASE="+o.SFTP.Passphrase.Reveal())
		}
	}
	for k, v := range o.Settings {
		env = append(env, k+"="+v)
	}
	return env
}

func (s *Stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// open connects as Joget does: its JDBC driver sets what it relies on.
func (s *Stage) open(dsn string) *sql.DB {
	s.t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	s.must(err)
	s.must(cfg.Apply(mysql.Charset("utf8mb4", "")))
	cfg.InterpolateParams = true
	cfg.Params = map[string]string{"autocommit": "1", "sql_mode": "'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'"}
	db, err := sql.Open("mysql", cfg.FormatDSN())
	s.must(err)
	s.t.Cleanup(func() {
		if err := db.Close(); err != nil {
			s.t.Errorf("close database: %v", err)
		}
	})
	return db
}

var (
	built    = map[string]error{}
	builtMu  sync.Mutex
	builtDir string
)

// build makes worker and starter once per test process.
func (s *Stage) build() {
	s.t.Helper()
	builtMu.Lock()
	defer builtMu.Unlock()
	if builtDir == "" {
		dir, err := os.MkdirTemp("", "ferry-bin-")
		s.must(err)
		builtDir = dir
		for _, name := range []string{"worker", "starter"} {
			//nolint:gosec // our own packages
			out, err := exec.CommandContext(s.t.Context(), "go", "build", "-ldflags=-s -w", "-o", filepath.Join(dir, name), "jogetferry/"+name).CombinedOutput()
			if err != nil {
				built[name] = fmt.Errorf("build %s: %w\n%s", name, err, out)
			}
		}
	}
	for _, err := range built {
		s.must(err)
	}
	s.bin = builtDir
}

// Worker is a worker process.
type Worker struct {
	cmd  *exec.Cmd
	done chan struct{}
	log  *bytes.Buffer
}

// StartWorker runs a worker; it is killed when the test ends, if not before.
func (s *Stage) StartWorker(args ...string) *Worker {
	s.t.Helper()
	w := &Worker{done: make(chan struct{}), log: &bytes.Buffer{}}
	//nolint:gosec,noctx // our own binary, and Kill ends it
	w.cmd = exec.Command(filepath.Join(s.bin, "worker"), args...)
	w.cmd.Env, w.cmd.Stderr, w.cmd.Stdout = s.env, w.log, w.log
	s.must(w.cmd.Start())
	go func() {
		defer close(w.done)
		//nolint:errcheck // most of them are killed
		_ = w.cmd.Wait()
	}()
	s.t.Cleanup(func() {
		w.Kill()
		if s.t.Failed() {
			s.t.Logf("worker %d:\n%s", w.cmd.Process.Pid, tail(w.log.String(), 6000))
		}
	})
	return w
}

// Kill ends the worker with SIGKILL and waits until it is gone.
func (w *Worker) Kill() {
	//nolint:errcheck // it may be gone already
	_ = w.cmd.Process.Kill()
	<-w.done
}

// Signal sends a signal to the worker.
func (w *Worker) Signal(sig os.Signal) error { return w.cmd.Process.Signal(sig) }

// Pid is the process ID of the worker.
func (w *Worker) Pid() int { return w.cmd.Process.Pid }

// Done is closed when the worker is gone.
func (w *Worker) Done() <-chan struct{} { return w.done }

// Status is the exit status of a worker that is gone, -1 if a signal ended it.
func (w *Worker) Status() int { return w.cmd.ProcessState.ExitCode() }

// Log is what the worker printed; call it when it is gone.
func (w *Worker) Log() string { return w.log.String() }

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// Run runs starter with -o json and returns what it printed and its exit status.
func (s *Stage) Run(ctx context.Context, args ...string) (stdout []byte, stderr string, status int) {
	s.t.Helper()
	var out, errs bytes.Buffer
	//nolint:gosec // our own binary
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "starter"), append([]string{"-o", "json"}, args...)...)
	cmd.Env, cmd.Stdout, cmd.Stderr = s.env, &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatalf("starter %s: %v", strings.Join(args, " "), err)
	}
	return out.Bytes(), errs.String(), cmd.ProcessState.ExitCode()
}

// Starter runs starter, wants the exit status, and decodes what it printed into
// out, unless that is nil.
func (s *Stage) Starter(want int, out any, args ...string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Minute)
	defer cancel()
	stdout, stderr, status := s.Run(ctx, args...)
	if status != want {
		s.t.Fatalf("starter %s: exit status %d, want %d\nstdout: %s\nstderr: %s", strings.Join(args, " "), status, want, tail(string(stdout), 3000), tail(stderr, 3000))
	}
	if out != nil {
		if err := json.Unmarshal(stdout, out); err != nil {
			s.t.Fatalf("starter %s: %v\n%s", strings.Join(args, " "), err, stdout)
		}
	}
}

// Client connects to the stage's Temporal.
func (s *Stage) Client() client.Client {
	s.t.Helper()
	c, err := client.DialContext(s.t.Context(), client.Options{HostPort: s.Temporal.HostPort(), Namespace: s.namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	s.must(err)
	s.t.Cleanup(c.Close)
	return c
}

func (s *Stage) digests() (digest.Database, digest.Tree) {
	s.t.Helper()
	db, err := digest.OfDatabase(s.t.Context(), s.Source, digest.DatabaseOptions{})
	s.must(err)
	tree, err := digest.OfTree(s.SourceUploads, digest.TreeOptions{})
	s.must(err)
	return db, tree
}

// SourceUnchanged fails the test if a byte of the source database or files is
// not as it was when the stage was set up.
func (s *Stage) SourceUnchanged() {
	s.t.Helper()
	db, tree := s.digests()
	if diff := digest.DiffDatabases(s.sourceDB, db); diff != "" {
		s.t.Errorf("the source database changed:\n%s", diff)
	}
	if diff := digest.DiffTrees(s.sourceTree, tree); diff != "" {
		s.t.Errorf("the source uploads changed:\n%s", diff)
	}
}

// Stories prints what the ledger knows, for a test that failed.
func (s *Stage) Stories() {
	s.t.Helper()
	out, _, _ := s.Run(s.t.Context(), "list")
	s.t.Logf("entries:\n%s", tail(string(out), 20000))
}
