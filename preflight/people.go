package preflight

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

var people = []Check{
	{
		ID:         "FERRY-226",
		Severity:   migration.Warning,
		Title:      "an assignment depends on who performed an earlier activity",
		Remedy:     "make sure that the earlier activity is still to come, or look at who gets the activities that follow, and reassign them; open ones are given to the assignees of the source",
		About:      `The mapping asks who performed an earlier activity of the instance. The target does not know what happened before the migration, so the mapping yields nobody, and the engine gives the activity to the caller: one that the migration opens to the administrator who migrates, a later one to whoever completes the activity before it. Never to the requester. A mapping to the start (runProcess) is left out: it means the requester, whom the target knows.`,
		Definition: earlierPerformer,
	},
	{
		ID:         "FERRY-227",
		Severity:   migration.Warning,
		Title:      "an assignment depends on who makes the call",
		Remedy:     "nothing where the numbers of assignees agree: open activities are given to the assignees of the source; where they do not, the verdict is assignees_differ",
		About:      `The mapping means the current user. When the JSON API starts an activity, that is the administrator who migrates, not the person who completed the activity before.`,
		Definition: callerAssigned,
	},
	{
		ID:       "FERRY-411",
		Severity: migration.Blocking,
		Title:    "nobody can log in as the requester",
		Remedy:   "name a user of the target who is to be the requester, users: {roleSystem: NAME}, and plan again",
		About:    `The instance was started by a background thread, as roleSystem, or has no requester. No call can be made in that name. An instance that was started without a login, as roleAnonymous, is started so again (FERRY-444).`,
		Instance: nobodyRequester,
	},
	{
		ID:       "FERRY-419",
		Severity: migration.Note,
		Title:    "an open activity is accepted",
		Remedy:   "nothing; on the target the same user accepts it",
		About:    `Somebody has taken the activity. The migrated one is accepted in that user's name, at the time of the migration; a user whom the target does not have is FERRY-424.`,
		Part:     acceptedActivity,
	},
	{
		ID:       "FERRY-421",
		Severity: migration.Blocking,
		Title:    "the target does not know the requester",
		Remedy:   "create the user on the target, or map it in users",
		About:    `Looked up in the target's directory (dir_user) by the name that users leads to. Where another directory is in use (setting directoryManagerImpl), a login is tried for those who are not in dir_user, if this worker has the role joget too. Otherwise it is a warning: it cannot be known.`,
		Personal: true,
		Instance: requesterUnknown,
	},
	{
		ID:       "FERRY-422",
		Severity: migration.Warning,
		Title:    "the requester is inactive on the target",
		Remedy:   "activate the user, or map it to somebody else in users; the start works all the same",
		About:    `The master login can start in the name of an inactive user, who cannot log in and see the instance.`,
		Personal: true,
		Instance: requesterInactive,
	},
	{
		ID:       "FERRY-423",
		Severity: migration.Warning,
		Title:    "an assignee is unknown or inactive on the target",
		Remedy:   "create or activate the user on the target, or map it in users; else reassign the activity afterwards",
		About:    `The users to whom an open activity is offered on the source, by the names that users leads to. The target evaluates the participant mapping itself, and silently drops those whom it does not have. The others are assigned where the numbers agree (FERRY-435).`,
		Personal: true,
		Part:     assigneeMissing,
	},
	{
		ID:       "FERRY-424",
		Severity: migration.Warning,
		Title:    "the user who accepted an activity is unknown or inactive on the target",
		Remedy:   "create or activate the user on the target, or map it in users; else reassign the activity afterwards",
		About:    `An accepted activity belongs to one person alone, and nobody else sees it. The migrated one is offered to those whom the target's mapping yields.`,
		Personal: true,
		Part:     acceptorMissing,
	},
	{
		ID:       "FERRY-425",
		Severity: migration.Blocking,
		Title:    "the requester may not start the process on the target",
		Remedy:   "let the start whitelist of the process include the requester, or map the requester in users to somebody who may: users: {roleAnonymous: NAME} for one without a login",
		About:    `The start whitelist (participant processStartWhiteList) of the target's definition is evaluated from the target's tables: users, groups, departments and their heads, roles. Only administrators may start a version that is not published, and no user without a role may start anything. Who has no login may start what is published and has no start whitelist.`,
		Personal: true,
		Instance: requesterRefused,
	},
	{
		ID:       "FERRY-426",
		Severity: migration.Warning,
		Title:    "it cannot be known whether the requester may start the process on the target",
		Remedy:   "log in to the target as the requester, or not at all for roleAnonymous, and see whether the process can be started; an instance whose start is refused is parked as docs/what-if.md#start_not_allowed",
		About:    `A plugin decides, or the requester's roles and groups come from another directory than Joget's tables.`,
		Personal: true,
		Instance: whitelistUnknown,
	},
	{
		ID:       "FERRY-435",
		Severity: migration.Warning,
		Title:    "an activity will have another number of assignees",
		Remedy:   "let the mapping of the target yield as many users, or tell those who hold it too many or too few; the verdict will be assignees_differ, and Monitor Apps > Running Processes, the activity, Reassign User moves it from one user to another",
		About:    `Joget evaluates the mapping of the participant when the activity is started. Its calls move an assignment from one user to another, but neither add nor remove one. Counted are mappings to users, to groups and to the requester; what the others yield depends on the instance. An activity that somebody accepted is left to that user alone.`,
		Part:     assigneesDiffer,
	},
	{
		ID:       "FERRY-444",
		Severity: migration.Note,
		Title:    "the instance starts without a login, as it did on the source",
		Remedy:   "nothing; to have somebody as the requester instead, users: {roleAnonymous: NAME}",
		About:    `Its requester is roleAnonymous, and the target lets callers without a login start the process: it is published and has no start whitelist. The start is made without a login, and the new instance has the same requester. Where the target refuses that, it is FERRY-425, and where nobody can tell, FERRY-426.`,
		Instance: anonymousRequester,
	},
}

