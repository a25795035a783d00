package main_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"jogetferry/contract"
	"jogetferry/internal/version"
	"jogetferry/migration"
	"jogetferry/starter/report"
)

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{
		"", "check", "plan", "copy", "list", "show", "pilot", "rehearse", "wave", "status", "pause", "resume", "stop", "tune", "parked", "resolve", "verify",
		"drift", "rollback", "report", "config",
	} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			args := []string{"help"}
			if verb != "" {
				args = append(args, verb)
			}
			status, out, errs := newWorld().run(t, args...)
			if status != 0 || errs != "" {
				t.Errorf("status %d, errors %q", status, errs)
			}
			golden(t, strings.TrimPrefix(verb+"_help.txt", "_"), out)
		})
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	status, out, errs := newWorld().run(t, "--version")
	if status != 0 || out != "starter "+version.String()+"\n" || errs != "" {
		t.Errorf("status %d, said %q, errors %q", status, out, errs)
	}
}

func done(id string) migration.Entry {
	e := entry(id, migration.InstanceDone)
	e.TargetID, e.Verdict, e.Wave = "900_crm_process1", migration.VerdictSame, "1"
	return e
}

// sample is a migration half way.
func sample() *world {
	w := newWorld(done("1_crm_process1"), parked("2_crm_process1", migration.ReasonStartOutcomeUnknown), entry("3_crm_process1", migration.InstanceReady),
		entry("4_crm_process1", migration.InstanceWarned), entry("5_crm_process1", migration.InstanceBlocked))
	w.waves = []migration.Wave{{Name: "1", Window: 20, Taken: 2, Status: migration.WaveFinished, By: "operator@host", CreatedAt: clock}}
	w.findings["5_crm_process1"] = []migration.Finding{{ID: "FERRY-401", Severity: migration.Blocking, Subject: "5_crm_process1", Message: "an asynchronous child is open", Remedy: "let it end first"}}
	w.lines["2_crm_process1"] = []migration.StepLine{
		{ID: 1, Step: migration.StepStart, Kind: migration.KindIntent, Event: migration.EventCall, Call: &migration.Call{Verb: migration.VerbStartProcess}, By: "worker", At: clock},
		{ID: 2, Step: migration.StepStart, Kind: migration.KindOutcome, Event: migration.EventCall, Call: &migration.Call{Verb: migration.VerbStartProcess}, Status: 502, By: "worker", At: clock},
		{ID: 3, Step: migration.StepStart, Kind: migration.KindNote, Event: migration.EventParked, Facts: migration.Facts{ParkID: 2, Reason: migration.ReasonStartOutcomeUnknown}, By: "worker", At: clock},
	}
	w.findings["5_crm_process1"] = append(w.findings["5_crm_process1"], migration.Finding{
		ID: "FERRY-423", Severity: migration.Warning, Subject: "5_crm_process1", Message: "an assignee is unknown or inactive on the target",
		Seen: "approve_proposal: jack\nsend_proposal: jack, terry", Remedy: "add or activate the user on the target, or map it under users",
	})
	w.findings["4_crm_process1"] = []migration.Finding{
		{ID: "FERRY-416", Severity: migration.Warning, Subject: "4_crm_process1", Message: "a deadline starts anew on the target", Seen: "approve_proposal", Remedy: "deadlines count from the moment of the migration"},
		{ID: "FERRY-419", Severity: migration.Note, Subject: "4_crm_process1", Message: "an open activity is accepted", Remedy: "on the target it is offered again to all its assignees"},
	}
	w.findings[""] = []migration.Finding{
		{ID: "FERRY-224", Severity: migration.Warning, Subject: "crm#3#process1", Message: "plugins run at each start, before the first wait", Seen: "notify (org.joget.apps.app.lib.EmailTool), stamp (org.joget.apps.app.lib.BeanShellTool); with initial values: begin -> notify (org.joget.apps.app.lib.EmailTool) -> stamp (org.joget.apps.app.lib.BeanShellTool) -> waits at approve_proposal", Remedy: "see that they may run once more"},
		{ID: "FERRY-215", Severity: migration.Warning, Subject: "crm#3#process1", Message: "participant mappings differ", Seen: "approver: user cat\napprover: group managers", Remedy: "map the participant on the target as on the source"},
		{ID: "FERRY-313", Severity: migration.Note, Subject: "crm", Message: "so much is copied", Seen: "1,204 rows, 88 MB", Remedy: "plan the time for it"},
	}
	w.activities["3_crm_process1"] = []migration.ActivityDefID{"approve_proposal"}
	w.activities["4_crm_process1"] = []migration.ActivityDefID{"approve_proposal", "send_proposal"}
	w.activities["5_crm_process1"] = []migration.ActivityDefID{"archive"}
	w.pilots["1_crm_process1"] = migration.Pilot{Instance: "1_crm_process1", Definition: w.entries["1_crm_process1"].Definition, Target: w.entries["1_crm_process1"].Target}
	w.planDiff = migration.PlanDiff{
		Compared: true,
		Moves:    []migration.PlanMove{{State: migration.InstanceReady, Instances: 1}, {Was: migration.InstanceReady, State: migration.InstanceBlocked, Instances: 1}, {Was: migration.InstanceWarned, State: migration.InstanceWarned, Instances: 1}, {Was: migration.InstanceBlocked, State: migration.InstanceSkipped, Instances: 1}},
		Gained:   []migration.Finding{{ID: "FERRY-215", Severity: migration.Warning, Subject: "crm#3#process1", Message: "participant mappings differ", Remedy: "map the participant on the target as on the source"}},
		Lost:     []migration.Finding{{ID: "FERRY-108", Severity: migration.Warning, Subject: "source", Message: "the source account may write", Remedy: "give source.database an account with SELECT only"}},
	}
	crm := w.entries["3_crm_process1"].Definition
	w.changes = []migration.PlanChange{
		{Instance: "3_crm_process1", Definition: crm, State: migration.InstanceReady},
		{Instance: "5_crm_process1", Definition: crm, Was: migration.InstanceReady, State: migration.InstanceBlocked, Gained: []string{"FERRY-401", "FERRY-423"}},
		{Instance: "4_crm_process1", Definition: crm, Was: migration.InstanceWarned, State: migration.InstanceWarned, Gained: []string{"FERRY-416"}, Lost: []string{"FERRY-420"}},
		{Instance: "6_crm_process1", Definition: crm, Was: migration.InstanceBlocked, State: migration.InstanceSkipped},
	}
	w.open["ferry/crm-2026/instance/2_crm_process1"] = true
	w.open["ferry/crm-2026/wave/1"] = false
	return w
}

