package e2e_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/test/e2e/rig"
	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/drive"
	"jogetferry/test/simulator/engine"
)

// TestEquivalence migrates instances of every shape and then drives both
// populations, the source's and the target's, to their ends with the same
// answers: every instance must go the same way, offer the same work to the
// same people, and leave the same variables, rows and files.
func TestEquivalence(t *testing.T) {
	t.Parallel()
	p := populated(t, equivalents, rig.Options{})
	p.StartWorker()
	p.run("plan")
	p.run("wave", "--without-pilot", "--name", "all", "--window", "60")
	moved := p.moved()
	p.SourceUnchanged()
	t.Log(p.budget(moved))

	p.equal(moved)
	t.Log(mechanisms(t, startedOf(moved), known))
}

// equal compares both sides as they are, drives both to their ends, and compares again.
func (p *population) equal(moved []migrated) {
	p.t.Helper()
	ctx, source := p.t.Context(), p.source()
	before := p.compare(moved, func(s side, m migrated) (any, error) {
		return s.left(ctx, m.Record, m.Resume == nil) // what a person has it do may run tools
	}, source)
	p.t.Logf("%d of %d instances are on the target as they were left on the source", len(moved)-before, len(moved))
	after := p.compare(moved, func(s side, m migrated) (any, error) {
		id := m.ID
		if s.target {
			id = m.target
		}
		answers := drive.Choose(1)
		trace, err := drive.Finish(ctx, s.engine, id, func(q drive.Question) map[string]string {
			q.Record = m.Record // the same answers, whatever its ID is there
			return answers(q)
		})
		if err != nil {
			return trace, err
		}
		withoutEarlier(m, trace.Steps)
		data, err := s.left(ctx, m.Record, false)
		return end{trace, data}, err
	}, source)
	p.t.Logf("%d of %d instances came to the same end on both servers", len(moved)-after, len(moved))
}

// source is an engine on the source, on which nothing ran until now.
func (p *population) source() *engine.Engine {
	p.t.Helper()
	e, err := engine.New(p.t.Context(), engine.Options{DB: p.Source, UploadsDir: filepath.Dir(p.SourceUploads)})
	if err != nil {
		p.t.Fatal(err)
	}
	return e
}

// earlier are activities that go to whoever completed another one, by process. When
// that was before the migration the target does not know who it was, and gives them to
// whoever completes the activity before: FERRY-226 says so beforehand.
var earlier = map[string]map[string]string{"onboard/onboarding": {"welcome": "prepare"}}

// withoutEarlier forgets of such steps to whom they were offered.
func withoutEarlier(m migrated, steps []drive.Step) {
	for i := range steps {
		by := earlier[drive.Process(m.Definition)][steps[i].Activity]
		if slices.Contains(m.Completed, by) {
			steps[i].Offered, steps[i].Performer = nil, ""
		}
	}
}

// end is how an instance came to its end, and what it left.
type end struct {
	Trace drive.Trace
	Data  data
}

// population is a stage whose source people have worked on.
type population struct {
	*rig.Stage
	t       *testing.T
	truth   *truth
	started []drive.Started
}

// populated sets up a stage with n open instances of every process, more of what is rare.
func populated(t *testing.T, n int, o rig.Options) *population {
	t.Helper()
	processes := append(drive.Processes(), "claims/rounds", "claims/rounds", "claims/dispute", "claims/nested")
	return crowded(t, drive.Options{Seed: 1, Instances: n, Processes: processes, OddIDs: true}, o)
}

// crowded sets up a stage with open instances on its source.
func crowded(t *testing.T, crowd drive.Options, o rig.Options) *population {
	t.Helper()
	p := &population{t: t}
	o.Apps = append(apps.Names(), apps.Claims, apps.Permits)
	o.Populate = func(ctx context.Context, db *sql.DB, uploads string) error {
		e, err := engine.New(ctx, engine.Options{DB: db, UploadsDir: filepath.Dir(uploads), Pause: drive.Hang()})
		if err != nil {
			return err
		}
		p.started, err = drive.Populate(ctx, e, db, uploads, crowd)
		return err
	}
	if o.Settings == nil {
		o.Settings = map[string]string{}
	}
	o.Settings["FERRY_JOINS"] = "rebuild"
	p.Stage = rig.New(t, o)
	p.truth = newTruth(t, p.Stage)
	return p
}

// run runs starter and tells when all is not well.
func (p *population) run(args ...string) {
	p.t.Helper()
	began := time.Now()
	out, errs, status := p.Run(p.t.Context(), args...)
	p.t.Logf("%s took %s", args[0], time.Since(began).Round(time.Second))
	if status != 0 {
		p.t.Logf("%s: exit status %d\n%s\n%s", args[0], status, out, errs)
	}
}

// migrated is an instance with its target.
type migrated struct {
	drive.Started
	target string
}

func startedOf(moved []migrated) []drive.Started {
	var out []drive.Started
	for _, m := range moved {
		out = append(out, m.Started)
	}
	return out
}

