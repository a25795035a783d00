package fault_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/test/simulator/fault"
)

const (
	prefix = "/jw/web/json/"
	start  = prefix + "workflow/process/start/app:1:p"
)

// site is a server whose only effect is a count.
type site struct {
	url    string
	faults *fault.Injector
	sleeps chan time.Duration // one element per delay, which waits for release
	free   chan struct{}
	close  func()

	mu      sync.Mutex
	effects []string // what was planned for the caller of each effect, or "answer"
}

func newSite(t *testing.T, rules ...fault.Rule) *site {
	t.Helper()
	s := &site{faults: fault.NewInjector(1), sleeps: make(chan time.Duration, 10), free: make(chan struct{})}
	if err := s.faults.Add(rules...); err != nil {
		t.Fatal(err)
	}
	h := fault.New(fault.Options{
		Injector: s.faults, Prefix: prefix, Login: "/jw/web/login",
		Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
		Sleep: func(ctx context.Context, d time.Duration) error {
			s.sleeps <- d
			select {
			case <-s.free:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
		Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil || string(body) != "a=b" {
				t.Errorf("body %q, %v", body, err)
			}
			planned, ok := fault.Planned(r.Context())
			if !ok {
				planned = "answer"
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.effects = append(s.effects, planned)
			w.Header().Set("Content-Type", "application/json")
			if _, err := w.Write([]byte(`{"done":true}`)); err != nil {
				t.Error(err)
			}
		}),
	})
	server := httptest.NewServer(h)
	s.url, s.close = server.URL, func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(func() {
		server.Close()
		s.close()
	})
	return s
}

func (s *site) happened() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.effects...)
}

// post answers "status body", or "cut".
func (s *site) post(t *testing.T, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, strings.NewReader("a=b"))
	if err != nil {
		t.Error(err)
		return ""
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if errors.Is(err, io.EOF) || err != nil && strings.Contains(err.Error(), "reset") {
		return "cut"
	}
	if err != nil {
		t.Error(err)
		return ""
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return res.Status[:3] + " " + string(raw)
}

func TestHandler_answers_and_effects_of_each_kind(t *testing.T) {
	t.Parallel()
	const system = `500 {"error":{"date":"Fri Jan 02 03:04:05 UTC 2026","code":"500","message":"System error, please refer to log files"}}`
	const page = `502 <html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>`
	for _, tc := range []struct {
		name    string
		rule    fault.Rule
		answer  string
		effects []string
	}{
		{"error_before_has_no_effect", fault.Rule{Kind: fault.Error500Before}, system, []string{}},
		{"error_after_has_its_effect", fault.Rule{Kind: fault.Error500After}, system, []string{"500"}},
		{"cut_before_has_no_effect", fault.Rule{Kind: fault.CutBefore}, "cut", []string{}},
		{"cut_after_has_its_effect", fault.Rule{Kind: fault.CutAfter}, "cut", []string{"cut"}},
		{"redirect_has_no_effect", fault.Rule{Kind: fault.Redirect302}, "302 ", []string{}},
		{"bad_request_has_no_effect", fault.Rule{Kind: fault.Bad400}, `400 {"error":{"date":"Fri Jan 02 03:04:05 UTC 2026","code":"400","message":""}}`, []string{}},
		{"proxy_page_has_no_effect", fault.Rule{Kind: fault.HTML502}, page, []string{}},
		{"proxy_page_after_the_effect", fault.Rule{Kind: fault.HTML502, After: true}, page, []string{"502"}},
		{"empty_answer_has_no_effect", fault.Rule{Kind: fault.Empty200}, "200 ", []string{}},
		{"empty_answer_after_the_effect", fault.Rule{Kind: fault.Empty200, After: true}, "200 ", []string{"200"}},
		{"truncated_answer_has_its_effect", fault.Rule{Kind: fault.Truncated}, `200 {"done`, []string{"answer"}},
		{"doubled_answer_has_one_effect", fault.Rule{Kind: fault.DuplicateJSON}, `200 {"done":true}{"done":true}`, []string{"answer"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.rule.Path = "process/start"
			s := newSite(t, tc.rule)
			if got := s.post(t, start); got != tc.answer {
				t.Errorf("answer %q, want %q", got, tc.answer)
			}
			if d := cmp.Diff(tc.effects, s.happened()); d != "" {
				t.Errorf("effects (-want +got):\n%s", d)
			}
			if got := s.post(t, prefix+"other"); got != `200 {"done":true}` {
				t.Errorf("a call of another path answers %q", got)
			}
		})
	}
}

func TestHandler_latency_delays_the_effect_and_answer_late_only_the_answer(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		kind   fault.Kind
		during int // effects while the call is delayed
	}{
		{"latency", fault.Latency, 0},
		{"answer_late", fault.AnswerLate, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, fault.Rule{Path: fault.Any, Kind: tc.kind, Delay: time.Hour, Count: 1})
			answer := make(chan string, 1)
			go func() { answer <- s.post(t, start) }()
			if d := <-s.sleeps; d != time.Hour {
				t.Errorf("delayed by %v", d)
			}
			if n := len(s.happened()); n != tc.during {
				t.Errorf("%d effects during the delay, want %d", n, tc.during)
			}
			if got := s.post(t, start); got != `200 {"done":true}` {
				t.Errorf("another call answers %q during the delay", got)
			}
			close(s.free)
			if got := <-answer; got != `200 {"done":true}` || len(s.happened()) != 2 {
				t.Errorf("answer %q, %d effects in the end", got, len(s.happened()))
			}
		})
	}
}

