package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"

	"jogetferry/joget/api"
	"jogetferry/migration"
)

const (
	adminPassword  = "admin-hunter2"
	masterPassword = "master-hunter3"
)

// seen is what a fake server got.
type seen struct {
	path   string // as sent, escaped
	header http.Header
	form   url.Values
}

// fake answers every call with handler and keeps what it saw.
func fake(t *testing.T, handler http.HandlerFunc, change ...func(*api.Options)) (*api.Client, *[]seen) {
	t.Helper()
	var mu sync.Mutex
	calls := &[]seen{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("reading the request: %v", err)
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Errorf("parsing the form: %v", err)
		}
		mu.Lock()
		*calls = append(*calls, seen{r.Method + " " + r.RequestURI, r.Header.Clone(), form})
		mu.Unlock()
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	return client(t, server.URL+"/jw", change...), calls
}

func client(t *testing.T, base string, change ...func(*api.Options)) *api.Client {
	t.Helper()
	o := api.Options{
		BaseURL: base,
		Admin:   api.Identity{Username: "admin", Password: api.NewSecret(adminPassword)},
		Master:  api.Identity{Username: "master", Password: api.NewSecret(masterPassword)},
		Timeout: 20 * time.Second,
	}
	for _, f := range change {
		f(&o)
	}
	c, err := api.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func errorBody(code int, message string) string {
	return fmt.Sprintf(`{"error":{"message":%q,"code":"%d","date":"Fri Nov 10 18:59:07 MYT 2023"}}`, message, code)
}

var start = api.StartRequest{
	Definition: migration.DefinitionID{Package: "crm", Version: "3", Process: "process1"},
	As:         "cat", Record: "rec-1", Variables: map[string]string{"status": "new; (a) b"},
}

func TestEveryCallIsAPostWithCredentialsInTheBody(t *testing.T) {
	t.Parallel()
	admin := url.Values{"j_username": {"admin"}, "j_password": {adminPassword}}
	master := func(as string) url.Values {
		return url.Values{"j_username": {"master"}, "j_password": {masterPassword}, "loginAs": {as}}
	}
	with := func(v url.Values, pairs ...string) url.Values {
		out := url.Values{}
		for k, x := range v {
			out[k] = x
		}
		for i := 0; i < len(pairs); i += 2 {
			out.Set(pairs[i], pairs[i+1])
		}
		return out
	}
	const i, a = migration.InstanceID("3_crm_process1"), migration.ActivityID("9_3_crm_process1_approve")
	for _, tc := range []struct {
		name   string
		answer string
		call   func(context.Context, *api.Client) (any, error)
		path   string
		form   url.Values
		want   any
	}{
		{
			"current_username_of_the_administrator", `{"username":"admin"}`,
			func(ctx context.Context, c *api.Client) (any, error) { return c.CurrentUsername(ctx, "") },
			"workflow/currentUsername", admin, migration.User("admin"),
		},
		{
			"current_username_of_a_user_with_any_name", `{"username":"roleAnonymous"}`,
			func(ctx context.Context, c *api.Client) (any, error) { return c.CurrentUsername(ctx, "jane doe&x") },
			"workflow/currentUsername", master("jane doe&x"), migration.AnonymousUser,
		},
		{
			name: "current_username_of_nobody", answer: `{"username":"roleAnonymous"}`,
			call: func(ctx context.Context, c *api.Client) (any, error) {
				return c.CurrentUsername(ctx, migration.AnonymousUser)
			},
			path: "workflow/currentUsername", form: url.Values{}, want: migration.AnonymousUser,
		},
		{
			"start_of_nobody", `{"recordId":"rec-1","processId":"31_crm_process1","activityId":""}`,
			func(ctx context.Context, c *api.Client) (any, error) {
				nobody := start
				nobody.As = migration.AnonymousUser
				return c.StartProcess(ctx, nobody)
			},
			"workflow/process/start/crm:3:process1",
			url.Values{"recordId": {"rec-1"}, "var_status": {"new; (a) b"}},
			api.StartAnswer{Instance: "31_crm_process1", Record: "rec-1", RecordEchoed: true},
		},
		{
			"start", `{"recordId":"rec-1","processId":"31_crm_process1","activityId":""}`,
			func(ctx context.Context, c *api.Client) (any, error) { return c.StartProcess(ctx, start) },
			"workflow/process/start/crm:3:process1", with(master("cat"), "recordId", "rec-1", "var_status", "new; (a) b"),
			api.StartAnswer{Instance: "31_crm_process1", Record: "rec-1", RecordEchoed: true},
		},
		{
			"start_answered_by_two_documents", `{"processId":"31_x","activityId":""}{"processId":"31_x","activityId":""}`,
			func(ctx context.Context, c *api.Client) (any, error) { return c.StartProcess(ctx, start) },
			"workflow/process/start/crm:3:process1", with(master("cat"), "recordId", "rec-1", "var_status", "new; (a) b"),
			api.StartAnswer{Instance: "31_x"},
		},
		{
			"activity_start", `{"processId":"3_crm_process1","activityDefId":"approve","result":true}`,
			func(ctx context.Context, c *api.Client) (any, error) {
				return c.StartActivity(ctx, i, "approve", true)
			},
			"monitoring/activity/start/3_crm_process1/approve", with(admin, "abortCurrent", "true"), true,
		},
		{
			"activity_start_without_abort_refused", `{"result":false}`,
			func(ctx context.Context, c *api.Client) (any, error) { return c.StartActivity(ctx, i, "ä#b", false) },
			"monitoring/activity/start/3_crm_process1/%C3%A4%23b", with(admin, "abortCurrent", "false"), false,
		},
		{
			"abort", `{"processId":"3_crm_process1","status":"aborted"}`,
			func(ctx context.Context, c *api.Client) (any, error) { return nil, c.AbortProcess(ctx, i) },
			"workflow/process/abort/3_crm_process1", admin, nil,
		},
		{
			"set_variable_to_any_text", `{"status":"variableSet"}`,
			func(ctx context.Context, c *api.Client) (any, error) {
				return nil, c.SetProcessVariable(ctx, i, "status", "a (b); /* c &=%")
			},
			"monitoring/process/variable/3_crm_process1/status", with(admin, "value", "a (b); /* c &=%"), nil,
		},
		{
			"reassign", `{"activityId":"x","username":"terry","replaceUser":"clark"}`,
			func(ctx context.Context, c *api.Client) (any, error) {
				return nil, c.Reassign(ctx, a, "clark", "terry")
			},
			"monitoring/activity/reassign", with(admin, "activityId", string(a), "username", "terry", "replaceUser", "clark"), nil,
		},
		{
			"accept", `{"assignment":"x","status":"accepted"}`,
			func(ctx context.Context, c *api.Client) (any, error) { return nil, c.AcceptAssignment(ctx, "clark", a) },
			"workflow/assignment/accept/" + string(a), master("clark"), nil,
		},
		{
			"complete", `{"assignment":"clark","status":"completed"}`,
			func(ctx context.Context, c *api.Client) (any, error) {
				return nil, c.CompleteAssignmentWithVariables(ctx, "clark", a, map[string]string{"status": "ok"})
			},
			"workflow/assignment/completeWithVariable/" + string(a), with(master("clark"), "var_status", "ok"), nil,
		},
		{
			"running_processes", `{"total":7,"data":{"id":"1_x"},"start":0}`,
			func(ctx context.Context, c *api.Client) (any, error) { return c.RunningProcesses(ctx) },
			"monitoring/running/process/list", with(admin, "start", "0", "rows", "1", "sort", "id", "desc", "false"), 7,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, calls := fake(t, func(w http.ResponseWriter, r *http.Request) {
				http.SetCookie(w, &http.Cookie{Name: "JSESSIONID", Value: "one"})
				reply(200, tc.answer)(w, r)
			})
			for range 2 { // the second call must not carry a cookie of the first
				got, err := tc.call(t.Context(), c)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
			}
			for _, s := range *calls {
				if want := "POST /jw/web/json/" + tc.path; s.path != want {
					t.Errorf("sent %s, want %s", s.path, want)
				}
				if diff := cmp.Diff(tc.form, s.form); diff != "" {
					t.Errorf("form (-want +got):\n%s", diff)
				}
				if got, want := s.header.Get("Referer"), "http://127.0.0.1:"; !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "/jw/") {
					t.Errorf("Referer %q, want %s.../jw/", got, want)
				}
				for _, name := range []string{"Cookie", "Origin", "Authorization", "Expect", "Idempotency-Key", "Accept-Encoding"} {
					if v := s.header.Get(name); v != "" {
						t.Errorf("sent %s: %s", name, v)
					}
				}
			}
			if len(*calls) != 2 {
				t.Errorf("the server saw %d calls, want 2", len(*calls))
			}
		})
	}
}

