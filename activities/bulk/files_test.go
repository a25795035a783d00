package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/test/activitytest"
	"jogetferry/test/simulator/engine"
	"jogetferry/uploads"
)

// filing is a copy of the files of a table, app_fd_doc, of a stage of its own.
type filing struct{ *copying }

func newFiling(t *testing.T) filing {
	t.Helper()
	c := &copying{Case: activitytest.New(t).Case(t), t: t, tables: []string{"doc"}}
	c.Source.Table("doc", "x")
	c.Target.Table("doc", "x")
	c.servers = c.Servers()
	return filing{c}
}

// put writes a file below the folder of the table as Joget would.
func put(t *testing.T, server *activitytest.Server, path, content string) {
	t.Helper()
	file := filepath.Join(server.Folder, "doc", path)
	activitytest.Must(t, os.MkdirAll(filepath.Dir(file), 0o750))
	activitytest.Must(t, os.WriteFile(file, []byte(content), 0o600))
}

// tree is what lies below the folder of the table, by path: content, or the kind of what
// is no file. It fails over anything half-written.
func tree(t *testing.T, server *activitytest.Server) map[string]string {
	t.Helper()
	files := map[string]string{}
	root := filepath.Join(server.Folder, "doc")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		files[name] = string(content)
		if strings.HasPrefix(filepath.Base(path), ".ferry-") {
			t.Errorf("%s is left", name)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return files
}

func (f filing) pass(pass migration.BulkPass, more func(*migration.BulkOrder)) migration.BulkTable {
	f.t.Helper()
	in := f.input()
	in.Order.Pass = pass
	if more != nil {
		more(&in.Order)
	}
	_, err := activitytest.Run(f.t, f.activities().Register, contract.CutTables, in)
	activitytest.Must(f.t, err)
	if _, err := f.lane(activitytest.NewAttempt()); err != nil {
		f.t.Fatal(err)
	}
	return f.settled()
}

// settled ends the pass, and returns how the files stand.
func (f filing) settled() migration.BulkTable {
	f.t.Helper()
	f.settle()
	tables, err := f.Ledger.BulkTables(f.t.Context(), f.Migration)
	activitytest.Must(f.t, err)
	for _, table := range tables {
		if table.Kind == migration.BulkFiles {
			table.Bytes = 0
			return table
		}
	}
	return migration.BulkTable{}
}

func (f filing) want(got migration.BulkTable, reason migration.Reason, tally migration.BulkTally) {
	f.t.Helper()
	if got.Reason != reason {
		f.t.Errorf("reason %q: %s, want %q", got.Reason, got.Detail, reason)
	}
	if diff := cmp.Diff(tally, got.BulkTally); diff != "" {
		f.t.Errorf("tally (-want +got):\n%s", diff)
	}
}

func (f filing) same() {
	f.t.Helper()
	if diff := cmp.Diff(tree(f.t, f.Source), tree(f.t, f.Target)); diff != "" {
		f.t.Errorf("files (-source +target):\n%s", diff)
	}
}

// seed writes files of every kind: with a row and without one, of odd names, nested.
func (f filing) seed() map[string]string {
	files := map[string]string{
		"r1/a.pdf": "a", "r1/a.pdf.thumb.jpg": "small", "no row/ü 名.txt": "odd", "A 1/plus": "decoded", "PO/2024/1/x": "nested", "100%/y": "percent", "r2/empty": "",
	}
	for path, content := range files {
		put(f.t, f.Source, path, content)
	}
	f.Source.Exec("INSERT INTO app_fd_doc (id, c_x) VALUES ('r1', 'a.pdf'), ('A+1', 'plus'), ('PO/2024/1', 'x')")
	return files
}

func TestCopyOfFiles(t *testing.T) {
	t.Parallel()
	f := newFiling(t)
	files := int64(len(f.seed()))
	put(t, f.Source, "r2/theirs", "ours")
	put(t, f.Target, "r2/theirs", "theirs")
	put(t, f.Target, "own/z", "own")
	f.want(f.pass(migration.BulkPassCopy, nil), migration.ReasonFileConflict, migration.BulkTally{Rows: files + 1, Inserted: files, Conflicts: 1, Differing: 1})
	// Mended, the same again goes on with what was parked.
	activitytest.Must(t, os.Remove(filepath.Join(f.Target.Folder, "doc/r2/theirs")))
	f.want(f.pass(migration.BulkPassCopy, nil), "", migration.BulkTally{Rows: files + 1, Inserted: files + 1, Same: files})
	activitytest.Must(t, os.RemoveAll(filepath.Join(f.Target.Folder, "doc/own")))
	f.same()
	source, err := os.Stat(filepath.Join(f.Source.Folder, "doc/r1/a.pdf"))
	activitytest.Must(t, err)
	target, err := os.Stat(filepath.Join(f.Target.Folder, "doc/r1/a.pdf"))
	activitytest.Must(t, err)
	if !source.ModTime().Equal(target.ModTime()) {
		t.Errorf("its time is %s, want %s", target.ModTime(), source.ModTime())
	}
	f.want(f.pass(migration.BulkPassVerify, nil), "", migration.BulkTally{Rows: files, Same: files}) // without the thumbnail
}

// TestCopyTellsOfNamesThatNoRecordHas: everything else goes on.
func TestCopyTellsOfNamesThatNoRecordHas(t *testing.T) {
	t.Parallel()
	f := newFiling(t)
	files := int64(len(f.seed()))
	put(t, f.Source, "Nº-7/x", "not normalised")
	put(t, f.Source, "\xff/x", "no text")
	put(t, f.Source, "beside", "of no record")
	doc := filepath.Join(f.Source.Folder, "doc")
	activitytest.Must(t, os.Symlink("/etc", filepath.Join(doc, "link")))
	activitytest.Must(t, os.Symlink("/etc/passwd", filepath.Join(doc, "r1/link")))
	activitytest.Must(t, syscall.Mkfifo(filepath.Join(doc, "r1/pipe"), 0o600))
	got := f.pass(migration.BulkPassCopy, nil)
	f.want(got, migration.ReasonFileRefused, migration.BulkTally{Rows: files, Inserted: files})
	for _, name := range []string{"Nº-7", "beside", "link", `r1/"link"`, `r1/"pipe"`} {
		if !strings.Contains(got.Detail, name) {
			t.Errorf("%s is not told: %s", name, got.Detail)
		}
	}
	if got := tree(t, f.Target); int64(len(got)) != files {
		t.Errorf("%d files have come, want %d: %v", len(got), files, got)
	}
}

// TestCopyWithoutUploads: files wait for a copy that takes them.
func TestCopyWithoutUploads(t *testing.T) {
	t.Parallel()
	f := newFiling(t)
	files := int64(len(f.seed()))
	no := func(o *migration.BulkOrder) { o.Scope.NoUploads = true }
	f.want(f.pass(migration.BulkPassCopy, no), "", migration.BulkTally{})
	f.want(f.pass(migration.BulkPassCopy, nil), "", migration.BulkTally{Rows: files, Inserted: files})
	f.want(f.pass(migration.BulkPassVerify, no), "", migration.BulkTally{}) // cut, and left
	if got := f.settle(); got.Status != migration.BulkDone {
		t.Errorf("%+v", got)
	}
}

// TestFilesOfTheCopyAreOurs for the instances that come later, whatever the IDs of their records.
func TestFilesOfTheCopyAreOurs(t *testing.T) {
	t.Parallel()
	f := newFiling(t)
	f.seed()
	f.pass(migration.BulkPassCopy, nil)
	rows := []migration.RowKey{{Table: "doc", ID: "r1"}, {Table: "doc", ID: "A+1"}, {Table: "doc", ID: "PO/2024/1"}, {Table: "doc", ID: "100%"}}
	for _, path := range []string{"r1/a.pdf", "A 1/plus", "PO/2024/1/x", "100%/y"} {
		put(t, f.Source, path, "newer")
	}
	images := f.Ledger.FileImages(f.Migration, f.servers.Key("inst"))
	result, err := uploads.Copy(t.Context(), f.Source.Uploads, f.Target.Uploads, rows, images, uploads.Options{})
	activitytest.Must(t, err)
	if result.Overwritten != len(rows) {
		t.Errorf("%+v", result)
	}
	f.same()
	// What people change is theirs.
	put(t, f.Source, "r1/a.pdf", "newest")
	put(t, f.Target, "r1/a.pdf", "changed by somebody")
	_, err = uploads.Copy(t.Context(), f.Source.Uploads, f.Target.Uploads, rows[:1], images, uploads.Options{})
	if migration.CodeOf(err) != migration.CodeConflict {
		t.Errorf("no conflict: %v", err)
	}
}

// TestCopyLeavesFilesOfRecordsWithNewIDs: they come with their instance.
func TestCopyLeavesFilesOfRecordsWithNewIDs(t *testing.T) {
	t.Parallel()
	f := newFiling(t)
	files := int64(len(f.seed()))
	_, err := f.Ledger.SaveRekeys(t.Context(), f.SourcePrint, f.TargetPrint, migration.Rekeys{"r2": "n-1", "A+1": "n-2", "PO/2024/1": "n-3"}, "plan")
	activitytest.Must(t, err)
	put(t, f.Source, "PO/2024/2/x", "another record")
	f.want(f.pass(migration.BulkPassCopy, nil), "", migration.BulkTally{Rows: files - 2, Inserted: files - 2})
	f.want(f.pass(migration.BulkPassVerify, nil), "", migration.BulkTally{Rows: files - 3, Same: files - 3})
}

func TestDeltaOfFiles(t *testing.T) {
	t.Parallel()
	f := newFiling(t)
	files := int64(len(f.seed()))
	f.pass(migration.BulkPassCopy, nil)
	put(t, f.Source, "new/n", "since")
	put(t, f.Source, "r1/a.pdf", "changed")
	put(t, f.Source, "no row/ü 名.txt", "changed")
	put(t, f.Target, "no row/ü 名.txt", "by somebody")
	activitytest.Must(t, os.RemoveAll(filepath.Join(f.Source.Folder, "doc/r2")))
	put(t, f.Target, "own/z", "own")
	rows := files // one more, and one less
	f.want(f.pass(migration.BulkPassDelta, nil), migration.ReasonFileConflict, migration.BulkTally{Rows: rows, Inserted: 1, Overwritten: 1, Same: rows - 3, Conflicts: 1, Differing: 1, Gone: 1})
	if _, there := tree(t, f.Target)["r2/empty"]; !there {
		t.Error("it was removed without an order")
	}
	put(t, f.Target, "no row/ü 名.txt", "changed")
	remove := func(o *migration.BulkOrder) { o.Delete = true }
	f.want(f.pass(migration.BulkPassDelta, remove), "", migration.BulkTally{Rows: rows, Same: rows, Gone: 1, Removed: 1})
	activitytest.Must(t, os.RemoveAll(filepath.Join(f.Target.Folder, "doc/own")))
	f.same()
	f.want(f.pass(migration.BulkPassDelta, remove), "", migration.BulkTally{Rows: rows, Same: rows})
}

func TestUndoOfFiles(t *testing.T) {
	t.Parallel()
	f := newFiling(t)
	f.servers.Settings.OnConflict = "overwrite"
	files := int64(len(f.seed()))
	put(t, f.Source, "r2/theirs", "ours")
	put(t, f.Target, "r2/theirs", "theirs")
	put(t, f.Target, "own/z", "own")
	f.want(f.pass(migration.BulkPassCopy, nil), "", migration.BulkTally{Rows: files + 1, Inserted: files, Overwritten: 1})
	put(t, f.Source, "100%/y", "since")
	put(t, f.Source, "r2/theirs", "since")
	f.want(f.pass(migration.BulkPassDelta, nil), "", migration.BulkTally{Rows: files + 1, Overwritten: 2, Same: files - 1})
	f.same2("own/z")
	// An instance uses one record, and somebody changed a file.
	activitytest.Must(t, f.Ledger.HoldRecord(t.Context(), f.servers.Key("inst"), "PO/2024/1", f.Migration))
	put(t, f.Target, "no row/ü 名.txt", "by somebody")
	f.want(f.pass(migration.BulkPassUndo, nil), migration.ReasonFileConflict, migration.BulkTally{Rows: files + 1, Removed: files - 2, Restored: 1, InUse: 1, Conflicts: 1})
	want := map[string]string{"r2/theirs": "theirs", "own/z": "own", "PO/2024/1/x": "nested", "no row/ü 名.txt": "by somebody"}
	if diff := cmp.Diff(want, tree(t, f.Target)); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(f.Target.Folder, "doc/r1")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder is left: %v", err)
	}
	// What was taken back is not ours any more.
	put(t, f.Target, "r1/a.pdf", "a")
	put(t, f.Source, "r1/a.pdf", "newer")
	f.servers.Settings.OnConflict = "park"
	activitytest.Must(t, os.Remove(filepath.Join(f.Target.Folder, "doc/no row/ü 名.txt")))
	if got := f.pass(migration.BulkPassCopy, nil); got.Conflicts != 2 { // and r2/theirs
		t.Errorf("%+v", got)
	}
}

