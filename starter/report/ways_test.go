package report_test

import (
	"encoding/json"
	"strings"
	"testing"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/starter/report"
)

// hindered are blocked instances of two definitions: of crm 34, of hr 2, whose
// definition has a finding that a switch removes and one of its instances another.
func hindered() ([]migration.Hindrance, []migration.Finding) {
	crm := migration.DefinitionID{Package: "crm", Version: "3", Process: "process1"}
	hr := migration.DefinitionID{Package: "hr", Version: "1", Process: "leave"}
	mapped := migration.DefinitionID{Package: "crm", Version: "5", Process: "process1"}
	rekey, variables, resume := migration.WayRekey, migration.WayVariables, migration.WayResume
	return []migration.Hindrance{
			{Definition: crm, Target: mapped, Ways: []migration.Way{rekey}, Instances: 10},
			{Definition: crm, Target: mapped, Ways: []migration.Way{variables}, Instances: 16},
			{Definition: crm, Target: mapped, Ways: []migration.Way{variables, rekey}, Instances: 3},
			{Definition: crm, Target: mapped, Ways: []migration.Way{rekey}, Checks: []string{"FERRY-413"}, Instances: 2},
			{Definition: crm, Target: mapped, Checks: []string{"FERRY-413", "FERRY-414"}, Instances: 2},
			{Definition: crm, Target: mapped, Instances: 1},
			{Definition: hr, Ways: []migration.Way{resume}, Instances: 1},
			{Definition: hr, Instances: 1},
		}, []migration.Finding{
			{ID: "FERRY-203", Severity: migration.Blocking, Subject: "hr#1#leave", Way: migration.WayAsynchronous},
			{ID: "FERRY-215", Severity: migration.Warning, Subject: "crm#3#process1"},
			{ID: "FERRY-417", Severity: migration.Blocking, Subject: "7_crm_process2", Way: migration.WayAsynchronous},
			{ID: "FERRY-417", Severity: migration.Blocking, Subject: "8_crm_process2", Way: migration.WayAsynchronous},
			{ID: "FERRY-106", Severity: migration.Blocking, Subject: "target"},
		}
}

func TestWays(t *testing.T) {
	t.Parallel()
	hindrances, general := hindered()
	v := report.NewWays("crm-2026", hindrances, general)
	for _, format := range []report.Format{report.Table, report.JSON, report.CSV} {
		golden(t, "ways."+string(format), shown(t, format, v))
	}
	for line := range strings.Lines(shown(t, report.Table, v)) {
		if len(line) > 81 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}

func TestWays_account_for_every_blocked_instance_once(t *testing.T) {
	t.Parallel()
	hindrances, general := hindered()
	v := report.NewWays("crm-2026", hindrances, general)
	for _, of := range append(v.Definitions, v.All) {
		n := of.Stay
		for _, set := range of.Ways {
			n += set.Frees
		}
		if n != of.Blocked {
			t.Errorf("%q: %d of %d blocked instances", of.Definition, n, of.Blocked)
		}
	}
	if v.Blocked != 36 || v.All.Blocked != 36 {
		t.Errorf("%d, %d blocked", v.Blocked, v.All.Blocked)
	}
}

func TestWays_of_nothing(t *testing.T) {
	t.Parallel()
	v := report.NewWays("crm-2026", nil, nil)
	if out := shown(t, report.Table, v); !strings.Contains(out, "The last plan blocks no instance.") {
		t.Error(out)
	}
	var got struct {
		Definitions, Besides []any
		All                  struct{ Ways, Reasons []any }
	}
	if err := json.Unmarshal([]byte(shown(t, report.JSON, v)), &got); err != nil || got.Definitions == nil || got.Besides == nil || got.All.Ways == nil || got.All.Reasons == nil {
		t.Errorf("%v: a list is missing in %s", err, shown(t, report.JSON, v))
	}
}

func TestAPlanNamesWaysOnlyWhereASwitchFreesSomething(t *testing.T) {
	t.Parallel()
	hindrances, general := hindered()
	for _, tc := range []struct {
		name       string
		hindrances []migration.Hindrance
		general    []migration.Finding
		want       bool
	}{
		{name: "an_instance", hindrances: hindrances[:1], want: true},
		{name: "an_orphan", hindrances: hindrances[4:5], general: general[2:3], want: true},
		{name: "one_that_has_another_finding", hindrances: hindrances[3:4]},
		{name: "one_whose_definition_has_another_finding", hindrances: hindrances[:1], general: []migration.Finding{{ID: "FERRY-203", Severity: migration.Blocking, Subject: "crm#3#process1"}}},
		{name: "one_whose_target_has_another_finding", hindrances: hindrances[:1], general: []migration.Finding{{ID: "FERRY-203", Severity: migration.Blocking, Subject: "crm#5#process1"}}},
		{name: "one_whose_definition_has_a_warning", hindrances: hindrances[:1], general: general[1:2], want: true},
		{name: "nothing_blocked"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var blocked int
			for _, h := range tc.hindrances {
				blocked += h.Instances
			}
			out := plan(t, contract.PlanResult{Counts: migration.Counts{Ready: 1, Blocked: blocked, Warned: 1}, Findings: tc.general}, report.Frozen{Hindrances: tc.hindrances})
			if got := strings.Contains(out, "starter plan --ways"); got != tc.want {
				t.Errorf("names it: %v\n%s", got, out)
			}
		})
	}
}
