package preflight_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/joget/flow"
	"jogetferry/migration"
	"jogetferry/preflight"
)

// TestAsynchronousSubflows says what is found of subflows that nobody waits for, where
// they keep their instance from being migrated and where they move by themselves.
func TestAsynchronousSubflows(t *testing.T) {
	t.Parallel()
	told := func(findings []migration.Finding) []string {
		lines := []string{}
		for _, f := range findings {
			line := fmt.Sprintf("%s %s %s", f.ID, f.Severity, f.Seen)
			if f.Way != "" {
				line += " (" + string(f.Way) + ")"
			}
			lines = append(lines, line)
		}
		return lines
	}
	const end = " (starts.asynchronous: end)"
	begins := func(activity, under string) flow.Step {
		return flow.Step{Activity: activity, Under: under, Asynchronous: true}
	}
	for _, tc := range []struct {
		name     string
		change   func(*preflight.InstanceFacts)
		off, end []string
	}{
		{
			name: "the_start_begins_some",
			change: func(f *preflight.InstanceFacts) {
				f.Start.Steps = []flow.Step{begins("tell", ""), begins("inform", "")}
			},
			off: []string{"FERRY-432 blocking tell" + end, "FERRY-432 blocking inform" + end}, end: []string{"FERRY-441 warning tell, inform"},
		},
		{
			name: "the_start_of_a_subflow_begins_one",
			change: func(f *preflight.InstanceFacts) {
				f.Below[0].Start.Waits[0].Child.Steps = []flow.Step{begins("inform", "equip")}
			},
			off: []string{"FERRY-404 blocking equip: the new instance would begin subflows that nobody waits for: equip/inform" + end},
			end: []string{"FERRY-441 warning equip: equip/inform"},
		},
		{
			name: "a_subflow_that_ends_at_once_begins_one",
			change: func(f *preflight.InstanceFacts) {
				f.Below[0].Start = &flow.Path{Outcome: flow.Waits, Steps: []flow.Step{{Activity: "equip", Child: &flow.Path{
					Outcome: flow.Ends, Steps: []flow.Step{begins("inform", "equip")},
				}}}}
			},
			off: []string{"FERRY-404 blocking equip: the new instance would finish at once: equip [inform (asynchronous) -> ends]"},
			end: []string{"FERRY-404 blocking equip: the new instance would finish at once: equip [inform (asynchronous) -> ends]", "FERRY-441 warning equip: equip/inform"},
		},
		{
			name: "some_are_open_with_what_is_below_them",
			change: func(f *preflight.InstanceFacts) {
				f.Instance.Children = []migration.Child{
					{ID: "10_crm_x", Parent: "9_crm_x"}, {ID: "8_crm_equip", Parent: "7_crm_hire"}, {ID: "9_crm_x", Parent: "8_crm_equip", Asynchronous: true},
				}
			},
			off: []string{"FERRY-404 blocking nobody waits for 10_crm_x, 9_crm_x" + end}, end: []string{},
		},
		{
			name: "one_is_open_whose_caller_should_wait",
			change: func(f *preflight.InstanceFacts) {
				f.Instance.Children = []migration.Child{{ID: "8_crm_equip", Parent: "7_crm_hire"}, {ID: "9_crm_x", Parent: "7_crm_hire"}}
			},
			off: []string{"FERRY-404 blocking the caller is closed of 9_crm_x"}, end: []string{"FERRY-404 blocking the caller is closed of 9_crm_x"},
		},
		{
			name:   "it_is_one_itself",
			change: func(f *preflight.InstanceFacts) { f.Instance.Caller = "3_5_crm_top_call" },
			off:    []string{"FERRY-440 blocking called by activity 3_5_crm_top_call" + end}, end: []string{"FERRY-440 note called by activity 3_5_crm_top_call"},
		},
	} {
		for on, want := range map[bool][]string{false: tc.off, true: tc.end} {
			t.Run(fmt.Sprintf("%s/%t", tc.name, on), func(t *testing.T) {
				t.Parallel()
				path := waiting()
				f := preflight.InstanceFacts{EndAsynchronous: on, InitialStart: &flow.Path{Outcome: flow.Waits}, Part: preflight.Part{
					Source: hiring(t, "hire"), Target: hiring(t, "hire"), Start: &flow.Path{Outcome: flow.Waits}, Instance: &migration.Instance{
						ID: "7_crm_hire", App: "crm", State: migration.StateRunning, Requester: "cat", Record: "rec-1", Definition: migration.DefinitionID{Process: "hire"},
						Activities: []migration.OpenActivity{{ID: "2_7", DefID: "equip", State: migration.StateRunning, Performer: "8_crm_equip"}},
					},
					Below: []preflight.Part{{
						Path: "equip", Caller: "equip", Source: hiring(t, "equip"), Target: hiring(t, "equip"), Start: &path,
						Instance: &migration.Instance{
							ID: "8_crm_equip", State: migration.StateRunning, Definition: migration.DefinitionID{Process: "equip"},
							Activities: []migration.OpenActivity{{ID: "4_8", DefID: "laptop", State: migration.StateNotStarted}},
						},
					}},
				}}
				tc.change(&f)
				if diff := cmp.Diff(want, told(preflight.Instance(&f))); diff != "" {
					t.Errorf("findings (-want +got):\n%s", diff)
				}
			})
		}
	}

	facts := preflight.DefinitionFacts{
		Source: preflight.DefinitionSide{Process: hiring(t, "hire"), Published: true}, Target: preflight.DefinitionSide{Process: hiring(t, "hire"), Published: true},
		MayRun: []flow.Step{begins("inform", "")},
	}
	if diff := cmp.Diff([]string{"FERRY-225 warning inform" + end}, told(preflight.Definition(&facts))); diff != "" {
		t.Errorf("findings of a definition (-want +got):\n%s", diff)
	}
	facts.EndAsynchronous = true
	if diff := cmp.Diff([]string{}, told(preflight.Definition(&facts))); diff != "" {
		t.Errorf("findings of a definition whose subflows are ended (-want +got):\n%s", diff)
	}
	plan := preflight.PlanFacts{Asynchronous: []migration.InstanceID{"7_crm_x"}, Orphans: []migration.InstanceID{"8_crm_x"}}
	if diff := cmp.Diff([]string{"FERRY-417 blocking nobody waits for it" + end, "FERRY-417 blocking its caller is closed"}, told(preflight.Plan(&plan))); diff != "" {
		t.Errorf("findings of a plan (-want +got):\n%s", diff)
	}
}