func earlierPerformer(f *DefinitionFacts, r Report) {
	for _, p := range f.performers() {
		if requesterFamily(p.Type) && p.Value != "" && p.Value != startActivity {
			r.Found(f.ID.String(), p.Participant+": "+p.Type+" of "+p.Value)
		}
	}
}

// startActivity is Joget's pseudo activity of the start form
// (docs/joget.md#participant-mappings).
const startActivity = "runProcess"

func callerAssigned(f *DefinitionFacts, r Report) {
	for _, p := range f.performers() {
		if requesterFamily(p.Type) && p.Value == "" || p.Type == "role" {
			r.Found(f.ID.String(), strings.TrimSpace(p.Participant+": "+p.Type+" "+p.Value))
		}
	}
}

// performers returns the target's mappings of participants that perform a
// manual activity, by participant.
func (f *DefinitionFacts) performers() []migration.Participant {
	if f.Target.Process == nil {
		return nil
	}
	var found []migration.Participant
	for _, p := range f.Target.Participants {
		if slices.ContainsFunc(f.Target.Process.Activities, func(a *xpdl.Activity) bool {
			return a.Kind == xpdl.Manual && a.Performer == p.Participant
		}) {
			found = append(found, p)
		}
	}
	return found
}

// requesterFamily are the mapping types that start from a person of the
// instance (docs/joget.md#participant-mappings).
func requesterFamily(kind string) bool { return strings.HasPrefix(kind, "requester") }

func nobodyRequester(f *InstanceFacts, r Report) {
	if u := f.wanted().Requester; nobody(u) && f.started() {
		r.Found(f.subject(), string(u))
	}
}

// nobody reports whether no call can be made in the name of u.
func nobody(u migration.User) bool { return u == systemUser || u == "" }

func anonymousRequester(f *InstanceFacts, r Report) {
	known := f.Users != nil && f.Users.Start != nil && f.started()
	if p, u, _ := f.mayStart(); known && u == migration.AnonymousUser && p == permissionGiven {
		r.Found(f.subject(), "")
	}
}

// systemUser is the requester of what background threads start
// (docs/joget.md#logging-in).
const systemUser migration.User = "roleSystem"

func acceptedActivity(f *InstanceFacts, p *Part, r Report) {
	for a := range p.open(xpdl.Manual) {
		if a.AcceptedBy != "" && a.State == migration.StateRunning {
			r.Found(f.subject(), string(a.DefID))
		}
	}
}

func requesterUnknown(f *InstanceFacts, r Report) {
	a, u, ok := f.requester()
	switch {
	case !ok:
	case a.Standing == StandingMissing:
		r.Found(f.subject(), string(u))
	case a.Standing == StandingUnknown:
		r.FoundAs(migration.Warning, f.subject(), string(u)+": cannot be known")
	}
}

func requesterInactive(f *InstanceFacts, r Report) {
	if a, u, ok := f.requester(); ok && a.Standing == StandingInactive {
		r.Found(f.subject(), string(u))
	}
}

// requester returns the requester's account; false when there is nothing to
// say about it: no facts, nobody who can be one (FERRY-411), or nothing was started.
// Who has no login has an account with nothing in it.
func (f *InstanceFacts) requester() (Account, migration.User, bool) {
	u := f.wanted().Requester
	switch {
	case nobody(u), f.Users == nil, !f.started():
		return Account{}, u, false
	case u == migration.AnonymousUser:
		return Account{Standing: StandingActive, Anonymous: true}, u, true
	}
	a, ok := f.Users.Accounts[u]
	return a, u, ok
}

