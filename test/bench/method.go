package bench

import (
	_ "embed"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/mysqltest"
	"jogetferry/test/simulator/seed"
)

// methodScript moves one instance, as people do by hand.
//
//go:embed method.sh
var methodScript string

// script is the method by hand, on servers of its own.
type script struct {
	*bench
	*rig.Stage

	file    string
	environ []string
	next    int             // of Seeded.Instances
	moved   []seed.Instance // by the last run
}

// script sets up two servers for so many instances, without a worker.
func (b *bench) script(instances int) *script {
	b.Helper()
	dir := b.TempDir()
	s := &script{bench: b, file: filepath.Join(dir, "method.sh")}
	b.must(os.WriteFile(s.file, []byte(methodScript), 0o600))
	dsns := map[string]string{}
	s.Stage = rig.New(b.TB, rig.Options{
		Seed:         seed.Options{Seed: 7, Instances: instances},
		SourceServer: b.source.DSN(""), TargetServer: b.target.DSN(""), LedgerDSN: mysqltest.DatabaseOn(b.TB, b.ledger.DSN("")),
		Temporal: b.temporal,
		Proxy: func(which, dsn string) string {
			dsns[which] = dsn
			return dsn
		},
	})
	s.environ = append(os.Environ(),
		"DUMP="+b.needed("mariadb-dump", "mysqldump"), "CLIENT="+b.needed("mariadb", "mysql"),
		"SOURCE_UPLOADS="+s.SourceUploads, "TARGET_UPLOADS="+s.TargetFiles, "URL="+s.URL)
	for _, side := range []string{"source", "target"} {
		name := strings.ToUpper(side)
		s.environ = append(s.environ, name+"="+b.login(dsns[side]), name+"_DATABASE="+b.databaseOf(dsns[side]))
	}
	return s
}

// slow has the target take so long for each call from now on.
func (s *script) slow(latency time.Duration) {
	s.Helper()
	slow(s.bench, s.Stage, latency)
}

// run moves the next n instances, so many at a time.
func (s *script) run(n, parallel int) {
	s.Helper()
	s.moved = s.Seeded.Instances[s.next : s.next+n]
	s.next += n
	var lines strings.Builder
	for _, i := range s.moved {
		lines.WriteString(methodLine(i) + "\n")
	}
	cmd := exec.CommandContext(s.Context(), "xargs", "-P", fmt.Sprint(parallel), "-d", "\n", "-n", "1", "bash", s.file) //nolint:gosec // ours
	cmd.Env, cmd.Stdin = s.environ, strings.NewReader(lines.String())
	s.runs(cmd)
}

// whole fails where an instance of the last run is not on the target with just the
// activities open that it has on the source.
func (s *script) whole() {
	s.Helper()
	open := s.open()
	for _, i := range s.moved {
		var want []string
		for _, a := range i.Activities {
			want = append(want, a.Def)
		}
		slices.Sort(want)
		if !slices.Equal(open[i.RecordID], want) {
			s.Fatalf("the shell script left %s with %q open, want %q", i.ID, open[i.RecordID], want)
		}
	}
}

// open are the open activities of running instances on the target, sorted, by record.
func (s *script) open() map[string][]string {
	s.Helper()
	rows, err := s.Target.QueryContext(s.Context(), selectOpen)
	s.must(err)
	defer rows.Close()
	open := map[string][]string{}
	for rows.Next() {
		var record, activity string
		s.must(rows.Scan(&record, &activity))
		open[record] = append(open[record], activity)
	}
	s.must(rows.Err())
	for _, activities := range open {
		slices.Sort(activities)
	}
	return open
}

// methodLine is the argument of the script for an instance.
func methodLine(i seed.Instance) string {
	of := strings.Split(i.Definition, "#")
	variables := url.Values{}
	for name, value := range i.Variables {
		switch v := value.(type) {
		case string, int64, float64:
			variables.Set("var_"+name, fmt.Sprint(v))
		}
	}
	var activities []string
	for _, a := range i.Activities {
		activities = append(activities, a.Def)
	}
	return strings.Join([]string{
		of[0], of[0] + ":latest:" + of[2], i.RecordID, url.QueryEscape(i.Requester), variables.Encode(), strings.Join(activities, " "),
	}, "|")
}

// needed is the path of a tool that is there where the database server is.
func (b *bench) needed(names ...string) string {
	b.Helper()
	t := findTool(names...)
	if t.missing != "" {
		b.Fatal(t.missing)
	}
	return t.path
}

// login writes the options with which the clients of MariaDB and MySQL log in as dsn does.
func (b *bench) login(dsn string) (file string) {
	b.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	b.must(err)
	host, port, err := net.SplitHostPort(cfg.Addr)
	b.must(err)
	file = filepath.Join(b.TempDir(), "login.cnf")
	b.must(os.WriteFile(file, fmt.Appendf(nil, "[client]\nprotocol=tcp\nhost=%s\nport=%s\nuser=%s\npassword=%s\n", host, port, cfg.User, cfg.Passwd), 0o600))
	return file
}

// databaseOf is the database of dsn.
func (b *bench) databaseOf(dsn string) string {
	b.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	b.must(err)
	return cfg.DBName
}
