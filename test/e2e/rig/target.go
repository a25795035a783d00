package rig

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/fault"
	"jogetferry/test/simulator/server"
	"jogetferry/test/simulator/web"
)

// Moment is a point in the life of one call of the target.
type Moment string

// The moments. At Sent the target has not begun; at Effected it is done, and not
// a byte of the answer is on its way; at Answered the answer is with the kernel.
const (
	Sent     Moment = "sent"
	Effected Moment = "effected"
	Answered Moment = "answered"
)

// Gate stands before the target, stops calls at moments of their life, and
// remembers which there were.
type Gate struct {
	mu     sync.Mutex
	hook   func(Moment, Call) (drop bool)
	passed []*Passage
}

// Passage is a call that came to a gate.
type Passage struct {
	Call

	Sent, Ended time.Time // Ended is zero while the call is under way
	Clean       bool      // it ended with the target's own answer, whole and of status 200
}

// Passages returns copies of the calls that came so far, in their order.
func (g *Gate) Passages() []Passage {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]Passage, len(g.passed))
	for i, p := range g.passed {
		out[i] = *p
	}
	return out
}

// enter notes a call; leave is called when it has ended.
func (g *Gate) enter(c Call) (leave func(clean bool)) {
	if g == nil {
		return func(bool) {}
	}
	p := &Passage{Call: c, Sent: time.Now()}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.passed = append(g.passed, p)
	return func(clean bool) {
		g.mu.Lock()
		defer g.mu.Unlock()
		p.Ended, p.Clean = time.Now(), clean
	}
}

// Call is what a gate sees of a call.
type Call struct {
	Path string // "/jw/web/json/..."
	Form url.Values
}

// Set has hook called at every moment of every call; nil ends that. It blocks
// the call for as long as it takes. A call that is dropped goes no further, and
// its connection is cut.
func (g *Gate) Set(hook func(Moment, Call) (drop bool)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hook = hook
}

func (g *Gate) at(m Moment, c Call) {
	if g == nil {
		return
	}
	g.mu.Lock()
	hook := g.hook
	g.mu.Unlock()
	if hook != nil && hook(m, c) {
		// net/http closes the connection without an answer for this panic.
		panic(http.ErrAbortHandler)
	}
}

// front is where the target listens; the server behind it may change.
type front struct {
	options server.Options
	gate    *Gate

	mu   sync.RWMutex
	now  *server.Server
	past []effects.Effect // of servers before
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	call := Call{Path: r.URL.Path}
	if call.Form, err = url.ParseQuery(string(body)); err != nil {
		call.Form = url.Values{} // it is for the target to judge
	}
	clean := false
	leave := f.gate.enter(call)
	defer func() { leave(clean) }()
	f.gate.at(Sent, call)
	answer := &fault.Answer{}
	f.now.ServeHTTP(answer, r)
	f.gate.at(Effected, call)
	w.Header().Set("Content-Length", strconv.Itoa(answer.Body.Len()))
	answer.Send(w)
	if flush, ok := w.(http.Flusher); ok {
		flush.Flush()
	}
	clean = answer.Status == http.StatusOK && json.Valid(answer.Body.Bytes())
	f.gate.at(Answered, call)
}

// serve starts the target and returns its URL.
func (s *Stage) serve(o server.Options, gate *Gate) string {
	s.t.Helper()
	var err error
	s.Sim, err = server.New(s.t.Context(), o)
	s.must(err)
	s.front = &front{options: o, gate: gate, now: s.Sim}
	listener := httptest.NewUnstartedServer(s.front)
	listener.Config.ErrorLog = log.New(io.Discard, "", 0) // cut connections are no news
	listener.Start()
	s.t.Cleanup(func() {
		listener.CloseClientConnections()
		listener.Close()
		if err := s.front.now.Close(); err != nil {
			s.t.Errorf("close simulator: %v", err)
		}
	})
	return listener.URL + web.Context
}

// Desk returns another URL of the target, for the people who work there: their calls
// pass no gate, and no fault rule about paths is for them.
func (s *Stage) Desk() string {
	s.t.Helper()
	desk := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.front.mu.RLock()
		defer s.front.mu.RUnlock()
		s.front.now.Unharmed().ServeHTTP(w, r)
	}))
	s.t.Cleanup(desk.Close)
	return desk.URL + web.Context
}

// RestartTarget ends the target, calls between, if not nil, while nothing uses
// its database, and starts it again at the same address, without faults.
func (s *Stage) RestartTarget(between func()) {
	s.t.Helper()
	s.front.mu.Lock()
	defer s.front.mu.Unlock()
	s.must(s.front.now.Close())
	s.front.past = append(s.front.past, s.front.now.Effects()...)
	if between != nil {
		between()
	}
	s.front.options.Faults = nil
	next, err := server.New(s.t.Context(), s.front.options)
	s.must(err)
	s.front.now, s.Sim = next, next
}

// Effects returns what happened on the target, restarts included.
func (s *Stage) Effects() []effects.Effect {
	s.front.mu.RLock()
	defer s.front.mu.RUnlock()
	return append(slices.Clone(s.front.past), s.front.now.Effects()...)
}
