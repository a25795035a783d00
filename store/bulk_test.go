package store_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
	"jogetferry/store"
)

func order(pass migration.BulkPass, tables ...string) migration.BulkOrder {
	return migration.BulkOrder{Pass: pass, Scope: migration.BulkScope{Tables: tables}}
}

// cut begins the bulk copy of a table with n chunks.
func cut(t *testing.T, l *store.Ledger, table string, n int) {
	t.Helper()
	must(t, l.BeginBulk(t.Context(), mig, order(migration.BulkPassCopy, table)))
	chunks := make([]migration.BulkChunk, n)
	for i := range chunks {
		chunks[i] = migration.BulkChunk{Kind: migration.BulkRows, Table: table, After: migration.RecordID(fmt.Sprint(i)), To: migration.RecordID(fmt.Sprint(i + 1)), Rows: 10}
	}
	must(t, l.CutBulk(t.Context(), mig, chunks))
}

func take(t *testing.T, l *store.Ledger, lane migration.Token) (migration.BulkChunk, bool) {
	t.Helper()
	c, ok, err := l.TakeBulk(t.Context(), mig, lane, 0)
	must(t, err)
	return c, ok
}

func TestBulk(t *testing.T) {
	t.Parallel()
	l := opened(t)
	_, err := l.Bulk(t.Context(), mig)
	wantCode(t, err, migration.CodeNotFound)
	begun := migration.BulkOrder{Pass: migration.BulkPassCopy, Scope: migration.BulkScope{Apps: []string{"crm"}}, RowsPerSecond: 7}
	must(t, l.BeginBulk(t.Context(), mig, begun))
	want := migration.BulkCopy{BulkOrder: begun, Status: migration.BulkRunning}
	is := func(want migration.BulkCopy, ended bool) {
		t.Helper()
		got, err := l.Bulk(t.Context(), mig)
		must(t, err)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(migration.BulkCopy{}, "BegunAt", "EndedAt")); diff != "" || got.EndedAt.IsZero() == ended {
			t.Errorf("ended at %v\n%s", got.EndedAt, diff)
		}
	}
	is(want, false)
	must(t, l.TuneBulk(t.Context(), mig, 9))
	must(t, l.SetBulk(t.Context(), mig, migration.BulkDone))
	want.RowsPerSecond, want.Status = 9, migration.BulkDone
	is(want, true)
	begun.RowsPerSecond = 0
	must(t, l.BeginBulk(t.Context(), mig, begun))
	want.RowsPerSecond, want.Status = 0, migration.BulkRunning
	is(want, false)
}

func TestBulkChunks_are_taken_once(t *testing.T) {
	t.Parallel()
	l := opened(t)
	cut(t, l, "a", 3)
	// Cutting again, by a worker that did not see it done, changes nothing.
	must(t, l.CutBulk(t.Context(), mig, []migration.BulkChunk{{Kind: migration.BulkRows, Table: "a", Rows: 99}}))
	first, _ := take(t, l, "one")
	second, _ := take(t, l, "two")
	if first.ID == second.ID || first.Table != "a" || first.After != "0" || first.To != "1" || first.Rows != 10 {
		t.Errorf("lanes got %+v and %+v", first, second)
	}
	// A worker that died goes on with its own.
	if again, ok := take(t, l, "one"); !ok || again != first {
		t.Errorf("the same lane got %+v, want %+v", again, first)
	}
	must(t, l.EndBulk(t.Context(), first, "one", migration.BulkOutcome{BulkTally: migration.BulkTally{Rows: 10, Inserted: 9, Same: 1}}))
	wantCode(t, l.EndBulk(t.Context(), first, "one", migration.BulkOutcome{}), migration.CodeConflict)
	must(t, l.ReleaseBulk(t.Context(), second, "two"))
	if again, ok := take(t, l, "one"); !ok || again != second {
		t.Errorf("what was given back: %+v, want %+v", again, second)
	}
	must(t, l.EndBulk(t.Context(), second, "one", migration.BulkOutcome{Reason: migration.ReasonRecordConflict, Detail: "rows", BulkTally: migration.BulkTally{Rows: 8, Conflicts: 2}}))
	last, _ := take(t, l, "three")
	if _, ok := take(t, l, "one"); ok {
		t.Error("there was one more")
	}
	tables, err := l.BulkTables(t.Context(), mig)
	must(t, err)
	want := []migration.BulkTable{{
		Kind: migration.BulkRows, Table: "a", Chunks: 3, Done: 1, Parked: 1, Planned: 30, Reason: migration.ReasonRecordConflict, Detail: "rows",
		BulkTally: migration.BulkTally{Rows: 18, Inserted: 9, Same: 1, Conflicts: 2},
	}}
	if diff := cmp.Diff(want, tables); diff != "" {
		t.Error(diff)
	}
	// Begun anew, what was parked, or taken by somebody who is gone, waits again.
	must(t, l.BeginBulk(t.Context(), mig, order(migration.BulkPassCopy)))
	ids := map[int64]bool{}
	for {
		c, ok := take(t, l, migration.Token(fmt.Sprint("new", len(ids))))
		if !ok {
			break
		}
		ids[c.ID] = true
	}
	if diff := cmp.Diff(map[int64]bool{second.ID: true, last.ID: true}, ids); diff != "" {
		t.Error(diff)
	}
}

