package mysqltest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"

	"jogetferry/test/child"
)

// Server is a private MariaDB or MySQL on 127.0.0.1 and a data directory. It dies with
// the process that started it. Its methods are not for concurrent use.
type Server struct {
	binary        string
	flavour       flavour
	extra         []string
	dir, password string
	port          int
	process       *child.Process // nil when it never ran
}

const (
	adminUser    = "ferry"
	startTimeout = 2 * time.Minute
	pingTimeout  = 2 * time.Second
	bindAttempts = 5
)

// Flushing is a flag of Start for a server that waits for the disk at each commit, as those of
// production do, where its speed is measured. Others wait for none, and outlive a kill all the same.
const Flushing = "--innodb-flush-log-at-trx-commit=1"

// Start runs a server on dir, which is created or, when it holds the data of a
// server that was stopped, continued with the same accounts and port. It
// returns when connections are answered; ctx bounds only that. Flags are given
// to the server after those of its own, such as "--read-only".
// Commits survive Kill (they are with the operating system), not a power cut.
func Start(ctx context.Context, dir string, flags ...string) (*Server, error) {
	s := &Server{dir: dir, extra: flags}
	var err error
	if s.binary, s.flavour, err = find(); err != nil {
		return nil, err
	}
	if err := s.install(ctx); err != nil {
		return nil, err
	}
	if err := s.bind(ctx); err != nil {
		return nil, err
	}
	return s, s.remember()
}

// bind starts the server, on another port when somebody has taken the one that
// was free when it was chosen.
func (s *Server) bind(ctx context.Context) error {
	err := s.Restart(ctx)
	for attempt := 1; err != nil && s.portTaken(ctx) && attempt < bindAttempts; attempt++ {
		port, portErr := child.FreePort(ctx)
		if portErr != nil {
			return portErr
		}
		s.port = port
		err = s.Restart(ctx)
	}
	return err
}

func (s *Server) portTaken(ctx context.Context) bool {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Addr())
	if err != nil {
		return ctx.Err() == nil
	}
	return listener.Close() != nil
}

// DSN returns the administrator's DSN for database; "" means none.
func (s *Server) DSN(database string) string {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd = adminUser, s.password
	cfg.Net, cfg.Addr = "tcp", s.Addr()
	cfg.DBName = database
	return cfg.FormatDSN()
}

// Addr returns host:port; it stays the same over Restart.
func (s *Server) Addr() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port))
}

// Pid is the process ID of the server; it is another one after Restart.
func (s *Server) Pid() int { return s.process.Pid() }

// Stop ends the server in good order and waits for it. Stopping a stopped
// server is no error.
func (s *Server) Stop(ctx context.Context) error { return s.process.End(ctx, syscall.SIGTERM) }

// Kill ends the server as a crash would and waits until it is gone.
func (s *Server) Kill(ctx context.Context) error { return s.process.End(ctx, syscall.SIGKILL) }

// Restart kills the server if it runs and starts it on the same data and port.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Kill(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := s.spawn(ctx); err != nil {
		return err
	}
	if err := s.await(ctx); err != nil {
		return errors.Join(err, s.Kill(context.WithoutCancel(ctx)))
	}
	return nil
}

func (s *Server) spawn(ctx context.Context) (err error) {
	// Bound to no context: the server outlives the call that started it.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), s.binary, s.flags()...) //nolint:gosec // found by find
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("open the log of the server: %w", err)
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	cmd.Stdout, cmd.Stderr = log, log
	run := child.StartUnsynced
	if slices.Contains(s.extra, Flushing) {
		run = child.Start
	}
	s.process, err = run(cmd)
	return err
}

func (s *Server) await(ctx context.Context) error {
	db, err := sql.Open("mysql", s.DSN(""))
	if err != nil {
		return fmt.Errorf("open the server: %w", err)
	}
	defer db.Close()
	for {
		// Who has taken the port may accept and say nothing.
		patience, cancel := context.WithTimeout(ctx, pingTimeout)
		err := db.PingContext(patience)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-s.process.Exited():
			return fmt.Errorf("%s ended at its start: %s", s.binary, child.Tail(s.logFile()))
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w: %s", s.binary, err, child.Tail(s.logFile()))
		case <-time.Tick(25 * time.Millisecond):
		}
	}
}

