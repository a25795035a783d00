package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"jogetferry/config"
	"jogetferry/contract"
	"jogetferry/migration"
)

const full = `
migration: crm-2026
source:
  database: reader:${SOURCE_PASSWORD}@tcp(db1:3306)/jwdb
  uploads: /mnt/source/app_formuploads
target:
  url: http://127.0.0.1:8080/jw
  database: jw:${file:jw.password}@tcp(db2:3306)/jwdb
  uploads: /mnt/target/app_formuploads
  timeout: 90s
  admin:  {username: admin,  password: "${ADMIN_PASSWORD}"}
  master: {username: master, hash: "${MASTER_HASH}"}
processes: [crm_community/process1]
definitions: {"crm#3#process1": "crm#latest#process1"}
users: {jane.doe: jane, clark: kent}
records:
  extra: [notes, customer <- note.customer_id]
  rekey: needed
  rekey_columns: [note.about, crm_community/process1/record_id]
start: {settle: 2m}
starts: {asynchronous: end}
engine_writes: variables
instances: {57_crm.2_process1: {resume: [approve, pay]}}
limits: {window: 5}
`

var environ = []string{
	"SOURCE_PASSWORD=source-secret", "ADMIN_PASSWORD=admin-secret", "MASTER_HASH=master-secret",
}

// load writes ferry.yaml and the files beside it, and loads it with flags and variables.
func load(t *testing.T, yaml string, env []string, args ...string) *config.Config {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "ferry.yaml")
	for name, content := range map[string]string{path: yaml, filepath.Join(dir, "jw.password"): "file-secret\n"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	config.AddFlags(flags)
	if err := flags.Parse(append([]string{"--config", path}, args...)); err != nil {
		t.Fatal(err)
	}
	return config.Load(flags, env)
}

