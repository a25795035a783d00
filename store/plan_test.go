package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jogetferry/migration"
	"jogetferry/store"
	"jogetferry/test/mysqltest"
)

var ignoreTime = cmpopts.IgnoreFields(migration.Entry{}, "UpdatedAt")

func all(t *testing.T, l *store.Ledger, f migration.Filter) []migration.Entry {
	t.Helper()
	var entries []migration.Entry
	for e, err := range l.EntriesEach(t.Context(), mig, f) {
		must(t, err)
		entries = append(entries, e)
	}
	return entries
}

func TestSavePlan_keeps_order_and_replaces_findings(t *testing.T) {
	t.Parallel()
	l := opened(t)
	page := planned(1203, map[int]migration.InstanceState{2: migration.InstanceWarned, 3: migration.InstanceBlocked})
	page[1].Target = migration.DefinitionID{Package: "crm_community", Version: "7", Process: "process1"}
	finding := migration.Finding{ID: "FERRY-401", Severity: migration.Warning, Subject: string(id(2)), Message: "m", Seen: "seen", Remedy: "r"}
	page[1].Findings = []migration.Finding{finding}
	must(t, l.SavePlan(t.Context(), mig, "p1", page[600:]))
	must(t, l.SavePlan(t.Context(), mig, "p1", page[:600]))
	must(t, l.SavePlan(t.Context(), mig, "p1", page[:600])) // a page may come again
	must(t, l.SaveFindings(t.Context(), mig, []migration.Finding{finding, finding}))
	must(t, l.SaveFindings(t.Context(), mig, []migration.Finding{finding}))

	got := all(t, l, migration.Filter{})
	var want []migration.Entry
	for _, p := range append(append([]migration.PlanEntry{}, page[600:]...), page[:600]...) {
		p.Entry.Findings = len(p.Findings)
		want = append(want, p.Entry)
	}
	if diff := cmp.Diff(want, got, ignoreTime); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	for _, of := range []migration.InstanceID{id(2), ""} {
		findings, err := l.Findings(t.Context(), mig, of)
		must(t, err)
		if diff := cmp.Diff([]migration.Finding{finding}, findings); diff != "" {
			t.Errorf("findings of %q (-want +got):\n%s", of, diff)
		}
	}
	page[1].Findings = nil
	must(t, l.SavePlan(t.Context(), mig, "p2", page[1:2]))
	if left, err := l.Findings(t.Context(), mig, id(2)); err != nil || len(left) > 0 {
		t.Errorf("a plan that found nothing left %v, %v", left, err)
	}
}

func TestSavePlan_needs_a_bound_migration(t *testing.T) {
	t.Parallel()
	l := open(t, mysqltest.DSN(t))
	wantCode(t, l.SavePlan(t.Context(), mig, "p", planned(1, nil)), migration.CodeNotFound)
	_, err := l.FinishPlan(t.Context(), mig, "p")
	wantCode(t, err, migration.CodeNotFound)
	_, err = l.Bound(t.Context(), mig)
	wantCode(t, err, migration.CodeNotFound)
}

func TestPlan_again_changes_the_target_of_what_was_parked_for_it(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		reason migration.Reason
		target migration.InstanceID
		want   string // version
	}{
		{"blocked_before_the_start", migration.ReasonSourceBlocked, "", "8"},
		{"blocked_after_the_start", migration.ReasonSourceBlocked, "99_crm", "7"},
		{"parked_for_something_else", migration.ReasonTargetMoved, "", "7"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := opened(t)
			page := planned(1, nil)
			page[0].Target = migration.DefinitionID{Package: "crm_community", Version: "7", Process: "process1"}
			savePlan(t, l, "p1", page)
			must(t, l.Progress(t.Context(), mig, id(1), migration.Change{State: migration.InstanceParked, Reason: tc.reason, TargetID: tc.target}))
			page[0].Target.Version = "8"
			savePlan(t, l, "p2", page)
			page[0].Target = migration.DefinitionID{}
			savePlan(t, l, "p3", page)
			if got := entry(t, l, 1).Target.Version; got != tc.want {
				t.Errorf("version %q, want %q", got, tc.want)
			}
		})
	}
}

