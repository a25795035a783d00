package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// answer is Joget's own answer below 400; doc is nil for an empty body.
type answer struct {
	status int
	doc    json.RawMessage
	date   string // the header Date
}

// do sends k once and returns Joget's answer below 400; anything else is a *CallError.
func (c *Client) do(ctx context.Context, k call) (answer, error) {
	req, err := c.request(k)
	if err != nil {
		return answer{}, c.report(k, time.Time{}, 0, err)
	}
	if err := c.admit(ctx); err != nil {
		return answer{}, c.report(k, time.Time{}, 0, err)
	}
	began := time.Now() //nolint:forbidigo // for the observer, which measures
	a, callErr := c.send(ctx, req, k)
	return a, c.report(k, began, a.status, callErr)
}

// report tells the observer, and returns err as an error that is nil when err is.
func (c *Client) report(k call, began time.Time, status int, err *CallError) error {
	o := Observation{Op: k.op, Fate: Answered, Status: status}
	if !began.IsZero() {
		o.Duration = time.Since(began)
	}
	if err == nil {
		c.observe(o)
		return nil
	}
	err.Op = k.op
	o.Fate, o.Status, o.Kind = err.Fate, err.Status, err.Kind
	c.observe(o)
	return err
}

// request builds the one POST: credentials in the body and never in the URL,
// the Referer that Joget wants, and nothing that lets the transport send twice.
func (c *Client) request(k call) (*http.Request, *CallError) {
	if k.err != nil {
		return nil, &CallError{Fate: NotSent, Kind: KindUnaddressable, Err: k.err}
	}
	login, err := c.login(k.as)
	if err != nil {
		return nil, &CallError{Fate: NotSent, Kind: KindInvalid, Err: err}
	}
	body := k.encode(login)
	if len(body) >= c.maxPost {
		return nil, &CallError{Fate: NotSent, Kind: KindTooLarge, Err: fmt.Errorf("the body has %d bytes, and must stay below %d", len(body), c.maxPost)}
	}
	address := c.base.String() + "/web/json/" + strings.Join(k.path, "/")
	//nolint:noctx // send gives it the context
	req, err := http.NewRequest(http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return nil, &CallError{Fate: NotSent, Kind: KindInvalid, Err: errors.New("the address cannot be parsed")}
	}
	req.GetBody = nil // the transport re-sends only what it can rewind
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	req.Header.Set("Referer", c.base.Scheme+"://"+c.base.Host+c.base.Path+"/")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "jogetferry")
	return req, nil
}

// admitted marks a context whose next call has waited for the limiter already:
// its value is an *atomic.Bool, true until that call.
type admitted struct{}

// Admit waits until the limiter lets a call pass, and returns a context with
// which one call need not wait again: so that what a call depends on can be
// looked at right before its bytes leave.
func (c *Client) Admit(ctx context.Context) (context.Context, error) {
	if err := c.admit(ctx); err != nil {
		return ctx, err
	}
	unused := new(atomic.Bool)
	unused.Store(true)
	return context.WithValue(ctx, admitted{}, unused), nil
}

// admit waits for the limiter, and refuses when ctx is done.
func (c *Client) admit(ctx context.Context) *CallError {
	unused, waited := ctx.Value(admitted{}).(*atomic.Bool)
	if c.limiter != nil && (!waited || !unused.CompareAndSwap(true, false)) {
		if err := c.limiter.Wait(ctx); err != nil {
			return &CallError{Fate: NotSent, Kind: KindNotSent, Err: fmt.Errorf("waiting for the rate limit: %w", err)}
		}
	}
	if err := ctx.Err(); err != nil {
		return &CallError{Fate: NotSent, Kind: KindNotSent, Err: err}
	}
	return nil
}

// The stages of a request, as far as its context matters.
const (
	stageDialing   int32 = iota // no connection, so no byte can have been sent
	stageConnected              // the transport may write
	stageCancelled              // cancelled while dialing
)

// send makes the request. Its fate turns on one event: the transport writes
// only to a connection that it got, and reports that (GotConn) before the
// first byte; with no connection kept there is no other way to the server.
//
// A mutating call is bound to ctx only until then: cutting it later would make
// an answer that is on its way unknown. Other calls stay bound to ctx.
func (c *Client) send(ctx context.Context, req *http.Request, k call) (answer, *CallError) {
	base := ctx
	if k.mutate {
		base = context.WithoutCancel(ctx)
	}
	sendCtx, cancel := context.WithTimeout(base, c.timeout)
	defer cancel()

	var stage atomic.Int32
	var connected atomic.Bool
	stop := context.AfterFunc(ctx, func() {
		if stage.CompareAndSwap(stageDialing, stageCancelled) {
			cancel()
		}
	})
	defer stop()
	sendCtx = httptrace.WithClientTrace(sendCtx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			connected.Store(true)
			stage.CompareAndSwap(stageDialing, stageConnected)
		},
	})

	// The transport itself, not an http.Client: no redirects, no cookies, and
	// no errors that quote the URL.
	resp, err := c.transport.RoundTrip(req.WithContext(sendCtx))
	if err != nil {
		if !connected.Load() {
			return answer{}, &CallError{Fate: NotSent, Kind: KindNotSent, Err: err}
		}
		return answer{}, broken(0, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxBodyBytes+1))
	if err != nil {
		return answer{}, broken(resp.StatusCode, err)
	}
	a, callErr := judge(resp, body)
	a.date = resp.Header.Get("Date")
	return a, callErr
}

