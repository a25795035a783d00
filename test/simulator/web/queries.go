package web

// Directory.
const (
	selectUser  = "SELECT id, username, password, active FROM dir_user WHERE username = ? ORDER BY id"
	selectRoles = "SELECT roleId FROM dir_user_role WHERE userId = ?"

	selectUsers = "SELECT id, username, firstName, lastName, email, active FROM dir_user ORDER BY username, id"
)

// Apps.
const (
	selectVersions  = "SELECT appId, appVersion, name, CASE WHEN published = 1 THEN 1 ELSE 0 END FROM app_app ORDER BY appId, appVersion"
	selectPackage   = "SELECT packageId, packageVersion FROM app_package WHERE appId = ? AND appVersion = ?"
	selectForms     = "SELECT formId, name, tableName, json, dateCreated, dateModified FROM app_form WHERE appId = ? AND appVersion = ? ORDER BY formId"
	selectVariables = "SELECT id, value, remarks FROM app_env_variable WHERE appId = ? AND appVersion = ? ORDER BY id"

	unpublishApp   = "UPDATE app_app SET published = 0 WHERE appId = ?"
	publishVersion = "UPDATE app_app SET published = 1 WHERE appId = ? AND appVersion = ?"
)
