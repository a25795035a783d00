package compose_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"jogetferry/config"
	"jogetferry/internal/exitcode"
	"jogetferry/worker/daemon"
)

const (
	workerUnit   = "compose/systemd/ferry-worker.service"
	temporalUnit = "compose/systemd/ferry-temporal.service"
	installed    = "/opt/jogetferry/bin/" // where docs/set-up.md unpacks a release
)

var units = []string{workerUnit, temporalUnit}

// settings returns the values of a unit, by "Section.Key", in the file's order.
func settings(t *testing.T, unit string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	section := ""
	for line := range strings.Lines(strings.ReplaceAll(read(t, unit), "\\\n", " ")) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSuffix(name, "]")
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			t.Errorf("%s: %q is no setting", unit, line)
		}
		all[section+"."+key] = append(all[section+"."+key], value)
	}
	return all
}

// setting returns the one value of key.
func setting(t *testing.T, unit, key string) string {
	t.Helper()
	values := settings(t, unit)[key]
	if len(values) != 1 {
		t.Fatalf("%s has %d values of %s, want one", unit, len(values), key)
	}
	return values[0]
}

// duration reads what both systemd and Go understand, and "6min".
func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(strings.Replace(text, "min", "m", 1))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestUnit_gives_the_worker_flags_that_it_has(t *testing.T) {
	t.Parallel()
	command := strings.Fields(setting(t, workerUnit, "Service.ExecStart"))
	if command[0] != installed+"worker" {
		t.Errorf("it starts %s", command[0])
	}
	flags := pflag.NewFlagSet("worker", pflag.ContinueOnError)
	config.AddFlags(flags)
	if err := flags.Parse(command[1:]); err != nil || flags.NArg() != 0 {
		t.Errorf("%v, arguments %q", err, flags.Args())
	}
}

func TestUnit_waits_until_the_worker_has_finished_its_calls(t *testing.T) {
	t.Parallel()
	if wait := duration(t, setting(t, workerUnit, "Service.TimeoutStopSec")); wait <= daemon.StopTimeout {
		t.Errorf("TimeoutStopSec is %s, and the worker takes up to %s", wait, daemon.StopTimeout)
	}
	// The worker stops in order on SIGTERM and SIGINT, and dies of others.
	if signal := setting(t, workerUnit, "Service.KillSignal"); signal != "SIGTERM" {
		t.Errorf("KillSignal=%s", signal)
	}
}

func TestUnit_starts_the_worker_again_unless_its_configuration_is_wrong(t *testing.T) {
	t.Parallel()
	if got := setting(t, workerUnit, "Service.Restart"); got != "always" {
		t.Errorf("Restart=%s", got)
	}
	if got, want := setting(t, workerUnit, "Service.RestartPreventExitStatus"), strconv.Itoa(exitcode.Usage); got != want {
		t.Errorf("RestartPreventExitStatus=%s, want %s", got, want)
	}
}

func TestUnit_may_write_where_ferry_yaml_says(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("worker", pflag.ContinueOnError)
	config.AddFlags(flags)
	if err := flags.Parse([]string{"--config", filepath.Join(root, "ferry.example.yaml")}); err != nil {
		t.Fatal(err)
	}
	example := config.Load(flags, nil)
	if got := setting(t, workerUnit, "Service.ReadWritePaths"); got != example.Target.Uploads {
		t.Errorf("ReadWritePaths=%s, want %s", got, example.Target.Uploads)
	}
	if got := setting(t, workerUnit, "Service.ReadOnlyPaths"); got != example.Source.Uploads {
		t.Errorf("ReadOnlyPaths=%s, want %s", got, example.Source.Uploads)
	}
	if got, want := setting(t, workerUnit, "Unit.RequiresMountsFor"), example.Source.Uploads+" "+example.Target.Uploads; got != want {
		t.Errorf("RequiresMountsFor=%s, want %s", got, want)
	}
	if got := setting(t, workerUnit, "Service.UMask"); got != "0022" {
		t.Errorf("UMask=%s: Joget could not read the files", got)
	}
}

