package engine

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jogetferry/joget/xpdl"
	"jogetferry/test/simulator/schema"
)

// InstanceView is an instance as lists and views show it.
type InstanceView struct {
	ID         string
	Name       string
	State      string
	Definition string // package#version#process
	Package    string
	Version    string
	Requester  string
	RecordID   string
	Created    int64 // epoch ms
	Started    int64 // epoch ms, 0 if not started
	LastState  int64 // epoch ms
	Limit      int64 // epoch ms, Undefined for none
	LimitText  string
	Archived   bool
}

// Filter selects instances; empty fields select all. Package and Version match
// whole parts, the others but Requester match substrings, all with SQL's
// wildcards.
type Filter struct {
	Package, Version, Instance, Name, RecordID, Requester string
	Sort                                                  string // id, name, Started or Created; "" for no order
	Desc                                                  bool
	Start, Rows                                           int // Rows of 0 or less: all
}

// ErrSort means that a list was to be sorted by a property it does not have.
var ErrSort = errors.New("no such property to sort by")

// Open lists instances in any open state, subflow children included.
func (e *Engine) Open(ctx context.Context, f Filter) ([]InstanceView, int, error) {
	return e.list(ctx, f, fromLive, stateArgs(Running, NotStarted, Suspended), true)
}

// Closed lists closed instances that still have engine rows, or the history if
// there are none.
func (e *Engine) Closed(ctx context.Context, f Filter) ([]InstanceView, int, error) {
	list, total, err := e.list(ctx, f, fromLive, stateArgs(Completed, Terminated, Aborted), true)
	if err != nil || total > 0 {
		return list, total, err
	}
	return e.Archived(ctx, f)
}

// Archived lists instances of the history tables.
func (e *Engine) Archived(ctx context.Context, f Filter) ([]InstanceView, int, error) {
	return e.list(ctx, f, fromPast, nil, false)
}

func stateArgs(states ...string) []any {
	out := make([]any, len(states))
	for i, s := range states {
		out[i] = schema.ProcessStateOID(s)
	}
	return out
}

func (e *Engine) list(ctx context.Context, f Filter, from string, args []any, live bool) ([]InstanceView, int, error) {
	filters, order, head := pastFilters, pastOrder, pastColumns
	if live {
		filters, order, head = liveFilters, liveOrder, liveColumns
	}
	values := map[string]string{}
	put := func(name, v, pattern string) {
		if v != "" {
			values[name] = fmt.Sprintf(pattern, v)
		}
	}
	put("package", f.Package, "%s#%%")
	put("version", f.Version, "%%#%s#%%")
	put("instance", f.Instance, "%%%s%%")
	put("name", f.Name, "%%%s%%")
	put("record", f.RecordID, "%%%s%%")
	put("requester", f.Requester, "%s")
	for _, name := range slices.Sorted(maps.Keys(values)) {
		from += " AND " + filters[name]
		args = append(args, values[name])
	}
	var total int
	if err := e.db.QueryRowContext(ctx, countAll+from, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count instances: %w", err)
	}
	if f.Sort != "" {
		by, ok := order[f.Sort]
		if !ok {
			return nil, 0, ErrSort
		}
		from += " ORDER BY " + by
		if f.Desc {
			from += " DESC"
		}
	}
	if f.Rows > 0 {
		from += " LIMIT ? OFFSET ?"
		args = append(args, f.Rows, max(0, f.Start))
	}
	out, err := e.instances(ctx, head+from, live, args...)
	if err != nil {
		return nil, 0, fmt.Errorf("list instances: %w", err)
	}
	if f.Rows <= 0 && f.Start > 0 {
		out = out[min(f.Start, len(out)):]
	}
	return out, total, nil
}