// TestUndoOfFilesThatPeopleUse: somebody began an instance on the target for a record that the copy
// brought, so that its files stay, as its row does.
func TestUndoOfFilesThatPeopleUse(t *testing.T) {
	t.Parallel()
	f := newFiling(t)
	put(t, f.Source, "r1/a", "a")
	put(t, f.Source, "r2/b", "b")
	f.want(f.pass(migration.BulkPassCopy, nil), "", migration.BulkTally{Rows: 2, Inserted: 2})
	_, err := f.Target.Engine.Start(t.Context(), engine.Caller{Name: "cat"}, engine.StartRequest{
		Definition: migration.DefinitionID{Package: "leave", Version: activitytest.TargetVersion, Process: "process1"}.String(), RecordID: "r1",
	})
	activitytest.Must(t, err)
	f.want(f.pass(migration.BulkPassUndo, nil), migration.ReasonRecordBusy, migration.BulkTally{Rows: 2, Removed: 1, InUse: 1})
	if diff := cmp.Diff(map[string]string{"r1/a": "a"}, tree(t, f.Target)); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}

// same2 is same but for what the target has of its own.
func (f filing) same2(own ...string) {
	f.t.Helper()
	target := tree(f.t, f.Target)
	for _, path := range own {
		delete(target, path)
	}
	if diff := cmp.Diff(tree(f.t, f.Source), target); diff != "" {
		f.t.Errorf("files (-source +target):\n%s", diff)
	}
}

