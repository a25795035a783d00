package sshdtest

import (
	"net"
	"sync"
)

// lines are the connections of a server, with their bytes under control.
type lines struct {
	mu     sync.Mutex
	open   []net.Conn // both ends
	count  int
	rest   int64         // bytes until the cut; 0: no cut
	held   chan struct{} // nil: nothing is held; closed when it may pass
	copies sync.WaitGroup
}

func (l *lines) made() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

func (l *lines) connect(from, to net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	l.open = append(l.open, from, to)
	l.copies.Go(func() { l.pump(from, to, l.pass) })
	l.copies.Go(func() { l.pump(to, from, func(int) {}) })
}

// pump copies until either end is closed, and then closes both.
func (l *lines) pump(from, to net.Conn, pass func(n int)) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		pass(n)
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// pass waits while bytes are held, and cuts when enough have come.
func (l *lines) pass(n int) {
	l.mu.Lock()
	held := l.held
	cut := l.rest > 0 && l.rest <= int64(n)
	if l.rest > 0 {
		l.rest = max(0, l.rest-int64(n))
	}
	l.mu.Unlock()
	if cut {
		l.cut()
	}
	if held != nil {
		<-held
	}
}

func (l *lines) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.open {
		_ = c.Close()
	}
	l.open = nil
	if l.held != nil {
		close(l.held)
		l.held = nil
	}
}

func (l *lines) cutAfter(n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = n
}

func (l *lines) hold() (release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	held := make(chan struct{})
	l.held = held
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.held == held {
			close(held)
			l.held = nil
		}
	}
}

func (l *lines) wait() { l.copies.Wait() }
