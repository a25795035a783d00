package store_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
)

var bulkKey = migration.ClaimKey{Source: "s", Target: "t", Instance: migration.BulkOwner}

func rowKey(id migration.RecordID) migration.RowKey { return migration.RowKey{Table: "a", ID: id} }

func TestBulkUndo(t *testing.T) {
	t.Parallel()
	l, dsn := openedAt(t)
	cut(t, l, "a", 2)
	chunk, _ := take(t, l, "one")
	other, _ := take(t, l, "two")
	var rows []migration.BulkRow
	for i := range 1500 {
		rows = append(rows, migration.BulkRow{ID: migration.RecordID(fmt.Sprintf("r%04d", i)), Digest: migration.Digest{1}})
	}
	must(t, l.MeantInBulk(t.Context(), "t", chunk, rows))
	must(t, l.MeantInBulk(t.Context(), "t", other, []migration.BulkRow{{ID: "x", Digest: migration.Digest{1}}}))
	images := func(owner migration.InstanceID, list ...migration.RowImage) {
		t.Helper()
		r := l.RowImages(mig, migration.ClaimKey{Source: "s", Target: "t", Instance: owner})
		must(t, r.Keep(t.Context(), list))
		must(t, r.Wrote(t.Context(), list))
	}
	// The copy overwrote what it had inserted, what was somebody's, and inserted one by itself.
	images(chunk.Owner(),
		migration.RowImage{Key: rowKey("r0001"), Existed: true, Digest: migration.Digest{1}, WrittenDigest: migration.Digest{2}, Data: []byte("ours")},
		migration.RowImage{Key: rowKey("before"), Existed: true, Digest: migration.Digest{8}, WrittenDigest: migration.Digest{2}, Data: []byte("theirs")},
		migration.RowImage{Key: rowKey("alone"), WrittenDigest: migration.Digest{2}},
	)
	// An instance wrote to one, too.
	images("i", migration.RowImage{Key: rowKey("r0002"), Existed: true, Digest: migration.Digest{1}, WrittenDigest: migration.Digest{3}, Data: []byte("ours")})
	if held, err := l.BulkHeld(t.Context(), mig); err != nil || held != (migration.BulkHeld{Tables: 1, Rows: 1501}) {
		t.Errorf("holds %+v, %v", held, err)
	}
	undo := l.BulkUndo(mig, bulkKey, chunk)
	keys, err := undo.Begin(t.Context())
	must(t, err)
	if len(keys) != 1502 || slices.Contains(keys, rowKey("x")) {
		t.Errorf("%d rows are to be taken back, want 1502", len(keys))
	}
	asked := []migration.RowKey{rowKey("r0000"), rowKey("r0001"), rowKey("r0002"), rowKey("before"), rowKey("alone"), rowKey("x")}
	ways, err := undo.Ways(t.Context(), asked)
	must(t, err)
	tell := map[migration.RecordID]string{}
	for key, w := range ways {
		var wrote []string
		for _, d := range w.Written {
			wrote = append(wrote, fmt.Sprint(d[0]))
		}
		tell[key.ID] = fmt.Sprintf("existed %t %s, shared %t, wrote %s", w.Image.Existed, w.Image.Data, w.Shared, strings.Join(wrote, " "))
	}
	if diff := cmp.Diff(map[migration.RecordID]string{
		"r0000":  "existed false , shared false, wrote 1",
		"r0001":  "existed false , shared false, wrote 1 2",
		"r0002":  "existed false , shared true, wrote 1 3",
		"before": "existed true theirs, shared false, wrote 2",
		"alone":  "existed false , shared false, wrote 2",
	}, tell); diff != "" {
		t.Error(diff)
	}
	brought := func(want ...migration.RecordID) {
		t.Helper()
		known, err := l.BulkUndo(mig, bulkKey, chunk).Brought(t.Context(), asked)
		must(t, err)
		var got []migration.RecordID
		for _, key := range asked {
			if known[key] {
				got = append(got, key.ID)
			}
		}
		if !slices.Equal(want, got) {
			t.Errorf("brought %v, want %v", got, want)
		}
	}
	brought("r0000", "r0001", "r0002", "before", "alone")
	done := []migration.RowKey{rowKey("r0000"), rowKey("r0001"), rowKey("r1499"), rowKey("before"), rowKey("alone")}
	for range 2 { // it may be repeated after a crash
		must(t, undo.Done(t.Context(), done))
	}
	brought("r0002")
	// What was taken back is nobody's, and the ledger still knows that it was.
	written, err := l.WrittenInBulk(t.Context(), "t", []migration.RowKey{rowKey("r0000"), rowKey("r0002"), rowKey("r1499")})
	must(t, err)
	if diff := cmp.Diff(map[migration.RowKey][]migration.Digest{rowKey("r0002"): {{1}}}, written); diff != "" {
		t.Error(diff)
	}
	if held, err := l.BulkHeld(t.Context(), mig); err != nil || held.Rows != 1498 {
		t.Errorf("holds %d rows, %v; want 1498", held.Rows, err)
	}
	var spent int
	db, err := sql.Open("mysql", dsn)
	must(t, err)
	defer db.Close()
	must(t, db.QueryRowContext(t.Context(), "SELECT SUM(row_count) FROM bulk_row WHERE undone_at IS NOT NULL").Scan(&spent))
	if spent != 3 {
		t.Errorf("%d rows are marked as taken back, want 3", spent)
	}
	keys, err = l.BulkUndo(mig, bulkKey, chunk).Begin(t.Context())
	must(t, err)
	if len(keys) != 1497 {
		t.Errorf("%d rows are left, want 1497", len(keys))
	}
	// Inserted again, they are ours again.
	must(t, l.MeantInBulk(t.Context(), "t", chunk, rows[:1]))
	brought("r0000", "r0002")
}

