package preflight

import (
	"fmt"
	"slices"
	"strings"

	"jogetferry/migration"
)

// Standing says whether the target knows a user.
type Standing int

// The standings.
const (
	StandingUnknown Standing = iota // nobody can tell
	StandingActive
	StandingInactive
	StandingMissing
)

// Account is what the target knows of a user. Memberships are gathered of
// requesters only.
type Account struct {
	Standing Standing
	// Refused: no call of the API can carry the name.
	Refused bool
	ID      string // dir_user.id, "" when the directory's tables do not have the user
	// External: another directory than Joget's tables may know more than this.
	External bool
	Roles    []string
	Groups   []string
	// Departments are those of all employments.
	Departments []string
}

// UserFacts are what the target knows of the users of an instance.
type UserFacts struct {
	Accounts map[migration.User]Account // by the target's names
	// Start says who may start what the definition maps to; nil when it maps to nothing.
	Start *StartRule
}

// MappedUsers are users of the configuration that the target does not have.
type MappedUsers struct {
	Missing []migration.User
	Known   []string // users that it has; nil when none is missing
}

// StartRule is who may start a definition of the target (CONTRACT 3.4, 7.6).
type StartRule struct {
	// Published: it is of the published version of its app.
	Published bool
	// Whitelist is the mapping of processStartWhiteList; nil: everybody may.
	Whitelist *migration.Participant
	// Head is the dir_user.id of the head that a whitelist of type hod names; "" for nobody.
	Head string
}

// permission is the answer of a StartRule.
type permission int

const (
	permissionUnknown permission = iota
	permissionGiven
	permissionRefused
)

const adminRole = "ROLE_ADMIN"

// judge says whether a user may start, and why not.
func (s *StartRule) judge(a Account) (permission, string) {
	if s.Whitelist != nil && s.Published && s.Whitelist.Type == "plugin" {
		return permissionUnknown, "plugin " + s.Whitelist.Value + " decides"
	}
	why := s.refusal(a)
	switch {
	case why == "":
		return permissionGiven, ""
	case a.External:
		// Whose roles and groups come from elsewhere may have what the tables lack.
		return permissionUnknown, why + ", as far as the directory's tables tell"
	case s.Whitelist != nil && s.Published && !decided(s.Whitelist):
		return permissionUnknown, why
	}
	return permissionRefused, why
}

// decided reports whether Joget's own code gives a whitelist its meaning.
func decided(p *migration.Participant) bool {
	switch p.Type {
	case "user", "group", "department", "hod", "workflowVariable":
		return true
	case "role":
		return p.Value == "loggedInUser" || p.Value == "adminUser"
	}
	return strings.HasPrefix(p.Type, "requester")
}

// refusal says why a user may not start, "" if he may.
func (s *StartRule) refusal(a Account) string {
	admin := slices.Contains(a.Roles, adminRole)
	switch p := s.Whitelist; {
	case len(a.Roles) == 0:
		// Joget lets nobody in who has none, not even where anonymous callers may go.
		return "without any role"
	case !s.Published:
		return unless(admin, "only administrators may start a version that is not published")
	case p == nil:
		return ""
	case p.Type == "role" && p.Value == "loggedInUser":
		return ""
	case p.Type == "role" && p.Value == "adminUser":
		return unless(admin, "only administrators may")
	case p.Type == "user":
		return unless(among(p.Value, []string{a.ID}), "not among the users of the start whitelist")
	case p.Type == "group":
		return unless(among(p.Value, a.Groups), "in none of the groups "+p.Value)
	case p.Type == "department":
		return unless(containsID(a.Departments, p.Value), "not in the department "+p.Value)
	case p.Type == "hod":
		return unless(s.Head != "" && sameID(s.Head, a.ID), "not the head of the department "+p.Value)
	default:
		// There is no requester and no variable yet when Joget asks.
		return fmt.Sprintf("a start whitelist of type %s %s lets nobody start", p.Type, p.Value)
	}
}

func unless(granted bool, why string) string {
	if granted {
		return ""
	}
	return why
}

// among reports whether a list of IDs, as mappings hold it, has one of ids.
func among(list string, ids []string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ';' }), func(id string) bool {
		return containsID(ids, id)
	})
}

func containsID(ids []string, id string) bool {
	return slices.ContainsFunc(ids, func(have string) bool { return sameID(have, id) })
}

// sameID compares as the directory's columns do: without case and trailing spaces.
func sameID(a, b string) bool {
	return strings.EqualFold(strings.TrimRight(a, " "), strings.TrimRight(b, " "))
}

// requester returns the requester's account; false when there is nothing to
// say about it: no facts, no login, or nothing was started.
func (f *InstanceFacts) requester() (Account, migration.User, bool) {
	u := f.wanted().Requester
	switch u {
	case migration.AnonymousUser, systemUser, "":
		return Account{}, u, false // FERRY-411
	}
	if f.Users == nil || !f.started() {
		return Account{}, u, false
	}
	a, ok := f.Users.Accounts[u]
	return a, u, ok
}

// stranger says why a user cannot work on the target, "" if he can or nothing is known of him.
func (f *InstanceFacts) stranger(u migration.User) string {
	if f.Users == nil {
		return ""
	}
	a, ok := f.Users.Accounts[u]
	switch {
	case ok && a.Refused:
		return "has a name that no call can carry"
	case !ok || a.Standing == StandingActive:
		return ""
	case a.Standing == StandingInactive:
		return "is inactive"
	case a.Standing == StandingMissing:
		return "is unknown"
	}
	return "cannot be known"
}
