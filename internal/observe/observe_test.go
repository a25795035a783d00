package observe_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/log"
	"go.uber.org/zap"

	"jogetferry/internal/observe"
)

func TestSDKLogger(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		level string
		write func(l log.Logger)
		want  map[string]any
	}{
		{"pairs_become_fields", "info", func(l log.Logger) { l.Info("m", "WorkflowID", "w", "Attempt", 2) }, map[string]any{"level": "info", "msg": "m", "WorkflowID": "w", "Attempt": 2.0}},
		{"errors_are_text", "info", func(l log.Logger) { l.Error("m", "Error", errors.New("broken")) }, map[string]any{"level": "error", "msg": "m", "Error": "broken"}},
		{"levels_below_are_left_out", "warn", func(l log.Logger) { l.Debug("m"); l.Info("m") }, nil},
		{"warnings", "warn", func(l log.Logger) { l.Warn("m") }, map[string]any{"level": "warn", "msg": "m"}},
		{"a_key_without_a_value_is_kept", "info", func(l log.Logger) { l.Info("m", "lost") }, map[string]any{"level": "info", "msg": "m", "without_value": "lost"}},
		{"a_key_that_is_no_text_is_kept", "info", func(l log.Logger) { l.Info("m", 7, 8) }, map[string]any{"level": "info", "msg": "m", "7": 8.0}},
		{"with_adds_to_a_copy", "info", func(l log.Logger) {
			_ = log.With(l, "other", "x")
			log.With(l, "k", "v").Info("m")
		}, map[string]any{"level": "info", "msg": "m", "k": "v"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			logger, err := observe.NewLogger(&out, tc.level)
			if err != nil {
				t.Fatal(err)
			}
			tc.write(observe.SDKLogger(logger))
			var got map[string]any
			if out.Len() > 0 {
				if err := json.Unmarshal(out.Bytes(), &got); err != nil {
					t.Fatal(err)
				}
				if caller, ok := got["caller"].(string); !ok || !strings.Contains(caller, "observe_test.go") {
					t.Errorf("caller is %v, want the line that logs", got["caller"])
				}
				delete(got, "caller")
				delete(got, "time")
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNewLoggerRefusesUnknownLevels(t *testing.T) {
	t.Parallel()
	if _, err := observe.NewLogger(&bytes.Buffer{}, "loud"); err == nil {
		t.Error("level loud is taken")
	}
}

func TestMetricsPage(t *testing.T) {
	t.Parallel()
	m, err := observe.NewMetrics(zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	m.SDK.WithTags(map[string]string{"operation": "x"}).Counter("temporal_request").Inc(3)
	page := httptest.NewRecorder()
	m.Page.ServeHTTP(page, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	for _, want := range []string{"# TYPE temporal_request_total counter", `temporal_request_total{operation="x"} 3`, "go_goroutines"} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if err := m.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