func assigneeMissing(f *InstanceFacts, p *Part, r Report) {
	for _, a := range p.wantedActivities() {
		for _, s := range a.Assignments {
			if why := f.stranger(s.User); why != "" && !s.Accepted {
				r.Found(f.subject(), fmt.Sprintf("%s: %s %s", a.DefID, s.User, why))
			}
		}
	}
}

func acceptorMissing(f *InstanceFacts, p *Part, r Report) {
	for _, a := range p.wantedActivities() {
		if why := f.stranger(a.AcceptedBy); why != "" {
			r.Found(f.subject(), fmt.Sprintf("%s: %s %s", a.DefID, a.AcceptedBy, why))
		}
	}
}

// stranger says why a user cannot work on the target, "" for one who can and for
// one of whom nothing is known.
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

func requesterRefused(f *InstanceFacts, r Report) {
	if p, u, why := f.mayStart(); p == permissionRefused {
		r.Found(f.subject(), fmt.Sprintf("%s: %s", u, why))
	}
}

// mayStart says whether the requester may start, and why not. Somebody whom the
// target does not know is FERRY-421.
func (f *InstanceFacts) mayStart() (permission, migration.User, string) {
	a, u, ok := f.requester()
	if !ok || f.Users.Start == nil || a.Standing == StandingMissing || a.Standing == StandingUnknown {
		return permissionGiven, u, ""
	}
	p, why := f.Users.Start.judge(a)
	return p, u, why
}

// permission is the answer of a StartRule.
type permission int

const (
	permissionUnknown permission = iota
	permissionGiven
	permissionRefused
)

// judge says whether a user may start, and why not.
func (s *StartRule) judge(a Account) (permission, string) {
	if s.Whitelist != nil && s.Published && s.Whitelist.Type == "plugin" {
		return permissionUnknown, "plugin " + s.Whitelist.Value + " decides"
	}
	why := s.refusal(a)
	switch {
	case why == "":
		return permissionGiven, ""
	case a.External && !a.Anonymous:
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
	return requesterFamily(p.Type)
}

// refusal says why a user may not start, "" for one who may.
func (s *StartRule) refusal(a Account) string {
	admin := slices.Contains(a.Roles, adminRole)
	switch p := s.Whitelist; {
	case len(a.Roles) == 0 && !a.Anonymous:
		// Joget lets nobody in who has none, not even where anonymous callers may go.
		return "without any role"
	case !s.Published:
		return unless(admin, "only administrators may start a version that is not published")
	case p == nil:
		return ""
	case p.Type == "role" && p.Value == "loggedInUser":
		return unless(!a.Anonymous, "only who is logged in may")
	case p.Type == "role" && p.Value == "adminUser":
		return unless(admin, "only administrators may")
	case p.Type == "user":
		return unless(among(p.Value, []string{a.ID}), "not among the users of the start whitelist")
	case p.Type == "group":
		return unless(among(p.Value, a.Groups), "in none of the groups "+p.Value)
	case p.Type == "department":
		return unless(containsID(a.Departments, p.Value), "not in the department "+p.Value)
	case p.Type == "hod":
		return unless(s.Head != "" && migration.SameText(s.Head, a.ID), "not the head of the department "+p.Value)
	default:
		// There is no requester and no variable yet when Joget asks.
		return fmt.Sprintf("a start whitelist of type %s %s lets nobody start", p.Type, p.Value)
	}
}

const adminRole = "ROLE_ADMIN"

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
	return slices.ContainsFunc(ids, func(have string) bool { return migration.SameText(have, id) })
}

func whitelistUnknown(f *InstanceFacts, r Report) {
	if p, u, why := f.mayStart(); p == permissionUnknown {
		r.Found(f.subject(), fmt.Sprintf("%s: %s", u, why))
	}
}

func assigneesDiffer(f *InstanceFacts, p *Part, r Report) {
	for a := range p.open(xpdl.Manual) {
		wanted, there := p.becomes(a)
		if there == nil || wanted.AcceptedBy != "" || len(wanted.Assignments) == 0 {
			continue
		}
		if n, counted := p.Members[there.Performer]; counted && !n.holds(len(wanted.Assignments)) {
			r.Found(f.subject(), fmt.Sprintf("%s: %d on the source, %s on the target", a.DefID, len(wanted.Assignments), n))
		}
	}
}

func (s Span) holds(n int) bool { return s.Least <= n && n <= s.Most }

func (s Span) String() string {
	if s.Least == s.Most {
		return strconv.Itoa(s.Least)
	}
	return fmt.Sprintf("%d to %d", s.Least, s.Most)
}
