package migration_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/migration"
)

func TestSuggestPilots(t *testing.T) {
	t.Parallel()
	one := migration.DefinitionID{Package: "crm", Version: "3", Process: "a"}
	two := migration.DefinitionID{Package: "crm", Version: "3", Process: "b"}
	group := func(def migration.DefinitionID, state migration.InstanceState, first migration.InstanceID, n int, activities ...migration.ActivityDefID) migration.PilotGroup {
		return migration.PilotGroup{Definition: def, State: state, First: first, Instances: n, Activities: activities}
	}
	const ready, warned, blocked = migration.InstanceReady, migration.InstanceWarned, migration.InstanceBlocked
	for _, tc := range []struct {
		name   string
		groups []migration.PilotGroup
		want   map[string][]migration.InstanceID
		left   []migration.ActivityDefID
	}{
		{"one_instance_with_all_is_enough", []migration.PilotGroup{group(one, ready, "1", 9, "x"), group(one, ready, "2", 1, "x", "y")}, map[string][]migration.InstanceID{"a": {"2"}}, nil},
		{"several_where_none_has_all", []migration.PilotGroup{group(one, ready, "1", 1, "x", "y"), group(one, ready, "2", 1, "y"), group(one, ready, "3", 1, "z")}, map[string][]migration.InstanceID{"a": {"1", "3"}}, nil},
		{"ready_before_warned", []migration.PilotGroup{group(one, warned, "1", 5, "x"), group(one, ready, "2", 1, "x")}, map[string][]migration.InstanceID{"a": {"2"}}, nil},
		{"warned_where_it_adds_more", []migration.PilotGroup{group(one, warned, "1", 1, "x", "y"), group(one, ready, "2", 1, "x")}, map[string][]migration.InstanceID{"a": {"1"}}, nil},
		{"the_frequent_one_of_equal_ones", []migration.PilotGroup{group(one, ready, "1", 1, "x"), group(one, ready, "2", 8, "x")}, map[string][]migration.InstanceID{"a": {"2"}}, nil},
		{"what_only_blocked_ones_have_open_is_left", []migration.PilotGroup{group(one, blocked, "1", 1, "x", "y"), group(one, ready, "2", 1, "x")}, map[string][]migration.InstanceID{"a": {"2"}}, []migration.ActivityDefID{"y"}},
		{"all_blocked", []migration.PilotGroup{group(one, blocked, "1", 1, "x")}, map[string][]migration.InstanceID{"a": nil}, []migration.ActivityDefID{"x"}},
		{"activities_that_nobody_knows", []migration.PilotGroup{group(one, ready, "1", 4), group(one, ready, "2", 1)}, map[string][]migration.InstanceID{"a": {"1"}}, nil},
		{"each_definition_for_itself", []migration.PilotGroup{group(one, ready, "1", 1, "x"), group(two, ready, "2", 1, "x")}, map[string][]migration.InstanceID{"a": {"1"}, "b": {"2"}}, nil},
		{"what_is_done_needs_none", []migration.PilotGroup{group(one, migration.InstanceDone, "1", 1, "x")}, map[string][]migration.InstanceID{}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := map[string][]migration.InstanceID{}
			var left []migration.ActivityDefID
			for _, s := range migration.SuggestPilots(tc.groups) {
				var ids []migration.InstanceID
				for _, p := range s.Pilots {
					ids = append(ids, p.First)
				}
				got[s.Definition.Process] = ids
				left = append(left, s.Uncovered...)
			}
			if diff := cmp.Diff(tc.want, got) + cmp.Diff(tc.left, left); diff != "" {
				t.Error(diff)
			}
		})
	}
}
