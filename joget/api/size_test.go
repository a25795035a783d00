package api_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"jogetferry/joget/api"
	"jogetferry/migration"
)

// posts is a target that notes how long the bodies are that it gets.
func posts(t *testing.T) (base string, calls, last *atomic.Int64) {
	t.Helper()
	calls, last = new(atomic.Int64), new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			t.Error(err)
		}
		calls.Add(1)
		last.Store(n)
		reply(200, `{"processId":"7","recordId":"rec-1","activityId":"","status":"variableSet"}`)(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/jw", calls, last
}

// TestBodiesThatReachTheLimitAreNotSent goes by the bytes as they are encoded: three
// for a percent sign.
func TestBodiesThatReachTheLimitAreNotSent(t *testing.T) {
	t.Parallel()
	base, calls, last := posts(t)
	request := start
	request.Variables = map[string]string{"note": "%"}
	if _, err := client(t, base).StartProcess(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	rest := last.Load() - 3 // of a body with one percent sign
	for _, tc := range []struct {
		name   string
		limit  int // 0: that of Tomcat
		signs  int
		refuse bool
	}{
		{"one_byte_below", int(rest) + 301, 100, false},
		{"at_the_limit", int(rest) + 300, 100, true},
		{"two_mebibytes_of_text_by_default", 0, (api.DefaultMaxPost + 2) / 3, true},
		{"less_by_default", 0, 600_000, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			base, calls, last := posts(t)
			c := client(t, base, func(o *api.Options) { o.MaxPost = tc.limit })
			request := start
			request.Variables = map[string]string{"note": strings.Repeat("%", tc.signs)}
			_, err := c.StartProcess(t.Context(), request)
			checked := c.CheckStart(request)
			if !tc.refuse {
				if err != nil || checked != nil || last.Load() != rest+int64(3*tc.signs) {
					t.Errorf("%v, %v, %d bytes; want %d", err, checked, last.Load(), rest+int64(3*tc.signs))
				}
				return
			}
			check(t, err, api.NotSent, api.KindTooLarge, 0)
			check(t, checked, api.NotSent, api.KindTooLarge, 0)
			if calls.Load() != 0 || migration.CodeOf(err) != migration.CodeUnsupported || strings.Contains(err.Error(), "%%") {
				t.Errorf("%d calls, code %q, %v", calls.Load(), migration.CodeOf(err), err)
			}
		})
	}
	// Every call is counted, not the start alone.
	before := calls.Load()
	err := client(t, base).SetProcessVariable(t.Context(), "7_crm_p", "note", strings.Repeat("x", api.DefaultMaxPost))
	check(t, err, api.NotSent, api.KindTooLarge, 0)
	if calls.Load() != before {
		t.Error("it was sent")
	}
}

// TestSizesAreThoseOfCalls keeps what a plan computes at or above what is sent.
func TestSizesAreThoseOfCalls(t *testing.T) {
	t.Parallel()
	base, _, last := posts(t)
	c := client(t, base)
	// The shortest and the longest login, apart.
	const slack = 3*(255+512) + len("j_username=&j_password=&")
	request := start
	request.Variables = map[string]string{"note": strings.Repeat("ä ", 1000), "amount": "7"}
	_, err := c.StartProcess(t.Context(), request)
	sent := int(last.Load())
	err2 := c.SetProcessVariable(t.Context(), "7_crm_p", "note", request.Variables["note"])
	set := int(last.Load())
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if n := api.StartSize(request); n < sent || n > sent+slack {
		t.Errorf("a start of %d bytes is computed as %d", sent, n)
	}
	if n := api.VariableSize(request.Variables["note"]); n < set || n > set+slack {
		t.Errorf("a variable of %d bytes is computed as %d", set, n)
	}
}
