package uploads_test

import (
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/uploads"
	"jogetferry/uploads/uploadstest"
)

// restless is a source in which files change, or go, when they are opened.
type restless struct {
	uploads.Store

	dir string
}

func (r restless) Open(ctx context.Context, key uploads.Key) (uploads.File, error) {
	path := filepath.Join(r.dir, key.Row.Table, string(key.Row.ID), key.Name)
	if key.Name == "gone" {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return nil, err
		}
	}
	f, err := r.Store.Open(ctx, key)
	if err != nil || key.Name != "log" {
		return f, err
	}
	return growing{f, path}, nil
}

type growing struct {
	uploads.File

	path string
}

func (g growing) Read(b []byte) (int, error) {
	n, err := g.File.Read(b)
	if grown := os.WriteFile(g.path, []byte("more and more"), 0o600); grown != nil {
		return n, grown
	}
	return n, err
}

// TestCopyThatLeavesConflictsGoesOnWithTheOthers: one file does not keep the rest.
func TestCopyThatLeavesConflictsGoesOnWithTheOthers(t *testing.T) {
	t.Parallel()
	source, dir := t.TempDir(), t.TempDir()
	for _, name := range []string{"a", "gone", "log", "theirs", "z"} {
		must(t, os.MkdirAll(filepath.Join(source, row.Table, string(row.ID)), 0o755))
		must(t, os.WriteFile(filepath.Join(source, row.Table, string(row.ID), name), []byte(name), 0o600))
	}
	must(t, os.MkdirAll(filepath.Join(dir, row.Table, string(row.ID)), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, row.Table, string(row.ID), "theirs"), []byte("own"), 0o600))
	target := opened(t, dir)
	got, err := uploads.Copy(t.Context(), restless{opened(t, source), source}, target, []migration.RowKey{row}, &uploadstest.Images{}, uploads.Options{OnConflict: uploads.ConflictLeave})
	if migration.CodeOf(err) != migration.CodeConflict {
		t.Error(err)
	}
	key := func(name string) uploads.Key { return uploads.Key{Row: row, Name: name} }
	want := uploads.Result{Copied: 2, Bytes: 2, Conflicts: []uploads.Key{key("theirs")}, Unsteady: []uploads.Key{key("log")}}
	got.Read, got.Sums = 0, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	left, err := os.ReadDir(filepath.Join(dir, row.Table, string(row.ID)))
	must(t, err)
	if len(left) != 3 {
		t.Errorf("%v lie there", left)
	}
}

// TestWhatABulkCopyBroughtIsReplaced, and is no image of the instance's.
func TestWhatABulkCopyBroughtIsReplaced(t *testing.T) {
	t.Parallel()
	source, dir := t.TempDir(), t.TempDir()
	must(t, os.MkdirAll(filepath.Join(source, row.Table, string(row.ID)), 0o755))
	must(t, os.MkdirAll(filepath.Join(dir, row.Table, string(row.ID)), 0o755))
	must(t, os.WriteFile(filepath.Join(source, row.Table, string(row.ID), "a"), []byte("newer"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, row.Table, string(row.ID), "a"), []byte("old"), 0o600))
	path, err := uploads.PathOf(uploads.Key{Row: row, Name: "a"})
	must(t, err)
	for _, tc := range []struct {
		sum  uploads.Sum
		code migration.Code
	}{{uploads.Sum{1}, migration.CodeConflict}, {sha256.Sum256([]byte("old")), ""}} {
		sum, code := tc.sum, tc.code
		images := &uploadstest.Images{Brought: map[string]uploads.Sum{path: sum}}
		_, err := uploads.Copy(t.Context(), opened(t, source), opened(t, dir), []migration.RowKey{row}, images, uploads.Options{})
		if migration.CodeOf(err) != code {
			t.Errorf("brought with sum %x: %v, want %q", sum[:2], err, code)
		}
		if code == migration.CodeConflict {
			continue
		}
		if content, err := os.ReadFile(filepath.Join(dir, row.Table, string(row.ID), "a")); err != nil || string(content) != "newer" {
			t.Errorf("%q, %v", content, err)
		}
	}
}
