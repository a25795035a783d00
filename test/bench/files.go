package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"jogetferry/migration"
	"jogetferry/uploads"
	"jogetferry/uploads/local"
)

// tree is a folder of uploads that everybody copies.
type tree struct {
	*bench

	source, target string
	records        []migration.RowKey
	files          int
	bytes          int64
}

// ourCopy is what a tree is copied by. It is the copy that each instance's uploads go by.
var ourCopy = (*tree).copyUploads

// files measures the copy of many small files, and of a large one.
func (b *bench) files() []Section {
	b.Helper()
	small := b.tree(b.sizes.Files, fileBytes)
	files := small.race()
	large := b.tree(1, b.sizes.LargeBytes)
	one := large.race()
	rsync, rclone := findTool("rsync"), findTool("rclone")
	manyOf := fmt.Sprintf("%s files of %s", number(float64(small.files)), sizeName(fileBytes))
	oneOf := "a file of " + sizeName(large.bytes)
	row := func(t *tree, what string, took map[string]time.Duration, name, missing string, budget Budget) Row {
		rate := func(name string) Quantity {
			if took[name] == 0 {
				return Quantity{}
			}
			if t.files > 1 {
				return perSecond(float64(t.files), "files", took[name])
			}
			return perSecond(float64(t.bytes)/1e6, "MB", took[name])
		}
		return Row{What: what, Measured: rate("ours"), Against: Rival{Name: "`" + name + "`", Quantity: rate(name), Missing: missing}, Budget: budget}
	}
	return []Section{{
		Title: "Uploads",
		How: fmt.Sprintf("Files of random bytes, %d a record, from one folder of this machine to another. Ours are compared by SHA-256 and on the disk when they count as copied. "+
			"Of the others `rsync --fsync` alone waits for the disk, and `rclone copy --checksum` alone compares. What one left in memory is on the disk before the next begins.", folderFiles),
		Rows: []Row{
			row(small, manyOf, files, rsyncSafe, rsync.missing, RatioAtLeast(1.3)),
			row(small, manyOf, files, rsyncPlain, rsync.missing, RatioAtLeast(0.8)),
			row(small, manyOf, files, cpPlain, "", Budget{}),
			row(small, manyOf, files, rcloneSum, rclone.missing, Budget{}),
			row(large, oneOf, one, cpPlain, "", RatioAtLeast(0.9)),
			row(large, oneOf, one, rsyncSafe, rsync.missing, Budget{}),
			row(large, oneOf, one, rsyncPlain, rsync.missing, Budget{}),
			row(large, oneOf, one, rcloneSum, rclone.missing, Budget{}),
		},
	}}
}

// The others, by what is typed.
const (
	rsyncSafe  = "rsync -a --fsync"
	rsyncPlain = "rsync -a"
	cpPlain    = "cp -a"
	rcloneSum  = "rclone copy --checksum"
)

// tree makes so many files of so many bytes.
func (b *bench) tree(files int, bytes int64) *tree {
	b.Helper()
	root := b.TempDir()
	t := &tree{bench: b, source: filepath.Join(root, "source"), target: filepath.Join(root, "target"), files: files, bytes: bytes}
	const table = "contract"
	noise := make([]byte, min(bytes, 1<<20))
	for i := range files {
		record := migration.RowKey{Table: table, ID: migration.RecordID(fmt.Sprintf("record-%06d", i/folderFiles))}
		folder := filepath.Join(t.source, table, string(record.ID))
		if i%folderFiles == 0 {
			b.must(os.MkdirAll(folder, 0o750))
			t.records = append(t.records, record)
		}
		file, err := os.Create(filepath.Join(folder, fmt.Sprintf("file-%d.pdf", i%folderFiles)))
		b.must(err)
		for left := bytes; left > 0; left -= int64(len(noise)) {
			_, err := rand.Read(noise)
			b.must(err)
			_, err = file.Write(noise[:min(left, int64(len(noise)))])
			b.must(err)
		}
		b.must(file.Close())
	}
	return t
}

// race has ours and the others copy the tree.
func (t *tree) race() map[string]time.Duration {
	t.Helper()
	rsync, rclone := findTool("rsync"), findTool("rclone")
	from, to := t.source+"/", t.target+"/"
	other := func(name, missing string, command func() *exec.Cmd) contender {
		return contender{name: name, missing: missing, prepare: t.empty, run: func() { t.runs(command()) }, check: t.whole}
	}
	return t.bench.race(
		contender{name: "ours", prepare: t.empty, run: func() { ourCopy(t) }, check: t.whole},
		other(rsyncSafe, rsync.missing, func() *exec.Cmd { return rsync.command(t.Context(), "-a", "--fsync", from, to) }),
		other(rsyncPlain, rsync.missing, func() *exec.Cmd { return rsync.command(t.Context(), "-a", from, to) }),
		other(cpPlain, "", func() *exec.Cmd { return exec.CommandContext(t.Context(), "cp", "-a", from+".", to) }), //nolint:gosec // ours
		other(rcloneSum, rclone.missing, func() *exec.Cmd {
			return rclone.command(t.Context(), "copy", "--checksum", "--config", os.DevNull, from, to)
		}),
	)
}

// empty removes what the last one copied, and has the disk take what is in memory.
func (t *tree) empty() {
	t.Helper()
	t.must(os.RemoveAll(t.target))
	t.must(os.MkdirAll(t.target, 0o750))
	syscall.Sync()
}

// whole fails unless all bytes have arrived.
func (t *tree) whole() {
	t.Helper()
	n, sum := 0, int64(0)
	t.must(filepath.WalkDir(t.target, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			n, sum = n+1, sum+info.Size()
		}
		return err
	}))
	if n != t.files || sum != int64(t.files)*t.bytes {
		t.Fatalf("%d files of %d bytes in all have arrived, want %d of %d", n, sum, t.files, int64(t.files)*t.bytes)
	}
}

// copyUploads copies as starter copy does, some records at a time.
func (t *tree) copyUploads() {
	t.Helper()
	source, target := t.store(t.source), t.store(t.target)
	const atATime = 500
	for at := 0; at < len(t.records); at += atATime {
		_, err := uploads.Copy(t.Context(), source, target, t.records[at:min(at+atATime, len(t.records))], unwritten{}, uploads.Options{Together: target.Together()})
		t.must(err)
	}
}

func (t *tree) store(root string) *local.Store {
	t.Helper()
	store, err := local.Open(root)
	t.must(err)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// unwritten is a ledger of files of which none was there, and which keeps nothing.
type unwritten struct{}

func (unwritten) Written(context.Context, []uploads.Key) (map[uploads.Key][]uploads.Sum, error) {
	return nil, nil
}

func (unwritten) WrittenInBulk(context.Context, []string) (map[string][]uploads.Sum, error) {
	return nil, nil
}
func (unwritten) Keep(context.Context, []uploads.FileImage) error  { return nil }
func (unwritten) Wrote(context.Context, []uploads.FileImage) error { return nil }