func TestBulkRows(t *testing.T) {
	t.Parallel()
	l := opened(t)
	cut(t, l, "a", 1)
	chunk, _ := take(t, l, "one")
	digest := func(n byte) migration.Digest { return migration.Digest{n} }
	var rows []migration.BulkRow
	for i := range 2500 {
		rows = append(rows, migration.BulkRow{ID: migration.RecordID(fmt.Sprintf("r%04d", i)), Digest: digest(byte(i))})
	}
	must(t, l.MeantInBulk(t.Context(), "t", chunk, rows))
	must(t, l.MeantInBulk(t.Context(), "t", chunk, []migration.BulkRow{{ID: "r0007", Digest: digest(99)}}))
	keys := []migration.RowKey{{Table: "a", ID: "r0007"}, {Table: "a", ID: "r2499"}, {Table: "a", ID: "R0008"}, {Table: "b", ID: "r0001"}, {Table: "a", ID: "zzz"}}
	got, err := l.WrittenInBulk(t.Context(), "t", keys)
	must(t, err)
	want := map[migration.RowKey][]migration.Digest{keys[0]: {digest(7), digest(99)}, keys[1]: {digest(2499 % 256)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if other, err := l.WrittenInBulk(t.Context(), "other", keys); err != nil || len(other) > 0 {
		t.Errorf("of another target: %v, %v", other, err)
	}
}

// TestBulkPasses: a pass takes every chunk where the one before says nothing about it.
func TestBulkPasses(t *testing.T) {
	t.Parallel()
	l := opened(t)
	cut(t, l, "a", 3)
	// do ends the chunks that wait, the first n of them as done and the rest as parked.
	do := func(n int) (taken int) {
		for {
			c, ok := take(t, l, "one")
			if !ok {
				return taken
			}
			o := migration.BulkOutcome{BulkTally: migration.BulkTally{Rows: 10, Inserted: 10}}
			if taken++; taken > n {
				o.Reason = migration.ReasonVerifyDiffers
			}
			must(t, l.EndBulk(t.Context(), c, "one", o))
		}
	}
	for i, step := range []struct {
		pass  migration.BulkPass
		done  int
		ended bool
		taken int
	}{
		{migration.BulkPassCopy, 2, true, 3},
		{migration.BulkPassCopy, 1, true, 1},   // what was parked
		{migration.BulkPassVerify, 2, true, 3}, // all
		{migration.BulkPassVerify, 2, false, 3},
		{migration.BulkPassVerify, 3, true, 1}, // it was cut, and goes on
		{migration.BulkPassDelta, 3, true, 3},
		{migration.BulkPassDelta, 3, true, 3},
		{migration.BulkPassCopy, 3, true, 0}, // the delta left nothing to do
		{migration.BulkPassUndo, 2, true, 3},
		{migration.BulkPassUndo, 3, true, 1},
		{migration.BulkPassUndo, 3, true, 0},
		{migration.BulkPassCopy, 3, true, 3}, // since it was undone
	} {
		must(t, l.BeginBulk(t.Context(), mig, order(step.pass, "a")))
		if taken := do(step.done); taken != step.taken {
			t.Errorf("%d, %s: took %d chunks, want %d", i, step.pass, taken, step.taken)
		}
		if step.ended {
			must(t, l.SetBulk(t.Context(), mig, migration.BulkDone))
		}
	}
}
