package store_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"jogetferry/migration"
	"jogetferry/store"
)

// rowsRead returns how many rows, of tables and of indexes, the server reads for
// do. The ledger has one connection from then on, which do must be content with.
func rowsRead(t *testing.T, l *store.Ledger, do func()) int {
	t.Helper()
	l.DB().SetMaxOpenConns(1)
	count := func() (sum int) {
		rows, err := l.DB().QueryContext(t.Context(), "SHOW SESSION STATUS LIKE 'Handler\\_read%'")
		must(t, err)
		defer rows.Close()
		for rows.Next() {
			var name string
			var n int
			must(t, rows.Scan(&name, &n))
			sum += n
		}
		must(t, rows.Err())
		return sum
	}
	before := count()
	do()
	return count() - before
}

func TestFileImages_of_many_files_of_one_record_read_only_those_asked_for(t *testing.T) {
	t.Parallel()
	l := opened(t)
	const batch, batches = 64, 40
	images := l.FileImages(mig, ourKey)
	row := migration.RowKey{Table: "crm", ID: "record-1"}
	part := func(number int) ([]migration.FileImage, []migration.FileKey) {
		page, keys := make([]migration.FileImage, batch), make([]migration.FileKey, batch)
		for i := range page {
			keys[i] = migration.FileKey{Row: row, Name: fmt.Sprintf("f%05d", number*batch+i)}
			page[i] = migration.FileImage{Key: keys[i], WrittenSum: sha256.Sum256([]byte(keys[i].Name))}
		}
		return page, keys
	}
	write := func(number int) {
		page, keys := part(number)
		_, err := images.Written(t.Context(), keys)
		must(t, err)
		must(t, images.Keep(t.Context(), page))
		must(t, images.Wrote(t.Context(), page))
	}
	first := rowsRead(t, l, func() { write(0) })
	for number := 1; number < batches; number++ {
		write(number)
	}
	analyze(t, l, "file_image", "file_written")
	last := rowsRead(t, l, func() { write(batches) })
	undo := l.FileUndo(mig, ourKey)
	_, err := undo.Begin(t.Context())
	must(t, err)
	undone := rowsRead(t, l, func() {
		_, keys := part(batches / 2)
		_, err := undo.Ways(t.Context(), keys)
		must(t, err)
		must(t, undo.Done(t.Context(), keys))
	})
	t.Logf("rows read: %d for the first %d files, %d after %d, %d for the way back", first, batch, last, batch*batches, undone)
	if most := 24 * batch; first > most || last > most || undone > most {
		t.Errorf("rows read: %d for the first %d files, %d after %d, %d for the way back; want at most %d", first, batch, last, batch*batches, undone, most)
	}
}

func analyze(t *testing.T, l *store.Ledger, tables ...string) {
	t.Helper()
	for _, table := range tables {
		_, err := l.DB().ExecContext(context.WithoutCancel(t.Context()), "ANALYZE TABLE "+table)
		must(t, err)
	}
}

// exec is SQL of somebody else than the ledger.
func exec(t *testing.T, l *store.Ledger, query string, args ...any) {
	t.Helper()
	_, err := l.DB().ExecContext(context.WithoutCancel(t.Context()), query, args...)
	must(t, err)
}

// settle makes the first entries of a wave done without the ledger's doing, for there are many.
func settle(t *testing.T, l *store.Ledger, wave migration.WaveName, to int) {
	t.Helper()
	exec(t, l, "UPDATE instance SET state = 'done', verdict = 'same', claim_token = '' WHERE migration = ? AND wave = ? AND ordinal <= ?", mig, wave, to)
	exec(t, l, "DELETE FROM wave_count WHERE migration = ? AND wave = ?", mig, wave)
	exec(t, l, `INSERT INTO wave_count (migration, wave, state, verdict, n)
SELECT migration, wave, IF(claim_token = 'due', 'ready', state) s, IF(claim_token = 'due', '', verdict) v, COUNT(*) FROM instance
WHERE migration = ? AND wave = ? GROUP BY migration, wave, s, v`, mig, wave)
}

// TestClaimNext_reads_the_same_whatever_is_done has a tenth of the largest wave that
// was thought of.
func TestClaimNext_reads_the_same_whatever_is_done(t *testing.T) {
	t.Parallel()
	const n, window, most = 100_000, 20, 1_000
	l := opened(t)
	must(t, l.SavePlan(t.Context(), mig, "p", planned(n, nil)))
	var w migration.Wave
	made := rowsRead(t, l, func() { w = createWave(t, l, migration.Wave{Window: window}) })
	t.Logf("%d rows read for a wave of %d", made, w.Taken)
	if made > 20*n || w.Taken != n {
		t.Errorf("%d rows read for a wave of %d", made, w.Taken)
	}
	delta := func() {
		over := migration.WaveStopped
		must(t, l.SetWave(t.Context(), mig, w.Name, migration.WaveChange{Status: &over}))
		w = createWave(t, l, migration.Wave{Window: window, Delta: true})
	}
	for _, again := range []struct {
		name  string
		first func()
		most  int
	}{{"migrated", func() {}, n * 9 / 10}, {"brought up to date", delta, n * 8 / 10}} {
		again.first()
		for _, done := range []int{0, n / 2, again.most} {
			if done > 0 {
				settle(t, l, w.Name, done)
			}
			analyze(t, l, "instance", "wave_count")
			token := migration.Token(fmt.Sprint(again.name, done))
			var taken int
			claimed := rowsRead(t, l, func() {
				ids, _ := claimNext(t, l, w.Name, token, window)
				taken = len(ids)
			})
			polled := rowsRead(t, l, func() { claimNext(t, l, w.Name, token+" again", window) })
			counted := rowsRead(t, l, func() {
				_, err := l.Counts(t.Context(), mig, migration.Filter{Wave: w.Name})
				must(t, err)
			})
			t.Logf("%s, %d done: %d rows read to claim %d, %d to claim none, %d to count", again.name, done, claimed, taken, polled, counted)
			if claimed > most || polled > most || counted > most {
				t.Errorf("%s, %d done: %d rows read to claim %d, %d to claim none, %d to count; want at most %d", again.name, done, claimed, taken, polled, counted, most)
			}
		}
	}
}

