package schema

import (
	"context"
	"database/sql"
	"regexp"
	"slices"
	"strings"

	"jogetferry/internal/database"
	"jogetferry/migration"
)

// Server returns what the database says of itself; fields that it does not
// tell are zero. Two DSNs of the same database give the same value, whatever
// address or tunnel they use.
func (r *Reader) Server(ctx context.Context) (migration.Server, error) {
	var s migration.Server
	var host, name sql.NullString
	if err := r.optional(ctx, selectHostname, &host); err != nil {
		return s, err
	}
	if err := r.optional(ctx, selectPort, &s.Port); err != nil {
		return s, err
	}
	if err := r.optional(ctx, selectDatabase, &name); err != nil {
		return s, err
	}
	s.Host, s.Database = host.String, name.String
	return s, nil
}

// Version returns the version of the database server, "" if it does not tell.
func (r *Reader) Version(ctx context.Context) (string, error) {
	var version sql.NullString
	err := r.optional(ctx, selectVersion, &version)
	return version.String, err
}

// generations are the tables that came with a generation of Joget, newest first.
var generations = []struct {
	table  string
	number int
}{
	{"wf_history_process", 8},
	{"app_builder", 7},
	{"dir_user_replacement", 6},
	{"app_form_data_audit_trail", 5},
	{"app_report_app", 4},
	{"app_app", 3},
}

// Generation returns the generation of Joget that made the tables, 3 to 8, as
// of when their names were last read. 0: these are not Joget's tables.
func (d *DB) Generation() int {
	for _, g := range generations {
		if d.Has(g.table) {
			return g.number
		}
	}
	return 0
}

// Clock returns the time of the database server.
func (r *Reader) Clock(ctx context.Context) (migration.EpochMillis, error) {
	now, err := read(ctx, r, "read the clock", selectClock, nil, func(scan scanner) (ms migration.EpochMillis, err error) {
		return ms, scan(&ms)
	})
	if err != nil || len(now) == 0 {
		return 0, err
	}
	return now[0], nil
}

// optional reads one value and leaves dest alone if the server refuses.
func (r *Reader) optional(ctx context.Context, query string, dest any) error {
	_, err := collect(ctx, r.q, query, nil, func(scan scanner) (struct{}, error) { return struct{}{}, scan(dest) })
	if database.Answered(err) {
		return nil
	}
	return wrap("identify the database", err)
}

// ReadOnly returns the name of a global variable that makes the server refuse
// writes, "" for none: of a replica, or of a primary after a failover.
func (r *Reader) ReadOnly(ctx context.Context) (string, error) {
	names, err := read(ctx, r, "ask whether the server is read-only", showReadOnly, nil, func(scan scanner) (name string, err error) {
		var value string
		return name, scan(&name, &value)
	})
	if err != nil || len(names) == 0 {
		return "", err
	}
	return names[0], nil
}

// CanWrite reports whether the account has a privilege to change this
// database or one of its tables, through a role too. Errors: the grants cannot be read.
func (r *Reader) CanWrite(ctx context.Context) (bool, error) {
	granted, err := r.granted(ctx)
	return slices.ContainsFunc(granted, func(g grant) bool { return writing.MatchString(g.privileges) }), err
}

// CanMakeTables reports whether the account may make tables in this database and add
// columns to all of them. Errors: the grants cannot be read.
func (r *Reader) CanMakeTables(ctx context.Context) (bool, error) {
	granted, err := r.granted(ctx)
	missing := map[string]bool{"CREATE": true, "ALTER": true}
	for _, g := range granted {
		for privilege := range strings.SplitSeq(strings.ToUpper(g.privileges), ",") {
			switch privilege = strings.TrimSpace(privilege); {
			case g.table != "*":
			case privilege == "ALL PRIVILEGES":
				return true, err
			default:
				delete(missing, privilege)
			}
		}
	}
	return len(missing) == 0, err
}

// grant is a line of SHOW GRANTS that concerns a database; table is quoted, or * for all.
type grant struct{ privileges, table string }

// granted returns what the account may do in this database, through a role too.
func (r *Reader) granted(ctx context.Context) ([]grant, error) {
	var name sql.NullString
	if err := r.optional(ctx, selectDatabase, &name); err != nil {
		return nil, err
	}
	lines, err := read(ctx, r, "read the account's grants", showGrants, nil, func(scan scanner) (line string, err error) {
		return line, scan(&line)
	})
	var granted []grant
	for _, line := range lines {
		if g, ok := grantOn(line, name.String); ok {
			granted = append(granted, g)
		}
	}
	return granted, err
}

// grantLine is a line of SHOW GRANTS that names privileges and what they are for.
var grantLine = regexp.MustCompile("(?i)^GRANT (.+?) ON (?:TABLE )?(\\*|`(?:[^`]|``)*`)\\.(\\*|`(?:[^`]|``)*`) TO ")

var writing = regexp.MustCompile(`(?i)\b(ALL PRIVILEGES|INSERT|UPDATE|DELETE|DROP|ALTER|CREATE|INDEX|TRIGGER|EVENT)\b`)

