package preflight_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/joget/flow"
	"jogetferry/migration"
	"jogetferry/preflight"
)

// TestResume has the operator's word about an instance whose tool hangs beside an activity
// that is suspended on demand.
func TestResume(t *testing.T) {
	t.Parallel()
	type facts = preflight.InstanceFacts
	at := func(ids ...migration.ActivityDefID) func(*facts) {
		return func(f *facts) {
			f.Resume = &preflight.ResumeFacts{Activities: ids, Starts: map[migration.ActivityDefID]flow.Path{}}
			tree := migration.Tree{Instance: *f.Instance}
			tree.GoOnAt(ids, func(id migration.ActivityDefID) bool { return id == "mail" || id == "begin" })
			f.Wanted = &tree.Instance
		}
	}
	child := func(path flow.Path) func(*facts) {
		return func(f *facts) {
			at("child")(f)
			f.Resume.Starts["child"] = path
		}
	}
	waits := flow.Path{Outcome: flow.Waits, Waits: []flow.Wait{{Activity: "child", Child: &flow.Path{Outcome: flow.Waits}}}}
	for _, tc := range []struct {
		name   string
		change func(*facts)
		want   []string
	}{
		{name: "no_word_and_nobody_looked", change: func(*facts) {}, want: []string{"FERRY-406 7_crm_approve: mail"}},
		{name: "candidates_of_a_tool", change: func(f *facts) {
			f.Candidates = []flow.Candidate{{Activity: "mail", Kind: "tool", Ends: true}, {Activity: "check", Kind: "manual", Then: []string{"mail"}}}
		}, want: []string{"FERRY-406 7_crm_approve: mail; it could go on at mail (tool, then end), check (then mail)"}},
		{name: "candidates_where_nothing_is_open", change: func(f *facts) {
			f.Instance.Activities = nil
			f.Candidates = []flow.Candidate{{Activity: "check", Kind: "manual", Ends: true}}
		}, want: []string{"FERRY-403 7_crm_approve: it could go on at check (then end)"}},
		{name: "what_follows", change: at("check"), want: []string{"FERRY-443 7_crm_approve: check (then end); of the configuration"}},
		{name: "typed", change: func(f *facts) { at("check", "begin")(f); f.Resume.Typed = true }, want: []string{"FERRY-443 7_crm_approve: check (then end), begin (route, then approve); typed"}},
		{name: "the_tool_itself", change: at("mail"), want: []string{"FERRY-443 7_crm_approve: mail (tool, then end); of the configuration"}},
		{name: "nothing_is_open", change: func(f *facts) { f.Instance.Activities = nil; at("check")(f) }, want: []string{"FERRY-443 7_crm_approve: check (then end); of the configuration"}},
		{name: "a_name_that_is_not_there", change: at("chekc"), want: []string{"FERRY-442 7_crm_approve: the target has no chekc; is it check?"}},
		{name: "a_name_twice", change: at("check", "check"), want: []string{"FERRY-442 7_crm_approve: check is named twice", "FERRY-443 7_crm_approve: check (then end), check (then end); of the configuration"}},
		{name: "a_subflow", change: child(waits), want: []string{"FERRY-443 7_crm_approve: child (subflow, then end); of the configuration"}},
		{name: "a_subflow_that_runs_through", change: child(flow.Path{Outcome: flow.Ends}), want: []string{
			"FERRY-442 7_crm_approve: the subflow child would run through: ends", "FERRY-443 7_crm_approve: child (subflow, then end); of the configuration",
		}},
		{name: "a_subflow_that_nobody_can_follow", change: child(flow.Path{Outcome: flow.Unknown}), want: []string{"FERRY-443 7_crm_approve: child (subflow, then end); of the configuration"}},
		{name: "a_suspended_one_that_is_not_named_is_left", change: func(f *facts) {
			f.Instance.Activities[0].State = migration.StateSuspended
			at("check")(f)
		}, want: []string{"FERRY-443 7_crm_approve: check (then end); of the configuration"}},
		{name: "a_wreck_says_nothing", change: func(f *facts) { at("gone")(f); f.Instance.State = migration.StateNotStarted }},
		{name: "nobody_knows_the_definition", change: func(f *facts) { at("gone")(f); f.Target = nil }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := facts{Part: preflight.Part{
				Source: process(t, definition), Target: process(t, definition),
				Instance: &migration.Instance{ID: "7_crm_approve", App: "crm", State: migration.StateRunning, Requester: "cat", Record: "rec-1", Activities: []migration.OpenActivity{
					{ID: "1_7", DefID: "approve", State: migration.StateNotStarted}, {ID: "2_7", DefID: "mail", State: migration.StateRunning},
				}},
			}}
			tc.change(&f)
			found := preflight.Instance(&f)
			if diff := cmp.Diff(tc.want, only(said(found), "FERRY-403", "FERRY-406", "FERRY-407", "FERRY-409", "FERRY-410", "FERRY-442", "FERRY-443")); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			for _, one := range found {
				if by := one.Way == migration.WayResume; by != (one.ID == "FERRY-403" || one.ID == "FERRY-406") {
					t.Errorf("%s has the way %q", one.ID, one.Way)
				}
			}
		})
	}
}

func TestResume_of_an_instance_that_is_not_there(t *testing.T) {
	t.Parallel()
	got := said(preflight.Plan(&preflight.PlanFacts{Words: preflight.WordFacts{
		Absent: []migration.InstanceID{"8_crm_approve"}, Planned: []string{"7_crm_approve", "9_other"},
	}}))
	if diff := cmp.Diff([]string{"FERRY-442 8_crm_approve: the plan has no 8_crm_approve; is it 7_crm_approve?"}, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