func TestOutput(t *testing.T) {
	t.Parallel()
	plan := contract.PlanResult{
		Open:   contract.OpenCounts{Open: 7, Roots: 5, Descendants: 2},
		Counts: migration.Counts{Ready: 1, Warned: 1, Blocked: 1, Done: 1, Parked: 1},
		// What FERRY-215 saw is in the ledger only, FERRY-108 here only.
		Findings: []migration.Finding{
			{ID: "FERRY-108", Severity: migration.Warning, Subject: "source", Message: "the source account may write", Remedy: "give source.database an account with SELECT only; every connection is read-only all the same"},
			{ID: "FERRY-215", Severity: migration.Warning, Subject: "crm#3#process1", Message: "participant mappings differ", Remedy: "map the participant on the target as on the source"},
		},
	}
	checked := plan
	checked.Counts = migration.Counts{Ready: 1, Warned: 1, Blocked: 14}
	checked.Open = contract.OpenCounts{Open: 18, Roots: 16, Descendants: 2}
	checked.Findings = append([]migration.Finding{{ID: "FERRY-224", Severity: migration.Warning, Subject: "crm#3#process1", Seen: "notify (org.joget.apps.app.lib.EmailTool), stamp (org.joget.apps.app.lib.BeanShellTool); with initial values: begin -> notify (org.joget.apps.app.lib.EmailTool) -> stamp (org.joget.apps.app.lib.BeanShellTool) -> waits at approve_proposal"}}, plan.Findings...)
	checked.Definitions = []contract.DefinitionCounts{{
		Definition: migration.DefinitionID{Package: "crm", Version: "3", Process: "process1"}, Counts: checked.Counts,
		Findings: map[string]int{"FERRY-419": 15, "FERRY-416": 13, "FERRY-404": 12, "FERRY-413": 3, "FERRY-420": 2},
	}}
	checked.LeftOut = 41
	checked.Instances = []contract.InstanceFindings{{Instance: "5_crm_process1", Findings: []migration.Finding{
		{ID: "FERRY-404", Severity: migration.Blocking, Subject: "5_crm_process1", Message: "a subflow is open", Seen: "1 open below", Remedy: "let the subflow end on the source first"},
		{ID: "FERRY-413", Severity: migration.Blocking, Subject: "5_crm_process1", Message: "a workflow variable has a value that the API cannot set", Remedy: "see docs/what-if.md#variables_differ"},
		{ID: "FERRY-416", Severity: migration.Warning, Subject: "5_crm_process1", Message: "a deadline starts anew on the target", Remedy: "deadlines count from the moment of the migration"},
		{ID: "FERRY-419", Severity: migration.Note, Subject: "5_crm_process1", Message: "an open activity is accepted", Remedy: "on the target it is offered again to all its assignees"},
	}}}
	verified := contract.VerifyRunResult{Same: 1, AssigneesDiffer: 1, Moved: 1, Listed: []migration.InstanceID{"1_crm_process1"}}
	compared := migration.Comparison{At: clock, Verdict: migration.VerdictDiffers, Deciding: true, Items: []migration.Item{
		{Kind: migration.ItemSource, Result: migration.ItemSame},
		{Kind: migration.ItemVariable, Path: "review", Subject: "status", Result: migration.ItemDiffers, Seen: `"old", not "new"`},
		{Kind: migration.ItemAssignee, Subject: "approve_proposal", Result: migration.ItemMissing, Seen: "not to clark"},
		{Kind: migration.ItemRow, Subject: "proposal/p-1", Result: migration.ItemSame},
	}}
	for _, tc := range []struct {
		name   string
		args   []string
		result any
		status int
	}{
		{"plan", []string{"plan"}, plan, 0},
		{"plan_diff", []string{"plan", "--diff"}, plan, 0},
		{"plan_explain", []string{"plan", "--explain", "5_crm_process1"}, nil, 0},
		{"check", []string{"check"}, checked, 0},
		{"check_notes", []string{"check", "--notes"}, checked, 0},
		{"pilot_suggest", []string{"pilot", "--suggest"}, nil, 0},
		{"pilot_again", []string{"pilot", "1_crm_process1"}, nil, 0},
		{"list", []string{"list"}, nil, 0},
		{"show", []string{"show", "2_crm_process1"}, nil, 0},
		{"status", []string{"status"}, nil, 0},
		{"parked", []string{"parked"}, nil, 0},
		{"resolve", []string{"resolve", "2_crm_process1", "--action", "retry"}, nil, 0},
		{"verify", []string{"verify"}, verified, 4},
		{"verify_named", []string{"verify", "1_crm_process1"}, verified, 4},
		{"wave", []string{"wave", "--detach", "--name", "two"}, nil, 0},
	} {
		for _, format := range []string{"table", "json", "csv"} {
			t.Run(tc.name+"_as_"+format, func(t *testing.T) {
				t.Parallel()
				w := sample()
				w.result = tc.result
				w.compared = map[migration.InstanceID]migration.Comparison{"1_crm_process1": compared, "2_crm_process1": compared}
				if tc.name == "pilot_suggest" {
					w.pilots = nil
				}
				status, out, errs := w.run(t, append(tc.args, "-o", format)...)
				if status != tc.status {
					t.Errorf("status %d, want %d: %s", status, tc.status, errs)
				}
				if format == "json" && !json.Valid([]byte(out)) {
					t.Error("not JSON")
				}
				golden(t, tc.name+"."+format, out)
			})
		}
	}
}

// TestExplainKnowsThePilots and starts nothing.
func TestExplainKnowsThePilots(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		world func(*world)
		want  string
	}{
		{"verified", func(*world) {}, "It can be migrated"},
		{"none", func(w *world) { w.pilots = nil }, "Its definition needs a verified pilot"},
		{"of_another_mapping", func(w *world) {
			p := w.pilots["1_crm_process1"]
			p.Target.Version = "4"
			w.pilots["1_crm_process1"] = p
		}, "Its definition needs a verified pilot"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := sample()
			tc.world(w)
			status, out, errs := w.run(t, "plan", "--explain", "3_crm_process1", "-o", "json")
			var got struct{ Conclusion string }
			if err := json.Unmarshal([]byte(out), &got); err != nil || status != 0 {
				t.Fatalf("status %d, %v: %s", status, err, errs)
			}
			if !strings.HasPrefix(got.Conclusion, tc.want) || len(w.started) > 0 {
				t.Errorf("%d workflows started; concluded %q", len(w.started), got.Conclusion)
			}
		})
	}
}