func TestStartOutcome(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, answer string
		want         api.StartOutcome
	}{
		{"started", `{"recordId":"rec-1","processId":"31_x","activityId":""}`, api.StartStarted},
		{"started_on_v6_without_echo", `{"processId":"31_x","activityId":""}`, api.StartStarted},
		{"not_allowed_echoes_the_record", `{"recordId":"rec-1","processId":"","activityId":""}`, api.StartNotAllowed},
		{"failed_start_has_no_record", `{"processId":"","activityId":""}`, api.StartFailed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, _ := fake(t, reply(200, tc.answer))
			got, err := c.StartProcess(t.Context(), start)
			if err != nil {
				t.Fatal(err)
			}
			if got.Outcome() != tc.want {
				t.Errorf("outcome %s, want %s", got.Outcome(), tc.want)
			}
		})
	}
}

func TestAnswersOfJogetAreToldFromOthers(t *testing.T) {
	t.Parallel()
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	for _, tc := range []struct {
		name    string
		handler http.HandlerFunc
		fate    api.Fate
		kind    api.Kind
		status  int
		code    migration.Code
	}{
		{"redirect_to_login_is_anonymous", redirect("http://x/jw/web/login?error=1"), api.Answered, api.KindNotLoggedIn, 302, migration.CodeRefused},
		{"redirect_elsewhere_is_a_gateway", redirect("https://sso.example.org/auth"), api.Unanswered, api.KindProxy, 302, migration.CodeUnavailable},
		{"bad_credentials", reply(401, errorBody(401, "")), api.Answered, api.KindBadCredentials, 401, migration.CodeRefused},
		{"forbidden", reply(403, errorBody(403, "no")), api.Answered, api.KindForbidden, 403, migration.CodeRefused},
		{"referer_refused_has_no_message", reply(400, errorBody(400, "")), api.Answered, api.KindRefererRefused, 400, migration.CodeRefused},
		{"bad_request_has_one", reply(400, errorBody(400, "Required")), api.Answered, api.KindBadRequest, 400, migration.CodeRefused},
		{"not_found", reply(404, errorBody(404, "x")), api.Answered, api.KindNotFound, 404, migration.CodeNotFound},
		{"error_followed_by_a_second_document", reply(404, errorBody(404, "x")+`{"status":"variableSet"}`), api.Answered, api.KindNotFound, 404, migration.CodeNotFound},
		{"server_error", reply(500, errorBody(500, "System error, please refer to log files")), api.Answered, api.KindServerError, 500, migration.CodeUnavailable},
		{"bad_gateway_in_html", reply(502, "<html>Bad Gateway</html>"), api.Unanswered, api.KindProxy, 502, migration.CodeUnavailable},
		{"gateway_timeout_in_html", reply(504, "<html>"), api.Unanswered, api.KindProxy, 504, migration.CodeUnavailable},
		{"gateway_error_in_json_of_its_own", reply(503, `{"error":"overloaded"}`), api.Unanswered, api.KindProxy, 503, migration.CodeUnavailable},
		{"gateway_error_that_looks_like_jogets", reply(504, `{"error":{"code":504,"date":"Fri","message":"upstream request timeout"}}`), api.Unanswered, api.KindProxy, 504, migration.CodeUnavailable},
		{"error_body_without_a_date", reply(500, `{"error":{"code":500,"message":"internal"}}`), api.Unanswered, api.KindProxy, 500, migration.CodeUnavailable},
		{"error_body_of_another_status", reply(502, errorBody(500, "x")), api.Unanswered, api.KindProxy, 502, migration.CodeUnavailable},
		{"error_without_a_body", reply(500, ""), api.Unanswered, api.KindProxy, 500, migration.CodeUnavailable},
		{"html_with_status_200", reply(200, "\n <!doctype html>"), api.Unanswered, api.KindProxy, 200, migration.CodeUnavailable},
		{"plain_text", reply(200, "hello"), api.Unanswered, api.KindUndecodable, 200, migration.CodeUnavailable},
		{"half_an_object", reply(200, `{"processId":"31_`), api.Unanswered, api.KindUndecodable, 200, migration.CodeUnavailable},
		{"object_of_somebody_else", reply(200, `{"ok":true}`), api.Unanswered, api.KindUndecodable, 200, migration.CodeUnavailable},
		{"object_and_half_another", reply(200, `{"processId":"31_x"}{"a`), api.Unanswered, api.KindUndecodable, 200, migration.CodeUnavailable},
		{"longer_than_allowed", reply(200, `{"processId":"`+strings.Repeat("x", api.MaxBodyBytes)+`"}`), api.Unanswered, api.KindUndecodable, 200, migration.CodeUnavailable},
		{"empty_body_where_there_should_be_one", reply(200, ""), api.Unanswered, api.KindUnexpected, 200, migration.CodeUnsupported},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var observed api.Observation
			c, calls := fake(t, tc.handler, func(o *api.Options) {
				o.Observe = func(got api.Observation) { observed = got }
			})
			_, err := c.StartProcess(t.Context(), start)
			check(t, err, tc.fate, tc.kind, tc.status)
			if got := migration.CodeOf(fmt.Errorf("wrapped: %w", err)); got != tc.code {
				t.Errorf("code %s, want %s", got, tc.code)
			}
			if len(*calls) != 1 {
				t.Errorf("the server saw %d calls, want 1", len(*calls))
			}
			if observed.Op != "process/start" || observed.Status != tc.status {
				t.Errorf("observed %+v", observed)
			}
		})
	}
}

