package preflight_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
	"jogetferry/preflight"
)

func TestPlan_names_wrong_mappings_and_the_nearest_names(t *testing.T) {
	t.Parallel()
	def := func(pkg, version, process string) migration.DefinitionID {
		return migration.DefinitionID{Package: pkg, Version: version, Process: process}
	}
	activities := func(from, to migration.ActivityDefID) migration.Mapping {
		return migration.Mapping{Activities: map[string]map[migration.ActivityDefID]migration.ActivityDefID{"crm/approve": {from: to}}}
	}
	variables := func(from string, rule migration.VariableRule) migration.Mapping {
		return migration.Mapping{Variables: map[string]map[string]migration.VariableRule{"crm/approve": {from: rule}}}
	}
	for _, tc := range []struct {
		name    string
		mapping migration.Mapping
		want    []string
	}{
		{name: "nothing_mapped"},
		{name: "both_sides_exist", mapping: migration.Mapping{
			Definitions: map[migration.DefinitionID]migration.DefinitionID{def("crm", "3", "approve"): def("crm", "4", "approve")},
			AnyVersion:  map[string]migration.DefinitionID{"crm/approve": def("crm", "latest", "approve")},
		}},
		{name: "no_such_version_on_the_source", mapping: migration.Mapping{
			Definitions: map[migration.DefinitionID]migration.DefinitionID{def("crm", "2", "approve"): def("crm", "4", "approve")},
		}, want: []string{"FERRY-220 crm#2#approve: the source has no crm#2#approve; is it crm#3#approve?"}},
		{name: "no_such_process_on_the_target", mapping: migration.Mapping{
			AnyVersion: map[string]migration.DefinitionID{"crm/approve": def("crm", "latest", "aprove")},
		}, want: []string{"FERRY-220 crm/approve: the target has no crm/aprove; is it crm/approve?"}},
		{name: "no_such_version_on_the_target", mapping: migration.Mapping{
			AnyVersion: map[string]migration.DefinitionID{"crm/approve": def("crm", "9", "approve")},
		}, want: []string{"FERRY-220 crm/approve: the target has no crm#9#approve; is it crm#4#approve?"}},
		{name: "wrong_entries_come_in_their_order", mapping: migration.Mapping{
			Definitions: map[migration.DefinitionID]migration.DefinitionID{def("x", "2", "p"): def("crm", "4", "approve"), def("x", "1", "p"): def("crm", "4", "approve")},
		}, want: []string{"FERRY-220 x#1#p: the source has no x#1#p", "FERRY-220 x#2#p: the source has no x#2#p"}},
		{name: "activities_exist", mapping: activities("check", "check")},
		{name: "activity_takes_the_name_of_another", mapping: activities("check", "approve"), want: []string{
			"FERRY-221 crm/approve/check: the source has another approve, which is not mapped",
		}},
		{name: "activity_of_nothing", mapping: activities("chek", "inspect"), want: []string{
			"FERRY-221 crm/approve/chek: the source has no chek; is it check?",
			"FERRY-221 crm/approve/chek: the target has no inspect",
		}},
		{name: "variables_exist", mapping: variables("status", migration.VariableRule{Name: "status"})},
		{name: "variable_takes_the_name_of_another", mapping: variables("status", migration.VariableRule{Name: "due"}), want: []string{
			"FERRY-222 crm/approve/status: the source has another due, which is not mapped",
		}},
		{name: "dropped_variable_needs_no_target", mapping: variables("status", migration.VariableRule{})},
		{name: "constant_needs_no_source", mapping: variables("amount", migration.VariableRule{Name: "amount", Constant: true, Value: "3"})},
		{name: "variable_of_nothing", mapping: variables("state", migration.VariableRule{Name: "rates"}), want: []string{
			"FERRY-222 crm/approve/state: the source has no state; is it rate, status?",
			"FERRY-222 crm/approve/state: the target has no rates; is it rate?",
		}},
		{name: "any_version_of_nothing", mapping: migration.Mapping{
			AnyVersion: map[string]migration.DefinitionID{"crm/aprove": def("crm", "latest", "approve")},
		}, want: []string{"FERRY-220 crm/aprove: the source has no crm/aprove; is it crm/approve?"}},
		{name: "process_without_running_instances", mapping: migration.Mapping{
			Activities: map[string]map[migration.ActivityDefID]migration.ActivityDefID{"crm/aprove": {"a": "b"}},
		}, want: []string{"FERRY-221 crm/aprove: no running instance of crm/aprove; is it crm/approve?"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := process(t, definition)
			facts := preflight.PlanFacts{Mappings: preflight.MappingFacts{
				Mapping:           tc.mapping,
				SourceDefinitions: []migration.DefinitionID{def("crm", "3", "approve")},
				TargetDefinitions: []migration.DefinitionID{def("crm", "4", "approve")},
				Processes:         map[string][]preflight.ProcessPair{"crm/approve": {{Source: p, Target: p}, {Source: nil, Target: p}}},
			}}
			if diff := cmp.Diff(tc.want, said(preflight.Plan(&facts))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// What is wrong in all versions of a definition that are met is said once.
func TestPlan_names_a_wrong_mapping_once(t *testing.T) {
	t.Parallel()
	p := process(t, definition)
	facts := preflight.PlanFacts{Mappings: preflight.MappingFacts{
		Mapping:   migration.Mapping{Activities: map[string]map[migration.ActivityDefID]migration.ActivityDefID{"crm/approve": {"chek": "inspect"}}},
		Processes: map[string][]preflight.ProcessPair{"crm/approve": {{Source: p, Target: p}, {Source: p, Target: p}}},
	}}
	want := []string{"FERRY-221 crm/approve/chek: the source has no chek; is it check?", "FERRY-221 crm/approve/chek: the target has no inspect"}
	if diff := cmp.Diff(want, said(preflight.Plan(&facts))); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestProcessWithoutInstances(t *testing.T) {
	t.Parallel()
	got := lines(preflight.Plan(&preflight.PlanFacts{ProcessesWithoutInstances: []string{"crm/aprove"}}))
	if diff := cmp.Diff([]string{"FERRY-205 warning crm/aprove: "}, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestMappedUsers(t *testing.T) {
	t.Parallel()
	f := preflight.PlanFacts{Users: preflight.MappedUsers{Missing: []migration.User{"clarck"}, Known: []string{"cat", "clark", "terry"}}}
	found := preflight.Plan(&f)
	if diff := cmp.Diff([]string{"FERRY-223 users: the target has no clarck; is it clark?"}, said(found)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if seen := preflight.WithoutPersonal(found)[0].Seen; seen != "" {
		t.Errorf("Temporal sees %q", seen)
	}
	if found := preflight.Plan(&preflight.PlanFacts{}); len(found) > 0 {
		t.Errorf("nothing to say, and yet %v", said(found))
	}
}
