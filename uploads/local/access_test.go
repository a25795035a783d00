package local_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/uploads"
	"jogetferry/uploads/local"
	"jogetferry/uploads/uploadstest"
)

// copied makes deep/er/new and replaces file in a record of dir.
func copied(t *testing.T, dir string) {
	t.Helper()
	source, from := open(t)
	write(t, "new", from, "t", "r", "deep", "er", "new")
	write(t, "ours", from, "t", "r", "file")
	target, err := local.Open(dir)
	must(t, err)
	defer target.Close()
	_, err = uploads.Copy(t.Context(), source, target, []migration.RowKey{row}, &uploadstest.Images{}, uploads.Options{OnConflict: uploads.ConflictOverwrite})
	must(t, err)
}

// modes are those of everything below dir, by path, and with owner and group if
// these are not this account's.
func modes(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		all[name] = info.Mode().String()
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
			all[name] += fmt.Sprintf(" %d:%d", stat.Uid, stat.Gid)
		}
		return err
	}))
	return all
}

func TestWhatACopyMakesHasTheAccessOfTheFolderAroundIt(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		mode  fs.FileMode // of the folder around
		table fs.FileMode // of the table's folder; 0: there is none
		want  map[string]string
	}{
		{"of_everybody", 0o777, 0, map[string]string{"t": "drwxrwxrwx", "t/r": "drwxrwxrwx", "t/r/deep": "drwxrwxrwx", "t/r/deep/er": "drwxrwxrwx", "t/r/deep/er/new": "-rw-rw-rw-", "t/r/file": "-rw-rw-rw-"}},
		{"of_a_group_that_passes_on", 0o770 | fs.ModeSetgid, 0, map[string]string{"t": "dgrwxrwxr-x", "t/r": "dgrwxrwxr-x", "t/r/deep": "dgrwxrwxr-x", "t/r/deep/er": "dgrwxrwxr-x", "t/r/deep/er/new": "-rw-rw-r--", "t/r/file": "-rw-rw-r--"}},
		{"where_others_may_not_remove", 0o777 | fs.ModeSticky, 0, map[string]string{"t": "drwxrwxrwx", "t/r": "drwxrwxrwx", "t/r/deep": "drwxrwxrwx", "t/r/deep/er": "drwxrwxrwx", "t/r/deep/er/new": "-rw-rw-rw-", "t/r/file": "-rw-rw-rw-"}},
		{"of_the_table_and_not_of_the_root", 0o777, 0o700, map[string]string{"t": "drwx------", "t/r": "drwxr-xr-x", "t/r/deep": "drwxr-xr-x", "t/r/deep/er": "drwxr-xr-x", "t/r/deep/er/new": "-rw-r--r--", "t/r/file": "-rw-r--r--"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, dir := open(t)
			must(t, os.Chmod(dir, tc.mode))
			if tc.table != 0 {
				must(t, os.Mkdir(filepath.Join(dir, "t"), 0o755))
				must(t, os.Chmod(filepath.Join(dir, "t"), tc.table))
			}
			copied(t, dir)
			if diff := cmp.Diff(tc.want, modes(t, dir)); diff != "" {
				t.Errorf("modes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFolderThatIsThereStaysAsItIs(t *testing.T) {
	t.Parallel()
	_, dir := open(t)
	must(t, os.Chmod(dir, 0o777))
	path := write(t, "theirs", dir, "t", "r", "file")
	must(t, os.Chmod(path, 0o640))
	must(t, os.Chmod(filepath.Dir(path), 0o750))
	copied(t, dir)
	want := map[string]string{"t": "drwxr-xr-x", "t/r": "drwxr-x---", "t/r/deep": "drwxr-xr-x", "t/r/deep/er": "drwxr-xr-x", "t/r/deep/er/new": "-rw-r--r--", "t/r/file": "-rw-r-----"}
	if diff := cmp.Diff(want, modes(t, dir)); diff != "" {
		t.Errorf("modes (-want +got):\n%s", diff)
	}
}

// TestJogetChangesTheUploadsOfAMigratedRecord has the worker write as root, and
// Joget's account add, replace and remove uploads after it.
func TestJogetChangesTheUploadsOfAMigratedRecord(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs to become another account")
	}
	const joget = 65534
	for _, tc := range []struct {
		name  string
		owner int
		mode  fs.FileMode
	}{
		{"of_a_folder_of_its_own", joget, 0o755},
		{"of_a_folder_that_others_see_nothing_of", joget, 0o700},
		{"of_a_folder_that_everybody_may_write_to", 0, 0o777},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			// Not t.TempDir: every folder on the way may be passed.
			dir, err := os.MkdirTemp("", "uploads") //nolint:usetesting // see above
			must(t, err)
			t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
			must(t, os.Chown(dir, tc.owner, tc.owner))
			must(t, os.Chmod(dir, tc.mode))
			copied(t, dir)
			for _, command := range []string{"echo x >t/r/added", "echo x >t/r/file", "rm t/r/file", "rm -r t/r/deep", "mkdir t/another"} {
				cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
				cmd.Dir = dir
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: joget, Gid: joget}}
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s: %v %s", command, err, out)
				}
			}
			if t.Failed() {
				t.Logf("modes: %v", modes(t, dir))
			}
		})
	}
}

// TestAFolderThatACrashLeftHalfMade has the folder's temporary name taken, as after
// a crash before its access was granted.
func TestAFolderThatACrashLeftHalfMade(t *testing.T) {
	t.Parallel()
	_, dir := open(t)
	must(t, os.Chmod(dir, 0o777))
	copied(t, dir)
	want := modes(t, dir)
	const half = ".ferry-e3b98a4da31a127d4bde6e43033f66ba.partial" // of "t"
	must(t, os.RemoveAll(filepath.Join(dir, "t")))
	must(t, os.Mkdir(filepath.Join(dir, half), 0o700))
	copied(t, dir)
	if diff := cmp.Diff(want, modes(t, dir)); diff != "" {
		t.Errorf("modes (-want +got):\n%s", diff)
	}
}