func check(t *testing.T, err error, fate api.Fate, kind api.Kind, status int) {
	t.Helper()
	var e *api.CallError
	if !errors.As(err, &e) {
		t.Fatalf("error %v is no CallError", err)
	}
	if e.Fate != fate || e.Kind != kind || e.Status != status {
		t.Errorf("fate %s kind %s status %d, want %s %s %d (%v)", e.Fate, e.Kind, e.Status, fate, kind, status, err)
	}
	for _, text := range []string{err.Error(), e.Safe(), fmt.Sprintf("%+v %#v", e, e)} {
		for _, secret := range []string{adminPassword, masterPassword, "rec-1", "new; (a) b", "loginAs="} {
			if strings.Contains(text, secret) {
				t.Errorf("error text holds %q: %s", secret, text)
			}
		}
	}
}

// raw runs serve for each connection of a TCP server and counts them.
func raw(t *testing.T, serve func(net.Conn, *http.Request)) (string, *atomic.Int32) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var requests atomic.Int32
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				r, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				if _, err := io.Copy(io.Discard, r.Body); err != nil {
					return
				}
				requests.Add(1)
				serve(conn, r)
			})
		}
	})
	t.Cleanup(func() { _ = listener.Close(); wg.Wait() })
	return "http://" + listener.Addr().String() + "/jw", &requests
}

