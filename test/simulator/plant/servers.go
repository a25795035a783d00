package plant

import "jogetferry/test/simulator/schema"

func serverPlants() []Plant {
	return []Plant{
		{"the_password_of_the_administrator_changed", "FERRY-103", func(p *planting) {
			p.concerns(p.target.name)
			p.target.change("dir_user", row{"password": schema.PasswordHash("changed")}, row{"username": schema.AdminUser})
		}},
		{"the_administrator_is_none", "FERRY-104", func(p *planting) {
			p.concerns(p.target.name)
			p.target.change("dir_user_role", row{"roleId": "ROLE_USER"}, row{"userId": schema.AdminUser})
		}},
		{"the_master_login_changed", "FERRY-105", func(p *planting) {
			p.concerns(p.target.name)
			p.target.change("wf_setup", row{"value": "changed"}, row{"property": "masterLoginPassword"})
		}},
		{"the_source_uploads_are_not_mounted", "FERRY-109", func(p *planting) {
			p.concerns(p.source.name)
			p.source.move("", "../app_formuploads.away")
		}},
		{"the_target_uploads_are_not_mounted", "FERRY-110", func(p *planting) {
			p.concerns(p.target.name)
			p.target.move("", "../app_formuploads.away")
		}},
		{"a_server_is_too_old", "FERRY-113", func(p *planting) {
			p.concerns(p.target.name)
			p.target.lack("wf_history_process", "app_builder", "dir_user_replacement", "app_form_data_audit_trail", "app_report_app")
		}},
		{"the_target_is_older", "FERRY-114", func(p *planting) {
			p.concerns(p.target.name)
			p.target.lack("wf_history_process")
		}},
		{"somebody_works_on_the_source", "FERRY-119", func(p *planting) {
			p.concerns(p.source.name)
			p.source.work()
		}},
		{"somebody_works_on_the_target", "FERRY-120", func(p *planting) {
			p.concerns(p.target.name)
			p.target.work()
		}},
	}
}

// lack takes away tables that came with a later Joget.
func (s *side) lack(tables ...string) {
	for _, t := range tables {
		s.alter(t, renameTo(t+"_later"))
	}
}

// work has somebody do now what was done last.
func (s *side) work() {
	last := s.text(selectDone, schema.ProcessStateOID(running))
	s.change("SHKActivities", row{"LastStateTime": s.number(selectNow)}, row{"Id": last})
}
