package store_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
	"jogetferry/store"
)

// cut begins the bulk copy of a table with n chunks.
func cut(t *testing.T, l *store.Ledger, table string, n int) {
	t.Helper()
	must(t, l.BeginBulk(t.Context(), mig, migration.BulkScope{Tables: []string{table}}, 0))
	chunks := make([]migration.BulkChunk, n)
	for i := range chunks {
		chunks[i] = migration.BulkChunk{After: migration.RecordID(fmt.Sprint(i)), To: migration.RecordID(fmt.Sprint(i + 1)), Rows: 10}
	}
	must(t, l.CutBulk(t.Context(), mig, table, chunks))
}

func take(t *testing.T, l *store.Ledger, lane migration.Token) (migration.BulkChunk, bool) {
	t.Helper()
	c, ok, err := l.TakeBulk(t.Context(), mig, lane)
	must(t, err)
	return c, ok
}

func TestBulk(t *testing.T) {
	t.Parallel()
	l := opened(t)
	_, err := l.Bulk(t.Context(), mig)
	wantCode(t, err, migration.CodeNotFound)
	scope := migration.BulkScope{Apps: []string{"crm"}}
	must(t, l.BeginBulk(t.Context(), mig, scope, 7))
	want := migration.BulkCopy{Scope: scope, Status: migration.BulkRunning, RowsPerSecond: 7}
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
	must(t, l.BeginBulk(t.Context(), mig, scope, 0))
	want.RowsPerSecond, want.Status = 0, migration.BulkRunning
	is(want, false)
}

func TestBulkChunks_are_taken_once(t *testing.T) {
	t.Parallel()
	l := opened(t)
	cut(t, l, "a", 3)
	// Cutting again, by a worker that did not see it done, changes nothing.
	must(t, l.CutBulk(t.Context(), mig, "a", []migration.BulkChunk{{Rows: 99}}))
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
		Table: "a", Chunks: 3, Done: 1, Parked: 1, Planned: 30, Reason: migration.ReasonRecordConflict, Detail: "rows",
		BulkTally: migration.BulkTally{Rows: 18, Inserted: 9, Same: 1, Conflicts: 2},
	}}
	if diff := cmp.Diff(want, tables); diff != "" {
		t.Error(diff)
	}
	// Begun anew, what was parked, or taken by somebody who is gone, waits again.
	must(t, l.BeginBulk(t.Context(), mig, migration.BulkScope{}, 0))
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
