package store_test

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"fmt"
	"io"
	"strings"
	"testing"

	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/store"
	"jogetferry/test/mysqltest"
)

var _ records.Contents = store.Contents{}

// packetOf is the least that the ledger's server must take at once.
const packetOf = 4 << 20

// TestCapture_of_any_size has a ledger on a server with the smallest packets that are
// allowed, and captures that are larger.
func TestCapture_of_any_size(t *testing.T) {
	t.Parallel()
	server := mysqltest.Private(t)
	admin, err := sql.Open("mysql", server.DSN(""))
	must(t, err)
	defer admin.Close()
	packet := func(bytes int) {
		t.Helper()
		_, err := admin.ExecContext(t.Context(), fmt.Sprint("SET GLOBAL max_allowed_packet = ", bytes))
		must(t, err)
	}
	packet(packetOf - 1024)
	_, err = store.Open(t.Context(), server.DSN("ledger"), store.Options{})
	wantCode(t, err, migration.CodeUnsupported)
	if err == nil || !strings.Contains(err.Error(), "raise its max_allowed_packet to at least 4194304") {
		t.Errorf("error %v", err)
	}
	packet(packetOf)
	l := open(t, server.DSN("ledger"))
	must(t, l.Bind(t.Context(), migration.Binding{Migration: mig, Source: "s", Target: "t"}, "digest"))
	data := make([]byte, 3*packetOf)
	_, err = rand.Read(data)
	must(t, err)
	quotes := bytes.Repeat([]byte("'\\\x00"), packetOf)
	for id, content := range map[string][]byte{"start/1": data, "start/2": nil, "start/3": quotes} {
		must(t, l.SaveCapture(t.Context(), ourKey, id, content))
		must(t, l.SaveCapture(t.Context(), ourKey, id, []byte("too late")))
		got, open, err := l.Capture(t.Context(), ourKey, id)
		must(t, err)
		if !bytes.Equal(got, content) || !open {
			t.Errorf("%s: %d bytes of %d, open %t", id, len(got), len(content), open)
		}
	}
	all, err := l.Captures(t.Context(), ourKey)
	must(t, err)
	if len(all) != 3 || !bytes.Equal(all[0], data) || !bytes.Equal(all[2], quotes) {
		t.Errorf("%d captures", len(all))
	}
}

func TestContents_are_read_from_any_byte_and_removed(t *testing.T) {
	t.Parallel()
	l := opened(t)
	const size = 5<<19 + 7 // some chunks and a part
	data := make([]byte, size)
	_, err := rand.Read(data)
	must(t, err)
	name, w := l.Contents().Create(t.Context())
	for rest := data; len(rest) > 0; {
		n := min(len(rest), 300_001)
		_, err := w.Write(rest[:n])
		must(t, err)
		rest = rest[n:]
	}
	must(t, w.Close())
	for _, at := range []int64{0, 1, 1<<20 - 1, 1 << 20, 1<<20 + 1, size - 1, size, size + 1, 9 << 20} {
		got, err := io.ReadAll(l.Contents().Open(t.Context(), name, at))
		must(t, err)
		if want := data[min(at, size):]; !bytes.Equal(got, want) {
			t.Errorf("from byte %d: %d bytes, want %d", at, len(got), len(want))
		}
	}
	must(t, l.Contents().Forget(t.Context(), name, "nothing"))
	if got, err := io.ReadAll(l.Contents().Open(t.Context(), name, 0)); len(got) > 0 || err != nil {
		t.Errorf("%d bytes after it was removed, %v", len(got), err)
	}
}

// TestContents_of_many_rows: the rows of a chunk are read one after the other, and the chunk once.
func TestContents_of_many_rows(t *testing.T) {
	t.Parallel()
	l := opened(t)
	name, w := l.Contents().Create(t.Context())
	_, err := w.Write([]byte("first, second"))
	must(t, err)
	must(t, w.Close())
	contents := l.Contents()
	read := func(at int64, n int) string {
		t.Helper()
		part := make([]byte, n)
		_, err := io.ReadFull(contents.Open(t.Context(), name, at), part)
		must(t, err)
		return string(part)
	}
	if got := read(0, 5); got != "first" {
		t.Errorf("read %q", got)
	}
	_, err = l.DB().ExecContext(t.Context(), "UPDATE content_chunk SET data = ''")
	must(t, err)
	if got := read(7, 6); got != "second" {
		t.Errorf("read %q", got)
	}
}
