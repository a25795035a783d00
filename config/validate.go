package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"jogetferry/contract"
	"jogetferry/migration"
)

// Part is what a configuration is read for; a starter needs less than a worker.
type Part string

// The parts. PartWorker needs what its configured roles need.
const (
	PartStarter Part = "starter"
	PartWorker  Part = "worker"
)

// needs are the keys that must be set beside migration and a ledger, which
// everything needs.
var needs = map[contract.Role][]string{
	contract.RoleWorkflows: nil,
	contract.RoleCopy:      {"source.database", "source.uploads", "target.database", "target.uploads"},
	contract.RoleJoget: {
		"target.url", "target.database", "target.admin.username", "target.admin.password",
		"target.master.username", "target.master.password",
	},
}

var migrationName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Validate returns Mistakes: everything that keeps part from running, in the
// order of the table of keys; nil when there is nothing. Keys that part does
// not need may hold references that cannot be resolved here.
func (c *Config) Validate(part Part) error {
	v := validation{Config: c, needed: map[string]bool{"migration": true}, mistakes: slices.Clone(c.mistakes)}
	if part == PartWorker {
		for _, role := range c.Worker.Roles {
			for _, name := range needs[role] {
				v.needed[name] = true
			}
		}
		if len(c.Worker.Roles) == 0 {
			v.mistakes.add("worker.roles", "is empty", "give some of "+allRoles())
		}
	}
	v.identity()
	v.servers()
	v.ledger()
	v.mappings()
	if part == PartWorker {
		v.timeout()
		v.listen()
	}
	return v.mistakes.orNil()
}

// validation is one Validate.
type validation struct {
	*Config
	needed   map[string]bool
	mistakes Mistakes
}

// given reports whether key has a value to look at; a needed key without one is
// a mistake.
func (v *validation) given(key, value, fix string) bool {
	if !v.resolved(key) {
		return false
	}
	if value == "" && v.needed[key] {
		v.mistakes.add(key, "is missing", fix)
	}
	return value != ""
}

// resolved reports whether the value of key could be read; one that is needed and
// could not is a mistake.
func (v *validation) resolved(key string) bool {
	if slices.ContainsFunc(v.mistakes, func(m Mistake) bool { return m.Key == key || m.Key == "--"+key }) {
		return false
	}
	err := v.broken[key]
	if err != nil && v.needed[key] {
		problem, fix, _ := strings.Cut(err.Error(), "; ")
		v.mistakes.add(key, problem, fix)
	}
	return err == nil
}

func (v *validation) identity() {
	if v.given("migration", string(v.Migration), "give a name such as crm-2026") && !migrationName.MatchString(string(v.Migration)) {
		v.mistakes.add("migration", fmt.Sprintf("%q is not a name", v.Migration), "use a-z, 0-9 and -, at most 63, beginning with a letter or digit")
	}
}

func (v *validation) servers() {
	source := v.dsn("source.database", v.Source.Database)
	from := v.uploads("source", v.Source.Uploads, v.Source.SFTP)
	v.url()
	target := v.dsn("target.database", v.Target.Database)
	to := v.uploads("target", v.Target.Uploads, v.Target.SFTP)
	v.account("target.admin", v.Target.Admin)
	v.account("target.master", v.Target.Master)
	if source != nil && target != nil && source.Addr == target.Addr && source.DBName == target.DBName {
		v.mistakes.add("target.database", "is the same database as source.database", "give the database of the other server")
	}
	if from != nil && to != nil && *from == *to {
		v.mistakes.add("target.uploads", "is the same folder as source.uploads", "give the folder of the other server")
	}
}

func (v *validation) url() {
	if !v.given("target.url", v.Target.URL, "give the target's address, such as http://127.0.0.1:8080/jw") {
		return
	}
	u, err := url.Parse(v.Target.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		v.mistakes.add("target.url", "is not an http(s) address", "write http://HOST:PORT/jw")
	case u.User != nil:
		v.mistakes.add("target.url", "holds a login", "move it to target.admin")
	case u.RawQuery != "" || u.Fragment != "":
		v.mistakes.add("target.url", "has text after the path", "end it with the context path, such as /jw")
	}
}

// maxTimeout is shorter than an activity that makes one call may take, so that
// the attempt that made the call records how it ended.
const maxTimeout = 330 * time.Second