func TestPlan_again_moves_only_what_no_wave_has_begun(t *testing.T) {
	t.Parallel()
	const done, parked, flight, failed = migration.InstanceDone, migration.InstanceParked, migration.InstanceRunning, migration.InstanceFailed
	cases := []struct {
		name   string
		before migration.Change
		state  migration.InstanceState // planned again; "" for not seen
		want   migration.InstanceState
		reason migration.Reason
	}{
		{"ready_seen_as_blocked_is_blocked", migration.Change{}, migration.InstanceBlocked, migration.InstanceBlocked, ""},
		{"ready_not_seen_is_skipped", migration.Change{}, "", migration.InstanceSkipped, migration.ReasonSourceClosed},
		{"in_flight_seen_stays", migration.Change{State: flight}, migration.InstanceBlocked, flight, ""},
		{"in_flight_not_seen_stays", migration.Change{State: flight}, "", flight, ""},
		{"done_seen_stays", migration.Change{State: done, Verdict: migration.VerdictSame}, migration.InstanceReady, done, ""},
		{"done_not_seen_stays", migration.Change{State: done, Verdict: migration.VerdictSame}, "", done, ""},
		{"parked_keeps_its_reason", migration.Change{State: parked, Reason: migration.ReasonTargetMoved}, migration.InstanceReady, parked, migration.ReasonTargetMoved},
		{"failed_seen_is_ready_again", migration.Change{State: failed, Reason: migration.ReasonOperator}, migration.InstanceReady, migration.InstanceReady, ""},
		{"failed_not_seen_stays", migration.Change{State: failed, Reason: migration.ReasonOperator}, "", failed, migration.ReasonOperator},
		{
			"skipped_by_the_operator_stays",
			migration.Change{State: migration.InstanceSkipped, Reason: migration.ReasonOperator},
			migration.InstanceReady, migration.InstanceSkipped, migration.ReasonOperator,
		},
		{
			"skipped_by_an_earlier_plan_comes_back",
			migration.Change{State: migration.InstanceSkipped, Reason: migration.ReasonSourceClosed},
			migration.InstanceReady, migration.InstanceReady, "",
		},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := opened(t)
			savePlan(t, l, "p1", planned(2, nil))
			if tc.before.State != "" {
				must(t, l.Progress(t.Context(), mig, id(1), tc.before))
			}
			again := planned(2, map[int]migration.InstanceState{1: tc.state})
			if tc.state == "" {
				again = again[1:]
			}
			savePlan(t, l, "p2", again)
			got := entry(t, l, 1)
			if got.State != tc.want || got.Reason != tc.reason {
				t.Errorf("got %s (%s), want %s (%s)", got.State, got.Reason, tc.want, tc.reason)
			}
			if e := entry(t, l, 2); e.State != migration.InstanceReady {
				t.Errorf("the other entry became %s", e.State)
			}
			if told := lines(t, l, id(2)); len(told) > 0 {
				t.Errorf("the other entry did not change, and its log says %q", told)
			}
		})
	}
}

func TestPlan_has_seen_what_a_rollback_gives_back_before_it_ends(t *testing.T) {
	t.Parallel()
	l := opened(t)
	begun(t, l, 1, map[int]migration.InstanceState{1: migration.InstanceParked})
	must(t, l.SavePlan(t.Context(), mig, "p2", planned(1, nil)))
	must(t, l.BeginRollback(t.Context(), mig, id(1)))
	must(t, l.EndRollback(t.Context(), mig, id(1), false))
	gone, err := l.FinishPlan(t.Context(), mig, "p2")
	must(t, err)
	if e := entry(t, l, 1); gone != 0 || e.State != migration.InstanceReady {
		t.Errorf("%d are gone, the entry is %s", gone, e.State)
	}
}

