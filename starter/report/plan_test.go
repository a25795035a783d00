package report_test

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/starter/report"
)

// plan shows a plan as people see it.
func plan(t *testing.T, r contract.PlanResult, frozen report.Frozen) string {
	t.Helper()
	if frozen.Instances == nil {
		frozen.Instances = each[migration.PlanEntry](nil)
	}
	v, err := report.NewPlan("crm-2026", r, frozen)
	if err != nil {
		t.Fatal(err)
	}
	return shown(t, report.Table, v)
}

// TestAPlanFitsTheScreen shows six definitions and what a healthy pair of servers is told.
func TestAPlanFitsTheScreen(t *testing.T) {
	t.Parallel()
	for name, process := range map[string]string{"names": "process", "long_names": "the_approval_process_of_expenses_"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := strings.Split(healthyPlan(t, process), "\n")
			if name == "names" {
				golden(t, "plan_screen.txt", strings.Join(lines, "\n"))
				if len(lines) > 40 {
					t.Errorf("%d lines", len(lines))
				}
			}
			for _, line := range lines {
				if len(line) > 80 {
					t.Errorf("%d columns: %s", len(line), line)
				}
			}
		})
	}
}

func healthyPlan(t *testing.T, process string) string {
	t.Helper()
	var f report.Frozen
	for n := range 6 {
		def := migration.DefinitionID{Package: "expense_claims", Version: "12", Process: fmt.Sprintf("%s%d", process, n)}
		f.Definitions = append(f.Definitions, migration.DefinitionCounts{Definition: def, Counts: migration.Counts{Ready: 30, Warned: 10}})
		for _, id := range []string{"FERRY-416", "FERRY-420", "FERRY-430", "FERRY-431"} {
			f.Reasons = append(f.Reasons, migration.FindingCount{Definition: def, ID: id, Severity: migration.Warning, Instances: 10})
		}
		f.Findings = append(f.Findings,
			migration.Finding{ID: "FERRY-224", Severity: migration.Warning, Subject: def.String(), Seen: "notify (org.joget.apps.app.lib.EmailTool); with initial values: begin -> notify (org.joget.apps.app.lib.EmailTool) -> waits at approve"},
			migration.Finding{ID: "FERRY-214", Severity: migration.Warning, Subject: def.String(), Message: "the mapped version is not the published one", Seen: "expense_claims#13", Remedy: "map it to latest under definitions unless this is meant"},
			migration.Finding{ID: "FERRY-313", Severity: migration.Note, Subject: def.String(), Message: "so much is copied"})
	}
	return plan(t, contract.PlanResult{Counts: migration.Counts{Ready: 180, Warned: 60}, Open: contract.OpenCounts{Open: 240, Roots: 240}}, f)
}

