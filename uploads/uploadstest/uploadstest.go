package uploadstest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
	"jogetferry/uploads"
)

// Row is the record that the suite writes to.
var Row = migration.RowKey{Table: "crm_proposal", ID: "r 1; 😀"}

// Modified is a time that every backend can keep.
var Modified = time.Date(2020, 2, 29, 12, 0, 1, 0, time.UTC)

// Put writes a file as Copy does.
func Put(t *testing.T, s uploads.Store, key uploads.Key, content string) {
	t.Helper()
	p := create(t, s, key)
	write(t, p, content)
	if err := p.Commit(t.Context(), uploads.Commit{Size: int64(len(content)), Modified: Modified}); err != nil {
		t.Fatalf("commit: %v", err)
	}
}

// Read returns the content of a file.
func Read(t *testing.T, s uploads.Store, key uploads.Key) string {
	t.Helper()
	f, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	content, err := io.ReadAll(f)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	return string(content)
}

func create(t *testing.T, s uploads.Store, key uploads.Key) uploads.Partial {
	t.Helper()
	p, err := s.Create(t.Context(), key)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return p
}

func write(t *testing.T, p uploads.Partial, content string) {
	t.Helper()
	if _, err := io.WriteString(p, content); err != nil {
		t.Fatalf("write: %v", err)
	}
}

func closed(t *testing.T, p uploads.Partial) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

func file(name string) uploads.Key { return uploads.Key{Row: Row, Name: name} }

func wantCode(t *testing.T, err error, want migration.Code) {
	t.Helper()
	if migration.CodeOf(err) != want {
		t.Errorf("error %v, want code %q", err, want)
	}
}

func list(t *testing.T, s uploads.Store, row migration.RowKey) []uploads.Entry {
	t.Helper()
	entries, err := s.List(t.Context(), row)
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	for i := range entries {
		entries[i].Modified = entries[i].Modified.UTC()
	}
	return entries
}

// Hostile are keys that must not lead anywhere.
func Hostile() []uploads.Key {
	var keys []uploads.Key
	for _, part := range []string{"", ".", "..", "/", "../x", "a\x00b", strings.Repeat("x", 256)} {
		keys = append(keys, uploads.Key{Row: migration.RowKey{Table: part, ID: "r"}, Name: "f"}, uploads.Key{Row: migration.RowKey{Table: "t", ID: migration.RecordID(part)}, Name: "f"}, uploads.Key{Row: Row, Name: part})
	}
	// What Joget would make such a path of (Folder).
	for _, id := range []migration.RecordID{"%2e%2e", "%2E%2E%2Fx", "．．／x", "a/..", "a/./b", "x/%00", `..\x`, "//"} {
		keys = append(keys, uploads.Key{Row: migration.RowKey{Table: "t", ID: id}, Name: "f"})
	}
	for _, table := range []string{"/etc", "a/b", "%2e%2e", "a%2Fb"} {
		keys = append(keys, uploads.Key{Row: migration.RowKey{Table: table, ID: "r"}, Name: "f"})
	}
	return append(keys, uploads.Key{Row: Row, Name: "a/../../b"}, uploads.Key{Row: Row, Name: "a//b"}, uploads.Key{Row: Row, Name: "a/"})
}

// Run proves that a backend keeps the contract of uploads.Store; open gives a
// fresh empty store, closed by the caller's cleanup.
func Run(t *testing.T, open func(t *testing.T) uploads.Store) {
	t.Helper()
	for _, tc := range []struct {
		name string
		test func(*testing.T, uploads.Store)
	}{
		{"a_missing_record_is_an_empty_list", missing},
		{"files_keep_name_content_and_time", keepsFiles},
		{"nothing_has_its_name_before_commit", func(t *testing.T, s uploads.Store) {
			p := create(t, s, file("x"))
			write(t, p, "abc")
			if got := list(t, s, Row); len(got) > 0 {
				t.Errorf("list %v before commit", got)
			}
			_, err := s.Stat(t.Context(), file("x"))
			wantCode(t, err, migration.CodeNotFound)
		}},
		{"an_earlier_attempt_goes_on", goesOn},
		{"an_earlier_attempt_is_dropped", drops},
		{"one_holder_at_a_time", func(t *testing.T, s uploads.Store) {
			p := create(t, s, file("x"))
			_, err := s.Create(t.Context(), file("x"))
			wantCode(t, err, migration.CodeUnavailable)
			closed(t, p)
			closed(t, create(t, s, file("x")))
		}},
		{"commit_wants_the_length_written", func(t *testing.T, s uploads.Store) {
			p := create(t, s, file("x"))
			write(t, p, "abc")
			wantCode(t, p.Commit(t.Context(), uploads.Commit{Size: 4, Modified: Modified}), migration.CodeInternal)
			_, err := s.Stat(t.Context(), file("x"))
			wantCode(t, err, migration.CodeNotFound)
		}},
		{"commit_replaces_only_what_it_expects", replaces},
		{"removed_files_are_gone", removes},
		{"tidying_leaves_files_and_what_is_open", tidies},
		{"folders_tell_when_a_name_came_or_went", foldersChange},
		{"hostile_keys_lead_nowhere", hostile},
		{"copy_and_compare", func(t *testing.T, s uploads.Store) { copies(t, s, open(t)) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.test(t, open(t))
		})
	}
}