// dying is a target whose worker dies at a call.
type dying struct {
	step.UploadStore

	left atomic.Int64 // calls
}

var errDied = errors.New("the worker died")

func (d *dying) call() error {
	if d.left.Add(-1) < 0 {
		return errDied
	}
	return nil
}

func (d *dying) List(ctx context.Context, row migration.RowKey) ([]uploads.Entry, error) {
	if err := d.call(); err != nil {
		return nil, err
	}
	return d.UploadStore.List(ctx, row)
}

func (d *dying) Create(ctx context.Context, key uploads.Key) (uploads.Partial, error) {
	if err := d.call(); err != nil {
		return nil, err
	}
	p, err := d.UploadStore.Create(ctx, key)
	return dyingPartial{p, d}, err
}

func (d *dying) Sync(ctx context.Context, keys []uploads.Key) error {
	if err := d.call(); err != nil {
		return err
	}
	return d.UploadStore.Sync(ctx, keys)
}

func (d *dying) Remove(ctx context.Context, key uploads.Key) error {
	if err := d.call(); err != nil {
		return err
	}
	return d.UploadStore.Remove(ctx, key)
}

type dyingPartial struct {
	uploads.Partial

	d *dying
}

func (p dyingPartial) Commit(ctx context.Context, c uploads.Commit) error {
	if err := p.d.call(); err != nil {
		return err
	}
	return p.Partial.Commit(ctx, c)
}

