package uploads_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"jogetferry/migration"
	"jogetferry/uploads"
)

// noted is a ledger's memory of files that an instance wrote, in a slice.
type noted struct{ files []uploads.FileImage }

func (n *noted) Written(context.Context, []uploads.Key) (map[uploads.Key][]uploads.Sum, error) {
	return nil, nil
}

func (n *noted) WrittenInBulk(context.Context, []string) (map[string][]uploads.Sum, error) {
	return nil, nil
}

func (n *noted) Keep(context.Context, []uploads.FileImage) error { return nil }

func (n *noted) Wrote(_ context.Context, images []uploads.FileImage) error {
	n.files = append(n.files, images...)
	return nil
}

func (n *noted) Begin(context.Context) ([]uploads.Key, error) {
	keys := make([]uploads.Key, len(n.files))
	for i, f := range n.files {
		keys[i] = f.Key
	}
	return keys, nil
}

func (n *noted) Ways(_ context.Context, keys []uploads.Key) (map[uploads.Key]migration.FileUndo, error) {
	ways := map[uploads.Key]migration.FileUndo{}
	at := slices.IndexFunc(n.files, func(f uploads.FileImage) bool { return f.Key == keys[0] })
	for i, key := range keys {
		ways[key] = migration.FileUndo{Image: &uploads.FileImage{Key: key}, Written: []uploads.Sum{n.files[at+i].WrittenSum}}
	}
	return ways, nil
}

func (n *noted) Done(context.Context, []uploads.Key) error { return nil }

// flushed counts what is flushed of a store.
type flushed struct {
	uploads.Store
	calls, keys, tidied int
}

func (f *flushed) Sync(ctx context.Context, keys []uploads.Key) error {
	f.calls++
	f.keys += len(keys)
	return f.Store.Sync(ctx, keys)
}

func (f *flushed) Tidy(ctx context.Context, row migration.RowKey) error {
	f.tidied++
	return f.Store.Tidy(ctx, row)
}

// TestAFileCostsTheSameAmongManyAsAmongFew has a tenth of the most files that a
// record may have. It runs alone: it counts what the process allocates, which
// stands for the looks at files.
func TestAFileCostsTheSameAmongManyAsAmongFew(t *testing.T) {
	each := map[int]uint64{}
	for _, n := range []int{1_000, 10_000} {
		source, dir := t.TempDir(), t.TempDir()
		must(t, os.MkdirAll(filepath.Join(source, row.Table, string(row.ID)), 0o755))
		for i := range n {
			must(t, os.WriteFile(filepath.Join(source, row.Table, string(row.ID), fmt.Sprintf("f%05d", i)), []byte{byte(i)}, 0o600))
		}
		target := &flushed{Store: opened(t, dir)}
		from, rows, ledger := opened(t, source), []migration.RowKey{row}, &noted{}
		began := mallocs()
		result, err := uploads.Copy(t.Context(), from, target, rows, ledger, uploads.Options{})
		must(t, err)
		seen, err := uploads.Seen(t.Context(), target, rows, result.Sums)
		must(t, err)
		undone, err := uploads.Undo(t.Context(), target, rows, ledger, seen, nil)
		must(t, err)
		each[n] = (mallocs() - began) / uint64(n)
		batches := (n + 63) / 64
		if result.Copied != n || len(undone.Removed) != n || target.calls != 2*batches || target.keys != 2*n || target.tidied != 1 {
			t.Errorf("%d files: %d copied, %d removed, %d files flushed in %d calls, %d times tidied", n, result.Copied, len(undone.Removed), target.keys, target.calls, target.tidied)
		}
	}
	t.Logf("allocations of a file: %v", each)
	if each[10_000] > each[1_000]*5/4 {
		t.Errorf("a file costs %d allocations among 10,000 and %d among 1,000", each[10_000], each[1_000])
	}
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// TestAFileOfAnySizeTakesTheSameMemory has a tenth of the largest file that was
// thought of. It runs alone: it counts the bytes that the process allocates.
func TestAFileOfAnySizeTakesTheSameMemory(t *testing.T) {
	const size, most = 1 << 30, 8 << 20
	source, dir := t.TempDir(), t.TempDir()
	write(t, later, "", source, row.Table, string(row.ID), "large")
	must(t, os.Truncate(filepath.Join(source, row.Table, string(row.ID), "large"), size))
	from, target, rows, ledger := opened(t, source), opened(t, dir), []migration.RowKey{row}, &noted{}
	began := allocated()
	result, err := uploads.Copy(t.Context(), from, target, rows, ledger, uploads.Options{})
	must(t, err)
	compared, err := uploads.Compare(t.Context(), from, target, rows)
	must(t, err)
	took := allocated() - began
	if result.Bytes != size || len(compared.Same) != 1 {
		t.Errorf("%d bytes copied, %d files the same", result.Bytes, len(compared.Same))
	}
	if took > most {
		t.Errorf("%d bytes allocated for a file of %d, want at most %d", took, size, most)
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
