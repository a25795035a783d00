package bench

import (
	"fmt"
	"time"

	"jogetferry/migration"
	"jogetferry/store"
	"jogetferry/test/mysqltest"
)

// poll measures how long the ledger takes to say what a wave is to do next.
func (b *bench) poll() []Section {
	b.Helper()
	const mig, window, polls = migration.Name("crm"), 50, 21
	n := b.sizes.Entries
	dsn := mysqltest.DatabaseOn(b.TB, b.ledger.DSN(""))
	ctx := b.Context()
	ledger, err := store.Open(ctx, dsn, store.Options{Actor: "bench"})
	b.must(err)
	defer func() { b.must(ledger.Close()) }()
	b.must(ledger.Bind(ctx, migration.Binding{Migration: mig, Source: "s", Target: "t"}, "digest"))
	wave, err := ledger.CreateWave(ctx, mig, migration.Wave{Window: window})
	b.must(err)
	db := b.open(dsn)
	b.timed("fill the ledger", func() {
		connection, err := db.Conn(ctx)
		b.must(err)
		defer func() { b.must(connection.Close()) }()
		for _, s := range []struct {
			statement string
			args      []any
		}{
			{setWave, []any{n / 2, window}},
			{fillWave(n), []any{mig, wave.Name}},
			{takeWave, []any{mig}},
			{countWave, []any{mig}},
			{updateWave, []any{n, mig, wave.Name}},
		} {
			_, err := connection.ExecContext(ctx, s.statement, s.args...)
			b.must(err)
		}
		_, err = connection.ExecContext(ctx, analyzeLedger)
		b.must(err)
	})
	token := 0
	claim := func() (claimed int) {
		token++
		entries, counts, err := ledger.ClaimNext(ctx, mig, wave.Name, migration.Token(fmt.Sprint("poll ", token)), window)
		b.must(err)
		if sum := counts.Done + counts.Claimed + counts.InFlight + counts.Ready; sum != n {
			b.Fatalf("the wave has %d entries, want %d", sum, n)
		}
		return len(entries)
	}
	// Half of the polls find a window that is full, the others one that is free.
	var full, free []float64
	for range polls {
		full = append(full, float64(timed(func() { claim() })))
		b.execute(db, settleOne, mig)
		b.execute(db, countOne, mig, wave.Name, mig, wave.Name)
		free = append(free, float64(timed(func() {
			if claim() != 1 {
				b.Fatal("nothing was claimed, though the window has room")
			}
		})))
	}
	return pollSections(n, full, free)
}

// pollSections shows polls of a wave of n entries, in nanoseconds.
func pollSections(n int, full, free []float64) []Section {
	of := " of a wave of " + number(float64(n)) + " entries"
	return []Section{{
		Title: "Polls of a wave",
		How:   "What the ledger does when a wave asks for its next instances, half of them done. The median of " + fmt.Sprint(len(full)) + " polls.",
		Rows: []Row{
			{What: "a poll" + of + ", its window full", Measured: millis(time.Duration(median(full))), Budget: AtMost(20)},
			{What: "a poll" + of + " that takes one", Measured: millis(time.Duration(median(free))), Budget: AtMost(20)},
		},
	}}
}