func TestHandler_delayed_commit_cuts_first_and_has_its_effect_later(t *testing.T) {
	t.Parallel()
	s := newSite(t, fault.Rule{Path: fault.Any, Kind: fault.DelayedCommit, Delay: time.Minute, Count: 1})
	if got := s.post(t, start); got != "cut" {
		t.Errorf("answer %q", got)
	}
	if d := <-s.sleeps; d != time.Minute || len(s.happened()) != 0 {
		t.Errorf("delayed by %v, effects %v", d, s.happened())
	}
	s.free <- struct{}{} // taken by the delay only
	s.close()
	if d := cmp.Diff([]string{"cut"}, s.happened()); d != "" {
		t.Errorf("effects (-want +got):\n%s", d)
	}
}

func TestHandler_close_gives_up_what_has_not_begun(t *testing.T) {
	t.Parallel()
	s := newSite(t, fault.Rule{Path: fault.Any, Kind: fault.DelayedCommit, Delay: time.Minute})
	s.post(t, start)
	<-s.sleeps
	s.close()
	if n := len(s.happened()); n != 0 {
		t.Errorf("%d effects", n)
	}
}

func TestInjector_counts_skips_and_throws_the_same_dice_for_one_seed(t *testing.T) {
	t.Parallel()
	outcomes := func(rules ...fault.Rule) string {
		s := newSite(t, rules...)
		var out strings.Builder
		for range 40 {
			out.WriteString(s.post(t, start)[:1])
		}
		return out.String()
	}
	exact := outcomes(fault.Rule{Path: "process/start", Kind: fault.Error500Before, Skip: 2, Count: 3})
	if want := "22555" + strings.Repeat("2", 35); exact != want {
		t.Errorf("skip 2 and count 3 give %s, want %s", exact, want)
	}
	half := fault.Rule{Path: "process/start", Kind: fault.Error500Before, Probability: 0.5}
	first, second := outcomes(half), outcomes(half)
	if n := strings.Count(first, "5"); n < 10 || n > 30 || first != second {
		t.Errorf("probability 0.5 gives %s, then %s", first, second)
	}
}

func TestParseRule_reads_flags_and_refuses_mistakes(t *testing.T) {
	t.Parallel()
	got, err := fault.ParseRule("path=activity/start,kind=html502,p=0.25,count=2,skip=1,delay=1500ms,after=true")
	want := fault.Rule{Path: "activity/start", Kind: fault.HTML502, Probability: 0.25, Count: 2, Skip: 1, Delay: 1500 * time.Millisecond, After: true}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, d)
	}
	raw, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var again fault.Rule
	if err := json.Unmarshal(raw, &again); err != nil || again != want {
		t.Errorf("%s becomes %+v, %v", raw, again, err)
	}
	for _, bad := range []string{"", "path=x", "kind=latency", "path=x,kind=nothing", "path=x,kind=latency,p=2", "path=x,kind=latency,count=-1", "path=x,kind=latency,delay=1", "path=x,kind=latency,what=1"} {
		if _, err := fault.ParseRule(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}