// TestLookingReadsWhatItSelects has a ledger in which nearly all is done.
func TestLookingReadsWhatItSelects(t *testing.T) {
	t.Parallel()
	const n, few, page, most = 6_000, 100, 50, 1_500
	l := opened(t)
	must(t, l.SavePlan(t.Context(), mig, "p", planned(n, nil)))
	w := createWave(t, l, migration.Wave{Window: few, Size: n - 2*few})
	settle(t, l, w.Name, n-4*few)
	for state, to := range map[migration.InstanceState]int{migration.InstanceParked: n - 3*few, migration.InstanceRunning: n - 2*few} {
		exec(t, l, "UPDATE instance SET state = ?, updated_at = updated_at - INTERVAL 1 HOUR WHERE migration = ? AND ordinal > ? AND ordinal <= ?", string(state), mig, to-few, to)
	}
	settle(t, l, w.Name, 0) // counts anew
	analyze(t, l, "instance", "wave_count")
	for _, look := range []struct {
		name string
		do   func() (found, want int)
	}{
		{"parked", func() (int, int) {
			return listedOf(t, l, migration.Filter{States: []migration.InstanceState{migration.InstanceParked}}, n), few
		}},
		{"parked of a wave", func() (int, int) {
			return listedOf(t, l, migration.Filter{Wave: w.Name, States: []migration.InstanceState{migration.InstanceParked}}, n), few
		}},
		{"a page of a wave", func() (int, int) { return listedOf(t, l, migration.Filter{Wave: w.Name}, page), page }},
		{"a page that is done", func() (int, int) {
			return listedOf(t, l, migration.Filter{States: []migration.InstanceState{migration.InstanceDone, migration.InstanceParked}}, page), page
		}},
		{"in flight, of all waves", func() (int, int) {
			entries, err := l.InFlightOlderThan(t.Context(), mig, "", time.Minute)
			must(t, err)
			return len(entries), few
		}},
		{"the end of a plan that saw all", func() (int, int) {
			gone, err := l.FinishPlan(t.Context(), mig, "p")
			must(t, err)
			return gone, 0
		}},
		{"the next wave", func() (int, int) { return createWave(t, l, migration.Wave{Window: few, Size: page}).Taken, page }},
	} {
		var found, want int
		read := rowsRead(t, l, func() { found, want = look.do() })
		t.Logf("%s: %d found, %d rows read", look.name, found, read)
		if found != want || read > most {
			t.Errorf("%s: %d found, want %d; %d rows read, want at most %d", look.name, found, want, read, most)
		}
	}
}

// listedOf reads pages of what f selects, as far as the one with the limit-th, and returns how many there were.
func listedOf(t *testing.T, l *store.Ledger, f migration.Filter, limit int) (n int) {
	t.Helper()
	for after := int64(0); n < limit; {
		page, next, err := l.Entries(t.Context(), mig, f, after, min(limit, 70))
		must(t, err)
		n += len(page)
		if after = next; next == 0 {
			break
		}
	}
	return n
}

func TestNextRollback_reads_the_same_whatever_has_ended(t *testing.T) {
	t.Parallel()
	const n, limit, most = 2_000, 20, 700
	l := opened(t)
	must(t, l.SavePlan(t.Context(), mig, "p", planned(n, nil)))
	exec(t, l, "UPDATE instance SET state = 'parked', step = 'verify' WHERE migration = ?", mig)
	var ids []migration.InstanceID
	for i := range n {
		ids = append(ids, id(i+1))
	}
	r, err := l.CreateRollback(t.Context(), mig, ids, false, "")
	must(t, err)
	exec(t, l, "UPDATE rollback_instance SET handed_out = 1, outcome = 'undone' WHERE instance <> ? ORDER BY instance LIMIT ?", id(n), n*9/10)
	exec(t, l, "UPDATE instance i JOIN rollback_instance r ON r.migration = i.migration AND r.instance = i.instance SET i.state = 'ready' WHERE r.outcome <> ''")
	analyze(t, l, "instance", "rollback_instance")
	read := rowsRead(t, l, func() {
		if ids, left := next(t, l, r.Name, "a", limit); len(ids) != limit || left != n/10-limit {
			t.Errorf("%d handed out, %d left", len(ids), left)
		}
	})
	t.Logf("%d rows read", read)
	if read > most {
		t.Errorf("%d rows read, want at most %d", read, most)
	}
}
