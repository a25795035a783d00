package bench

import (
	_ "embed"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
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
	next    int // of Seeded.Instances
	arrived int
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
	s.arrived = s.count()
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
	var lines strings.Builder
	for _, i := range s.Seeded.Instances[s.next : s.next+n] {
		lines.WriteString(methodLine(i) + "\n")
	}
	s.next += n
	cmd := exec.CommandContext(s.Context(), "xargs", "-P", fmt.Sprint(parallel), "-d", "\n", "-n", "1", "bash", s.file) //nolint:gosec // ours
	cmd.Env, cmd.Stdin = s.environ, strings.NewReader(lines.String())
	s.runs(cmd)
	now := s.count()
	if now != s.arrived+n {
		s.Fatalf("the shell script moved %d of %d instances", now-s.arrived, n)
	}
	s.arrived = now
}

// count is how many records have a running instance on the target with something open.
func (s *script) count() (n int) {
	s.Helper()
	s.must(s.Target.QueryRowContext(s.Context(), selectArrived).Scan(&n))
	return n
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
