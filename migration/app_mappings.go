package migration

// ActivityForm maps an activity to its form (app_package_activity_form).
type ActivityForm struct {
	Process  string        // process key
	Activity ActivityDefID // "runProcess" for the start form
	Type     string        // "SINGLE" or "EXTERNAL"
	Form     string        // form ID, "" if external
}

// ActivityPlugin maps a tool, route or form modifier to its plugin
// (app_package_activity_plugin).
type ActivityPlugin struct {
	Process    string
	Activity   ActivityDefID
	Plugin     string // class name
	Properties string // JSON; may hold secrets
}

// Participant maps a participant to users (app_package_participant).
type Participant struct {
	Process     string
	Participant string // "processStartWhiteList" for the start whitelist
	Type        string
	Value       string
	Properties  string // JSON of a plugin
}
