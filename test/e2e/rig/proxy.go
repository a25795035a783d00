package rig

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// Proxy stands between a worker and a database, and can cut or hold what
// passes through.
type Proxy struct {
	listener net.Listener
	upstream string

	mu    sync.Mutex
	open  map[net.Conn]struct{}
	held  chan struct{} // closed when nothing is held
	done  sync.WaitGroup
	ended bool
}

// NewProxy returns a proxy before the server of dsn; it ends with t.
func NewProxy(tb testing.TB, dsn string) *Proxy {
	tb.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		tb.Fatalf("proxy: %v", err)
	}
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("proxy: %v", err)
	}
	free := make(chan struct{})
	close(free)
	p := &Proxy{listener: listener, upstream: cfg.Addr, open: map[net.Conn]struct{}{}, held: free}
	ctx := context.WithoutCancel(tb.Context())
	p.done.Go(func() { p.accept(ctx) })
	tb.Cleanup(p.end)
	return p
}

// DSN returns dsn with the proxy in the place of the server.
func (p *Proxy) DSN(tb testing.TB, dsn string) string {
	tb.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		tb.Fatalf("proxy: %v", err)
	}
	cfg.Addr = p.listener.Addr().String()
	return cfg.FormatDSN()
}

// Cut cuts all connections and returns how many there were.
func (p *Proxy) Cut() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.open)
	for c := range p.open {
		closeConn(c)
	}
	return n
}

// Hold lets nothing pass until the function it returns is called.
func (p *Proxy) Hold() (release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	held := make(chan struct{})
	p.held = held
	return sync.OnceFunc(func() { close(held) })
}

func (p *Proxy) accept(ctx context.Context) {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := new(net.Dialer).DialContext(ctx, "tcp", p.upstream)
		if err != nil {
			closeConn(client)
			continue
		}
		p.mu.Lock()
		if p.ended {
			closeConn(client)
			closeConn(server)
		}
		p.open[client] = struct{}{}
		p.mu.Unlock()
		p.done.Go(func() { p.pass(client, server) })
		p.done.Go(func() {
			p.pass(server, client)
			p.mu.Lock()
			defer p.mu.Unlock()
			delete(p.open, client)
		})
	}
}

// pass copies until either side ends, and ends both.
func (p *Proxy) pass(from, to net.Conn) {
	defer closeConn(from)
	defer closeConn(to)
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		p.mu.Lock()
		held := p.held
		p.mu.Unlock()
		<-held
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *Proxy) end() {
	closeConn(p.listener)
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	p.Cut()
	p.done.Wait()
}

// closeConn closes what may be closed already: that is its purpose.
func closeConn(c io.Closer) {
	//nolint:errcheck // see above
	_ = c.Close()
}
