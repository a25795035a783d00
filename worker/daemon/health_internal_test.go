package daemon

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestReadiness(t *testing.T) {
	t.Parallel()
	calls := 0
	var down error
	h := newHealth(func(context.Context) error { calls++; return down })
	page := handler(http.NotFoundHandler(), h)
	ask := func(path string, status int, text string) {
		t.Helper()
		w := httptest.NewRecorder()
		page.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if w.Code != status || strings.TrimSpace(w.Body.String()) != text {
			t.Errorf("%s: %d %q, want %d %q", path, w.Code, w.Body, status, text)
		}
	}
	ask("/readyz", 503, "starting")
	h.started()
	ask("/readyz", 200, "ok")
	down = errors.New("dial tcp 10.0.0.1:3306: connection refused")
	ask("/readyz", 200, "ok") // the answer is a few seconds old at most
	if calls != 1 {
		t.Errorf("asked %d times, want once", calls)
	}
	h.forget()
	ask("/readyz", 503, "Temporal or the ledger does not answer")
	ask("/livez", 200, "ok")
	h.stopping()
	ask("/readyz", 503, "stopping")
	ask("/livez", 200, "ok")
}
