package main

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"jogetferry/internal/shown"
)

// understand returns what is wrong with a command line, without running it.
func understand(args []string) error {
	cmd, rest, err := command().Find(args)
	if err != nil {
		return err
	}
	if !cmd.Runnable() {
		return errors.New("the verb is missing")
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return errors.Join(cmd.ValidateArgs(cmd.Flags().Args()), cmd.ValidateRequiredFlags())
}

// TestEveryShownCommandIsUnderstood parses the simulator commands of the
// documents. All of them work on a database, so none is run.
func TestEveryShownCommandIsUnderstood(t *testing.T) {
	t.Parallel()
	commands, err := shown.Commands("../..", []string{"go"})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, c := range commands {
		rest, ok := strings.CutPrefix(strings.Join(c.Words, "\x00"), "go\x00run\x00./test/simulator\x00")
		if !ok {
			continue
		}
		seen++
		// What a page leaves out is shown in full above.
		args := strings.Split(strings.Replace(rest, "...", "--dsn\x00dsn", 1), "\x00")
		if err := understand(args); err != nil {
			t.Errorf("%s: %v", c, err)
		}
	}
	if seen < 6 {
		t.Errorf("only %d commands were found", seen)
	}
}

// TestComposeGivesFlagsThatThereAre parses what docker-compose.yml gives the simulators.
func TestComposeGivesFlagsThatThereAre(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct {
			Entrypoint []string
			Command    []string
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var seen []string
	for name, service := range file.Services {
		if len(service.Entrypoint) == 0 || service.Entrypoint[0] != "/ferry-simulator" {
			continue
		}
		seen = append(seen, name)
		if err := understand(slices.Concat(service.Entrypoint[1:], service.Command)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(seen) != 4 {
		t.Errorf("simulators are %v, want four", seen)
	}
}