// maxRest is far less than what an attempt may take.
const maxRest = time.Minute

func (v *validation) timeout() {
	switch {
	case v.mistaken("target.timeout"), v.mistaken("start.settle"), v.mistaken("start.rest"):
	case v.Target.Timeout > maxTimeout:
		v.mistakes.add("target.timeout", fmt.Sprintf("%s is more than %s", v.Target.Timeout, maxTimeout), "give less")
	case v.Start.Settle < v.Target.Timeout:
		v.mistakes.add("start.settle", "is less than target.timeout", "such a call may still run: give as much or more")
	case v.Start.Rest > maxRest:
		v.mistakes.add("start.rest", fmt.Sprintf("%s is more than %s", v.Start.Rest, maxRest), "give less: an attempt waits so long between two looks")
	}
}

const dsnForm = "write USER:PASSWORD@tcp(HOST:3306)/DATABASE"

func (v *validation) dsn(key string, dsn migration.Secret) *mysql.Config {
	if !v.given(key, dsn.Reveal(), dsnForm) {
		return nil
	}
	parsed, err := mysql.ParseDSN(dsn.Reveal())
	switch {
	case err != nil:
		// The driver's own words may quote the password.
		v.mistakes.add(key, "is not a DSN", dsnForm)
		return nil
	case parsed.DBName == "":
		v.mistakes.add(key, "names no database", dsnForm)
		return nil
	}
	return parsed
}

func (v *validation) account(key string, a Account) {
	v.given(key+".username", a.Username, "give a user of the target")
	password, hash := key+".password", key+".hash"
	switch {
	case !a.Password.Empty() && !a.Hash.Empty():
		v.mistakes.add(password, "is given together with "+hash, "give one of them")
	case !a.Hash.Empty():
	case v.broken[hash] != nil && v.needed[password]:
		v.needed[hash] = true
		v.resolved(hash)
	default:
		v.given(password, a.Password.Reveal(), "give it as ${VARIABLE} or ${file:PATH}, or give "+hash)
	}
}

func (v *validation) ledger() {
	if v.broken["ledger.database"] == nil && v.Ledger.Database.Empty() {
		if v.LedgerDSN().Empty() && !v.mistaken("target.database") {
			v.mistakes.add("ledger.database", "is missing, and so is target.database, the server of its default", dsnForm)
		}
		return
	}
	v.needed["ledger.database"] = true
	v.dsn("ledger.database", v.Ledger.Database)
}

func (v *validation) mistaken(key string) bool {
	return slices.ContainsFunc(v.mistakes, func(m Mistake) bool { return m.Key == key })
}

func (v *validation) mappings() {
	for _, p := range v.Processes {
		if _, _, ok := cutProcess(p); !ok {
			v.mistakes.add("processes", fmt.Sprintf("%q is not a process", p), "write package/process")
		}
	}
	_, err := v.Mapping()
	var mistakes Mistakes
	errors.As(err, &mistakes)
	v.mistakes = append(v.mistakes, mistakes...)
	for _, host := range v.Source.Hosts {
		if !isHost(host) {
			v.mistakes.add("source.hosts", fmt.Sprintf("%q is not a host", host), "write its name or address, without scheme, port and path")
		}
	}
	if _, err := ParseExtra(v.Records.Extra); err != nil {
		problem, fix, _ := strings.Cut(err.Error(), "; ")
		v.mistakes.add("records.extra", problem, fix)
	}
	if _, err := ParseRekeyColumns(v.Records.RekeyColumns); err != nil {
		problem, fix, _ := strings.Cut(err.Error(), "; ")
		v.mistakes.add("records.rekey_columns", problem, fix)
	}
	for _, key := range []string{"source.hosts", "processes", "definitions", "activities", "variables", "users", "records.extra", "records.rekey_columns", "instances"} {
		if v.broken[key] != nil {
			v.needed[key] = true
			v.resolved(key)
		}
	}
}

func (v *validation) listen() {
	if v.Worker.Listen == "-" {
		return
	}
	if _, _, err := net.SplitHostPort(v.Worker.Listen); err != nil {
		v.mistakes.add("worker.listen", fmt.Sprintf("%q is not an address", v.Worker.Listen), "write HOST:PORT or :PORT, or - for none")
	}
}
