package uploads_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/store"
	"jogetferry/test/mysqltest"
	"jogetferry/uploads"
	"jogetferry/uploads/local"
)

var _ uploads.FileUndoer = (*store.FileUndo)(nil)

const mig = "crm"

var row = migration.RowKey{Table: "t", ID: "r"}

// world is a target folder with the ledger of several source instances that
// all belong to the record r.
type world struct {
	t      *testing.T
	ledger *store.Ledger
	target *local.Store
	dir    string
	server migration.Fingerprint // what the ledger takes the target for
	seen   migration.FileCapture // after the last copy
}

func opened(t *testing.T, dir string) *local.Store {
	t.Helper()
	s, err := local.Open(dir)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ledger, err := store.Open(t.Context(), mysqltest.DSN(t), store.Options{Actor: "worker"})
	must(t, err)
	t.Cleanup(func() { must(t, ledger.Close()) })
	must(t, ledger.Bind(t.Context(), migration.Binding{Migration: mig, Source: "s", Target: "t"}, "digest"))
	return (&world{ledger: ledger}).another(t)
}

// another returns a world with the same ledger and another target.
func (w *world) another(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	return &world{t: t, ledger: w.ledger, target: opened(t, dir), dir: dir, server: migration.Fingerprint(t.Name())}
}

func (w *world) key(n int) migration.ClaimKey {
	return migration.ClaimKey{Source: "s", Instance: migration.InstanceID(fmt.Sprintf("%d_crm_process1", n)), Target: w.server}
}

var (
	before = time.Date(2019, 3, 4, 5, 6, 7, 0, time.UTC)
	later  = time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)
)

func write(t *testing.T, modified time.Time, content string, parts ...string) {
	t.Helper()
	path := filepath.Join(parts...)
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(content), 0o644))
	must(t, os.Chtimes(path, modified, modified))
}

// copies migrates files as the instance n has them, from a source of its own.
func (w *world) copies(n int, files map[string]string) {
	w.t.Helper()
	dir := w.t.TempDir()
	for name, content := range files {
		write(w.t, later, content, dir, row.Table, string(row.ID), name)
	}
	_, err := uploads.Copy(w.t.Context(), opened(w.t, dir), w.target, []migration.RowKey{row}, w.ledger.FileImages(mig, w.key(n)),
		uploads.Options{OnConflict: uploads.ConflictOverwrite})
	must(w.t, err)
	w.seen, err = uploads.Seen(w.t.Context(), w.target, []migration.RowKey{row}, nil)
	must(w.t, err)
}

func (w *world) undo(n int) string {
	w.t.Helper()
	got, err := uploads.Undo(w.t.Context(), w.target, []migration.RowKey{row}, w.ledger.FileUndo(mig, w.key(n)), w.seen, nil)
	must(w.t, err)
	return said(got)
}

func said(r uploads.UndoResult) string {
	var words []string
	for _, list := range []struct {
		name string
		keys []uploads.Key
	}{{"restored", r.Restored}, {"removed", r.Removed}, {"already", r.Already}, {"shared", r.Shared}, {"conflict", r.Conflicts}} {
		for range list.keys {
			words = append(words, list.name)
		}
	}
	return strings.Join(words, " ")
}

// tree is what is below the target's folder: content and time by path, "/" for folders.
func (w *world) tree() map[string]string {
	w.t.Helper()
	all := map[string]string{}
	must(w.t, filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == w.dir {
			return err
		}
		name, err := filepath.Rel(w.dir, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			all[name] = "/"
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			all[name] = string(content) + info.ModTime().UTC().Format(" 2006")
		}
		return err
	}))
	return all
}

func (w *world) is(want map[string]string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.tree()); diff != "" {
		w.t.Errorf("uploads (-want +got):\n%s", diff)
	}
}

