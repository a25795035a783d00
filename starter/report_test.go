package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	there := filepath.Join(folder, "there.html")
	if err := os.WriteFile(there, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, args, says string
		status           int
		file             string // that it writes
	}{
		{name: "another_format", args: "report --format pdf", status: 2, says: "html, json, csv, markdown"},
		{name: "a_file_that_is_there", args: "report --out " + there, status: 2, says: "is there already"},
		{name: "a_folder_that_is_not_there", args: "report --out " + filepath.Join(folder, "no", "r.html"), status: 2, says: "--out: "},
		{name: "html", args: "report --out " + filepath.Join(folder, "r.html"), says: "the report is", file: "r.html"},
		{name: "json", args: "report --format json --out " + filepath.Join(folder, "r.json"), says: "instances that were open", file: "r.json"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			status, out, errs := sample().run(t, strings.Fields(tc.args)...)
			if status != tc.status || !strings.Contains(errs, tc.says) || out != "" {
				t.Errorf("status %d, said %q, printed %q", status, errs, out)
			}
			if tc.file == "" {
				return
			}
			text, err := os.ReadFile(filepath.Join(folder, tc.file))
			if err != nil || len(text) == 0 {
				t.Errorf("%d bytes, %v", len(text), err)
			}
		})
	}
	t.Cleanup(func() {
		left, err := os.ReadDir(folder)
		if kept, e := os.ReadFile(there); err != nil || e != nil || len(left) != 3 || string(kept) != "kept" {
			t.Errorf("left %v; %q: %v, %v", left, kept, err, e)
		}
	})
}

func TestReport_on_stdout(t *testing.T) {
	t.Parallel()
	status, out, errs := sample().run(t, "report", "--format", "json")
	var r struct {
		Migration string
		Instances []any
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil || status != 0 || errs != "" || r.Migration != "crm-2026" || len(r.Instances) == 0 {
		t.Errorf("status %d, said %q, %d instances of %q: %v", status, errs, len(r.Instances), r.Migration, err)
	}
}
