package preflight_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jogetferry/joget/flow"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
	"jogetferry/preflight"
)

// hire calls equip, which calls order.
const hire = `<Package xmlns="http://www.wfmc.org/2002/XPDL1.0" Id="crm"><WorkflowProcesses>
<WorkflowProcess Id="hire">
<DataFields>
 <DataField Id="name"><DataType><BasicType Type="STRING"/></DataType></DataField>
 <DataField Id="months"><DataType><BasicType Type="INTEGER"/></DataType></DataField>
 <DataField Id="internal"><DataType><BasicType Type="BOOLEAN"/></DataType></DataField>
</DataFields>
<Activities>
 <Activity Id="begin"><Route/></Activity>
 <Activity Id="prepare"><Implementation><No/></Implementation></Activity>
 <Activity Id="equip"><Implementation><SubFlow Id="equip" Execution="SYNCHR"><ActualParameters>
  <ActualParameter>name</ActualParameter><ActualParameter>months</ActualParameter><ActualParameter>internal</ActualParameter></ActualParameters></SubFlow></Implementation></Activity>
 <Activity Id="inform"><Implementation><SubFlow Id="equip" Execution="ASYNCHR"/></Implementation></Activity>
</Activities>
<Transitions><Transition Id="t1" From="begin" To="prepare"/><Transition Id="t2" From="prepare" To="equip"/><Transition Id="t3" From="equip" To="inform"/></Transitions>
</WorkflowProcess>
<WorkflowProcess Id="equip">
<FormalParameters>
 <FormalParameter Id="who" Mode="IN"><DataType><BasicType Type="STRING"/></DataType></FormalParameter>
 <FormalParameter Id="term" Mode="INOUT"><DataType><BasicType Type="INTEGER"/></DataType></FormalParameter>
 <FormalParameter Id="inside" Mode="OUT"><DataType><BasicType Type="BOOLEAN"/></DataType></FormalParameter>
</FormalParameters>
<DataFields>
 <DataField Id="note"><DataType><BasicType Type="STRING"/></DataType></DataField>
 <DataField Id="boxes"><DataType><BasicType Type="INTEGER"/></DataType><InitialValue>3</InitialValue></DataField>
 <DataField Id="urgent"><DataType><BasicType Type="BOOLEAN"/></DataType></DataField>
</DataFields>
<Activities>
 <Activity Id="fork"><Route/><TransitionRestrictions><TransitionRestriction><Split Type="AND"/></TransitionRestriction></TransitionRestrictions></Activity>
 <Activity Id="laptop"><Implementation><No/></Implementation></Activity>
 <Activity Id="desk"><Implementation><No/></Implementation></Activity>
 <Activity Id="mail"><Implementation><Tool Id="default_application"/></Implementation></Activity>
 <Activity Id="both"><Route/><TransitionRestrictions><TransitionRestriction><Join Type="AND"/></TransitionRestriction></TransitionRestrictions></Activity>
 <Activity Id="order"><Implementation><SubFlow Id="hire" Execution="SYNCHR"/></Implementation></Activity>
</Activities>
<Transitions><Transition Id="u1" From="fork" To="laptop"/><Transition Id="u2" From="fork" To="desk"/><Transition Id="u3" From="laptop" To="both"/>
<Transition Id="u4" From="desk" To="both"/><Transition Id="u5" From="mail" To="both"/><Transition Id="u6" From="both" To="order"/></Transitions>
</WorkflowProcess>
</WorkflowProcesses></Package>`

func hiring(t *testing.T, key string, replace ...string) *xpdl.Process {
	t.Helper()
	return parsed(t, strings.NewReplacer(replace...).Replace(hire)).Process(key)
}

