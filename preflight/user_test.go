package preflight_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/preflight"
)

// only keeps what some checks said.
func only(lines []string, ids ...string) []string {
	var kept []string
	for _, line := range lines {
		for _, id := range ids {
			if strings.HasPrefix(line, id) {
				kept = append(kept, line)
			}
		}
	}
	return kept
}

func TestUsers(t *testing.T) {
	t.Parallel()
	type facts = preflight.InstanceFacts
	account := func(u migration.User, change func(*preflight.Account)) func(*facts) {
		return func(f *facts) {
			a := f.Users.Accounts[u]
			change(&a)
			f.Users.Accounts[u] = a
		}
	}
	standing := func(u migration.User, s preflight.Standing) func(*facts) {
		return account(u, func(a *preflight.Account) { a.Standing = s })
	}
	whitelist := func(kind, value string, more ...func(*facts)) func(*facts) {
		return func(f *facts) {
			f.Users.Start.Whitelist = &migration.Participant{Process: "approve", Participant: "processStartWhiteList", Type: kind, Value: value}
			for _, change := range more {
				change(f)
			}
		}
	}
	admin := account("cat", func(a *preflight.Account) { a.Roles = []string{"ROLE_ADMIN"} })
	external := account("cat", func(a *preflight.Account) { a.External, a.Roles, a.Groups, a.Departments = true, nil, nil, nil })
	refused := func(why string) []string { return []string{"FERRY-425 7_crm_approve: cat: " + why} }
	unknown := func(why string) []string { return []string{"FERRY-426 7_crm_approve: cat: " + why} }
	for _, tc := range []struct {
		name   string
		change func(*facts)
		want   []string
	}{
		{name: "everybody_is_there", change: func(*facts) {}},
		{name: "nobody_looked", change: func(f *facts) { f.Users = nil }},
		{name: "requester_unknown", change: standing("cat", preflight.StandingMissing), want: []string{"FERRY-421 7_crm_approve: cat"}},
		{name: "requester_cannot_be_known", change: standing("cat", preflight.StandingUnknown), want: []string{"FERRY-421 7_crm_approve: cat: cannot be known"}},
		{name: "requester_inactive", change: standing("cat", preflight.StandingInactive), want: []string{"FERRY-422 7_crm_approve: cat"}},
		{name: "a_requester_without_login_is_another_finding", change: func(f *facts) {
			f.Instance.Requester = migration.AnonymousUser
			f.Users.Accounts[migration.AnonymousUser] = preflight.Account{Standing: preflight.StandingMissing}
		}},
		{name: "a_mapped_requester_is_looked_up_by_the_targets_name", change: func(f *facts) {
			wanted := *f.Instance
			wanted.Requester = "jack"
			f.Wanted, f.Instance.Requester = &wanted, "gone"
		}, want: []string{"FERRY-421 7_crm_approve: jack"}},
		{name: "assignee_unknown", change: standing("clark", preflight.StandingMissing), want: []string{"FERRY-423 7_crm_approve: approve: clark is unknown"}},
		{name: "assignee_inactive", change: standing("clark", preflight.StandingInactive), want: []string{"FERRY-423 7_crm_approve: approve: clark is inactive"}},
		{name: "assignee_cannot_be_named", change: account("clark", func(a *preflight.Account) { a.Refused = true }), want: []string{
			"FERRY-423 7_crm_approve: approve: clark has a name that no call can carry",
		}},
		{name: "assignee_cannot_be_known", change: standing("clark", preflight.StandingUnknown), want: []string{"FERRY-423 7_crm_approve: approve: clark cannot be known"}},
		{name: "acceptor_unknown_is_said_once", change: standing("terry", preflight.StandingMissing), want: []string{"FERRY-424 7_crm_approve: check: terry is unknown"}},
		{name: "nobody_accepted", change: func(f *facts) { f.Instance.Activities[1].AcceptedBy = "" }},
		{name: "a_wreck_says_nothing", change: func(f *facts) {
			f.Instance.State = migration.StateNotStarted
			f.Users.Accounts = map[migration.User]preflight.Account{"cat": {}, "clark": {}, "terry": {}}
		}},

		{name: "an_unknown_requester_is_not_refused_too", change: func(f *facts) {
			whitelist("group", "hr-team")(f)
			standing("cat", preflight.StandingMissing)(f)
		}, want: []string{"FERRY-421 7_crm_approve: cat"}},
		{name: "no_definition_to_start", change: func(f *facts) { f.Users.Start = nil }},
		{name: "no_role", change: account("cat", func(a *preflight.Account) { a.Roles = nil }), want: refused("without any role")},
		{name: "an_unpublished_version", change: func(f *facts) { f.Users.Start.Published = false }, want: refused("only administrators may start a version that is not published")},
		{name: "an_unpublished_version_and_an_administrator", change: func(f *facts) { f.Users.Start.Published = false; admin(f) }},
		{name: "an_unpublished_version_has_no_whitelist", change: func(f *facts) { whitelist("plugin", "x")(f); f.Users.Start.Published = false }, want: refused("only administrators may start a version that is not published")},
		{name: "any_user", change: whitelist("role", "loggedInUser")},
		{name: "administrators", change: whitelist("role", "adminUser"), want: refused("only administrators may")},
		{name: "administrators_and_one", change: whitelist("role", "adminUser", admin)},
		{name: "a_role_that_joget_does_not_have", change: whitelist("role", "manager"), want: unknown("a start whitelist of type role manager lets nobody start")},
		{name: "users_by_id", change: whitelist("user", "x;usr-1")},
		{name: "users_by_id_as_the_database_compares", change: whitelist("user", "x,USR-1 ")},
		{name: "users_are_not_meant_by_name", change: whitelist("user", "cat"), want: refused("not among the users of the start whitelist")},
		{name: "a_group", change: whitelist("group", "hr-team,sales")},
		{name: "another_group", change: whitelist("group", "hr-team,it"), want: refused("in none of the groups hr-team,it")},
		{name: "a_department", change: whitelist("department", "dept-sales")},
		{name: "another_department", change: whitelist("department", "dept-hr"), want: refused("not in the department dept-hr")},
		{name: "the_head", change: whitelist("hod", "dept-sales", func(f *facts) { f.Users.Start.Head = "usr-1" })},
		{name: "not_the_head", change: whitelist("hod", "dept-sales", func(f *facts) { f.Users.Start.Head = "usr-2" }), want: refused("not the head of the department dept-sales")},
		{name: "no_head", change: whitelist("hod", "dept-sales"), want: refused("not the head of the department dept-sales")},
		{name: "requester", change: whitelist("requester", ""), want: refused("a start whitelist of type requester  lets nobody start")},
		{name: "subordinates", change: whitelist("requesterSubordinates", "runProcess"), want: refused("a start whitelist of type requesterSubordinates runProcess lets nobody start")},
		{name: "variable", change: whitelist("workflowVariable", "who,user"), want: refused("a start whitelist of type workflowVariable who,user lets nobody start")},
		{name: "plugin", change: whitelist("plugin", "org.Whitelist"), want: unknown("plugin org.Whitelist decides")},
		{name: "another_type", change: whitelist("new", ""), want: unknown("a start whitelist of type new  lets nobody start")},
		{name: "groups_from_elsewhere", change: whitelist("group", "hr-team", external), want: unknown("without any role, as far as the directory's tables tell")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := facts{
				Part: preflight.Part{Instance: &migration.Instance{
					ID: "7_crm_approve", App: "crm", State: migration.StateRunning, Requester: "cat", Record: "rec-1",
					Activities: []migration.OpenActivity{
						{ID: "1_7", DefID: "approve", State: migration.StateNotStarted, Assignments: []migration.Assignment{{User: "clark"}}},
						{ID: "2_7", DefID: "check", State: migration.StateRunning, AcceptedBy: "terry", Assignments: []migration.Assignment{{User: "terry", Accepted: true}}},
					},
				}},
				Users: &preflight.UserFacts{
					Accounts: map[migration.User]preflight.Account{
						"cat": {
							Standing: preflight.StandingActive, ID: "usr-1", Roles: []string{"ROLE_USER"},
							Groups: []string{"sales", "approvers"}, Departments: []string{"dept-sales"},
						},
						"clark": {Standing: preflight.StandingActive}, "terry": {Standing: preflight.StandingActive},
						"jack": {Standing: preflight.StandingMissing}, "gone": {Standing: preflight.StandingMissing},
					},
					Start: &preflight.StartRule{Published: true},
				},
			}
			tc.change(&f)
			got := only(said(preflight.Instance(&f)), "FERRY-421", "FERRY-422", "FERRY-423", "FERRY-424", "FERRY-425", "FERRY-426")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

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
