package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/store"
	"jogetferry/uploads"
)

var (
	_ records.Images     = (*store.RowImages)(nil)
	_ uploads.FileImages = (*store.FileImages)(nil)
)

func TestRowImages_keep_the_first_and_what_strangers_wrote(t *testing.T) {
	t.Parallel()
	l := opened(t)
	row := migration.RowKey{Table: "crm", ID: "record-1"}
	content := func(n byte) migration.Digest { return migration.Digest{n} }
	image := func(was, written byte) migration.RowImage {
		i := migration.RowImage{Key: row, WrittenDigest: content(written)}
		if was != 0 {
			i.Existed, i.Digest, i.Data = true, content(was), bytes.Repeat([]byte{was, 0xff, '\''}, 1000)
		}
		return i
	}
	stored := func(images ...migration.RowImage) []migration.RowImage {
		for i := range images {
			images[i].WrittenDigest = migration.Digest{}
		}
		return images
	}
	cases := []struct {
		name string
		keep []migration.RowImage
		want []migration.RowImage
	}{
		{"first", []migration.RowImage{image(1, 2)}, stored(image(1, 2))},
		{"absent_row", []migration.RowImage{image(0, 2)}, stored(image(0, 2))},
		{"repeated", []migration.RowImage{image(1, 2), image(1, 2)}, stored(image(1, 2))},
		{"what_we_wrote_is_no_image", []migration.RowImage{image(1, 2), image(2, 3), image(3, 4)}, stored(image(1, 2))},
		{"what_a_stranger_wrote_is_kept_beside", []migration.RowImage{image(1, 2), image(9, 3)}, stored(image(1, 2), image(9, 3))},
		{"a_row_that_vanished_is_kept_beside", []migration.RowImage{image(1, 2), image(0, 3)}, stored(image(1, 2), image(0, 3))},
	}
	for i, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			// A target of its own, so that cases do not see each other.
			images := l.RowImages(mig, migration.ClaimKey{Source: "s", Instance: id(1), Target: migration.Fingerprint(rune('A' + i))})
			for _, k := range tc.keep {
				must(t, images.Keep(t.Context(), []migration.RowImage{k}))
			}
			got, err := images.Images(t.Context())
			must(t, err)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("images (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRowImages_know_what_was_written_for_any_instance(t *testing.T) {
	t.Parallel()
	l := opened(t)
	row := func(name string) migration.RowKey {
		return migration.RowKey{Table: "crm", ID: migration.RecordID(name)}
	}
	first, second := l.RowImages(mig, keyOf(1)), l.RowImages(mig, keyOf(2))
	page := []migration.RowImage{{Key: row("r"), WrittenDigest: migration.Digest{1}}, {Key: row("R"), WrittenDigest: migration.Digest{2}}}
	must(t, first.Keep(t.Context(), page))
	must(t, first.Wrote(t.Context(), page))
	must(t, first.Keep(t.Context(), page))
	must(t, first.Wrote(t.Context(), page)) // after a crash
	must(t, second.Keep(t.Context(), []migration.RowImage{{Key: row("r"), WrittenDigest: migration.Digest{3}}}))

	got, err := second.Written(t.Context(), []migration.RowKey{row("r"), row("R"), row("x")})
	must(t, err)
	want := map[migration.RowKey][]migration.Digest{row("r"): {{1}, {3}}, row("R"): {{2}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"outcome: row_written", "outcome: row_written"}, lines(t, l, id(1))); diff != "" {
		t.Errorf("story (-want +got):\n%s", diff)
	}
	elsewhere := l.RowImages(mig, migration.ClaimKey{Source: "s", Instance: id(1), Target: "another"})
	if got, err := elsewhere.Written(t.Context(), []migration.RowKey{row("r")}); err != nil || len(got) != 0 {
		t.Errorf("another target knows %v, %v", got, err)
	}
}

func TestImages_are_kept_of_what_another_instance_wrote(t *testing.T) {
	t.Parallel()
	l := opened(t)
	row := migration.RowKey{Table: "crm", ID: "record-1"}
	file := migration.FileKey{Row: row, Name: "a.pdf"}
	content := migration.Digest(sha256.Sum256([]byte("ours")))
	must(t, l.RowImages(mig, keyOf(1)).Keep(t.Context(), []migration.RowImage{{Key: row, WrittenDigest: content}}))
	must(t, l.FileImages(mig, keyOf(1)).Keep(t.Context(), []migration.FileImage{{Key: file, WrittenSum: content}}))

	rows, files := l.RowImages(mig, keyOf(2)), l.FileImages(mig, keyOf(2))
	must(t, rows.Keep(t.Context(), []migration.RowImage{{Key: row, Existed: true, Digest: content, Data: []byte("ours"), WrittenDigest: migration.Digest{2}}}))
	twice := migration.FileImage{
		Key: file, Existed: true, Sum: content, WrittenSum: migration.Digest{2},
		Content: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("ours")), nil },
	}
	must(t, files.Keep(t.Context(), []migration.FileImage{twice, twice}))
	keptRows, err := rows.Images(t.Context())
	must(t, err)
	keptFiles, err := files.Images(t.Context())
	must(t, err)
	if len(keptRows) != 1 || len(keptFiles) != 1 {
		t.Errorf("%d images of a row and %d of a file that this instance did not write yet, want one each", len(keptRows), len(keptFiles))
	}
}

