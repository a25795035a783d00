package shown_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/internal/shown"
)

func site(t *testing.T, readme string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{"README.md": readme, "docs/a.md": "# A\n", "docs/adr/0001.md": "# B\n"} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestCommands(t *testing.T) {
	t.Parallel()
	const page = "# Title\n" +
		"<!-- demo -->\n```\nstarter demo\n```\n<!-- demo -->\n\n" +
		"Say `starter plan\n--explain ID`, or `make`, or `other words`.\n\n" +
		"1. A list:\n\n   ```\n   bin/starter wave --name 'a b' > out.csv   # why\n   A=1 make x && make y; make z\n\n   ```\n" +
		"```text\nstarter wave\n```\n"
	got, err := shown.Commands(site(t, page), []string{"starter", "make"})
	if err != nil {
		t.Fatal(err)
	}
	want := []shown.Command{
		{Page: "README.md", Line: 14, Words: []string{"starter", "wave", "--name", "a b"}},
		{Page: "README.md", Line: 15, Words: []string{"make", "x"}},
		{Page: "README.md", Line: 15, Words: []string{"make", "y"}},
		{Page: "README.md", Line: 15, Words: []string{"make", "z"}},
		{Page: "README.md", Line: 8, Words: []string{"starter", "plan", "--explain", "ID"}, Inline: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	got, err := shown.Blocks(site(t, "# Title\n```sql\nSELECT 1;\n```\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]shown.Block{{Page: "README.md", Line: 3, Language: "sql", Text: "SELECT 1;\n"}}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
