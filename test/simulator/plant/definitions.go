package plant

import "strings"

// OldHost is the name of the source in what the apps say of themselves; a
// check has to be told it.
const OldHost = "old.example.org"

// half cuts a text off in the middle, as a transfer that was interrupted does.
func half(text string) string { return text[:len(text)/2] }

func definitionPlants() []Plant {
	return []Plant{
		{"the_app_is_not_published", "FERRY-201", func(p *planting) {
			p.hidesDefinition(procure)
			for _, id := range p.withTokens() {
				p.hides("FERRY-434", id)
			}
			p.target.change("app_app", row{"published": 0}, row{"appId": "procure"})
		}},
		{"the_process_is_not_in_the_package", "FERRY-202", func(p *planting) {
			p.hidesDefinition(onboarding)
			_, oid := p.target.definition(onboarding)
			p.target.remove("SHKProcessDefinitions", row{"oid": oid})
			p.target.edit("onboard", `<WorkflowProcess Id="onboarding"`, `<WorkflowProcess Id="hiring"`)
		}},
		{"the_xpdl_is_cut_off", "FERRY-203", func(p *planting) {
			p.hidesDefinition(procure)
			p.target.rewrite("procure", half)
		}},
		{"the_xpdl_of_the_source_is_cut_off", "FERRY-203", func(p *planting) {
			p.hidesDefinition(procure)
			p.source.rewrite("procure", half)
		}},
		{"a_form_is_cut_off", "FERRY-204", func(p *planting) {
			p.concerns("leave")
			p.source.rewriteForm("leave", "leaveConfirmation", half)
		}},
		{"an_app_is_half_imported", "FERRY-201", func(p *planting) { // app_app and forms are there, the package never came
			p.hidesDefinition(leave)
			p.target.forget("leave")
		}},
		{"a_tool_became_a_route", "FERRY-206", func(p *planting) {
			p.concernsDefinition(leave)
			p.target.edit("leave", `<Implementation><Tool Id="default_application"/></Implementation>`, `<Route/>`)
		}},
		{"a_condition_is_another", "FERRY-207", func(p *planting) {
			p.concernsDefinition(leave)
			p.target.edit("leave", `status==='rejected'`, `status==='refused'`)
		}},
		{"a_split_is_parallel", "FERRY-208", func(p *planting) {
			p.concernsDefinition(probation)
			p.target.edit("onboard", `<Split Type="XOR">`, `<Split Type="AND">`)
		}},
		{"a_variable_begins_with_another_value", "FERRY-209", func(p *planting) {
			p.concernsDefinition(probation)
			p.target.edit("onboard", `<InitialValue>3</InitialValue>`, `<InitialValue>6</InitialValue>`)
		}},
		{"an_activity_has_another_performer", "FERRY-206", func(p *planting) {
			p.concernsDefinition(leave)
			p.target.edit("leave", "<Implementation><No/></Implementation>\n          <Performer>hr</Performer>", "<Implementation><No/></Implementation>\n          <Performer>approver</Performer>")
		}},
		{"a_participant_was_added", "FERRY-210", func(p *planting) {
			p.concernsDefinition(leave)
			p.target.edit("leave", `</Participants>`, `<Participant Id="auditor" Name="Auditor"><ParticipantType Type="ROLE"/></Participant></Participants>`)
		}},
		{"a_limit_is_shorter", "FERRY-211", func(p *planting) {
			p.concernsDefinition(onboarding)
			p.target.edit("onboard", `<Limit>240</Limit>`, `<Limit>24</Limit>`)
		}},
		{"a_subflow_is_another", "FERRY-212", func(p *planting) {
			p.concernsDefinition(onboarding)
			p.target.edit("onboard", `<SubFlow Id="equipment"`, `<SubFlow Id="probation"`)
			for _, id := range p.callers() {
				p.also("FERRY-404", id)
			}
		}},
		{"a_process_begins_in_a_loop", "FERRY-213", func(p *planting) {
			p.concernsDefinition(leave)
			p.both(func(s *side) {
				s.edit("leave", `</Transitions>`, `<Transition Id="transition7" From="confirm" To="route1"/></Transitions>`)
			})
		}},
		{"a_participant_is_another_group", "FERRY-215", func(p *planting) {
			p.concernsDefinition(leave)
			p.target.change("app_package_participant", row{"value": "it-team"}, row{"packageId": "leave", "participantId": "hr"})
		}},
		{"a_tool_is_another_plugin", "FERRY-216", func(p *planting) {
			p.concernsDefinition(leave)
			p.target.change("app_package_activity_plugin", row{"pluginName": "jogetferry.sim.SleepTool"}, row{"packageId": "leave", "activityDefId": "reject"})
		}},
		{"an_activity_shows_another_form", "FERRY-217", func(p *planting) {
			p.concernsDefinition(leave)
			p.target.change("app_package_activity_form", row{"formId": "leaveForm"}, row{"packageId": "leave", "activityDefId": "approve"})
		}},
		{"a_field_needs_a_plugin_that_is_not_installed", "FERRY-218", func(p *planting) {
			p.concerns("procure")
			p.source.rewriteForm("procure", "budgetForm", func(json string) string {
				return strings.Replace(json, "org.joget.apps.form.lib.TextField", "org.joget.marketplace.CostCentreField", 1)
			})
		}},
		{"a_subform_was_deleted", "FERRY-229", func(p *planting) {
			p.concerns("leave")
			p.source.rewriteForm("leave", "leaveForm", func(json string) string {
				const subform = `{"className": "org.joget.apps.form.lib.SubForm", "properties": {"id": "handover", "formDefId": "handoverForm"}}, `
				return strings.Replace(json, `"elements": [`, `"elements": [`+subform, 1)
			})
		}},
		{"a_field_names_a_form_for_no_known_reason", "FERRY-230", func(p *planting) {
			p.concerns("onboard")
			p.source.rewriteForm("onboard", "equipmentForm", func(json string) string {
				return strings.Replace(json, `"elements": [`, `"elements": [{"className": "org.joget.apps.form.lib.HiddenField", "properties": {"id": "wizard", "lastFormDefId": "reviewForm"}}, `, 1)
			})
		}},
		{"an_address_of_the_old_host_is_left", "FERRY-219", func(p *planting) {
			p.concerns("procure")
			p.both(func(s *side) {
				s.change("app_env_variable", row{"value": "http://" + OldHost + ":8080/jw/web/userview/procure"}, row{"appId": "procure", "id": "currency"})
			})
		}},
		{"a_tool_runs_at_the_start", "FERRY-224", func(p *planting) {
			p.concernsDefinition(probation)
			const performer = "\n          <Performer>requester</Performer>"
			p.begin("onboard", "<Route/>"+performer, `<Implementation><Tool Id="default_application"/></Implementation>`+performer)
			p.both(func(s *side) {
				s.copy(s, "app_package_activity_plugin", row{"processDefId": "probation", "activityDefId": "route1", "ouid": "probation::route1"},
					row{"packageId": "onboard", "activityDefId": "remind"})
			})
		}},
		{"a_start_may_begin_a_subflow_on_its_own", "FERRY-225", func(p *planting) {
			p.concernsDefinition(onboarding)
			p.beginAsynchronous("seconded")
		}},
		{"a_participant_is_who_did_an_earlier_activity", "FERRY-226", func(p *planting) {
			p.concernsDefinition(leave)
			p.mapLeave("hr", row{"type": "requester", "value": "approve"})
		}},
		{"a_participant_depends_on_who_calls", "FERRY-227", func(p *planting) {
			p.concernsDefinition(leave)
			p.mapLeave("approver", row{"type": "requesterHod", "value": ""})
		}},
		{"an_environment_variable_is_gone", "FERRY-228", func(p *planting) {
			p.concerns("procure")
			p.target.remove("app_env_variable", row{"appId": "procure", "id": "currency"})
		}},
	}
}

