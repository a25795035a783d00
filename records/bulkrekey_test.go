package records_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/records"
)

// renamed are records with new IDs, as the ledger has them.
type renamed migration.Rekeys

func (r renamed) Any(context.Context) (bool, error) { return len(r) > 0, nil }

func (r renamed) Of(_ context.Context, ids []migration.RecordID) (migration.Rekeys, error) {
	known := migration.Rekeys{}
	for _, id := range ids {
		if to, is := r[id]; is {
			known[id] = to
		}
	}
	return known, nil
}

// renaming has rows of which po-1 is to have a new ID, and some name it.
func renaming(t *testing.T, rows int) *bulk {
	t.Helper()
	b := newBulk(t)
	b.both("customer", "after", "title", "origin", "big")
	for _, id := range recordIDs(rows) {
		b.source.row("t", string(id), "c_title", "plain")
	}
	b.source.row("t", "po-1", "c_title", "of an instance")
	b.source.row("t", "a-by-relation", "c_after", "po-1", "c_title", "po-1", "c_big", strings.Repeat("x", 2<<10))
	b.source.row("t", "z-by-column", "c_origin", "po-1")
	b.source.row("t", "z-by-title", "c_title", "po-1", "c_after", "PO-1")
	b.Options.Rekeying = records.Rekeying{Model: rekeyedModel(), Columns: map[string][]string{"t": {"ORIGIN", "no_such"}}}
	return b
}

// same checks that the chunks of t compare as equal but for these rows.
func (b *bulk) same(but ...records.Difference) {
	b.t.Helper()
	var found []records.Difference
	for _, c := range b.chunks("t", 1000) {
		compared, err := b.Compare(b.t.Context(), c)
		if err != nil {
			b.t.Fatal(err)
		}
		found = append(found, compared.Differences...)
	}
	if diff := cmp.Diff(but, found); diff != "" {
		b.t.Errorf("differences (-want +got):\n%s", diff)
	}
}

func (b *bulk) names(want map[string]string) {
	b.t.Helper()
	for at, value := range want {
		id, column, _ := strings.Cut(at, ".")
		if got := b.target.value(id, column).String; got != value {
			b.t.Errorf("%s is %q on the target, want %q", at, got, value)
		}
	}
}

var rewritten = map[string]string{
	"a-by-relation.c_after": "new-1", "a-by-relation.c_title": "po-1", "z-by-column.c_origin": "new-1", "z-by-title.c_after": "PO-1", "z-by-title.c_title": "po-1",
}

func TestBulkRewritesWhatNamesRecordsWithNewIDs(t *testing.T) {
	t.Parallel()
	b := renaming(t, 2500)
	b.Options.NewIDs = renamed{"po-1": "new-1"}
	got := b.copyAll(1000)
	if got.Inserted != 2503 || got.Rows != 2504 || len(got.Conflicts) > 0 {
		t.Errorf("copied: %+v", got.CopyResult)
	}
	// By the batch all that are plain, by themselves those that are rewritten.
	if len(b.meant) != 2501 || len(b.ledger.kept) != 2 {
		t.Errorf("%d rows were meant, %d have images", len(b.meant), len(b.ledger.kept))
	}
	b.names(rewritten)
	b.same()
	if again := b.copyAll(1000); again.Same != 2503 {
		t.Errorf("again: %+v", again.CopyResult)
	}
	// What names it otherwise differs, and so does what names the old ID.
	b.target.exec("UPDATE app_fd_t SET c_after = 'po-1' WHERE id = 'a-by-relation'")
	b.target.exec("UPDATE app_fd_t SET c_origin = 'new-2' WHERE id = 'z-by-column'")
	b.same(
		records.Difference{Key: migration.RowKey{Table: "t", ID: "a-by-relation"}, Kind: records.Differs, Columns: []string{"c_after"}},
		records.Difference{Key: migration.RowKey{Table: "t", ID: "z-by-column"}, Kind: records.Differs, Columns: []string{"c_origin"}},
	)
}

// TestBulkOfBeforeTheDecision has rows with the old ID, which are equal on both sides.
func TestBulkOfBeforeTheDecision(t *testing.T) {
	t.Parallel()
	b := renaming(t, 10)
	b.copyAll(1000)
	b.ledger.bulk = map[migration.RowKey]records.Digest{}
	for id, digest := range b.meant {
		b.ledger.bulk[migration.RowKey{Table: "t", ID: id}] = digest
	}
	b.same()
	b.Options.NewIDs = renamed{"po-1": "new-1"}
	old := records.Difference{Key: migration.RowKey{Table: "t", ID: "po-1"}, Kind: records.Surplus}
	b.same(
		records.Difference{Key: migration.RowKey{Table: "t", ID: "a-by-relation"}, Kind: records.Differs, Columns: []string{"c_after"}},
		old,
		records.Difference{Key: migration.RowKey{Table: "t", ID: "z-by-column"}, Kind: records.Differs, Columns: []string{"c_origin"}},
	)
	if again := b.copyAll(1000); again.Overwritten != 2 || len(again.Conflicts) > 0 {
		t.Errorf("again: %+v", again.CopyResult)
	}
	b.names(rewritten)
	b.same(old)
}

// TestBulkRefusesToNameARecordInAColumnThatIsTooNarrow says which.
func TestBulkRefusesToNameARecordInAColumnThatIsTooNarrow(t *testing.T) {
	t.Parallel()
	b := renaming(t, 10)
	b.target.exec("ALTER TABLE app_fd_t MODIFY c_after varchar(4)")
	b.Options.NewIDs = renamed{"po-1": "new-1"}
	_, err := b.Copy(t.Context(), b.chunks("t", 1000)[0])
	code(t, err, migration.CodeUnsupported)
	if !strings.Contains(err.Error(), "app_fd_t.c_after") {
		t.Error(err)
	}
}
