package store_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
)

// windowWith has one file of that name, which need not be text.
func windowWith(name string, sum migration.Digest) migration.FileCapture {
	order := migration.RowKey{Table: "order", ID: "record-1"}
	return migration.FileCapture{
		Rows: []migration.RowKey{order, {Table: "item", ID: "i-1"}},
		Files: []migration.FileSeen{
			{Row: order, Entry: migration.FileEntry{Name: name, Kind: "file", Size: 7, Modified: time.Unix(9, 123456789).UTC()}, Sum: sum},
			{Row: order, Entry: migration.FileEntry{Name: "own", Kind: "symlink", Modified: time.Unix(10, 0).UTC()}},
		},
	}
}

func TestFileWindow_stays_from_the_claim_on_until_it_is_closed(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p1", planned(1, nil))
	_, _, err := l.FileCapture(t.Context(), ourKey)
	wantCode(t, err, migration.CodeNotFound)
	wanted := func(name string, open bool) {
		t.Helper()
		got, isOpen, err := l.FileCapture(t.Context(), ourKey)
		must(t, err)
		if diff := cmp.Diff(windowWith(name, migration.Digest{1, 2}), got); diff != "" || isOpen != open {
			t.Fatalf("open %t, want %t; capture (-want +got):\n%s", isOpen, open, diff)
		}
	}
	save := func(name string) {
		t.Helper()
		must(t, l.SaveFileCapture(t.Context(), ourKey, windowWith(name, migration.Digest{1, 2})))
	}
	save("first")
	save("a\xff b.pdf")
	wanted("a\xff b.pdf", true)

	claim(t, l, ourKey, "a")
	save("too late")
	wanted("a\xff b.pdf", true)
	line := migration.StepLine{Step: migration.StepVerify, Event: migration.EventFilesReverted}
	for range 2 {
		must(t, l.CloseFileCapture(t.Context(), mig, ourKey, line))
	}
	wanted("a\xff b.pdf", false)
	if got := lines(t, l, id(1)); len(got) == 0 || got[len(got)-1] != "note: files_reverted" || strings.Count(strings.Join(got, "\n"), "files_reverted") != 1 {
		t.Errorf("the story: %q", got)
	}
	save("after it was closed")
	wanted("after it was closed", true)

	must(t, l.Release(t.Context(), ourKey, "a", migration.ClaimClaimed, "nothing was sent"))
	save("before another start")
	wanted("before another start", true)
}

func TestFileWindow_tells_files_of_a_first_start_from_those_before(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p1", planned(1, nil))
	file := func(row migration.RowKey, name string, size int64, sum migration.Digest) migration.FileSeen {
		return migration.FileSeen{Row: row, Entry: migration.FileEntry{Name: name, Kind: "file", Size: size, Modified: time.Unix(size, 0).UTC()}, Sum: sum}
	}
	order, item := migration.RowKey{Table: "order", ID: "record-1"}, migration.RowKey{Table: "item", ID: "i-1"}
	own, ours := file(order, "own", 1, migration.Digest{}), file(order, "ours", 2, migration.Digest{2})
	newer, another, more := file(order, "ours", 3, migration.Digest{3}), file(order, "too", 4, migration.Digest{4}), file(item, "own", 5, migration.Digest{})
	first := migration.FileCapture{Rows: []migration.RowKey{order}, Files: []migration.FileSeen{own, ours}}
	second := migration.FileCapture{Rows: []migration.RowKey{order, item}, Files: []migration.FileSeen{
		file(order, "own", 9, migration.Digest{}), newer, another, file(order, "made", 8, migration.Digest{}), more,
	}}
	must(t, l.SaveFileCapture(t.Context(), ourKey, first))
	claim(t, l, ourKey, "a")
	must(t, l.Sending(t.Context(), ourKey, "a", nil, def))
	must(t, l.Release(t.Context(), ourKey, "a", migration.ClaimSending, "it ran to its end"))
	for range 2 {
		must(t, l.SaveFileCapture(t.Context(), ourKey, second))
	}
	got, _, err := l.FileCapture(t.Context(), ourKey)
	must(t, err)
	want := migration.FileCapture{Rows: second.Rows, Files: []migration.FileSeen{own, newer, another, more}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("capture (-want +got):\n%s", diff)
	}
	must(t, l.CloseFileCapture(t.Context(), mig, ourKey))
	must(t, l.SaveFileCapture(t.Context(), ourKey, second))
	if got, _, err = l.FileCapture(t.Context(), ourKey); err != nil || !cmp.Equal(second, got) {
		t.Errorf("after it was closed (-want +got), %v:\n%s", err, cmp.Diff(second, got))
	}
}

func TestFileWindow_is_not_begun_after_the_claim(t *testing.T) {
	t.Parallel()
	l := opened(t)
	claim(t, l, ourKey, "a")
	must(t, l.SaveFileCapture(t.Context(), ourKey, windowWith("late", migration.Digest{})))
	_, _, err := l.FileCapture(t.Context(), ourKey)
	wantCode(t, err, migration.CodeNotFound)
	must(t, l.CloseFileCapture(t.Context(), mig, ourKey, migration.StepLine{Event: migration.EventFilesReverted}))
	for _, line := range lines(t, l, id(1)) {
		if strings.Contains(line, "files_reverted") {
			t.Error("told of a capture that there is not")
		}
	}
}

func TestToolFiles_are_kept_once_and_apart_from_images(t *testing.T) {
	t.Parallel()
	l, dsn := openedAt(t)
	file := func(content string) migration.FileImage {
		return migration.FileImage{
			Key: migration.FileKey{Row: migration.RowKey{Table: "order", ID: "record-1"}, Name: "a\xff"}, Existed: true,
			Entry: migration.FileEntry{Size: int64(len(content)), Modified: time.Unix(7, 0)}, Sum: sha256.Sum256([]byte(content)),
			Content: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil },
		}
	}
	tools := l.ToolFiles(ourKey)
	for _, images := range [][]migration.FileImage{{file("made")}, {file("made"), file("made again")}, {{Key: file("").Key}}} {
		must(t, tools.Keep(t.Context(), images))
	}
	drifted := file("late")
	drifted.Sum = migration.Digest{1}
	wantCode(t, tools.Keep(t.Context(), []migration.FileImage{drifted}), migration.CodeDrifted)

	db, err := sql.Open("mysql", dsn)
	must(t, err)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT f.name, SUBSTRING(c.data, 2) FROM file_of_tool f
RIGHT JOIN content_chunk c ON c.content = f.content ORDER BY f.id`)
	must(t, err)
	defer rows.Close()
	var got [][2]string
	for rows.Next() {
		var name sql.NullString
		var content string
		must(t, rows.Scan(&name, &content))
		got = append(got, [2]string{name.String, content})
	}
	must(t, rows.Err())
	if diff := cmp.Diff([][2]string{{"a\xff", "made"}, {"a\xff", "made again"}}, got); diff != "" {
		t.Errorf("files of tools and all chunks (-want +got):\n%s", diff)
	}
	if images, err := l.FileImages(mig, ourKey).Images(t.Context()); err != nil || len(images) > 0 {
		t.Errorf("a rollback would go back to %+v, %v", images, err)
	}
}
