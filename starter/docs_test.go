package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jogetferry/config"
)

// TestEveryJSONFieldIsDocumented reads the golden results and looks for each field in the page.
func TestEveryJSONFieldIsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/output.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 9 {
		t.Fatalf("%d results, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var result any
		if err := json.Unmarshal(data, &result); err != nil {
			t.Fatal(err)
		}
		for _, name := range fieldNames(result) {
			if !strings.Contains(string(page), "`"+name+"`") {
				t.Errorf("%s: field %s is not in docs/output.md", file, name)
			}
		}
	}
}

func fieldNames(v any) []string {
	var names []string
	switch v := v.(type) {
	case map[string]any:
		for name, below := range v {
			names = append(append(names, name), fieldNames(below)...)
		}
	case []any:
		for _, item := range v {
			names = append(names, fieldNames(item)...)
		}
	}
	return names
}

// TestEveryKeyIsDocumented keeps the table of docs/config.md in step with the keys.
func TestEveryKeyIsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range config.Keys() {
		row := "| `" + k.Name + "` | " + strings.ReplaceAll(k.Kind, "|", " or ") + " | " + k.Default + " | " + k.Usage + " |"
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/config.md lacks the row\n%s", row)
		}
	}
}