// concernsDefinition says that the plant's finding is of the source's definition of "package/process".
func (p *planting) concernsDefinition(process string) {
	name, _ := p.source.definition(process)
	p.concerns(name)
}

// hidesDefinition says besides that nothing else is said of that definition.
func (p *planting) hidesDefinition(process string) {
	p.concernsDefinition(process)
	p.hides(Any, p.done.Causes[0].Subject)
}

// beginAsynchronous gives the onboarding a second start, on both servers, which
// begins a subflow that nobody waits for where the status is this one.
func (p *planting) beginAsynchronous(status string) {
	route, subflow, transition := "route_"+status, "inform_"+status, "transition_"+status
	p.begin("onboard", `<Activity Id="prepare"`, `<Activity Id="`+route+`" Name="Start"><Route/><Performer>hr</Performer></Activity>
        <Activity Id="`+subflow+`" Name="Inform">
          <Implementation><SubFlow Id="equipment" Execution="ASYNCHR"><ActualParameters><ActualParameter>candidate</ActualParameter><ActualParameter>equipmentStatus</ActualParameter></ActualParameters></SubFlow></Implementation>
          <Performer>hr</Performer>
        </Activity>
        <Activity Id="prepare"`)
	const next = `<Transition Id="transition2" From="prepare" To="equip"/>`
	p.begin("onboard", next, `<Transition Id="`+transition+`" From="`+route+`" To="`+subflow+`"><Condition Type="CONDITION">status==='`+status+`'</Condition></Transition>
        `+next)
}

// mapLeave maps a participant of the leave request to others, on both servers.
func (p *planting) mapLeave(participant string, to row) {
	p.both(func(s *side) {
		s.change("app_package_participant", to, row{"packageId": "leave", "participantId": participant})
	})
}

// forget takes away what a deployment of the package of an app left.
func (s *side) forget(pkg string) {
	for _, table := range []string{"app_package_participant", "app_package_activity_plugin", "app_package_activity_form", "app_package"} {
		s.remove(table, row{"packageId": pkg})
	}
}
