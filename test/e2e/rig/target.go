package rig

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"sync"

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

// Gate stands before the target and stops calls at moments of their life.
type Gate struct {
	mu   sync.Mutex
	hook func(Moment, Call) (drop bool)
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
	f.gate.at(Sent, call)
	answer := &fault.Answer{}
	f.now.ServeHTTP(answer, r)
	f.gate.at(Effected, call)
	w.Header().Set("Content-Length", strconv.Itoa(answer.Body.Len()))
	answer.Send(w)
	if flush, ok := w.(http.Flusher); ok {
		flush.Flush()
	}
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
