package plant

import (
	"maps"
	"strings"

	"jogetferry/test/simulator/schema"
)

// unreadable is an object of a class of its own, as Java's ObjectOutputStream begins one.
var unreadable = []byte{0xAC, 0xED, 0x00, 0x05, 0x73, 0x72, 0x00, 0x09, 'o', 'r', 'g', '.', 'T', 'h', 'i', 'n', 'g'}

// Milliseconds.
const (
	tenMinutes = 10 * 60 * 1000
	halfAYear  = 180 * 24 * 3600 * 1000
)

func instancePlants() []Plant {
	return []Plant{
		{"the_instance_was_never_started", "FERRY-401", func(p *planting) {
			i := p.subject(leave, "approve")
			p.hides(Any, i.ID)
			p.end(i)
			p.source.change("SHKProcesses", row{"State": schema.ProcessStateOID(notStarted), "Started": nil}, i.is())
		}},
		{"the_instance_is_suspended", "FERRY-402", func(p *planting) {
			p.source.change("SHKProcesses", row{"State": schema.ProcessStateOID(suspended)}, p.subject(leave, "approve").is())
		}},
		{"nothing_is_open", "FERRY-403", func(p *planting) { p.end(p.subject(leave, "approve")) }},
		{"a_subflow_is_suspended", "FERRY-402", func(p *planting) {
			p.source.change("SHKProcesses", row{"State": schema.ProcessStateOID(suspended)}, row{"Id": p.subflow().ID})
		}},
		{"a_subflow_ended_and_its_caller_waits", "FERRY-404", func(p *planting) {
			p.source.change("SHKProcesses", row{"State": schema.ProcessStateOID(completed)}, row{"Id": p.subflow().ID})
		}},
		{"the_tool_of_a_subflow_is_in_flight", "FERRY-406", func(p *planting) {
			p.both(func(s *side) {
				s.edit("onboard", `<Activity Id="handover"`, `<Activity Id="label" Name="Print Label"><Implementation><Tool Id="default_application"/></Implementation><Performer>it</Performer></Activity>
        <Activity Id="handover"`)
				s.edit("onboard", `<Transition Id="transition2" From="pick" To="handover"/>`, `<Transition Id="transition2" From="pick" To="handover"><Condition Type="OTHERWISE"/></Transition>
        <Transition Id="transition3" From="pick" To="label"><Condition Type="CONDITION">assetCount==99</Condition></Transition>`)
			})
			i := p.subflow()
			p.again(i, "label", row{"State": schema.ActivityStateOID(running)})
		}},
		{"a_branch_waits_at_a_join", "FERRY-405", func(p *planting) {
			i := p.subject(procure, "quote")
			p.end(i)
			p.source.add("SHKAndJoinTable", row{
				"Process": i.oid, "ActivityDefinitionId": "merge", "Activity": i.activityOID,
				"CNT": p.source.count(schema.CounterAndJoin), "oid": p.source.oid(), "version": 0,
			})
		}},
		{"a_tool_is_in_flight", "FERRY-406", func(p *planting) {
			p.again(p.subject(leave, "approve"), "reject", row{"State": schema.ActivityStateOID(running)})
		}},
		{"an_activity_is_suspended", "FERRY-407", func(p *planting) {
			p.source.change("SHKActivities", row{"State": schema.ActivityStateOID(suspended)}, p.subject(leave, "approve").activityIs())
		}},
		{"an_activity_is_inside_a_block", "FERRY-408", func(p *planting) {
			i := p.subject(leave, "approve")
			p.source.change("SHKActivities", row{"ActivitySetDefinitionId": "block1", "BlockActivityId": i.activity}, i.activityIs())
		}},
		{"an_activity_is_open_twice", "FERRY-409", func(p *planting) {
			p.again(p.subject(leave, "approve"), "approve", row{})
		}},
		{"an_activity_is_of_no_definition", "FERRY-410", func(p *planting) {
			p.source.change("SHKActivities", row{"ActivityDefinitionId": "check"}, p.subject(leave, "approve").activityIs())
		}},
		{"nobody_requested_it", "FERRY-411", func(p *planting) {
			p.source.change("SHKProcesses", row{"ResourceRequesterId": "roleSystem"}, p.subject(leave, "approve").is())
		}},
		{"it_was_started_without_a_login", "FERRY-444", func(p *planting) {
			p.source.change("SHKProcesses", row{"ResourceRequesterId": "roleAnonymous"}, p.subject(onboarding, "welcome").is())
		}},
		{"it_was_started_without_a_login_where_only_users_may", "FERRY-425", func(p *planting) {
			p.source.change("SHKProcesses", row{"ResourceRequesterId": "roleAnonymous"}, p.subject(leave, "approve").is())
		}},
		{"a_variable_is_a_java_object", "FERRY-412", func(p *planting) {
			p.variable(p.subject(leave, "approve"), "remarks", row{"VariableType": 5, "VariableValue": unreadable, "VariableValueVCHAR": nil})
		}},
		{"a_boolean_variable_is_true", "FERRY-413", func(p *planting) {
			i := p.subject(probation, "review")
			p.hides("FERRY-420", i.ID)
			p.variable(i, "confirmed", row{"VariableValueBOOL": 1})
		}},
		{"a_number_of_a_subflow_changed", "FERRY-413", func(p *planting) {
			p.variable(p.subflow(), "assetCount", row{"VariableValueLONG": 4})
		}},
		{"an_activity_has_an_older_number", "FERRY-413", func(p *planting) {
			i := p.subject(probation, "review")
			p.source.change("SHKProcessData", row{"VariableValueLONG": 7}, row{"Process": i.oid, "VariableDefinitionId": "months"})
		}},
		{"a_variable_is_not_declared", "FERRY-414", func(p *planting) {
			p.newVariable(p.subject(leave, "approve"), "legacyCode", row{"VariableType": 3, "VariableValueVCHAR": "A7"})
		}},
		{"half_of_the_approvers_approved", "FERRY-415", func(p *planting) {
			i := p.subject(leave, "approve")
			p.source.change("SHKActivities", row{"Priority": 5}, i.activityIs())
			p.source.add("SHKActivityData", row{
				"Activity": i.activityOID, "VariableDefinitionId": "MULTI_APPROVAL_PERFORMERS", "VariableType": 3, "VariableValueVCHAR": "cat;clark",
				"IsResult": 0, "OrdNo": -1, "CNT": p.source.count(schema.CounterActData), "oid": p.source.oid(), "version": 0,
			})
		}},
		{"a_deadline_runs", "FERRY-416", func(p *planting) { p.deadline(p.subject(leave, "approve"), halfAYear) }},
		{"a_subflow_runs_on_its_own", "FERRY-417", func(p *planting) {
			i := p.instance(onboarding, "welcome")
			caller := p.source.text(selectClosed, i.ID, "equip")
			child := p.child(i, caller)
			p.concerns(child)
			p.also("FERRY-404", i.ID)
			p.source.change("SHKActivities", row{"Performer": child, "IsPerformerAsynchronous": 1}, row{"Id": caller})
		}},
		{"the_package_version_was_forgotten", "FERRY-418", func(p *planting) {
			i := p.subject(leave, "approve")
			const version, definition = "1", "leave#1#process1"
			deployed := p.source.row("SHKXPDLS", row{"XPDLId": "leave"})["oid"]
			oid, xpdl := p.source.oid(), p.source.oid()
			p.source.copy(&p.source, "SHKProcessDefinitions", row{"oid": oid, "Name": definition, "ProcessDefinitionVersion": version}, row{"Name": i.definition})
			p.source.copy(&p.source, "SHKXPDLS", row{"oid": xpdl, "XPDLVersion": version}, row{"oid": deployed})
			p.source.copy(&p.source, "SHKXPDLData", row{"oid": p.source.oid(), "XPDL": xpdl, "CNT": p.source.count(schema.CounterXPDLData)},
				row{"XPDL": deployed})
			p.source.change("SHKProcesses", row{"PDefName": definition, "ProcessDefinition": oid}, i.is())
			p.source.change("SHKActivities", row{"PDefName": definition}, row{"ProcessId": i.ID})
			p.source.change("SHKAssignmentsTable", row{"ActivityProcessDefName": definition}, row{"ActivityProcessId": i.ID})
		}},
		{"an_activity_is_accepted", "FERRY-419", func(p *planting) { p.accept(p.subject(leave, "approve"), row{}) }},
		{"a_boolean_variable_is_false", "FERRY-420", func(p *planting) {
			p.both(func(s *side) {
				s.edit("leave", `</DataFields>`, `<DataField Id="urgent" IsArray="FALSE"><DataType><BasicType Type="BOOLEAN"/></DataType></DataField></DataFields>`)
			})
			p.newVariable(p.subject(leave, "approve"), "urgent", row{"VariableType": 0, "VariableValueBOOL": 0})
		}},
		{"the_requester_is_not_there", "FERRY-421", func(p *planting) {
			p.source.hire(trainee, 1)
			p.source.change("SHKProcesses", row{"ResourceRequesterId": trainee}, p.subject(leave, "approve").is())
		}},
		{"the_requester_may_not_log_in", "FERRY-422", func(p *planting) {
			p.source.hire(contractor, 1)
			p.target.hire(contractor, 0)
			p.source.change("SHKProcesses", row{"ResourceRequesterId": contractor}, p.subject(leave, "approve").is())
		}},
		{"an_assignee_is_not_there", "FERRY-423", func(p *planting) {
			p.source.hire(deputy, 1)
			one := p.source.row("SHKAssignmentsTable", row{"ActivityId": p.subject(leave, "approve").activity})["oid"]
			p.source.change("SHKAssignmentsTable", row{"ResourceId": deputy, "TheResource": p.resource(deputy)}, row{"oid": one})
		}},
		{"who_accepted_is_not_there", "FERRY-424", func(p *planting) {
			i := p.subject(leave, "approve")
			p.also("FERRY-419", i.ID)
			p.source.hire(assistant, 1)
			p.accept(i, row{"ResourceId": assistant, "TheResource": p.resource(assistant)})
		}},
		{"the_requester_may_not_start", "FERRY-425", func(p *planting) {
			may := []string{contractor, trainee}
			for _, u := range schema.Users() {
				if !u.Admin {
					may = append(may, u.ID)
				}
			}
			p.mapLeave(whitelist, row{"type": "user", "value": strings.Join(may, ",")})
			p.source.change("SHKProcesses", row{"ResourceRequesterId": schema.AdminUser}, p.subject(leave, "approve").is())
		}},
		{"a_plugin_says_who_may_start", "FERRY-426", func(p *planting) {
			all := p.roots(procure)
			p.concerns(all[0])
			for _, id := range all[1:] {
				p.also("FERRY-426", id)
			}
			p.both(func(s *side) {
				s.change("app_package_participant", row{"type": "plugin", "value": "org.joget.plugin.enterprise.AdvancedParticipant", "pluginProperties": "{}"},
					row{"packageId": "procure", "participantId": whitelist})
			})
		}},
		{"the_start_would_run_to_the_end", "FERRY-427", func(p *planting) {
			p.begin("onboard", `<Transition Id="transition1" From="route1" To="review"/>`,
				`<Transition Id="transition1" From="route1" To="review"><Condition Type="CONDITION">months!=24</Condition></Transition>`)
			p.variable(p.subject(probation, "review"), "months", row{"VariableValueLONG": 24})
		}},
		{"the_start_would_run_another_tool", "FERRY-428", func(p *planting) {
			const route = "<Route/>\n          <Performer>requester</Performer>\n"
			p.begin("leave", route, route+`          <TransitionRestrictions><TransitionRestriction><Split Type="XOR"><TransitionRefs><TransitionRef Id="transition8"/><TransitionRef Id="transition1"/></TransitionRefs></Split></TransitionRestriction></TransitionRestrictions>
`)
			p.begin("leave", `<Activity Id="approve"`, `<Activity Id="notify" Name="Notify"><Implementation><Tool Id="default_application"/></Implementation><Performer>hr</Performer></Activity>
        <Activity Id="approve"`)
			p.begin("leave", `<Transition Id="transition1" From="route1" To="approve"/>`,
				`<Transition Id="transition1" From="route1" To="approve"><Condition Type="OTHERWISE"/></Transition>
        <Transition Id="transition8" From="route1" To="notify"><Condition Type="CONDITION">days==60</Condition></Transition>
        <Transition Id="transition9" From="notify" To="approve"/>`)
			p.both(func(s *side) {
				s.copy(s, "app_package_activity_plugin", row{"activityDefId": "notify", "ouid": "process1::notify"}, row{"packageId": "leave", "activityDefId": "reject"})
			})
			i := p.subject(leave, "approve")
			p.also("FERRY-224", i.definition)
			p.variable(i, "days", row{"VariableValueLONG": 60})
		}},
		{"nobody_knows_where_the_start_leads", "FERRY-429", func(p *planting) {
			p.begin("onboard", `<Activity Id="review" Name="Review">`, `<Activity Id="leave" Name="Leave"><Route/><Performer>head</Performer></Activity>
        <Activity Id="review" Name="Review">`)
			p.begin("onboard", `<Transition Id="transition6" From="extend"`, `<Transition Id="transition8" From="leave" To="close"><Condition Type="CONDITION">months==36 &amp;&amp; holidays.left()</Condition></Transition>
        <Transition Id="transition6" From="extend"`)
			p.variable(p.subject(probation, "review"), "months", row{"VariableValueLONG": 36})
		}},
		{"a_limit_runs", "FERRY-430", func(p *planting) {
			p.begin("leave", `<Activity Id="resubmit"`, `<Activity Id="recall" Name="Recall"><Limit>24</Limit><Implementation><No/></Implementation><Performer>requester</Performer></Activity>
        <Activity Id="resubmit"`)
			p.begin("leave", `<Transition Id="transition6"`, `<Transition Id="transition10" From="decision" To="recall"><Condition Type="CONDITION">status==='recalled'</Condition></Transition>
        <Transition Id="transition6"`)
			i := p.subject(leave, "approve")
			p.also("FERRY-435", i.ID) // a recall is the requester's alone
			p.source.change("SHKActivities", row{"ActivityDefinitionId": "recall", "Name": "Recall"}, i.activityIs())
		}},
		{"a_deadline_is_near", "FERRY-431", func(p *planting) {
			i := p.subject(leave, "approve")
			p.also("FERRY-416", i.ID)
			p.source.add("wf_setup", row{"id": "setup-deadlines", "property": "deadlineCheckerInterval", "value": "60"})
			p.deadline(i, tenMinutes)
		}},
		{"the_start_would_begin_a_subflow_on_its_own", "FERRY-432", func(p *planting) {
			i := p.subject(onboarding, "prepare")
			p.also("FERRY-225", i.definition)
			p.beginAsynchronous("transferred")
			p.variable(i, "status", row{"VariableValueVCHAR": "transferred"})
		}},
		{"nobody_knows_where_a_subflow_leads", "FERRY-433", func(p *planting) {
			p.begin("onboard", `<Transition Id="transition1" From="route1" To="pick"/>`,
				`<Transition Id="transition1" From="route1" To="pick"><Condition Type="CONDITION">candidate!=='nobody' || shelf.left()</Condition></Transition>`)
			i := p.subflow()
			is := row{"VariableDefinitionId": "candidate", "Activity": i.callerOID}
			p.source.change("SHKActivityData", row{"VariableValueVCHAR": "nobody"}, is)
		}},
		{"an_assignee_was_taken_off", "FERRY-435", func(p *planting) {
			i := p.subject(leave, "approve")
			one := p.source.row("SHKAssignmentsTable", row{"ActivityId": i.activity})["oid"]
			p.source.remove("SHKAssignmentsTable", row{"oid": one})
		}},
		{"the_start_may_lead_past_the_first_wait", "FERRY-436", func(p *planting) {
			p.begin("onboard", `<Transition Id="transition1" From="route1" To="prepare"/>`,
				`<Transition Id="transition1" From="route1" To="prepare"><Condition Type="CONDITION">status!=='on hold' || holidays.left()</Condition></Transition>`)
			p.variable(p.subject(onboarding, "prepare"), "status", row{"VariableValueVCHAR": "on hold"})
		}},
	}
}

// whitelist is the pseudo participant that says who may start a process.
const whitelist = "processStartWhiteList"

// begin changes how a process begins, on both servers.
func (p *planting) begin(pkg, old, fresh string) {
	p.both(func(s *side) { s.edit(pkg, old, fresh) })
}

// accept has the activity that i was chosen by accepted, with changes to the
// one assignment that is left.
func (p *planting) accept(i instance, changes row) {
	is := row{"ActivityId": i.activity}
	left := p.source.row("SHKAssignmentsTable", is)
	maps.Copy(left, changes)
	left["IsAccepted"] = 1
	p.source.remove("SHKAssignmentsTable", is)
	p.source.add("SHKAssignmentsTable", left)
	p.source.change("SHKActivities", row{
		"State": schema.ActivityStateOID(running), "ResourceId": left["ResourceId"], "TheResource": left["TheResource"],
		"Accepted": p.source.number(selectNow), "AcceptedTZO": 0,
	}, i.activityIs())
}
