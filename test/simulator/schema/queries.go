package schema

const (
	insertProcessState  = "INSERT INTO SHKProcessStates (KeyValue, Name, oid, version) VALUES (?,?,?,0)"
	insertActivityState = "INSERT INTO SHKActivityStates (KeyValue, Name, oid, version) VALUES (?,?,?,0)"
	insertObjectID      = "INSERT INTO objectid (nextoid) VALUES (?)"
	insertSetting       = "INSERT INTO wf_setup (id, property, value, ordering) VALUES (?,?,?,NULL)"

	insertRole         = "INSERT INTO dir_role (id, name, description) VALUES (?,?,?)"
	insertUser         = "INSERT INTO dir_user (id, username, password, firstName, lastName, email, active, timeZone, locale) VALUES (?,?,?,?,?,?,1,'0',NULL)"
	insertUserRole     = "INSERT INTO dir_user_role (roleId, userId) VALUES (?,?)"
	insertOrganization = "INSERT INTO dir_organization (id, name, description, parentId) VALUES (?,?,?,NULL)"
	insertDepartment   = "INSERT INTO dir_department (id, name, description, organizationId, hod, parentId) VALUES (?,?,?,?,NULL,NULL)"
	insertEmployment   = "INSERT INTO dir_employment (id, userId, departmentId, organizationId) VALUES (?,?,?,?)"
	updateHOD          = "UPDATE dir_department SET hod=? WHERE id=?"
	insertGroup        = "INSERT INTO dir_group (id, name, description, organizationId) VALUES (?,?,?,?)"
	insertUserGroup    = "INSERT INTO dir_user_group (groupId, userId) VALUES (?,?)"

	insertResource = "INSERT INTO SHKResourcesTable (Username, Name, oid, version) VALUES (?,NULL,?,0)"

	selectColumns = "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.columns WHERE TABLE_SCHEMA=DATABASE()"

	lockObjectID   = "SELECT nextoid FROM objectid FOR UPDATE"
	raiseObjectID  = "UPDATE objectid SET nextoid=?"
	lockCounter    = "SELECT the_number FROM SHKCounters WHERE name=? FOR UPDATE"
	raiseCounter   = "UPDATE SHKCounters SET the_number=?, version=version+1 WHERE name=?"
	insertCounter  = "INSERT INTO SHKCounters (name, the_number, oid, version) VALUES (?,?,?,0)"
	formTableStart = "CREATE TABLE IF NOT EXISTS "
)