func (e *Engine) instances(ctx context.Context, query string, live bool, args ...any) ([]InstanceView, error) {
	var out []InstanceView
	err := each(ctx, e.db, query, args, func(scan func(...any) error) error {
		v := InstanceView{Limit: Undefined, Archived: !live}
		var name, def, requester, past sql.NullString
		var created, started, last sql.NullInt64
		var state int64
		var err error
		if live {
			err = scan(&v.ID, &name, &state, &def, &created, &started, &last, &requester, &v.Limit, &v.RecordID)
			v.State = stateName(state, schema.ProcessStateOID)
		} else {
			err = scan(&v.ID, &name, &past, &def, &created, &started, &last, &requester, &v.RecordID)
			v.State = past.String
		}
		v.Name, v.Definition, v.Requester = name.String, def.String, requester.String
		v.Created, v.Started, v.LastState = created.Int64, started.Int64, last.Int64
		if v.Started == Undefined {
			v.Started = 0
		}
		v.Package, v.Version, _, _ = splitID(v.Definition)
		out = append(out, v)
		return err
	})
	if err != nil || !live {
		return out, err
	}
	for i := range out {
		def, err := e.definition(ctx, e.db, out[i].Definition)
		if err != nil {
			return nil, fmt.Errorf("definition of %s: %w", out[i].ID, err)
		}
		out[i].LimitText = LimitText(def.proc.Limit, def.proc.DurationUnit)
	}
	return out, nil
}

// Instance returns one instance, live or archived; false when there is none.
func (e *Engine) Instance(ctx context.Context, id string) (InstanceView, bool, error) {
	for _, x := range []struct {
		query string
		live  bool
	}{{selectLiveView, true}, {selectPastView, false}} {
		list, err := e.instances(ctx, x.query, x.live, id)
		if err != nil || len(list) > 0 {
			return first(list), err == nil, err
		}
	}
	return InstanceView{}, false, nil
}

func first[T any](list []T) T {
	var zero T
	if len(list) == 0 {
		return zero
	}
	return list[0]
}

// Variable is a variable as JSON shows it.
type Variable struct {
	Name  string
	Value any // string, int64, float64 or bool; null is ""
	Text  string
}

func shown(vars []*variable) []Variable {
	out := make([]Variable, len(vars))
	for i, v := range vars {
		out[i] = Variable{v.name, printable(v.value), text(v.value)}
	}
	return out
}

// Variables lists the variables of an instance, live or archived; false when
// there is no such instance.
func (e *Engine) Variables(ctx context.Context, instance string) ([]Variable, bool, error) {
	var oid int64
	err := e.db.QueryRowContext(ctx, selectInstanceOID, instance).Scan(&oid)
	if err == nil {
		vars, err := scanVariables(ctx, e.db, selectInstanceVariables, oid)
		return shown(vars), true, err
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return nil, false, fmt.Errorf("find instance: %w", err)
	}
	past, err := column(ctx, e.db, selectPastVariables, instance)
	if err != nil || len(past) == 0 {
		return nil, false, err
	}
	vars, err := fromJSON(past[0])
	return vars, true, err
}

func fromJSON(raw string) ([]Variable, error) {
	values := map[string]string{}
	if raw != "" {
		if err := json.Unmarshal([]byte(raw), &values); err != nil {
			return nil, fmt.Errorf("read variables of the history: %w", err)
		}
	}
	var out []Variable
	for _, name := range slices.Sorted(maps.Keys(values)) {
		out = append(out, Variable{name, values[name], values[name]})
	}
	return out, nil
}

// ActivityView is an activity as lists and views show it.
type ActivityView struct {
	ID         string
	DefID      string
	Instance   string
	Definition string // package#version#process
	State      string
	Name       string
	Activated  int64 // epoch ms
	LastState  int64 // epoch ms
	Limit      int64 // epoch ms, Undefined for none
	LimitText  string
	User       string // who accepted, "" for nobody
	Child      string // child instance of a subflow
	Type       string // normal, tool, route, subflow
	Performer  string // participant
	Process    string // name of the instance's definition
	Archived   bool
	// Asynchronous: a subflow that the activity does not wait for.
	Asynchronous bool

	oid       int64
	variables string
}

