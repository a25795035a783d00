package temporaltest_test

import (
	"errors"
	"path/filepath"
	"testing"

	"go.temporal.io/sdk/client"

	"jogetferry/internal/temporaltest"
)

func TestServer_keeps_its_workflows_and_port_over_kill_stop_and_restart(t *testing.T) {
	t.Parallel()
	server := temporaltest.New(t, temporaltest.Options{DBFile: filepath.Join(t.TempDir(), "temporal.db")})
	c, err := server.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "kept", TaskQueue: "nobody"}, "Waits")
	if err != nil {
		t.Fatal(err)
	}
	address := server.HostPort()
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if server.HostPort() != address {
		t.Errorf("moved from %s to %s", address, server.HostPort())
	}
	described, err := c.DescribeWorkflowExecution(t.Context(), "kept", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := described.GetWorkflowExecutionInfo().GetExecution().GetRunId(); got != run.GetRunID() {
		t.Errorf("run %s, want %s", got, run.GetRunID())
	}
}

func TestServer_without_a_binary_says_how_to_build_it(t *testing.T) {
	t.Parallel()
	_, err := temporaltest.Start(t.Context(), temporaltest.Options{Binary: filepath.Join(t.TempDir(), "temporal")})
	if !errors.Is(err, temporaltest.ErrNotBuilt) {
		t.Errorf("error %v", err)
	}
}
