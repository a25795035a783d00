package e2e_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/fault"
	"jogetferry/test/simulator/seed"
	"jogetferry/test/simulator/server"
	"jogetferry/test/sshdtest"
	"jogetferry/test/temporaltest"
)

// caseFile is a cases/<name>/case.yaml: what stands on both servers, which
// instances of it have a name in the case, and what is done, step by step.
// Texts of steps are templates over those names: {{.a.ID}}, {{.a.Record}},
// {{.a.Requester}}, {{target "a"}} for the instance made of it, and {{account}} for the worker's on the target.
type caseFile struct {
	About  string
	Seed   seed.Options
	Target seed.TargetOptions
	// Settings are FERRY_ variables.
	Settings map[string]string
	// Instances are chosen by "package/process/position" or "kind:<kind>"; an
	// instance is chosen once, the oldest first.
	Instances map[string]string
	Faults    []string
	// SFTP: the uploads of both sides are reached over an SFTP server.
	SFTP bool
	// NoWorker: the case starts its worker itself.
	NoWorker bool
	// Twins are instances of which the target may have two open ones: those that
	// the case makes itself.
	Twins []string
	// Window is wanted to be used to the full, and never exceeded.
	Window int
	Steps  []caseStep
}

// TestCases runs every folder of cases, each in a namespace of its own.
func TestCases(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("cases/*/case.yaml")
	if err != nil || len(folders) == 0 {
		t.Fatalf("cases: %d, %v", len(folders), err)
	}
	temporal := temporaltest.New(t, temporaltest.Options{})
	for _, file := range folders {
		name := filepath.Base(filepath.Dir(file))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runCase(t, temporal, name, file)
		})
	}
}

func runCase(t *testing.T, temporal *temporaltest.Server, name, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var c caseFile
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if c.Seed.Seed == 0 {
		c.Seed.Seed = 1
	}
	rules := make([]fault.Rule, 0, len(c.Faults))
	for _, f := range c.Faults {
		rule, err := fault.ParseRule(f)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, rule)
	}
	var remote *sshdtest.Server
	if c.SFTP {
		remote = sshdtest.New(t, sshdtest.Options{})
	}
	r := &runner{
		Stage: rig.New(t, rig.Options{
			Seed: c.Seed, Target: c.Target, Settings: c.Settings, Temporal: temporal,
			Namespace: rig.NewNamespace(t, temporal, "case-"+strings.ReplaceAll(name, "_", "-")),
			Simulator: server.Options{Faults: rules}, SFTP: remote,
		}),
		t: t, remote: remote, instances: map[string]seed.Instance{}, resolved: map[string]float64{},
	}
	r.name(c.Instances)
	if !c.NoWorker {
		r.worker = r.StartWorker()
	}
	most := func() int { return 0 }
	if c.Window > 0 {
		most = r.watch()
	}
	for n, s := range c.Steps {
		r.at = n + 1
		r.run(s)
	}
	if got := most(); got != c.Window {
		t.Errorf("%d instances were in flight at a time, want %d", got, c.Window)
	}
	r.end(c.Twins)
}
