package docs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jogetferry/config"
	"jogetferry/internal/shown"
)

// elsewhere are the programs whose commands the test of another package parses:
// that of starter, of worker, of the simulator (go run), of compose, of
// test/temporaltest.
var elsewhere = []string{"starter", "worker", "go run", "docker compose", "temporal"}

// byHand are commands that no test can run, with the reason.
var byHand = map[string]string{
	`curl -X POST localhost:8080/sim/faults -d {"path": "activity/start", "kind": "error500_after", "count": 1}`: simulatorRuns,
	`curl localhost:8080/sim/faults`:           simulatorRuns,
	`curl -X DELETE localhost:8080/sim/faults`: simulatorRuns,
	`curl localhost:8080/sim/effects`:          simulatorRuns,

	`for name in FerryStage FerryReason FerryWave FerryDefinition`: "shell; names are compared in the test of compose",
	`do`:   "shell",
	`done`: "shell",

	`mysqldump --single-transaction jogetferry`: "needs a ledger worth keeping",

	`tcld namespace search-attributes add --namespace crm.a1b2c --search-attribute FerryStage=Keyword --search-attribute FerryReason=Keyword --search-attribute FerryWave=Keyword --search-attribute FerryDefinition=Keyword`: "needs Temporal Cloud",

	`sudo install -D -m 0755 bin/temporal /opt/jogetferry/bin/temporal`:                                       machineChanges,
	`sudo install -m 0644 compose/systemd/ferry-temporal.service /etc/systemd/system/`:                        machineChanges,
	`sudo systemctl enable --now ferry-temporal`:                                                              machineChanges,
	`sudo mkdir -p /opt/jogetferry /etc/jogetferry`:                                                           machineChanges,
	`sudo tar -xzf out/release/jogetferry-VERSION-linux-amd64.tar.gz -C /opt/jogetferry --strip-components 1`: machineChanges,
	`sudo useradd --system --no-create-home jogetferry`:                                                       machineChanges,
	`sudo install -m 0640 -g jogetferry ferry.yaml /etc/jogetferry/ferry.yaml`:                                machineChanges,
	`sudo install -m 0600 worker.env /etc/jogetferry/worker.env`:                                              machineChanges,
	`sudo install -m 0644 /opt/jogetferry/compose/systemd/ferry-worker.service /etc/systemd/system/`:          machineChanges,
	`sudo systemctl enable --now ferry-worker`:                                                                machineChanges,
	`journalctl -u ferry-worker -f`:                                                                           machineChanges,
}

const (
	simulatorRuns  = "needs a simulator that runs; the test of test/simulator/server asks the same addresses"
	machineChanges = "changes the machine; the test of compose compares names and paths with the units"
)

// programs are those whose commands are looked for in sentences, too.
var programs = []string{"starter", "worker", "make", "go", "docker", "temporal", "withmysql"}

// TestEveryShownCommandIsKeptTrue fails for a command of a kind that nobody checks.
func TestEveryShownCommandIsKeptTrue(t *testing.T) {
	t.Parallel()
	commands, err := shown.Commands(root, programs)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, c := range commands {
		text := strings.Join(c.Words, " ")
		used[text] = true
		if err := keptTrue(t, c, text); err != nil {
			t.Errorf("%s: %v", c, err)
		}
	}
	for text := range byHand {
		if !used[text] {
			t.Errorf("no page shows %s", text)
		}
	}
}

func keptTrue(t *testing.T, c shown.Command, text string) error {
	t.Helper()
	if c.Program() == "withmysql" {
		c.Words = c.Words[1:] // it runs the rest
	}
	switch {
	case byHand[text] != "":
		return nil
	case slices.ContainsFunc(elsewhere, func(begin string) bool { return text == begin || strings.HasPrefix(text, begin+" ") }):
		return nil
	case c.Program() == "make":
		return dryRun(t.Context(), c.Words[1:])
	case c.Program() == "find":
		return findsNames(t.Context(), t.TempDir(), c.Words)
	case c.Program() == "export":
		return variablesAreRead(c.Words[1:])
	case strings.HasPrefix(strings.Join(c.Words, " "), "go test "):
		return packagesExist(c.Words[2:])
	}
	return fmt.Errorf("no test knows what to do with it; teach one, or say in docs/commands_test.go why none can")
}

