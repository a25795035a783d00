package activitytest

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"jogetferry/test/simulator/fault"
	"jogetferry/test/simulator/web"
)

// Moment is a point in the life of a call of the target.
type Moment string

// The moments.
const (
	Sent     Moment = "sent"     // the target has not begun
	Effected Moment = "effected" // it is done, and has not answered
)

// Door is where calls of a case reach the target.
type Door struct {
	URL string

	t      testing.TB
	server *httptest.Server
	faults *fault.Injector
	late   chan struct{}
	once   sync.Once

	mu    sync.Mutex
	hooks []hook
	calls []string
}

type hook struct {
	moment Moment
	path   string
	do     func()
}

// newDoor opens a door to a target until tb ends.
func newDoor(tb testing.TB, target http.Handler) *Door {
	tb.Helper()
	d := &Door{t: tb, faults: fault.NewInjector(1), late: make(chan struct{})}
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target.ServeHTTP(w, r)
		d.at(Effected, r.URL.Path)
	})
	faulty := fault.New(fault.Options{
		Injector: d.faults, Next: inner, Prefix: web.Context + "/web/json/", Login: web.Context + "/web/login", Now: now,
		Sleep: func(ctx context.Context, _ time.Duration) error {
			select {
			case <-d.late:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
	})
	listener := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		d.calls = append(d.calls, strings.TrimPrefix(r.URL.Path, web.Context+"/web/json/"))
		d.mu.Unlock()
		d.at(Sent, r.URL.Path)
		faulty.ServeHTTP(w, r)
	}))
	listener.Config.ErrorLog = log.New(io.Discard, "", 0) // cut connections are no news
	listener.Start()
	d.server = listener
	d.URL = listener.URL + web.Context
	tb.Cleanup(func() {
		listener.CloseClientConnections()
		if err := faulty.Close(); err != nil {
			tb.Error(err)
		}
		listener.Close()
	})
	return d
}

func now() time.Time {
	return time.Now() //nolint:forbidigo // stamps an answer that nobody reads
}

// Faults makes calls go wrong from now on. Delays last until Late.
func (d *Door) Faults(rules ...fault.Rule) {
	d.t.Helper()
	if err := d.faults.Add(rules...); err != nil {
		d.t.Fatal(err)
	}
}

// Late lets everything that is delayed come, now and from now on.
func (d *Door) Late() { d.once.Do(func() { close(d.late) }) }

// Cut cuts the connections of all calls that wait for an answer. The target works on.
func (d *Door) Cut() { d.server.CloseClientConnections() }

// At does something once, at a moment of the next call whose path has part in
// it; the call waits for it. An aborted call: panic(http.ErrAbortHandler).
func (d *Door) At(m Moment, part string, do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hooks = append(d.hooks, hook{m, part, do})
}

// Calls lists the paths below /web/json/ of the calls so far that have part in them.
func (d *Door) Calls(part string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []string
	for _, c := range d.calls {
		if strings.Contains(c, part) {
			list = append(list, c)
		}
	}
	return list
}

func (d *Door) at(m Moment, path string) {
	d.mu.Lock()
	var do func()
	for i, h := range d.hooks {
		if h.moment == m && strings.Contains(path, h.path) {
			do = h.do
			d.hooks = append(d.hooks[:i:i], d.hooks[i+1:]...)
			break
		}
	}
	d.mu.Unlock()
	if do != nil {
		do()
	}
}