func TestBrokenConnectionsLeaveTheFateOpen(t *testing.T) {
	t.Parallel()
	const whole = `{"processId":"31_x","activityId":""}`
	for _, tc := range []struct {
		name, wire string
		kind       api.Kind
		status     int
		ok         bool
	}{
		{name: "closed_before_an_answer", wire: "", kind: api.KindCut},
		{name: "closed_within_the_headers", wire: "HTTP/1.1 200 OK\r\nContent-", kind: api.KindCut},
		{name: "body_shorter_than_announced", wire: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + whole, kind: api.KindCut, status: 200},
		{name: "chunks_without_an_end", wire: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n24\r\n" + whole + "\r\n", kind: api.KindCut, status: 200},
		{name: "empty_and_ended_by_closing", wire: "HTTP/1.1 200 OK\r\n\r\n", kind: api.KindCut, status: 200},
		{name: "cut_error_body", wire: "HTTP/1.1 500 X\r\nContent-Length: 500\r\n\r\n{\"error\"", kind: api.KindCut, status: 500},
		{name: "whole_object_ended_by_closing_is_an_answer", wire: "HTTP/1.1 200 OK\r\n\r\n" + whole, ok: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			base, requests := raw(t, func(conn net.Conn, _ *http.Request) { _, _ = io.WriteString(conn, tc.wire) })
			answer, err := client(t, base).StartProcess(t.Context(), start)
			if tc.ok {
				if err != nil || answer.Instance != "31_x" {
					t.Errorf("got %+v, %v", answer, err)
				}
			} else {
				check(t, err, api.Unanswered, tc.kind, tc.status)
			}
			if n := requests.Load(); n != 1 {
				t.Errorf("the server read %d requests, want 1", n)
			}
		})
	}
}

