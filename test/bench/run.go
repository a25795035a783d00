package bench

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/mysqltest"
	"jogetferry/test/temporaltest"
)

// part is some sections that are measured together.
type part struct {
	name    string
	measure func(*bench) []Section
}

// parts are all of them, in the order of the page.
var parts = []part{
	{"waves", (*bench).waves},
	{"rows", (*bench).rows},
	{"files", (*bench).files},
	{"plan", (*bench).plan},
	{"ledger", (*bench).poll},
}

// Run measures every row, or those of the parts named. It fails tb when something does not
// work, never because it is slow.
func Run(tb testing.TB, sizes Sizes, names ...string) Document {
	tb.Helper()
	b := &bench{TB: tb, sizes: sizes, temporal: temporaltest.New(tb, temporaltest.Options{})}
	b.source, b.target, b.ledger = b.database(), b.database(), b.database()
	d := Document{Sizes: sizes, Machine: b.machine()}
	for _, name := range names {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			tb.Fatalf("there is no part %q", name)
		}
	}
	for _, p := range parts {
		if len(names) > 0 && !slices.Contains(names, p.name) {
			continue
		}
		b.say("%s", p.name)
		took := timed(func() { d.Sections = append(d.Sections, p.measure(b)...) })
		b.say("%s took %s", p.name, took.Round(time.Second))
	}
	return d
}

// bench is one run, and what all parts of it use.
type bench struct {
	testing.TB

	sizes                  Sizes
	temporal               *temporaltest.Server
	source, target, ledger database
	stages                 int // how many there were
}

// database is a database server and its administrator.
type database struct {
	*mysqltest.Server

	admin *sql.DB
}

// servers are the database servers by what worker and starter use them for.
func (b *bench) servers() map[string]database {
	return map[string]database{"source": b.source, "target": b.target, "ledger": b.ledger}
}

// database starts a server of its own, so that its work can be told from that of others. It
// counts statements by account, and has the memory that a server of some size has.
func (b *bench) database() database {
	b.Helper()
	server := mysqltest.Private(b.TB, mysqltest.Flushing, "--innodb-file-per-table=1", "--innodb-doublewrite=1", "--innodb-buffer-pool-size=512M", "--performance-schema=ON",
		// Nothing but statements is counted: the rest costs a tenth of the server's time.
		"--performance-schema-instrument=%=OFF", "--performance-schema-instrument=statement/%=ON",
		"--local-infile=ON")
	d := database{server, b.open(server.DSN(""))}
	b.execute(d.admin, countCommits)
	return d
}

// say tells whoever waits what is going on.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s bench: %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// starter runs a verb to its good end, however long it takes, and decodes its result into out
// unless that is nil.
func (b *bench) starter(s *rig.Stage, out any, args ...string) {
	b.Helper()
	stdout, stderr, status := s.Run(b.Context(), args...)
	if status != 0 {
		b.Fatalf("starter %s: exit status %d\n%s\n%s", strings.Join(args, " "), status, stdout, stderr)
	}
	if out != nil {
		b.must(json.Unmarshal(stdout, out))
	}
}

// contender does the work that a row is about, in one way.
type contender struct {
	name    string
	missing string // why it cannot run here; "" where it can
	prepare func() // out of the measured time; nil for nothing
	run     func()
	check   func() // out of the measured time: has it done all?; nil for nothing
}

// race has the contenders do the work in turns, as often as there are rounds, and returns
// the median time of each, by name.
func (b *bench) race(contenders ...contender) map[string]time.Duration {
	b.Helper()
	took := map[string][]float64{}
	for range b.sizes.Rounds {
		for _, c := range contenders {
			if c.missing != "" {
				continue
			}
			if c.prepare != nil {
				c.prepare()
			}
			t := timed(c.run)
			took[c.name] = append(took[c.name], float64(t))
			b.say("  %s: %s", c.name, t.Round(time.Millisecond))
			if c.check != nil {
				c.check()
			}
		}
	}
	medians := map[string]time.Duration{}
	for name, times := range took {
		medians[name] = time.Duration(median(times))
	}
	return medians
}

func timed(do func()) time.Duration {
	begun := time.Now()
	do()
	return time.Since(begun)
}