// TestWaysAreThoseOfTheLastPlan and no new one is made, even where all is blocked.
func TestWaysAreThoseOfTheLastPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(entry("1_crm_process1", migration.InstanceBlocked), entry("2_crm_process1", migration.InstanceBlocked), entry("3_crm_process1", migration.InstanceBlocked))
	number := migration.Finding{ID: "FERRY-302", Severity: migration.Blocking, Way: migration.WayRekey}
	w.findings["1_crm_process1"] = []migration.Finding{number, {ID: "FERRY-416", Severity: migration.Warning}}
	w.findings["2_crm_process1"] = []migration.Finding{number, {ID: "FERRY-415", Severity: migration.Blocking}}
	w.findings["3_crm_process1"] = []migration.Finding{number}
	w.findings[""] = []migration.Finding{{ID: "FERRY-417", Severity: migration.Blocking, Subject: "8_crm_other", Way: migration.WayAsynchronous}}
	status, out, errs := w.run(t, "plan", "--ways", "-o", "json")
	var got report.Ways
	if err := json.Unmarshal([]byte(out), &got); err != nil || status != 0 || len(w.started) > 0 {
		t.Fatalf("status %d, %d workflows started, %v: %s", status, len(w.started), err, errs)
	}
	of := report.WaysOf{
		Blocked: 3, Ways: []report.WaySet{{Switches: []string{string(migration.WayRekey)}, Frees: 2, Together: 2}},
		Stay: 1, Reasons: []report.Reason{{ID: "FERRY-415", Severity: "blocking", Instances: 1, Doc: "docs/checks.md#ferry-415"}},
	}
	want := report.Ways{Migration: "crm-2026", Blocked: 3, All: of, Besides: []report.Besides{{
		Reason: report.Reason{ID: "FERRY-417", Severity: "blocking", Instances: 1, Doc: "docs/checks.md#ferry-417"}, Switch: string(migration.WayAsynchronous),
	}}}
	of.Definition = "crm#3#process1"
	want.Definitions = []report.WaysOf{of}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ways (-want +got):\n%s", diff)
	}
	w.result = contract.PlanResult{Counts: migration.Counts{Blocked: 3}}
	if _, out, _ := w.run(t, "plan"); !strings.Contains(out, "see starter plan --ways") {
		t.Errorf("a plan does not name them: %s", out)
	}
	if _, out, _ := w.run(t, "plan", "--explain", "3_crm_process1"); !strings.Contains(out, "Or set: records.rekey: needed") {
		t.Errorf("an explanation does not name the switch: %s", out)
	}
}

// TestTopReasonsNameWhatBlocksAWholeDefinition has instances without findings.
func TestTopReasonsNameWhatBlocksAWholeDefinition(t *testing.T) {
	t.Parallel()
	e := entry("1_crm_process1", migration.InstanceBlocked)
	findings := []migration.Finding{
		{ID: "FERRY-203", Severity: migration.Blocking, Subject: "crm#3#process1", Seen: "source"},
		{ID: "FERRY-203", Severity: migration.Blocking, Subject: "crm#3#process1", Seen: "target"},
		{ID: "FERRY-304", Severity: migration.Blocking, Subject: "crm"},
		{ID: "FERRY-305", Severity: migration.Note, Subject: "crm"},
		{ID: "FERRY-309", Severity: migration.Blocking, Subject: "crm_other"},
	}
	counts := migration.Counts{Blocked: 1}
	for _, verb := range []string{"plan", "check"} {
		w := newWorld(e)
		w.findings[e.Instance] = []migration.Finding{{ID: "FERRY-404", Severity: migration.Blocking}}
		w.result = contract.PlanResult{
			Findings: findings, Counts: counts,
			Definitions: []contract.DefinitionCounts{{Definition: e.Definition, Counts: counts, Findings: map[string]int{"FERRY-404": 1}}},
			Instances:   []contract.InstanceFindings{{Instance: e.Instance, Findings: w.findings[e.Instance]}},
		}
		status, out, errs := w.run(t, verb)
		if status != 3 || !strings.Contains(strings.Join(strings.Fields(out), " "), "FERRY-203: all FERRY-304: all 0 open") {
			t.Errorf("%s: status %d, %s\n%s", verb, status, errs, out)
		}
	}
}

// TestAPlanThatServersStopSaysNothingOfTheOneBefore has an old plan in the ledger.
func TestAPlanThatServersStopSaysNothingOfTheOneBefore(t *testing.T) {
	t.Parallel()
	w := sample()
	w.result = contract.PlanResult{Stopped: true, Findings: []migration.Finding{{ID: "FERRY-106", Severity: migration.Blocking, Subject: "target", Message: "target.url and target.database belong to different servers", Remedy: "name one server"}}}
	status, out, _ := w.run(t, "plan", "--diff")
	if status != 3 || strings.Contains(out, "crm#3#process1") || !strings.Contains(out, "No instance was checked") || !strings.Contains(out, "FERRY-106 blocking") {
		t.Errorf("status %d: %s", status, out)
	}
	_, out, _ = w.run(t, "plan", "-o", "json")
	var got struct{ Definitions, Instances []any }
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Definitions)+len(got.Instances) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

// TestABlockingFindingOfTheInventoryHidesNothing is of a check that is about a
// server, and found by the inventory.
func TestABlockingFindingOfTheInventoryHidesNothing(t *testing.T) {
	t.Parallel()
	w := sample()
	w.result = contract.PlanResult{
		Findings: []migration.Finding{{ID: "FERRY-223", Severity: migration.Blocking, Subject: "users", Message: "a user mapping cannot work"}},
		Counts:   migration.Counts{Ready: 3}, Open: contract.OpenCounts{Open: 3, Roots: 3},
	}
	status, out, _ := w.run(t, "plan")
	if status != 3 || !strings.Contains(out, "crm#3#process1") || strings.Contains(out, "No instance was checked") || !strings.Contains(out, "FERRY-223 blocking") {
		t.Errorf("status %d: %s", status, out)
	}
}

