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

func TestDefinition(t *testing.T) {
	t.Parallel()
	id := migration.DefinitionID{Package: "crm", Version: "3", Process: "approve"}
	changed := func(old, replacement string) func(*preflight.DefinitionFacts) {
		return func(f *preflight.DefinitionFacts) {
			f.Target.Process = process(t, strings.Replace(definition, old, replacement, 1))
			f.Differences = xpdl.Compare(f.Source.Process, f.Target.Process, xpdl.Names{})
		}
	}
	participants := func(source, target migration.Participant) func(*preflight.DefinitionFacts) {
		return func(f *preflight.DefinitionFacts) {
			f.Source.Participants, f.Target.Participants = []migration.Participant{source}, []migration.Participant{target}
		}
	}
	plugins := func(source, target string) func(*preflight.DefinitionFacts) {
		return func(f *preflight.DefinitionFacts) {
			f.Source.Plugins = []migration.ActivityPlugin{{Activity: "mail", Plugin: "org.joget.apps.app.lib.EmailTool", Properties: source}}
			f.Target.Plugins = []migration.ActivityPlugin{{Activity: "mail", Plugin: "org.joget.apps.app.lib.EmailTool", Properties: target}}
		}
	}
	both := func(p migration.Participant) func(*preflight.DefinitionFacts) { return participants(p, p) }
	for _, tc := range []struct {
		name   string
		change func(*preflight.DefinitionFacts)
		want   []string // "FERRY-NNN seen"
	}{
		{name: "equal_ones_have_no_findings", change: func(*preflight.DefinitionFacts) {}},
		{name: "unpublished_app", change: func(f *preflight.DefinitionFacts) {
			f.TargetID, f.Target, f.Unpublished = migration.DefinitionID{}, preflight.DefinitionSide{}, "publish a version of the app"
		}, want: []string{"FERRY-201 publish a version of the app"}},
		{name: "missing_on_the_target", change: func(f *preflight.DefinitionFacts) {
			f.Target = preflight.DefinitionSide{Missing: true}
		}, want: []string{"FERRY-202 crm#4#approve"}},
		{name: "broken_on_the_source", change: func(f *preflight.DefinitionFacts) {
			f.Source = preflight.DefinitionSide{Broken: true}
		}, want: []string{"FERRY-203 source"}},
		{name: "broken_on_the_target", change: func(f *preflight.DefinitionFacts) {
			f.Target = preflight.DefinitionSide{Broken: true, Published: true}
		}, want: []string{"FERRY-203 target, crm#4#approve"}},
		{name: "other_activities", change: changed(`<Activity Id="check">`, `<Activity Id="inspect">`), want: []string{
			"FERRY-206 - check: manual\n+ inspect: manual",
		}},
		{name: "other_transitions", change: changed(`To="approve"/>`, `To="approve"><Condition Type="CONDITION">status==='x'</Condition></Transition>`), want: []string{
			"FERRY-207 - begin -> approve: no condition\n+ begin -> approve: CONDITION status==='x'",
		}},
		{name: "other_joins", change: changed(`<Activity Id="check"><Implementation><No/></Implementation>`,
			`<Activity Id="check"><Implementation><No/></Implementation><TransitionRestrictions><TransitionRestriction><Join Type="AND"/></TransitionRestriction></TransitionRestrictions>`), want: []string{
			"FERRY-208 - check join: XOR\n+ check join: AND",
		}},
		{name: "other_variables", change: changed(`<DataField Id="due">`, `<DataField Id="until">`), want: []string{
			"FERRY-209 - due: DATETIME\n+ until: DATETIME",
		}},
		{name: "other_participants", change: changed("<Activities>", `<Participants><Participant Id="boss"/></Participants><Activities>`), want: []string{
			"FERRY-210 + boss: participant",
		}},
		{name: "other_deadlines", change: changed(`<Activity Id="approve">`, `<Activity Id="approve"><Limit>3</Limit>`), want: []string{
			"FERRY-211 - approve limit: none\n+ approve limit: 3h0m0s",
		}},
		{name: "other_subflows", change: changed(`Execution="SYNCHR"`, `Execution="ASYNCHR"`), want: []string{
			"FERRY-212 - child execution: SYNCHR\n+ child execution: ASYNCHR",
		}},
		{name: "nothing_starts", change: func(f *preflight.DefinitionFacts) {
			f.Target.Process = process(t, `<Package xmlns="http://www.wfmc.org/2002/XPDL1.0" Id="crm"><WorkflowProcesses><WorkflowProcess Id="approve"><Activities>
				<Activity Id="a"><Route/></Activity><Activity Id="b"><Route/></Activity></Activities>
				<Transitions><Transition Id="1" From="a" To="b"/><Transition Id="2" From="b" To="a"/></Transitions></WorkflowProcess></WorkflowProcesses></Package>`)
		}, want: []string{"FERRY-213 crm#4#approve"}},
		{name: "not_the_published_version", change: func(f *preflight.DefinitionFacts) { f.Target.Published = false }, want: []string{"FERRY-214 crm#4#approve"}},
		{name: "participant_is_somebody_else", change: participants(
			migration.Participant{Participant: "approver", Type: "user", Value: "clark"}, migration.Participant{Participant: "approver", Type: "group", Value: "heads"},
		), want: []string{"FERRY-215 approver: user clark -> group heads"}},
		{name: "participant_plugin_has_other_properties", change: participants(
			migration.Participant{Participant: "approver", Type: "plugin", Value: "a.B", Properties: `{"url": "one", "deep": {"key": "secret", "same": 1}}`},
			migration.Participant{Participant: "approver", Type: "plugin", Value: "a.B", Properties: `{"deep":{"same":1,"key":"other"},"url":"one"}`},
		), want: []string{"FERRY-215 approver (plugin a.B): properties differ: deep.key"}},
		{name: "tool_has_other_properties_whose_values_are_not_shown", change: plugins(`{"password":"x","to":"a"}`, `{"password":"y","to":"a"}`), want: []string{
			"FERRY-216 mail (org.joget.apps.app.lib.EmailTool): properties differ: password",
		}},
		{name: "tool_has_the_same_properties_written_otherwise", change: plugins(`{"a": 1, "b": [2]}`, `{"b":[2],"a":1}`)},
		{name: "tool_is_mapped_on_one_side_only", change: func(f *preflight.DefinitionFacts) {
			plugins("", "")(f)
			f.Target.Plugins = nil
		}, want: []string{"FERRY-216 only on the source: mail (org.joget.apps.app.lib.EmailTool)"}},
		{name: "tool_is_mapped_on_the_other_side_only", change: func(f *preflight.DefinitionFacts) {
			plugins("", "")(f)
			f.Source.Plugins = nil
		}, want: []string{"FERRY-216 only on the target: mail (org.joget.apps.app.lib.EmailTool)"}},
		{name: "properties_that_are_no_object_are_compared_as_texts", change: plugins("a", "b"), want: []string{
			"FERRY-216 mail (org.joget.apps.app.lib.EmailTool): properties differ: (as a text)",
		}},
		{name: "another_form", change: func(f *preflight.DefinitionFacts) {
			f.Source.Forms = []migration.ActivityForm{{Activity: "approve", Type: "SINGLE", Form: "f1"}}
			f.Target.Forms = []migration.ActivityForm{{Activity: "approve", Type: "SINGLE", Form: "f2"}}
		}, want: []string{"FERRY-217 approve: f1 -> f2"}},
		{name: "a_renamed_activity_keeps_its_mappings", change: func(f *preflight.DefinitionFacts) {
			f.Mapping.Activities = map[string]map[migration.ActivityDefID]migration.ActivityDefID{"crm/approve": {"mail_old": "mail"}}
			plugins("", "")(f)
			f.Source.Plugins[0].Activity = "mail_old"
		}},
		{name: "plugins_before_the_first_wait", change: func(f *preflight.DefinitionFacts) {
			f.MayRun = []flow.Step{{Activity: "begin", Kind: xpdl.Route}, {Activity: "mail", Plugin: "a.Mail"}, {Activity: "call", Plugin: "a.Call"}}
			f.Start = flow.Path{Steps: f.MayRun[:2], Waits: []flow.Wait{{Activity: "approve"}}, Outcome: flow.Waits}
		}, want: []string{"FERRY-224 mail (a.Mail), call (a.Call); with initial values: begin -> mail (a.Mail) -> waits at approve"}},
		{name: "routes_before_the_first_wait", change: func(f *preflight.DefinitionFacts) {
			f.MayRun = []flow.Step{{Activity: "begin", Kind: xpdl.Route}}
		}},
		{name: "a_subflow_that_nobody_waits_for", change: func(f *preflight.DefinitionFacts) {
			f.MayRun = []flow.Step{{Activity: "child", Asynchronous: true}}
		}, want: []string{"FERRY-225 child"}},
		{name: "performer_of_an_earlier_activity", change: both(migration.Participant{Participant: "boss", Type: "requesterHod", Value: "check"}), want: []string{
			"FERRY-226 boss: requesterHod of check",
		}},
		{name: "performer_is_the_caller", change: both(migration.Participant{Participant: "boss", Type: "requester"}), want: []string{"FERRY-227 boss: requester"}},
		{name: "performer_is_whoever_is_logged_in", change: both(migration.Participant{Participant: "boss", Type: "role", Value: "loggedInUser"}), want: []string{
			"FERRY-227 boss: role loggedInUser",
		}},
		{name: "performer_is_the_requester", change: both(migration.Participant{Participant: "boss", Type: "requesterHod", Value: "runProcess"})},
		{name: "a_participant_without_activities_assigns_nobody", change: both(migration.Participant{Participant: "processStartWhiteList", Type: "role", Value: "loggedInUser"})},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			facts := preflight.DefinitionFacts{
				ID: id, TargetID: migration.DefinitionID{Package: "crm", Version: "4", Process: "approve"},
				Source: preflight.DefinitionSide{Process: process(t, definition), Published: true},
				Target: preflight.DefinitionSide{Process: process(t, definition), Published: true},
			}
			tc.change(&facts)
			var got []string
			for _, f := range preflight.Definition(&facts) {
				got = append(got, f.ID+" "+f.Seen)
				if f.Subject != "crm#3#approve" {
					t.Errorf("%s has subject %q", f.ID, f.Subject)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
