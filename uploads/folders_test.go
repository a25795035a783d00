package uploads_test

import (
	"fmt"
	"testing"

	"jogetferry/migration"
	"jogetferry/uploads"
)

func TestRecordOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]migration.RecordID{
		"r1": "r1", "a b": "a b", "a+b": "a%2Bb", "100%": "100%", "%41": "%2541", "PO": "PO", "名": "名", "..x": "..x",
		"Nº-7": "", "e\u0301": "", "\xff": "", `..\x`: "", "..": "", "": "",
	} {
		row, ok := uploads.RecordOf("t", name)
		if ok != (want != "") || ok && row.ID != want {
			t.Errorf("%q: %q, %v, want %q", name, row.ID, ok, want)
		}
		if !ok {
			continue
		}
		if path, err := uploads.PathOf(uploads.Key{Row: row, Name: "f"}); err != nil || path != "t/"+name+"/f" {
			t.Errorf("%q lies at %q, %v", name, path, err)
		}
	}
}

// TestFirstFolders holds few of many names.
func TestFirstFolders(t *testing.T) {
	t.Parallel()
	first := uploads.FirstFolders{Span: uploads.FolderSpan{After: "00010"}, Most: 3}
	for i := range 20_000 {
		first.Add(uploads.RecordFolder{Name: fmt.Sprintf("%05d", (i*7919)%20_000)})
	}
	got := first.Sorted()
	if len(got) != 3 || got[0].Name != "00011" || got[2].Name != "00013" {
		t.Errorf("%v", got)
	}
}
