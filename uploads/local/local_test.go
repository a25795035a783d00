package local_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
	"jogetferry/uploads"
	"jogetferry/uploads/local"
	"jogetferry/uploads/uploadstest"
)

func open(t *testing.T) (*local.Store, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := local.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, dir
}

func write(t *testing.T, content string, parts ...string) string {
	t.Helper()
	path := filepath.Join(parts...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func code(t *testing.T, err error, want migration.Code) {
	t.Helper()
	if migration.CodeOf(err) != want {
		t.Errorf("error %v, want code %q", err, want)
	}
}

var row = migration.RowKey{Table: "t", ID: "r"}

func TestStoreConforms(t *testing.T) {
	t.Parallel()
	uploadstest.Run(t, func(t *testing.T) uploads.Store {
		t.Helper()
		s, _ := open(t)
		return s
	})
	uploadstest.RunFolder(t, func(t *testing.T, dir string, access uploadstest.Access) uploads.Store {
		t.Helper()
		opens := local.Open
		if access == uploadstest.ReadOnly {
			opens = local.OpenReadOnly
		}
		s, err := opens(dir)
		must(t, err)
		t.Cleanup(func() { must(t, s.Close()) })
		return s
	})
}

func TestASourceIsNeverWrittenTo(t *testing.T) {
	t.Parallel()
	_, dir := open(t)
	path := write(t, "content", dir, "t", "r", "f")
	long := uploadstest.Modified
	must(t, os.Chtimes(path, long, long))
	must(t, os.Chtimes(filepath.Dir(path), long, long))
	s, err := local.OpenReadOnly(dir)
	must(t, err)
	defer s.Close()
	key := uploads.Key{Row: row, Name: "f"}
	_, err = s.Create(t.Context(), key)
	code(t, err, migration.CodeRefused)
	code(t, s.Remove(t.Context(), key), migration.CodeRefused)
	code(t, s.Tidy(t.Context(), row), migration.CodeRefused)
	target, _ := open(t)
	_, err = uploads.Copy(t.Context(), s, target, []migration.RowKey{row}, &uploadstest.Images{}, uploads.Options{})
	must(t, err)
	for _, p := range []string{path, filepath.Dir(path)} {
		info, err := os.Stat(p)
		must(t, err)
		stat, ok := info.Sys().(*syscall.Stat_t)
		if at := time.Unix(stat.Atim.Unix()); !ok || !at.Equal(long) || !info.ModTime().Equal(long) {
			t.Errorf("%s was accessed at %v and modified at %v, want %v", filepath.Base(p), at, info.ModTime(), long)
		}
	}
}

// sealed is a store of which the account may not read a file, and no folder of a record.
type sealed struct {
	uploads.Store

	file   uploads.Key
	folder migration.RowKey
}

func (s sealed) Open(ctx context.Context, key uploads.Key) (uploads.File, error) {
	if key == s.file {
		return nil, migration.E(migration.CodeRefused, "open an upload", "", "permission denied")
	}
	return s.Store.Open(ctx, key)
}

func (s sealed) List(ctx context.Context, row migration.RowKey) ([]uploads.Entry, error) {
	if row == s.folder {
		return nil, migration.E(migration.CodeRefused, "list uploads", "", "permission denied")
	}
	return s.Store.List(ctx, row)
}

// TestWhatMayNotBeReadIsNamed goes on with the rest, and names what was left out, be
// it absent or of the same size on the target.
func TestWhatMayNotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	closed := migration.RowKey{Table: "t", ID: "closed"}
	key := uploads.Key{Row: row, Name: "secret"}
	for _, there := range []string{"", "secret"} {
		s, dir := open(t)
		write(t, "secret", dir, "t", "r", "secret")
		write(t, "x", dir, "t", "r", "f")
		write(t, "x", dir, "t", "closed", "f")
		target, to := open(t)
		if there != "" {
			write(t, "public", to, "t", "r", there)
		}
		source := sealed{Store: s, file: key, folder: closed}
		got, err := uploads.Copy(t.Context(), source, target, []migration.RowKey{closed, row}, &uploadstest.Images{}, uploads.Options{})
		must(t, err)
		wanted := []uploads.Refusal{{Key: uploads.Key{Row: closed}, Kind: uploads.KindUnreadable}, {Key: key, Kind: uploads.KindUnreadable}}
		if diff := cmp.Diff(wanted, got.Refused); diff != "" || got.Copied != 1 {
			t.Errorf("%d copied, refused (-want +got):\n%s", got.Copied, diff)
		}
		if text := got.Refused[1].String(); text != `t/r/"secret" (unreadable)` {
			t.Errorf("it is called %s", text)
		}
		write(t, "public", to, "t", "r", "secret")
		compared, err := uploads.Compare(t.Context(), source, target, []migration.RowKey{closed, row})
		must(t, err)
		if diff := cmp.Diff([]uploads.Difference{{Key: uploads.Key{Row: closed}, Kind: uploads.Unverifiable}, {Key: key, Kind: uploads.Unverifiable}}, compared.Differences); diff != "" {
			t.Errorf("differences (-want +got):\n%s", diff)
		}
	}
}

func TestCopyDecidesByWhatIsThere(t *testing.T) {
	t.Parallel()
	key := uploads.Key{Row: row, Name: "f"}
	for _, tc := range []struct {
		name   string
		file   string // "" is f
		policy uploads.OnConflict
		there  string
		ours   bool
		late   string // put there between image and commit
		want   uploads.Result
		code   migration.Code
		after  string
		image  string
	}{
		{name: "absent", want: uploads.Result{Copied: 1, Bytes: 3}, after: "new"},
		{name: "same", there: "new", want: uploads.Result{Same: 1}, after: "new"},
		{name: "ours_from_before", there: "old", ours: true, want: uploads.Result{Overwritten: 1, Bytes: 3}, after: "new", image: "old"},
		{name: "conflict", there: "his", want: uploads.Result{Conflicts: []uploads.Key{key}}, code: migration.CodeConflict, after: "his"},
		{name: "overwrite", policy: uploads.ConflictOverwrite, there: "theirs", want: uploads.Result{Overwritten: 1, Bytes: 3}, after: "new", image: "theirs"},
		{name: "keep", policy: uploads.ConflictKeep, there: "theirs", want: uploads.Result{Kept: 1}, after: "theirs"},
		{name: "appeared_late", late: "late", want: uploads.Result{Conflicts: []uploads.Key{key}}, code: migration.CodeConflict, after: "late"},
		{name: "appeared_late_and_is_the_same", late: "new", want: uploads.Result{Same: 1}, after: "new"},
		{name: "changed_late", policy: uploads.ConflictOverwrite, there: "theirs", late: "late", want: uploads.Result{Conflicts: []uploads.Key{key}}, code: migration.CodeConflict, after: "late", image: "theirs"},
		{name: "a_thumbnail_without_one_there", file: "image.jpg.thumb.jpg", want: uploads.Result{Copied: 1, Bytes: 3}, after: "new"},
		{name: "a_thumbnail_of_Joget_itself", file: "image.jpg.thumb.jpg", policy: uploads.ConflictOverwrite, there: "theirs", want: uploads.Result{Kept: 1}, after: "theirs"},
		{name: "a_thumbnail_made_again", file: "image.jpg.thumb.jpg", there: "old", ours: true, want: uploads.Result{Kept: 1}, after: "old"},
		{name: "a_thumbnail_made_late", file: "image.jpg.thumb.jpg", late: "late", want: uploads.Result{Kept: 1}, after: "late"},
		{name: "an_upload_called_as_a_thumbnail", file: "other.jpg.thumb.jpg", there: "his", want: uploads.Result{Conflicts: []uploads.Key{{Row: row, Name: "other.jpg.thumb.jpg"}}}, code: migration.CodeConflict, after: "his"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			key := key
			if tc.file != "" {
				key.Name = tc.file
			}
			source, from := open(t)
			target, to := open(t)
			write(t, "new", from, "t", "r", key.Name)
			path := filepath.Join(to, "t", "r", key.Name)
			image := uploads.Key{Row: row, Name: "image.jpg"}
			if strings.HasPrefix(key.Name, image.Name) {
				// It is the same on both sides.
				write(t, "image", from, "t", "r", image.Name)
				write(t, "image", to, "t", "r", image.Name)
				tc.want.Same++
			}
			if tc.there != "" {
				write(t, tc.there, path)
			}
			images := &uploadstest.Images{}
			if tc.ours {
				images.Kept = append(images.Kept, uploads.FileImage{Key: key, WrittenSum: sha256.Sum256([]byte(tc.there))})
			}
			if tc.late != "" {
				images.Before = func() { write(t, tc.late, path) }
			}
			got, err := uploads.Copy(t.Context(), source, target, []migration.RowKey{row}, images, uploads.Options{OnConflict: tc.policy})
			code(t, err, tc.code)
			if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreFields(uploads.Result{}, "Sums", "Read")); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			sums := map[uploads.Key]uploads.Sum{}
			if tc.after == "new" {
				sums[key] = sha256.Sum256([]byte("new"))
			}
			delete(got.Sums, image)
			if diff := cmp.Diff(sums, got.Sums); diff != "" {
				t.Errorf("sums of what is the source's (-want +got):\n%s", diff)
			}
			if content, err := os.ReadFile(path); err != nil || string(content) != tc.after {
				t.Errorf("target holds %q, %v, want %q", content, err, tc.after)
			}
			if images.Content[key] != tc.image {
				t.Errorf("image holds %q, want %q", images.Content[key], tc.image)
			}
			left, err := filepath.Glob(filepath.Join(to, "t", "r", ".*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// TestCompareLeavesThumbnailsOut has Joget make, remake and lose the previews of images.
func TestCompareLeavesThumbnailsOut(t *testing.T) {
	t.Parallel()
	a, here := open(t)
	b, there := open(t)
	for name, content := range map[string][2]string{
		"both": {"x", "x"}, "both.thumb.jpg": {"x", "y"},
		"made": {"x", "x"}, "made.thumb.jpg": {"", "x"},
		"lost": {"x", "x"}, "lost.thumb.jpg": {"x", ""},
		"gone": {"x", ""}, "gone.thumb.jpg": {"", "x"}, // its image has to come again
		"alone.thumb.jpg": {"x", "y"}, "sub/made.thumb.jpg": {"x", ""}, ".thumb.jpg": {"x", "xx"}, // uploads of such names
	} {
		for i, dir := range []string{here, there} {
			if content[i] != "" {
				write(t, content[i], dir, "t", "r", name)
			}
		}
	}
	must(t, os.Symlink("both", filepath.Join(there, "t", "r", "made.thumb.jpg.thumb.jpg")))
	got, err := uploads.Compare(t.Context(), a, b, []migration.RowKey{row})
	must(t, err)
	named := func(name string) uploads.Key { return uploads.Key{Row: row, Name: name} }
	want := uploads.Comparison{Same: []uploads.Key{named("both"), named("lost"), named("made")}, Differences: []uploads.Difference{
		{Key: named(".thumb.jpg"), Kind: uploads.Differs},
		{Key: named("alone.thumb.jpg"), Kind: uploads.Differs},
		{Key: named("gone"), Kind: uploads.Missing},
		{Key: named("made.thumb.jpg.thumb.jpg"), Kind: uploads.Unverifiable},
		{Key: named("sub/made.thumb.jpg"), Kind: uploads.Missing},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("comparison (-want +got):\n%s", diff)
	}
}

func TestCompareNamesWhatDiffers(t *testing.T) {
	t.Parallel()
	a, here := open(t)
	b, there := open(t)
	for name, content := range map[string][2]string{"same": {"x", "x"}, "content": {"x", "y"}, "size": {"x", "xx"}, "missing": {"x", ""}, "extra": {"", "x"}} {
		for i, dir := range []string{here, there} {
			if content[i] != "" {
				write(t, content[i], dir, "t", "r", name)
			}
		}
	}
	must(t, os.Symlink("same", filepath.Join(there, "t", "r", "z")))
	got, err := uploads.Compare(t.Context(), a, b, []migration.RowKey{row, {Table: "t", ID: ".."}})
	must(t, err)
	want := uploads.Comparison{Same: []uploads.Key{{Row: row, Name: "same"}}, Differences: []uploads.Difference{
		{Key: uploads.Key{Row: row, Name: "content"}, Kind: uploads.Differs},
		{Key: uploads.Key{Row: row, Name: "extra"}, Kind: uploads.Surplus},
		{Key: uploads.Key{Row: row, Name: "missing"}, Kind: uploads.Missing},
		{Key: uploads.Key{Row: row, Name: "size"}, Kind: uploads.Differs},
		{Key: uploads.Key{Row: row, Name: "z"}, Kind: uploads.Unverifiable},
		{Key: uploads.Key{Row: migration.RowKey{Table: "t", ID: ".."}}, Kind: uploads.Unverifiable},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("comparison (-want +got):\n%s", diff)
	}
}

// readOf is a store that tells which files are read.
type readOf struct {
	*local.Store

	names *[]string
}

func (s readOf) Open(ctx context.Context, key uploads.Key) (uploads.File, error) {
	*s.names = append(*s.names, key.Name)
	return s.Store.Open(ctx, key)
}

// A comparison is cut after its third file, and gone on with.
func TestCompareFromGoesOnWhereItCameTo(t *testing.T) {
	t.Parallel()
	const other = "zz" // of the size that the content has
	for _, tc := range []struct {
		name    string
		happens func(t *testing.T, here, there string)
		read    []string
		differ  []string
	}{
		{name: "nothing_has_changed", read: []string{"e", "f"}, differ: []string{"c", "f"}},
		{
			name:    "a_file_that_was_read_has_changed",
			happens: func(t *testing.T, _, there string) { write(t, other, there, "t", "r", "a") },
			read:    []string{"a", "b", "c", "e", "f"}, differ: []string{"a", "c", "f"},
		},
		{
			name: "a_file_came",
			happens: func(t *testing.T, here, there string) {
				write(t, "xx", here, "t", "r", "aa")
				write(t, "xx", there, "t", "r", "aa")
			},
			read: []string{"a", "aa", "b", "c", "e", "f"}, differ: []string{"c", "f"},
		},
		{
			name:    "a_file_that_was_not_read_has_changed",
			happens: func(t *testing.T, here, _ string) { write(t, other, here, "t", "r", "e") },
			read:    []string{"e", "f"}, differ: []string{"c", "e", "f"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			store, here := open(t)
			b, there := open(t)
			for name, content := range map[string][2]string{"a": {"xx", "xx"}, "b": {"xx", "xx"}, "c": {"xx", "xy"}, "d": {"xx", ""}, "e": {"xx", "xx"}, "f": {"xx", "yx"}} {
				for i, dir := range []string{here, there} {
					if content[i] != "" {
						// A time long ago: what is written now has another one.
						must(t, os.Chtimes(write(t, content[i], dir, "t", "r", name), time.Unix(1e9, 0), time.Unix(1e9, 0)))
					}
				}
			}
			var read []string
			a := readOf{store, &read}
			var kept uploads.Compared
			cut := io.ErrUnexpectedEOF
			_, err := uploads.CompareFrom(t.Context(), a, b, []migration.RowKey{row}, kept, func(to uploads.Compared) error {
				if kept = to; kept.Files == 3 {
					return cut
				}
				return nil
			})
			if !errors.Is(err, cut) {
				t.Fatal(err)
			}
			if tc.happens != nil {
				tc.happens(t, here, there)
			}
			read = nil
			got, err := uploads.CompareFrom(t.Context(), a, b, []migration.RowKey{row}, kept, func(to uploads.Compared) error {
				kept = to
				return nil
			})
			must(t, err)
			if diff := cmp.Diff(tc.read, read); diff != "" {
				t.Errorf("read again (-want +got):\n%s", diff)
			}
			var differ []string
			for _, d := range got.Differences {
				if d.Kind == uploads.Differs {
					differ = append(differ, d.Key.Name)
				}
			}
			if diff := cmp.Diff(tc.differ, differ); diff != "" {
				t.Errorf("what differs (-want +got):\n%s", diff)
			}
			whole, err := uploads.Compare(t.Context(), a, b, []migration.RowKey{row})
			must(t, err)
			if diff := cmp.Diff(whole, got); diff != "" {
				t.Errorf("compared at once and in two parts (-want +got):\n%s", diff)
			}
			read = nil
			_, err = uploads.CompareFrom(t.Context(), a, b, []migration.RowKey{row}, kept, func(uploads.Compared) error { return nil })
			must(t, err)
			if len(read) > 0 {
				t.Errorf("read again after the end: %q", read)
			}
		})
	}
}

func TestFreeSpace(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	var stat syscall.Statfs_t
	must(t, syscall.Statfs(dir, &stat))
	want := int64(stat.Bavail) * stat.Bsize
	if free, err := s.Free(t.Context()); err != nil || max(free-want, want-free) > 1<<30 {
		t.Errorf("%d bytes, %v; statfs says %d", free, err, want)
	}
}

func FuzzHostileKeys(f *testing.F) {
	for _, key := range uploadstest.Hostile() {
		f.Add(key.Row.Table, string(key.Row.ID), key.Name)
	}
	f.Fuzz(func(t *testing.T, table, record, name string) {
		parent := t.TempDir()
		root := filepath.Join(parent, "root")
		must(t, os.Mkdir(root, 0o755))
		s, err := local.Open(root)
		must(t, err)
		defer s.Close()
		key := uploads.Key{Row: migration.RowKey{Table: table, ID: migration.RecordID(record)}, Name: name}
		p, err := s.Create(t.Context(), key)
		if err == nil {
			must(t, p.Commit(t.Context(), uploads.Commit{Modified: uploadstest.Modified}))
		}
		depth := 0
		must(t, filepath.WalkDir(parent, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				depth = len(strings.Split(strings.TrimPrefix(path, root+"/"), "/"))
			}
			if !strings.HasPrefix(path, root) && path != parent {
				t.Errorf("%q outside the root", path)
			}
			return err
		}))
		if err == nil && depth != 2+len(strings.Split(name, "/")) {
			t.Errorf("file at depth %d", depth)
		}
	})
}
