package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"jogetferry/joget/xpdl"
)

// Names in app_package_participant and app_package_activity_form that stand
// for the start of a process.
const (
	startWhiteList = "processStartWhiteList"
	runProcess     = "runProcess"
)

// question is what a participant mapping is evaluated for.
type question struct {
	caller    Caller // the session user, or the requester when that is anonymous
	requester string // "" when there is no instance yet
	performer func(ctx context.Context, activity string) (string, error)
	variables []*variable
}

// users evaluates a mapping. Nobody is an empty list, never an error of the mapping.
func (e *Engine) users(ctx context.Context, q queryer, m mapping, w question) ([]string, error) {
	var list []string
	add := func(query string, args ...any) error {
		names, err := column(ctx, q, query, args...)
		list = append(list, names...)
		return err
	}
	addAll := func(query string, values []string) error {
		for _, v := range values {
			if err := add(query, v); err != nil {
				return err
			}
		}
		return nil
	}
	var err error
	switch m.kind {
	case "user":
		err = addAll(selectUserByID, separated(m.value))
	case "group":
		err = addAll(selectGroupMembers, separated(m.value))
	case "department":
		err = addAll(selectDepartmentMembers, separated(m.value))
	case "hod":
		err = addAll(selectDepartmentHead, separated(m.value))
	case "requester", "requesterHod", "requesterHodIgnoreReportTo", "requesterSubordinates", "requesterDepartment":
		var who string
		if who, err = w.subject(ctx, m.value); err == nil && who != "" {
			err = e.related(ctx, q, m.kind, who, &list)
		}
	case "workflowVariable":
		err = e.byVariable(ctx, q, m.value, w.variables, &list)
	case "role":
		admin := m.value == "adminUser"
		if w.caller.LoggedIn() && (m.value == "loggedInUser" || admin && w.caller.Admin) {
			list = append(list, w.caller.Name)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("evaluate participant mapping %s: %w", m.kind, err)
	}
	return e.known(ctx, q, list)
}

func (w question) subject(ctx context.Context, v string) (string, error) {
	switch {
	case w.requester == "":
		return "", nil
	case v == "":
		return w.caller.User(), nil
	case v == runProcess:
		return w.requester, nil
	}
	return w.performer(ctx, v)
}

func (e *Engine) related(ctx context.Context, q queryer, kind, who string, list *[]string) error {
	var names []string
	var err error
	switch kind {
	case "requester":
		names = []string{who}
	case "requesterHod":
		if names, err = column(ctx, q, selectReportTo, who); err == nil && len(names) == 0 {
			names, err = column(ctx, q, selectUserHead, who)
		}
	case "requesterHodIgnoreReportTo":
		names, err = column(ctx, q, selectUserHead, who)
	case "requesterSubordinates":
		names, err = column(ctx, q, selectSubordinates, who, who)
	case "requesterDepartment":
		names, err = column(ctx, q, selectColleagues, who)
	}
	*list = append(*list, names...)
	return err
}

func (e *Engine) byVariable(ctx context.Context, q queryer, spec string, vars []*variable, list *[]string) error {
	name, kind, _ := strings.Cut(spec, ",")
	var content string
	for _, v := range vars {
		if s, ok := v.value.(string); ok && v.name == name {
			content = s
		}
	}
	query := map[string]string{
		"user": selectUserByName, "group": selectGroupMembers, "hod": selectDepartmentHead, "department": selectDepartmentMembers,
	}[kind]
	if query == "" {
		return nil
	}
	for _, v := range separated(content) {
		names, err := column(ctx, q, query, v)
		if err != nil {
			return err
		}
		*list = append(*list, names...)
	}
	return nil
}

// known drops users who are not in the directory and repetitions.
func (e *Engine) known(ctx context.Context, q queryer, list []string) ([]string, error) {
	var out []string
	for _, name := range list {
		if slices.Contains(out, name) {
			continue
		}
		found, err := column(ctx, q, selectUserByName, name)
		if err != nil {
			return nil, err
		}
		if slices.Contains(found, name) {
			out = append(out, name)
		}
	}
	return out, nil
}

func separated(s string) []string {
	var out []string
	for _, x := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' }) {
		if x = strings.TrimSpace(x); x != "" {
			out = append(out, x)
		}
	}
	return out
}

// MayStart evaluates the start white list of a definition for a caller.
func (e *Engine) MayStart(ctx context.Context, caller Caller, id string) (bool, error) {
	pkg, version, process, ok := splitID(id)
	if !ok {
		return true, nil
	}
	app, found, err := e.packageApp(ctx, e.db, pkg, version)
	switch {
	case err != nil:
		return false, fmt.Errorf("find app of %s: %w", id, err)
	case !found:
		return false, nil
	case !app.published:
		return caller.Admin, nil
	}
	m, mapped, err := e.participantOf(ctx, e.db, pkg, version, process, startWhiteList)
	if err != nil || !mapped {
		return err == nil, err
	}
	users, err := e.users(ctx, e.db, m, question{caller: caller})
	return err == nil && slices.Contains(users, caller.User()), err
}

// assignees evaluates who gets a manual activity: assignees set aside by the
// call, the mapping, or the caller (docs/joget.md#who-gets-an-activity).
func (s *session) assignees(ctx context.Context, in *instance, a *activity, def *xpdl.Activity) ([]string, error) {
	key := in.id + "_" + def.ID
	if users, ok := s.preset[key]; ok {
		delete(s.preset, key)
		return users, nil
	}
	users, err := s.mapped(ctx, in, a, def)
	if rolledBack(err) {
		return nil, err
	}
	s.swallow("evaluate participants", err) // nobody, then
	if len(users) == 0 {
		users = []string{s.caller.User()}
	}
	return users, nil
}

// mapped evaluates the participant mapping of a manual activity.
func (s *session) mapped(ctx context.Context, in *instance, a *activity, def *xpdl.Activity) ([]string, error) {
	if err := s.pause(ctx, Point{AtMapping, in.id, def.ID}); err != nil {
		return nil, err
	}
	m, mapped, err := s.participant(ctx, s.db, in.def, def.Performer)
	if err != nil || !mapped {
		return nil, err
	}
	if err := s.ensureLink(ctx, in); err != nil {
		return nil, err
	}
	w := question{caller: s.caller, requester: in.requester, performer: func(ctx context.Context, act string) (string, error) {
		return s.performer(ctx, in, act)
	}}
	if s.caller.User() == Anonymous {
		w.caller = Caller{Name: in.requester}
	}
	if w.variables, err = s.activityVariables(ctx, a); err != nil {
		return nil, err
	}
	return s.users(ctx, s.db, m, w)
}

// performer finds who performed an activity, in the instance or in the one its
// record is named after.
func (s *session) performer(ctx context.Context, in *instance, activity string) (string, error) {
	origin, err := s.recordID(ctx, in.id)
	if err != nil {
		return "", err
	}
	for _, id := range []string{in.id, origin} {
		names, err := column(ctx, s.db, selectPerformer, id, activity)
		if err != nil {
			return "", err
		}
		if len(names) > 0 {
			return names[0], nil
		}
	}
	return "", nil
}