// install creates the system tables and the administrator's account, or reads
// back the port and password of a directory that has them.
func (s *Server) install(ctx context.Context) error {
	if read, err := s.recall(); read || err != nil {
		return err
	}
	var err error
	if s.port, err = child.FreePort(ctx); err != nil {
		return err
	}
	s.password = rand.Text()
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	if err := s.createSystemTables(ctx); err != nil {
		return err
	}
	account := fmt.Sprintf("CREATE USER IF NOT EXISTS '%[1]s'@'%%' IDENTIFIED BY '%[2]s';\n"+
		"GRANT ALL ON *.* TO '%[1]s'@'%%' WITH GRANT OPTION;\n", adminUser, s.password)
	if err := os.WriteFile(s.initFile(), []byte(account), 0o600); err != nil {
		return fmt.Errorf("write the first statements: %w", err)
	}
	return nil
}

func (s *Server) createSystemTables(ctx context.Context) error {
	flags, statements, err := s.flavour.systemTables(s.base())
	if err != nil {
		return err
	}
	// MySQL makes the data directory by itself, MariaDB wants to find it.
	if err := os.MkdirAll(s.dataDir(), 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	cmd := exec.CommandContext(ctx, s.binary, append(s.common(), flags...)...) //nolint:gosec // found by find
	cmd.Stdin = statements
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("create the system tables: %w: %s", err, out)
	}
	return nil
}

// remember and recall keep what a later Start on the same directory must know.
func (s *Server) remember() error {
	line := fmt.Sprintf("%d %s\n", s.port, s.password)
	if err := os.WriteFile(s.stateFile(), []byte(line), 0o600); err != nil {
		return fmt.Errorf("write the port of the server: %w", err)
	}
	return nil
}

func (s *Server) recall() (bool, error) {
	line, err := os.ReadFile(s.stateFile())
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the port of the server: %w", err)
	}
	if _, err := fmt.Sscan(string(line), &s.port, &s.password); err != nil {
		return false, fmt.Errorf("read the port of the server: %w", err)
	}
	return true, nil
}

func (s *Server) stateFile() string { return filepath.Join(s.dir, "ferry.state") }
func (s *Server) initFile() string  { return filepath.Join(s.dir, "init.sql") }
func (s *Server) logFile() string   { return filepath.Join(s.dir, "error.log") }

func (s *Server) dataDir() string { return filepath.Join(s.dir, "data") }

// base is the folder above bin or sbin; a server that is not where its makers
// put it does not find its share by itself.
func (s *Server) base() string { return filepath.Dir(filepath.Dir(s.binary)) }

func (s *Server) flags() []string {
	return slices.Concat(s.common(), []string{
		"--bind-address=127.0.0.1", "--port=" + strconv.Itoa(s.port), "--skip-name-resolve",
		"--socket=" + filepath.Join(s.dir, "s"), "--pid-file=" + filepath.Join(s.dir, "pid"),
		"--init-file=" + s.initFile(),
		"--character-set-server=utf8mb4",
		"--max-connections=500", "--max-allowed-packet=64M",
		// Two processes' tests run at a time: keep each server small and quick,
		// with flushes that outlive a kill -9 but do not wait for the disk.
		"--innodb-flush-log-at-trx-commit=2",
		// A database of each test has a hundred tables, which are neither files to
		// make and to remove nor to be opened anew by every look at information_schema.
		"--innodb-file-per-table=0", "--table-definition-cache=10000", "--table-open-cache=4000",
		"--innodb-doublewrite=0", "--innodb-buffer-pool-size=64M",
		"--key-buffer-size=1M", "--performance-schema=OFF",
	}, s.flavour.serving, s.extra)
}

// common is what creating the system tables and serving them must agree on.
func (s *Server) common() []string {
	flags := append([]string{
		"--no-defaults", // must be first
		"--basedir=" + s.base(), "--datadir=" + s.dataDir(),
		"--lower-case-table-names=0",
		// A starting server removes the temporary tables it finds there: not another one's.
		"--tmpdir=" + s.dir,
	}, s.flavour.shared...)
	for _, flag := range s.extra {
		if strings.HasPrefix(flag, "--lower-case-table-names=") {
			flags = append(flags, flag)
		}
	}
	if os.Getuid() == 0 {
		flags = append(flags, "--user=root")
	}
	return flags
}