// broken is the error of a request that was cut after it may have been sent.
func broken(status int, err error) *CallError {
	e := &CallError{Fate: Unanswered, Status: status, Kind: KindCut, Err: err}
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled):
		e.Kind = KindCancelled
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		e.Kind = KindTimeout
	}
	return e
}

// loginPage is where Joget sends anonymous callers of protected endpoints.
const loginPage = "/web/login"

// judge decides whether a whole response is Joget's own, and what it says.
func judge(resp *http.Response, body []byte) (answer, *CallError) {
	status := resp.StatusCode
	foreign := func(kind Kind, err error) (answer, *CallError) {
		return answer{}, &CallError{Fate: Unanswered, Status: status, Kind: kind, Err: err}
	}
	switch {
	case len(body) > MaxBodyBytes:
		return foreign(KindUndecodable, fmt.Errorf("the answer is longer than %d bytes", MaxBodyBytes))
	case status == http.StatusFound && toLogin(resp.Header.Get("Location")):
		return answer{}, &CallError{Fate: Answered, Status: status, Kind: KindNotLoggedIn}
	case status >= 300 && status < 400:
		return foreign(KindProxy, errors.New("redirected, and not to the login page"))
	case status >= 400:
		return judgeError(status, body)
	case status == http.StatusNoContent:
		return answer{status: status}, nil
	}
	if trimmed := bytes.TrimSpace(body); len(trimmed) == 0 {
		if resp.ContentLength < 0 && len(resp.TransferEncoding) == 0 {
			// Ended by closing, so nothing tells an empty body from a cut one.
			return foreign(KindCut, errors.New("the connection closed without a body"))
		}
		return answer{status: status}, nil
	} else if trimmed[0] == '<' {
		return foreign(KindProxy, errors.New("the answer is HTML or XML"))
	}
	doc, whole, err := firstDocument(body)
	switch {
	case err != nil:
		return foreign(KindUndecodable, err)
	case !whole:
		return foreign(KindUndecodable, errors.New("the answer has text after its JSON object"))
	}
	return answer{status: status, doc: doc}, nil
}

func toLogin(location string) bool {
	u, err := url.Parse(location)
	return err == nil && strings.HasSuffix(path.Clean("/"+u.Path), loginPage)
}

// gateway are statuses that Joget never answers with, and those in front of it do,
// some in JSON.
var gateway = []int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}

// judgeError tells Joget's errors, which carry its JSON error body with the
// status in it, from those of a proxy.
func judgeError(status int, body []byte) (answer, *CallError) {
	e := &CallError{Fate: Unanswered, Status: status, Kind: KindProxy}
	doc, _, err := firstDocument(body)
	if err != nil {
		return answer{}, e
	}
	var parsed jogetError
	if err := json.Unmarshal(doc, &parsed); err != nil || parsed.Error == nil || string(parsed.Error.Code) != strconv.Itoa(status) || parsed.Error.Date == "" {
		return answer{}, e
	}
	if slices.Contains(gateway, status) {
		return answer{}, e
	}
	e.Fate, e.Message = Answered, string(parsed.Error.Message)
	switch {
	case status == http.StatusUnauthorized:
		e.Kind = KindBadCredentials
	case status == http.StatusForbidden:
		e.Kind = KindForbidden
	case status == http.StatusNotFound:
		e.Kind = KindNotFound
	case status == http.StatusBadRequest && e.Message == "":
		e.Kind = KindRefererRefused
	case status >= http.StatusInternalServerError:
		e.Kind = KindServerError
	default:
		e.Kind = KindBadRequest
	}
	return answer{}, e
}

// decode fills into from a, and demands that the keys named are there: an
// object without them is not the answer that was asked for. An empty answer is
// KindUnexpected.
func decode(op string, a answer, into any, keys ...string) error {
	if a.doc == nil {
		return &CallError{Op: op, Fate: Answered, Status: a.status, Kind: KindUnexpected, Err: errors.New("the answer is empty")}
	}
	wrong := func(err error) error {
		return &CallError{Op: op, Fate: Unanswered, Status: a.status, Kind: KindUndecodable, Err: err}
	}
	var have map[string]json.RawMessage
	if err := json.Unmarshal(a.doc, &have); err != nil {
		return wrong(jsonError(err))
	}
	for _, key := range keys {
		if _, ok := have[key]; !ok {
			return wrong(fmt.Errorf("the answer has no %q", key))
		}
	}
	if err := json.Unmarshal(a.doc, into); err != nil {
		return wrong(jsonError(err))
	}
	return nil
}