func (e *Engine) activityViews(ctx context.Context, id string, live, past string) ([]ActivityView, error) {
	var out []ActivityView
	err := each(ctx, e.db, live, []any{id}, func(scan func(...any) error) error {
		var v ActivityView
		var name, user, child sql.NullString
		var state int64
		err := scan(&v.ID, &v.DefID, &v.Instance, &v.Definition, &state, &name, &v.Activated, &v.LastState, &v.Limit, &user, &child, &v.oid)
		v.State, v.Name, v.User, v.Child = stateName(state, schema.ActivityStateOID), name.String, user.String, child.String
		out = append(out, v)
		return err
	})
	if err != nil || len(out) > 0 {
		return out, e.describe(ctx, out, err)
	}
	err = each(ctx, e.db, past, []any{id}, func(scan func(...any) error) error {
		v := ActivityView{Limit: Undefined, Archived: true}
		var name, user, variables sql.NullString
		var activated, last sql.NullInt64
		err := scan(&v.ID, &v.DefID, &v.Instance, &v.Definition, &v.State, &name, &activated, &last, &user, &variables)
		v.Name, v.User, v.variables, v.Activated, v.LastState = name.String, user.String, variables.String, activated.Int64, last.Int64
		out = append(out, v)
		return err
	})
	return out, e.describe(ctx, out, err)
}

// describe fills in what only the definition tells.
func (e *Engine) describe(ctx context.Context, list []ActivityView, err error) error {
	for i := range list {
		if err != nil {
			break
		}
		var def *definition
		if def, err = e.definition(ctx, e.db, list[i].Definition); err != nil {
			break
		}
		list[i].Process, list[i].Type = def.proc.Name, "normal"
		if a := def.proc.Activity(list[i].DefID); a != nil {
			list[i].Type, list[i].Performer, list[i].LimitText = kindName(a.Kind), a.Performer, LimitText(a.Limit, def.proc.DurationUnit)
			list[i].Asynchronous = a.Kind == xpdl.Subflow && !a.Waits()
		}
	}
	if err != nil {
		return fmt.Errorf("read activities: %w", err)
	}
	return nil
}

// Activities lists all activities of an instance, closed ones too, from the
// engine's tables or else from the history, oldest first.
func (e *Engine) Activities(ctx context.Context, instance string) ([]ActivityView, error) {
	return e.activityViews(ctx, instance, selectActivityViews, selectPastActivities)
}

// Activity returns one activity, live or archived; false when there is none.
func (e *Engine) Activity(ctx context.Context, id string) (ActivityView, bool, error) {
	list, err := e.activityViews(ctx, id, selectActivityView, selectPastActivity)
	return first(list), err == nil && len(list) > 0, err
}

// ActivityVariables lists an activity's own variables.
func (e *Engine) ActivityVariables(ctx context.Context, a ActivityView) ([]Variable, error) {
	if a.Archived {
		return fromJSON(a.variables)
	}
	vars, err := scanVariables(ctx, e.db, selectActivityVariables, a.oid)
	return shown(vars), err
}

// Assignees lists the user names of an activity's valid assignments, sorted.
func (e *Engine) Assignees(ctx context.Context, a ActivityView) ([]string, error) {
	if a.Archived {
		return nil, nil
	}
	return column(ctx, e.db, selectAssignees, a.oid)
}

// Neighbours lists the activities before or after one as the model has them.
func (e *Engine) Neighbours(ctx context.Context, a ActivityView, next, withTools bool) ([]ActivityView, error) {
	def, err := e.definition(ctx, e.db, a.Definition)
	if err != nil {
		return nil, err
	}
	var ids []string
	if next {
		for _, t := range def.proc.Outgoing(a.DefID) {
			ids = append(ids, t.To)
		}
	} else {
		for _, t := range def.proc.Incoming(a.DefID) {
			ids = append(ids, t.From)
		}
	}
	var out []ActivityView
	for _, id := range ids {
		x := def.proc.Activity(id)
		if x == nil || x.Kind == xpdl.Tool && !withTools {
			continue
		}
		out = append(out, ActivityView{
			DefID: x.ID, Name: x.Name, Type: kindName(x.Kind), Instance: a.Instance, Definition: a.Definition, Process: def.proc.Name, Performer: x.Performer,
		})
	}
	return out, nil
}

// Work is one assignment of a user.
type Work struct {
	Activity     string
	ActivityName string
	Instance     string
	Process      string // name
	Definition   string // package#version#process
	Accepted     bool
	Activated    int64
	Limit        int64
}

// WorkFilter selects assignments; empty fields select all.
type WorkFilter struct {
	Package    string
	Definition string // package#version#process; the version is ignored
	Instance   string
}