// lost are tokens that no call of the API can make again, by "process
// join<predecessor".
var lost = map[string]bool{
	"claims/toolJoin settle<stamp":      true, // the predecessor is a tool
	"claims/guardedJoin settle<sell":    true, // has a condition
	"claims/sharedJoin recover<witness": true, // leads to two joins
	"claims/sharedJoin sue<witness":     true,
}

// honest are the findings with which an instance is rightly blocked, nil for none.
func honest(s drive.Started) []string {
	switch {
	case slices.ContainsFunc(s.Tokens, func(t string) bool { return lost[drive.Process(s.Definition)+" "+t] }):
		return []string{"FERRY-405"}
	case s.Boolean:
		return []string{"FERRY-413"}
	}
	return nil
}

// entry is what the ledger says of an instance.
type entry struct{ state, reason, verdict, target string }

func (p *population) entries() map[string]entry {
	p.t.Helper()
	entries := map[string]entry{}
	for _, line := range p.truth.rows(p.truth.ledger, ledgerInstances) {
		f := strings.Split(line, "|")
		entries[f[0]] = entry{f[1], f[2], f[3], f[4]}
	}
	return entries
}

// moved checks that every instance is done, or blocked where that is honest,
// and returns those that are done.
func (p *population) moved() []migrated {
	p.t.Helper()
	return p.movedBut(honest)
}

// movedBut checks that every instance is done, or blocked by what says what blocks it,
// and returns those that are done.
func (p *population) movedBut(blocks func(drive.Started) []string) []migrated {
	p.t.Helper()
	entries := p.entries()
	var out []migrated
	blocked := 0
	wrong := map[string]int{}
	for _, s := range p.started {
		e := entries[s.ID]
		findings := blocks(s)
		switch {
		case findings != nil && e.state == "blocked" && slices.Equal(p.blocking(s.ID), findings):
			blocked++
		case findings == nil && e.state == "done" && e.verdict == "same":
			out = append(out, migrated{s, e.target})
		default:
			kind := fmt.Sprintf("%s %s %q %q, want %q", s.Shape, e.state, e.reason, e.verdict, findings)
			if wrong[kind]++; wrong[kind] == 1 {
				p.t.Errorf("%s %+v\n%s", kind, s, strings.Join(p.findings(s.ID), "\n"))
				p.truth.tell(s.ID)
			}
		}
	}
	p.t.Logf("%d are done, %d blocked as they must be", len(out), blocked)
	for kind, n := range wrong {
		p.t.Errorf("%4d %s", n, kind)
	}
	return out
}

func (p *population) findings(instance string) []string {
	p.t.Helper()
	return p.truth.rows(p.truth.ledger, "SELECT check_id, severity, subject, message FROM finding WHERE instance = ?", instance)
}

// blocking are the findings that block an instance, each once.
func (p *population) blocking(instance string) []string {
	p.t.Helper()
	return p.truth.rows(p.truth.ledger, "SELECT DISTINCT check_id FROM finding WHERE instance = ? AND severity = 'blocking' ORDER BY 1", instance)
}

// side is a server with what is on it.
type side struct {
	engine  *engine.Engine
	db      *sql.DB
	uploads string
	tables  []formTable
	target  bool
	// keys are the records with another ID on the target, by that of the source.
	keys map[string]string
}

// compare looks at every instance on both sides and returns how many differ. On
// each side one comes after the other: numbers that calls at the same time take
// from the engine do not tell an order.
func (p *population) compare(moved []migrated, look func(side, migrated) (any, error), source *engine.Engine) int {
	p.t.Helper()
	began := time.Now()
	type view struct {
		seen any
		err  error
	}
	sides := []side{
		{engine: source, db: p.Source, uploads: p.SourceUploads},
		{engine: p.Sim.Engine(), db: p.Target, uploads: p.TargetFiles, target: true},
	}
	views, keys := make([][]view, len(sides)), p.keys()
	var looking sync.WaitGroup
	for i, s := range sides {
		var err error
		if s.tables, err = formTablesOf(p.t.Context(), s.db); err != nil || len(s.tables) == 0 {
			p.t.Fatalf("form tables: %d, %v", len(s.tables), err)
		}
		s.keys = keys
		looking.Go(func() {
			for _, m := range moved {
				seen, err := look(s, m)
				views[i] = append(views[i], view{seen, err})
			}
		})
	}
	looking.Wait()
	differ := map[string]int{}
	for i, m := range moved {
		a, b := views[0][i], views[1][i]
		diff := cmp.Diff(a.seen, b.seen)
		if diff == "" && a.err == nil && b.err == nil {
			continue
		}
		process := drive.Process(m.Definition)
		if differ[process]++; differ[process] <= 2 {
			p.t.Errorf("%+v\nsource: %v\ntarget: %v\n%s", m, a.err, b.err, diff)
		}
	}
	total := 0
	for process, n := range differ {
		p.t.Errorf("%4d differ of %s", n, process)
		total += n
	}
	p.t.Logf("compared in %s", time.Since(began).Round(time.Second))
	return total
}
