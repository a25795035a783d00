package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/starter/report"
)

func open(name string, accepted migration.User, offered ...migration.User) migration.OpenActivity {
	a := migration.OpenActivity{DefID: migration.ActivityDefID(name), AcceptedBy: accepted}
	for _, user := range offered {
		a.Assignments = append(a.Assignments, migration.Assignment{User: user})
	}
	return a
}

// TestPilotPutsTheActivitiesOfBothSidesTogether in the order of the source; what only the target has comes last.
func TestPilotPutsTheActivitiesOfBothSidesTogether(t *testing.T) {
	t.Parallel()
	v := report.NewPilot(report.InstanceFacts{}, report.Effects{Seen: &migration.Evidence{
		Source: migration.EvidenceSide{Activities: []migration.OpenActivity{open("b", "", "cat"), open("a", "jack", "jack"), open("c", "Jack", "Jack", "cat"), open("twice", "", "cat"), open("twice", "", "cat"), open("gone", "")}},
		Target: migration.EvidenceSide{Activities: []migration.OpenActivity{open("new", ""), open("c", "jack", "Cat", "jack"), open("twice", "", "cat"), open("a", "", "jack"), open("b", "", "cat")}},
	}})
	type pair struct {
		Activity             string
		Before, After, Other bool
	}
	var got []pair
	for _, a := range v.Evidence.Target.Activities {
		got = append(got, pair{a.Activity, a.Before != nil, a.After != nil, a.Differs})
	}
	want := []pair{
		{"b", true, true, false}, {"a", true, true, true}, {"c", true, true, false}, {"twice", true, true, false}, {"twice", true, false, true}, {"gone", true, false, true}, {"new", false, true, true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPilotShowsTheBeginningOfLongValues(t *testing.T) {
	t.Parallel()
	text := func(name, value string) migration.Variable {
		return migration.Variable{Name: name, Kind: migration.VariableString, Value: value}
	}
	long := strings.Repeat("ä", 41)
	v := report.NewPilot(report.InstanceFacts{}, report.Effects{Seen: &migration.Evidence{
		Source: migration.EvidenceSide{Variables: []migration.Variable{text("remark", long), text("status", "new")}},
		Target: migration.EvidenceSide{
			Variables:  []migration.Variable{text("remark", long+"!"), text("status", "new")},
			Activities: []migration.OpenActivity{{DefID: "approve", Variables: []migration.Variable{text("level", "1")}}},
		},
	}})
	short := strings.Repeat("ä", 37) + "..."
	want := []report.Variable{{Name: "approve.level", After: "1"}, {Name: "remark", Before: short, After: short, Differs: true}, {Name: "status", Before: "new", After: "new"}}
	if diff := cmp.Diff(want, v.Evidence.Target.Variables); diff != "" {
		t.Error(diff)
	}
}

func TestPilotSaysWhatWasWritten(t *testing.T) {
	t.Parallel()
	tools := migration.StepLine{Kind: migration.KindOutcome, Event: migration.EventRowsReverted, Facts: migration.Facts{Tally: migration.Tally{Restored: 1}}}
	for _, tc := range []struct {
		name    string
		log     []migration.StepLine
		effects report.Effects
		want    []string
	}{
		{"nothing", nil, report.Effects{}, []string{
			"Written on the target: 0 rows, 0 files; 0 variables set by the start.",
			"What start tools changed in the record: nothing.", "The ledger has no evidence of the target: what follows is about the source.",
		}},
		{"rows_by_table_and_what_tools_did", []migration.StepLine{tools}, report.Effects{Written: migration.Written{Rows: map[string]int{"b": 3, "a": 1}, Files: 1}, Variables: 1}, []string{
			"Written on the target: 4 rows (a 1, b 3), 1 file; 1 variable set by the start.", "What start tools changed in the record: rows put back: 1 restored",
		}},
		{"other_rows", nil, report.Effects{Seen: &migration.Evidence{
			Modified: []migration.ModifiedRows{{Table: "history", Rows: 9, More: true, IDs: []migration.RecordID{"1", "2", "3", "4", "5", "6"}}}, Undated: []string{"old"}, Uncounted: []string{"archive"},
		}}, []string{
			"modified on the target since the start: history 9 or more (1, 2, 3, 4, 5).", "not counted: archive.", "Tables without a date of modification: old.", "0 variables, none differs.",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := strings.ReplaceAll(shown(t, report.Table, report.NewPilot(report.InstanceFacts{Log: tc.log}, tc.effects)), "\n", " ")
			for _, want := range tc.want {
				if !strings.Contains(got, want) {
					t.Errorf("want %q in: %s", want, got)
				}
			}
		})
	}
}

func TestSuggestionsSayWhatNoPilotCanShow(t *testing.T) {
	t.Parallel()
	v := report.NewSuggestions([]migration.PilotSuggestion{
		{Definition: crm, Pilots: []migration.PilotGroup{{First: "1", State: migration.InstanceReady, Instances: 3, Activities: []migration.ActivityDefID{"a", "b"}}}, Uncovered: []migration.ActivityDefID{"c"}},
		{Definition: crm5},
	})
	want := `definition      pilot  state  alike  open activities
crm#3#process1  1      ready  3      a, b

crm#3#process1: c can be seen in blocked instances only.
crm#5#process1: all its instances are blocked.

starter pilot INSTANCE migrates one and shows every side effect.
`
	if diff := cmp.Diff(want, shown(t, report.Table, v)); diff != "" {
		t.Error(diff)
	}
}

func TestTroubleSaysHowARehearsalGoesOn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		entry  func(*migration.Entry)
		result migration.RehearsalResult
		want   string
	}{
		{"stopped", nil, migration.RehearsalResult{Stopped: "a decision", Undone: true}, "the rehearsal of 1 stopped: a decision"},
		{"ended_with_conflicts", nil, migration.RehearsalResult{Ended: true, Undone: true, Conflicts: 2}, "the rehearsal of 1 reached the end; 2 rows or files stay, because somebody changed them: starter show 1 names them"},
		{"its_migration_is_parked", func(e *migration.Entry) { e.State = migration.InstanceParked }, migration.RehearsalResult{Stopped: "x", Reason: migration.ReasonRecordConflict}, "the rehearsal of 1 stopped: x; starter resolve 1 --action ... goes on with the migration, and then nothing is rolled back"},
		{"not_taken_back", func(e *migration.Entry) { e.TargetID = "901" }, migration.RehearsalResult{Ended: true, Stopped: "x", Target: "901"}, "the rehearsal of 1 reached the end; x; starter rollback --discard-target-work 1 rolls it back"},
		{"migrated_anew_since", func(e *migration.Entry) { e.TargetID = "902" }, migration.RehearsalResult{Ended: true, Target: "901"}, "the rehearsal of 1 reached the end"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := entry("1", migration.InstanceReady)
			if tc.entry != nil {
				tc.entry(&e)
			}
			v := report.NewRehearsal(e, &migration.Rehearsal{Instance: "1", Result: &tc.result})
			if diff := cmp.Diff(tc.want, v.Trouble()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRehearsalCountsThePluginsThatRan(t *testing.T) {
	t.Parallel()
	mail := migration.RehearsalRun{Activity: "mail", Kind: "tool", Plugin: "EmailTool"}
	below := migration.RehearsalRun{Path: "equip", Activity: "mail", Kind: "tool", Plugin: "EmailTool"}
	route := migration.RehearsalRun{Activity: "gate", Kind: "route"}
	v := report.NewRehearsal(entry("1", migration.InstanceReady), &migration.Rehearsal{Result: &migration.RehearsalResult{Ended: true}, Steps: []migration.RehearsalStep{
		{Number: 1, Activity: "a", User: "cat", At: clock, Ran: []migration.RehearsalRun{mail, route}, Opened: []migration.RehearsalRun{{Path: "equip", Activity: "pick", Kind: "manual"}}},
		{Number: 2, Path: "equip", Activity: "pick", Ran: []migration.RehearsalRun{below, mail}},
		{Number: 3, Activity: "b"},
	}})
	if diff := cmp.Diff([]report.Tool{{Activity: "mail", Plugin: "EmailTool", Times: 2}, {Activity: "equip/mail", Plugin: "EmailTool", Times: 1}}, v.ToolsRan); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("2026-11-02T10:00:00Z  step 1  a by cat; then mail (tool), gate (route), open: equip/pick", v.Path[0].Progress()); diff != "" {
		t.Error(diff)
	}
	if got := v.Path[2].Progress(); !strings.HasSuffix(got, "then nothing new") {
		t.Errorf("%s", got)
	}
}