func TestExitStatus(t *testing.T) {
	t.Parallel()
	ids := filepath.Join(t.TempDir(), "ids")
	if err := os.WriteFile(ids, []byte("# comment\n3_crm_process1\n9_crm_process1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	blocked := contract.PlanResult{Findings: []migration.Finding{{ID: "FERRY-101", Severity: migration.Blocking}}}
	for _, tc := range []struct {
		name   string
		args   []string
		world  func(*world)
		status int
		want   string // in what is said
	}{
		{"unknown_verb", []string{"wvae"}, nil, 2, `did you mean wave`},
		{"unknown_flag", []string{"wave", "--sizes", "3"}, nil, 2, "unknown flag: --sizes; see starter wave --help"},
		{"missing_argument", []string{"show"}, nil, 2, "usage: starter show INSTANCE"},
		{"too_many_arguments", []string{"plan", "now"}, nil, 2, "usage: starter plan"},
		{"unknown_output", []string{"list", "-o", "jsn"}, nil, 2, "did you mean json"},
		{"configuration", []string{"list", "--migration", "A B"}, nil, 2, `migration: "A B" is not a name`},
		{"unknown_instance", []string{"show", "7_crm_process1"}, nil, 2, "the plan does not have 7_crm_process1"},
		{"unknown_state", []string{"list", "--state", "redy"}, nil, 2, "did you mean ready"},
		{"unknown_process", []string{"wave", "--process", "crm/proces1"}, nil, 2, "did you mean crm/process1?"},
		{"unknown_instances_in_a_file", []string{"wave", "--instances", ids}, nil, 2, "the plan does not have 9_crm_process1;"},
		{"bad_time", []string{"wave", "--started-before", "yesterday"}, nil, 2, "write 2026-10-31"},
		{"bad_window", []string{"wave", "--window", "501"}, nil, 2, "give 1 to 500"},
		{"bad_wave_name", []string{"wave", "--name", "a/b"}, nil, 2, "use letters, digits"},
		{"finished_wave", []string{"wave", "--name", "1"}, nil, 2, "wave 1 has finished"},
		{"nothing_to_take", []string{"wave", "--requester", "terry"}, nil, 2, "no instance is ready that matches"},
		{"no_pilot", []string{"wave", "--detach"}, func(w *world) { w.pilots = nil }, 2, "crm#3#process1 -> crm#5#process1: starter pilot 4_crm_process1"},
		{"pilot_of_another_mapping", []string{"wave", "--detach"}, func(w *world) {
			p := w.pilots["1_crm_process1"]
			p.Target.Version = "4"
			w.pilots["1_crm_process1"] = p
		}, 2, "crm#3#process1 -> crm#5#process1: starter pilot 4_crm_process1"},
		{"pilot_that_differs", []string{"wave", "--detach"}, func(w *world) {
			e := w.entries["1_crm_process1"]
			e.Verdict = migration.VerdictDiffers
			w.entries["1_crm_process1"] = e
		}, 2, "no verified pilot"},
		{"unknown_wave", []string{"pause", "one"}, nil, 2, `wave "one" is not known; the known ones are 1`},
		{"closed_wave", []string{"tune", "1", "--window", "3"}, nil, 2, "wave 1 is finished"},
		{"nothing_to_tune", []string{"tune", "1"}, nil, 2, "nothing to tune"},
		{"pilot_of_a_done_instance", []string{"pilot", "1_crm_process1"}, func(w *world) { w.pilots = nil }, 2, "is done as 900_crm_process1, but was not migrated as a pilot"},
		{"pilot_without_an_instance", []string{"pilot"}, nil, 2, "usage: starter pilot INSTANCE, or starter pilot --suggest"},
		{"pilot_suggest_with_an_instance", []string{"pilot", "--suggest", "3_crm_process1"}, nil, 2, "usage: starter pilot INSTANCE, or"},
		{"suggest_without_a_plan", []string{"pilot", "--suggest"}, func(w *world) { w.entries = nil }, 2, "crm-2026 has no plan yet; starter plan makes one"},
		{"explain_without_a_plan", []string{"plan", "--explain", "3_crm_process1"}, func(w *world) { w.entries = nil }, 2, "crm-2026 has no plan yet; starter plan makes one"},
		{"explain_an_unknown_instance", []string{"plan", "--explain", "7_crm_process1"}, nil, 2, "the plan does not have 7_crm_process1"},
		{"explain_beside_diff", []string{"plan", "--explain", "3_crm_process1", "--diff"}, nil, 2, "--explain makes no plan; give it alone"},
		{"ways_without_a_plan", []string{"plan", "--ways"}, func(w *world) { w.entries = nil }, 2, "crm-2026 has no plan yet; starter plan makes one"},
		{"ways_beside_diff", []string{"plan", "--ways", "--diff"}, nil, 2, "--ways makes no plan; give it alone"},
		{"ways_beside_explain", []string{"plan", "--ways", "--explain", "3_crm_process1"}, nil, 2, "--ways makes no plan; give it alone"},
		{"pilot_of_a_parked_instance", []string{"pilot", "2_crm_process1"}, nil, 2, "is parked (start_outcome_unknown)"},
		{"pilot_of_a_blocked_instance", []string{"pilot", "5_crm_process1"}, nil, 3, "blocked by its findings"},
		{"resolve_what_is_not_parked", []string{"resolve", "1_crm_process1", "--action", "retry"}, nil, 2, "is done, not parked"},
		{"resolve_without_action", []string{"resolve", "2_crm_process1"}, nil, 2, "--action is missing; for start_outcome_unknown give retry, adopt, skip"},
		{"resolve_with_an_unknown_action", []string{"resolve", "2_crm_process1", "--action", "rety"}, nil, 2, "did you mean retry"},
		{"resolve_with_an_action_that_does_not_fit", []string{"resolve", "2_crm_process1", "--action", "accept"}, nil, 2, "does not fit start_outcome_unknown; these do: retry, adopt, skip"},
		{"adopt_without_a_target", []string{"resolve", "2_crm_process1", "--action", "adopt"}, nil, 2, "needs --target"},
		{"retry_with_a_target", []string{"resolve", "2_crm_process1", "--action", "retry", "--target", "x"}, nil, 2, "takes no --target"},
		{"discard_with_retry", []string{"resolve", "2_crm_process1", "--action", "retry", "--discard-target-work"}, nil, 2, "belongs to action redo"},
		{"resolve_an_earlier_parking", []string{"resolve", "2_crm_process1", "--action", "retry", "--park", "1"}, nil, 2, "parked again since (2, not 1)"},
		{"resolve_when_the_workflow_is_gone", []string{"resolve", "2_crm_process1", "--action", "retry"}, func(w *world) { w.open["ferry/crm-2026/instance/2_crm_process1"] = false }, 2, "ended from outside"},
		{"resolve_without_workers", []string{"resolve", "2_crm_process1", "--action", "retry"}, func(w *world) { w.idle = true }, 5, "no worker is running for workflows"},
		{"verify_what_was_not_migrated", []string{"verify", "3_crm_process1"}, nil, 2, "has no target instance"},
		{"plan_runs_already", []string{"plan"}, func(w *world) { w.open["ferry/crm-2026/plan"] = true }, 0, "ferry/crm-2026/plan is under way: following it"},
		{"verify_runs_already", []string{"verify"}, func(w *world) { w.open["ferry/crm-2026/verify"] = true }, 2, "is running; wait"},
		{"blocking_findings", []string{"check"}, func(w *world) { w.result = blocked }, 3, "1 findings block the migration"},
		{"temporal_out_of_reach", []string{"plan"}, func(w *world) { w.down = serviceerror.NewUnavailable("connection refused") }, 5, "check TEMPORAL_ADDRESS"},
		{"status_needs_temporal", []string{"status"}, func(w *world) { w.down = serviceerror.NewUnavailable("connection refused") }, 5, "check TEMPORAL_ADDRESS"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := sample()
			if tc.world != nil {
				tc.world(w)
			}
			status, out, errs := w.run(t, tc.args...)
			if status != tc.status || !strings.Contains(errs, tc.want) {
				t.Errorf("status %d, want %d; said %q, want %q in it", status, tc.status, errs, tc.want)
			}
			if tc.status == 2 && (out != "" || len(w.started)+len(w.updates)+len(w.decided)+len(w.rates) > 0 || len(w.waves) != 1) {
				t.Errorf("something was written: started %d, updates %d, decisions %d, rates %v, waves %d, %q", len(w.started), len(w.updates), len(w.decided), w.rates, len(w.waves), out)
			}
		})
	}
}

func TestWaveIsStartedAndFollowed(t *testing.T) {
	t.Parallel()
	w := sample()
	w.tick = func(n int) {
		e := w.entries["3_crm_process1"]
		switch n {
		case 1:
			e.State = migration.InstanceRunning
		case 7:
			e.State, e.Verdict = migration.InstanceDone, migration.VerdictSame
			w.waves[1].Status = migration.WaveFinished
		}
		w.entries[e.Instance] = e
	}
	status, out, errs := w.run(t, "wave", "--requester", "cat", "--no-warned", "--rate", "2.5", "--window", "3", "--max-parked", "4", "-o", "csv")
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	golden(t, "wave_followed.txt", out+"---\n"+errs)
	if diff := cmp.Diff([]float32{2.5}, w.rates); diff != "" {
		t.Error(diff)
	}
	want := contract.WaveInput{
		Migration: "crm-2026", Wave: "2",
		Queues: contract.QueuesOf("crm-2026", ledgerID),
		State:  contract.WaveState{Window: 3, MaxParked: 4},
	}
	if diff := cmp.Diff([]any{want}, w.inputs); diff != "" {
		t.Error(diff)
	}
	o := w.started[0]
	if o.ID != "ferry/crm-2026/wave/2" || !o.WorkflowExecutionErrorWhenAlreadyStarted ||
		o.WorkflowIDReusePolicy != enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE || o.WorkflowIDConflictPolicy != enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL {
		t.Errorf("started with %+v", o)
	}
	if got := w.waves[1].Filter.Requester; got != "cat" {
		t.Errorf("the ledger has requester %q, want cat", got)
	}
	if encoded, err := json.Marshal(w.inputs); err != nil || strings.Contains(string(encoded), `"cat"`) || strings.Contains(o.StaticSummary+o.StaticDetails, "cat") {
		t.Errorf("the requester went to Temporal: %s, %v", encoded, err)
	}
}

func TestATerminalShowsABar(t *testing.T) {
	t.Parallel()
	w := sample()
	w.terminal = true
	w.tick = func(int) { w.waves[1].Status = migration.WaveFinished }
	status, out, errs := w.run(t, "wave", "--name", "two", "-o", "json")
	if status != 0 || !json.Valid([]byte(out)) || !strings.Contains(errs, "wave two: 0 in flight, 0 parked") || !strings.Contains(errs, "0%") {
		t.Errorf("status %d, said %q", status, errs)
	}
}

func TestWaveSettlesWithParkedInstances(t *testing.T) {
	t.Parallel()
	w := sample()
	w.tick = func(int) {
		e := parked("3_crm_process1", migration.ReasonSourceMoved)
		e.Wave = "2"
		w.entries[e.Instance] = e
		w.waves[1].Status = migration.WaveFinished
	}
	status, _, errs := w.run(t, "wave", "--no-warned")
	if status != 4 || !strings.Contains(errs, "wave 2 settled with 1 parked") {
		t.Errorf("status %d, said %q", status, errs)
	}
}

func TestWaveThatCannotStartGivesItsInstancesBack(t *testing.T) {
	t.Parallel()
	w := sample()
	w.down = serviceerror.NewUnavailable("connection refused")
	status, _, errs := w.run(t, "wave", "--name", "two")
	if status != 5 || w.waves[1].Status != migration.WaveStopped {
		t.Errorf("status %d, wave %+v, said %q", status, w.waves[1], errs)
	}
}

func TestWaveWhoseWorkflowWasTerminated(t *testing.T) {
	t.Parallel()
	w := sample()
	w.tick = func(n int) {
		if n == 3 {
			w.open["ferry/crm-2026/wave/two"] = false
		}
	}
	status, _, errs := w.run(t, "wave", "--name", "two")
	if status != 4 || !strings.Contains(errs, "ended from outside") {
		t.Errorf("status %d, said %q", status, errs)
	}
}

func TestFollowingSaysThatNobodyWorks(t *testing.T) {
	t.Parallel()
	w := sample()
	w.idle = true
	w.tick = func(n int) {
		switch n {
		case 15:
			w.idle = false
		case 25:
			w.waves[1].Status = migration.WaveFinished
		}
	}
	_, _, errs := w.run(t, "wave", "--name", "two")
	for _, want := range []string{"waiting: no worker is running for workflows,copy,joget: start one with worker --roles workflows,copy,joget", "workers are running again"} {
		if strings.Count(errs, want) != 1 {
			t.Errorf("said %q, want %q in it once", errs, want)
		}
	}
}

func TestFollowingSaysThatAWaveIsPaused(t *testing.T) {
	t.Parallel()
	w := sample()
	w.paused = true
	w.tick = func(n int) {
		switch n {
		case 15:
			w.paused = false
		case 25:
			w.waves[1].Status = migration.WaveFinished
		}
	}
	_, _, errs := w.run(t, "wave", "--name", "two")
	for _, want := range []string{"wave two is paused; starter resume two goes on", "wave two goes on"} {
		if strings.Count(errs, want) != 1 {
			t.Errorf("said %q, want %q in it once", errs, want)
		}
	}
}

func TestInterruptDetachesAndTheWorkGoesOn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"wave", []string{"wave"}, "no longer following; ferry/crm-2026/wave/1 goes on"},
		{"pilot", []string{"pilot", "3_crm_process1"}, "no longer following; ferry/crm-2026/instance/3_crm_process1 goes on"},
		{"plan", []string{"plan"}, "no longer following; ferry/crm-2026/plan goes on"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			ctx, interrupt := context.WithCancel(t.Context())
			w := sample()
			w.waves, w.idle = nil, true
			w.tick = func(n int) {
				if n == 2 {
					interrupt()
				}
			}
			status, _, errs := w.runContext(ctx, tc.args...)
			if status != 0 || !strings.Contains(errs, tc.want) || len(w.started) != 1 {
				t.Errorf("status %d, started %d, said %q", status, len(w.started), errs)
			}
		})
	}
}

