package preflight_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/preflight"
)

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
	nobody := func(why string) []string { return []string{"FERRY-425 7_crm_approve: roleAnonymous: " + why} }
	anonymous := func(more ...func(*facts)) func(*facts) {
		return func(f *facts) {
			f.Instance.Requester = migration.AnonymousUser
			for _, change := range more {
				change(f)
			}
		}
	}
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
		{name: "a_requester_of_background_threads_is_another_finding", change: func(f *facts) { f.Instance.Requester = "roleSystem" }},
		{name: "a_requester_without_login_starts_so", change: anonymous(), want: []string{"FERRY-444 7_crm_approve: "}},
		{name: "a_mapped_requester_without_login_is_somebody", change: func(f *facts) {
			wanted := *f.Instance
			f.Wanted, f.Instance.Requester = &wanted, migration.AnonymousUser
		}},
		{name: "without_login_where_another_directory_is_in_use", change: anonymous(external, whitelist("group", "hr-team")), want: nobody("in none of the groups hr-team")},
		{name: "without_login_an_unpublished_version", change: anonymous(func(f *facts) { f.Users.Start.Published = false }), want: nobody("only administrators may start a version that is not published")},
		{name: "without_login_where_any_user_may", change: anonymous(whitelist("role", "loggedInUser")), want: nobody("only who is logged in may")},
		{name: "without_login_where_administrators_may", change: anonymous(whitelist("role", "adminUser")), want: nobody("only administrators may")},
		{name: "without_login_where_users_may", change: anonymous(whitelist("user", "usr-1,")), want: nobody("not among the users of the start whitelist")},
		{name: "without_login_where_a_head_may", change: anonymous(whitelist("hod", "dept-sales")), want: nobody("not the head of the department dept-sales")},
		{name: "without_login_where_a_plugin_decides", change: anonymous(whitelist("plugin", "org.Whitelist")), want: []string{"FERRY-426 7_crm_approve: roleAnonymous: plugin org.Whitelist decides"}},
		{name: "a_wreck_without_login_says_nothing", change: anonymous(func(f *facts) { f.Instance.State = migration.StateNotStarted })},
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
			got := only(said(preflight.Instance(&f)), "FERRY-421", "FERRY-422", "FERRY-423", "FERRY-424", "FERRY-425", "FERRY-426", "FERRY-444")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