func TestBulkTurns(t *testing.T) {
	t.Parallel()
	l := opened(t)
	for _, table := range []string{"a", "b", "c"} {
		cut(t, l, table, 1)
	}
	takes := func(turn int) string {
		t.Helper()
		var tables []string
		for {
			c, ok, err := l.TakeBulk(t.Context(), mig, migration.Token(fmt.Sprint("lane", turn, len(tables))), turn)
			must(t, err)
			if !ok {
				break
			}
			tables = append(tables, c.Table)
		}
		must(t, l.BeginBulk(t.Context(), mig, order(migration.BulkPassCopy)))
		return strings.Join(tables, " ")
	}
	must(t, l.TurnBulk(t.Context(), mig, map[string]int{"a": 2, "b": 1}))
	for turn, want := range []string{"c", "b", "a", ""} {
		if got := takes(turn); got != want {
			t.Errorf("turn %d takes %q, want %q", turn, got, want)
		}
	}
	must(t, l.TurnBulk(t.Context(), mig, nil))
	if got := takes(0); got != "a b c" {
		t.Errorf("without turns: %q", got)
	}
}

// TestNobodyTakesARecordWhileTheCopyIsTakenBack, whichever migration it is of.
func TestNobodyTakesARecordWhileTheCopyIsTakenBack(t *testing.T) {
	t.Parallel()
	l := opened(t)
	cut(t, l, "a", 1)
	bound, err := l.Bound(t.Context(), mig)
	must(t, err)
	key := migration.ClaimKey{Source: bound.Source, Target: bound.Target, Instance: "i"}
	must(t, l.BeginBulk(t.Context(), mig, order(migration.BulkPassUndo)))
	wantCode(t, l.HoldRecord(t.Context(), key, "r", mig), migration.CodeConflict)
	must(t, l.HoldRecord(t.Context(), migration.ClaimKey{Source: bound.Source, Target: "another", Instance: "i"}, "r", mig))
	must(t, l.SetBulk(t.Context(), mig, migration.BulkDone))
	must(t, l.HoldRecord(t.Context(), key, "r", mig))
	must(t, l.BeginBulk(t.Context(), mig, order(migration.BulkPassUndo)))
	must(t, l.HoldRecord(t.Context(), key, "r", mig)) // it has it already
}
