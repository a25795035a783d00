package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"
)

const (
	// healthFor is how long an answer of /readyz is given again without asking.
	healthFor = 3 * time.Second
	// healthTimeout bounds one look.
	healthTimeout = 2 * time.Second
)

var (
	errStarting = errors.New("starting")
	errStopping = errors.New("stopping")
)

// health answers /readyz. Work can be taken when the queues are polled, nobody
// asked to stop, and Temporal and the ledger answer.
type health struct {
	check func(context.Context) error

	mu    sync.Mutex
	state error // errStarting, nil, errStopping
	fresh bool
	last  error
}

func newHealth(check func(context.Context) error) *health {
	return &health{check: check, state: errStarting}
}

func (h *health) started()  { h.set(nil) }
func (h *health) stopping() { h.set(errStopping) }

func (h *health) set(state error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state = state
}

func (h *health) ready(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state != nil {
		return h.state
	}
	if !h.fresh {
		ctx, cancel := context.WithTimeout(ctx, healthTimeout)
		defer cancel()
		h.last, h.fresh = h.check(ctx), true
		time.AfterFunc(healthFor, h.forget)
	}
	return h.last
}

func (h *health) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fresh = false
}

// handler serves /livez (the process is up; Temporal out of reach does not end
// it, since a restart would not help), /readyz and /metrics.
func handler(metrics http.Handler, h *health) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { answer(w, h.ready(r.Context())) })
	return mux
}

// answer tells no details of err: anybody may ask.
func answer(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	text := "ok"
	switch {
	case errors.Is(err, errStarting), errors.Is(err, errStopping):
		text = err.Error()
	case err != nil:
		text = "Temporal or the ledger does not answer"
	}
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	//nolint:errcheck // whoever asked went away
	_, _ = fmt.Fprintln(w, text)
}

// serve answers on the configured address until stop.
func serve(ctx context.Context, o Options, metrics http.Handler, h *health) (stop func(context.Context) error, err error) {
	listener := o.Listener
	if listener == nil && o.Config.Worker.Listen == "-" {
		return func(context.Context) error { return nil }, nil
	}
	if listener == nil {
		if listener, err = new(net.ListenConfig).Listen(ctx, "tcp", o.Config.Worker.Listen); err != nil {
			return nil, fmt.Errorf("listen on worker.listen: %w", err)
		}
	}
	server := &http.Server{Handler: handler(metrics, h), ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	o.Logger.Info("serving metrics and health", zap.String("address", listener.Addr().String()))
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, healthTimeout)
		defer cancel()
		err := server.Shutdown(ctx)
		if e := <-served; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
		return err
	}, nil
}