func TestRowImages_split_what_one_statement_cannot_carry(t *testing.T) {
	t.Parallel()
	l := opened(t)
	images := l.RowImages(mig, ourKey)
	var page []migration.RowImage
	for i := range 450 {
		page = append(page, migration.RowImage{
			Key: migration.RowKey{Table: "crm", ID: migration.RecordID(id(i))}, Existed: true, Digest: migration.Digest{1},
			Data: make([]byte, 50_000), WrittenDigest: migration.Digest{2},
		})
	}
	must(t, images.Keep(t.Context(), page))
	got, err := images.Images(t.Context())
	must(t, err)
	if len(got) != len(page) {
		t.Errorf("%d images of %d", len(got), len(page))
	}
}

func TestFileImages_keep_content_of_any_name_and_size(t *testing.T) {
	t.Parallel()
	l := opened(t)
	images := l.FileImages(mig, ourKey)
	key := func(name string) migration.FileKey {
		return migration.FileKey{Row: migration.RowKey{Table: "crm", ID: "record-1"}, Name: name}
	}
	file := func(name, content string, written byte) migration.FileImage {
		return migration.FileImage{
			Key: key(name), Existed: true, Sum: sha256.Sum256([]byte(content)), WrittenSum: migration.Digest{written},
			Entry: migration.FileEntry{Name: name, Kind: "file", Size: int64(len(content)), Modified: time.Unix(7, 9).UTC()},
			Content: func(context.Context) (io.ReadCloser, error) {
				return io.NopCloser(strings.NewReader(content)), nil
			},
		}
	}
	large := strings.Repeat("large content ", 200_000)
	first := []migration.FileImage{
		file("a\xff b.pdf", large, 1), file("empty", "", 2),
		{Key: key("new"), WrittenSum: migration.Digest{3}},
		file("seen", "before", 4),
	}
	for range 2 {
		must(t, images.Keep(t.Context(), first))
		must(t, images.Wrote(t.Context(), first))
	}
	ours := file("seen", "ours", 6)
	must(t, images.Wrote(t.Context(), []migration.FileImage{{Key: key("seen"), WrittenSum: ours.Sum}}))
	stranger := file("empty", "a stranger's", 5)
	must(t, images.Keep(t.Context(), []migration.FileImage{stranger, ours}))

	drifted := file("drifted", "a", 1)
	drifted.Sum = migration.Digest{1}
	wantCode(t, images.Keep(t.Context(), []migration.FileImage{drifted}), migration.CodeDrifted)

	want := append(slices.Clone(first), stranger)
	got, err := images.Images(t.Context())
	must(t, err)
	opt := cmpopts.IgnoreFields(migration.FileImage{}, "WrittenSum", "Content")
	if diff := cmp.Diff(want, got, opt); diff != "" {
		t.Fatalf("images (-want +got):\n%s", diff)
	}
	for i, image := range got {
		if (image.Content == nil) != (want[i].Content == nil) {
			t.Errorf("image %d: content %v", i, image.Content != nil)
		}
		if image.Content == nil {
			continue
		}
		reader, err := image.Content(t.Context())
		must(t, err)
		content, err := io.ReadAll(reader)
		must(t, err)
		if sha256.Sum256(content) != want[i].Sum {
			t.Errorf("image %d: %d bytes that are others", i, len(content))
		}
	}
	written, err := l.FileImages(mig, keyOf(2)).Written(t.Context(), []migration.FileKey{key("empty"), key("EMPTY")})
	must(t, err)
	if diff := cmp.Diff(map[migration.FileKey][]migration.Digest{key("empty"): {{2}, {5}}}, written); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
}
