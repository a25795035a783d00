package compose_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"jogetferry/config"
	"jogetferry/contract"
)

const root = ".."

// load reads docker-compose.yml as `docker compose` would with env and profiles.
func load(t *testing.T, env []string, profiles ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{root + "/docker-compose.yml"},
		cli.WithEnv(env), cli.WithProfiles(profiles), cli.WithResolvedPaths(true))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(root + "/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func names(services types.Services) []string { return slices.Sorted(maps.Keys(services)) }

func TestProfiles_start_what_they_say(t *testing.T) {
	t.Parallel()
	plain := []string{"mysql", "temporal", "temporal-namespace", "temporal-schema", "temporal-ui", "worker"}
	demo := append(slices.Clone(plain), "source", "source-db", "source-seed", "target", "target-db", "target-seed")
	slices.Sort(demo)
	if diff := cmp.Diff(plain, names(load(t, nil).Services)); diff != "" {
		t.Errorf("no profile, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(demo, names(load(t, nil, "demo").Services)); diff != "" {
		t.Errorf("profile demo, -want +got:\n%s", diff)
	}
}

// oneShots end by themselves; all others are servers.
var oneShots = []string{"temporal-schema", "temporal-namespace", "source-seed", "target-seed", "starter"}

func TestServers_have_health_checks_and_one_shots_do_not_restart_forever(t *testing.T) {
	t.Parallel()
	for name, service := range load(t, nil, "*").Services {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if slices.Contains(oneShots, name) {
				if service.Restart == "always" || service.Restart == "unless-stopped" {
					t.Errorf("restart %s", service.Restart)
				}
				return
			}
			if service.HealthCheck == nil || len(service.HealthCheck.Test) < 2 {
				t.Error("no health check")
			}
		})
	}
}

func TestDependencies_wait_for_what_can_come_true(t *testing.T) {
	t.Parallel()
	project := load(t, nil, "*")
	for name, service := range project.Services {
		for on, dependency := range service.DependsOn {
			want := types.ServiceConditionHealthy
			if slices.Contains(oneShots, on) {
				want = types.ServiceConditionCompletedSuccessfully
			}
			if dependency.Condition != want {
				t.Errorf("%s waits for %s to be %s, want %s", name, on, dependency.Condition, want)
			}
			if missing := project.Services[on].Profiles; len(service.Profiles) == 0 && len(missing) > 0 && dependency.Required {
				t.Errorf("%s needs %s of profile %v", name, on, missing)
			}
		}
	}
}

func TestPrograms_of_our_image_are_built_by_the_Dockerfile(t *testing.T) {
	t.Parallel()
	dockerfile := read(t, "Dockerfile")
	built := map[string]string{}
	for _, match := range regexp.MustCompile(`-o /out/(\S+) (\./\S+)`).FindAllStringSubmatch(dockerfile, -1) {
		built["/"+match[1]] = match[2]
	}
	for program, dir := range built {
		if source := read(t, dir+"/main.go"); !strings.Contains(source, "\nfunc main()") {
			t.Errorf("%s is built of %s, which has no main", program, dir)
		}
	}
	entrypoint := regexp.MustCompile(`ENTRYPOINT \["([^"]+)"`).FindStringSubmatch(dockerfile)
	if len(entrypoint) != 2 {
		t.Fatal("the image has no entry point")
	}
	used := map[string]bool{}
	for name, service := range load(t, nil, "*").Services {
		if service.Build == nil {
			continue
		}
		program := entrypoint[1]
		if len(service.Entrypoint) > 0 {
			program = service.Entrypoint[0]
		}
		used[program] = true
		if check := service.HealthCheck; check != nil {
			if check.Test[0] != "CMD" {
				t.Errorf("%s: the image has no shell for health check %v", name, check.Test)
			}
			used[check.Test[1]] = true
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(built)), slices.Sorted(maps.Keys(used))); diff != "" {
		t.Errorf("-built +used:\n%s", diff)
	}
}

