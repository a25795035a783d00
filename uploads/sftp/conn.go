package sftp

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	protocol "github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"jogetferry/migration"
)

const (
	// connections is how many a store has at the most: one cipher keeps one core busy.
	connections = 4
	// answerWithin is how long an answer may take. A flush of a large file is one.
	answerWithin = 2 * time.Minute
	// aliveEvery is how often a connection is asked whether it still is one.
	aliveEvery = 15 * time.Second
)

// Options say where the uploads are and how to log in.
type Options struct {
	User, Host string
	Port       int
	Path       string // of the folder app_formuploads, absolute
	KnownHosts string // file with the host keys that are taken
	Key        string // file of the private key; "": by the agent of SSH_AUTH_SOCK
	Passphrase migration.Secret
	ReadOnly   bool
	// Within is how long an answer may take; 0: two minutes. Then the connection is cut.
	Within time.Duration
	// Connections are how many there are at the most; 0: four.
	Connections int
}

func (o *Options) address() string { return net.JoinHostPort(o.Host, strconv.Itoa(o.Port)) }

// pool are the connections of a store, made when they are needed.
type pool struct {
	options Options
	key     ssh.Signer // nil: the agent has it
	slots   []*slot
}

// slot is one connection, or room for one.
type slot struct {
	load atomic.Int64 // requests under way and open files

	mu   sync.Mutex
	conn *conn
}

// take returns the connection with the least to do, for a request or an open file. It
// is to be released.
func (p *pool) take(ctx context.Context) (*conn, error) {
	least := p.slots[0]
	for _, s := range p.slots[1:] {
		if s.load.Load() < least.load.Load() {
			least = s
		}
	}
	least.load.Add(1)
	c, err := least.connected(ctx, p)
	if err != nil {
		least.load.Add(-1)
		return nil, err
	}
	return c, nil
}

func (s *slot) connected(ctx context.Context, p *pool) (*conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil && !s.conn.gone() {
		return s.conn, nil
	}
	c, err := p.dial(ctx)
	if err != nil {
		return nil, err
	}
	c.load = &s.load
	s.conn = c
	return c, nil
}

func (p *pool) close() error {
	var err error
	for _, s := range p.slots {
		s.mu.Lock()
		if s.conn != nil {
			err = errors.Join(err, s.conn.close())
		}
		s.mu.Unlock()
	}
	return err
}

// conn is one connection with one SFTP session.
type conn struct {
	client *protocol.Client
	ssh    *ssh.Client
	root   string // of the uploads, as the server names it
	within time.Duration
	load   *atomic.Int64
	over   chan struct{} // closed when the connection is gone
}

// dial connects, checks the host key, logs in and looks at the root.
func (p *pool) dial(ctx context.Context) (*conn, error) {
	hosts, err := readHostKeys(p.options)
	if err != nil {
		return nil, err
	}
	login, done, err := authentication(ctx, p.key)
	if err != nil {
		return nil, err
	}
	defer func() { _ = done() }() //nolint:errcheck // the agent's socket was only read
	within, cancel := context.WithTimeout(ctx, p.options.Within)
	defer cancel()
	wire, err := new(net.Dialer).DialContext(within, "tcp", p.options.address())
	if err != nil {
		return nil, &migration.Error{Code: migration.CodeUnavailable, Op: opConnect, Cause: "the SFTP server is out of reach", Err: err}
	}
	stop := context.AfterFunc(within, func() { _ = wire.Close() })
	defer stop()
	secured, channels, requests, err := ssh.NewClientConn(wire, p.options.address(), &ssh.ClientConfig{
		User: p.options.User, Auth: []ssh.AuthMethod{login},
		HostKeyCallback: hosts.check, HostKeyAlgorithms: hosts.algorithms(),
	})
	if err != nil {
		_ = wire.Close()
		if hosts.refusal != nil {
			return nil, hosts.refusal
		}
		return nil, handshakeFailed(err)
	}
	c := &conn{ssh: ssh.NewClient(secured, channels, requests), within: p.options.Within, over: make(chan struct{})}
	go func() {
		_ = c.ssh.Wait() //nolint:errcheck // why it ended, those see who wait for an answer
		close(c.over)
	}()
	if err := c.open(p.options.Path); err != nil {
		return nil, errors.Join(err, c.close())
	}
	go c.keepAlive()
	return c, nil
}

// open begins the SFTP session and asks how the server names the folder.
func (c *conn) open(path string) (err error) {
	if c.client, err = protocol.NewClient(c.ssh, protocol.UseConcurrentWrites(true)); err != nil {
		return &migration.Error{Code: migration.CodeUnavailable, Op: opConnect, Cause: "the server gave no SFTP session", Err: err}
	}
	err = c.bounded(func() error {
		if c.root, err = c.client.RealPath(path); err != nil {
			return err
		}
		info, err := c.client.Stat(c.root)
		if err == nil && !info.IsDir() {
			err = fs.ErrNotExist
		}
		return err
	})
	if err = failed("open uploads folder", err); err == nil || migration.CodeOf(err) == migration.CodeUnavailable {
		return err
	}
	return refused("the folder of the uploads is not there, or the account may not enter it", "correct the path, or the account's rights on the server", err)
}

// keepAlive finds out that the other end is gone, and keeps the way to it open.
func (c *conn) keepAlive() {
	ticker := time.NewTicker(aliveEvery) //nolint:forbidigo // nothing is decided by it but that the connection lives
	defer ticker.Stop()
	for {
		select {
		case <-c.over:
			return
		case <-ticker.C:
			_ = c.bounded(func() error { //nolint:errcheck // what is gone is over
				_, _, err := c.ssh.SendRequest("keepalive@openssh.com", true, nil)
				return err
			})
		}
	}
}

// bounded cuts the connection if ask takes too long, which then ends.
func (c *conn) bounded(ask func() error) error {
	late := time.AfterFunc(c.within, func() { _ = c.ssh.Close() }) //nolint:errcheck // it is given up
	defer late.Stop()
	return ask()
}

func (c *conn) gone() bool {
	select {
	case <-c.over:
		return true
	default:
		return false
	}
}

func (c *conn) release() { c.load.Add(-1) }

func (c *conn) close() error {
	if c.gone() {
		return nil
	}
	if err := c.ssh.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return failed("close uploads folder", err)
	}
	return nil
}
