package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/starter/report"
)

func TestShowTellsWhatCanBeDoneOnlyWhileItIsParked(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		state   migration.InstanceState
		reason  migration.Reason
		actions []string
		doc     string
	}{
		{"parked", migration.InstanceParked, migration.ReasonStartOutcomeUnknown, []string{"retry", "adopt", "skip"}, "docs/what-if.md#start_outcome_unknown"},
		{"skipped_with_a_reason", migration.InstanceSkipped, migration.ReasonStartOutcomeUnknown, nil, "docs/what-if.md#start_outcome_unknown"},
		{"ready", migration.InstanceReady, "", nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := entry("1", tc.state)
			e.Reason = tc.reason
			v := report.NewShow(report.InstanceFacts{Entry: e})
			if diff := cmp.Diff(tc.actions, v.Actions) + cmp.Diff(tc.doc, v.Doc); diff != "" || (v.Meaning == "") != (tc.reason == "") {
				t.Errorf("meaning %q\n%s", v.Meaning, diff)
			}
		})
	}
}

func TestLinesAsTheyAreFollowed(t *testing.T) {
	t.Parallel()
	call := &migration.Call{Verb: migration.VerbStartProcess}
	for _, tc := range []struct {
		name, want string
		line       migration.StepLine
	}{
		{"intent", "2026-11-02T10:00:00Z  start           intent: POST process/start", migration.StepLine{Step: migration.StepStart, Kind: migration.KindIntent, Event: migration.EventCall, Call: call, At: clock}},
		{"answer", "2026-11-02T10:00:00Z  start           outcome: POST process/start (HTTP 502)", migration.StepLine{Step: migration.StepStart, Kind: migration.KindOutcome, Event: migration.EventCall, Call: call, Status: 502, At: clock}},
		{"note", "2026-11-02T10:00:00Z                  planned again: ready", migration.StepLine{Kind: migration.KindNote, Event: migration.EventPlanned, Facts: migration.Facts{State: migration.InstanceReady}, At: clock}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, report.NewLine(tc.line).Progress()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAComparisonShowsWhatIsNotTheSame(t *testing.T) {
	t.Parallel()
	same := migration.Item{Kind: migration.ItemRow, Subject: "proposal/1", Result: migration.ItemSame}
	missing := migration.Item{Kind: migration.ItemAssignee, Subject: "approve", Result: migration.ItemMissing, Seen: "not to clark"}
	for _, tc := range []struct {
		name     string
		compared *migration.Comparison
		want     string // what is between findings and log
	}{
		{"never_compared", nil, ""},
		{"all_the_same", &migration.Comparison{At: clock, Verdict: migration.VerdictSame, Deciding: true, Items: []migration.Item{same}}, "Compared 2026-11-02T10:00:00Z\nverdict: same; 1 the same.\n"},
		{
			"one_is_missing", &migration.Comparison{At: clock, Verdict: migration.VerdictAssignees, Items: []migration.Item{same, missing}},
			"Compared 2026-11-02T10:00:00Z, comparison only, changed nothing\nverdict: assignees_differ; assignee missing 1; 1 the same.\n\nkind      path  subject  result   seen\nassignee        approve  missing  not to clark\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			v := report.NewShow(report.InstanceFacts{Entry: entry("1", migration.InstanceDone), Comparison: tc.compared})
			_, got, found := strings.Cut(shown(t, report.Table, v), "\n\n")
			if found != (tc.compared != nil) {
				t.Errorf("compared: %t", found)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVerificationNamesInstancesOrTellsWhatTheyLack(t *testing.T) {
	t.Parallel()
	v := report.NewVerification(contract.VerifyRunResult{Same: 1, Different: 1, Listed: []migration.InstanceID{"1"}})
	if diff := cmp.Diff("same  assignees differ  different  moved\n1     0                 1          0\n\nNot the same\ninstance\n1\n", shown(t, report.Table, v)); diff != "" {
		t.Error(diff)
	}
	v.Add("1", migration.Comparison{Items: []migration.Item{{Kind: migration.ItemRow, Subject: "a/1", Result: migration.ItemSame}, {Kind: migration.ItemRow, Subject: "a/2", Result: migration.ItemDiffers}}})
	if got := shown(t, report.Table, v); !strings.Contains(got, "a/2") || strings.Contains(got, "a/1") {
		t.Errorf("%s", got)
	}
}

func TestRollbackTellsWhatBecameOfEach(t *testing.T) {
	t.Parallel()
	v := report.NewRollback("4", contract.RollbackResult{Undone: 2, Refused: 1, Conflicts: 1, Failed: 1, Listed: []contract.NotRolledBack{
		{Instance: "1", Conflicts: 3}, {Instance: "2", Refused: true, Message: "worked on"}, {Instance: "3", Failed: true},
	}}, 7)
	want := `rollback  undone  refused  conflicts  shared  failed  to come
4         2       1        1          0       1       7

Not undone, or only in part
instance  outcome   left  why
1         conflict  3
2         refused   0     worked on
3         failed    0
`
	if diff := cmp.Diff(want, shown(t, report.Table, v)); diff != "" {
		t.Error(diff)
	}
}