func TestUndoTakesBackWhatTheRolledBackWroteAndNothingElse(t *testing.T) {
	t.Parallel()
	all := newWorld(t)
	type files = map[string]string
	type step func(*world)
	there := func(content string) step {
		return func(w *world) { write(w.t, before, content, w.dir, "t", "r", "f") }
	}
	copied := func(n int, content string) step {
		return func(w *world) { w.copies(n, files{"f": content}) }
	}
	undo := func(n int, want string) step {
		return func(w *world) {
			w.t.Helper()
			if got := w.undo(n); got != want {
				w.t.Errorf("undo of %d: %q, want %q", n, got, want)
			}
		}
	}
	is := func(want string) step {
		return func(w *world) {
			w.t.Helper()
			if want == "" {
				w.is(files{})
			} else {
				w.is(files{"t": "/", "t/r": "/", "t/r/f": want})
			}
		}
	}
	for _, tc := range []struct {
		name  string
		steps []step
	}{
		{"absent", []step{copied(1, "a"), is("a 2022"), undo(1, "removed"), is("")}},
		{"existed", []step{there("old"), copied(1, "a"), undo(1, "restored"), is("old 2019"), undo(1, "")}},
		{"existed_empty", []step{there(""), copied(1, "a"), undo(1, "restored"), is(" 2019")}},
		{"changed_since", []step{copied(1, "a"), there("theirs"), undo(1, "conflict"), is("theirs 2019"), undo(1, "conflict")}},
		{"removed_since", []step{there("old"), copied(1, "a"), func(w *world) { must(w.t, os.RemoveAll(filepath.Join(w.dir, "t"))) }, undo(1, "conflict"), is("")}},
		{"replaced_by_a_folder", []step{
			copied(1, "a"), func(w *world) { must(w.t, os.Remove(filepath.Join(w.dir, "t/r/f"))) },
			func(w *world) { write(w.t, before, "theirs", w.dir, "t/r/f/inside") }, undo(1, "conflict"),
		}},
		{"shared_first_goes_first", []step{
			there("old"), copied(1, "a"), copied(2, "b"), undo(1, "shared"), is("b 2022"), undo(2, "restored"), is("old 2019"), undo(1, ""),
		}},
		{"shared_second_goes_first", []step{
			copied(1, "a"), copied(2, "a"), undo(2, "shared"), is("a 2022"), undo(1, "removed"), is(""),
		}},
		{"shared_with_one_that_was_migrated_again", []step{
			copied(1, "a"), copied(2, "b"), undo(1, "shared"), copied(1, "c"), undo(2, "shared"), is("c 2022"), undo(1, "removed"), is(""),
		}},
		{"migrated_again_takes_fresh_images", []step{
			there("old"), copied(1, "a"), undo(1, "restored"), there("newer"), copied(1, "a"), undo(1, "restored"), is("newer 2019"),
		}},
		{"migrated_again_where_it_was_absent", []step{
			copied(1, "a"), undo(1, "removed"), copied(1, "a"), undo(1, "removed"), is(""),
		}},
		{"a_thumbnail_goes_with_the_image_whoever_made_it", []step{
			func(w *world) { w.copies(1, files{"f": "a", "g": "b", "g.thumb.jpg": "small"}) },
			func(w *world) {
				write(w.t, before, "made", w.dir, "t/r/f.thumb.jpg")
				write(w.t, before, "made again", w.dir, "t/r/g.thumb.jpg")
			},
			undo(1, "removed removed removed"), is(""),
		}},
		{"a_thumbnail_stays_with_an_image_that_was_there", []step{
			there("old"), func(w *world) { write(w.t, before, "small", w.dir, "t/r/f.thumb.jpg") },
			func(w *world) { w.copies(1, files{"f": "a", "f.thumb.jpg": "ours"}) },
			undo(1, "restored"), func(w *world) {
				w.is(files{"t": "/", "t/r": "/", "t/r/f": "old 2019", "t/r/f.thumb.jpg": "small 2019"})
			},
		}},
		{"an_upload_called_as_a_thumbnail_stays_when_the_image_goes", []step{
			func(w *world) { write(w.t, before, "theirs", w.dir, "t/r/f.thumb.jpg") },
			copied(1, "a"), undo(1, "removed"),
			func(w *world) { w.is(files{"t": "/", "t/r": "/", "t/r/f.thumb.jpg": "theirs 2019"}) },
		}},
		{"an_upload_called_as_a_thumbnail_is_somebodys", []step{
			func(w *world) { w.copies(1, files{"g.thumb.jpg": "a"}) },
			func(w *world) { write(w.t, before, "theirs", w.dir, "t/r/g.thumb.jpg") },
			undo(1, "conflict"),
		}},
		{"an_attempt_that_did_not_end", []step{
			func(w *world) {
				for _, name := range []string{"f", "deep/er/g"} {
					p, err := w.target.Create(w.t.Context(), uploads.Key{Row: row, Name: name})
					must(w.t, err)
					_, err = p.Write([]byte("half"))
					must(w.t, err)
					must(w.t, p.Close())
				}
			},
			undo(1, ""), is(""),
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := all.another(t)
			for _, do := range tc.steps {
				do(w)
			}
		})
	}
}

func TestUndoOfManyFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	large := strings.Repeat("large content ", 400_000)
	write(t, before, large, w.dir, "t/r/large")
	write(t, before, "mine", w.dir, "t/r/mine")
	write(t, before, "neighbour", w.dir, "t/r2/f")
	was := w.tree()
	files := map[string]string{"large": "smaller now", "a\xff b; é.pdf": "odd", "deep/er/f": "deep"}
	for i := range 150 {
		files[fmt.Sprintf("many/%03d", i)] = fmt.Sprint(i)
	}
	w.copies(1, files)
	write(t, later, "theirs", w.dir, "t/r/many/007")
	got, err := uploads.Undo(t.Context(), w.target, nil, w.ledger.FileUndo(mig, w.key(1)), w.seen, nil)
	must(t, err)
	if len(got.Removed) != 151 || len(got.Restored) != 1 || len(got.Conflicts) != 1 {
		t.Errorf("%d removed, %d restored, %d conflicts", len(got.Removed), len(got.Restored), len(got.Conflicts))
	}
	was["t/r/many"], was["t/r/many/007"] = "/", "theirs 2022"
	w.is(was)
}

// cut is a ledger that dies before it notes what was done.
type cut struct{ *store.FileUndo }

var errCut = errors.New("cut")

func (cut) Done(context.Context, []uploads.Key) error { return errCut }

func TestUndoGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	write(t, before, "old", w.dir, "t/r/old")
	was := w.tree()
	w.copies(1, map[string]string{"old": "a", "new": "b"})
	undo := w.ledger.FileUndo(mig, w.key(1))
	if _, err := uploads.Undo(t.Context(), w.target, nil, cut{undo}, w.seen, nil); !errors.Is(err, errCut) {
		t.Fatalf("error %v", err)
	}
	w.is(was)
	if got := w.undo(1); got != "already already" {
		t.Errorf("the repetition says %q", got)
	}
	if got := w.undo(1); got != "" {
		t.Errorf("once more says %q", got)
	}
	w.is(was)
}

func TestUndoLeavesTheRightsOfAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := filepath.Join(w.dir, "t/r/f")
	write(t, before, "old", path)
	must(t, os.Chmod(path, 0o640))
	rights := func() {
		t.Helper()
		info, err := os.Stat(path)
		must(t, err)
		if info.Mode() != 0o640 {
			t.Errorf("mode %v", info.Mode())
		}
	}
	w.copies(1, map[string]string{"f": "a"})
	rights()
	if got := w.undo(1); got != "restored" {
		t.Errorf("undo: %q", got)
	}
	rights()
}

func TestUndoGoesOnWithAPartialFileOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	write(t, before, "old", w.dir, "t/r/f")
	was := w.tree()
	w.copies(1, map[string]string{"f": "a"})
	p, err := w.target.Create(t.Context(), uploads.Key{Row: row, Name: "f"})
	must(t, err)
	_, err = p.Write([]byte("something longer than the file"))
	must(t, err)
	must(t, p.Close())
	if got := w.undo(1); got != "restored" {
		t.Errorf("undo: %q", got)
	}
	w.is(was)
}
