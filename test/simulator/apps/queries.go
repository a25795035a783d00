package apps

const (
	unpublish         = "UPDATE app_app SET published=0 WHERE appId=?"
	insertApp         = "INSERT INTO app_app (appId, appVersion, name, published, dateCreated, dateModified) VALUES (?,?,?,?,?,?)"
	insertForm        = "INSERT INTO app_form (appId, appVersion, formId, name, dateCreated, dateModified, tableName, json) VALUES (?,?,?,?,?,?,?,?)"
	insertEnvironment = "INSERT INTO app_env_variable (appId, appVersion, id, value, remarks) VALUES (?,?,?,?,?)"
	insertPackage     = "INSERT INTO app_package (packageId, packageVersion, name, dateCreated, dateModified, appId, appVersion) VALUES (?,?,?,?,?,?,?)"
	insertFormMapping = "INSERT INTO app_package_activity_form (processDefId, activityDefId, packageId, packageVersion, ouid, type, formId, autoContinue, disableSaveAsDraft) VALUES (?,?,?,?,?,'SINGLE',?,?,0)"
	insertPlugin      = "INSERT INTO app_package_activity_plugin (processDefId, activityDefId, packageId, packageVersion, ouid, pluginName, pluginProperties) VALUES (?,?,?,?,?,?,?)"
	insertParticipant = "INSERT INTO app_package_participant (processDefId, participantId, packageId, packageVersion, ouid, type, value) VALUES (?,?,?,?,?,?,?)"

	insertXPDL       = "INSERT INTO SHKXPDLS (XPDLId, XPDLVersion, XPDLClassVersion, XPDLUploadTime, oid, version) VALUES (?,?,1184650391000,?,?,0)"
	insertXPDLData   = "INSERT INTO SHKXPDLData (XPDLContent, XPDLClassContent, XPDL, CNT, oid, version) VALUES (?,NULL,?,?,?,0)"
	insertProcessDef = "INSERT INTO SHKProcessDefinitions (Name, PackageId, ProcessDefinitionId, ProcessDefinitionCreated, ProcessDefinitionVersion, State, oid, version) VALUES (?,?,?,?,?,0,?,0)"
	selectNext       = "SELECT CAST(NextVersion AS UNSIGNED) FROM SHKNextXPDLVersions WHERE XPDLId=?"
	insertNext       = "INSERT INTO SHKNextXPDLVersions (XPDLId, NextVersion, oid, version) VALUES (?,?,?,0)"
	updateNext       = "UPDATE SHKNextXPDLVersions SET NextVersion=?, version=version+1 WHERE XPDLId=?"
)
