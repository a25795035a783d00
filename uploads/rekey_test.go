package uploads_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/uploads"
	"jogetferry/uploads/uploadstest"
)

// TestRekeyed has two records of which the folder of one lies in that of the other, and
// either or both have another ID on the target.
func TestRekeyed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name         string
		rekeys       migration.Rekeys
		outer, inner migration.RecordID // on the target
	}{
		{name: "none", outer: "PO", inner: "PO/2024"},
		{name: "the_outer", rekeys: migration.Rekeys{"PO": "new"}, outer: "new", inner: "PO/2024"},
		{name: "the_inner", rekeys: migration.Rekeys{"PO/2024": "new"}, outer: "PO", inner: "new"},
		{name: "both", rekeys: migration.Rekeys{"PO": "new-1", "PO/2024": "new-2"}, outer: "new-1", inner: "new-2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			source, target := newSide(t, nil), newSide(t, nil)
			for name, content := range map[string]string{"PO/a": "outer", "PO/2024/b": "inner"} {
				path := filepath.Join(source.folder, "order", name)
				must(t, os.MkdirAll(filepath.Dir(path), 0o700))
				must(t, os.WriteFile(path, []byte(content), 0o600))
			}
			store := uploads.Rekeyed(source.store, tc.rekeys)
			rows := []migration.RowKey{{Table: "order", ID: tc.outer}, {Table: "order", ID: tc.inner}}
			copied, err := uploads.Copy(t.Context(), store, target.store, rows, &uploadstest.Images{}, uploads.Options{})
			must(t, err)
			outer, inner := uploads.Key{Row: rows[0], Name: "a"}, uploads.Key{Row: rows[1], Name: "b"}
			for key, want := range map[uploads.Key]string{outer: "outer", inner: "inner"} {
				if got := uploadstest.Read(t, target.store, key); got != want {
					t.Errorf("%s has %q, want %q", key, got, want)
				}
			}
			compared, err := uploads.Compare(t.Context(), store, target.store, rows)
			must(t, err)
			if compared.Differences != nil {
				t.Errorf("after the copy %v, want no difference", compared.Differences)
			}
			seen, err := uploads.Seen(t.Context(), target.store, rows, copied.Sums)
			must(t, err)
			// A tool replaces one file and adds another.
			for _, change := range []struct {
				key     uploads.Key
				content string
			}{{inner, "of a tool"}, {uploads.Key{Row: rows[0], Name: "made"}, "of a tool"}} {
				folder, err := uploads.Folder(change.key.Row)
				must(t, err)
				path := filepath.Join(target.folder, folder, change.key.Name)
				must(t, os.WriteFile(path, []byte(change.content), 0o600))
			}
			compared, err = uploads.Compare(t.Context(), store, target.store, rows)
			must(t, err)
			_, err = uploads.Revert(t.Context(), store, target.store, seen, compared.Differences, uploads.RevertOptions{Tools: kept{}, Calls: always})
			must(t, err)
			compared, err = uploads.Compare(t.Context(), store, target.store, rows)
			must(t, err)
			if compared.Differences != nil {
				t.Errorf("after the tool's doing was put back %v, want no difference", compared.Differences)
			}
		})
	}
}

// TestRekeyed_conflicts_go_by_the_new_ID finds a file under the new ID, and none under the old.
func TestRekeyed_conflicts_go_by_the_new_ID(t *testing.T) {
	t.Parallel()
	source, target := newSide(t, map[string]string{"a": "ours"}), newSide(t, map[string]string{"a": "theirs"})
	rekeys := migration.Rekeys{order.ID: "new"}
	rows := rekeys.Rows([]migration.RowKey{order})
	ledger := &uploadstest.Images{}
	_, err := uploads.Copy(t.Context(), uploads.Rekeyed(source.store, rekeys), target.store, rows, ledger, uploads.Options{})
	must(t, err)
	if got := target.files(); !cmp.Equal(got, map[string]string{"a": "theirs"}) {
		t.Errorf("the folder of the old ID has %v", got)
	}
	other := filepath.Join(target.folder, order.Table, "new", "a")
	must(t, os.WriteFile(other, []byte("else"), 0o600))
	result, err := uploads.Copy(t.Context(), uploads.Rekeyed(source.store, rekeys), target.store, rows, &uploadstest.Images{}, uploads.Options{})
	if migration.CodeOf(err) != migration.CodeConflict || !cmp.Equal(result.Conflicts, []uploads.Key{{Row: rows[0], Name: "a"}}) {
		t.Errorf("conflicts %v, %v; want the file under the new ID", result.Conflicts, err)
	}
}
