package migration_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
)

func TestMappingTarget(t *testing.T) {
	t.Parallel()
	id := func(text string) migration.DefinitionID {
		t.Helper()
		d, err := migration.ParseDefinitionID(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	m := migration.Mapping{
		Definitions: map[migration.DefinitionID]migration.DefinitionID{id("crm#3#process1"): id("crm#7#process3")},
		AnyVersion:  map[string]migration.DefinitionID{"crm/process1": id("crm#latest#process2")},
	}
	for _, tc := range []struct{ name, source, want string }{
		{"the_entry_with_a_version_wins", "crm#3#process1", "crm#7#process3"},
		{"the_entry_of_every_other_version", "crm#4#process1", "crm#latest#process2"},
		{"without_an_entry_the_published_version", "crm#4#process5", "crm#latest#process5"},
		{"another_package", "hr#3#process1", "hr#latest#process1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := m.Target(id(tc.source)); got.String() != tc.want {
				t.Errorf("%s goes to %s, want %s", tc.source, got, tc.want)
			}
		})
	}
}

// source is an instance in which everything that a mapping changes is set.
func source() *migration.Instance {
	return &migration.Instance{
		ID: "7_crm_process1", Definition: migration.DefinitionID{Package: "crm", Version: "3", Process: "process1"},
		State: migration.StateRunning, Requester: "clark", Record: "r-1",
		Variables: []migration.Variable{
			{Name: "amount", Kind: migration.VariableInteger, Value: "7"},
			{Name: "obsolete", Kind: migration.VariableUnreadable},
			{Name: "old_name", Kind: migration.VariableString, Value: "x"},
		},
		Activities: []migration.OpenActivity{
			{
				ID: "41", DefID: "zeta", AcceptedBy: "clark", Assignments: []migration.Assignment{{User: "cat"}, {User: "clark", Accepted: true}},
				Variables: []migration.Variable{{Name: "obsolete", Value: "o"}, {Name: "old_name", Value: "as it was"}},
			},
			{ID: "42", DefID: "approve_old", Assignments: []migration.Assignment{{User: "clark"}, {User: "jack"}}},
		},
		Children: []migration.Child{{ID: "8_crm_process1"}},
		Tokens:   []migration.JoinToken{{Join: "meet", From: "approve_old"}, {Join: "meet", From: "mail"}},
	}
}

