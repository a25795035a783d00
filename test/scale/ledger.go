package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"

	"jogetferry/migration"
	"jogetferry/store"
)

// ledgerSize is a ledger of many entries, filled by SQL: nine in ten are done, by waves of
// a tenth each; the last of them has half of its entries still to come. One in ten entries
// has a finding.
type ledgerSize struct {
	entries int
	admin   *sql.DB
	noted   *statements
	ledger  *store.Ledger // whose statements are noted
	say     func(format string, args ...any)
}

// The ledger that is filled, and the waves of it.
const (
	filled     = migration.Name("filled")
	filledPlan = "filled-plan"
	openWave   = migration.WaveName("open")
	doneWave   = migration.WaveName("done-1")
	fillAtOnce = 50_000
	doneWaves  = 8
	window     = 50
	planPage   = 500

	// fewestEntries are many beside a page.
	fewestEntries = 20_000
)

// measured is what one use of the ledger took.
type measured struct {
	what, bound string
	rows, most  int // examined by the server, and how many may be
	statements  int
	took        time.Duration
	slowest     []statement // those that read much
}

func (m measured) holds() bool { return m.rows <= m.most }

// newLedgerSize fills a ledger in the empty database of dsn, of an administrator of a server
// that nobody else uses. It must be closed even after an error.
func newLedgerSize(ctx context.Context, dsn string, entries int, say func(string, ...any)) (*ledgerSize, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the DSN of the ledger: %w", err)
	}
	cfg.MultiStatements, cfg.InterpolateParams = true, true
	l := &ledgerSize{entries: entries, say: say}
	if l.admin, err = sql.Open("mysql", cfg.FormatDSN()); err != nil {
		return l, fmt.Errorf("open the ledger's database: %w", err)
	}
	first, err := store.Open(ctx, dsn, store.Options{Actor: "scale"})
	if err != nil {
		return l, err
	}
	if err := errors.Join(l.fill(ctx, first), first.Close()); err != nil {
		return l, err
	}
	if l.noted, err = watchStatements(ctx, l.admin); err != nil {
		return l, err
	}
	l.ledger, err = store.Open(ctx, dsn, store.Options{Actor: "scale"})
	return l, err
}

func (l *ledgerSize) close() error {
	if l == nil {
		return nil
	}
	var errs []error
	if l.admin != nil {
		errs = append(errs, l.admin.Close())
	}
	if l.ledger != nil {
		errs = append(errs, l.ledger.Close())
	}
	return errors.Join(errs...)
}

// fill writes the entries as a plan and its waves leave them.
func (l *ledgerSize) fill(ctx context.Context, ledger *store.Ledger) error {
	binding := migration.Binding{Migration: filled, Source: "source", Target: "target"}
	if err := ledger.Bind(ctx, binding, "digest"); err != nil {
		return err
	}
	begun := time.Now()
	for from := 0; from < l.entries; from += fillAtOnce {
		n := min(fillAtOnce, l.entries-from)
		for _, fill := range []string{fillInstances(n), fillFindings(n), fillLines(n)} {
			if _, err := l.admin.ExecContext(ctx, fill, from, l.entries); err != nil {
				return fmt.Errorf("fill the ledger: %w", err)
			}
		}
		l.say("ledger: %d of %d entries filled, %s", from+n, l.entries, time.Since(begun).Round(time.Second))
	}
	for _, rest := range fillRest {
		if _, err := l.admin.ExecContext(ctx, rest); err != nil {
			return fmt.Errorf("fill the ledger: %w", err)
		}
	}
	return nil
}

// use is one thing that starter or a worker does with the ledger. most is how many rows it
// may read; bound says what that follows.
type use struct {
	what, bound string
	most        int
	do          func(ctx context.Context) error
}

// measure does everything once and returns what it took.
func (l *ledgerSize) measure(ctx context.Context) ([]measured, error) {
	var all []measured
	for _, u := range l.uses() {
		m, err := l.noted.measure(ctx, u, l.ledger.Ping)
		if err != nil {
			return all, fmt.Errorf("ledger of %d: %s: %w", l.entries, u.what, err)
		}
		verdict := "holds"
		if !m.holds() {
			verdict = "DOES NOT HOLD"
		}
		l.say("ledger: %-44s %9.1f ms %9d rows of %9d: %s", m.what, float64(m.took.Microseconds())/1000, m.rows, m.most, verdict)
		for _, s := range m.slowest {
			l.say("        %s", s)
		}
		all = append(all, m)
	}
	return all, nil
}

