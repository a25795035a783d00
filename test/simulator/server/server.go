package server

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/engine"
	"jogetferry/test/simulator/fault"
	"jogetferry/test/simulator/web"
)

// Options configure a Server. Only DB is required.
type Options struct {
	DB         *sql.DB                                    // a prepared Joget database; stays open
	UploadsDir string                                     // folder that holds app_formuploads; "" for a server without files
	Effects    string                                     // file the effects are appended to; "" for memory only
	Faults     []fault.Rule                               // active from the start
	Seed       uint64                                     // of fault dice and key order
	Now        func() time.Time                           // nil means the system clock
	Sleep      func(context.Context, time.Duration) error // nil means really sleeping
	Log        *zap.Logger                                // nil means none
	Pause      func(context.Context, engine.Point) error  // called inside calls, before the faults of that place; nil means nobody
	Timeout    time.Duration                              // of a call's transaction; 0 means that of Joget
	MaxPost    int64                                      // bytes of a form body that are read, see web.Options; 0 means Tomcat's
	Zone       *time.Location                             // of the Java machine; nil means UTC
	Caches     bool                                       // see engine.Options.CacheVariables
	Recover    bool                                       // run interrupted tools again, in the background, as a server does that starts
}

// Server is a simulated Joget server. It is an http.Handler for /jw and /sim.
type Server struct {
	engine *engine.Engine
	faults *fault.Injector
	faulty *fault.Handler
	log    *effects.Log
	mux    http.Handler
	stop   context.CancelFunc // ends delays
	calls  sync.WaitGroup

	unharmed http.Handler // without the faults about paths

	verbose *zap.Logger

	problem atomic.Pointer[error] // of serving, for Close to return
}

// New reads the settings from the database and returns a server that must be
// closed.
func New(ctx context.Context, o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the default clock; tests give their own
	}
	if o.Sleep == nil {
		o.Sleep = engine.Sleep
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Pause == nil {
		o.Pause = func(context.Context, engine.Point) error { return nil }
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Server{faults: fault.NewInjector(o.Seed), stop: stop, verbose: o.Log}
	// requests run to their end whoever goes away, but delays end with the server
	sleep := func(ctx context.Context, d time.Duration) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(running, cancel)()
		return o.Sleep(ctx, d)
	}
	if err := s.AddFaults(o.Faults...); err != nil {
		return nil, err
	}
	pause := func(ctx context.Context, at engine.Point) error {
		if err := o.Pause(ctx, at); err != nil {
			return err
		}
		return s.fail(ctx, at, sleep)
	}
	var err error
	if s.log, err = effects.Open(o.Effects, o.Now); err != nil {
		return nil, err
	}
	s.engine, err = engine.New(ctx, engine.Options{DB: o.DB, UploadsDir: o.UploadsDir, Now: o.Now, Log: o.Log, Sleep: sleep, Effects: s.record, Pause: pause, Timeout: o.Timeout, Zone: o.Zone, CacheVariables: o.Caches})
	if err != nil {
		return nil, errors.Join(err, s.log.Close())
	}
	api := web.New(web.Options{DB: o.DB, Engine: s.engine, Now: o.Now, Log: o.Log, Seed: o.Seed, UploadsDir: o.UploadsDir, MaxPost: o.MaxPost})
	stamped := s.stamped(api)
	s.unharmed = s.counted(stamped)
	s.faulty = fault.New(fault.Options{
		Injector: s.faults, Next: stamped, Prefix: web.Context + "/web/json/", Login: web.Context + "/web/login", Now: o.Now, Sleep: sleep,
	})
	faulty := s.counted(s.faulty)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sim/faults", s.addFaults)
	mux.HandleFunc("GET /sim/faults", s.listFaults)
	mux.HandleFunc("DELETE /sim/faults", s.clearFaults)
	mux.HandleFunc("GET /sim/effects", s.listEffects)
	mux.HandleFunc("POST /sim/settings/reload", s.reloadSettings)
	s.mux = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// ServeMux cleans paths, which the API must see as they are
		if strings.HasPrefix(r.URL.Path, "/sim/") {
			mux.ServeHTTP(w, r)
			return
		}
		faulty.ServeHTTP(w, r)
	})
	s.background(running, o)
	return s, nil
}

// counted lets Close wait for calls of next.
func (s *Server) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		defer s.calls.Done()
		next.ServeHTTP(w, r)
	})
}

// background starts what a server does besides answering calls.
func (s *Server) background(running context.Context, o Options) {
	if o.Recover {
		s.calls.Go(func() {
			if err := s.engine.Recover(running); err != nil {
				o.Log.Warn("interrupted tools", zap.Error(err))
			}
		})
	}
	seconds, err := strconv.Atoi(s.engine.Setting("deadlineCheckerInterval"))
	if err != nil || seconds <= 0 {
		return
	}
	s.calls.Go(func() {
		for engine.Sleep(running, time.Duration(seconds)*time.Second) == nil {
			if err := s.engine.CheckDeadlines(running); err != nil {
				o.Log.Warn("check deadlines", zap.Error(err))
			}
		}
	})
}

