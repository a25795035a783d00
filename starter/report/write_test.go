package report_test

import (
	"encoding/json"
	"errors"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/starter/report"
)

var update = flag.Bool("update", false, "write golden files")

// golden compares got with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; go test ./starter/report -update writes it (-want +got):\n%s", path, diff)
	}
}

var (
	clock = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	crm   = migration.DefinitionID{Package: "crm", Version: "3", Process: "process1"}
	crm5  = migration.DefinitionID{Package: "crm", Version: "5", Process: "process1"}
)

func entry(id string, state migration.InstanceState) migration.Entry {
	return migration.Entry{
		Instance: migration.InstanceID(id), Definition: crm, Target: crm5, Requester: "cat", Record: "r-1",
		Started: 1790000000000, State: state, UpdatedAt: clock,
	}
}

// shown is r as it is written.
func shown(t *testing.T, f report.Format, r report.Result) string {
	t.Helper()
	var b strings.Builder
	if err := report.Write(&b, f, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// each yields values, and then err unless it is nil.
func each[T any](err error, values ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

func TestALongListIsTheLastFieldOfItsJSON(t *testing.T) {
	t.Parallel()
	a, b := migration.PlanEntry{Entry: entry("1", migration.InstanceReady)}, migration.PlanEntry{Entry: entry("2", migration.InstanceBlocked)}
	b.Findings = []migration.Finding{{ID: "FERRY-401"}}
	for _, tc := range []struct {
		name      string
		instances []migration.PlanEntry
		want      string // what follows the findings
	}{
		{"nothing", nil, `  "findings": [],
  "instances": []
}
`},
		{"two", []migration.PlanEntry{a, b}, `  "findings": [],
  "instances": [
    {
      "instance": "1",
      "definition": "crm#3#process1",
      "target_definition": "crm#5#process1",
      "state": "ready",
      "activities": [],
      "finding_ids": []
    },
    {
      "instance": "2",
      "definition": "crm#3#process1",
      "target_definition": "crm#5#process1",
      "state": "blocked",
      "activities": [],
      "finding_ids": [
        "FERRY-401"
      ]
    }
  ]
}
`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			v, err := report.NewPlan("m", contract.PlanResult{}, report.Frozen{Instances: each(nil, tc.instances...)})
			if err != nil {
				t.Fatal(err)
			}
			got := shown(t, report.JSON, v)
			if at := strings.Index(got, `  "findings"`); at < 0 || !json.Valid([]byte(got)) || cmp.Diff(tc.want, got[at:]) != "" {
				t.Errorf("%s", got)
			}
		})
	}
}

func TestAnErrorOfAListIsToldByWrite(t *testing.T) {
	t.Parallel()
	broken := errors.New("the ledger is gone")
	v, err := report.NewPlan("m", contract.PlanResult{}, report.Frozen{Instances: each(broken, migration.PlanEntry{})})
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Write(&strings.Builder{}, report.JSON, v); !errors.Is(err, broken) {
		t.Errorf("JSON: %v", err)
	}
	if err := report.Write(&strings.Builder{}, report.Table, v); err != nil {
		t.Errorf("tables, which have no instances: %v", err)
	}
	if _, err := report.NewList(each(broken, entry("1", migration.InstanceReady))); !errors.Is(err, broken) {
		t.Errorf("list: %v", err)
	}
	if _, err := report.NewParked(each(broken, entry("1", migration.InstanceParked))); !errors.Is(err, broken) {
		t.Errorf("parked: %v", err)
	}
}

func TestFormatsOfOneResult(t *testing.T) {
	t.Parallel()
	drift := report.NewDrift(contract.DriftResult{Still: 3, Moved: 1, Listed: []contract.Drifted{{Instance: "1"}}})
	for _, tc := range []struct {
		name   string
		format report.Format
		result report.Result
		want   string
	}{
		{"CSV_has_the_first_table_only", report.CSV, drift, "still,moved,closed\n3,1,0\n"},
		{"CSV_of_mere_text_is_empty", report.CSV, report.NewSuggestions(nil), ""},
		{"CSV_quotes", report.CSV, report.Resolved{Instance: `a,"b`, ParkID: 1, Reason: "x", Action: "y"}, "instance,park,reason,action\n\"a,\"\"b\",1,x,y\n"},
		{"people_see_all_tables", report.Table, drift, "still  moved  closed\n3      1      0\n\nMoved on or closed\ninstance  on the source\n1         moved\n"},
		{"empty_tables_are_left_out", report.Table, report.NewDrift(contract.DriftResult{Still: 3}), "still  moved  closed\n3      0      0\n"},
		{"the_first_table_is_there_even_when_empty", report.Table, report.List{}, "instance  target_instance  state  step  reason  verdict  wave  definition  requester  record\n"},
		{"text_stands_for_a_table", report.Table, report.NewSuggestions(nil), "Every definition has a verified pilot.\n"},
		{"JSON_is_not_escaped_for_HTML", report.JSON, report.Resolved{Instance: "<a> & b"}, "{\n  \"instance\": \"<a> & b\",\n  \"park_id\": 0,\n  \"reason\": \"\",\n  \"action\": \"\"\n}\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, shown(t, tc.format, tc.result)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestEveryJSONFieldIsDocumented looks for each field of each result in the page.
func TestEveryJSONFieldIsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/output.md")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, r := range []report.Result{
		report.Plan{},
		report.Explanation{},
		report.List{},
		report.Show{},
		report.Pilot{},
		report.Suggestions{},
		report.Rehearsal{},
		report.Wave{},
		report.Status{},
		report.Parked{},
		report.Resolved{},
		report.ResolvedAll{},
		report.Verification{},
		report.Drift{},
		report.Rollback{},
	} {
		fieldNames(reflect.TypeOf(r), names)
	}
	// Those of lists that are read while they are written.
	for _, item := range []any{report.PlannedInstance{}, report.CheckedInstance{}, report.Change{}} {
		fieldNames(reflect.TypeOf(item), names)
	}
	names["instances"], names["changes"] = "Plan", "Plan"
	if len(names) < 100 {
		t.Errorf("only %d fields were found", len(names))
	}
	for name, of := range names {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("field %s of %s is not in docs/output.md", name, of)
		}
	}
}

// fieldNames collects the names that a type has in JSON, with the type that has them.
func fieldNames(of reflect.Type, names map[string]string) {
	switch of.Kind() { //nolint:exhaustive // the others hold no fields
	case reflect.Pointer, reflect.Slice, reflect.Map:
		fieldNames(of.Elem(), names)
	case reflect.Struct:
		for f := range of.Fields() {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" && f.IsExported() {
				if name != "" {
					names[name] = of.String()
				}
				fieldNames(f.Type, names)
			}
		}
	}
}

func TestTablesThatFitStayOnTheScreen(t *testing.T) {
	t.Parallel()
	for _, wide := range []int{1, 12, 40, 60, 200} {
		name, text := strings.Repeat("n", wide), strings.TrimSpace(strings.Repeat("word ", wide))
		v := report.NewSuggestions([]migration.PilotSuggestion{{
			Definition: migration.DefinitionID{Package: name, Version: "1", Process: "p"},
			Pilots:     []migration.PilotGroup{{First: "1_p", State: migration.InstanceReady, Instances: 1, Activities: []migration.ActivityDefID{migration.ActivityDefID(text)}}},
		}})
		for line := range strings.Lines(shown(t, report.Table, v)) {
			if columns := len(strings.TrimRight(line, "\n")); columns > 80 {
				t.Errorf("name of %d: %d columns: %s", wide, columns, line)
			}
		}
	}
}
