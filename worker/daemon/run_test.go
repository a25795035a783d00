package daemon_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap/zaptest"

	"jogetferry/config"
	"jogetferry/contract"
	"jogetferry/internal/exitcode"
	"jogetferry/migration"
	"jogetferry/test/mysqltest"
	"jogetferry/test/temporaltest"
	"jogetferry/worker/daemon"
)

// load returns a configuration of a worker with the given keys.
func load(t *testing.T, args ...string) *config.Config {
	t.Helper()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	config.AddFlags(flags)
	if err := flags.Parse(append([]string{"--migration=m", "--target.url=http://127.0.0.1:1/jw", "--worker.roles=workflows"}, args...)); err != nil {
		t.Fatal(err)
	}
	return config.Load(flags, nil)
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := new(http.Client).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestRunWorksUntilItIsToldToStop(t *testing.T) {
	t.Parallel()
	server := temporaltest.New(t, temporaltest.Options{})
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := load(t)
	c.Ledger.Database = migration.NewSecret(mysqltest.DSN(t))
	if err := c.Validate(config.PartWorker); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	started, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- daemon.Run(ctx, daemon.Options{
			Config: c, Temporal: client.Options{HostPort: server.HostPort(), Namespace: server.Namespace()},
			Logger: zaptest.NewLogger(t), Listener: listener, Started: func() { close(started) },
		})
	}()
	select {
	case err := <-ended:
		t.Fatalf("ended before it began: %v", err)
	case <-started:
	}

	base := "http://" + listener.Addr().String()
	for path, want := range map[string]string{"/livez": "ok", "/readyz": "ok", "/metrics": "temporal_worker_start"} {
		if status, body := get(t, base+path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d, want %s in %s", path, status, want, body)
		}
	}
	temporal, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer temporal.Close()
	list, err := temporal.OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: server.Namespace()})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{contract.StageAttribute, contract.ReasonAttribute, contract.WaveAttribute, contract.DefinitionAttribute} {
		if _, ok := list.GetCustomAttributes()[name]; !ok {
			t.Errorf("search attribute %s is not registered", name)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestRunSaysWhatIsOutOfReach(t *testing.T) {
	t.Parallel()
	c := load(t, "--worker.listen=-")
	c.Ledger.Database = migration.NewSecret("u:p@tcp(127.0.0.1:1)/x")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := daemon.Run(ctx, daemon.Options{Config: c, Temporal: client.Options{HostPort: "127.0.0.1:1"}, Logger: zaptest.NewLogger(t)})
	if migration.CodeOf(err) != migration.CodeUnavailable || !strings.Contains(err.Error(), "TEMPORAL_ADDRESS") {
		t.Errorf("Run: %v, want it unavailable and TEMPORAL_ADDRESS named", err)
	}
}

func TestRunRefusesANamespaceThatIsNotThere(t *testing.T) {
	t.Parallel()
	server := temporaltest.New(t, temporaltest.Options{})
	c := load(t, "--worker.listen=-")
	c.Ledger.Database = migration.NewSecret(mysqltest.DSN(t))
	err := daemon.Run(t.Context(), daemon.Options{
		Config: c, Temporal: client.Options{HostPort: server.HostPort(), Namespace: "nowhere"}, Logger: zaptest.NewLogger(t),
	})
	if exitcode.Of(err) != exitcode.Usage || !strings.Contains(err.Error(), "TEMPORAL_NAMESPACE") {
		t.Errorf("Run: %v, status %d; want %d and TEMPORAL_NAMESPACE named", err, exitcode.Of(err), exitcode.Usage)
	}
}