// dryRun asks make whether it knows targets and variables.
func dryRun(ctx context.Context, args []string) error {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		return err
	}
	for _, arg := range args {
		if name, _, ok := strings.Cut(arg, "="); ok && !strings.Contains(string(makefile), "$("+name+")") && !strings.Contains(string(makefile), "$(if $("+name+")") {
			return fmt.Errorf("the Makefile has no variable %s", name)
		}
	}
	if said, err := exec.CommandContext(ctx, "make", append([]string{"-n", "-C", root}, args...)...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, said)
	}
	return nil
}

// findsNames runs the search for names that Windows refuses in dir, an empty folder.
func findsNames(ctx context.Context, dir string, words []string) error {
	refused := []string{"a:b.pdf", "blank ", "dot.", `slash\.pdf`, "what?"}
	for _, name := range append([]string{"good name.pdf", "größe (1).pdf"}, refused...) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			return err
		}
	}
	said, err := exec.CommandContext(ctx, words[0], append([]string{dir}, words[2:]...)...).Output()
	if err != nil {
		return err
	}
	names := strings.Split(strings.TrimSuffix(strings.ReplaceAll(string(said), dir+"/", ""), "\n"), "\n")
	slices.Sort(names)
	if !slices.Equal(names, refused) {
		return fmt.Errorf("it found %q, want %q", names, refused)
	}
	return nil
}

// packagesExist looks for the folders of go test's patterns.
func packagesExist(args []string) error {
	for _, arg := range args {
		if dir, ok := strings.CutPrefix(arg, "./"); ok {
			dir = strings.TrimSuffix(dir, "/...")
			if _, err := os.Stat(filepath.Join(root, dir, "doc.go")); err != nil {
				return err
			}
		}
	}
	return nil
}

// temporalVariables are those of Temporal's that the pages show.
var temporalVariables = []string{"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY"}

// variablesAreRead looks who reads NAME=value: Temporal's client, a key of
// ferry.yaml, the example that refers to it, or docker-compose.yml.
func variablesAreRead(assignments []string) error {
	example, err := os.ReadFile(filepath.Join(root, "ferry.example.yaml"))
	if err != nil {
		return err
	}
	compose, err := os.ReadFile(filepath.Join(root, "docker-compose.yml"))
	if err != nil {
		return err
	}
	for _, assignment := range assignments {
		name, _, _ := strings.Cut(assignment, "=")
		switch {
		case slices.Contains(temporalVariables, name):
		case slices.ContainsFunc(config.Keys(), func(k config.Key) bool { return k.Env() == name }):
		case strings.Contains(string(example), "${"+name+"}"):
		case strings.Contains(string(compose), "${"+name+":-"):
		default:
			return fmt.Errorf("nobody reads %s", name)
		}
	}
	return nil
}

func TestCommandsThatAreWrongAreNotKept(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, want string
		words      []string
	}{
		{"a_new_kind", "no test knows", []string{"rsync", "-a"}},
		{"a_target_that_is_not_there", "No rule", []string{"make", "nothing"}},
		{"a_variable_that_is_not_there", "no variable KEPT", []string{"make", "demo", "KEPT=1"}},
		{"a_package_that_is_not_there", "no such file", []string{"go", "test", "./report/..."}},
		{"a_variable_that_nobody_reads", "nobody reads SOURCE_PASSWORD", []string{"export", "SOURCE_PASSWORD=1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := keptTrue(t, shown.Command{Words: tc.words}, strings.Join(tc.words, " "))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q in it", err, tc.want)
			}
		})
	}
}