func TestMappingWanted(t *testing.T) {
	t.Parallel()
	const process = "crm/process1"
	renamed := func(rules map[string]migration.VariableRule) migration.Mapping {
		return migration.Mapping{Variables: map[string]map[string]migration.VariableRule{process: rules}}
	}
	activities := func(names map[migration.ActivityDefID]migration.ActivityDefID) migration.Mapping {
		return migration.Mapping{Activities: map[string]map[migration.ActivityDefID]migration.ActivityDefID{process: names}}
	}
	users := func(names map[migration.User]migration.User) migration.Mapping {
		return migration.Mapping{Users: names}
	}
	for _, tc := range []struct {
		name    string
		mapping migration.Mapping
		want    func(i *migration.Instance)
	}{
		{name: "nothing_is_mapped", want: func(*migration.Instance) {}},
		{
			name:    "another_process_has_rules_of_its_own",
			mapping: migration.Mapping{Variables: map[string]map[string]migration.VariableRule{"crm/process2": {"amount": {}}}, Activities: map[string]map[migration.ActivityDefID]migration.ActivityDefID{"crm/process2": {"zeta": "a"}}},
			want:    func(*migration.Instance) {},
		},
		{
			name:    "a_process_with_another_name",
			mapping: migration.Mapping{AnyVersion: map[string]migration.DefinitionID{process: {Package: "crm", Version: "9", Process: "process2"}}},
			want: func(i *migration.Instance) {
				i.Definition = migration.DefinitionID{Package: "crm", Version: "9", Process: "process2"}
			},
		},
		{
			name:    "activities_keep_their_order_and_tokens_are_sorted_anew",
			mapping: activities(map[migration.ActivityDefID]migration.ActivityDefID{"approve_old": "approve_proposal", "meet": "join", "mail": "a_mail"}),
			want: func(i *migration.Instance) {
				i.Activities[1].DefID = "approve_proposal"
				i.Tokens = []migration.JoinToken{{Join: "join", From: "a_mail"}, {Join: "join", From: "approve_proposal"}}
			},
		},
		{
			name:    "activities_swap_their_names",
			mapping: activities(map[migration.ActivityDefID]migration.ActivityDefID{"approve_old": "zeta", "zeta": "approve_old"}),
			want: func(i *migration.Instance) {
				i.Activities[0].DefID, i.Activities[1].DefID = "approve_old", "zeta"
				i.Tokens = []migration.JoinToken{{Join: "meet", From: "mail"}, {Join: "meet", From: "zeta"}}
			},
		},
		{
			name:    "a_variable_is_renamed_in_the_instance_and_where_an_activity_has_its_own",
			mapping: renamed(map[string]migration.VariableRule{"old_name": {Name: "a_name"}}),
			want: func(i *migration.Instance) {
				i.Variables = []migration.Variable{
					{Name: "a_name", Kind: migration.VariableString, Value: "x"},
					{Name: "amount", Kind: migration.VariableInteger, Value: "7"},
					{Name: "obsolete", Kind: migration.VariableUnreadable},
				}
				i.Activities[0].Variables = []migration.Variable{{Name: "a_name", Value: "as it was"}, {Name: "obsolete", Value: "o"}}
			},
		},
		{
			name:    "a_variable_is_dropped",
			mapping: renamed(map[string]migration.VariableRule{"obsolete": {}}),
			want: func(i *migration.Instance) {
				i.Variables = []migration.Variable{i.Variables[0], i.Variables[2]}
				i.Activities[0].Variables = i.Activities[0].Variables[1:]
			},
		},
		{
			name:    "a_constant_replaces_what_the_source_has_and_is_there_without_it",
			mapping: renamed(map[string]migration.VariableRule{"old_name": {Name: "old_name", Constant: true, Value: "EMEA"}, "region": {Name: "region", Constant: true}}),
			want: func(i *migration.Instance) {
				constants := []migration.Variable{{Name: "old_name", Kind: migration.VariableString, Value: "EMEA"}, {Name: "region", Kind: migration.VariableString}}
				i.Variables = append(i.Variables[:2:2], constants...)
				i.Activities[0].Variables = append([]migration.Variable{{Name: "obsolete", Value: "o"}}, constants...)
			},
		},
		{
			name:    "a_rule_wins_over_a_variable_of_the_name_it_leads_to",
			mapping: renamed(map[string]migration.VariableRule{"old_name": {Name: "amount"}}),
			want: func(i *migration.Instance) {
				i.Variables = []migration.Variable{{Name: "amount", Kind: migration.VariableString, Value: "x"}, i.Variables[1]}
				i.Activities[0].Variables = []migration.Variable{{Name: "amount", Value: "as it was"}, {Name: "obsolete", Value: "o"}}
			},
		},
		{
			name:    "variables_swap_their_names",
			mapping: renamed(map[string]migration.VariableRule{"old_name": {Name: "amount"}, "amount": {Name: "old_name"}}),
			want: func(i *migration.Instance) {
				i.Variables[0], i.Variables[2] = migration.Variable{Name: "amount", Kind: migration.VariableString, Value: "x"}, migration.Variable{Name: "old_name", Kind: migration.VariableInteger, Value: "7"}
				i.Activities[0].Variables = []migration.Variable{{Name: "amount", Value: "as it was"}, {Name: "obsolete", Value: "o"}}
			},
		},
		{
			name:    "requester_assignees_and_acceptor_are_users",
			mapping: users(map[migration.User]migration.User{"clark": "anna"}),
			want: func(i *migration.Instance) {
				i.Requester = "anna"
				i.Activities[0].AcceptedBy = "anna"
				i.Activities[0].Assignments = []migration.Assignment{{User: "anna", Accepted: true}, {User: "cat"}}
				i.Activities[1].Assignments = []migration.Assignment{{User: "anna"}, {User: "jack"}}
			},
		},
		{
			name:    "two_who_are_one_user_of_the_target_hold_an_activity_once",
			mapping: users(map[migration.User]migration.User{"clark": "cat"}),
			want: func(i *migration.Instance) {
				i.Requester = "cat"
				i.Activities[0].AcceptedBy = "cat"
				i.Activities[0].Assignments = []migration.Assignment{{User: "cat", Accepted: true}}
				i.Activities[1].Assignments = []migration.Assignment{{User: "cat"}, {User: "jack"}}
			},
		},
		{
			name:    "two_who_become_one_user_in_two_spellings",
			mapping: users(map[migration.User]migration.User{"clark": "CAT"}),
			want: func(i *migration.Instance) {
				i.Requester = "CAT"
				i.Activities[0].AcceptedBy = "CAT"
				i.Activities[0].Assignments = []migration.Assignment{{User: "CAT", Accepted: true}}
				i.Activities[1].Assignments = []migration.Assignment{{User: "CAT"}, {User: "jack"}}
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			i, want := source(), source()
			want.Definition.Version = migration.Latest
			tc.want(want)
			got := tc.mapping.Wanted(i)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("wanted (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(source(), i); diff != "" {
				t.Errorf("the instance of the source was changed:\n%s", diff)
			}
		})
	}
}

// What a caller does to the wanted instance never reaches the snapshot.
func TestMappingWantedSharesNothingThatIsChanged(t *testing.T) {
	t.Parallel()
	i := source()
	before, err := json.Marshal(i)
	if err != nil {
		t.Fatal(err)
	}
	w := migration.Mapping{}.Wanted(i)
	w.Variables[0].Value, w.Activities[0].DefID, w.Activities[0].Variables[0].Value = "changed", "changed", "changed"
	w.Activities[0].Assignments[0].User, w.Tokens[0].Join = "changed", "changed"
	if after, err := json.Marshal(i); err != nil || string(after) != string(before) {
		t.Errorf("the snapshot changed: %s, %v", after, err)
	}
}

func TestMappingKnowsAUserInAnySpelling(t *testing.T) {
	t.Parallel()
	m := migration.Mapping{Users: map[migration.User]migration.User{"clark": "anna"}}
	for _, u := range []migration.User{"clark", "Clark", "CLARK "} {
		if got := m.User(u); got != "anna" {
			t.Errorf("%q becomes %q", u, got)
		}
	}
	if got := m.User("Cat"); got != "Cat" {
		t.Errorf("a user whom nothing maps becomes %q", got)
	}
}
