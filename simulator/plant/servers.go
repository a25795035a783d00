package plant

import "jogetferry/simulator/schema"

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
		{"only_another_host_may_call", "FERRY-111", func(p *planting) {
			p.concerns(p.target.name)
			p.target.add("wf_setup", row{"id": "setup-ip", "property": "jsonpIPWhitelist", "value": "10.1.1.1"})
		}},
	}
}
