package plant

import (
	"fmt"
	"strings"

	"jogetferry/test/simulator/schema"
)

func dataPlants() []Plant {
	return []Plant{
		{"the_record_is_called_like_an_instance_there", "FERRY-301", func(p *planting) {
			p.rekey(p.subject(leave, "approve"), p.target.text(selectLinked))
		}},
		{"the_record_is_called_like_an_instance_to_come", "FERRY-302", func(p *planting) {
			next := p.target.number(selectCounter, schema.CounterProcess)
			p.rekey(p.subject(leave, "approve"), fmt.Sprintf("%d_leave_process1", next+1000))
		}},
		{"the_record_id_has_spaces", "FERRY-303", func(p *planting) {
			p.rekey(p.subject(leave, "approve"), "LV 2024 (1)")
		}},
		{"a_form_table_was_never_made", "FERRY-304", func(p *planting) {
			p.concerns("onboard")
			p.target.run(false, drop("app_fd_onb_comment"))
		}},
		{"a_column_was_never_made", "FERRY-305", func(p *planting) {
			p.concerns("onboard")
			p.refuses("app_fd_onb_review", "LENGTH(c_assessment) > 0")
			p.target.alter("app_fd_onb_review", dropColumn("c_assessment"))
		}},
		{"a_column_is_narrower", "FERRY-306", func(p *planting) {
			p.concerns("onboard")
			p.target.alter("app_fd_onb_task", modify("c_title", "varchar(20)"))
		}},
		{"a_column_is_latin1", "FERRY-307", func(p *planting) {
			p.concerns("leave")
			p.refuses("app_fd_leave_request", "CONVERT(CONVERT(c_reason USING latin1) USING utf8mb4) COLLATE utf8mb4_bin <> c_reason")
			p.target.alter("app_fd_leave_request", modify("c_reason", "longtext CHARACTER SET latin1"))
		}},
		{"a_column_must_be_unique", "FERRY-308", func(p *planting) {
			p.concerns("onboard")
			p.target.alter("app_fd_onb_address", addUnique("c_street"))
		}},
		{"a_table_has_no_transactions", "FERRY-309", func(p *planting) {
			p.concerns("procure")
			p.target.alter("app_fd_proc_history", myISAM)
		}},
		{"the_record_is_there_and_another", "FERRY-310", func(p *planting) {
			i := p.subject(leave, "approve")
			p.source.copy(&p.target, i.table, row{"c_reason": "entered by hand"}, i.recordIs())
		}},
		{"two_instances_have_one_record", "FERRY-311", func(p *planting) {
			i, other := p.subject(leave, "approve"), p.instance(leave, "approve")
			p.also("FERRY-311", other.ID)
			p.source.change("wf_process_link", row{"parentProcessId": i.record, "originProcessId": i.record}, row{"processId": other.ID})
		}},
		{"the_record_was_deleted", "FERRY-314", func(p *planting) {
			i := p.subject(leave, "approve")
			p.source.remove(i.table, i.recordIs())
		}},
		{"an_upload_was_lost", "FERRY-315", func(p *planting) {
			i := p.subject(leave, "approve")
			p.source.change(i.table, row{"c_attachment": "lost.pdf"}, i.recordIs())
		}},
		{"the_id_generator_was_never_moved_on", "FERRY-316", func(p *planting) {
			p.concerns("leave")
			p.target.change("app_env_variable", row{"value": "0"}, row{"appId": "leave", "id": "leaveNo"})
		}},
		{"a_value_is_encrypted", "FERRY-317", func(p *planting) {
			i := p.subject(leave, "approve")
			p.source.change(i.table, row{"c_reason": "%%%%3A7C1F90B2E4D586%%%%"}, i.recordIs())
		}},
		{"the_record_id_is_there_in_capitals", "FERRY-318", func(p *planting) {
			i := p.subject(leave, "approve")
			// The reason itself may not fit into the column that is latin1 by now.
			p.source.copy(&p.target, i.table, row{"id": strings.ToUpper(i.record), "c_reason": "in capitals"}, i.recordIs())
		}},
	}
}

// refuses says that a change of the target's table stands against all
// instances whose record has such a row in it.
func (p *planting) refuses(table, condition string) {
	for _, id := range p.source.texts(selectWithRow(table, condition)) {
		p.also("FERRY-319", id)
	}
}