// TestInterruptWhileTheWorkflowIsLookedAt must not tell that somebody ended it.
func TestInterruptWhileTheWorkflowIsLookedAt(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"pilot 3_crm_process1", "wave"} {
		ctx, interrupt := context.WithCancel(t.Context())
		w := sample()
		w.waves, w.asked = nil, interrupt
		status, _, errs := w.runContext(ctx, strings.Fields(verb)...)
		if status != 0 || !strings.Contains(errs, "no longer following") || w.ticks == 0 {
			t.Errorf("%s: status %d, said %q", verb, status, errs)
		}
	}
}

func TestPilotShowsEveryStep(t *testing.T) {
	t.Parallel()
	w := sample()
	id := migration.InstanceID("3_crm_process1")
	w.lines[id] = []migration.StepLine{{ID: 1, Kind: migration.KindNote, Event: migration.EventPlanned, Facts: migration.Facts{State: migration.InstanceReady}, At: clock}}
	w.tick = func(n int) {
		e := w.entries[id]
		switch n {
		case 1:
			e.State, e.Step = migration.InstanceRunning, migration.StepStart
			w.lines[id] = append(w.lines[id], migration.StepLine{ID: 2, Step: migration.StepStart, Kind: migration.KindIntent, Event: migration.EventCall, Call: &migration.Call{Verb: migration.VerbStartProcess}, At: clock, By: "worker"})
		case 2:
			e.State, e.Verdict, e.TargetID = migration.InstanceDone, migration.VerdictSame, "901_crm_process1"
			w.lines[id] = append(w.lines[id],
				migration.StepLine{ID: 3, Step: migration.StepStart, Kind: migration.KindOutcome, Event: migration.EventCall, Call: &migration.Call{Verb: migration.VerbStartProcess}, Status: 200, At: clock, By: "worker"},
				migration.StepLine{ID: 4, Step: migration.StepRestore, Kind: migration.KindOutcome, Event: migration.EventRowsReverted, Facts: migration.Facts{Tally: migration.Tally{Restored: 1}}, At: clock, By: "worker"},
				migration.StepLine{ID: 5, Step: migration.StepVerify, Kind: migration.KindOutcome, Event: migration.EventVerdict, Facts: migration.Facts{Verdict: migration.VerdictAssignees, Summary: "assignee missing 1"}, Detail: "assignee approve_proposal: missing, not to terry", At: clock, By: "worker"},
			)
			w.compared = map[migration.InstanceID]migration.Comparison{id: {At: clock, Verdict: migration.VerdictAssignees, Items: []migration.Item{
				{Kind: migration.ItemAssignee, Subject: "approve_proposal", Result: migration.ItemMissing, Seen: "not to terry"},
				{Kind: migration.ItemJoin, Subject: "join from a", Result: migration.ItemSame},
			}}}
		}
		w.entries[id] = e
	}
	w.written = migration.Written{Rows: map[string]int{"proposal": 1, "proposal_item": 3}, Files: 2}
	w.sent = map[string]string{"status": "new"}
	w.snapshots[id] = migration.Snapshot{Tree: migration.Tree{Instance: migration.Instance{Activities: []migration.OpenActivity{
		{DefID: "approve_proposal", Assignments: []migration.Assignment{{User: "clark"}, {User: "terry"}}},
		{DefID: "send_proposal", AcceptedBy: "jack", Assignments: []migration.Assignment{{User: "jack", Accepted: true}}},
	}}}}
	text := func(name, value string) migration.Variable {
		return migration.Variable{Name: name, Kind: migration.VariableString, Value: value}
	}
	w.evidence = map[migration.InstanceID]migration.Evidence{id: {
		TakenAt: clock,
		Source: migration.EvidenceSide{
			Activities: append(w.snapshots[id].Instance.Activities, migration.OpenActivity{DefID: "archive"}),
			Variables:  []migration.Variable{text("amount", "12"), text("remark", strings.Repeat("ä", 41)), text("status", "new")},
		},
		Target: migration.EvidenceSide{
			Activities: []migration.OpenActivity{
				{DefID: "send_proposal", Assignments: []migration.Assignment{{User: "jack"}}},
				{DefID: "approve_proposal", Assignments: []migration.Assignment{{User: "clark"}, {User: "terry"}}, Variables: []migration.Variable{text("status", "new")}},
				{DefID: "reject_proposal", Assignments: []migration.Assignment{{User: "cat"}}},
			},
			Variables: []migration.Variable{text("added", "0"), text("amount", "13"), text("remark", strings.Repeat("ä", 41)), text("status", "new")},
		},
		Modified: []migration.ModifiedRows{
			{Table: "proposal_history", Rows: 10000, More: true, IDs: []migration.RecordID{"h1", "h2", "h3", "h4", "h5", "h6"}},
			{Table: "proposal_log", Rows: 1, IDs: []migration.RecordID{"l1"}},
		},
		Undated: []string{"proposal_old"}, Uncounted: []string{"proposal_archive"},
	}}
	status, out, errs := w.run(t, "pilot", string(id))
	if status != 0 {
		t.Errorf("status %d", status)
	}
	golden(t, "pilot.txt", errs+"---\n"+out)
	if diff := cmp.Diff(migration.Pilot{Instance: id, Definition: w.entries[id].Definition, Target: w.entries[id].Target, By: "operator@host", At: clock}, w.pilots[id]); diff != "" {
		t.Errorf("the ledger does not know that it is a pilot:\n%s", diff)
	}
	if _, again, _ := w.run(t, "pilot", string(id), "-o", "json"); !json.Valid([]byte(again)) {
		t.Error("not JSON")
	} else {
		golden(t, "pilot.json", again)
	}
	if in, err := json.Marshal(w.inputs[0]); err != nil || !strings.Contains(string(in), `"pilot":true`) {
		t.Errorf("started as no pilot: %s, %v", in, err)
	}
	if o := w.started[0]; o.ID != "ferry/crm-2026/instance/3_crm_process1" || o.WorkflowIDReusePolicy != enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE {
		t.Errorf("started with %+v", o)
	}
}

