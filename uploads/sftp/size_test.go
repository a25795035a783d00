package sftp_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"jogetferry/test/sshdtest"
	"jogetferry/uploads"
	"jogetferry/uploads/uploadstest"
)

// watched is a store that looks at the live heap while a file of it is read.
type watched struct {
	uploads.Store
	most *uint64
}

func (w watched) Open(ctx context.Context, key uploads.Key) (uploads.File, error) {
	f, err := w.Store.Open(ctx, key)
	return &watchedFile{File: f, most: w.most}, err
}

type watchedFile struct {
	uploads.File
	most *uint64
	read int
}

func (f *watchedFile) Read(b []byte) (int, error) {
	const every = 64 << 20
	n, err := f.File.Read(b)
	if f.read += n; f.read >= every {
		f.read = 0
		*f.most = max(*f.most, heap())
	}
	return n, err
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestAFileOfAnySizeTakesTheSameMemory runs alone: it looks at the heap of the process.
func TestAFileOfAnySizeTakesTheSameMemory(t *testing.T) {
	const size, most = 1 << 30, 16 << 20
	server := sshdtest.New(t, sshdtest.Options{})
	source, from := folder(t, "x")
	must(t, os.Truncate(filepath.Join(from, row.Table, string(row.ID), key.Name), size))
	remote := opened(t, options(server, t.TempDir()))
	must(t, remote.Probe(t.Context()))
	began, reached := heap(), uint64(0)
	got, err := uploads.Copy(t.Context(), watched{source, &reached}, remote, rows, &uploadstest.Images{}, uploads.Options{})
	must(t, err)
	compared, err := uploads.Compare(t.Context(), source, watched{remote, &reached}, rows)
	must(t, err)
	if got.Bytes != size || len(compared.Same) != 1 {
		t.Errorf("%d bytes copied, %d files the same", got.Bytes, len(compared.Same))
	}
	t.Logf("%d bytes of heap before, %d at the most", began, reached)
	if reached == 0 || reached > began+most {
		t.Errorf("%d bytes of heap for a file of %d, want at most %d more than %d", reached, size, most, began)
	}
}
