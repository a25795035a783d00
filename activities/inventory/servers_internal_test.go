package inventory

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
	"jogetferry/preflight"
	"jogetferry/test/activitytest"
)

// server is a database of Joget and a way to write to it.
func server(t *testing.T) (*schema.DB, func(query string, args ...any)) {
	t.Helper()
	s := activitytest.NewServer(t)
	return s.DB, s.Exec
}

func TestGatherCopying(t *testing.T) {
	t.Parallel()
	source, put := server(t)
	target, putTarget := server(t)
	now := time.Now().UnixMilli()
	work := func(put func(string, ...any), oid int, definition string, at int64) {
		put("INSERT INTO SHKProcessDefinitions (Name, PackageId, ProcessDefinitionId, ProcessDefinitionCreated, ProcessDefinitionVersion, State, oid, version) VALUES (?, 'p', 'd', 1, '1', 0, ?, 1)", definition, oid)
		put("INSERT INTO SHKProcesses (SyncVersion, Id, ProcessDefinition, PDefName, ResourceRequesterId, State, Created, CreatedTZO, LastStateTime, LastStateTimeTZO, LimitTime, LimitTimeTZO, oid, version) VALUES (0, ?, ?, ?, 'cat', 1000000, 1, 0, 1, 0, 1, 0, ?, 1)", definition, oid, definition, oid)
		put("INSERT INTO SHKActivities (Id, ActivityDefinitionId, Process, PDefName, ProcessId, ResourceId, State, Activated, ActivatedTZO, LastStateTime, LastStateTimeTZO, LimitTime, LimitTimeTZO, oid, version) VALUES (?, 'a', ?, ?, ?, 'cat', 1000001, 1, 0, ?, 0, 1, 0, ?, 1)",
			definition, oid, definition, definition, at, oid)
	}
	work(put, 1, "crm#1#approve", now)
	work(put, 2, "crm#2#approve", now)
	work(put, 3, "crm#1#other", now-time.Hour.Milliseconds())
	work(put, 4, "hr#1#leave", now)
	work(putTarget, 1, "sales#7#approve", now)
	work(putTarget, 2, "hr#1#leave", now)
	c := &Activities{Servers: between(source, target, step.Settings{Processes: []string{"crm/approve", "crm/other"}, Mapping: migration.Mapping{
		AnyVersion: map[string]migration.DefinitionID{"crm/approve": {Package: "sales", Version: migration.Latest, Process: "approve"}},
	}})}
	var got preflight.CopyingFacts
	for _, gather := range []func(context.Context, *preflight.CopyingFacts) error{c.gatherGenerations, c.gatherClocks, c.gatherWork} {
		if err := gather(t.Context(), &got); err != nil {
			t.Fatal(err)
		}
	}
	if max(got.SourceClock.Abs(), got.TargetClock.Abs()) > 10*time.Second {
		t.Errorf("the clocks of one machine are apart: %s, %s", got.SourceClock, got.TargetClock)
	}
	got.SourceClock, got.TargetClock = 0, 0
	want := preflight.CopyingFacts{SourceGeneration: 8, TargetGeneration: 8, SourceWork: map[string]int{"crm": 2}, TargetWork: map[string]int{"sales": 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

// page makes the facts of instances as gather does before it comes to users.
func page(t *inventory, instances ...migration.Instance) []preflight.InstanceFacts {
	facts := make([]preflight.InstanceFacts, len(instances))
	for i := range instances {
		facts[i] = t.act.baseFacts(&instances[i], t.act.Settings.Wanted(&instances[i]))
	}
	return facts
}

func TestGatherUsers(t *testing.T) {
	t.Parallel()
	source, _ := server(t)
	target, put := server(t)
	put("INSERT INTO dir_user (id, username, active) VALUES ('old-1', 'old', 0)")
	definition := migration.DefinitionID{Package: "crm", Version: "1", Process: "approve"}
	c := &Activities{Servers: between(source, target, step.Settings{Mapping: migration.Mapping{Users: map[migration.User]migration.User{"source-roy": "roy"}}})}
	tt := newInventory(c, contract.InventoryInput{})
	whitelist := migration.Participant{Process: "approve", Participant: "processStartWhiteList", Type: "hod", Value: "dept-it"}
	tt.definitions[definition] = definitionTo(&definition, whitelist)
	facts := page(tt, migration.Instance{
		Definition: definition, Requester: "source-roy", Activities: []migration.OpenActivity{
			{AcceptedBy: "old"}, {Assignments: []migration.Assignment{{User: "julia"}, {User: "nobody"}}},
		},
	}, migration.Instance{Definition: definition, Requester: migration.AnonymousUser})
	if err := tt.gatherUsers(t.Context(), facts); err != nil {
		t.Fatal(err)
	}
	roy := preflight.Account{Standing: preflight.StandingActive, ID: "usr-00000007", Roles: []string{"ROLE_USER"}, Groups: []string{"it-team"}, Departments: []string{"dept-it"}}
	julia := preflight.Account{Standing: preflight.StandingActive, ID: "julia"}
	want := preflight.UserFacts{
		Accounts: map[migration.User]preflight.Account{
			"roy": roy, "julia": julia, "old": {Standing: preflight.StandingInactive, ID: "old-1"}, "nobody": {Standing: preflight.StandingMissing},
		},
		Start: &preflight.StartRule{Published: true, Whitelist: &whitelist, Head: "usr-00000007"},
	}
	if diff := cmp.Diff(want, *facts[0].Users); diff != "" {
		t.Errorf("first page (-want +got):\n%s", diff)
	}
	// Whoever was an assignee is asked for memberships when first a requester.
	facts = page(tt, migration.Instance{Definition: definition, Requester: "julia"})
	if err := tt.gatherUsers(t.Context(), facts); err != nil {
		t.Fatal(err)
	}
	julia.Roles, julia.Groups, julia.Departments = []string{"ROLE_USER"}, []string{"approvers", "finance-team"}, []string{"dept-finance"}
	if diff := cmp.Diff(julia, facts[0].Users.Accounts["julia"]); diff != "" {
		t.Errorf("second page (-want +got):\n%s", diff)
	}
	// Nobody is asked for twice: what the directory says now is not seen.
	put("DELETE FROM dir_user_role")
	put("UPDATE dir_user SET active = 0")
	facts = page(tt, migration.Instance{Definition: definition, Requester: "julia"})
	if err := tt.gatherUsers(t.Context(), facts); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(julia, facts[0].Users.Accounts["julia"]); diff != "" {
		t.Errorf("third page (-want +got):\n%s", diff)
	}
}

// definitionTo is a definition that has maps to, with a participant mapping.
func definitionTo(to *migration.DefinitionID, p migration.Participant) *definition {
	d := &definition{id: *to, target: *to}
	d.facts.Target = preflight.DefinitionSide{Process: &xpdl.Process{Key: to.Process}, Published: true, Participants: []migration.Participant{p}}
	return d
}

func TestAnotherDirectoryIsProbed(t *testing.T) {
	t.Parallel()
	source, _ := server(t)
	target, put := server(t)
	put("INSERT INTO wf_setup (id, property, value) VALUES ('d', 'directoryManagerImpl', 'org.LdapDirectory')")
	for _, tc := range []struct {
		name  string
		probe func(context.Context, migration.User) (bool, error)
		want  map[migration.User]preflight.Standing
	}{
		{name: "without_a_probe", want: map[migration.User]preflight.Standing{"cat": preflight.StandingActive, "ldap": preflight.StandingUnknown, "gone": preflight.StandingUnknown}},
		{
			name: "with_a_probe", probe: func(_ context.Context, u migration.User) (bool, error) { return u == "ldap", nil },
			want: map[migration.User]preflight.Standing{"cat": preflight.StandingActive, "ldap": preflight.StandingActive, "gone": preflight.StandingMissing},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			probes := 0
			c := &Activities{Servers: between(source, target, step.Settings{Mapping: migration.Mapping{Users: map[migration.User]migration.User{"a": "gone", "b": "cat"}}})}
			if tc.probe != nil {
				c.Probe = func(ctx context.Context, u migration.User) (bool, error) {
					probes++
					return tc.probe(ctx, u)
				}
			}
			tt := newInventory(c, contract.InventoryInput{})
			for range 2 {
				if err := tt.accounts(t.Context(), []migration.User{"cat", "ldap", "gone"}); err != nil {
					t.Fatal(err)
				}
			}
			got := map[migration.User]preflight.Standing{}
			for u, a := range tt.people.accounts {
				got[u] = a.Standing
				if !a.External {
					t.Errorf("%s is not marked external", u)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("standings (-want +got):\n%s", diff)
			}
			if tc.probe != nil && probes != 2 {
				t.Errorf("%d probes, want one each", probes)
			}
			if err := tt.mappedUsers(t.Context()); err != nil {
				t.Fatal(err)
			}
			if missing := len(tt.plan.Users.Missing) == 1; missing != (tc.probe != nil) || missing != (len(tt.plan.Users.Known) > 0) {
				t.Errorf("mapped users: %+v", tt.plan.Users)
			}
		})
	}
}

func TestGatherDeadlines(t *testing.T) {
	t.Parallel()
	source, put := server(t)
	target, putTarget := server(t)
	put("INSERT INTO wf_setup (id, property, value) VALUES ('d', 'deadlineCheckerInterval', '30')")
	putTarget("INSERT INTO wf_setup (id, property, value) VALUES ('d', 'deadlineCheckerInterval', '0')")
	tt := newInventory(&Activities{Servers: between(source, target, step.Settings{})}, contract.InventoryInput{})
	facts := page(tt, migration.Instance{Activities: []migration.OpenActivity{{}}})
	if err := tt.gatherDeadlines(t.Context(), facts); err != nil || facts[0].Deadlines != nil {
		t.Errorf("no deadlines, and yet %+v, %v", facts[0].Deadlines, err)
	}
	facts = page(tt, migration.Instance{Activities: []migration.OpenActivity{{Deadlines: 1}}}, migration.Instance{})
	if err := tt.gatherDeadlines(t.Context(), facts); err != nil {
		t.Fatal(err)
	}
	got := *facts[0].Deadlines
	if off := time.Since(time.UnixMilli(int64(got.Now))).Abs(); off > time.Minute {
		t.Errorf("the source's time is %s off", off)
	}
	got.Now = 0
	if diff := cmp.Diff(preflight.DeadlineFacts{SourceFires: true}, got); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

// between are two servers of which only the databases are there.
func between(source, target *schema.DB, settings step.Settings) *step.Servers {
	return &step.Servers{Source: step.Server{DB: source}, Target: step.Server{DB: target}, Settings: settings}
}