// A server that answers once per connection and then, on the same connection,
// reads the next request and hangs up: the case in which Go's transport sends
// again whatever it can rewind.
func TestConnectionsAreNeverReusedSoNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	var connections, requests atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if n, ok := r.Context().Value(connKey{}).(*atomic.Int32); !ok || n.Add(1) > 1 {
			panic(http.ErrAbortHandler)
		}
		reply(200, `{"username":"admin","processId":"31_x"}`)(w, r)
	}))
	server.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		connections.Add(1)
		return context.WithValue(ctx, connKey{}, new(atomic.Int32))
	}
	server.Start()
	t.Cleanup(server.Close)
	c := client(t, server.URL+"/jw")
	const calls = 10
	for range calls {
		if _, err := c.CurrentUsername(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		if _, err := c.StartProcess(t.Context(), start); err != nil {
			t.Fatal(err)
		}
	}
	if requests.Load() != 2*calls || connections.Load() != 2*calls {
		t.Errorf("%d requests on %d connections, want %d on as many", requests.Load(), connections.Load(), 2*calls)
	}
}

type connKey struct{}

func TestNotSent(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	plain := httptest.NewServer(reply(200, `{}`))
	t.Cleanup(plain.Close)
	untrusted := httptest.NewTLSServer(reply(200, `{}`))
	t.Cleanup(untrusted.Close)
	untrusted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tc := range []struct {
		name, base string
		ctx        context.Context
		request    api.StartRequest
		kind       api.Kind
	}{
		{"dial_refused", "http://" + closed + "/jw", t.Context(), start, api.KindNotSent},
		{"no_such_host", "http://joget.invalid/jw", t.Context(), start, api.KindNotSent},
		{"certificate_not_trusted", untrusted.URL + "/jw", t.Context(), start, api.KindNotSent},
		{"tls_to_a_plain_server", strings.Replace(plain.URL, "http:", "https:", 1) + "/jw", t.Context(), start, api.KindNotSent},
		{"context_done_before", plain.URL + "/jw", cancelled, start, api.KindNotSent},
		{"no_requester", plain.URL + "/jw", t.Context(), api.StartRequest{Definition: start.Definition, Record: "r"}, api.KindUnaddressable},
		{"record_with_a_space", plain.URL + "/jw", t.Context(), api.StartRequest{Definition: start.Definition, As: "cat", Record: "PO 12/2023 (A)"}, api.KindUnaddressable},
		{"variable_named_like_the_prefix", plain.URL + "/jw", t.Context(), api.StartRequest{Definition: start.Definition, As: "cat", Record: "r", Variables: map[string]string{"my_var_x": ""}}, api.KindUnaddressable},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := client(t, tc.base).StartProcess(tc.ctx, tc.request)
			check(t, err, api.NotSent, tc.kind, 0)
		})
	}
}