// TestFilesGoOnWhereTheWorkerDied, at whatever call: no file is lost or broken, and each
// stays ours.
func TestFilesGoOnWhereTheWorkerDied(t *testing.T) {
	t.Parallel()
	f := newFiling(t)
	want := f.seed()
	whole := f.servers.Target.Uploads
	for at, died := int64(0), true; died; at += 3 {
		activitytest.Must(t, os.RemoveAll(filepath.Join(f.Target.Folder, "doc")))
		f.t.Logf("call %d", at)
		_, err := activitytest.Run(t, f.activities().Register, contract.CutTables, f.input())
		activitytest.Must(t, err)
		d := &dying{UploadStore: whole}
		d.left.Store(at)
		f.servers.Target.Uploads = d
		attempt := activitytest.NewAttempt()
		_, err = f.lane(attempt)
		died = err != nil
		f.servers.Target.Uploads = whole
		if died {
			if _, err := f.lane(attempt.Next()); err != nil {
				t.Fatal(err)
			}
		}
		if got := f.settled(); got.Parked > 0 || got.Rows != int64(len(want)) {
			t.Errorf("call %d: %+v", at, got)
		}
		if diff := cmp.Diff(want, tree(t, f.Target)); diff != "" {
			t.Errorf("call %d: files (-want +got):\n%s", at, diff)
		}
		// All of it is taken back, so all of it was known.
		if got := f.pass(migration.BulkPassUndo, nil); got.Conflicts+got.InUse > 0 || len(tree(t, f.Target)) > 0 {
			t.Errorf("call %d: undone %+v, left %v", at, got, tree(t, f.Target))
		}
	}
}

// full is a target without space.
type full struct{ step.UploadStore }

func (f full) Create(ctx context.Context, key uploads.Key) (uploads.Partial, error) {
	p, err := f.UploadStore.Create(ctx, key)
	return fullPartial{p}, err
}

type fullPartial struct{ uploads.Partial }

func (p fullPartial) Write(b []byte) (int, error) {
	if len(b) > 4 {
		return 0, fmt.Errorf("write: %w", uploads.ErrFull)
	}
	return p.Partial.Write(b)
}

func TestCopyEndsWhereTheDiskIsFull(t *testing.T) {
	t.Parallel()
	f := newFiling(t)
	f.seed()
	f.cut()
	whole := f.servers.Target.Uploads
	f.servers.Target.Uploads = full{whole}
	_, err := f.lane(activitytest.NewAttempt())
	if err == nil || !strings.Contains(err.Error(), "no space is left for uploads") {
		t.Errorf("the lane ended with %v", err)
	}
	tree(t, f.Target) // nothing half-written
	f.servers.Target.Uploads = whole
	f.pass(migration.BulkPassCopy, nil)
	f.same()
}