func TestWorker_finishes_a_call_of_the_target_before_it_is_killed(t *testing.T) {
	t.Parallel()
	const longestCall = 330 * time.Second
	grace := load(t, nil).Services["worker"].StopGracePeriod
	if grace == nil || time.Duration(*grace) <= longestCall {
		t.Errorf("stop_grace_period is %v, want more than %s", grace, longestCall)
	}
}

func TestWorker_accepts_its_settings(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		env  []string
		key  string
		want string
	}{
		{name: "of_the_demo", key: "FERRY_TARGET_URL", want: "http://target:8080/jw"},
		{name: "of_the_operator", env: []string{"FERRY_TARGET_URL=https://new.example/jw"}, key: "FERRY_TARGET_URL", want: "https://new.example/jw"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			environment := load(t, tc.env).Services["worker"].Environment.Resolve(func(string) (string, bool) { return "", false })
			if got := environment[tc.key]; got == nil || *got != tc.want {
				t.Errorf("%s is %v, want %s", tc.key, got, tc.want)
			}
			flags := pflag.NewFlagSet("worker", pflag.ContinueOnError)
			config.AddFlags(flags)
			var environ []string
			for key, value := range environment {
				environ = append(environ, key+"="+*value)
			}
			if err := config.Load(flags, environ).Validate(config.PartWorker); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSource_is_read_only_for_the_worker(t *testing.T) {
	t.Parallel()
	for _, volume := range load(t, nil).Services["worker"].Volumes {
		if volume.Target == "/srv/source" && !volume.ReadOnly {
			t.Error("the source's uploads are writable")
		}
	}
	if grants := read(t, "compose/source/reader.sql"); strings.Count(grants, "GRANT") != 1 || !strings.Contains(grants, "GRANT SELECT ON jwdb.*") {
		t.Errorf("the reader may do more than read:\n%s", grants)
	}
}

func TestTemporal_is_set_up_for_waves(t *testing.T) {
	t.Parallel()
	project := load(t, nil)
	if got := environment(project.Services["temporal"], "NUM_HISTORY_SHARDS"); got != "512" {
		t.Errorf("%q history shards", got)
	}
	if got := environment(project.Services["temporal-namespace"], "RETENTION"); got != "90d" {
		t.Errorf("retention %q", got)
	}
	var dynamic map[string][]struct{ Value int }
	if err := yaml.Unmarshal([]byte(read(t, "compose/temporal/dynamicconfig.yaml")), &dynamic); err != nil {
		t.Fatal(err)
	}
	if limit := dynamic["limit.maxIDLength"]; len(limit) != 1 || limit[0].Value != 255 {
		t.Errorf("limit.maxIDLength: %v", limit)
	}
	script := read(t, "compose/temporal/namespace.sh")
	attributes := []string{contract.StageAttribute, contract.ReasonAttribute, contract.WaveAttribute, contract.DefinitionAttribute}
	if want := "for name in " + strings.Join(attributes, " ") + "; do"; !strings.Contains(script, want) {
		t.Errorf("namespace.sh does not have %q", want)
	}
}

func TestMounted_files_are_there(t *testing.T) {
	t.Parallel()
	for name, service := range load(t, nil, "*").Services {
		for _, volume := range service.Volumes {
			if volume.Type != types.VolumeTypeBind {
				continue
			}
			if _, err := os.Stat(volume.Source); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, word := range append(slices.Clone(service.Entrypoint), environment(service, "DYNAMIC_CONFIG_FILE_PATH")) {
			if file, ok := strings.CutPrefix(word, "/compose/"); ok {
				read(t, "compose/temporal/"+file)
			}
		}
	}
}

// environment returns the value of key, "" if it has none.
func environment(service types.ServiceConfig, key string) string {
	if value := service.Environment[key]; value != nil {
		return *value
	}
	return ""
}