// TestEveryShownVariableIsRead looks at the environments that pages show as text.
func TestEveryShownVariableIsRead(t *testing.T) {
	t.Parallel()
	blocks, err := shown.Blocks(root)
	if err != nil {
		t.Fatal(err)
	}
	assignment := regexp.MustCompile(`(?m)^(?:set )?([A-Z_]+=)`)
	seen := 0
	for _, b := range blocks {
		if b.Language != "text" {
			continue
		}
		for _, m := range assignment.FindAllStringSubmatch(b.Text, -1) {
			seen++
			if err := variablesAreRead(m[1:]); err != nil {
				t.Errorf("%s:%d: %v", b.Page, b.Line, err)
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d variables were found", seen)
	}
}

// sqlIsRun says where each block of SQL is run, by its page and first line.
var sqlIsRun = map[string]string{
	"README.md: -- on the source":                         "by the end-to-end tests, whose accounts have these rights",
	"docs/what-if.md: -- every live instance of a record": "TestShownSQLIsUnderstood",
	"docs/what-if.md: SELECT at, step, kind, event, verb, call_target, activity, activity_id, fate, facts, detail, http_status, actor": "TestShownSQLIsUnderstood",
	"docs/what-if.md: SELECT instance, at, facts FROM step_log WHERE event = 'started' AND facts LIKE '%too late%';":                   "TestShownSQLIsUnderstood",
	"docs/what-if.md: SELECT j.ActivityDefinitionId AS joining, a.ActivityDefinitionId AS waits_after, a.ResourceId":                   "TestShownSQLIsUnderstood",
	"docs/set-up.md: SELECT ROUND(SUM(data_length + index_length) / 1048576) AS mib":                                                   "TestShownSQLIsUnderstood",
	"docs/joget.md: -- open instances that no other instance called":                                                                   "TestShownSQLIsUnderstood",
	"docs/joget.md: -- variables of an instance":                                                                                       "TestShownSQLIsUnderstood",
	"docs/joget.md: -- subflows: child and caller":                                                                                     "TestShownSQLIsUnderstood",
	"docs/joget.md: -- form tables of all versions of an app, which share them":                                                        "TestShownSQLIsUnderstood",
	"docs/what-if.md: -- N: highest number at the beginning of such record IDs":                                                        "TestShownSQLIsUnderstood",
}

// TestEveryBlockIsReadBySomebody: SQL is run, JSON is valid.
func TestEveryBlockIsReadBySomebody(t *testing.T) {
	t.Parallel()
	blocks, err := shown.Blocks(root)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, b := range blocks {
		switch b.Language {
		case "sql":
			first, _, _ := strings.Cut(strings.TrimSpace(b.Text), "\n")
			key := b.Page + ": " + first
			seen[key] = true
			if sqlIsRun[key] == "" {
				t.Errorf("%s:%d: nobody runs %q", b.Page, b.Line, first)
			}
		case "json":
			if !json.Valid([]byte(b.Text)) {
				t.Errorf("%s:%d: not JSON", b.Page, b.Line)
			}
		case "", "text", "yaml", "toml":
		default:
			t.Errorf("%s:%d: nobody reads blocks of %s", b.Page, b.Line, b.Language)
		}
	}
	for key := range sqlIsRun {
		if !seen[key] {
			t.Errorf("no page shows %s", key)
		}
	}
}

// cell returns the second column of the row of docs/set-up.md that begins with name.
func cell(t *testing.T, name string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^\| ` + name + ` \| ([^|]*) \|`).FindStringSubmatch(read(t, "docs/set-up.md"))
	if m == nil {
		t.Fatalf("docs/set-up.md has no row %s", name)
	}
	return m[1]
}

// found is the one group of a pattern in a file.
func found(t *testing.T, file, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(read(t, file))
	if m == nil {
		t.Fatalf("%s has no %s", file, pattern)
	}
	return m[1]
}

func TestRequirementsAreThoseOfTheFiles(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ row, want string }{
		{"building it", "Go " + found(t, "go.mod", `(?m)^go (\d+\.\d+)`) + ";"},
		{"Temporal", "server " + found(t, "docker-compose.yml", `temporalio/server:\$\{TEMPORAL_VERSION:-([0-9.]+)\}`) + " with"},
		{"Temporal", "UI " + found(t, "docker-compose.yml", `temporalio/ui:\$\{TEMPORAL_UI_VERSION:-([0-9.]+)\}`) + " is"},
		{"Temporal", "tests run on " + found(t, "tools/temporal/go.mod", `go\.temporal\.io/server v([0-9.]+)`)},
	} {
		if got := cell(t, tc.row); !strings.Contains(got, tc.want) {
			t.Errorf("docs/set-up.md: %s is %q, want %q in it", tc.row, got, tc.want)
		}
	}
	if want := "Temporal on MySQL " + found(t, "docker-compose.yml", `image: mysql:([0-9.]+)`) + " "; !strings.Contains(read(t, "docs/set-up.md"), want) {
		t.Errorf("docs/set-up.md does not say %q", want)
	}
	if want := "You need Go " + found(t, "go.mod", `(?m)^go (\d+\.\d+)`) + ","; !strings.Contains(read(t, "README.md"), want) {
		t.Errorf("README.md does not say %q", want)
	}
}
