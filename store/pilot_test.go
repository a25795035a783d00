package store_test

import (
	"database/sql"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
	"jogetferry/test/mysqltest"
)

func TestPlanEach_has_findings_and_activities(t *testing.T) {
	t.Parallel()
	l := opened(t)
	page := planned(702, map[int]migration.InstanceState{2: migration.InstanceWarned})
	page[1].Findings = found("FERRY-416")
	page[1].Activities = []migration.ActivityDefID{"b", "a", "b"}
	savePlan(t, l, "p", page)
	n := 0
	for p, err := range l.PlanEach(t.Context(), mig, migration.Filter{}) {
		must(t, err)
		n++
		if p.Instance != id(2) {
			continue
		}
		want := page[1]
		want.Entry.Findings, want.Activities = 1, []migration.ActivityDefID{"a", "b"}
		if diff := cmp.Diff(want, p, cmpopts.IgnoreFields(migration.Entry{}, "UpdatedAt")); diff != "" {
			t.Errorf("entry (-want +got):\n%s", diff)
		}
	}
	if n != len(page) {
		t.Errorf("%d entries of %d", n, len(page))
	}
}

func TestFindingCounts_count_instances_that_no_wave_has_begun_with(t *testing.T) {
	t.Parallel()
	l := opened(t)
	page := planned(4, map[int]migration.InstanceState{1: migration.InstanceBlocked, 2: migration.InstanceWarned, 3: migration.InstanceWarned})
	page[0].Findings = found("FERRY-416", "FERRY-416", "FERRY-420")
	page[1].Findings = found("FERRY-416")
	page[2].Findings = found("FERRY-416")
	savePlan(t, l, "p", page)
	must(t, l.SaveFindings(t.Context(), mig, found("FERRY-108")))
	must(t, l.Progress(t.Context(), mig, id(3), migration.Change{State: migration.InstanceDone, Verdict: migration.VerdictSame}))
	got, err := l.FindingCounts(t.Context(), mig)
	must(t, err)
	want := []migration.FindingCount{
		{Definition: def, ID: "FERRY-416", Severity: migration.Warning, Instances: 2},
		{Definition: def, ID: "FERRY-420", Severity: migration.Warning, Instances: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestPilotGroups_gather_instances_that_stand_alike(t *testing.T) {
	t.Parallel()
	l := opened(t)
	page := planned(5, map[int]migration.InstanceState{4: migration.InstanceBlocked})
	for i, activities := range [][]migration.ActivityDefID{{"a", "b"}, {"b", "a"}, {"a"}, {"c"}, nil} {
		page[i].Activities = activities
	}
	savePlan(t, l, "p", page)
	got, err := l.PilotGroups(t.Context(), mig, migration.Filter{Instances: []migration.InstanceID{id(1), id(2), id(3), id(4), id(5)}})
	must(t, err)
	want := []migration.PilotGroup{
		{Definition: def, State: migration.InstanceBlocked, Activities: []migration.ActivityDefID{"c"}, Instances: 1, First: id(4)},
		{Definition: def, State: migration.InstanceReady, Activities: []migration.ActivityDefID{"a", "b"}, Instances: 2, First: id(1)},
		{Definition: def, State: migration.InstanceReady, Activities: []migration.ActivityDefID{"a"}, Instances: 1, First: id(3)},
		{Definition: def, State: migration.InstanceReady, Instances: 1, First: id(5)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}

func TestPilots_follow_what_becomes_of_them(t *testing.T) {
	t.Parallel()
	l := opened(t)
	page := planned(2, nil)
	target := migration.DefinitionID{Package: "crm_community", Version: "7", Process: "process1"}
	page[0].Target = target
	savePlan(t, l, "p", page)
	must(t, l.SavePilot(t.Context(), mig, id(1), "somebody@host"))
	page[0].Target.Version = "8"
	target = page[0].Target
	savePlan(t, l, "p2", page)
	must(t, l.SavePilot(t.Context(), mig, id(1), "operator@host"))
	wantCode(t, l.SavePilot(t.Context(), mig, "none", "operator@host"), migration.CodeNotFound)
	want := []migration.Pilot{{Instance: id(1), Definition: def, Target: target, State: migration.InstanceReady, By: "operator@host"}}
	verified := func() bool {
		t.Helper()
		got, err := l.Pilots(t.Context(), mig)
		must(t, err)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(migration.Pilot{}, "At")); diff != "" {
			t.Errorf("pilots (-want +got):\n%s", diff)
		}
		return got[0].Verified()
	}
	if verified() {
		t.Error("verified before it began")
	}
	must(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: migration.InstanceDone, Verdict: migration.VerdictAccepted}))
	want[0].State, want[0].Verdict = migration.InstanceDone, migration.VerdictAccepted
	if !verified() {
		t.Error("not verified though it is done and accepted")
	}
}

func TestPilots_are_not_what_a_wave_claims(t *testing.T) {
	t.Parallel()
	l := opened(t)
	savePlan(t, l, "p", planned(3, nil))
	// The wave that was stopped still stands in the entries.
	createWave(t, l, migration.Wave{Name: "w", Window: 9, Filter: migration.Filter{Instances: []migration.InstanceID{id(1), id(2)}}})
	stopped := migration.WaveStopped
	must(t, l.SetWave(t.Context(), mig, "w", migration.WaveChange{Status: &stopped}))
	must(t, l.SavePilot(t.Context(), mig, id(1), "operator@host")) // its workflow is never started
	must(t, l.SavePilot(t.Context(), mig, id(3), "operator@host"))
	createWave(t, l, migration.Wave{Name: "w", Window: 9, Filter: migration.Filter{Instances: []migration.InstanceID{id(1), id(2)}}})
	if claimed, _ := claimNext(t, l, "w", "token", 0); len(claimed) != 2 {
		t.Fatalf("%d were claimed, want 2", len(claimed))
	}
	wantCode(t, l.SavePilot(t.Context(), mig, id(2), "operator@host"), migration.CodeConflict)
	for number := range 3 {
		must(t, l.Progress(t.Context(), mig, id(number+1), migration.Change{State: migration.InstanceDone, Verdict: migration.VerdictSame}))
	}
	pilots, err := l.Pilots(t.Context(), mig)
	must(t, err)
	if len(pilots) != 1 || pilots[0].Instance != id(3) || !pilots[0].Verified() {
		t.Errorf("pilots %+v, want the one that no wave claimed", pilots)
	}
}

func TestUpgrade_begins_again_where_a_process_died(t *testing.T) {
	t.Parallel()
	dsn := mysqltest.DSN(t)
	must(t, open(t, dsn).Close())
	db, err := sql.Open("mysql", dsn)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	for _, statement := range []string{"DROP TABLE pilot", "DELETE FROM schema_version WHERE version_id > 0"} {
		_, err := db.ExecContext(t.Context(), statement)
		must(t, err)
	}
	_, err = open(t, dsn).Pilots(t.Context(), mig)
	must(t, err)
}

func TestWritten_counts_rows_by_table(t *testing.T) {
	t.Parallel()
	l := opened(t)
	key := migration.ClaimKey{Source: "s", Instance: id(1), Target: "t"}
	images := l.RowImages(mig, key)
	row := func(table, id string, content byte) migration.RowImage {
		return migration.RowImage{Key: migration.RowKey{Table: table, ID: migration.RecordID(id)}, WrittenDigest: migration.Digest{content}}
	}
	all := []migration.RowImage{row("case", "1", 1), row("case", "1", 2), row("lines", "2", 1), row("lines", "3", 1)}
	must(t, images.Keep(t.Context(), append(all, row("notes", "4", 1))))
	must(t, images.Wrote(t.Context(), all))
	got, err := l.Written(t.Context(), key)
	must(t, err)
	if diff := cmp.Diff(migration.Written{Rows: map[string]int{"case": 1, "lines": 2}}, got); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
}

func TestHindrances_count_blocked_instances_that_are_alike(t *testing.T) {
	t.Parallel()
	l := opened(t)
	blocking := func(id string, way migration.Way) migration.Finding {
		return migration.Finding{ID: id, Severity: migration.Blocking, Subject: "s", Message: "m", Remedy: "r", Way: way}
	}
	warned := blocking("FERRY-416", migration.WayResume)
	warned.Severity = migration.Warning
	number, variable := blocking("FERRY-302", migration.WayRekey), blocking("FERRY-413", migration.WayVariables)
	states := map[int]migration.InstanceState{9: migration.InstanceWarned}
	for n := 1; n <= 8; n++ {
		states[n] = migration.InstanceBlocked
	}
	page := planned(10, states)
	for i, findings := range [][]migration.Finding{
		{number, variable, variable, warned},
		{variable, number},
		{number},
		{blocking("FERRY-303", migration.WayRekey)},
		{number, blocking("FERRY-415", ""), blocking("FERRY-402", ""), blocking("FERRY-415", "")},
		{blocking("FERRY-402", ""), number, blocking("FERRY-415", "")},
		{warned},
		nil,
		{warned, number},
	} {
		page[i].Findings = findings
	}
	page[3].Target = migration.DefinitionID{Package: "crm_community", Version: "7", Process: "process1"}
	savePlan(t, l, "p", page)
	must(t, l.SaveFindings(t.Context(), mig, []migration.Finding{blocking("FERRY-203", "")}))

	got, err := l.Hindrances(t.Context(), mig)
	must(t, err)
	want := []migration.Hindrance{
		{Definition: def, Instances: 2},
		{Definition: def, Ways: []migration.Way{migration.WayVariables, migration.WayRekey}, Instances: 2},
		{Definition: def, Ways: []migration.Way{migration.WayRekey}, Instances: 1},
		{Definition: def, Ways: []migration.Way{migration.WayRekey}, Checks: []string{"FERRY-402", "FERRY-415"}, Instances: 2},
		{Definition: def, Target: page[3].Target, Ways: []migration.Way{migration.WayRekey}, Instances: 1},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("hindrances (-want +got):\n%s", diff)
	}
}
