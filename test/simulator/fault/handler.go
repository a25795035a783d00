package fault

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxBody bounds what is kept of a request whose effect comes later.
const maxBody = 32 << 20

// Cut is the outcome of a call whose caller gets no answer.
const Cut = "cut"

// Options configure a Handler.
type Options struct {
	Injector *Injector
	Next     http.Handler
	Prefix   string // calls below it can go wrong, others cannot; such as /jw/web/json/
	Login    string // where Redirect302 sends the caller
	Now      func() time.Time
	Sleep    func(context.Context, time.Duration) error
}

// Handler makes calls to the next handler go wrong. Delays hold no lock.
type Handler struct {
	Options
	ctx    context.Context //nolint:containedctx // ends with Close, for effects that come after their request
	cancel context.CancelFunc
	late   sync.WaitGroup
}

// New returns a handler that must be closed.
func New(o Options) *Handler {
	h := &Handler{Options: o}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	return h
}

// Close gives up effects that have not begun and waits for those that have.
func (h *Handler) Close() error {
	h.cancel()
	h.late.Wait()
	return nil
}

type plannedKey struct{}

// Planned tells what the caller of a request will get instead of the handler's
// answer: a status such as "500", or Cut. False when it gets the answer.
func Planned(ctx context.Context) (string, bool) {
	s, ok := ctx.Value(plannedKey{}).(string)
	return s, ok
}

// Answer collects an answer. The zero value is ready for use.
type Answer struct {
	Status int // 0 means 200
	Body   bytes.Buffer
	header http.Header
}

// Header is that of http.ResponseWriter.
func (a *Answer) Header() http.Header {
	if a.header == nil {
		a.header = http.Header{}
	}
	return a.header
}

// WriteHeader is that of http.ResponseWriter; the first call counts.
func (a *Answer) WriteHeader(status int) {
	if a.Status == 0 {
		a.Status = status
	}
}

func (a *Answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.Body.Write(p)
}

// Send writes the answer to w.
func (a *Answer) Send(w http.ResponseWriter) {
	for k, v := range a.Header() {
		w.Header()[k] = v
	}
	a.WriteHeader(http.StatusOK)
	w.WriteHeader(a.Status)
	if _, err := w.Write(a.Body.Bytes()); err != nil {
		panic(http.ErrAbortHandler) // the caller is gone
	}
}

// outcomes of kinds that replace the answer.
var outcomes = map[Kind]string{
	Error500Before: "500", Error500After: "500", CutBefore: Cut, CutAfter: Cut, DelayedCommit: Cut,
	Redirect302: "302", Bad400: "400", HTML502: "502", Empty200: "200",
}

// ServeHTTP runs the next handler, or not, and answers or cuts.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, h.Prefix)
	if !ok {
		h.Next.ServeHTTP(w, r)
		return
	}
	p := h.Injector.plan(path)
	if p.before > 0 && h.Sleep(r.Context(), p.before) != nil {
		panic(http.ErrAbortHandler)
	}
	answer := &Answer{}
	switch {
	case p.rule == nil:
		h.Next.ServeHTTP(answer, r)
	case p.rule.Kind == DelayedCommit:
		h.later(r, p.rule.Delay) //nolint:contextcheck // the effect outlives its request
	case p.rule.effect():
		ctx := r.Context()
		if outcome, ok := outcomes[p.rule.Kind]; ok {
			ctx = context.WithValue(ctx, plannedKey{}, outcome)
		}
		h.Next.ServeHTTP(answer, r.WithContext(ctx))
	}
	if p.late > 0 && h.Sleep(r.Context(), p.late) != nil {
		panic(http.ErrAbortHandler)
	}
	if p.rule != nil {
		answer = h.spoil(answer, p.rule.Kind)
	}
	answer.Send(w)
}

// effect reports whether the call still changes something before the fault.
func (r Rule) effect() bool {
	switch r.Kind {
	case Error500Before, CutBefore, DelayedCommit:
		return false
	case Redirect302, Bad400, HTML502, Empty200:
		return r.After
	case Latency, AnswerLate, Error500After, CutAfter, Truncated, DuplicateJSON, Throw, Error:
		return true
	}
	return true
}

// later lets the effect of a request come after its connection is gone.
func (h *Handler) later(r *http.Request, delay time.Duration) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	ctx := context.WithValue(h.ctx, plannedKey{}, Cut)
	again := r.Clone(ctx)
	again.Body = io.NopCloser(bytes.NewReader(body))
	h.late.Go(func() {
		if h.Sleep(h.ctx, delay) == nil {
			h.Next.ServeHTTP(&Answer{}, again)
		}
	})
}

func (h *Handler) spoil(a *Answer, kind Kind) *Answer {
	fresh := &Answer{}
	switch kind {
	case CutBefore, CutAfter, DelayedCommit:
		// net/http closes the connection without an answer for this panic
		panic(http.ErrAbortHandler)
	case Error500Before, Error500After:
		return h.errorBody(http.StatusInternalServerError, "System error, please refer to log files")
	case Bad400:
		return h.errorBody(http.StatusBadRequest, "")
	case Redirect302:
		fresh.Header().Set("Location", h.Login)
		fresh.WriteHeader(http.StatusFound)
	case HTML502:
		fresh.Header().Set("Content-Type", "text/html")
		fresh.WriteHeader(http.StatusBadGateway)
		fresh.Body.WriteString("<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>")
	case Empty200:
		fresh.WriteHeader(http.StatusOK)
	case Truncated:
		a.Body.Truncate(a.Body.Len() / 2)
		return a
	case DuplicateJSON:
		a.Body.Write(bytes.Clone(a.Body.Bytes()))
		return a
	case Latency, AnswerLate, Throw, Error:
		return a
	}
	return fresh
}

func (h *Handler) errorBody(status int, message string) *Answer {
	a := &Answer{}
	a.Header().Set("Content-Type", "application/json; charset=utf-8")
	a.WriteHeader(status)
	a.Body.WriteString(`{"error":{"date":"` + h.Now().UTC().Format("Mon Jan 02 15:04:05 MST 2006") + `","code":"` + strconv.Itoa(status) + `","message":"` + message + `"}}`)
	return a
}
