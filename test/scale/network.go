package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"

	"jogetferry/test/child"
)

// Each worker is in a network namespace of its own, and so are the servers with this
// program. None has a name: they end with the processes in them, however those end. A
// connection that only one side has closed keeps one for a minute more.
//
//	servers (10.99.0.1 on a bridge) --- link --- worker (10.99.0.11)
//	                                \-- link --- worker (10.99.0.12)

const (
	// inNamespace tells a run of this program that it is to become a worker, or to set out
	// in a namespace of its own.
	inNamespace = "FERRY_TEST_SCALE_NAMESPACE"

	bridge       = "ferry0"
	hubAddress   = "10.99.0.1"
	networkBits  = "/24"
	firstAddress = 10
	loopback     = "127.0.0.1"
)

// network is where workers stand. Without namespaces all are on the loopback device, and
// nothing can be cut.
type network struct {
	namespaces bool
	why        string // there are none
}

// A namespace that another thread of a process makes is not the one that others see of it,
// so that the main goroutine stays on the first thread.
func init() { runtime.LockOSThread() }

// enter makes the namespace of the servers and runs this program in it: it does not come
// back then. What keeps it from that is in network.why.
func enter(environ []string) network {
	if os.Getenv(inNamespace) == bridge {
		return network{namespaces: true}
	}
	if os.Geteuid() != 0 {
		return network{why: "network namespaces need root"}
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return network{why: "network namespaces need ip, of iproute2"}
	}
	return network{why: fmt.Sprintf("no network namespace can be made: %v", unshareAndRun(append(environ, inNamespace+"="+bridge), os.Args))}
}

// unshareAndRun makes a network namespace for what takes this process's place. It returns
// only with an error.
func unshareAndRun(environ, args []string) error {
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		return err
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	return syscall.Exec(path, args, environ) //nolint:gosec // this program, or the worker that it built
}

// setUp makes the bridge of the servers' namespace.
func (n network) setUp(ctx context.Context) error {
	if !n.namespaces {
		return nil
	}
	return errors.Join(
		ip(ctx, "link", "set", "lo", "up"),
		ip(ctx, "link", "add", bridge, "type", "bridge"),
		ip(ctx, "address", "add", hubAddress+networkBits, "dev", bridge),
		ip(ctx, "link", "set", bridge, "up"),
	)
}

// hub is the address of all servers.
func (n network) hub() string {
	if n.namespaces {
		return hubAddress
	}
	return loopback
}

func (n network) at(port string) string { return net.JoinHostPort(n.hub(), port) }

// link is the way of a worker to the servers.
type link struct {
	name    string // of the servers' end; "" for one on the loopback device
	address string
}

// start runs cmd in a namespace of its own, as the number-th of them. Its environment is set.
func (n network) start(ctx context.Context, number int, cmd *exec.Cmd) (p *child.Process, l link, err error) {
	if !n.namespaces {
		p, err := child.Start(cmd)
		return p, link{address: loopback}, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, link{}, fmt.Errorf("find this program: %w", err)
	}
	ready, made, err := os.Pipe()
	if err != nil {
		return nil, link{}, fmt.Errorf("wait for a namespace: %w", err)
	}
	defer func() { err = errors.Join(err, ready.Close()) }()
	linked, tell, err := os.Pipe()
	if err != nil {
		return nil, link{}, errors.Join(fmt.Errorf("wait for a namespace: %w", err), made.Close())
	}
	defer func() { err = errors.Join(err, tell.Close()) }()
	cmd.Args = append([]string{self}, append([]string{cmd.Path}, cmd.Args[1:]...)...)
	cmd.Path, cmd.Env = self, append(cmd.Env, inNamespace+"="+becomeWorker)
	cmd.ExtraFiles = []*os.File{made, linked}
	p, err = child.Start(cmd)
	if err := errors.Join(err, made.Close(), linked.Close()); err != nil {
		return p, link{}, err
	}
	if _, err := ready.Read(make([]byte, 1)); err != nil {
		return p, link{}, fmt.Errorf("wait for the namespace of worker %d: %w", number, err)
	}
	l = link{name: "ferry" + strconv.Itoa(number), address: fmt.Sprintf("10.99.0.%d", firstAddress+number)}
	if err := l.lay(ctx, p.Pid()); err != nil {
		return p, l, err
	}
	_, err = tell.Write([]byte{1})
	return p, l, err
}

const becomeWorker = "worker"

// become waits in a new namespace until its link is laid, and becomes the program of args. It
// returns only with an error. Files 3 and 4 are those of network.start.
func become(args, environ []string) error {
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		return fmt.Errorf("make a network namespace: %w", err)
	}
	made, linked := os.NewFile(3, "made"), os.NewFile(4, "linked")
	if _, err := made.Write([]byte{1}); err != nil {
		return fmt.Errorf("tell of the namespace: %w", err)
	}
	if _, err := linked.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("wait for the link: %w", err)
	}
	if err := errors.Join(made.Close(), linked.Close()); err != nil {
		return fmt.Errorf("wait for the link: %w", err)
	}
	return syscall.Exec(args[0], args, environ) //nolint:gosec // the worker that this program built
}

// lay makes the link between the bridge and the namespace of a process.
func (l link) lay(ctx context.Context, pid int) error {
	const there = "eth0"
	within := func(args ...string) error {
		return run(ctx, "nsenter", append([]string{"--target", strconv.Itoa(pid), "--net", "ip"}, args...)...)
	}
	return errors.Join(
		ip(ctx, "link", "add", l.name, "type", "veth", "peer", "name", there, "netns", strconv.Itoa(pid)),
		ip(ctx, "link", "set", l.name, "master", bridge, "up"),
		within("link", "set", "lo", "up"),
		within("address", "add", l.address+networkBits, "dev", there),
		within("link", "set", there, "up"),
	)
}

// cut takes the link down, mend up again: what is sent meanwhile gets lost, and no
// connection is told.
func (l link) cut(ctx context.Context) error  { return ip(ctx, "link", "set", l.name, "down") }
func (l link) mend(ctx context.Context) error { return ip(ctx, "link", "set", l.name, "up") }

func ip(ctx context.Context, args ...string) error { return run(ctx, "ip", args...) }

func run(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput() //nolint:gosec // ip and nsenter with our own words
	if err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
	}
	return nil
}
