package observe

import (
	"context"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.uber.org/zap"
)

// Metrics collects the metrics of one process, in a registry of its own.
type Metrics struct {
	// SDK is for client.Options.MetricsHandler.
	SDK client.MetricsHandler
	// Page answers scrapes.
	Page http.Handler

	provider *metric.MeterProvider
}

// NewMetrics returns metrics of the SDK, the Go runtime and the process.
// Metrics that cannot be made or scraped are logged; they stop nothing.
func NewMetrics(logger *zap.Logger) (*Metrics, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	reader, err := exporter.New(exporter.WithRegisterer(registry), exporter.WithoutScopeInfo(), exporter.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("export metrics: %w", err)
	}
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	return &Metrics{
		SDK: opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{
			Meter: provider.Meter("jogetferry"),
			// The SDK's own default panics.
			OnError:              func(err error) { logger.Warn("metric cannot be recorded", zap.Error(err)) },
			UseMonotonicCounters: true,
		}),
		Page:     promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}),
		provider: provider,
	}, nil
}

// Shutdown ends the collection.
func (m *Metrics) Shutdown(ctx context.Context) error {
	if err := m.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("end metrics: %w", err)
	}
	return nil
}