func TestPilotThatAWaveTakesMeanwhileIsNone(t *testing.T) {
	t.Parallel()
	w := sample()
	w.beforePilot = func() {
		e := w.entries["3_crm_process1"]
		e.State = migration.InstanceClaimed
		w.entries[e.Instance] = e
	}
	w.tick = func(int) {
		e := w.entries["3_crm_process1"]
		e.State, e.Verdict = migration.InstanceDone, migration.VerdictSame
		w.entries[e.Instance] = e
	}
	status, _, errs := w.run(t, "pilot", "3_crm_process1")
	if _, noted := w.pilots["3_crm_process1"]; status != 0 || noted || !strings.Contains(errs, "does not count as a pilot") {
		t.Errorf("status %d, noted %t, said %q", status, noted, errs)
	}
}

// TestAWaveThatGoesOnNeedsPilotsOfWhatIsLeft has a stopped wave whose last
// instance maps to another version since.
func TestAWaveThatGoesOnNeedsPilotsOfWhatIsLeft(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		version   string // that its last instance maps to
		waived    bool   // when the wave was created
		args      []string
		status    int
		pilotless bool
	}{
		{"refused", "6", false, nil, 2, false},
		{"piloted", "5", false, nil, 0, false},
		{"waived_now", "6", false, []string{"--without-pilot"}, 0, true},
		{"waived_then", "6", true, nil, 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := sample()
			w.waves[0].Status, w.waves[0].Pilotless = migration.WaveStopped, tc.waived
			// What another wave may take is none of its business.
			other := w.entries["4_crm_process1"]
			other.Target.Version = "7"
			w.entries[other.Instance] = other
			e := w.entries["3_crm_process1"]
			e.Wave = "1"
			e.Target.Version = tc.version
			w.entries[e.Instance] = e
			status, _, errs := w.run(t, append([]string{"wave", "--name", "1", "--detach"}, tc.args...)...)
			if status != tc.status || tc.status == 2 && !strings.Contains(errs, "crm#3#process1 -> crm#6#process1: starter pilot 3_crm_process1") {
				t.Errorf("status %d, said %q", status, errs)
			}
			if w.waves[0].Pilotless != tc.pilotless {
				t.Errorf("the ledger has without_pilot %t", w.waves[0].Pilotless)
			}
		})
	}
}

