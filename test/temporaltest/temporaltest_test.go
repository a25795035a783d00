package temporaltest_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.temporal.io/sdk/client"

	"jogetferry/internal/shown"
	"jogetferry/test/temporaltest"
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

// TestShownCommandsAreUnderstood asks the CLI about the commands of the documents
// and of the unit of systemd: its help knows no flag that it does not.
func TestShownCommandsAreUnderstood(t *testing.T) {
	t.Parallel()
	commands, err := shown.Commands("../..", []string{"temporal"})
	if err != nil {
		t.Fatal(err)
	}
	unit, err := os.ReadFile("../../compose/systemd/ferry-temporal.service")
	if err != nil {
		t.Fatal(err)
	}
	_, start, _ := strings.Cut(strings.ReplaceAll(string(unit), "\\\n", " "), "bin/temporal ")
	start, _, _ = strings.Cut(start, "\n")
	all := map[string][]string{"the unit of systemd": strings.Fields(start)}
	for _, c := range commands {
		if c.Program() == "temporal" {
			all[c.String()] = c.Words[1:]
		}
	}
	if len(all) < 4 {
		t.Errorf("only %d commands were found", len(all))
	}
	for name, args := range all {
		if said, err := exec.CommandContext(t.Context(), "../../bin/temporal", append(args, "--help")...).CombinedOutput(); err != nil || !strings.Contains(string(said), "Usage:") {
			t.Errorf("%s: %v\n%s", name, err, said)
		}
	}
}
