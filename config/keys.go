package config

import (
	"strings"

	"jogetferry/contract"
	"jogetferry/migration"
)

// Key is one configurable thing: a path in ferry.yaml, a flag and an
// environment variable of the same name.
type Key struct {
	Name    string // "target.url"; the flag is --target.url
	Kind    string // what a value looks like: "text", "number", "list" …
	Default string // as it would be written; "" for none
	Usage   string
	Secret  bool // given as ${VARIABLE} or ${file:PATH} on the command line
	NoFlag  bool // verbs have a flag of that name, which means something else

	set func(raw any) error
}

// Env returns the environment variable of a key, "FERRY_TARGET_URL".
func (k Key) Env() string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(k.Name, ".", "_"))
}

// EnvPrefix begins every environment variable that is read, apart from
// Temporal's own; EnvTestPrefix begins those that belong to tests.
const (
	EnvPrefix     = "FERRY_"
	EnvTestPrefix = "FERRY_TEST_"
)

// Keys returns all keys in the order of the documentation.
func Keys() []Key { return keys(new(Config)) }

// keys binds the table to c.
func keys(c *Config) []Key {
	bind := func(v value, name, def, usage string) Key {
		return Key{Name: name, Kind: v.kind, Default: def, Usage: usage, Secret: v.secret, set: v.set}
	}
	noFlag := func(k Key) Key {
		k.NoFlag = true
		return k
	}
	return []Key{
		bind(text((*string)(&c.Migration)), "migration", "", "name of the migration, a-z, 0-9 and -"),
		bind(secret(&c.Source.Database), "source.database", "", "DSN of the source's database; SELECT is enough"),
		bind(text(&c.Source.Uploads), "source.uploads", "", "folder app_formuploads of the source, or sftp://USER@HOST/PATH"),
		bind(text(&c.Source.SFTP.KnownHosts), "source.sftp.known_hosts", "", "file with the host key of that SFTP server"),
		bind(text(&c.Source.SFTP.Key), "source.sftp.key", "", "file of the private key; default the agent of SSH_AUTH_SOCK"),
		bind(secret(&c.Source.SFTP.Passphrase), "source.sftp.passphrase", "", "of that key"),
		bind(list(&c.Source.Hosts), "source.hosts", "", "names and addresses of the source; apps that contain them are found"),
		bind(text(&c.Target.URL), "target.url", "", "URL of the target with its context path"),
		bind(secret(&c.Target.Database), "target.database", "", "DSN of the target's database"),
		bind(text(&c.Target.Uploads), "target.uploads", "", "folder app_formuploads of the target, or sftp://USER@HOST/PATH"),
		bind(text(&c.Target.SFTP.KnownHosts), "target.sftp.known_hosts", "", "file with the host key of that SFTP server"),
		bind(text(&c.Target.SFTP.Key), "target.sftp.key", "", "file of the private key; default the agent of SSH_AUTH_SOCK"),
		bind(secret(&c.Target.SFTP.Passphrase), "target.sftp.passphrase", "", "of that key"),
		bind(duration(&c.Target.Timeout), "target.timeout", "330s", "how long one call of the target may take"),
		bind(integer(&c.Target.MaxPostSize, 1<<16, 1<<30), "target.max_post_size", "2097152", "maxPostSize of the target's connector, in bytes; no call reaches it"),
		bind(text(&c.Target.Admin.Username), "target.admin.username", "", "administrator of the target"),
		bind(secret(&c.Target.Admin.Password), "target.admin.password", "", "password of the administrator"),
		bind(secret(&c.Target.Admin.Hash), "target.admin.hash", "", "login hash, instead of the password"),
		bind(text(&c.Target.Master.Username), "target.master.username", "", "master login user of the target"),
		bind(secret(&c.Target.Master.Password), "target.master.password", "", "password of the master login user"),
		bind(secret(&c.Target.Master.Hash), "target.master.hash", "", "login hash, instead of the password"),
		bind(secret(&c.Ledger.Database), "ledger.database", "", "DSN of the ledger; default schema "+LedgerSchema+" on the target's server"),
		bind(list(&c.Processes), "processes", "", "package/process to migrate; default all with running instances"),
		bind(table(&c.Definitions), "definitions", "", "source=target process definitions, package#version#process or package/process"),
		bind(table(&c.Activities), "activities", "", "package/process/activity=activity of the target"),
		bind(table(&c.Variables), "variables", "", "package/process/variable=variable of the target, - to drop it, =text for a constant"),
		bind(table(&c.Users), "users", "", "source=target user names"),
		bind(list(&c.Records.Extra), "records.extra", "", "form tables and relations that no form names"),
		bind(oneOf(&c.Records.OnConflict, ConflictPark, ConflictOverwrite, ConflictKeep), "records.on_conflict", ConflictPark, "a differing row of the target"),
		bind(boolean(&c.Records.CreateTables), "records.create_tables", "false", "form tables and columns that the target lacks: made as Joget makes them"),
		bind(oneOf(&c.Records.Restore, RestoreStrict, RestoreReport), "records.restore", RestoreStrict, "what tools changed in the record: put it back, or only report it"),
		bind(oneOf(&c.Records.Rekey, string(migration.RekeyNever), string(migration.RekeyNeeded), string(migration.RekeyAlways)), "records.rekey", string(migration.RekeyNever), "which records get a new ID on the target"),
		bind(list(&c.Records.RekeyColumns), "records.rekey_columns", "", "table.field and package/process/variable that hold record IDs"),
		bind(duration(&c.Start.Settle), "start.settle", "10m", "how long a call without an answer may still run"),
		bind(duration(&c.Start.Rest), "start.rest", "2s", "how long lies between the two looks that show a target instance at rest"),
		bind(oneOf(&c.Start.WhenUnknown, UnknownPark, UnknownRetry), "start.when_unknown", UnknownPark, "a start with neither answer nor trace"),
		bind(oneOf(&c.Starts.Asynchronous, AsynchronousBlock, AsynchronousEnd), "starts.asynchronous", AsynchronousBlock, "asynchronous subflows: open ones, and those that a start begins"),
		bind(integer(&c.Resume.MaxRounds, 1, 1000), "resume.max_rounds", "20", "calls per instance before it is parked"),
		bind(oneOf(&c.Joins, JoinsBlock, JoinsRebuild), "joins", JoinsBlock, "a branch that waits at an AND-join"),
		bind(oneOf(&c.EngineWrites, EngineWritesNone, EngineWritesVariables), "engine_writes", EngineWritesNone, "what is written into the engine's tables, where no call can"),
		noFlag(bind(instances(&c.Instances), "instances", "", "ID={resume: [activity, ...]}: where an instance goes on; no flag")),
		bind(integer(&c.Limits.Window, 1, 500), "limits.window", "20", "instances in flight per wave"),
		bind(rate(&c.Limits.TargetCallsPerSecond), "limits.target_calls_per_second", "50", "calls of the target, over all workers"),
		bind(integer(&c.Limits.CopyRowsPerSecond, 0, 1<<30), "limits.copy_rows_per_second", "0", "rows copied per worker; 0 for no limit"),
		bind(roles(&c.Worker.Roles), "worker.roles", allRoles(), "what this worker does"),
		bind(text(&c.Worker.Listen), "worker.listen", ":9090", "address of /metrics, /livez and /readyz; - for none"),
		bind(integer(&c.Worker.MaxCopies, 1, 1000), "worker.max_copies", "8", "instances copied at the same time"),
		bind(integer(&c.Worker.MaxCalls, 1, 1000), "worker.max_calls", "32", "calls of the target at the same time"),
		bind(oneOf(&c.Worker.LogLevel, "debug", "info", "warn", "error"), "worker.log_level", "info", "least level to log"),
	}
}

// Roles are all roles of a worker.
func Roles() []contract.Role {
	return []contract.Role{contract.RoleWorkflows, contract.RoleCopy, contract.RoleJoget}
}

func allRoles() string {
	var names []string
	for _, r := range Roles() {
		names = append(names, string(r))
	}
	return strings.Join(names, ",")
}