func TestIDsThatJogetRefusesAreNotSent(t *testing.T) {
	t.Parallel()
	c, calls := fake(t, reply(200, `{}`))
	for _, id := range []string{"", "a b", "a(b", "a)b", "a;b", "a/b", `a\b`, "a%b", "a+b", "a/*b", "a.", "..", ".", "a\nb", "a\x00b"} {
		_, err := c.StartActivity(t.Context(), "3_x", migration.ActivityDefID(id), false)
		check(t, err, api.NotSent, api.KindUnaddressable, 0)
		if migration.CodeOf(err) != migration.CodeUnsupported {
			t.Errorf("%q: code %s", id, migration.CodeOf(err))
		}
		var u *api.UnaddressableError
		if !errors.As(err, &u) {
			t.Errorf("%q: %v is not Unaddressable", id, err)
		}
	}
	for _, def := range []migration.DefinitionID{
		{Package: "my_latest_app", Version: "1", Process: "p"},
		{Package: "crm", Version: "1", Process: "latest_p"},
		{Package: "crm", Version: "x1", Process: "p"},
		{Package: "c:rm", Version: "1", Process: "p"},
		{Package: "crm", Version: "1", Process: ""},
		{},
	} {
		r := start
		r.Definition = def
		_, err := c.StartProcess(t.Context(), r)
		check(t, err, api.NotSent, api.KindUnaddressable, 0)
	}
	if err := c.Reassign(t.Context(), "9_x", "clark", "jane doe"); api.KindOf(err) != api.KindUnaddressable {
		t.Errorf("reassigning to a name with a space: %v", err)
	}
	if len(*calls) != 0 {
		t.Errorf("the server saw %d calls", len(*calls))
	}
	r := start
	r.Definition.Version = migration.Latest
	if _, err := c.StartProcess(t.Context(), r); api.FateOf(err) != api.Unanswered || (*calls)[0].path != "POST /jw/web/json/workflow/process/start/crm:latest:process1" {
		t.Errorf("latest: %v, %v", err, *calls)
	}
}

// Only the dialing may be cut: what is on its way is awaited.
func TestMutatingCallsOutliveTheirContextOnceSent(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	c, _ := fake(t, func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-release
		reply(200, `{"recordId":"rec-1","processId":"31_x"}`)(w, r)
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
		close(release)
	}()
	answer, err := c.StartProcess(ctx, start)
	if err != nil || answer.Instance != "31_x" {
		t.Errorf("got %+v, %v; want the answer", answer, err)
	}
}

func TestReadingCallsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	arrived, done := make(chan struct{}), make(chan struct{})
	defer close(done)
	c, _ := fake(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		select {
		case <-r.Context().Done():
		case <-done:
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	_, err := c.CurrentUsername(ctx, "")
	check(t, err, api.Unanswered, api.KindCancelled, 0)
}

func TestTimeoutAfterSendingIsUnanswered(t *testing.T) {
	t.Parallel()
	base, requests := raw(t, func(conn net.Conn, _ *http.Request) {
		_, _ = io.Copy(io.Discard, conn) // until the client hangs up
	})
	c := client(t, base, func(o *api.Options) { o.Timeout = 150 * time.Millisecond })
	_, err := c.StartProcess(t.Context(), start)
	check(t, err, api.Unanswered, api.KindTimeout, 0)
	if requests.Load() != 1 {
		t.Errorf("%d requests", requests.Load())
	}
}

func TestLimiterRefusesBeforeSending(t *testing.T) {
	t.Parallel()
	c, calls := fake(t, reply(200, `{"username":"admin"}`), func(o *api.Options) { o.Limiter = rate.NewLimiter(rate.Every(time.Hour), 1) })
	if _, err := c.CurrentUsername(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := c.CurrentUsername(ctx, "")
	check(t, err, api.NotSent, api.KindNotSent, 0)
	if len(*calls) != 1 {
		t.Errorf("the server saw %d calls", len(*calls))
	}
}

func TestAdmitCountsForOneCall(t *testing.T) {
	t.Parallel()
	c, calls := fake(t, reply(200, `{"username":"admin"}`), func(o *api.Options) { o.Limiter = rate.NewLimiter(rate.Every(time.Hour), 1) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	ctx, err := c.Admit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CurrentUsername(ctx, ""); err != nil {
		t.Errorf("the call that was admitted: %v", err)
	}
	_, err = c.CurrentUsername(ctx, "")
	check(t, err, api.NotSent, api.KindNotSent, 0)
	if len(*calls) != 1 {
		t.Errorf("the server saw %d calls", len(*calls))
	}
}

func TestLoginByHash(t *testing.T) {
	t.Parallel()
	for user, want := range map[string]string{
		"master": "E505CF727D214A68CB03DA25DA978500",
		"admin":  "14ACD782DCFEB2BCDE2B271CCD559477",
	} {
		if got := api.LoginHash(user, api.NewSecret(user)).Reveal(); got != want {
			t.Errorf("hash of %s: %s, want %s", user, got, want)
		}
	}
	c, calls := fake(t, reply(200, `{"username":"admin"}`), func(o *api.Options) {
		o.Admin = api.Identity{Username: "admin", Password: api.NewSecret("admin"), UseHash: true}
		o.Master = api.Identity{Username: "master", Hash: api.NewSecret("ABC")}
	})
	for _, as := range []migration.User{"", "cat"} {
		if _, err := c.CurrentUsername(t.Context(), as); err != nil {
			t.Fatal(err)
		}
	}
	want := []url.Values{
		{"j_username": {"admin"}, "hash": {"14ACD782DCFEB2BCDE2B271CCD559477"}},
		{"j_username": {"master"}, "hash": {"ABC"}, "loginAs": {"cat"}},
	}
	if diff := cmp.Diff(want, []url.Values{(*calls)[0].form, (*calls)[1].form}); diff != "" {
		t.Errorf("forms (-want +got):\n%s", diff)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	admin := api.Identity{Username: "admin", Password: api.NewSecret("x")}
	for _, tc := range []struct {
		name string
		o    api.Options
	}{
		{"no_url", api.Options{Admin: admin}},
		{"no_scheme", api.Options{BaseURL: "host:8080/jw", Admin: admin}},
		{"password_in_the_url", api.Options{BaseURL: "http://u:hunter9@h/jw", Admin: admin}},
		{"broken_url_with_password", api.Options{BaseURL: "http://u:hunter9@h:x/jw", Admin: admin}},
		{"query", api.Options{BaseURL: "http://h/jw?a=b", Admin: admin}},
		{"no_identity", api.Options{BaseURL: "http://h/jw"}},
		{"user_without_password_would_be_anonymous", api.Options{BaseURL: "http://h/jw", Admin: api.Identity{Username: "admin"}}},
		{"master_without_password_would_be_anonymous", api.Options{BaseURL: "http://h/jw", Admin: admin, Master: api.Identity{Username: "master"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := api.New(tc.o)
			if migration.CodeOf(err) != migration.CodeInvalid {
				t.Fatalf("error %v, want CodeInvalid", err)
			}
			if strings.Contains(err.Error(), "hunter9") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
	c, calls := fake(t, reply(200, `{}`), func(o *api.Options) { o.Master = api.Identity{} })
	_, err := c.StartProcess(t.Context(), start)
	check(t, err, api.NotSent, api.KindInvalid, 0)
	if len(*calls) != 0 {
		t.Error("a call was made without the master login")
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	const text = "hunter2"
	secret := api.NewSecret(text)
	o := api.Options{BaseURL: "http://h/jw", Admin: api.Identity{Username: "admin", Password: secret}}
	c, err := api.New(o)
	if err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	holder := struct{ inner api.Identity }{o.Admin}
	for _, v := range []any{secret, &secret, o, o.Admin, &o.Admin, holder, &holder, c, []api.Secret{secret}, map[string]api.Secret{"a": secret}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&shown, verb+"\n", v)
		}
	}
	data, err := json.Marshal(o.Admin)
	if err != nil {
		t.Fatal(err)
	}
	shown.Write(data)
	slog.New(slog.NewTextHandler(&shown, nil)).Info("x", "secret", secret, "identity", o.Admin)
	slog.New(slog.NewJSONHandler(&shown, nil)).Info("x", "secret", secret, "identity", o.Admin)
	if got := shown.String(); strings.Contains(got, text) || strings.Contains(got, fmt.Sprintf("%x", text)) {
		t.Errorf("the secret is shown:\n%s", got)
	}
	var back api.Secret
	if err := back.UnmarshalText([]byte(text)); err != nil || back.Reveal() != text || (api.Secret{}).Reveal() != "" {
		t.Errorf("reveal gives %q, %v", back.Reveal(), err)
	}
}