// thrown is what the kinds of faults that end a call stand for.
var thrown = map[fault.Kind]error{
	fault.Throw: fmt.Errorf("%w of a fault rule", engine.ErrException),
	fault.Error: errors.New("java.lang.Error of a fault rule"),
}

// fail makes a call slow, or fail, at a place of the engine.
func (s *Server) fail(ctx context.Context, at engine.Point, sleep func(context.Context, time.Duration) error) error {
	delay, kind := s.faults.At(at.What)
	if delay > 0 {
		if err := sleep(ctx, delay); err != nil {
			s.verbose.Debug("the delay ends with the server", zap.Error(err))
		}
	}
	return thrown[kind]
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Unharmed serves the same for callers whose calls no fault rule about paths is for;
// rules about places inside calls hold for them, too.
func (s *Server) Unharmed() http.Handler { return s.unharmed }

// Engine is the engine behind the API, for calls that no endpoint offers.
func (s *Server) Engine() *engine.Engine { return s.engine }

// AddFaults arms fault rules behind those that are there.
func (s *Server) AddFaults(rules ...fault.Rule) error {
	for _, r := range rules {
		if place, inside := strings.CutPrefix(r.Path, fault.Inside); inside && !slices.Contains(engine.Places(), place) {
			return fmt.Errorf("fault rule: %q is none of the engine's places %v", place, engine.Places())
		}
	}
	return s.faults.Add(rules...)
}

// FaultStates lists the armed rules with how often each fired.
func (s *Server) FaultStates() []fault.State { return s.faults.States() }

// ClearFaults disarms all fault rules.
func (s *Server) ClearFaults() { s.faults.Clear() }

// Effects returns what the calls so far changed, in order of commit.
func (s *Server) Effects() []effects.Effect { return s.log.Effects() }

// Close ends delays, waits for calls under way, gives up delayed effects that
// have not begun, closes the effect log and returns what went wrong in Listen.
// The database stays open. No call may come in any more.
func (s *Server) Close() error {
	s.stop()
	s.calls.Wait()
	err := errors.Join(s.faulty.Close(), s.log.Close())
	if p := s.problem.Load(); p != nil {
		err = errors.Join(err, fmt.Errorf("serve: %w", *p))
	}
	return err
}

// Listen serves the server on a free local port until stop is called, and
// returns its context URL, such as http://127.0.0.1:40001/jw. stop cuts what
// is still open and does not wait.
func (s *Server) Listen(ctx context.Context) (url string, stop func(), err error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listen: %w", err)
	}
	h := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute, ErrorLog: zap.NewStdLog(zap.NewNop())}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := h.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.problem.Store(&err)
		}
	}()
	return "http://" + listener.Addr().String() + web.Context, func() {
		if err := h.Close(); err != nil {
			s.problem.Store(&err)
		}
		<-done
	}, nil
}

// collector keeps the effects of one request until its outcome is known.
type collector struct {
	mu   sync.Mutex
	list []effects.Effect
}

type collectorKey struct{}

func (s *Server) record(ctx context.Context, list []effects.Effect) {
	c, ok := ctx.Value(collectorKey{}).(*collector)
	if !ok {
		s.log.Append(list...)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, list...)
}

// stamped logs the effects of each request with what its caller gets to see.
func (s *Server) stamped(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &collector{}
		answer := &fault.Answer{}
		next.ServeHTTP(answer, r.WithContext(context.WithValue(r.Context(), collectorKey{}, c)))
		outcome, planned := fault.Planned(r.Context())
		if !planned {
			outcome = strconv.Itoa(answer.Status)
		}
		for i := range c.list {
			c.list[i].HTTP = outcome
		}
		s.log.Append(c.list...)
		answer.Send(w)
	})
}

// maxAdminBody bounds requests to the side-channel.
const maxAdminBody = 1 << 20

func (s *Server) addFaults(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxAdminBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var rules []fault.Rule
	if err := json.Unmarshal(raw, &rules); err != nil {
		var one fault.Rule
		if err := json.Unmarshal(raw, &one); err != nil {
			http.Error(w, fmt.Sprintf("read fault rules: %v", err), http.StatusBadRequest)
			return
		}
		rules = []fault.Rule{one}
	}
	if err := s.AddFaults(rules...); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) listFaults(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, s.faults.States())
}

func (s *Server) clearFaults(w http.ResponseWriter, _ *http.Request) {
	s.faults.Clear()
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) listEffects(w http.ResponseWriter, r *http.Request) {
	after, err := strconv.ParseInt("0"+r.URL.Query().Get("after"), 10, 64)
	if err != nil {
		http.Error(w, "after is no number", http.StatusBadRequest)
		return
	}
	list := s.log.Effects()
	list = list[min(int(after), len(list)):]
	if list == nil {
		list = []effects.Effect{}
	}
	writeJSON(w, list)
}

func (s *Server) reloadSettings(w http.ResponseWriter, r *http.Request) {
	if err := s.engine.ReloadSettings(r.Context()); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
