package config

import (
	"time"

	"github.com/go-sql-driver/mysql"

	"jogetferry/contract"
	"jogetferry/migration"
)

// Config is everything an operator configures. Load fills it; Validate says
// whether it is enough for what is going to run.
type Config struct {
	// Migration names the migration; it binds the ledger to two servers.
	Migration migration.Name
	Source    Source
	Target    Target
	// Ledger has the ledger's own DSN, which may be empty; see LedgerDSN.
	Ledger Ledger
	// Processes are "package/process"; empty means every process with running instances.
	Processes []string
	// Definitions maps definitions of the source to those of the target;
	// without an entry the published version of the same process is taken. Either
	// is "package#version#process", or "package/process" for every version of the
	// source or the published one of the target.
	Definitions map[string]string
	// Activities maps "package/process/activity" of the source to activities of the target.
	Activities map[string]string
	// Variables maps "package/process/variable" of the source to the variable's
	// name on the target, "-" (not taken over) or "=text" (always this text).
	Variables map[string]string
	// Users maps user names of the source to those of the target.
	Users   map[string]string
	Records Records
	Start   Start
	Starts  Starts
	Resume  Resume
	// EngineWrites is EngineWritesNone or EngineWritesVariables.
	EngineWrites string
	// Instances says of single instances of the source where they go on, which they do
	// not show themselves.
	Instances map[migration.InstanceID]Instance
	// Joins is JoinsBlock or JoinsRebuild.
	Joins  string
	Limits Limits
	Worker Worker

	mistakes Mistakes         // of the whole configuration, whatever runs
	broken   map[string]error // by key: values that cannot be had, such as an unset variable
}

// Source is the server that is only read. It has no URL: it is never called.
type Source struct {
	Database migration.Secret // DSN; an account that may SELECT is enough
	Uploads  string           // app_formuploads, as mounted for the worker or on an SFTP server; see ParseUploads
	SFTP     SFTP
	// Hosts are names and addresses of the server, without port: what the apps
	// may say where they mean it.
	Hosts []string
}

// Target is the server that instances are moved to.
type Target struct {
	URL      string // with the context path, such as http://127.0.0.1:8080/jw
	Database migration.Secret
	Uploads  string
	SFTP     SFTP
	// Timeout bounds one call. Shorter than Joget's transactions may be (300 s), it
	// gives up calls that still have their effect.
	Timeout time.Duration
	// MaxPostSize is maxPostSize of the target's connector, in bytes: no body of a call
	// may reach it.
	MaxPostSize int
	Admin       Account // an administrator of the target
	Master      Account // logs in as requesters
}

// Account is a login of the target; one of Password and Hash is set.
type Account struct {
	Username string
	Password migration.Secret
	Hash     migration.Secret // Joget's login hash, for where the password itself is not known
}

// Ledger is where the ledger lives.
type Ledger struct {
	Database migration.Secret // DSN; empty: schema LedgerSchema on the target's server
}

// Starts says what to do about what every start does.
type Starts struct {
	// Asynchronous is AsynchronousBlock or AsynchronousEnd.
	Asynchronous string
}

// Instance is what an operator says about one instance of the source.
type Instance struct {
	// Resume are the activities of the target at which it goes on, in this order, in
	// place of those that are open on the source.
	Resume []migration.ActivityDefID
}

// Records says how form rows are moved.
type Records struct {
	// Extra are tables and relations that no form definition tells; see ParseExtra.
	Extra []string
	// OnConflict is what happens to a row of the target that differs and is not ours.
	OnConflict string
	// CreateTables makes form tables and columns that the target lacks, where rows need them.
	CreateTables bool `json:",omitempty"` // out of the digest as long as it is the default
	// Restore is what happens where something that a start tool changed cannot be put back.
	Restore string
	// Rekey says which records get a new ID on the target: a migration.Rekey.
	Rekey string
	// RekeyColumns are columns and variables that hold record IDs and that no form
	// definition names; see ParseRekeyColumns.
	RekeyColumns []string
}

// Values of Records, Start, Starts, EngineWrites and Joins.
const (
	ConflictPark      = "park"      // the instance waits for the operator
	ConflictOverwrite = "overwrite" // the source wins; the former row stays in the ledger
	ConflictKeep      = "keep"      // the target wins

	RestoreStrict = "strict" // put back; where that cannot be done, the instance is parked
	RestoreReport = "report" // left as it is, and told

	UnknownPark  = "park"
	UnknownRetry = "retry"

	AsynchronousBlock = "block" // asynchronous subflows keep their instance from being migrated
	// AsynchronousEnd: open ones move by themselves, and those that a start begins anew are ended.
	AsynchronousEnd = "end"

	EngineWritesNone = "none"
	// EngineWritesVariables: variables that no call of the API can set are written into
	// the tables of the engine.
	EngineWritesVariables = "variables"

	JoinsBlock   = "block"   // instances with a branch that waits at an AND-join are not migrated
	JoinsRebuild = "rebuild" // such branches are made anew, where that has no side effects
)

// Start says what to do about starts without an answer.
type Start struct {
	// Settle is how long a request without an answer may still run on the target.
	Settle time.Duration
	// Rest lies between the two looks that show an instance of the target at rest.
	Rest time.Duration
	// WhenUnknown is UnknownPark or UnknownRetry.
	WhenUnknown string
}

// Resume bounds the convergent loop.
type Resume struct {
	MaxRounds int
}

// Limits bound the load.
type Limits struct {
	Window               int     // instances in flight per wave; the default of starter wave --window
	TargetCallsPerSecond float64 // over all workers
	CopyRowsPerSecond    int     // per worker; 0 for no limit
}

// Worker is what concerns one worker process.
type Worker struct {
	Roles     []contract.Role
	Listen    string // address of /metrics, /livez and /readyz; "" for none
	MaxCopies int    // instances copied at the same time
	MaxCalls  int    // calls of the target under way at the same time
	LogLevel  string // debug, info, warn or error
}

// LedgerSchema is the schema of a ledger without a DSN of its own.
const LedgerSchema = "jogetferry"

// LedgerDSN returns the DSN of the ledger: the configured one, or schema
// LedgerSchema on the target's server, with the target's account. Without
// either, or with a target DSN that cannot be read, it is empty.
func (c *Config) LedgerDSN() migration.Secret {
	if !c.Ledger.Database.Empty() {
		return c.Ledger.Database
	}
	dsn, err := mysql.ParseDSN(c.Target.Database.Reveal())
	if c.Target.Database.Empty() || err != nil {
		return migration.Secret{}
	}
	dsn.DBName = LedgerSchema
	return migration.NewSecret(dsn.FormatDSN())
}
