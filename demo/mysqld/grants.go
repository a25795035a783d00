package mysqld

import "regexp"

// The library refuses SHOW GRANTS to accounts that may not read its own tables;
// these views it shows to everybody, and in them what concerns the account.
const selectGrants = "SELECT CONCAT('GRANT ', privilege_type, ' ON *.* TO ', grantee) FROM information_schema.user_privileges" +
	" UNION ALL SELECT CONCAT('GRANT ', privilege_type, ' ON `', table_schema, '`.* TO ', grantee) FROM information_schema.schema_privileges"

var showGrants = regexp.MustCompile(`(?is)^\s*show\s+grants\s*;?\s*$`)

// answerable returns query, or one that gives the same answer where the library has none.
func answerable(query string) string {
	if showGrants.MatchString(query) {
		return selectGrants
	}
	return query
}