func TestPilotStartsATerminatedInstanceAgain(t *testing.T) {
	t.Parallel()
	w := sample()
	id := migration.InstanceID("2_crm_process1")
	w.open["ferry/crm-2026/instance/2_crm_process1"] = false
	w.tick = func(n int) {
		if n != 3 {
			return
		}
		e := w.entries[id]
		e.State, e.Verdict = migration.InstanceDone, migration.VerdictSame
		w.entries[id] = e
		w.lines[id] = append(w.lines[id], migration.StepLine{ID: 9, Kind: migration.KindNote, Event: migration.EventState, Facts: migration.Facts{State: migration.InstanceDone}, At: clock})
	}
	status, _, errs := w.run(t, "pilot", string(id))
	if status != 0 || len(w.started) != 1 || !strings.Contains(errs, "done") || strings.Contains(errs, "POST") {
		t.Errorf("status %d, started %d, said %q", status, len(w.started), errs)
	}
}

func TestResolveRecordsTheReasonInTheLedgerOnly(t *testing.T) {
	t.Parallel()
	w := sample()
	status, _, errs := w.run(t, "resolve", "2_crm_process1", "--action", "adopt", "--target", "77_crm_process1", "--reason", "cat called")
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	if diff := cmp.Diff([]migration.Decision{{ParkID: 2, Action: migration.ActionAdopt, TargetID: "77_crm_process1", By: "operator@host", Text: "cat called"}}, w.decided); diff != "" {
		t.Error(diff)
	}
	u := w.updates[0]
	if u.UpdateID != "" || u.WorkflowID != "ferry/crm-2026/instance/2_crm_process1" {
		t.Errorf("updated with %+v", u)
	}
	if diff := cmp.Diff([]any{contract.Resolution{Action: migration.ActionAdopt, ParkID: 2, Target: "77_crm_process1"}}, u.Args); diff != "" {
		t.Error(diff)
	}
}

func TestARefusedUpdateIsAMistake(t *testing.T) {
	t.Parallel()
	w := sample()
	w.refuse = refusal("2_crm_process1 is not parked: there is nothing to resolve")
	status, _, errs := w.run(t, "resolve", "2_crm_process1", "--action", "retry")
	if status != 2 || errs != "2_crm_process1 is not parked: there is nothing to resolve\n" {
		t.Errorf("status %d, said %q", status, errs)
	}
}

func TestSteering(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		args    []string
		closed  bool // the workflow was terminated
		updates []string
		rates   []float32
		want    migration.Wave
	}{
		{"pause", []string{"pause", "1"}, false, []string{"pause"}, nil, migration.Wave{Status: migration.WavePaused, Window: 20}},
		{"resume", []string{"resume", "1"}, false, []string{"resume"}, nil, migration.Wave{Status: migration.WaveRunning, Window: 20}},
		{"stop_leaves_the_end_to_the_wave", []string{"stop", "1"}, false, []string{"stop"}, nil, migration.Wave{Status: migration.WaveRunning, Window: 20}},
		{"stop_of_a_terminated_wave", []string{"stop", "1"}, true, nil, nil, migration.Wave{Status: migration.WaveStopped, Window: 20}},
		{"tune_window", []string{"tune", "1", "--window", "5"}, false, []string{"tune"}, nil, migration.Wave{Status: migration.WaveRunning, Window: 5}},
		{"tune_rate_only", []string{"tune", "1", "--rate", "0"}, false, nil, []float32{0}, migration.Wave{Status: migration.WaveRunning, Window: 20}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := sample()
			w.waves[0].Status = migration.WaveRunning
			w.open["ferry/crm-2026/wave/1"] = !tc.closed
			status, _, errs := w.run(t, tc.args...)
			var updates []string
			for _, u := range w.updates {
				updates = append(updates, u.UpdateName)
			}
			got := migration.Wave{Status: w.waves[0].Status, Window: w.waves[0].Window}
			if diff := cmp.Diff(tc.updates, updates) + cmp.Diff(tc.rates, w.rates) + cmp.Diff(tc.want, got); status != 0 || diff != "" {
				t.Errorf("status %d, said %q\n%s", status, errs, diff)
			}
		})
	}
}

// TestAWorkflowOnAnotherQueueIsLeftAlone has one of the same name belong to another
// ledger, or to an older version: its ID is the same.
func TestAWorkflowOnAnotherQueueIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, id string
		args     []string
	}{
		{name: "a_wave_is_not_steered", id: "ferry/crm-2026/wave/1", args: []string{"pause", "1"}},
		{name: "a_wave_is_not_stopped", id: "ferry/crm-2026/wave/1", args: []string{"stop", "1"}},
		{name: "a_wave_is_not_followed", id: "ferry/crm-2026/wave/1", args: []string{"status", "--follow"}},
		{name: "a_plan_is_not_followed", id: "ferry/crm-2026/plan", args: []string{"plan"}},
		{name: "an_instance_is_not_resolved", id: "ferry/crm-2026/instance/3_crm_process1", args: []string{"resolve", "3_crm_process1", "--action", "retry", "--reason", "mended"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(parked("3_crm_process1", migration.ReasonRecordConflict))
			w.waves = []migration.Wave{{Name: "1", Status: migration.WaveRunning, Window: 20, By: "operator@host", CreatedAt: clock}}
			w.open[tc.id], w.queue = true, "ferry-workflows"
			status, _, errs := w.run(t, tc.args...)
			if status != 2 || !strings.Contains(errs, "task queue ferry-workflows,") || !strings.Contains(errs, "ferry-workflows-crm-2026-0123456789ab") {
				t.Errorf("status %d, said %q; want 2 and both queues named", status, errs)
			}
			if len(w.updates) > 0 || len(w.decided) > 0 || w.waves[0].Status != migration.WaveRunning {
				t.Errorf("sent %v, decided %v, the wave is %s", w.updates, w.decided, w.waves[0].Status)
			}
		})
	}
}

