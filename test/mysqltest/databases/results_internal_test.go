package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRead_names_the_tests_that_failed_and_what_they_said(t *testing.T) {
	t.Parallel()
	events := `{"Action":"start","Package":"jogetferry/store"}
{"Action":"output","Package":"jogetferry/store","Test":"TestA","Output":"quiet\n"}
{"Action":"pass","Package":"jogetferry/store","Test":"TestA","Elapsed":1}
{"Action":"pass","Package":"jogetferry/store","Elapsed":2.4}
{"Action":"output","Package":"jogetferry/joget/schema","Test":"TestB/part","Output":"why\n"}
{"Action":"fail","Package":"jogetferry/joget/schema","Test":"TestB/part","Elapsed":1}
{"Action":"fail","Package":"jogetferry/joget/schema","Test":"TestB","Elapsed":1}
{"Action":"fail","Package":"jogetferry/joget/schema","Elapsed":3}
{"Action":"fail","Package":"jogetferry/records","Elapsed":0}
{"Action":"skip","Package":"jogetferry/test/e2e/rig","Elapsed":0}
`
	var out strings.Builder
	got, err := read(strings.NewReader(events), &out)
	want := map[string]cell{
		"store":        {Seconds: 2.4},
		"joget/schema": {Seconds: 3, Failed: []string{"TestB"}},
		"records":      {Failed: []string{"records"}},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, cells (-want +got):\n%s", err, diff)
	}
	if !strings.Contains(out.String(), "why\n") || strings.Contains(out.String(), "quiet") {
		t.Errorf("printed %q", out.String())
	}
}

func TestMerge_keeps_what_was_not_run_again_on_the_same_version(t *testing.T) {
	t.Parallel()
	all := results{
		"mysql":   {Version: "MySQL 9.7.4", Cells: map[string]cell{"store": {Seconds: 1}, "records": {Seconds: 2}}},
		"mariadb": {Version: "MariaDB 11.8.8", Cells: map[string]cell{"store": {Seconds: 1}}},
	}
	all.merge("mysql", column{Version: "MySQL 9.7.4", Cells: map[string]cell{"store": {Seconds: 9}}})
	all.merge("mariadb", column{Version: "MariaDB 11.8.9", Cells: map[string]cell{"records": {Failed: []string{"TestA"}}}})
	want := "| package | MySQL 9.7.4 | MariaDB 11.8.9 |\n|---|---|---|\n" +
		"| `records` | passes, 2 s | fails: TestA |\n| `store` | passes, 9 s | not run |\n"
	if diff := cmp.Diff(want, all.table()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestWrite_replaces_the_table_and_nothing_else(t *testing.T) {
	t.Parallel()
	doc := filepath.Join(t.TempDir(), "doc.md")
	if err := os.WriteFile(doc, []byte("above\n"+begin+"old\n"+end+"below\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	all := results{"system": {Version: "MariaDB 10.11.1", Cells: map[string]cell{"store": {Seconds: 1}}}}
	if err := all.write(doc); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(doc)
	want := "above\n" + begin + all.table() + end + "below\n"
	if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
		t.Errorf("%v, document (-want +got):\n%s", err, diff)
	}
	if err := os.WriteFile(doc, []byte("no markers\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if all.write(doc) == nil {
		t.Error("a document without the markers was accepted")
	}
}
