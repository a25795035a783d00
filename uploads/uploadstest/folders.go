package uploadstest

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/uploads"
)

// foldersAreListedInOrder page by page, with what is no folder, and never more than asked for.
func foldersAreListedInOrder(t *testing.T, open Opener) {
	s, dir := opened(t, open)
	lister, ok := s.(uploads.Folders)
	if !ok {
		t.Fatal("the store lists no folders")
	}
	list := func(span uploads.FolderSpan, most int) []uploads.RecordFolder {
		t.Helper()
		got, err := lister.Folders(t.Context(), span, most)
		must(t, err)
		return got
	}
	if got := list(uploads.FolderSpan{Table: "t"}, 10); len(got) > 0 {
		t.Errorf("a table without a folder has %v", got)
	}
	names := []string{" ", "A 1", "Nº-7", "PO", "Z", "a", "e\u0301", "é", "名"}
	for _, name := range names {
		plant(t, "x", dir, "t", name, "2024", "f")
	}
	plant(t, "x", dir, "t", "file")
	plant(t, "x", dir, "other", "b", "f")
	must(t, os.Symlink("a", filepath.Join(dir, "t", "link")))
	must(t, syscall.Mkfifo(filepath.Join(dir, "t", "pipe"), 0o644))
	p := create(t, s, uploads.Key{Row: migration.RowKey{Table: "t", ID: "a"}, Name: "2024/half"})
	write(t, p, "half")
	var want []uploads.RecordFolder
	for _, name := range names {
		want = append(want, uploads.RecordFolder{Name: name})
	}
	want = append(want, uploads.RecordFolder{Name: "file", Kind: uploads.KindFile}, uploads.RecordFolder{Name: "link", Kind: uploads.KindSymlink}, uploads.RecordFolder{Name: "pipe", Kind: uploads.KindOther})
	slices.SortFunc(want, func(a, b uploads.RecordFolder) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	for most := range len(want) + 2 {
		var got []uploads.RecordFolder
		for span := (uploads.FolderSpan{Table: "t"}); most > 0; {
			page := list(span, most)
			got = append(got, page...)
			if len(page) < most {
				break
			}
			span.After = page[most-1].Name
		}
		if diff := cmp.Diff(want, got); most > 0 && diff != "" {
			t.Errorf("%d at a time (-want +got):\n%s", most, diff)
		}
	}
	if diff := cmp.Diff([]uploads.RecordFolder{{Name: "PO"}, {Name: "Z"}}, list(uploads.FolderSpan{Table: "t", After: "Nº-7", To: "Z"}, 10)); diff != "" {
		t.Errorf("a span (-want +got):\n%s", diff)
	}
	must(t, os.Symlink("t", filepath.Join(dir, "linked")))
	for _, table := range []string{"linked", "..", "a/b", ""} {
		_, err := lister.Folders(t.Context(), uploads.FolderSpan{Table: table}, 10)
		wantCode(t, err, migration.CodeUnsupported)
	}
}

// manyFilesAreMadeDurableTogether and have content, time and access as one by one.
func manyFilesAreMadeDurableTogether(t *testing.T, open Opener) {
	s, from := opened(t, open)
	target, to := opened(t, open)
	var rows []migration.RowKey
	for _, id := range []string{"a", "b", "c", "d"} {
		for _, name := range []string{"1", "2", "3", "deep/4", "deep/5"} {
			plant(t, id+name, from, "t", id, name)
			must(t, os.Chtimes(filepath.Join(from, "t", id, name), Modified, Modified))
		}
		rows = append(rows, migration.RowKey{Table: "t", ID: migration.RecordID(id)})
	}
	plant(t, "theirs", to, "t", "b", "2")
	got, err := uploads.Copy(t.Context(), s, target, rows, &Images{}, uploads.Options{OnConflict: uploads.ConflictLeave, Together: 20})
	wantCode(t, err, migration.CodeConflict)
	if got.Copied != 19 || len(got.Conflicts) != 1 {
		t.Errorf("result %+v", got)
	}
	must(t, os.Remove(filepath.Join(to, "t", "b", "2")))
	if _, err = uploads.Copy(t.Context(), s, target, rows, &Images{}, uploads.Options{}); err != nil {
		t.Error(err)
	}
	for _, row := range rows {
		if diff := cmp.Diff(list(t, s, row), list(t, target, row)); diff != "" {
			t.Errorf("entries of %s (-source +target):\n%s", row.ID, diff)
		}
	}
	for _, e := range list(t, target, rows[0]) {
		info, err := os.Stat(filepath.Join(to, "t", "a", e.Name))
		must(t, err)
		if info.Mode().Perm() != 0o644 {
			t.Errorf("%s has mode %v", e.Name, info.Mode())
		}
	}
}
