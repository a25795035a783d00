package compose_test

import (
	"maps"
	"os"
	"path/filepath"
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
	"jogetferry/internal/shown"
	"jogetferry/worker/daemon"
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
	grace := load(t, nil).Services["worker"].StopGracePeriod
	if grace == nil || time.Duration(*grace) <= daemon.StopTimeout {
		t.Errorf("stop_grace_period is %v, want more than %s", grace, daemon.StopTimeout)
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
			if err := configured(load(t, tc.env).Services["worker"]).Validate(config.PartWorker); err != nil {
				t.Error(err)
			}
		})
	}
}

// configured is the configuration that a service's environment makes.
func configured(service types.ServiceConfig) *config.Config {
	flags := pflag.NewFlagSet("service", pflag.ContinueOnError)
	config.AddFlags(flags)
	var environ []string
	for key, value := range service.Environment {
		if value != nil {
			environ = append(environ, key+"="+*value)
		}
	}
	return config.Load(flags, environ)
}

func TestStarter_accepts_its_settings(t *testing.T) {
	t.Parallel()
	if err := configured(load(t, nil, "cli").Services["starter"]).Validate(config.PartStarter); err != nil {
		t.Error(err)
	}
}

// TestEnvFile_of_the_documents_configures_worker_and_starter puts the .env that
// docs/set-up.md shows beside the file.
func TestEnvFile_of_the_documents_configures_worker_and_starter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, rest, _ := strings.Cut(read(t, "docs/set-up.md"), "\n## The worker in Docker\n\n```text\n")
	env, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/set-up.md shows no .env")
	}
	for name, text := range map[string]string{"docker-compose.yml": read(t, "docker-compose.yml"), ".env": env + "FERRY_JOINS=rebuild\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	options, err := cli.NewProjectOptions([]string{filepath.Join(dir, "docker-compose.yml")},
		cli.WithWorkingDirectory(dir), cli.WithEnvFiles(), cli.WithDotEnv, cli.WithProfiles([]string{"cli"}))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, part := range map[string]config.Part{"worker": config.PartWorker, "starter": config.PartStarter} {
		c := configured(project.Services[name])
		if err := c.Validate(part); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.Migration != "crm-2026" || c.Target.URL != "http://new-joget:8080/jw" {
			t.Errorf("%s: migration %q, target %q", name, c.Migration, c.Target.URL)
		}
	}
	if _, told := project.Services["starter"].Environment["FERRY_TARGET_MASTER_PASSWORD"]; told {
		t.Error("the starter knows a password of the target")
	}
	worker := project.Services["worker"]
	if got := configured(worker).Joins; got != config.JoinsRebuild {
		t.Errorf("joins is %q for the worker", got)
	}
	for _, volume := range worker.Volumes {
		if volume.Type != types.VolumeTypeBind || !strings.HasPrefix(volume.Source, "/mnt/") {
			t.Errorf("uploads are %s", volume)
		}
	}
	if worker.User != "1000:1000" {
		t.Errorf("the worker runs as %q", worker.User)
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

func TestImages_have_a_version(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`^[a-z/-]+:[0-9]+\.[0-9.]+$`)
	for name, service := range load(t, nil, "*").Services {
		if service.Build == nil && !pinned.MatchString(service.Image) {
			t.Errorf("%s runs %s", name, service.Image)
		}
	}
}

func TestPorts_are_of_this_machine_and_nobody_elses(t *testing.T) {
	t.Parallel()
	owners := map[string]string{}
	for name, service := range load(t, nil, "*").Services {
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s publishes %s on %q", name, port.Published, port.HostIP)
			}
			if other, taken := owners[port.Published]; taken {
				t.Errorf("%s and %s both publish %s", name, other, port.Published)
			}
			owners[port.Published] = name
		}
	}
}

func TestVolumes_are_used(t *testing.T) {
	t.Parallel()
	project := load(t, nil, "*")
	used := map[string]bool{}
	for _, service := range project.Services {
		for _, volume := range service.Volumes {
			if volume.Type == types.VolumeTypeVolume {
				used[volume.Source] = true
			}
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(project.Volumes)), slices.Sorted(maps.Keys(used))); diff != "" {
		t.Errorf("-declared +used:\n%s", diff)
	}
}

// TestOneShots_are_waited_for: `up --wait` takes the end of a container for a
// failure, unless another service waits for just that.
func TestOneShots_are_waited_for(t *testing.T) {
	t.Parallel()
	waited := map[string]bool{"starter": true} // which is never brought up
	for _, service := range load(t, nil, "*").Services {
		for on, dependency := range service.DependsOn {
			if dependency.Condition == types.ServiceConditionCompletedSuccessfully {
				waited[on] = true
			}
		}
	}
	for _, name := range oneShots {
		if !waited[name] {
			t.Errorf("nobody waits for the end of %s", name)
		}
	}
}

// composeFlags are those of docker compose that the documents use, by verb; "" has
// those before it. No engine is here to ask.
var composeFlags = map[string][]string{"": {"--profile"}, "up": {"--build", "--wait"}, "run": {"--rm"}, "down": {"--volumes"}}

func TestShownComposeCommands_name_services_and_profiles(t *testing.T) {
	t.Parallel()
	commands, err := shown.Commands(root, []string{"docker"})
	if err != nil {
		t.Fatal(err)
	}
	project := load(t, nil, "*")
	seen := 0
	for _, c := range commands {
		if c.Program() != "docker" {
			continue
		}
		seen++
		verb := ""
		for i, word := range c.Words[2:] {
			switch {
			case strings.HasPrefix(word, "-"):
				if !slices.Contains(composeFlags[verb], word) {
					t.Errorf("%s: %s %s", c, verb, word)
				}
			case verb == "" && c.Words[i+1] == "--profile":
				if !slices.ContainsFunc(slices.Collect(maps.Values(project.Services)), func(s types.ServiceConfig) bool { return slices.Contains(s.Profiles, word) }) {
					t.Errorf("%s: there is no profile %s", c, word)
				}
			case verb == "":
				verb = word
			case verb == "run" && project.Services[c.Words[i+1]].Name != "": // what the service is given
			default:
				if _, ok := project.Services[word]; !ok {
					t.Errorf("%s: there is no service %s", c, word)
				}
			}
		}
		if _, ok := composeFlags[verb]; !ok || verb == "" {
			t.Errorf("%s: verb %q", c, verb)
		}
	}
	if seen < 5 {
		t.Errorf("only %d commands were found", seen)
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