// grantOn reads a line of SHOW GRANTS; false: it does not concern database.
func grantOn(line, database string) (grant, bool) {
	m := grantLine.FindStringSubmatch(line)
	if m == nil {
		return grant{}, false
	}
	g := grant{privileges: m[1], table: m[3]}
	if m[2] == "*" {
		return g, true
	}
	pattern := strings.ReplaceAll(strings.Trim(m[2], "`"), "``", "`")
	// In a grant on a database, _ and % are wildcards unless escaped.
	return g, pattern == database || likePattern(pattern).MatchString(database)
}

func likePattern(pattern string) *regexp.Regexp {
	var expr strings.Builder
	expr.WriteString(`(?is)^`)
	for escaped, rest := false, pattern; rest != ""; {
		c := rest[:1]
		rest = rest[1:]
		switch {
		case !escaped && c == `\`:
			escaped = true
			continue
		case !escaped && c == "_":
			expr.WriteString(".")
		case !escaped && c == "%":
			expr.WriteString(".*")
		default:
			expr.WriteString(regexp.QuoteMeta(c))
		}
		escaped = false
	}
	expr.WriteString("$")
	return regexp.MustCompile(expr.String())
}

// Names of the settings that Settings reads (wf_setup.property).
const (
	SettingMasterUsername   = "masterLoginUsername"
	SettingMasterPassword   = "masterLoginPassword" // read as "***" or "", never the value
	SettingCompletion       = "deleteProcessOnCompletion"
	SettingStartProcessID   = "startProcessId"
	SettingDeadlineInterval = "deadlineCheckerInterval"
	SettingDataFilePath     = "dataFileBasePath"
	SettingRefererWhitelist = "jsonpWhitelist"
	SettingIPWhitelist      = "jsonpIPWhitelist"
	SettingTimeZone         = "systemTimeZone"
	SettingDateFormat       = "systemDateFormat"
	SettingLocale           = "systemLocale"
	// SettingDirectory is the class of another directory than Joget's own tables.
	SettingDirectory = "directoryManagerImpl"
)

// Settings returns the settings named by the constants above that the server
// has. It caches them: what the table says may not be in force before a restart.
func (r *Reader) Settings(ctx context.Context) (map[string]string, error) {
	names := []string{
		SettingMasterUsername, SettingMasterPassword, SettingCompletion, SettingStartProcessID, SettingDeadlineInterval,
		SettingDataFilePath, SettingRefererWhitelist, SettingIPWhitelist, SettingTimeZone, SettingDateFormat, SettingLocale, SettingDirectory,
	}
	rows, err := read(ctx, r, "read settings", withLists(selectSettings, len(names)), args(names), func(scan scanner) (v [2]string, err error) {
		var value sql.NullString
		err = scan(&v[0], &value)
		v[1] = value.String
		return v, err
	})
	settings := make(map[string]string, len(rows))
	for _, v := range rows {
		settings[v[0]] = v[1]
	}
	return settings, err
}

// Counters are the high-water marks of a server's IDs: where the next free block
// begins. The rows are shared by all nodes of a cluster, so they only grow, unless the
// database was restored from a backup. Zero: not used yet, there is no row. Of the
// numbers themselves a higher one is no younger where several nodes hand them out
// (docs/joget.md#counters).
type Counters struct {
	Process  int64 // SHKCounters _process_: numbers of instances
	Activity int64 // SHKCounters _activity_: numbers of activities
	NextOID  int64 // objectid.nextoid
}

// Below reports whether any counter is lower than in before.
func (c Counters) Below(before Counters) bool {
	return c.Process < before.Process || c.Activity < before.Activity || c.NextOID < before.NextOID
}

const (
	counterProcess  = "_process_"
	counterActivity = "_activity_"
	// counterBlock is how many numbers a node reserves at once; a counter's row
	// holds the first number of the next block.
	counterBlock = 200
)

// Counters reads the counters.
func (r *Reader) Counters(ctx context.Context) (Counters, error) {
	type row struct {
		name  string
		value int64
	}
	rows, err := read(ctx, r, "read counters", withLists(selectCounters, 2), args([]string{counterProcess, counterActivity}), func(scan scanner) (v row, err error) {
		return v, scan(&v.name, &v.value)
	})
	if err != nil {
		return Counters{}, err
	}
	var c Counters
	for _, v := range rows {
		switch v.name {
		case counterProcess:
			c.Process = v.value
		case counterActivity:
			c.Activity = v.value
		}
	}
	next, err := read(ctx, r, "read counters", selectNextOID, nil, func(scan scanner) (n int64, err error) { return n, scan(&n) })
	if len(next) > 0 {
		c.NextOID = next[0]
	}
	return c, err
}

// NextProcessNumber returns the lowest number that the server may still give
// to an instance: the start of the block that was reserved last, since how much of
// that block is used is known to the server's memory only; 1 for a server that never
// started one. Each node of a cluster has such a block, and the lowest of them cannot
// be known: there lower numbers may come too.
func (r *Reader) NextProcessNumber(ctx context.Context) (int64, error) {
	c, err := r.Counters(ctx)
	return max(1, c.Process-counterBlock), err
}

// AuditLogins counts the logins of username in the audit trail, failed ones
// included: it grows by one or more with each call that carries the name as
// j_username. Reads the whole table.
func (r *Reader) AuditLogins(ctx context.Context, username migration.User) (int, error) {
	return r.count(ctx, countLogins, args(string(username), "user "+string(username)+":"))
}