func TestUnits_start_programs_as_set_up_md_installs_them(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/set-up.md")
	for _, unit := range units {
		if program := strings.Fields(setting(t, unit, "Service.ExecStart"))[0]; !strings.HasPrefix(program, installed) || !strings.Contains(page, installed) {
			t.Errorf("%s starts %s, and docs/set-up.md installs below %s", unit, program, installed)
		}
		if !strings.Contains(page, filepath.Base(unit)) {
			t.Errorf("docs/set-up.md does not name %s", filepath.Base(unit))
		}
		if file := strings.TrimPrefix(setting(t, unit, "Unit.Documentation"), "file:///opt/jogetferry/"); !strings.HasPrefix(read(t, file), "# ") {
			t.Errorf("%s is documented in %s, which is no page", unit, file)
		}
	}
	for _, key := range []string{"Service.EnvironmentFile", "Service.User"} {
		if value := setting(t, workerUnit, key); !strings.Contains(page, value) {
			t.Errorf("docs/set-up.md does not name %s", value)
		}
	}
}

// hardening is what both units must say, whatever else they do.
var hardening = map[string]string{
	"Service.NoNewPrivileges": "yes", "Service.ProtectSystem": "strict", "Service.ProtectHome": "yes", "Service.PrivateTmp": "yes",
	"Service.PrivateDevices": "yes", "Service.CapabilityBoundingSet": "", "Service.RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
	"Service.SystemCallFilter": "@system-service",
}

func TestUnits_are_hardened(t *testing.T) {
	t.Parallel()
	for _, unit := range units {
		for key, want := range hardening {
			if got := setting(t, unit, key); got != want {
				t.Errorf("%s: %s is %q, want %q", unit, key, got, want)
			}
		}
	}
}

func TestTemporal_of_the_unit_is_for_this_machine_and_keeps_its_data(t *testing.T) {
	t.Parallel()
	command := setting(t, temporalUnit, "Service.ExecStart")
	state := setting(t, temporalUnit, "Service.StateDirectory")
	for _, want := range []string{" server start-dev ", " --ip 127.0.0.1 ", " --db-filename %S/" + state + "/", " --dynamic-config-value limit.maxIDLength=255"} {
		if !strings.Contains(command, want) {
			t.Errorf("%s does not have %q", command, want)
		}
	}
	namespace := regexp.MustCompile(`--namespace (\S+)`).FindStringSubmatch(command)
	port := regexp.MustCompile(`--port (\d+)`).FindStringSubmatch(command)
	if namespace == nil || port == nil {
		t.Fatalf("%s has no namespace or port", command)
	}
	environment := read(t, "docs/set-up.md")
	for _, want := range []string{"\nTEMPORAL_ADDRESS=127.0.0.1:" + port[1] + "\n", "\nTEMPORAL_NAMESPACE=" + namespace[1] + "\n"} {
		if !strings.Contains(environment, want) {
			t.Errorf("docs/set-up.md does not show %q", want)
		}
	}
}

// TestUnits_are_understood_by_systemd asks systemd itself, where it is there; all
// that this project says of the units is tested above without it.
func TestUnits_are_understood_by_systemd(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	dir := t.TempDir()
	files := []string{"verify", "--man=no", "--recursive-errors=no"}
	for _, unit := range units {
		file := filepath.Join(dir, filepath.Base(unit))
		program := strings.Fields(setting(t, unit, "Service.ExecStart"))[0]
		// It looks whether the program is there.
		text := strings.ReplaceAll(read(t, unit), program, "/bin/true")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	said, err := exec.CommandContext(ctx, analyze, files...).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, said)
	}
	complaints := slices.DeleteFunc(strings.Split(string(said), "\n"), func(line string) bool { return !strings.Contains(line, dir) })
	if len(complaints) > 0 {
		t.Errorf("systemd says:\n%s", strings.Join(complaints, "\n"))
	}
}