// uses are in the order in which they are done.
func (l *ledgerSize) uses() []use {
	return append(append(l.planning(), l.migrating()...), l.looking()...)
}

// Bounds are in words of what they follow: a window, a page, the entries of one state.
func (l *ledgerSize) planning() []use {
	again := l.page(l.entries-planPage, "again")
	return []use{
		{"plan: a page of new instances", "page", 25 * planPage, func(ctx context.Context) error {
			return l.ledger.SavePlan(ctx, filled, filledPlan, l.page(l.entries, "new"))
		}},
		{"plan: a page of known instances", "page", 25 * planPage, func(ctx context.Context) error {
			return l.ledger.SavePlan(ctx, filled, filledPlan, again)
		}},
		{"plan: its end, all seen", "entries not begun", l.entries / 4, func(ctx context.Context) error {
			_, err := l.ledger.FinishPlan(ctx, filled, filledPlan)
			return err
		}},
		{"plan: findings by definition", "findings", l.entries, func(ctx context.Context) error {
			_, err := l.ledger.FindingCounts(ctx, filled)
			return err
		}},
		{"plan: what blocks", "blocked entries", l.entries / 20, func(ctx context.Context) error {
			_, err := l.ledger.Hindrances(ctx, filled)
			return err
		}},
		{"pilot --suggest: groups that stand alike", "entries", l.entries * 11 / 10, func(ctx context.Context) error {
			_, err := l.ledger.PilotGroups(ctx, filled, takeable)
			return err
		}},
	}
}

var takeable = migration.Filter{States: []migration.InstanceState{migration.InstanceReady, migration.InstanceWarned}}

func (l *ledgerSize) migrating() []use {
	var batch []migration.Entry
	claim := func(token migration.Token) func(context.Context) error {
		return func(ctx context.Context) error {
			claimed, _, err := l.ledger.ClaimNext(ctx, filled, openWave, token, window)
			if len(claimed) > 0 {
				batch = claimed
			}
			return err
		}
	}
	progress := func(c migration.Change) func(context.Context) error {
		return func(ctx context.Context) error { return l.ledger.Progress(ctx, filled, batch[0].Instance, c) }
	}
	return []use{
		{"wave: its check of what is takeable", "entries", l.entries * 11 / 10, func(ctx context.Context) error {
			_, err := l.ledger.CountsByDefinition(ctx, filled, takeable)
			return err
		}},
		{"wave: take " + strconv.Itoa(planPage), "entries to come", l.entries/4 + 20*planPage, func(ctx context.Context) error {
			_, err := l.ledger.CreateWave(ctx, filled, migration.Wave{Name: "next", Window: window, Size: planPage})
			return err
		}},
		{"wave: claim a window of " + strconv.Itoa(window), "window", 40 * window, claim("a")},
		{"wave: poll with nothing to claim", "window", 40 * window, claim("b")},
		{"wave: its numbers", "window", 40 * window, func(ctx context.Context) error {
			_, err := l.ledger.Counts(ctx, filled, migration.Filter{Wave: openWave})
			return err
		}},
		{"wave: look for lost workflows", "window", 40 * window, func(ctx context.Context) error {
			_, err := l.ledger.InFlightOlderThan(ctx, filled, openWave, time.Hour)
			return err
		}},
		{"sweep of all waves, by each worker", "window", 40 * window, func(ctx context.Context) error {
			_, err := l.ledger.InFlightOlderThan(ctx, filled, "", time.Hour)
			return err
		}},
		{"an instance begins", "one", 100, progress(migration.Change{State: migration.InstanceRunning, Step: migration.StepCopyFormData})},
		{"an instance is done", "one", 100, progress(migration.Change{State: migration.InstanceDone, Step: migration.StepVerify, Verdict: migration.VerdictSame})},
		{"an instance is parked", "one", 100, func(ctx context.Context) error {
			_, err := l.ledger.Park(ctx, filled, batch[1].Instance, migration.Parking{Step: migration.StepVerify, Reason: migration.ReasonVerifyDiffers, Token: "p"})
			return err
		}},
		{"rollback of a window: begin", "window", 60 * window, func(ctx context.Context) error {
			ids := make([]migration.InstanceID, window)
			for i := range ids {
				ids[i] = migration.InstanceID(strconv.Itoa(i+1) + instanceSuffix)
			}
			_, err := l.ledger.CreateRollback(ctx, filled, ids, false, "scale")
			return err
		}},
	}
}

