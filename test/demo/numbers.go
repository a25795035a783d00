package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// rate is how fast a wave went.
type rate struct {
	done   int           // instances that are done
	window int           // so many at a time
	took   time.Duration // from the wave's begin to the last step of any of them
}

// shownTime is how exactly a wave is measured: what is shown of it is what is
// extrapolated from.
const shownTime = 100 * time.Millisecond

// thousand is how long 1,000 instances take at this rate.
func (r rate) thousand() time.Duration { return 1000 * r.took / time.Duration(max(1, r.done)) }

// numbers are what a run measured of itself.
type numbers struct {
	cores       int
	wave        rate
	empty, full int64 // bytes of the ledger, before the plan and at the end
	instances   int   // in the ledger at the end
}

// perInstance is how many bytes the ledger has grown for each instance.
func (n numbers) perInstance() int64 { return (n.full - n.empty) / int64(max(1, n.instances)) }

// fact is a number with what it says.
type fact struct{ what, value string }

func (n numbers) facts() []fact {
	return []fact{
		{"cores, for both servers, all databases, Temporal and the worker", fmt.Sprint(n.cores)},
		{fmt.Sprintf("a wave of %d instances, %d at a time", n.wave.done, n.wave.window), fmt.Sprintf("%.1f seconds", n.wave.took.Seconds())},
		{"1,000 instances, extrapolated from that wave", fmt.Sprintf("%.1f minutes", n.wave.thousand().Minutes())},
		{"growth of the ledger for each instance", fmt.Sprintf("%d KiB", n.perInstance()>>10)},
	}
}

// table is the numbers as the documents show them.
func (n numbers) table() string {
	var b strings.Builder
	b.WriteString("| measured | |\n|---|---|\n")
	for _, f := range n.facts() {
		fmt.Fprintf(&b, "| %s | %s |\n", f.what, f.value)
	}
	return b.String()
}

// ledger is the ledger's database, read as its administrator.
type ledger struct{ *sql.DB }

// weigh returns how many bytes the ledger takes, data and indexes, in whole pages.
func (l ledger) weigh(ctx context.Context) (bytes int64, err error) {
	tables, err := list(ctx, l.DB, selectLedgerTables)
	if err != nil {
		return 0, err
	}
	for _, table := range tables {
		// Without, the server tells of some time ago.
		if _, err := l.ExecContext(ctx, analyzeTable(table)); err != nil {
			return 0, fmt.Errorf("weigh the ledger: %w", err)
		}
	}
	if err := l.QueryRowContext(ctx, sumLedgerBytes).Scan(&bytes); err != nil {
		return 0, fmt.Errorf("weigh the ledger: %w", err)
	}
	return bytes, nil
}

// rate reads how fast a wave went that has come to its end.
func (l ledger) rate(ctx context.Context, wave string) (rate, error) {
	var r rate
	var micros int64
	if err := l.QueryRowContext(ctx, selectRate, wave).Scan(&r.done, &r.window, &micros); err != nil {
		return r, fmt.Errorf("read how fast wave %s went: %w", wave, err)
	}
	r.took = (time.Duration(micros) * time.Microsecond).Round(shownTime)
	return r, nil
}