func TestShow_says_what_an_instance_waits_for(t *testing.T) {
	t.Parallel()
	w := sample()
	e := w.entries["1_crm_process1"]
	e.State = migration.InstanceRunning
	w.entries[e.Instance] = e
	w.open[contract.InstanceWorkflowID("crm-2026", e.Instance)] = true
	w.waits = "the start got no answer: stamp runs a tool; it is waited for 4m more at the most"
	status, out, errs := w.run(t, "show", "1_crm_process1", "-o", "json")
	var shown struct{ Waits string }
	if err := json.Unmarshal([]byte(out), &shown); err != nil || status != 0 {
		t.Fatal(status, errs, err)
	}
	if shown.Waits != w.waits {
		t.Errorf("waits for %q", shown.Waits)
	}
}

// TestResumeAt has the operator say where an instance goes on, and what is in the way of it.
func TestResumeAt(t *testing.T) {
	t.Parallel()
	const blocked = "5_crm_process1"
	finding := func(id string, way migration.Way) migration.Finding {
		return migration.Finding{ID: id, Severity: migration.Blocking, Subject: blocked, Way: way}
	}
	for _, tc := range []struct {
		name     string
		args     string
		findings []migration.Finding
		general  []migration.Finding
		reason   migration.Reason
		status   int
		errs     string
		word     migration.Word
		decided  []migration.ActivityDefID
	}{
		{
			name: "a_pilot_that_only_waits_for_it", args: "pilot 5_crm_process1 --resume-at approve,notify", findings: []migration.Finding{finding("FERRY-403", migration.WayResume)},
			word: migration.Word{Activities: []migration.ActivityDefID{"approve", "notify"}, By: "operator@host"},
		},
		{
			name: "a_pilot_with_a_wrong_word", args: "pilot 5_crm_process1 --resume-at approve", findings: []migration.Finding{finding("FERRY-442", "")},
			word: migration.Word{Activities: []migration.ActivityDefID{"approve"}, By: "operator@host"},
		},
		{
			name: "something_else_blocks_it_too", args: "pilot 5_crm_process1 --resume-at approve", status: 3, errs: "is blocked by FERRY-402",
			findings: []migration.Finding{finding("FERRY-403", migration.WayResume), finding("FERRY-402", "")},
		},
		{
			name: "its_definition_is_blocked", args: "pilot 5_crm_process1 --resume-at approve", status: 3, errs: "is blocked by FERRY-203",
			findings: []migration.Finding{finding("FERRY-403", migration.WayResume)},
			general:  []migration.Finding{{ID: "FERRY-203", Severity: migration.Blocking, Subject: "crm#3#process1"}},
		},
		{name: "nothing_of_its_own_blocks_it", args: "pilot 5_crm_process1 --resume-at approve", status: 3, errs: "is blocked by its definition or app"},
		{name: "one_that_is_done", args: "pilot 1_crm_process1 --resume-at approve", status: 2, errs: "has not begun"},
		{name: "one_that_is_parked", args: "pilot 2_crm_process1 --resume-at approve", status: 2, errs: "starter resolve 2_crm_process1 --action retry --resume-at"},
		{name: "a_name_twice", args: "pilot 5_crm_process1 --resume-at approve,approve", status: 2, errs: "names approve twice"},
		{name: "an_empty_name", args: "pilot 5_crm_process1 --resume-at approve,", status: 2, errs: "empty"},
		{name: "with_suggest", args: "pilot --suggest --resume-at approve", status: 2, errs: "usage"},
		{
			name: "the_answer_to_a_parking", args: "resolve 2_crm_process1 --action retry --resume-at approve", reason: migration.ReasonNothingToResume,
			decided: []migration.ActivityDefID{"approve"},
		},
		{name: "another_action", args: "resolve 2_crm_process1 --action skip --resume-at approve", reason: migration.ReasonNothingToResume, status: 2, errs: "belongs to action retry"},
		{name: "another_reason", args: "resolve 2_crm_process1 --action retry --resume-at approve", reason: migration.ReasonVerifyDiffers, status: 2, errs: "does not help against verify_differs"},
		{name: "all_of_a_reason", args: "resolve --parked-for nothing_to_resume --action retry --resume-at approve", reason: migration.ReasonNothingToResume, status: 2, errs: "belongs to one instance"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := sample()
			w.findings[blocked], w.findings[""] = tc.findings, tc.general
			if tc.reason != "" {
				e := w.entries["2_crm_process1"]
				e.Reason = tc.reason
				w.entries[e.Instance] = e
			}
			w.tick = func(int) {
				e := w.entries[blocked]
				e.State, e.Verdict = migration.InstanceDone, migration.VerdictSame
				w.entries[blocked] = e
				w.lines[blocked] = append(w.lines[blocked], migration.StepLine{ID: 9, Kind: migration.KindNote, Event: migration.EventState, Facts: migration.Facts{State: migration.InstanceDone}, At: clock})
			}
			status, _, errs := w.run(t, strings.Fields(tc.args)...)
			if status != tc.status || !strings.Contains(errs, tc.errs) {
				t.Errorf("status %d, said %q; want %d and %q", status, errs, tc.status, tc.errs)
			}
			if diff := cmp.Diff(tc.word, w.words[blocked]); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
			var decided []migration.ActivityDefID
			for _, d := range w.decided {
				decided = append(decided, d.ResumeAt...)
			}
			if diff := cmp.Diff(tc.decided, decided); diff != "" {
				t.Errorf("decided (-want +got):\n%s", diff)
			}
			if started := len(w.started) == 1; started != (tc.word.Activities != nil) {
				t.Errorf("%d workflows were started", len(w.started))
			}
		})
	}
}

func TestShow_says_where_an_instance_goes_on(t *testing.T) {
	t.Parallel()
	w := sample()
	w.words["3_crm_process1"] = migration.Word{Activities: []migration.ActivityDefID{"approve", "notify"}, By: "ann", At: clock}
	_, out, _ := w.run(t, "show", "3_crm_process1")
	if want := "approve, notify (typed by ann at "; !strings.Contains(out, want) {
		t.Errorf("said %s, want %q", out, want)
	}
}