func TestTopReasons(t *testing.T) {
	t.Parallel()
	blocking := func(id, subject string) migration.Finding {
		return migration.Finding{ID: id, Severity: migration.Blocking, Subject: subject}
	}
	in := func(id string, severity migration.Severity, instances int) migration.FindingCount {
		return migration.FindingCount{Definition: crm, ID: id, Severity: severity, Instances: instances}
	}
	for _, tc := range []struct {
		name     string
		general  []migration.Finding
		reasons  []migration.FindingCount
		want     string
		wantJSON []report.Reason
	}{
		{name: "none"},
		{
			name: "what_blocks_the_whole_definition_comes_first", general: []migration.Finding{blocking("FERRY-203", "crm#3#process1")},
			reasons: []migration.FindingCount{in("FERRY-404", migration.Blocking, 12)}, want: `"FERRY-203: all, FERRY-404: 12"`,
			wantJSON: []report.Reason{{ID: "FERRY-203", Severity: "blocking", Doc: "docs/checks.md#ferry-203"}, {ID: "FERRY-404", Severity: "blocking", Instances: 12, Doc: "docs/checks.md#ferry-404"}},
		},
		{name: "once_each", general: []migration.Finding{blocking("FERRY-203", "crm#3#process1"), blocking("FERRY-203", "crm#3#process1: start")}, want: "FERRY-203: all"},
		{
			name: "of_some_instances_and_of_the_definition", general: []migration.Finding{blocking("FERRY-404", "crm#3#process1")},
			reasons: []migration.FindingCount{in("FERRY-404", migration.Blocking, 12)}, want: `"FERRY-404: all, FERRY-404: 12"`,
		},
		{name: "its_app_counts_too", general: []migration.Finding{blocking("FERRY-304", "crm")}, want: "FERRY-304: all"},
		{name: "others_do_not", general: []migration.Finding{blocking("FERRY-304", "crm_other"), blocking("FERRY-203", "crm#3#process12")}},
		{name: "warnings_about_it_are_no_reason", general: []migration.Finding{{ID: "FERRY-215", Severity: migration.Warning, Subject: "crm#3#process1"}}},
		{name: "notes_are_none_either", reasons: []migration.FindingCount{in("FERRY-419", migration.Note, 15)}},
		{
			name: "blocking_ones_before_more_frequent_warnings_and_two_at_most",
			reasons: []migration.FindingCount{
				in("FERRY-416", migration.Warning, 13), in("FERRY-413", migration.Blocking, 3), in("FERRY-420", migration.Warning, 2), in("FERRY-404", migration.Blocking, 12),
			},
			want: `"FERRY-404: 12, FERRY-413: 3"`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			v, err := report.NewPlan("m", contract.PlanResult{}, report.Frozen{
				Definitions: []migration.DefinitionCounts{{Definition: crm, Counts: migration.Counts{Blocked: 1}}},
				Reasons:     tc.reasons, Findings: tc.general, Instances: each[migration.PlanEntry](nil),
			})
			if err != nil {
				t.Fatal(err)
			}
			row := strings.Split(shown(t, report.CSV, v), "\n")[1]
			if want := "crm#3#process1,0,0,1,0,0," + tc.want; row != want {
				t.Errorf("%q, want %q", row, want)
			}
			if diff := cmp.Diff(tc.wantJSON, v.Definitions[0].Reasons); tc.wantJSON != nil && diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFindingsAreGrouped(t *testing.T) {
	t.Parallel()
	var differ []migration.Finding
	for n := range 6 {
		differ = append(differ, migration.Finding{ID: "FERRY-215", Severity: migration.Warning, Subject: fmt.Sprintf("p%d", n), Message: "mappings differ", Seen: "first\nsecond\nthird", Remedy: "map them"})
	}
	for _, tc := range []struct {
		name     string
		findings []migration.Finding
		notes    bool
		want     string
	}{
		{"the_worst_first", []migration.Finding{
			{ID: "FERRY-108", Severity: migration.Warning, Subject: "source", Message: "it may write", Remedy: "take that away"},
			{ID: "FERRY-223", Severity: migration.Blocking, Subject: "users", Message: "it cannot work", Remedy: "mend it"},
		}, false, "FERRY-223 blocking: it cannot work\n  users\n  To do: mend it\nFERRY-108 warning: it may write\n  source\n  To do: take that away\n"},
		{"four_subjects_and_how_many_more", differ, false, `FERRY-215 warning: mappings differ
  p0: first (and 2 more lines)
  p1: first (and 2 more lines)
  p2: first (and 2 more lines)
  p3: first (and 2 more lines)
  and 2 more
  To do: map them
`},
		{
			"what_was_seen_is_cut",
			[]migration.Finding{{ID: "FERRY-215", Severity: migration.Warning, Subject: "crm", Message: "mappings differ", Seen: strings.Repeat("0123456789 ", 15), Remedy: "map them"}},
			false,
			"FERRY-215 warning: mappings differ\n  crm: 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789\n    0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789\n    0123456789 012345...\n  To do: map them\n",
		},
		{"notes_are_counted", []migration.Finding{{ID: "FERRY-313", Severity: migration.Note, Message: "so much"}}, false, "1 note; --notes lists them\n"},
		{"notes_are_listed_when_they_are_wanted", []migration.Finding{{ID: "FERRY-313", Severity: migration.Note, Subject: "crm", Message: "so much", Remedy: "-"}}, true, "FERRY-313 note: so much\n  crm\n  To do: -\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			v := report.NewCheck("m", contract.PlanResult{Findings: tc.findings})
			v.Notes = tc.notes
			_, got, _ := strings.Cut(shown(t, report.Table, v), "Findings about servers, apps and definitions\n")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAPlanHasWhatOnlyItsResultKnows(t *testing.T) {
	t.Parallel()
	kept := migration.Finding{ID: "FERRY-215", Severity: migration.Warning, Subject: "crm", Seen: "personal"}
	travelled := kept
	travelled.Seen = ""
	v, err := report.NewPlan("m", contract.PlanResult{Findings: []migration.Finding{travelled, {ID: "FERRY-108", Severity: migration.Blocking, Subject: "source"}}},
		report.Frozen{Findings: []migration.Finding{kept}, Instances: each[migration.PlanEntry](nil)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range v.Findings {
		got = append(got, f.ID+" "+f.Seen)
	}
	if diff := cmp.Diff([]string{"FERRY-215 personal", "FERRY-108 "}, got); diff != "" || !v.Blocking || !v.Frozen {
		t.Errorf("blocking %t, frozen %t\n%s", v.Blocking, v.Frozen, diff)
	}
}

func TestAStoppedPlanTellsNothingOfTheOneBefore(t *testing.T) {
	t.Parallel()
	got := plan(t, contract.PlanResult{Stopped: true, Findings: []migration.Finding{{ID: "FERRY-106", Severity: migration.Blocking, Subject: "target", Message: "different servers", Remedy: "name one"}}},
		report.Frozen{Definitions: []migration.DefinitionCounts{{Definition: crm}}, Changes: &report.Changes{}})
	want := `No instance was checked: solve the findings about the servers first.

Findings about servers, apps and definitions
FERRY-106 blocking: different servers
  target
  To do: name one
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestACheckSaysWhatDidNotFit(t *testing.T) {
	t.Parallel()
	got := shown(t, report.Table, report.NewCheck("m", contract.PlanResult{Counts: migration.Counts{Blocked: 1}, LeftOut: 41}))
	if !strings.Contains(strings.ReplaceAll(got, "\n", " "), "41 findings did not fit: starter plan keeps all.") {
		t.Errorf("%s", got)
	}
}

// moves are what a plan changed; each move has as many instances as it says.
func moves(err error, of ...migration.PlanMove) *report.Changes {
	return &report.Changes{PlanDiff: migration.PlanDiff{Compared: true, Moves: of}, Of: func(m migration.PlanMove) iter.Seq2[migration.PlanChange, error] {
		var changes []migration.PlanChange
		for n := range m.Instances {
			changes = append(changes, migration.PlanChange{Instance: migration.InstanceID(fmt.Sprintf("%s%d", m.State, n)), Definition: crm, Was: m.Was, State: m.State, Gained: []string{"FERRY-401"}, Lost: []string{"FERRY-420"}})
		}
		return each(err, changes...)
	}}
}

func TestADiffPutsWhatIsUrgentFirst(t *testing.T) {
	t.Parallel()
	got := plan(t, contract.PlanResult{}, report.Frozen{Changes: moves(
		nil,
		migration.PlanMove{State: migration.InstanceReady, Instances: 1},
		migration.PlanMove{Was: migration.InstanceBlocked, State: migration.InstanceSkipped, Instances: 1},
		migration.PlanMove{Was: migration.InstanceWarned, State: migration.InstanceWarned, Instances: 1},
		migration.PlanMove{Was: migration.InstanceReady, State: migration.InstanceBlocked, Instances: 1},
	)})
	_, got, _ = strings.Cut(got, "Changed since the plan before\n")
	want := `instances  what
1          ready -> blocked
1          still warned
1          gone, was blocked
1          new, ready

Instances
instance  what               findings
blocked0  ready -> blocked   +401 -420
warned0   still warned       +401 -420
skipped0  gone, was blocked  +401 -420
ready0    new, ready         +401 -420
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPeopleSeeTheFirstChangesAndJSONAll(t *testing.T) {
	t.Parallel()
	v, err := report.NewPlan("m", contract.PlanResult{}, report.Frozen{
		Instances: each[migration.PlanEntry](nil), Changes: moves(nil, migration.PlanMove{State: migration.InstanceReady, Instances: 60}),
	})
	if err != nil {
		t.Fatal(err)
	}
	people, machines := shown(t, report.Table, v), shown(t, report.JSON, v)
	if n := strings.Count(people, "\nready"); n != 50 || !strings.Contains(people, "\nand 10 more; -o json shows all of them\n") {
		t.Errorf("%d instances:\n%s", n, people)
	}
	if n := strings.Count(machines, `"instance": "ready`); n != 60 {
		t.Errorf("JSON has %d", n)
	}
}

func TestADiffWithNothingToSaySaysSo(t *testing.T) {
	t.Parallel()
	for want, compared := range map[string]bool{"This is the first plan: there is none to compare it with.": false, "Nothing changed since the plan before.": true} {
		got := plan(t, contract.PlanResult{}, report.Frozen{Changes: &report.Changes{PlanDiff: migration.PlanDiff{Compared: compared}}})
		if !strings.Contains(got, "\n"+want+"\n") {
			t.Errorf("want %q in:\n%s", want, got)
		}
	}
}

func TestChangesThatCannotBeReadAreAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("the ledger is gone")
	_, err := report.NewPlan("m", contract.PlanResult{}, report.Frozen{Changes: moves(broken, migration.PlanMove{State: migration.InstanceReady, Instances: 1})})
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

func TestConclusionSaysWhatStandsBetween(t *testing.T) {
	t.Parallel()
	warning := []migration.Finding{{ID: "FERRY-416", Severity: migration.Warning}, {ID: "FERRY-416", Severity: migration.Warning}, {ID: "FERRY-419", Severity: migration.Note}}
	blocking := []migration.Finding{{ID: "FERRY-401", Severity: migration.Blocking}, {ID: "FERRY-423", Severity: migration.Warning}}
	of := func(subject string) []migration.Finding {
		return []migration.Finding{{ID: "FERRY-202", Severity: migration.Blocking, Subject: subject}}
	}
	for _, tc := range []struct {
		name     string
		state    migration.InstanceState
		findings []migration.Finding
		general  []migration.Finding
		piloted  bool
		want     string
	}{
		{"ready", migration.InstanceReady, nil, nil, true, "It can be migrated: the next wave that selects it migrates it."},
		{"ready_without_a_pilot", migration.InstanceReady, nil, nil, false, "Its definition needs a verified pilot: starter pilot 1 migrates it as the pilot; starter pilot --suggest names others."},
		{"warned", migration.InstanceWarned, warning, nil, true, "Read FERRY-416 first. It can be migrated: the next wave that selects it migrates it."},
		{"warned_without_a_pilot", migration.InstanceWarned, warning, nil, false, "Read FERRY-416 first. Its definition needs a verified pilot: starter pilot 1 migrates it as the pilot; starter pilot --suggest names others."},
		{"blocked", migration.InstanceBlocked, blocking, nil, true, "Blocked by FERRY-401 of its own. Do what the findings say, then run starter plan."},
		{"blocked_by_its_target_too", migration.InstanceBlocked, blocking, of("crm#5#process1: start"), true, "Blocked by FERRY-401 of its own and FERRY-202 of its definition or app. Do what the findings say, then run starter plan."},
		{"blocked_by_its_app_only", migration.InstanceBlocked, nil, of("crm"), true, "Blocked by FERRY-202 of its definition or app. Do what the findings say, then run starter plan."},
		{"not_by_another_app", migration.InstanceBlocked, nil, of("crm_other"), true, "The last plan has no finding that blocks it: run starter plan again."},
		{"running", migration.InstanceRunning, nil, nil, true, "It is being migrated: see starter show 1."},
		{"rolling_back", migration.InstanceRollingBack, nil, nil, true, "It is being rolled back: see starter show 1."},
		{"parked", migration.InstanceParked, nil, nil, true, "It waits for you (source_moved): starter resolve 1 --action ..."},
		{"failed", migration.InstanceFailed, nil, nil, true, "Its workflow ended without an outcome: starter pilot 1 goes on, and so does a wave after starter plan."},
		{"skipped", migration.InstanceSkipped, nil, nil, true, "It was skipped (source_moved): see starter show 1."},
		{"done", migration.InstanceDone, nil, nil, true, "It is migrated, as 900: starter verify 1 compares both sides again."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := migration.PlanEntry{Entry: entry("1", tc.state), Findings: tc.findings}
			p.Reason, p.TargetID = migration.ReasonSourceMoved, "900"
			v := report.NewExplanation(report.PlanFacts{Instance: p, General: tc.general, Piloted: tc.piloted})
			if diff := cmp.Diff(tc.want, v.Conclusion); diff != "" {
				t.Error(diff)
			}
		})
	}
}
