package preflight_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/preflight"
)

func TestDeadlinesAndLimits(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) migration.EpochMillis { return migration.EpochMillis(now.Add(d).UnixMilli()) }
	type facts = preflight.InstanceFacts
	due := func(d time.Duration) func(*facts) {
		return func(f *facts) {
			f.Instance.Activities[0].Deadlines, f.Instance.Activities[0].NextDeadline = 1, at(d)
		}
	}
	limited := strings.NewReplacer(
		`<DataFields>`, `<ProcessHeader DurationUnit="h"><Limit>48</Limit></ProcessHeader><DataFields>`,
		`<Activity Id="approve">`, `<Activity Id="approve"><Limit>2</Limit>`,
	).Replace(definition)
	for _, tc := range []struct {
		name   string
		change func(*facts)
		want   []string
	}{
		{name: "neither", change: func(*facts) {}},
		{name: "a_deadline_far_away", change: due(2 * time.Hour), want: []string{"FERRY-416 7_crm_approve: approve: was due 2026-03-01 14:00 UTC"}},
		{name: "a_deadline_within_the_hour", change: due(59 * time.Minute), want: []string{
			"FERRY-416 7_crm_approve: approve: was due 2026-03-01 12:59 UTC", "FERRY-431 7_crm_approve: approve: due 2026-03-01 12:59 UTC",
		}},
		{name: "overdue", change: due(-time.Hour), want: []string{
			"FERRY-416 7_crm_approve: approve: was due 2026-03-01 11:00 UTC", "FERRY-431 7_crm_approve: approve: due 2026-03-01 11:00 UTC",
		}},
		{name: "all_have_fired", change: func(f *facts) { f.Instance.Activities[0].Deadlines = 1 }, want: []string{"FERRY-416 7_crm_approve: approve"}},
		{name: "a_source_that_fires_none", change: func(f *facts) { due(0)(f); f.Deadlines.SourceFires = false }, want: []string{
			"FERRY-416 7_crm_approve: approve: was due 2026-03-01 12:00 UTC; the source does not look for deadlines",
		}},
		{name: "neither_fires_any", change: func(f *facts) { due(0)(f); *f.Deadlines = preflight.DeadlineFacts{} }, want: []string{
			"FERRY-416 7_crm_approve: approve: was due 2026-03-01 12:00 UTC; neither server looks for deadlines",
		}},
		{name: "a_suspended_instance_fires_none", change: func(f *facts) { due(0)(f); f.Instance.State = migration.StateSuspended }, want: []string{
			"FERRY-416 7_crm_approve: approve: was due 2026-03-01 12:00 UTC",
		}},
		{name: "a_target_that_fires_none", change: func(f *facts) { due(2 * time.Hour)(f); f.Deadlines.TargetFires = false }, want: []string{
			"FERRY-416 7_crm_approve: approve: was due 2026-03-01 14:00 UTC; the target does not look for deadlines",
		}},
		{name: "nobody_looked", change: func(f *facts) { due(0)(f); f.Deadlines = nil }, want: []string{"FERRY-416 7_crm_approve: approve: was due 2026-03-01 12:00 UTC"}},
		{name: "limits", change: func(f *facts) { f.Source = process(t, limited) }, want: []string{
			"FERRY-430 7_crm_approve: the instance: was due 2026-03-02 12:00 UTC", "FERRY-430 7_crm_approve: approve: was due 2026-03-01 13:00 UTC",
		}},
		{name: "limits_of_what_never_began", change: func(f *facts) {
			f.Source, f.Instance.Started, f.Instance.Activities = process(t, limited), 0, nil
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := facts{
				Part: preflight.Part{Source: process(t, definition), Instance: &migration.Instance{
					ID: "7_crm_approve", App: "crm", State: migration.StateRunning, Requester: "cat", Record: "rec-1", Started: at(-24 * time.Hour),
					Activities: []migration.OpenActivity{{ID: "1_7", DefID: "approve", State: migration.StateNotStarted, Activated: at(-time.Hour)}},
				}},
				Deadlines: &preflight.DeadlineFacts{Now: at(0), SourceFires: true, TargetFires: true},
			}
			tc.change(&f)
			findings := preflight.Instance(&f)
			for _, found := range findings {
				if quiet := strings.Contains(found.Seen, "neither"); found.ID == "FERRY-416" && quiet != (found.Severity == migration.Note) {
					t.Errorf("%q is a %s", found.Seen, found.Severity)
				}
			}
			got := only(said(findings), "FERRY-416", "FERRY-430", "FERRY-431")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