// TestTrees has an instance that waits at prepare and equip, whose subflow waits
// at laptop.
func TestTrees(t *testing.T) {
	t.Parallel()
	type facts = preflight.InstanceFacts
	child := func(change func(*preflight.Part)) func(*facts) {
		return func(f *facts) { change(&f.Below[0]) }
	}
	instance := func(change func(*migration.Instance)) func(*facts) {
		return child(func(p *preflight.Part) { change(p.Instance) })
	}
	variables := func(list ...migration.Variable) func(*facts) {
		return instance(func(i *migration.Instance) { i.Variables = list })
	}
	activity := func(change func(*migration.OpenActivity)) func(*facts) {
		return instance(func(i *migration.Instance) { change(&i.Activities[0]) })
	}
	tokens := func(list ...migration.JoinToken) func(*facts) {
		return instance(func(i *migration.Instance) { i.Tokens = list })
	}
	start := func(path flow.Path) func(*facts) {
		return child(func(p *preflight.Part) { p.Start = &path })
	}
	both := func(changes ...func(*facts)) func(*facts) {
		return func(f *facts) {
			for _, change := range changes {
				change(f)
			}
		}
	}
	rebuild := func(f *facts) { f.RebuildJoins = true }
	users := func(of map[migration.User]preflight.Standing) func(*facts) {
		return func(f *facts) {
			f.Users = &preflight.UserFacts{Accounts: map[migration.User]preflight.Account{}}
			for u, s := range of {
				f.Users.Accounts[u] = preflight.Account{Standing: s, Roles: []string{"ROLE_USER"}}
			}
		}
	}
	desk := migration.JoinToken{Join: "both", From: "desk", Performer: "terry"}
	mail := migration.JoinToken{Join: "both", From: "mail"}
	ended := flow.Path{Outcome: flow.Ends}
	for _, tc := range []struct {
		name   string
		change func(*facts)
		want   []string
	}{
		{name: "a_subflow_that_can_be_continued_is_no_finding", change: func(*facts) {}},
		{name: "what_nobody_could_look_at_is_no_finding", change: child(func(p *preflight.Part) { p.Start, p.Target = nil, nil })},
		{name: "without_its_instance", change: func(f *facts) { f.Below = nil }, want: []string{"FERRY-404 equip: it has no instance"}},
		{name: "gone", change: child(func(p *preflight.Part) { p.Instance = &migration.Instance{ID: "8_crm_equip"} }), want: []string{
			"FERRY-404 equip: its instance 8_crm_equip is gone",
		}},
		{name: "closed", change: instance(func(i *migration.Instance) { i.State, i.Activities = migration.StateCompleted, nil }), want: []string{
			"FERRY-404 equip: its instance 8_crm_equip is closed",
		}},
		{name: "never_started", change: instance(func(i *migration.Instance) { i.State, i.Activities = migration.StateNotStarted, nil }), want: []string{"FERRY-401 equip"}},
		{name: "suspended", change: instance(func(i *migration.Instance) { i.State = migration.StateSuspended }), want: []string{"FERRY-402 equip"}},
		{name: "nothing_open", change: instance(func(i *migration.Instance) { i.Activities = nil }), want: []string{"FERRY-403 equip"}},
		{name: "a_subflow_that_nobody_waits_for", change: func(f *facts) {
			f.Instance.Activities = append(f.Instance.Activities, migration.OpenActivity{ID: "3_7", DefID: "inform", State: migration.StateRunning})
		}, want: []string{"FERRY-404 inform: nobody waits for it"}},
		{name: "instances_that_nobody_waits_for", change: func(f *facts) {
			f.Instance.Children = []migration.Child{{ID: "8_crm_equip"}, {ID: "9_crm_equip", Asynchronous: true}}
		}, want: []string{"FERRY-404 nobody waits for 9_crm_equip"}},
		{name: "another_process_is_called", change: func(f *facts) {
			f.Target = hiring(t, "hire", `SubFlow Id="equip" Execution="SYNCHR"`, `SubFlow Id="other" Execution="SYNCHR"`)
		}, want: []string{"FERRY-404 equip: the target's activity calls other, not equip"}},
		{name: "another_process_that_is_meant_is_called", change: func(f *facts) {
			f.Target = hiring(t, "hire", `SubFlow Id="equip" Execution="SYNCHR"`, `SubFlow Id="other" Execution="SYNCHR"`)
			wanted := *f.Below[0].Instance
			wanted.Definition.Process = "other"
			f.Below[0].Wanted = &wanted
		}},
		{name: "the_target_does_not_wait", change: func(f *facts) {
			f.Target = hiring(t, "hire", `Execution="SYNCHR"><Actual`, `Execution="ASYNCHR"><Actual`)
		}, want: []string{"FERRY-404 equip: the target's activity does not wait for it"}},
		{name: "the_target_has_no_such_subflow", change: func(f *facts) {
			f.Target = hiring(t, "hire", `Activity Id="equip"`, `Activity Id="equip2"`, `To="equip"`, `To="equip2"`, `From="equip"`, `From="equip2"`)
		}, want: []string{"FERRY-410 equip"}},
		{name: "the_start_runs_through", change: start(flow.Path{Outcome: flow.Waits, Steps: []flow.Step{{Activity: "equip", Kind: xpdl.Subflow, Child: &ended}}, Waits: []flow.Wait{{Activity: "welcome"}}}), want: []string{
			"FERRY-404 equip: the new instance would finish at once: equip [ends] -> waits at welcome",
		}},
		{name: "the_start_runs_through_to_where_nobody_knows", change: start(flow.Path{Outcome: flow.Unknown, Why: "x", Steps: []flow.Step{{Activity: "equip", Kind: xpdl.Subflow, Child: &ended}}}), want: []string{
			"FERRY-404 equip: the new instance would finish at once: equip [ends] -> unknown: x",
		}},
		{name: "the_start_begins_a_subflow_that_nobody_waits_for", change: start(flow.Path{Outcome: flow.Waits, Waits: []flow.Wait{{Activity: "equip", Child: &flow.Path{
			Outcome: flow.Waits, Steps: []flow.Step{{Activity: "inform", Under: "equip", Asynchronous: true}},
		}}}}), want: []string{"FERRY-404 equip: the new instance would begin subflows that nobody waits for: equip/inform"}},
		{name: "the_start_cannot_be_known", change: start(flow.Path{Outcome: flow.Unknown, Why: "equip: a decision plugin"}), want: []string{"FERRY-433 equip: equip: a decision plugin"}},

		{name: "a_tool_in_flight", change: activity(func(a *migration.OpenActivity) { a.DefID = "mail" }), want: []string{"FERRY-406 equip: mail"}},
		{name: "an_activity_suspended", change: activity(func(a *migration.OpenActivity) { a.State = migration.StateSuspended }), want: []string{"FERRY-407 equip: laptop"}},
		{name: "an_activity_of_no_definition", change: activity(func(a *migration.OpenActivity) { a.DefID = "gone" }), want: []string{"FERRY-410 equip: gone"}},
		{name: "an_activity_missing_on_the_target", change: child(func(p *preflight.Part) { p.Target = hiring(t, "hire") }), want: []string{"FERRY-410 equip: laptop"}},
		{name: "half_of_the_approvals", change: activity(approved), want: []string{"FERRY-415 equip: laptop"}},
		{name: "a_deadline", change: activity(func(a *migration.OpenActivity) { a.Deadlines = 1 }), want: []string{"FERRY-416 equip: laptop"}},
		{name: "accepted", change: activity(func(a *migration.OpenActivity) { a.State, a.AcceptedBy = migration.StateRunning, "clark" }), want: []string{"FERRY-419 equip: laptop"}},
		{name: "accepted_by_whom_the_target_does_not_have", change: both(
			activity(func(a *migration.OpenActivity) { a.State, a.AcceptedBy = migration.StateRunning, "clark" }),
			users(map[migration.User]preflight.Standing{"cat": preflight.StandingActive, "clark": preflight.StandingMissing}),
		), want: []string{"FERRY-419 equip: laptop", "FERRY-424 equip: laptop: clark is unknown"}},

		{name: "texts_can_be_set", change: variables(migration.Variable{Name: "who", Value: "x"}, migration.Variable{Name: "note", Value: "y"})},
		{name: "what_parameters_and_initial_values_give", change: variables(
			migration.Variable{Name: "term", Value: "24"}, migration.Variable{Name: "boxes", Value: "3"}, migration.Variable{Name: "urgent", Value: ""},
		)},
		{name: "a_parameter_that_changed_since", change: variables(migration.Variable{Name: "term", Value: "12"}), want: []string{"FERRY-413 equip: term"}},
		{name: "a_number_that_changed_since", change: variables(migration.Variable{Name: "boxes", Value: "4"}), want: []string{"FERRY-413 equip: boxes"}},
		{name: "a_true_boolean", change: variables(migration.Variable{Name: "urgent", Value: "true"}), want: []string{"FERRY-413 equip: urgent"}},
		{name: "a_false_boolean_is_left_to_the_default", change: variables(migration.Variable{Name: "urgent", Value: "false"}), want: []string{"FERRY-420 equip: urgent"}},
		{name: "what_only_goes_out_is_not_handed_over", change: variables(migration.Variable{Name: "inside", Value: "true"}), want: []string{"FERRY-413 equip: inside"}},
		{name: "an_undeclared_variable", change: variables(migration.Variable{Name: "other", Value: "x"}), want: []string{"FERRY-414 equip: other"}},

		{name: "a_branch_that_can_be_made", change: tokens(desk), want: []string{"FERRY-405 equip: desk arrived at both: joins: rebuild makes it"}},
		{name: "a_branch_that_is_made", change: both(rebuild, tokens(desk)), want: []string{"FERRY-434 equip: desk arrived at both: completed by terry"}},
		{name: "a_branch_from_a_route_that_is_made", change: both(rebuild, tokens(migration.JoinToken{Join: "both", From: "desk"}), child(func(p *preflight.Part) {
			p.Target = hiring(t, "equip", `Id="desk"><Implementation><No/></Implementation>`, `Id="desk"><Route/>`)
		})), want: []string{"FERRY-434 equip: desk arrived at both"}},
		{name: "a_branch_that_cannot_be_made", change: both(rebuild, tokens(mail)), want: []string{"FERRY-405 equip: mail arrived at both: mail is a tool, which would run again"}},
		{name: "a_branch_beside_one_that_cannot_be_made", change: tokens(desk, mail), want: []string{
			"FERRY-405 equip: mail arrived at both: mail is a tool, which would run again", "FERRY-405 equip: desk arrived at both",
		}},
		{name: "a_branch_whose_performer_is_not_there", change: both(
			rebuild, tokens(desk), users(map[migration.User]preflight.Standing{"cat": preflight.StandingActive, "terry": preflight.StandingMissing}),
		), want: []string{"FERRY-405 equip: desk arrived at both: the person who completed it cannot do so on the target", "FERRY-434 equip: desk arrived at both: completed by terry"}},
		{name: "a_branch_that_the_start_brings", change: both(tokens(desk), start(waiting(desk)))},
		{name: "a_branch_that_the_start_brings_too_many", change: start(waiting(desk)), want: []string{
			"FERRY-405 equip: desk arrived at both: a branch from desk would wait at both without one on the source, and nothing can remove it",
		}},
		{name: "a_branch_without_a_definition_is_another_finding", change: both(tokens(desk), child(func(p *preflight.Part) { p.Target = nil }))},
		{name: "a_branch_of_the_root", change: func(f *facts) { f.Instance.Tokens = []migration.JoinToken{{Join: "prepare", From: "begin"}} }, want: []string{
			"FERRY-405 begin arrived at prepare: prepare is no AND-join: it would start",
		}},

		{name: "two_levels_down", change: child(func(p *preflight.Part) {
			p.Instance.Activities = append(p.Instance.Activities, migration.OpenActivity{ID: "5_8", DefID: "order", State: migration.StateRunning})
			p.Below = []preflight.Part{{Path: "equip/order", Caller: "order", Source: hiring(t, "hire"), Target: hiring(t, "hire"), Instance: &migration.Instance{
				ID: "9_crm_hire", State: migration.StateSuspended, Requester: "cat", Definition: migration.DefinitionID{Process: "hire"},
				Activities: []migration.OpenActivity{{ID: "6_9", DefID: "begin", State: migration.StateRunning}},
			}}}
		}), want: []string{"FERRY-402 equip/order", "FERRY-406 equip/order: begin"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := facts{Part: preflight.Part{
				Source: hiring(t, "hire"), Target: hiring(t, "hire"), Start: &flow.Path{Outcome: flow.Waits}, Instance: &migration.Instance{
					ID: "7_crm_hire", App: "crm", State: migration.StateRunning, Requester: "cat", Record: "rec-1", Definition: migration.DefinitionID{Process: "hire"},
					Activities: []migration.OpenActivity{
						{ID: "1_7", DefID: "prepare", State: migration.StateNotStarted}, {ID: "2_7", DefID: "equip", State: migration.StateRunning, Performer: "8_crm_equip"},
					},
				},
			}, InitialStart: &flow.Path{Outcome: flow.Waits}}
			f.Below = []preflight.Part{{Path: "equip", Caller: "equip", Source: hiring(t, "equip"), Target: hiring(t, "equip"), Instance: &migration.Instance{
				ID: "8_crm_equip", State: migration.StateRunning, Requester: "cat", Definition: migration.DefinitionID{Process: "equip"},
				Activities: []migration.OpenActivity{{ID: "4_8", DefID: "laptop", State: migration.StateNotStarted}},
			}, Handed: map[string]string{"who": "Ann", "term": "24"}}}
			start(waiting())(&f)
			tc.change(&f)
			var got []string
			for _, found := range preflight.Instance(&f) {
				if found.Subject != "7_crm_hire" {
					t.Errorf("%s has subject %q", found.ID, found.Subject)
				}
				got = append(got, found.ID+" "+found.Seen)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// waiting is the start of the subflow equip that leaves these tokens in it.
func waiting(tokens ...migration.JoinToken) flow.Path {
	return flow.Path{Outcome: flow.Waits, Waits: []flow.Wait{{Activity: "equip", Child: &flow.Path{Outcome: flow.Waits, Tokens: tokens}}}}
}