func TestFilter_selects_entries_and_counts_alike(t *testing.T) {
	t.Parallel()
	l := opened(t)
	page := planned(6, map[int]migration.InstanceState{2: migration.InstanceWarned, 3: migration.InstanceBlocked})
	page[3].Definition.Process = "process2"
	page[4].Requester = "Clark"
	page[5].Definition.Version = "4"
	page[1].Started = 0
	savePlan(t, l, "p", page)
	_, err := l.CreateWave(t.Context(), mig, migration.Wave{Name: "w", Window: 1, Filter: migration.Filter{Instances: []migration.InstanceID{id(1)}}})
	must(t, err)
	cases := []struct {
		name   string
		filter migration.Filter
		want   []int
	}{
		{"nothing_selects_all", migration.Filter{}, []int{1, 2, 3, 4, 5, 6}},
		{"states", migration.Filter{States: []migration.InstanceState{migration.InstanceReady, migration.InstanceBlocked}}, []int{1, 3, 4, 5, 6}},
		{"process_covers_all_versions", migration.Filter{Processes: []string{"crm_community/process1"}}, []int{1, 2, 3, 5, 6}},
		{"requester_in_any_spelling", migration.Filter{Requester: "clark "}, []int{5}},
		{"started_before_excludes_the_moment_and_what_never_started", migration.Filter{StartedBefore: 4}, []int{1, 3}},
		{"instances", migration.Filter{Instances: []migration.InstanceID{id(4), id(2)}}, []int{2, 4}},
		{"no_warned", migration.Filter{NoWarned: true}, []int{1, 3, 4, 5, 6}},
		{"wave", migration.Filter{Wave: "w"}, []int{1}},
		{"reason", migration.Filter{Reason: migration.ReasonOperator}, nil},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			var got []migration.InstanceID
			for after := int64(0); ; {
				part, next, err := l.Entries(t.Context(), mig, tc.filter, after, 2)
				must(t, err)
				for _, e := range part {
					got = append(got, e.Instance)
				}
				if after = next; next == 0 {
					break
				}
			}
			var want []migration.InstanceID
			for _, number := range tc.want {
				want = append(want, id(number))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			counts, err := l.Counts(t.Context(), mig, tc.filter)
			must(t, err)
			if counts.Total() != len(want) {
				t.Errorf("counted %+v, want %d", counts, len(want))
			}
		})
	}
	byDefinition, err := l.CountsByDefinition(t.Context(), mig, migration.Filter{})
	must(t, err)
	process2, version4 := def, def
	process2.Process, version4.Version = "process2", "4"
	want := []migration.DefinitionCounts{
		{Definition: def, Counts: migration.Counts{Ready: 2, Warned: 1, Blocked: 1}},
		{Definition: process2, Counts: migration.Counts{Ready: 1}},
		{Definition: version4, Counts: migration.Counts{Ready: 1}},
	}
	if diff := cmp.Diff(want, byDefinition); diff != "" {
		t.Errorf("by definition (-want +got):\n%s", diff)
	}
}

func TestIDs_that_differ_by_case_are_two(t *testing.T) {
	t.Parallel()
	l := opened(t)
	page := planned(2, nil)
	page[0].Instance, page[1].Instance = "1_app_Proc", "1_app_proc"
	page[0].Record, page[1].Record = "ABC", "abc"
	savePlan(t, l, "p", page)
	if got := all(t, l, migration.Filter{}); len(got) != 2 {
		t.Fatalf("%d entries", len(got))
	}
	for i, p := range page {
		key := migration.ClaimKey{Source: "s", Instance: p.Instance, Target: "t"}
		_, got, err := l.Claim(t.Context(), key, p.Record, "token", mig)
		if err != nil || !got {
			t.Errorf("claim %d: %v, %v", i, got, err)
		}
	}
}
