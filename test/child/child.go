package child

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"time"
)

// Process is a running or ended child. Its methods may be called at any time.
type Process struct {
	cmd    *exec.Cmd
	exited chan struct{}
}

// endTimeout bounds how long a process may take to end when it is told to.
const endTimeout = time.Minute

// Start runs cmd, on Linux so that the kernel kills it when this process ends
// in whatever way. It has its own process group, so that Ctrl-C does not reach
// it before its owner has ended its work. cmd must not be used afterwards.
func Start(cmd *exec.Cmd) (*Process, error) { return start(cmd, func() {}) }

// StartUnsynced is Start for a server whose data may be lost with the machine, though
// not with the process: on Linux its fsync and fdatasync do nothing.
func StartUnsynced(cmd *exec.Cmd) (*Process, error) { return start(cmd, unsync) }

// start calls prepare on the thread that starts cmd.
func start(cmd *exec.Cmd, prepare func()) (*Process, error) {
	dieWithParent(cmd)
	p := &Process{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// The death signal is sent when the starting *thread* ends, so this
		// goroutine keeps its thread until the child is gone. The thread, which
		// prepare has changed, ends with the goroutine: it is never unlocked.
		runtime.LockOSThread()
		defer close(p.exited)
		prepare()
		err := cmd.Start()
		started <- err
		if err == nil {
			//nolint:errcheck // a killed server always reports an error; its log has the rest
			_ = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// Pid is its process ID.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Exited is closed when the process is gone.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// End sends signal and waits until the process is gone. The end of a process
// that is gone or nil is no error.
func (p *Process) End(ctx context.Context, signal os.Signal) error {
	if p == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal process %d: %w", p.cmd.Process.Pid, err)
	}
	select {
	case <-p.exited:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the end of process %d: %w", p.cmd.Process.Pid, ctx.Err())
	}
}

// FreePort returns a TCP port of 127.0.0.1 that nobody listens on at this
// moment; somebody else may be quicker to take it.
func FreePort(ctx context.Context) (int, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err := errors.Join(err, listener.Close()); err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	return strconv.Atoi(port)
}

// Tail returns the last 2000 bytes of a log, or why it cannot be read.
func Tail(file string) string {
	const lastBytes = 2000
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-lastBytes):])
}