func TestLoadFillsEveryLayer(t *testing.T) {
	t.Parallel()
	c := load(t, full, append([]string{"FERRY_LIMITS_WINDOW=7", "FERRY_USERS=clark=superman,terry=terence"}, environ...),
		"--limits.target_calls_per_second", "2.5", "--worker.roles=copy,joget")
	if err := c.Validate(config.PartWorker); err != nil {
		t.Fatalf("Validate: %v", err)
	}
	type values struct {
		Source, Target, Ledger, Admin, Hash string
		Window                              int
		Calls                               float64
		Settle, Timeout                     time.Duration
		Conflict                            string
		Roles                               []contract.Role
		Users                               map[string]string
		Extra                               []string
	}
	got := values{
		c.Source.Database.Reveal(), c.Target.Database.Reveal(), c.LedgerDSN().Reveal(), c.Target.Admin.Password.Reveal(), c.Target.Master.Hash.Reveal(),
		c.Limits.Window, c.Limits.TargetCallsPerSecond, c.Start.Settle, c.Target.Timeout, c.Records.OnConflict, c.Worker.Roles, c.Users, c.Records.Extra,
	}
	want := values{
		"reader:source-secret@tcp(db1:3306)/jwdb", "jw:file-secret@tcp(db2:3306)/jwdb", "jw:file-secret@tcp(db2:3306)/jogetferry", "admin-secret", "master-secret",
		7, 2.5, 2 * time.Minute, 90 * time.Second, config.ConflictPark,
		[]contract.Role{contract.RoleCopy, contract.RoleJoget},
		map[string]string{"clark": "superman", "terry": "terence"},
		[]string{"notes", "customer <- note.customer_id"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPrecedenceIsFlagEnvironmentFileDefault(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		yaml string
		env  []string
		args []string
		want int
	}{
		{"default", "", nil, nil, 20},
		{"file_beats_default", "limits: {window: 2}", nil, nil, 2},
		{"environment_beats_file", "limits: {window: 2}", []string{"FERRY_LIMITS_WINDOW=3"}, nil, 3},
		{"flag_beats_environment", "limits: {window: 2}", []string{"FERRY_LIMITS_WINDOW=3"}, []string{"--limits.window=4"}, 4},
		{"empty_environment_is_not_set", "limits: {window: 2}", []string{"FERRY_LIMITS_WINDOW="}, nil, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := load(t, tc.yaml, tc.env, tc.args...).Limits.Window; got != tc.want {
				t.Errorf("window %d, want %d", got, tc.want)
			}
		})
	}
}

func TestKeysWithDotsInMappings(t *testing.T) {
	t.Parallel()
	c := load(t, full, environ)
	if diff := cmp.Diff(map[string]string{"jane.doe": "jane", "clark": "kent"}, c.Users); diff != "" {
		t.Error(diff)
	}
}

func TestWhereInstancesGoOn(t *testing.T) {
	t.Parallel()
	want := map[migration.InstanceID]config.Instance{"57_crm.2_process1": {Resume: []migration.ActivityDefID{"approve", "pay"}}}
	base := load(t, full, environ)
	if diff := cmp.Diff(want, base.Instances); diff != "" {
		t.Error(diff)
	}
	for said, same := range map[string]bool{"57_crm.2_process1=approve+pay": true, "57_crm.2_process1=approve": false, "": true} {
		c := load(t, full, append(slices.Clone(environ), "FERRY_INSTANCES="+said))
		if got := c.Digest() == base.Digest(); got != same || c.Validate(config.PartStarter) != nil {
			t.Errorf("%q: same digest %t, want %t; %v", said, got, same, c.Validate(config.PartStarter))
		}
	}
}

func TestParseRekeyColumns(t *testing.T) {
	t.Parallel()
	got, err := config.ParseRekeyColumns([]string{"note.about", "note.by", "crm/process1/record_id"})
	want := migration.RekeyColumns{
		Columns:   map[string][]string{"note": {"about", "by"}},
		Variables: map[string][]string{"crm/process1": {"record_id"}},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	for _, bad := range []string{"", "note", "note.", ".about", "a b.c", "a/b", "a//c", "a/b/c/d"} {
		if _, err := config.ParseRekeyColumns([]string{bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestValidateTellsAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		part config.Part
		yaml string
		env  []string
		args []string
		want []string
	}{
		{
			name: "an_empty_worker_configuration",
			part: config.PartWorker,
			want: []string{
				"migration: is missing; give a name such as crm-2026",
				"source.database: is missing; write USER:PASSWORD@tcp(HOST:3306)/DATABASE",
				"source.uploads: is missing; give the folder app_formuploads as this machine sees it, or sftp://USER@HOST/PATH",
				"target.url: is missing; give the target's address, such as http://127.0.0.1:8080/jw",
				"target.database: is missing; write USER:PASSWORD@tcp(HOST:3306)/DATABASE",
				"target.uploads: is missing; give the folder app_formuploads as this machine sees it, or sftp://USER@HOST/PATH",
				"target.admin.username: is missing; give a user of the target",
				"target.admin.password: is missing; give it as ${VARIABLE} or ${file:PATH}, or give target.admin.hash",
				"target.master.username: is missing; give a user of the target",
				"target.master.password: is missing; give it as ${VARIABLE} or ${file:PATH}, or give target.master.hash",
			},
		},
		{
			name: "a_copy_worker_needs_no_logins",
			part: config.PartWorker,
			args: []string{"--worker.roles=copy", "--migration=m"},
			env:  []string{"FERRY_SOURCE_DATABASE=u:p@tcp(a)/s", "FERRY_TARGET_DATABASE=u:p@tcp(a)/t", "FERRY_SOURCE_UPLOADS=/s", "FERRY_TARGET_UPLOADS=/t"},
		},
		{
			name: "a_starter_needs_a_name_and_a_ledger",
			part: config.PartStarter,
			want: []string{
				"migration: is missing; give a name such as crm-2026",
				"ledger.database: is missing, and so is target.database, the server of its default; write USER:PASSWORD@tcp(HOST:3306)/DATABASE",
			},
		},
		{
			name: "a_starter_does_not_resolve_what_it_does_not_need",
			part: config.PartStarter,
			yaml: strings.ReplaceAll(full, "processes:", "ledger: {database: 'l:l@tcp(db3)/ledger'}\nprocesses:"),
		},
		{
			name: "a_worker_resolves_everything",
			part: config.PartWorker,
			yaml: full,
			want: []string{
				"source.database: variable SOURCE_PASSWORD is not set; set it, or write $${ for a literal ${",
				"target.admin.password: variable ADMIN_PASSWORD is not set; set it, or write $${ for a literal ${",
				"target.master.hash: variable MASTER_HASH is not set; set it, or write $${ for a literal ${",
			},
		},
		{
			name: "unknown_keys_and_wrong_values",
			part: config.PartStarter,
			yaml: `
migration: CRM 2026
ledger: {database: "u:p@tcp(h)/l"}
target: {url: "http://admin:hunter2@h/jw", databse: x}
limit: {window: 3}
limits: {window: many, target_calls_per_second: 0}
start: 10m
records: {on_conflict: merge, extra: ["a -> b"]}
processes: [process1]
definitions: {"crm#x#p": "crm#1#p"}
users: {cat: 7}
variable: {"crm/process1/approve_old": approve}
worker: {roles: [copy, cook]}
`,
			env:  []string{"FERRY_TRAGET_URL=x", "FERRY_TEST_MYSQL=x"},
			args: []string{"--target.admin.password=hunter2"},
			want: []string{
				"FERRY_TRAGET_URL: is not a known variable; did you mean FERRY_TARGET_URL?",
				"--target.admin.password: a secret does not belong on a command line; give '${VARIABLE}' or '${file:PATH}', or set FERRY_TARGET_ADMIN_PASSWORD",
				"limit: is not a known key; did you mean limits.window or limits.copy_rows_per_second?",
				"start: is a section, not a value; give its keys below it",
				"target.databse: is not a known key; did you mean target.database?",
				"variable: is not a known key; did you mean variables?",
				"users: has an entry that is not text; quote it",
				`records.on_conflict: "merge" is not known; give park or overwrite or keep`,
				`limits.window: "many" does not fit; give a whole number from 1 to 500`,
				`limits.target_calls_per_second: "0" does not fit; give a number above 0`,
				`worker.roles: "cook" is not a role; give some of workflows,copy,joget`,
				`migration: "CRM 2026" is not a name; use a-z, 0-9 and -, at most 63, beginning with a letter or digit`,
				"target.url: holds a login; move it to target.admin",
				`processes: "process1" is not a process; write package/process`,
				`definitions: "crm#x#p" is not a definition of the source; write package#version#process, or package/process for every version`,
				"records.extra: is none of the forms; write table, parent = child (same id), parent.field -> child, or parent <- child.field",
			},
		},
		{
			name: "mappings_that_cannot_be_meant",
			part: config.PartStarter,
			yaml: `
migration: m
ledger: {database: "u:p@tcp(h)/l"}
target: {url: "http://h/jw"}
source: {hosts: [old-joget, "10.0.0.7", "::1", "http://old-joget", "old-joget:8080"]}
processes: [crm/process1/approve]
definitions: {"crm#latest#p": crm/p, "crm#3#p": crm/p, "crm:3:p": crm/q, "crm/r": q}
activities: {approve: check, "crm/process1/a": c, "crm/process1/b": c, "crm/process2/b": c, "crm/process1/d": "-"}
variables:
  status: state
  "crm/process1/a": c
  "crm/process1/b": c
  "crm/process1/c": "=text"
  "crm/process2/b": c
  "crm/process1/d": "-"
  "crm/process1/e": "-"
  "crm/process1/f": ""
  "crm/process1/g": "a b"
users: {cat: "", Dave: a, dave: b, Jill: c, jill: C}
`,
			want: []string{
				`processes: "crm/process1/approve" is not a process; write package/process`,
				`definitions: "crm#latest#p" is not a definition of the source; write package#version#process, or package/process for every version`,
				`definitions: "q" is not a definition; write package/process for the published version, or package#version#process`,
				`definitions: "crm#3#p" has two entries; keep one of them`,
				`activities: "approve" is not an activity; write package/process/activity`,
				`activities: "crm/process1/a" and "crm/process1/b" both become "c"; give each a name of its own on the target`,
				`activities: "crm/process1/d" leads to "-", which is not an activity; give the activity's ID on the target`,
				`variables: "crm/process1/a" and "crm/process1/b" both become "c"; give each a name of its own on the target`,
				`variables: "crm/process1/b" and "crm/process1/c" both become "c"; give each a name of its own on the target`,
				`variables: "crm/process1/f" leads to "", which is not a variable; give its name on the target, "-" to drop it, or "=text" for a constant`,
				`variables: "crm/process1/g" leads to "a b", which is not a variable; give its name on the target, "-" to drop it, or "=text" for a constant`,
				`variables: "status" is not a variable; write package/process/variable`,
				"users: has an entry without a name; write source: target",
				`users: "dave" has two entries, in other spellings; keep one of them: to Joget they are one user`,
				`source.hosts: "http://old-joget" is not a host; write its name or address, without scheme, port and path`,
				`source.hosts: "old-joget:8080" is not a host; write its name or address, without scheme, port and path`,
			},
		},
		{
			name: "a_mapping_that_cannot_be_had",
			part: config.PartStarter,
			args: []string{"--migration=m", "--target.url=http://t/jw", "--variables=crm/process1/region==${REGION}", "--source.hosts=${OLD}"},
			env:  []string{"FERRY_LEDGER_DATABASE=u:p@tcp(h)/l"},
			want: []string{
				"source.hosts: variable OLD is not set; set it, or write $${ for a literal ${",
				"variables: variable REGION is not set; set it, or write $${ for a literal ${",
			},
		},
		{
			name: "one_server_given_twice",
			part: config.PartStarter,
			yaml: `
migration: m
source: {database: "a:x@tcp(h:3306)/jwdb", uploads: /u}
target: {url: "http://h/jw", database: "b:y@tcp(h)/jwdb", uploads: /u}
`,
			want: []string{
				"target.database: is the same database as source.database; give the database of the other server",
				"target.uploads: is the same folder as source.uploads; give the folder of the other server",
			},
		},
		{
			name: "uploads_on_one_folder_of_an_sftp_server",
			part: config.PartStarter,
			yaml: `
migration: m
source: {uploads: "sftp://reader@H:22/u/"}
target: {url: "http://h/jw", database: "b:y@tcp(h)/jwdb", uploads: "sftp://reader@h/u"}
`,
			want: []string{"target.uploads: is the same folder as source.uploads; give the folder of the other server"},
		},
		{
			name: "an_sftp_server_without_its_host_key",
			part: config.PartWorker,
			yaml: strings.NewReplacer("/mnt/source/app_formuploads", "sftp://u@h/a\n  sftp: {passphrase: '${UNSET}'}", "${", "$${").Replace(full),
			want: []string{
				"source.sftp.known_hosts: is missing; give the file that has the server's host key, as ssh-keyscan writes it",
				"source.sftp.passphrase: variable UNSET is not set; set it, or write $${ for a literal ${",
			},
		},
		{
			name: "a_password_in_an_address",
			part: config.PartStarter,
			yaml: `
migration: m
source: {uploads: "sftp://reader:hunter2@h/u"}
target: {url: "http://h/jw", database: "b:y@tcp(h)/jwdb", uploads: "ftp://reader:hunter2@h/u"}
`,
			want: []string{
				"source.uploads: holds a password; log in by a key, sftp.key, or by an agent",
				"target.uploads: is neither a folder nor an sftp:// address; write a folder, or sftp://USER@HOST[:PORT]/PATH",
			},
		},
		{
			name: "a_call_that_may_outlive_what_is_waited_for",
			part: config.PartWorker,
			yaml: strings.NewReplacer("settle: 2m", "settle: 80s", "${", "$${").Replace(full),
			want: []string{"start.settle: is less than target.timeout; such a call may still run: give as much or more"},
		},
		{
			name: "a_call_that_may_outlive_its_attempt",
			part: config.PartWorker,
			yaml: strings.NewReplacer("timeout: 90s", "timeout: 6m", "${", "$${").Replace(full),
			want: []string{"target.timeout: 6m0s is more than 5m30s; give less"},
		},
		{
			name: "a_dsn_that_cannot_be_read_is_not_quoted",
			part: config.PartStarter,
			yaml: `
migration: m
target: {url: "http://h/jw", database: "b:hunter2@h/jwdb"}
`,
			want: []string{"target.database: is not a DSN; write USER:PASSWORD@tcp(HOST:3306)/DATABASE"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := load(t, tc.yaml, tc.env, tc.args...).Validate(tc.part)
			var got []string
			var mistakes config.Mistakes
			if errors.As(err, &mistakes) {
				got = strings.Split(mistakes.Error(), "\n")
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Error("a mistake shows a secret")
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	config.AddFlags(flags)
	err := config.Load(flags, []string{"FERRY_CONFIG=/nowhere/ferry.yaml"}).Validate(config.PartStarter)
	if err == nil || !strings.Contains(err.Error(), "/nowhere/ferry.yaml cannot be read") {
		t.Errorf("a named file that is missing is a mistake, got %v", err)
	}
}

func TestInterpolation(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, yaml, want string }{
		{"plain", "source: {uploads: /a}", "/a"},
		{"in_the_middle", "source: {uploads: '/a/${DIR}/b'}", "/a/dir/b"},
		{"two", "source: {uploads: '${DIR}${DIR}'}", "dirdir"},
		{"a_file_without_its_line_end", "source: {uploads: '${file:jw.password}'}", "file-secret"},
		{"escaped", "source: {uploads: '$${DIR}'}", "${DIR}"},
		{"what_a_variable_holds_is_taken_as_it_is", "source: {uploads: '${NESTED}'}", "${DIR}"},
		{"a_lone_dollar_is_text", "source: {uploads: 'a$b'}", "a$b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := load(t, tc.yaml, []string{"DIR=dir", "NESTED=${DIR}"})
			if diff := cmp.Diff(tc.want, c.Source.Uploads); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNothingPrintsSecrets(t *testing.T) {
	t.Parallel()
	c := load(t, full, environ)
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", *c), fmt.Sprintf("%#v", *c), fmt.Sprintf("%s %q %x", c.Target.Admin, c.Source.Database, c.Source.Database), string(encoded)} {
		for _, secret := range []string{"source-secret", "file-secret", "admin-secret", "master-secret"} {
			if strings.Contains(printed, secret) {
				t.Errorf("%s is shown in %s", secret, printed)
			}
		}
	}
}

func TestEveryKeyIsAFlagAndAVariable(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	config.AddFlags(flags)
	envs := map[string]bool{}
	for _, k := range config.Keys() {
		if (flags.Lookup(k.Name) == nil) != k.NoFlag {
			t.Errorf("%s has no flag", k.Name)
		}
		if envs[k.Env()] {
			t.Errorf("%s is the variable of two keys", k.Env())
		}
		envs[k.Env()] = true
	}
}

func TestMapping(t *testing.T) {
	t.Parallel()
	const file = `
definitions: {"crm#3#process1": "crm#7#process1", "crm/process1": crm/process2, "hr/process1": "hr#9#process1"}
activities: {"crm/process1/approve_old": approve_proposal, "crm/process1/check.v1": check}
variables: {"crm/process1/old_name": new_name, "crm/process1/obsolete": "-", "crm/process1/region": "=EMEA, north", "crm/process1/none": "="}
users: {jane.doe: jane}
source: {hosts: [old-joget, 10.0.0.7]}
`
	id := func(pkg, version, process string) migration.DefinitionID {
		return migration.DefinitionID{Package: pkg, Version: version, Process: process}
	}
	want := migration.Mapping{
		Definitions: map[migration.DefinitionID]migration.DefinitionID{id("crm", "3", "process1"): id("crm", "7", "process1")},
		AnyVersion: map[string]migration.DefinitionID{
			"crm/process1": id("crm", migration.Latest, "process2"), "hr/process1": id("hr", "9", "process1"),
		},
		Activities: map[string]map[migration.ActivityDefID]migration.ActivityDefID{"crm/process1": {"approve_old": "approve_proposal", "check.v1": "check"}},
		Variables: map[string]map[string]migration.VariableRule{"crm/process1": {
			"old_name": {Name: "new_name"}, "obsolete": {},
			"region": {Name: "region", Constant: true, Value: "EMEA, north"}, "none": {Name: "none", Constant: true},
		}},
		Users: map[migration.User]migration.User{"jane.doe": "jane"},
	}
	for _, tc := range []struct {
		name string
		yaml string
		env  []string
		args []string
		want migration.Mapping
	}{
		{name: "in_the_file", yaml: file, want: want},
		{
			name: "variables_and_flags_replace_what_the_file_has", yaml: file,
			env:  []string{"FERRY_ACTIVITIES=crm/process1/a=b,crm/process1/c=d"},
			args: []string{"--variables=crm/process1/region==EMEA,crm/process1/obsolete=-", "--users=", "--definitions=crm/process1=crm/process2"},
			want: migration.Mapping{
				Definitions: map[migration.DefinitionID]migration.DefinitionID{},
				AnyVersion:  map[string]migration.DefinitionID{"crm/process1": id("crm", migration.Latest, "process2")},
				Activities:  map[string]map[migration.ActivityDefID]migration.ActivityDefID{"crm/process1": {"a": "b", "c": "d"}},
				Variables:   map[string]map[string]migration.VariableRule{"crm/process1": {"region": {Name: "region", Constant: true, Value: "EMEA"}, "obsolete": {}}},
				Users:       map[migration.User]migration.User{},
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := load(t, tc.yaml, tc.env, tc.args...)
			got, err := c.Mapping()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("mapping (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"old-joget", "10.0.0.7"}, c.Source.Hosts); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseExtra(t *testing.T) {
	t.Parallel()
	got, err := config.ParseExtra([]string{"notes", "customer = address", "order.customer -> customer", "customer <- note.customer_id"})
	if err != nil {
		t.Fatal(err)
	}
	want := migration.FormModel{
		Tables: []string{"notes"},
		Relations: []migration.Relation{
			{Parent: "customer", Child: "address", Kind: migration.RelationSameID},
			{Parent: "order", Child: "customer", Kind: migration.RelationParentHoldsChild, Column: "customer"},
			{Parent: "customer", Child: "note", Kind: migration.RelationChildHoldsParent, Column: "customer_id"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "a.b", "a ->", "a.b -> c.d", "a <- b", "= b", "a`b"} {
		if _, err := config.ParseExtra([]string{bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestDigestTellsWhatAPlanDependsOn(t *testing.T) {
	t.Parallel()
	base := load(t, full, environ).Digest()
	for _, tc := range []struct {
		name string
		args []string
		same bool
	}{
		{"nothing_changed", nil, true},
		{"a_limit", []string{"--limits.window=9"}, true},
		{"a_password", []string{"--target.admin.password=${MASTER_HASH}"}, true},
		{"a_user", []string{"--users=clark=cat"}, false},
		{"an_activity", []string{"--activities=crm/process1/a=b"}, false},
		{"a_variable", []string{"--variables=crm/process1/a=-"}, false},
		{"a_definition", []string{"--definitions=crm#3#process1=crm#7#process1"}, false},
		{"a_rule", []string{"--records.on_conflict=keep"}, false},
		{"joins", []string{"--joins=rebuild"}, false},
		{"new_record_ids", []string{"--records.rekey=always"}, false},
		{"writes_into_the_engine", []string{"--engine_writes=none"}, false},
		{"asynchronous_subflows", []string{"--starts.asynchronous=block"}, false},
		{"joins_left_alone", []string{"--joins=block"}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := load(t, full, environ, tc.args...).Digest(); (got == base) != tc.same {
				t.Errorf("same digest: %t, want %t", got == base, tc.same)
			}
		})
	}
}
