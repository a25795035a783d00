package bench

import (
	"database/sql"
	"strings"
	"time"
)

// sides are the databases that worker and starter use, each on a server of its own.
var sides = []string{"source", "target", "ledger"}

// asked is what an account had a server do: statements of a kind, and the time they took.
type asked struct {
	n    int64
	took time.Duration
}

// side is what worker and starter had the server of one side do.
type side struct {
	counts map[string]asked // by kind, such as "select"
	cpu    time.Duration    // its share of the server's
}

func (s side) statements() (n float64) {
	for _, a := range s.counts {
		n += float64(a.n)
	}
	return n
}

// cost is what a wave took of everything.
type cost struct {
	sides            map[string]side
	others           time.Duration // CPU of the servers for everybody else, which is the target itself
	worker, temporal time.Duration // CPU
	commits          float64       // of the ledger's server that wrote something
}

func (c cost) databases() (sum time.Duration) {
	for _, s := range c.sides {
		sum += s.cpu
	}
	return sum
}

// reading is what all counters say at a moment.
type reading struct {
	cpu      map[string]time.Duration    // by side, "worker" and "temporal"
	accounts map[string]map[string]asked // by side and kind, of worker and starter
	all      map[string]time.Duration    // by side: what all accounts' statements took
	commits  float64
}

// cost is what do takes of everything.
func (f *field) cost(do func()) cost {
	f.Helper()
	before := f.read()
	do()
	after := f.read()
	c := cost{
		sides:  map[string]side{},
		worker: after.cpu["worker"] - before.cpu["worker"], temporal: after.cpu["temporal"] - before.cpu["temporal"],
		commits: after.commits - before.commits,
	}
	for _, name := range sides {
		s := side{counts: map[string]asked{}}
		var took time.Duration
		for kind, a := range after.accounts[name] {
			was := before.accounts[name][kind]
			if a.n > was.n {
				s.counts[kind] = asked{a.n - was.n, a.took - was.took}
				took += a.took - was.took
			}
		}
		spent := after.cpu[name] - before.cpu[name]
		s.cpu = share(spent, took, after.all[name]-before.all[name])
		c.sides[name] = s
		c.others += spent - s.cpu
	}
	return c
}

// share is the part of what was spent that is of those whose statements took ours of all.
func share(spent, ours, all time.Duration) time.Duration {
	if all <= 0 {
		return spent
	}
	return time.Duration(float64(spent) * float64(ours) / float64(all))
}

func (f *field) read() reading {
	f.Helper()
	r := reading{
		cpu:      map[string]time.Duration{"worker": f.cpu(f.worker.Pid()), "temporal": f.cpu(f.temporal.Pid())},
		accounts: map[string]map[string]asked{}, all: map[string]time.Duration{},
	}
	for name, server := range f.servers() {
		r.cpu[name] = f.cpu(server.Pid())
		r.accounts[name], r.all[name] = f.statements(server.admin, f.accounts[name])
	}
	f.must(f.servers()["ledger"].admin.QueryRowContext(f.Context(), selectCommits).Scan(&r.commits))
	return r
}

// statements reads what an account had a server do, and how long everybody's statements took.
func (b *bench) statements(admin *sql.DB, account string) (counts map[string]asked, all time.Duration) {
	b.Helper()
	rows, err := admin.QueryContext(b.Context(), selectStatements)
	b.must(err)
	defer rows.Close()
	counts = map[string]asked{}
	for rows.Next() {
		var user, kind string
		var n, picoseconds int64
		b.must(rows.Scan(&user, &kind, &n, &picoseconds))
		took := time.Duration(picoseconds / 1000)
		all += took
		if user == account {
			kind = kind[strings.LastIndex(kind, "/")+1:]
			counts[kind] = asked{counts[kind].n + n, counts[kind].took + took}
		}
	}
	b.must(rows.Err())
	return counts, all
}

// slowest tells which statements took the databases the most time, for each of n instances.
// It is for whoever makes them fewer: the page has no place for it.
func (f *field) slowest(n int) {
	f.Helper()
	for _, name := range sides {
		f.slowestOf(name, n)
	}
}

func (f *field) slowestOf(name string, n int) {
	f.Helper()
	rows, err := f.servers()[name].admin.QueryContext(f.Context(), selectSlowest, f.databases[name])
	f.must(err)
	defer rows.Close()
	for rows.Next() {
		var text string
		var times, picoseconds float64
		f.must(rows.Scan(&text, &times, &picoseconds))
		f.say("  %s, an instance: %s times, %s: %s", name, number(times/float64(n)), millis(time.Duration(picoseconds/1000/float64(n))), text[:min(len(text), 160)])
	}
	f.must(rows.Err())
}
