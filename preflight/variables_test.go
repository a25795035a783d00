package preflight_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/joget/flow"
	"jogetferry/migration"
	"jogetferry/preflight"
)

func TestHanded(t *testing.T) {
	t.Parallel()
	values := []migration.Variable{{Name: "name", Value: "Ann"}, {Name: "months", Value: "24"}, {Name: "internal", Value: "true"}}
	for _, tc := range []struct {
		name     string
		activity migration.ActivityDefID
		replace  []string
		want     map[string]string
	}{
		{name: "what_goes_in_by_position", activity: "equip", want: map[string]string{"who": "Ann", "term": "24"}},
		{name: "another_type_is_not_known", activity: "equip", replace: []string{`Id="months"><DataType><BasicType Type="INTEGER"`, `Id="months"><DataType><BasicType Type="STRING"`}, want: map[string]string{"who": "Ann"}},
		{name: "an_expression_is_not_known", activity: "equip", replace: []string{"<ActualParameter>months</", "<ActualParameter>months+1</"}, want: map[string]string{"who": "Ann"}},
		{name: "nothing_without_parameters", activity: "inform", want: map[string]string{}},
		{name: "nothing_without_the_activity", activity: "gone"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := preflight.Handed(hiring(t, "hire", tc.replace...), tc.activity, values, hiring(t, "equip", tc.replace...))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("handed over (-want +got):\n%s", diff)
			}
		})
	}
}

// TestStartThatEndsWithNumbers has one that waits if numbers are set afterwards.
func TestStartThatEndsWithNumbers(t *testing.T) {
	t.Parallel()
	ends, waits := flow.Path{Outcome: flow.Ends}, flow.Path{Outcome: flow.Waits}
	for _, tc := range []struct {
		name    string
		initial flow.Path
		on      bool
		want    migration.Way
	}{
		{name: "it_waits_with_initial_values", initial: waits, want: migration.WayVariables},
		{name: "it_ends_whatever_it_starts_with", initial: ends},
		{name: "it_is_switched_on", initial: waits, on: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			i := &migration.Instance{ID: "4_crm_approve", App: "crm", State: migration.StateRunning, Requester: "cat", Activities: []migration.OpenActivity{{ID: "5_4_crm_approve_approve", DefID: "approve"}}}
			f := &preflight.InstanceFacts{
				Part:         preflight.Part{Instance: i, Source: process(t, definition), Target: process(t, definition), Start: &ends},
				InitialStart: &tc.initial, WriteVariables: tc.on,
			}
			found := preflight.Instance(f)
			if len(found) != 1 || found[0].ID != "FERRY-427" || found[0].Way != tc.want {
				t.Errorf("found %+v", found)
			}
		})
	}
}

// TestVariablesThatNoCallCanSet has them with the switch and without.
func TestVariablesThatNoCallCanSet(t *testing.T) {
	t.Parallel()
	variable := func(name string, kind migration.VariableKind, value string) migration.Variable {
		return migration.Variable{Name: name, Kind: kind, Value: value}
	}
	date := func(zones migration.Zones) migration.Variable {
		return migration.Variable{Name: "due", Kind: migration.VariableDate, Value: "2026-01-02 08:00:00", Zones: zones}
	}
	const written = "FERRY-438 4_crm_approve: "
	for _, tc := range []struct {
		name        string
		own, copies []migration.Variable // of the instance and of its open activity
		zones       migration.Zones      // of the target
		off, on     []string             // the findings without the switch and with it
	}{
		{name: "a_true_boolean", own: []migration.Variable{variable("urgent", migration.VariableBoolean, "true")}, off: []string{"FERRY-413 4_crm_approve: urgent"}, on: []string{written + "urgent"}},
		{name: "a_false_boolean", own: []migration.Variable{variable("urgent", migration.VariableBoolean, "false")}, off: []string{"FERRY-420 4_crm_approve: urgent"}},
		{name: "a_date", own: []migration.Variable{date("480")}, zones: "480", off: []string{"FERRY-413 4_crm_approve: due"}, on: []string{written + "due"}},
		{name: "a_date_of_another_zone", own: []migration.Variable{date("480")}, zones: "0", off: []string{"FERRY-413 4_crm_approve: due"}, on: []string{written + "due"}},
		{
			name: "a_date_of_a_zone_that_changes", own: []migration.Variable{date("60,120")}, zones: "0",
			off: []string{"FERRY-439 4_crm_approve: due: the time zones of the servers"}, on: []string{"FERRY-439 4_crm_approve: due: the time zones of the servers"},
		},
		{name: "null", own: []migration.Variable{variable("amount", migration.VariableNull, "")}, off: []string{"FERRY-413 4_crm_approve: amount"}, on: []string{written + "amount"}},
		{name: "a_text_in_a_number", own: []migration.Variable{variable("amount", migration.VariableString, "12 days")}, off: []string{"FERRY-439 4_crm_approve: amount"}, on: []string{"FERRY-439 4_crm_approve: amount"}},
		{
			name: "a_number_of_an_activity", own: []migration.Variable{variable("amount", migration.VariableInteger, "7")}, copies: []migration.Variable{variable("amount", migration.VariableInteger, "5")},
			off: []string{"FERRY-413 4_crm_approve: approve.amount"}, on: []string{written + "approve.amount"},
		},
		{
			name: "several", own: []migration.Variable{variable("amount", migration.VariableInteger, "7"), variable("urgent", migration.VariableBoolean, "true")},
			copies: []migration.Variable{variable("amount", migration.VariableString, "x")},
			off:    []string{"FERRY-413 4_crm_approve: urgent", "FERRY-439 4_crm_approve: approve.amount"}, on: []string{written + "urgent", "FERRY-439 4_crm_approve: approve.amount"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, on := range []bool{false, true} {
				i := &migration.Instance{
					ID: "4_crm_approve", App: "crm", State: migration.StateRunning, Requester: "cat", Variables: tc.own,
					Activities: []migration.OpenActivity{{ID: "5_4_crm_approve_approve", DefID: "approve", Variables: tc.copies}},
				}
				f := &preflight.InstanceFacts{Part: preflight.Part{Instance: i, Source: process(t, definition), Target: process(t, definition)}, WriteVariables: on, TargetZones: tc.zones}
				want := tc.off
				if on {
					want = tc.on
				}
				found := preflight.Instance(f)
				if diff := cmp.Diff(want, said(found)); diff != "" {
					t.Errorf("switched on %t (-want +got):\n%s", on, diff)
				}
				for _, v := range found {
					if by := v.Way == migration.WayVariables; by != (v.ID == "FERRY-413" || v.ID == "FERRY-420") {
						t.Errorf("%s is removed by %q", v.ID, v.Way)
					}
				}
			}
		})
	}
}
