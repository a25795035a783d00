package temporaltest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"jogetferry/test/child"
)

// ErrNotBuilt is returned by Start when the server's binary is not there.
var ErrNotBuilt = errors.New("the Temporal CLI is not built: run `make bin/temporal`")

// Options say how to run a server; the zero value is an in-memory one on a free
// port without a user interface.
type Options struct {
	// DBFile keeps the server's data over Stop, Kill and Restart. Empty: memory,
	// and a restarted server is an empty one.
	DBFile string
	// Port of the frontend on 127.0.0.1. 0: a free one.
	Port int
	// Everywhere has it listen at all addresses of the machine, for clients elsewhere.
	Everywhere bool
	// UIPort of the user interface on 127.0.0.1. 0: no user interface.
	UIPort int
	// LogFile takes what the server prints, from its last start on. Empty: it is
	// lost, but for the end of it in the error of a failed start.
	LogFile string
	// DynamicConfig holds dynamic settings, JSON-encoded as the CLI wants them,
	// such as {"limit.maxIDLength": "255"}.
	DynamicConfig map[string]string
	// Binary is the CLI. Empty: bin/temporal in the repository that the working
	// directory is part of.
	Binary string
}

// Server is a development server with one namespace. It dies with the process
// that started it. Its methods are not for concurrent use.
type Server struct {
	options Options
	process *child.Process
}

const (
	namespace    = "default"
	startTimeout = 90 * time.Second
)

// New starts a server that is stopped when tb ends. It fails tb if it cannot.
func New(tb testing.TB, options Options) *Server {
	tb.Helper()
	s, err := Start(tb.Context(), options)
	if err != nil {
		tb.Fatalf("temporaltest: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.Kill(context.WithoutCancel(tb.Context())); err != nil {
			tb.Errorf("temporaltest: %v", err)
		}
	})
	return s
}

// Start runs a server and returns when it answers; ctx bounds only that.
func Start(ctx context.Context, options Options) (*Server, error) {
	var err error
	if options.Binary == "" {
		if options.Binary, err = builtBinary(); err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(options.Binary); err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrNotBuilt, err)
	}
	fixed := options.Port != 0
	for try := 1; ; try++ {
		if !fixed {
			if options.Port, err = child.FreePort(ctx); err != nil {
				return nil, err
			}
		}
		s := &Server{options: options}
		if err = s.Restart(ctx); err == nil {
			return s, nil
		}
		// A port that was free may be taken by the time the server listens there.
		if fixed || try == startTries || ctx.Err() != nil {
			return nil, err
		}
	}
}

// startTries bounds how often a server is started on ports that may be taken.
const startTries = 4

// HostPort is where clients connect to; it stays the same over Restart.
func (s *Server) HostPort() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.options.Port))
}

// Pid is the process ID of the server that was started last.
func (s *Server) Pid() int { return s.process.Pid() }

// Namespace is the namespace that exists from the start.
func (s *Server) Namespace() string { return namespace }

// UIURL is the address of the user interface, or "" if there is none.
func (s *Server) UIURL() string {
	if s.options.UIPort == 0 {
		return ""
	}
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(s.options.UIPort))
}

// Client connects to the server. The caller closes it; it reconnects by itself
// after a restart.
func (s *Server) Client(ctx context.Context) (client.Client, error) {
	c, err := client.DialContext(ctx, client.Options{
		HostPort: s.HostPort(), Namespace: namespace, Logger: silent{},
	})
	if err != nil {
		return nil, fmt.Errorf("connect to the Temporal dev server: %w", err)
	}
	return c, nil
}

// Stop ends the server in good order and waits for it. Stopping a stopped
// server is no error.
func (s *Server) Stop(ctx context.Context) error { return s.process.End(ctx, syscall.SIGTERM) }

// Kill ends the server as a crash would and waits until it is gone.
func (s *Server) Kill(ctx context.Context) error { return s.process.End(ctx, syscall.SIGKILL) }

// Restart kills the server if it runs and starts it with the same options, on
// the same port.
func (s *Server) Restart(ctx context.Context) (err error) {
	if err := s.Kill(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	log, err := s.log()
	if err != nil {
		return fmt.Errorf("open the log of the Temporal dev server: %w", err)
	}
	defer func() { err = errors.Join(err, s.closeLog(log)) }()
	// Bound to no context: the server outlives the call that started it.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), s.options.Binary, s.arguments()...) //nolint:gosec // the binary is the caller's choice
	cmd.Stdout, cmd.Stderr = log, log
	if s.process, err = child.StartUnsynced(cmd); err != nil {
		return err
	}
	if err := s.await(ctx); err != nil {
		text := child.Tail(log.Name())
		return errors.Join(fmt.Errorf("%w: %s", err, text), s.Kill(context.WithoutCancel(ctx)))
	}
	return nil
}

func (s *Server) log() (*os.File, error) {
	if s.options.LogFile == "" {
		return os.CreateTemp("", "ferry-temporal-*.log")
	}
	return os.OpenFile(s.options.LogFile, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
}

// closeLog closes this process's side of the log. The server keeps writing to a
// temporary one, whose space is free when it ends.
func (s *Server) closeLog(log *os.File) error {
	err := log.Close()
	if s.options.LogFile == "" {
		err = errors.Join(err, os.Remove(log.Name()))
	}
	return err
}

func (s *Server) arguments() []string {
	ip := "127.0.0.1"
	if s.options.Everywhere {
		ip = "0.0.0.0"
	}
	args := []string{
		"server", "start-dev", "--ip", ip, "--port", strconv.Itoa(s.options.Port),
		"--namespace", namespace, "--log-level", "error", "--log-format", "json",
	}
	if s.options.DBFile != "" {
		args = append(args, "--db-filename", s.options.DBFile)
	}
	if s.options.UIPort == 0 {
		args = append(args, "--headless")
	} else {
		args = append(args, "--ui-port", strconv.Itoa(s.options.UIPort))
	}
	for key, value := range s.options.DynamicConfig {
		args = append(args, "--dynamic-config-value", key+"="+value)
	}
	return args
}

func (s *Server) await(ctx context.Context) error {
	for {
		err := s.answers(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.process.Exited():
			return errors.New("the Temporal dev server ended at its start")
		case <-ctx.Done():
			return fmt.Errorf("wait for the Temporal dev server: %w", err)
		case <-time.Tick(50 * time.Millisecond):
		}
	}
}

// answers asks for the namespace, which is ready after the frontend is.
func (s *Server) answers(ctx context.Context) error {
	c, err := s.Client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: namespace})
	return err
}

// builtBinary is the CLI that `make bin/temporal` builds.
func builtBinary() (string, error) {
	path, err := child.Built("temporal")
	if errors.Is(err, child.ErrNoRepository) {
		return "", ErrNotBuilt
	}
	return path, err
}

// silent drops the client's log: it tells of every failed look at a server
// that is coming up.
type silent struct{}

var _ sdklog.Logger = silent{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}