func missing(t *testing.T, s uploads.Store) {
	if got := list(t, s, Row); len(got) > 0 {
		t.Errorf("list %v, want none", got)
	}
	_, err := s.Stat(t.Context(), file("x"))
	wantCode(t, err, migration.CodeNotFound)
	_, err = s.Open(t.Context(), file("x"))
	wantCode(t, err, migration.CodeNotFound)
	if err := s.Remove(t.Context(), file("x")); err != nil {
		t.Errorf("remove what is absent: %v", err)
	}
}

func keepsFiles(t *testing.T, s uploads.Store) {
	names := []string{"100%+.pdf", "a", "b/c/d.txt", "e\u0301.txt", "it's \\ \"odd\".doc", "new\nline\t.txt", strings.Repeat("é", 127) + "x", "é.txt", "名前.pdf", strings.Repeat("x", 255)}
	var want []uploads.Entry
	for i, name := range names {
		content := strings.Repeat(fmt.Sprint(i), i*1000)
		Put(t, s, file(name), content)
		if got := Read(t, s, file(name)); got != content {
			t.Errorf("%s holds %d bytes, want %d", name, len(got), len(content))
		}
		want = append(want, uploads.Entry{Name: name, Kind: uploads.KindFile, Size: int64(len(content)), Modified: Modified})
	}
	Put(t, s, uploads.Key{Row: migration.RowKey{Table: Row.Table, ID: "other"}, Name: "z"}, "z")
	Put(t, s, uploads.Key{Row: migration.RowKey{Table: Row.Table, ID: "other/2024"}, Name: "y"}, "y")
	got := list(t, s, Row)
	byName := map[string]uploads.Entry{}
	for i, e := range got {
		byName[e.Name] = e
		if i > 0 && got[i-1].Name >= e.Name {
			t.Errorf("%q comes before %q", got[i-1].Name, e.Name)
		}
	}
	for _, e := range want {
		if diff := cmp.Diff(e, byName[e.Name]); diff != "" {
			t.Errorf("entry (-want +got):\n%s", diff)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d entries, want %d", len(got), len(want))
	}
}

func goesOn(t *testing.T, s uploads.Store) {
	p := create(t, s, file("x"))
	write(t, p, "abc")
	closed(t, p)
	p = create(t, s, file("x"))
	r, n := p.Resume()
	left, err := io.ReadAll(io.LimitReader(r, n))
	if err != nil || string(left) != "abc" {
		t.Fatalf("%q left, %v", left, err)
	}
	write(t, p, "def")
	if err := p.Commit(t.Context(), uploads.Commit{Size: 6, Modified: Modified}); err != nil {
		t.Fatal(err)
	}
	if got := Read(t, s, file("x")); got != "abcdef" {
		t.Errorf("content %q", got)
	}
}

func drops(t *testing.T, s uploads.Store) {
	p := create(t, s, file("x"))
	write(t, p, "abcdefgh")
	closed(t, p)
	p = create(t, s, file("x"))
	if err := p.Restart(); err != nil {
		t.Fatal(err)
	}
	write(t, p, "new")
	if err := p.Commit(t.Context(), uploads.Commit{Size: 3, Modified: Modified}); err != nil {
		t.Fatal(err)
	}
	if got := Read(t, s, file("x")); got != "new" {
		t.Errorf("content %q", got)
	}
	p = create(t, s, file("y"))
	write(t, p, "abc")
	if err := p.Discard(); err != nil {
		t.Fatal(err)
	}
	if _, n := create(t, s, file("y")).Resume(); n != 0 {
		t.Errorf("%d bytes left after discard", n)
	}
}

func replaces(t *testing.T, s uploads.Store) {
	Put(t, s, file("x"), "old")
	was, err := s.Stat(t.Context(), file("x"))
	if err != nil {
		t.Fatal(err)
	}
	other := was
	other.Size++
	for _, tc := range []struct {
		key     string
		replace *uploads.Entry
		code    migration.Code
	}{
		{"x", nil, migration.CodeConflict},
		{"x", &other, migration.CodeConflict},
		{"absent", &was, migration.CodeConflict},
		{"x", &was, ""},
	} {
		p := create(t, s, file(tc.key))
		if err := p.Restart(); err != nil {
			t.Fatal(err)
		}
		write(t, p, "newer")
		wantCode(t, p.Commit(t.Context(), uploads.Commit{Size: 5, Modified: Modified, Replace: tc.replace}), tc.code)
		want := "old"
		if tc.code == "" {
			want = "newer"
		}
		if got := Read(t, s, file("x")); got != want {
			t.Errorf("content %q, want %q", got, want)
		}
		closed(t, p)
	}
}

func removes(t *testing.T, s uploads.Store) {
	Put(t, s, file("x"), "abc")
	Put(t, s, file("y"), "abc")
	if err := s.Remove(t.Context(), file("x")); err != nil {
		t.Fatal(err)
	}
	if err := s.Sync(t.Context(), []uploads.Key{file("x"), file("never/was/there")}); err != nil {
		t.Fatal(err)
	}
	if got := list(t, s, Row); len(got) != 1 || got[0].Name != "y" {
		t.Errorf("list %v, want y", got)
	}
}

func tidies(t *testing.T, s uploads.Store) {
	tidy := func() {
		t.Helper()
		if err := s.Tidy(t.Context(), Row); err != nil {
			t.Fatal(err)
		}
	}
	left := func(name string) int64 {
		t.Helper()
		p := create(t, s, file(name))
		_, n := p.Resume()
		closed(t, p)
		return n
	}
	tidy() // nothing is there
	Put(t, s, file("deep/file"), "abc")
	for _, name := range []string{"x", "deep/y", "deep/file", "deeper/still/z"} {
		p := create(t, s, file(name))
		write(t, p, "half")
		closed(t, p)
	}
	open := create(t, s, file("open"))
	write(t, open, "half")
	tidy()
	for _, name := range []string{"x", "deep/y", "deep/file", "deeper/still/z"} {
		if n := left(name); n != 0 {
			t.Errorf("%d bytes of %s left", n, name)
		}
	}
	if got := Read(t, s, file("deep/file")); got != "abc" {
		t.Errorf("content %q", got)
	}
	if err := open.Commit(t.Context(), uploads.Commit{Size: 4, Modified: Modified}); err != nil {
		t.Errorf("commit of what was open: %v", err)
	}
	tidy()
	below := migration.RowKey{Table: Row.Table, ID: Row.ID + "/2024/1"}
	for _, name := range []string{"x", "y"} {
		key := uploads.Key{Row: below, Name: name}
		Put(t, s, key, "abc")
		if err := errors.Join(s.Sync(t.Context(), []uploads.Key{key}), s.Remove(t.Context(), key), s.Tidy(t.Context(), below)); err != nil {
			t.Errorf("a record within: %v", err)
		}
	}
	if got := list(t, s, Row); len(got) != 2 {
		t.Errorf("list %v, want both files", got)
	}
	p := create(t, s, uploads.Key{Row: migration.RowKey{Table: Row.Table, ID: "other"}, Name: "x"})
	write(t, p, "abc")
	tidy()
	if err := p.Commit(t.Context(), uploads.Commit{Size: 3, Modified: Modified}); err != nil {
		t.Errorf("commit within another record: %v", err)
	}
}

func foldersChange(t *testing.T, s uploads.Store) {
	_, err := s.Stat(t.Context(), file(""))
	wantCode(t, err, migration.CodeNotFound)
	Put(t, s, file("deep/x"), "abc")
	times := map[string]time.Time{}
	for _, folder := range []string{"", "deep"} {
		entry, err := s.Stat(t.Context(), file(folder))
		if err != nil || entry.Kind != uploads.KindOther || entry.Modified.IsZero() {
			t.Errorf("folder %q: %v %v", folder, entry, err)
		}
		times[folder] = entry.Modified
	}
	if err := s.Remove(t.Context(), file("deep/x")); err != nil {
		t.Fatal(err)
	}
	after, err := s.Stat(t.Context(), file("deep"))
	if err != nil || after.Modified.Before(times["deep"]) {
		t.Errorf("the folder of a removed file: %v %v, before it %s", after, err, times["deep"])
	}
}

func hostile(t *testing.T, s uploads.Store) {
	for _, key := range Hostile() {
		ctx := t.Context()
		_, err := s.Stat(ctx, key)
		if key.Name != "" || uploads.CheckKey(uploads.Key{Row: key.Row}) != nil { // else a folder
			wantCode(t, err, migration.CodeUnsupported)
		}
		_, err = s.Open(ctx, key)
		wantCode(t, err, migration.CodeUnsupported)
		_, err = s.Create(ctx, key)
		wantCode(t, err, migration.CodeUnsupported)
		wantCode(t, s.Remove(ctx, key), migration.CodeUnsupported)
		wantCode(t, s.Sync(ctx, []uploads.Key{key}), migration.CodeUnsupported)
		if uploads.CheckKey(uploads.Key{Row: key.Row}) != nil {
			_, err = s.List(ctx, key.Row)
			wantCode(t, err, migration.CodeUnsupported)
			wantCode(t, s.Tidy(ctx, key.Row), migration.CodeUnsupported)
		}
		if t.Failed() {
			t.Fatalf("key %q", key)
		}
	}
}

func copies(t *testing.T, src, dst uploads.Store) {
	large := strings.Repeat("0123456789abcdef", 100_000)
	Put(t, src, file("large"), large)
	Put(t, src, file("b/small"), "s")
	Put(t, src, file("empty"), "")
	p := create(t, dst, file("large"))
	write(t, p, large[:700_001])
	closed(t, p)
	images := &Images{}
	rows := []migration.RowKey{Row, {Table: "t", ID: "none"}, Row}
	got, err := uploads.Copy(t.Context(), src, dst, rows, images, uploads.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(uploads.Result{Copied: 3, Resumed: 1, Bytes: int64(len(large)) + 1}, got, cmpopts.IgnoreFields(uploads.Result{}, "Sums", "Read")); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(list(t, src, Row), list(t, dst, Row)); diff != "" {
		t.Errorf("entries (-source +target):\n%s", diff)
	}
	compared, err := uploads.Compare(t.Context(), src, dst, rows[:2])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(uploads.Comparison{Same: []uploads.Key{file("b/small"), file("empty"), file("large")}}, compared); diff != "" {
		t.Errorf("comparison (-want +got):\n%s", diff)
	}
	if len(images.Noted) != 3 {
		t.Errorf("%d files noted as written, want 3", len(images.Noted))
	}
}

// Images is an uploads.FileImages in memory. The zero value is ready to use,
// by one Copy at a time.
type Images struct {
	Kept    []uploads.FileImage
	Content map[uploads.Key]string // of those that existed
	Noted   []uploads.Key
	Brought map[string]uploads.Sum // by bulk copies
	Before  func()                 // if set, called within Keep
}

// Written implements uploads.FileImages.
func (m *Images) Written(_ context.Context, keys []uploads.Key) (map[uploads.Key][]uploads.Sum, error) {
	sums := map[uploads.Key][]uploads.Sum{}
	for _, key := range keys {
		for _, i := range m.Kept {
			if i.Key == key {
				sums[key] = append(sums[key], i.WrittenSum)
			}
		}
	}
	return sums, nil
}

// WrittenInBulk implements uploads.FileImages.
func (m *Images) WrittenInBulk(_ context.Context, paths []string) (map[string][]uploads.Sum, error) {
	sums := map[string][]uploads.Sum{}
	for _, path := range paths {
		if brought, ok := m.Brought[path]; ok {
			sums[path] = append(sums[path], brought)
		}
	}
	return sums, nil
}

// Keep implements uploads.FileImages; content that does not have its sum is an error.
func (m *Images) Keep(ctx context.Context, images []uploads.FileImage) error {
	if m.Content == nil {
		m.Content = map[uploads.Key]string{}
	}
	for _, i := range images {
		m.Kept = append(m.Kept, i)
		if !i.Existed {
			continue
		}
		in, err := i.Content(ctx)
		if err != nil {
			return err
		}
		var content bytes.Buffer
		if _, err := content.ReadFrom(in); err != nil {
			return err
		}
		if err := in.Close(); err != nil {
			return err
		}
		if sha256.Sum256(content.Bytes()) != i.Sum {
			return fmt.Errorf("content of %d bytes has another sum", content.Len())
		}
		m.Content[i.Key] = content.String()
	}
	if m.Before != nil {
		m.Before()
	}
	return nil
}

// Wrote implements uploads.FileImages.
func (m *Images) Wrote(_ context.Context, images []uploads.FileImage) error {
	for _, i := range images {
		m.Noted = append(m.Noted, i.Key)
	}
	return nil
}