func (l *ledgerSize) looking() []use {
	pages := func(what, bound string, most int, f migration.Filter, limit int) use {
		return use{what, bound, most, func(ctx context.Context) error { return l.read(ctx, f, limit) }}
	}
	inState := func(s ...migration.InstanceState) migration.Filter { return migration.Filter{States: s} }
	const page = 1000
	return []use{
		{"status: the numbers of all", "entries", l.entries * 11 / 10, func(ctx context.Context) error {
			_, err := l.ledger.Counts(ctx, filled, migration.Filter{})
			return err
		}},
		{"status, list: the waves", "waves", 100, func(ctx context.Context) error {
			_, err := l.ledger.Waves(ctx, filled)
			return err
		}},
		{"list --process: the definitions there are", "entries", l.entries * 11 / 10, func(ctx context.Context) error {
			_, err := l.ledger.CountsByDefinition(ctx, filled, migration.Filter{})
			return err
		}},
		pages("list: the first page", "page", 5*page, migration.Filter{}, page),
		pages("list: 100 pages", "pages", 200*page, migration.Filter{}, 100*page),
		pages("list --state done: 20 pages", "pages", 7*20*page, inState(migration.InstanceDone), 20*page),
		pages("list --state ready,warned: all", "takeable entries", l.entries*7/10, takeable, l.entries),
		pages("list --state skipped: none", "entries of the state", page, inState(migration.InstanceSkipped), page),
		pages("list --wave: all of one", "its entries", l.entries*7/10, migration.Filter{Wave: doneWave}, l.entries),
		pages("list --wave --state parked", "its parked entries", 5*page, migration.Filter{Wave: openWave, States: inState(migration.InstanceParked).States}, page),
		pages("rollback --wave: all that a wave took", "entries", l.entries*12/10, migration.Filter{TakenBy: doneWave}, l.entries),
		pages("parked: all", "parked entries", 20*l.parked(), inState(migration.InstanceParked), l.entries),
		pages("resolve --parked-for", "parked entries", 20*l.parked(), migration.Filter{States: inState(migration.InstanceParked).States, Reason: migration.ReasonVerifyDiffers}, l.entries),
		{"show: an instance and its log", "one", 100, func(ctx context.Context) error {
			id := migration.InstanceID("1" + instanceSuffix)
			if _, err := l.ledger.Entry(ctx, filled, id); err != nil {
				return err
			}
			_, err := l.ledger.Lines(ctx, filled, id)
			return err
		}},
	}
}

// parked is how many entries fillInstances leaves so, with some to spare.
func (l *ledgerSize) parked() int { return l.entries/parkedOneIn + 10 }

// read pages through what f selects, as starter list does, until limit entries were there.
func (l *ledgerSize) read(ctx context.Context, f migration.Filter, limit int) error {
	n := 0
	for _, err := range l.ledger.EntriesEach(ctx, filled, f) {
		if err != nil {
			return err
		}
		if n++; n == limit {
			break
		}
	}
	return nil
}

// page is planPage entries of a plan after ordinal after, which may be there.
func (l *ledgerSize) page(after int, plan string) []migration.PlanEntry {
	page := make([]migration.PlanEntry, planPage)
	for i := range page {
		number := strconv.Itoa(after + i + 1)
		page[i].Entry = migration.Entry{
			Instance:   migration.InstanceID(number + instanceSuffix),
			Definition: migration.DefinitionID{Package: "leave", Version: "3", Process: "process1"},
			Requester:  "cat", Started: migration.EpochMillis(after + i + 1), Record: migration.RecordID("record-" + number), State: migration.InstanceReady,
		}
		page[i].Findings = []migration.Finding{{ID: "FERRY-101", Severity: migration.Note, Subject: plan}}
	}
	return page
}