// Work lists the caller's assignments, and those of users whom the caller
// replaces today, oldest first.
func (e *Engine) Work(ctx context.Context, caller Caller, f WorkFilter) ([]Work, error) {
	if !caller.LoggedIn() {
		return nil, nil
	}
	owners, err := e.replaces(ctx, e.db, caller.Name)
	if err != nil {
		return nil, fmt.Errorf("read replacements: %w", err)
	}
	var out []Work
	for _, r := range append([]replaced{{user: caller.Name}}, owners...) {
		err := each(ctx, e.db, selectWork, []any{r.user, schema.ActivityStateOID(Running), schema.ActivityStateOID(NotStarted)}, func(scan func(...any) error) error {
			var w Work
			var name, process sql.NullString
			var accepted int
			if err := scan(&w.Activity, &w.Instance, &w.Definition, &accepted, &name, &w.Activated, &w.Limit, &process); err != nil {
				return err
			}
			w.ActivityName, w.Process, w.Accepted = name.String, process.String, accepted != 0
			if f.matches(w) && r.covers(w.Definition) {
				out = append(out, w)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("list assignments: %w", err)
		}
	}
	return out, nil
}

func (f WorkFilter) matches(w Work) bool {
	pkg, _, process, _ := splitID(w.Definition)
	if f.Package != "" && f.Package != pkg || f.Instance != "" && f.Instance != w.Instance {
		return false
	}
	if f.Definition == "" {
		return true
	}
	p, _, key, ok := splitID(strings.ReplaceAll(f.Definition, ":", "#"))
	return ok && p == pkg && key == process
}

// Assignment returns the caller's assignment of an activity, and writes the
// link of a subflow child as reading one does in Joget. ErrNoAssignment if it
// is not the caller's.
func (e *Engine) Assignment(ctx context.Context, caller Caller, id string) (ActivityView, error) {
	err := e.onAssignment(ctx, caller, id, func(context.Context, *session, *instance, *activity) error { return nil })
	if err != nil {
		return ActivityView{}, err
	}
	a, ok, err := e.Activity(ctx, id)
	if err == nil && !ok {
		err = ErrNoAssignment
	}
	return a, err
}

// Definition is one deployed process definition.
type Definition struct {
	ID, Package, PackageName, Version, Key, Name string
}

// Definitions lists all deployed process definitions in order of deployment.
func (e *Engine) Definitions(ctx context.Context) ([]Definition, error) {
	var out []Definition
	err := each(ctx, e.db, selectDefinitions, nil, func(scan func(...any) error) error {
		var d Definition
		err := scan(&d.Package, &d.Key, &d.Version)
		d.ID = d.Package + "#" + d.Version + "#" + d.Key
		out = append(out, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list definitions: %w", err)
	}
	for i := range out {
		d, err := e.definition(ctx, e.db, out[i].ID)
		if err != nil {
			return nil, fmt.Errorf("definition %s: %w", out[i].ID, err)
		}
		out[i].PackageName, out[i].Name = d.pkg.Name, d.proc.Name
	}
	return out, nil
}

// Definition returns one deployed definition; false when there is none.
func (e *Engine) Definition(ctx context.Context, id string) (Definition, bool, error) {
	d, err := e.definition(ctx, e.db, id)
	if errors.Is(err, errNoDefinition) {
		return Definition{}, false, nil
	}
	if err != nil {
		return Definition{}, false, err
	}
	pkg, version, key, _ := splitID(id)
	return Definition{id, pkg, d.pkg.Name, version, key, d.proc.Name}, true, nil
}

// XPDL returns the file of a deployed package version, byte for byte; false
// when there is none.
func (e *Engine) XPDL(ctx context.Context, pkg, version string) ([]byte, bool, error) {
	d, err := e.pack(ctx, e.db, pkg, version)
	if errors.Is(err, errNoDefinition) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	return d.raw, true, nil
}

// Audit writes a row of the audit trail.
func (e *Engine) Audit(ctx context.Context, id, user, class, method, message string) error {
	if _, err := e.db.ExecContext(ctx, insertAudit, id, user, class, method, message, e.now().UTC().Format(dateLayout)); err != nil {
		return fmt.Errorf("write audit trail: %w", err)
	}
	return nil
}
