package uploadstest

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
	"jogetferry/uploads"
)

// Access says what a store is opened for.
type Access int

// The accesses.
const (
	ReadWrite Access = iota
	ReadOnly         // every method that writes is CodeRefused
)

// Opener opens a store whose files lie in a folder of this host, closed by the caller's cleanup.
type Opener func(t *testing.T, dir string, access Access) uploads.Store

// RunFolder proves what a backend makes of what other programs put into the folder
// that it keeps its files in: nothing leads out of it, and nothing of others is lost.
func RunFolder(t *testing.T, open Opener) {
	t.Helper()
	for _, tc := range []struct {
		name string
		test func(*testing.T, Opener)
	}{
		{"symlinks_and_devices_are_reported_and_never_followed", symlinksAndDevicesAreReportedAndNeverFollowed},
		{"a_folder_that_is_a_symlink_is_refused", aFolderThatIsASymlinkIsRefused},
		{"a_source_is_never_written_to", aSourceIsNeverWrittenTo},
		{"a_file_called_as_a_partial_file_is_told", aFileCalledAsAPartialFileIsTold},
		{"what_a_copy_makes_has_the_access_of_the_folder_around_it", whatACopyMakesHasTheAccessOfTheFolderAroundIt},
		{"a_new_file_is_closed_to_whom_the_one_that_it_is_a_copy_of_is", aNewFileIsClosedToWhomTheOneThatItIsACopyOfIs},
		{"a_narrow_file_belongs_to_the_owner_of_all_uploads", aNarrowFileBelongsToTheOwnerOfAllUploads},
		{"tidy_removes_the_folders_of_an_id", tidyRemovesTheFoldersOfAnID},
		{"a_commit_cut_short_does_not_harm_the_finished_file", aCommitCutShortDoesNotHarmTheFinishedFile},
		{"copy_drops_a_partial_file_of_other_content", copyDropsAPartialFileOfOtherContent},
		{"a_source_that_changes_while_it_is_read_is_drifted", aSourceThatChangesWhileItIsReadIsDrifted},
		{"a_probe_leaves_nothing", aProbeLeavesNothing},
		{"folders_are_listed_in_order", foldersAreListedInOrder},
		{"many_files_are_made_durable_together", manyFilesAreMadeDurableTogether},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.test(t, open)
		})
	}
}

// folderRow is the record of these tests, in the folder t/r.
var folderRow = migration.RowKey{Table: "t", ID: "r"}

func opened(t *testing.T, open Opener) (s uploads.Store, dir string) {
	t.Helper()
	dir = t.TempDir()
	return open(t, dir, ReadWrite), dir
}

// plant writes a file by hand.
func plant(t *testing.T, content string, parts ...string) string {
	t.Helper()
	path := filepath.Join(parts...)
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))     //nolint:gosec // as other programs do
	must(t, os.WriteFile(path, []byte(content), 0o644)) //nolint:gosec // as other programs do
	return path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func symlinksAndDevicesAreReportedAndNeverFollowed(t *testing.T, open Opener) {
	s, dir := opened(t, open)
	secret := plant(t, "secret", t.TempDir(), "secret")
	plant(t, "inside", dir, "t", "other", "inside")
	record := filepath.Join(dir, "t", "r")
	plant(t, "x", record, "file")
	must(t, os.Symlink(secret, filepath.Join(record, "out")))
	must(t, os.Symlink("../other/inside", filepath.Join(record, "in")))
	must(t, os.Symlink(filepath.Dir(secret), filepath.Join(record, "folder")))
	must(t, syscall.Mkfifo(filepath.Join(record, "pipe"), 0o644))
	entries, err := s.List(t.Context(), folderRow)
	must(t, err)
	kinds := map[string]uploads.Kind{}
	for _, e := range entries {
		kinds[e.Name] = e.Kind
	}
	want := map[string]uploads.Kind{"file": uploads.KindFile, "out": uploads.KindSymlink, "in": uploads.KindSymlink, "folder": uploads.KindSymlink, "pipe": uploads.KindOther}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
	for _, name := range []string{"out", "in", "folder", "pipe", "folder/secret"} {
		_, err := s.Open(t.Context(), uploads.Key{Row: folderRow, Name: name})
		wantCode(t, err, migration.CodeUnsupported)
	}
	_, err = s.Create(t.Context(), uploads.Key{Row: folderRow, Name: "folder/new"})
	wantCode(t, err, migration.CodeUnsupported)
	target, _ := opened(t, open)
	got, err := uploads.Copy(t.Context(), s, target, []migration.RowKey{folderRow}, &Images{}, uploads.Options{})
	must(t, err)
	if got.Copied != 1 || len(got.Refused) != 4 {
		t.Errorf("result %+v, want one copied and four refused", got)
	}
	// And on the target, where a symlink stands in the way.
	got, err = uploads.Copy(t.Context(), target, s, []migration.RowKey{folderRow}, &Images{}, uploads.Options{})
	must(t, err)
	if got.Same != 1 {
		t.Errorf("result %+v, want one the same", got)
	}
	must(t, os.Remove(filepath.Join(record, "file")))
	must(t, os.Symlink(secret, filepath.Join(record, "file")))
	got, err = uploads.Copy(t.Context(), target, s, []migration.RowKey{folderRow}, &Images{}, uploads.Options{OnConflict: uploads.ConflictOverwrite})
	must(t, err)
	wanted := []uploads.Refusal{{Key: uploads.Key{Row: folderRow, Name: "file"}, Target: true, Kind: uploads.KindSymlink}}
	if diff := cmp.Diff(wanted, got.Refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	if content, err := os.ReadFile(secret); err != nil || string(content) != "secret" {
		t.Errorf("outside: %q, %v", content, err)
	}
}

func aFolderThatIsASymlinkIsRefused(t *testing.T, open Opener) {
	s, dir := opened(t, open)
	outside := t.TempDir()
	path := plant(t, "x", outside, "f")
	plant(t, "x", outside, "below", "f")
	must(t, os.Mkdir(filepath.Join(dir, "t"), 0o755)) //nolint:gosec // as other programs do
	must(t, os.Symlink(outside, filepath.Join(dir, "t", "r")))
	must(t, os.Symlink(outside, filepath.Join(dir, "table")))
	for _, row := range []migration.RowKey{folderRow, {Table: "t", ID: "r/below"}, {Table: "table", ID: "below"}} {
		key := uploads.Key{Row: row, Name: "f"}
		_, err := s.List(t.Context(), row)
		wantCode(t, err, migration.CodeUnsupported)
		_, err = s.Stat(t.Context(), uploads.Key{Row: row})
		wantCode(t, err, migration.CodeUnsupported)
		_, err = s.Open(t.Context(), key)
		wantCode(t, err, migration.CodeUnsupported)
		_, err = s.Create(t.Context(), key)
		wantCode(t, err, migration.CodeUnsupported)
		wantCode(t, s.Remove(t.Context(), key), migration.CodeUnsupported)
		wantCode(t, s.Tidy(t.Context(), row), migration.CodeUnsupported)
	}
	target, _ := opened(t, open)
	got, err := uploads.Copy(t.Context(), s, target, []migration.RowKey{folderRow, {Table: "..", ID: "t"}}, &Images{}, uploads.Options{})
	must(t, err)
	if len(got.Refused) != 2 || got.Copied != 0 {
		t.Errorf("result %+v, want both refused", got)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "x" {
		t.Errorf("outside: %q, %v", content, err)
	}
}

func aSourceIsNeverWrittenTo(t *testing.T, open Opener) {
	dir := t.TempDir()
	path := plant(t, "content", dir, "t", "r", "f")
	must(t, os.Chtimes(path, Modified, Modified))
	must(t, os.Chtimes(filepath.Dir(path), Modified, Modified))
	s := open(t, dir, ReadOnly)
	key := uploads.Key{Row: folderRow, Name: "f"}
	_, err := s.Create(t.Context(), key)
	wantCode(t, err, migration.CodeRefused)
	wantCode(t, s.Remove(t.Context(), key), migration.CodeRefused)
	wantCode(t, s.Tidy(t.Context(), folderRow), migration.CodeRefused)
	wantCode(t, s.Sync(t.Context(), []uploads.Key{key}), migration.CodeRefused)
	probe(t, s)
	target, _ := opened(t, open)
	_, err = uploads.Copy(t.Context(), s, target, []migration.RowKey{folderRow}, &Images{}, uploads.Options{})
	must(t, err)
	for _, p := range []string{path, filepath.Dir(path)} {
		info, err := os.Stat(p)
		must(t, err)
		if !info.ModTime().Equal(Modified) {
			t.Errorf("%s was modified at %v, want %v", filepath.Base(p), info.ModTime(), Modified)
		}
	}
}

func probe(t *testing.T, s uploads.Store) {
	t.Helper()
	prober, ok := s.(interface{ Probe(context.Context) error })
	if !ok {
		t.Fatal("it cannot say beforehand whether it works")
	}
	must(t, prober.Probe(t.Context()))
}

func aProbeLeavesNothing(t *testing.T, open Opener) {
	s, dir := opened(t, open)
	probe(t, s)
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v, %v left", left, err)
	}
}

func whatACopyMakesHasTheAccessOfTheFolderAroundIt(t *testing.T, open Opener) {
	s, from := opened(t, open)
	plant(t, "x", from, "t", "r", "deep", "f")
	for around, want := range map[fs.FileMode][2]fs.FileMode{
		0o777:                 {fs.ModeDir | 0o777, 0o666},
		0o770 | fs.ModeSetgid: {fs.ModeDir | fs.ModeSetgid | 0o775, 0o664},
		0o777 | fs.ModeSticky: {fs.ModeDir | 0o777, 0o666},
		0o700:                 {fs.ModeDir | 0o755, 0o644},
	} {
		target, to := opened(t, open)
		must(t, os.Chmod(to, around))
		_, err := uploads.Copy(t.Context(), s, target, []migration.RowKey{folderRow}, &Images{}, uploads.Options{})
		must(t, err)
		for name, want := range map[string]fs.FileMode{"t": want[0], "t/r": want[0], "t/r/deep": want[0], "t/r/deep/f": want[1]} {
			info, err := os.Stat(filepath.Join(to, name))
			must(t, err)
			if info.Mode() != want {
				t.Errorf("within %v, %s has %v, want %v", around, name, info.Mode(), want)
			}
		}
	}
}

// aFileCalledAsAPartialFileIsTold has one on a source, where nobody makes any.
func aFileCalledAsAPartialFileIsTold(t *testing.T, open Opener) {
	dir := t.TempDir()
	const name = ".ferry-00112233445566778899aabbccddeeff.partial"
	plant(t, "somebody's", dir, "t", "r", name)
	plant(t, "x", dir, "t", "r", "f")
	source := open(t, dir, ReadOnly)
	target, _ := opened(t, open)
	got, err := uploads.Copy(t.Context(), source, target, []migration.RowKey{folderRow}, &Images{}, uploads.Options{})
	must(t, err)
	wanted := []uploads.Refusal{{Key: uploads.Key{Row: folderRow, Name: name}, Kind: uploads.KindOther}}
	if diff := cmp.Diff(wanted, got.Refused); diff != "" || got.Copied != 1 {
		t.Errorf("%d copied, refused (-want +got):\n%s", got.Copied, diff)
	}
	compared, err := uploads.Compare(t.Context(), source, target, []migration.RowKey{folderRow})
	must(t, err)
	if diff := cmp.Diff([]uploads.Difference{{Key: wanted[0].Key, Kind: uploads.Unverifiable}}, compared.Differences); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
}

func aNewFileIsClosedToWhomTheOneThatItIsACopyOfIs(t *testing.T, open Opener) {
	s, dir := opened(t, open)
	target, to := opened(t, open)
	for name, mode := range map[string]fs.FileMode{"mine": 0o600, "ours": 0o640, "all": 0o644, "read_only": 0o400} {
		must(t, os.Chmod(plant(t, name, dir, "t", "r", name), mode))
	}
	must(t, os.Chmod(plant(t, "old", to, "t", "r", "all"), 0o600))
	_, err := uploads.Copy(t.Context(), s, target, []migration.RowKey{folderRow}, &Images{}, uploads.Options{OnConflict: uploads.ConflictOverwrite})
	must(t, err)
	for name, want := range map[string]fs.FileMode{"mine": 0o600, "ours": 0o640, "read_only": 0o600, "all": 0o600} {
		info, err := os.Stat(filepath.Join(to, "t", "r", name))
		must(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("%s has %v, want %v", name, info.Mode().Perm(), want)
		}
	}
}

// aNarrowFileBelongsToTheOwnerOfAllUploads has root copy for Joget's account,
// which the mode would shut out otherwise.
func aNarrowFileBelongsToTheOwnerOfAllUploads(t *testing.T, open Opener) {
	if os.Getuid() != 0 {
		t.Skip("needs to give files away")
	}
	const joget = 65534
	s, dir := opened(t, open)
	must(t, os.Chmod(plant(t, "x", dir, "t", "r", "f"), 0o600))
	target, to := opened(t, open)
	must(t, os.Chown(to, joget, joget))
	_, err := uploads.Copy(t.Context(), s, target, []migration.RowKey{folderRow}, &Images{}, uploads.Options{})
	must(t, err)
	info, err := os.Stat(filepath.Join(to, "t", "r", "f"))
	must(t, err)
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || stat.Uid != joget || info.Mode().Perm() != 0o600 {
		t.Errorf("it has %v of %+v", info.Mode(), stat)
	}
}

// tidyRemovesTheFoldersOfAnID has an ID with slashes, and another record's upload
// within the first of its folders.
func tidyRemovesTheFoldersOfAnID(t *testing.T, open Opener) {
	s, dir := opened(t, open)
	for name, left := range map[string]string{"alone": "", "with_another": "PO"} {
		table := filepath.Join(dir, name)
		below := migration.RowKey{Table: name, ID: "PO/2024/1"}
		Put(t, s, uploads.Key{Row: below, Name: "f"}, "x")
		if left != "" {
			plant(t, "theirs", table, left, "theirs")
		}
		must(t, s.Remove(t.Context(), uploads.Key{Row: below, Name: "f"}))
		must(t, s.Tidy(t.Context(), below))
		if _, err := os.Stat(filepath.Join(table, "PO", "2024")); !os.IsNotExist(err) {
			t.Errorf("%s: the folder within is left: %v", name, err)
		}
		if _, err := os.Stat(table); os.IsNotExist(err) != (left == "") {
			t.Errorf("%s: of the table: %v", name, err)
		}
	}
}

func aCommitCutShortDoesNotHarmTheFinishedFile(t *testing.T, open Opener) {
	s, dir := opened(t, open)
	key := uploads.Key{Row: folderRow, Name: "f"}
	p, err := s.Create(t.Context(), key)
	must(t, err)
	_, err = io.WriteString(p, "finished")
	must(t, err)
	must(t, p.Close())
	// The crash came after the link and before the partial name was removed.
	partials, err := filepath.Glob(filepath.Join(dir, "t", "r", ".ferry-*"))
	must(t, err)
	if len(partials) != 1 {
		t.Fatalf("partial files %v", partials)
	}
	must(t, os.Link(partials[0], filepath.Join(dir, "t", "r", "f")))
	p, err = s.Create(t.Context(), key)
	must(t, err)
	if _, n := p.Resume(); n != 0 {
		t.Errorf("%d bytes to go on from", n)
	}
	_, err = io.WriteString(p, "XX")
	must(t, err)
	must(t, p.Close())
	if got := Read(t, s, key); got != "finished" {
		t.Errorf("finished file holds %q", got)
	}
}

func copyDropsAPartialFileOfOtherContent(t *testing.T, open Opener) {
	for _, tc := range []struct{ name, left string }{
		{"other_bytes", strings.Repeat("z", 300_000)},
		{"longer_than_the_source", strings.Repeat("z", 3_000_000)},
		{"last_byte_differs", strings.Repeat("x", 299_999) + "y"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			source, from := opened(t, open)
			target, _ := opened(t, open)
			content := strings.Repeat("x", 1_000_000)
			plant(t, content, from, "t", "r", "f")
			key := uploads.Key{Row: folderRow, Name: "f"}
			p, err := target.Create(t.Context(), key)
			must(t, err)
			_, err = io.WriteString(p, tc.left)
			must(t, err)
			must(t, p.Close())
			got, err := uploads.Copy(t.Context(), source, target, []migration.RowKey{folderRow}, &Images{}, uploads.Options{})
			must(t, err)
			if diff := cmp.Diff(uploads.Result{Copied: 1, Bytes: 1_000_000}, got, cmpopts.IgnoreFields(uploads.Result{}, "Sums", "Read")); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if Read(t, target, key) != content {
				t.Error("content differs")
			}
		})
	}
}

func aSourceThatChangesWhileItIsReadIsDrifted(t *testing.T, open Opener) {
	source, from := opened(t, open)
	target, to := opened(t, open)
	path := plant(t, "content", from, "t", "r", "f")
	s := changing{source, func() { plant(t, "another content", path) }}
	_, err := uploads.Copy(t.Context(), s, target, []migration.RowKey{folderRow}, &Images{}, uploads.Options{})
	wantCode(t, err, migration.CodeDrifted)
	if _, err := os.Stat(filepath.Join(to, "t", "r", "f")); !os.IsNotExist(err) {
		t.Errorf("target: %v, want no file", err)
	}
}

// changing is a source whose files change while they are read.
type changing struct {
	uploads.Store
	change func()
}

func (c changing) Open(ctx context.Context, key uploads.Key) (uploads.File, error) {
	f, err := c.Store.Open(ctx, key)
	return &changingFile{f, c.change}, err
}

type changingFile struct {
	uploads.File
	change func()
}

func (f *changingFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.change()
	return n, err
}
