package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"

	"jogetferry/joget/xpdl"
	"jogetferry/test/simulator/schema"
)

// States of instances and activities.
const (
	Running    = "open.running"
	NotStarted = "open.not_running.not_started"
	Suspended  = "open.not_running.suspended"
	Completed  = "closed.completed"
	Terminated = "closed.terminated"
	Aborted    = "closed.aborted"
)

const (
	// NoLimit stands in LimitTime for "no limit".
	NoLimit         = math.MaxInt64
	defaultPriority = 3
)

var (
	errNoInstance = errors.New("no such process instance")
	errNoActivity = errors.New("no such activity")
	errClosed     = errors.New("the process instance is closed")
	errTooDeep    = errors.New("the call runs through too many activities")
	errRefused    = errors.New("the engine refuses the variable")
)

// instance is a row of SHKProcesses for the time of one call.
type instance struct {
	oid       int64
	id        string
	def       *definition
	name      string
	state     string
	requester string
	caller    string // calling activity, "" for a root
	parent    string // calling instance, "" for a root
	created   int64
	started   int64
	limit     int64

	variables []*variable // nil until read
	busy      int         // how many frames of the call are still working on it
	ended     bool        // a branch ended during the call
}

// activity is a row of SHKActivities.
type activity struct {
	oid      int64
	id       string
	def      string
	instance string
	state    string
	user     string // ResourceId
	child    string // Performer
	name     string
	active   int64 // Activated
}

func (a *activity) open() bool {
	return a.state == Running || a.state == NotStarted
}

func stateName(oid int64, of func(string) int64) string {
	for _, s := range schema.States {
		if of(s) == oid {
			return s
		}
	}
	return ""
}

func (s *session) millis() int64 { return s.now().UnixMilli() }

// instance reads an instance once per call.
func (s *session) instance(ctx context.Context, id string) (*instance, error) {
	if in := s.instances[id]; in != nil {
		return in, nil
	}
	in := &instance{id: id}
	var (
		def                  string
		name, caller, parent sql.NullString
		started              sql.NullInt64
		state                int64
	)
	err := s.tx.QueryRowContext(ctx, selectInstance, id).Scan(&in.oid, &def, &name, &state, &in.requester, &caller, &parent, &in.created, &started, &in.limit)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNoInstance
	}
	if err != nil {
		return nil, fmt.Errorf("read instance %s: %w", id, err)
	}
	in.name, in.caller, in.parent, in.started = name.String, caller.String, parent.String, started.Int64
	in.state = stateName(state, schema.ProcessStateOID)
	if in.def, err = s.definition(ctx, s.tx, def); err != nil {
		return nil, fmt.Errorf("definition of instance %s: %w", id, err)
	}
	s.instances[id] = in
	return in, nil
}

// create makes an instance that is not started: its row, its requester and
// the initial variables.
func (s *session) create(ctx context.Context, def *definition, requester string, by *activity, parent *instance) (*instance, error) {
	n, err := s.count(schema.CounterProcess)
	if err != nil {
		return nil, err
	}
	pkg, _, key, _ := splitID(def.id)
	in := &instance{
		id: cutID(fmt.Sprintf("%d_%s_%s", n, pkg, key)), def: def, name: def.proc.Name, state: NotStarted,
		requester: requester, created: s.millis(), limit: NoLimit,
	}
	var callerOID any
	if by != nil {
		in.caller, in.parent, callerOID = by.id, parent.id, by.oid
	}
	if in.oid, err = s.oid(); err != nil {
		return nil, err
	}
	user, err := s.resource(requester)
	if err != nil {
		return nil, err
	}
	if _, err := s.tx.ExecContext(ctx, insertInstance, in.id, def.oid, def.id, null(in.caller), null(in.parent), requester,
		schema.ProcessStateOID(NotStarted), priority(def.proc.Priority), in.name, in.created, in.created, in.limit, in.oid); err != nil {
		return nil, fmt.Errorf("create instance of %s: %w", def.id, err)
	}
	oid, err := s.oid()
	if err != nil {
		return nil, err
	}
	if _, err := s.tx.ExecContext(ctx, insertRequester, in.id, callerOID, user, oid); err != nil {
		return nil, fmt.Errorf("create requester of %s: %w", in.id, err)
	}
	in.variables = []*variable{}
	for _, v := range def.proc.Variables {
		in.variables = append(in.variables, &variable{name: v.Name, value: initial(v)})
	}
	s.instances[in.id] = in
	return in, s.insertVariables(ctx, in, in.variables...)
}

func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func priority(p int) int {
	if p == 0 {
		return defaultPriority
	}
	return p
}

func (s *session) insertVariables(ctx context.Context, in *instance, list ...*variable) error {
	var rows []string
	var args []any
	for _, v := range list {
		oid, cnt, err := s.numbered(schema.CounterProcessData)
		if err != nil {
			return err
		}
		v.oid = oid
		decl, _ := in.def.proc.Variable(v.name)
		rows = append(rows, instanceVariableRow)
		args = append(append(append(args, in.oid, v.name), columns(v.value, decl.Type)...), cnt, oid)
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := s.tx.ExecContext(ctx, insertInstanceVariables+strings.Join(rows, ","), args...); err != nil {
		return fmt.Errorf("write variables of %s: %w", in.id, err)
	}
	return nil
}

func (s *session) processVariables(ctx context.Context, in *instance) ([]*variable, error) {
	if in.variables == nil {
		vars, err := scanVariables(ctx, s.tx, selectInstanceVariables, in.oid)
		if err != nil {
			return nil, fmt.Errorf("read variables of %s: %w", in.id, err)
		}
		in.variables = append([]*variable{}, vars...)
	}
	return in.variables, nil
}

// setVariable stores a process variable; errRefused for an undeclared name or
// a value of another type.
func (s *session) setVariable(ctx context.Context, in *instance, name string, v value) error {
	decl, ok := in.def.proc.Variable(name)
	if !ok || !fits(decl.Type, v) {
		return errRefused
	}
	vars, err := s.processVariables(ctx, in)
	if err != nil {
		return err
	}
	for _, x := range vars {
		if x.name != name {
			continue
		}
		x.value = v
		if _, err := s.tx.ExecContext(ctx, updateInstanceVariable, append(columns(v, decl.Type), x.oid)...); err != nil {
			return fmt.Errorf("write variable %s of %s: %w", name, in.id, err)
		}
		return nil
	}
	x := &variable{name: name, value: v}
	in.variables = append(in.variables, x)
	return s.insertVariables(ctx, in, x)
}

func (s *session) setProcessState(ctx context.Context, in *instance, state string) error {
	in.state = state
	_, err := s.tx.ExecContext(ctx, updateProcessState, schema.ProcessStateOID(state), s.millis(), in.oid)
	if err != nil {
		return fmt.Errorf("set state of %s: %w", in.id, err)
	}
	return nil
}

func (s *session) activity(ctx context.Context, id string) (*activity, error) {
	list, err := s.activities(ctx, selectActivityByID, id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errNoActivity
	}
	return list[0], nil
}

func (s *session) activities(ctx context.Context, query string, args ...any) ([]*activity, error) {
	var out []*activity
	err := each(ctx, s.tx, query, args, func(scan func(...any) error) error {
		var a activity
		var user, child, name sql.NullString
		var state int64
		if err := scan(&a.oid, &a.id, &a.def, &a.instance, &state, &user, &child, &name, &a.active); err != nil {
			return err
		}
		a.user, a.child, a.name, a.state = user.String, child.String, name.String, stateName(state, schema.ActivityStateOID)
		out = append(out, &a)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read activities: %w", err)
	}
	return out, nil
}

// openActivities lists the activities in open.running and not started ones;
// suspended ones too when all is set.
func (s *session) openActivities(ctx context.Context, in *instance, all bool) ([]*activity, error) {
	suspended := schema.ActivityStateOID(Running)
	if all {
		suspended = schema.ActivityStateOID(Suspended)
	}
	return s.activities(ctx, selectOpenActivities, in.oid, schema.ActivityStateOID(Running), schema.ActivityStateOID(NotStarted), suspended)
}

// newActivity writes the row of an activity and, but for routes, its copy of
// the process variables.
func (s *session) newActivity(ctx context.Context, in *instance, def *xpdl.Activity, state string) (*activity, error) {
	n, err := s.count(schema.CounterActivity)
	if err != nil {
		return nil, err
	}
	a := &activity{id: cutID(fmt.Sprintf("%d_%s_%s", n, in.id, def.ID)), def: def.ID, instance: in.id, state: state, name: def.Name, active: s.millis()}
	if a.oid, err = s.oid(); err != nil {
		return nil, err
	}
	limit := int64(NoLimit)
	if def.Limit > 0 {
		limit = a.active + def.Limit.Milliseconds()
	}
	if _, err := s.tx.ExecContext(ctx, insertActivity, a.id, null(def.Set), def.ID, in.oid, in.def.id, in.id, schema.ActivityStateOID(state),
		priority(def.Priority), def.Name, a.active, a.active, limit, null(def.Description), a.oid); err != nil {
		return nil, fmt.Errorf("create activity %s of %s: %w", def.ID, in.id, err)
	}
	if def.Kind == xpdl.Route {
		return a, nil
	}
	vars, err := s.processVariables(ctx, in)
	if err != nil {
		return nil, err
	}
	return a, s.insertActivityVariables(ctx, in, a, vars)
}

func (s *session) insertActivityVariables(ctx context.Context, in *instance, a *activity, vars []*variable) error {
	var rows []string
	var args []any
	for _, v := range vars {
		oid, cnt, err := s.numbered(schema.CounterActData)
		if err != nil {
			return err
		}
		decl, _ := in.def.proc.Variable(v.name)
		rows = append(rows, activityVariableRow)
		args = append(append(append(args, a.oid, v.name), columns(v.value, decl.Type)...), flag(v.result), cnt, oid)
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := s.tx.ExecContext(ctx, insertActivityVariables+strings.Join(rows, ","), args...); err != nil {
		return fmt.Errorf("write variables of %s: %w", a.id, err)
	}
	return nil
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *session) activityVariables(ctx context.Context, a *activity) ([]*variable, error) {
	vars, err := scanVariables(ctx, s.tx, selectActivityVariables, a.oid)
	if err != nil {
		return nil, fmt.Errorf("read variables of %s: %w", a.id, err)
	}
	return vars, nil
}

// setActivityVariable stores a result on an activity; errRefused as in setVariable.
func (s *session) setActivityVariable(ctx context.Context, in *instance, a *activity, name string, v value) error {
	decl, ok := in.def.proc.Variable(name)
	if !ok || !fits(decl.Type, v) {
		return errRefused
	}
	vars, err := s.activityVariables(ctx, a)
	if err != nil {
		return err
	}
	for _, x := range vars {
		if x.name != name {
			continue
		}
		if _, err := s.tx.ExecContext(ctx, updateActivityVariable, append(columns(v, decl.Type), x.oid)...); err != nil {
			return fmt.Errorf("write variable %s of %s: %w", name, a.id, err)
		}
		return nil
	}
	return s.insertActivityVariables(ctx, in, a, []*variable{{name: name, value: v, result: true}})
}

func (s *session) setActivityState(ctx context.Context, a *activity, state string) error {
	a.state = state
	_, err := s.tx.ExecContext(ctx, updateActivityState, schema.ActivityStateOID(state), s.millis(), a.oid)
	if err != nil {
		return fmt.Errorf("set state of %s: %w", a.id, err)
	}
	if a.open() {
		return nil
	}
	for _, x := range [][2]string{{selectAssignmentOIDs, deleteAssignment}, {selectDeadlineOIDs, deleteDeadline}} {
		if err := s.forEach(ctx, x[0], x[1], a.oid); err != nil {
			return fmt.Errorf("close %s: %w", a.id, err)
		}
	}
	return nil
}

// forEach runs a statement on the oid of each row that a query finds.
func (s *session) forEach(ctx context.Context, find, statement string, args ...any) error {
	oids, err := column(ctx, s.tx, find, args...)
	if err != nil {
		return err
	}
	for _, oid := range oids {
		if _, err := s.tx.ExecContext(ctx, statement, oid); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) assign(ctx context.Context, in *instance, a *activity, users []string) error {
	for _, user := range users {
		res, err := s.resource(user)
		if err != nil {
			return err
		}
		oid, cnt, err := s.numbered(schema.CounterAssignment)
		if err != nil {
			return err
		}
		if _, err := s.tx.ExecContext(ctx, insertAssignment, a.oid, res, a.id, in.id, in.def.id, user, cnt, oid); err != nil {
			return fmt.Errorf("assign %s: %w", a.id, err)
		}
	}
	return nil
}

// link is a row of wf_process_link.
type link struct{ parent, origin string }

func readLink(ctx context.Context, q queryer, query, id string) (link, bool, error) {
	var parent, origin sql.NullString
	err := q.QueryRowContext(ctx, query, id).Scan(&parent, &origin)
	if errors.Is(err, sql.ErrNoRows) {
		return link{}, false, nil
	}
	return link{parent.String, origin.String}, err == nil, err
}

// addLink hangs an instance on a parent, with the parent's origin if it has one.
func (s *session) addLink(ctx context.Context, parent, id string) error {
	origin := parent
	for _, query := range []string{selectLink, selectLinkHistory} {
		l, ok, err := readLink(ctx, s.tx, query, parent)
		if err != nil {
			return fmt.Errorf("read link: %w", err)
		}
		if ok {
			origin = l.origin
			break
		}
	}
	if _, err := s.tx.ExecContext(ctx, insertLink, id, parent, origin); err != nil {
		return fmt.Errorf("link %s: %w", id, err)
	}
	return nil
}

// ensureLink gives a subflow child its link, which Joget writes only when it
// first needs it.
func (s *session) ensureLink(ctx context.Context, in *instance) error {
	if in.parent == "" {
		return nil
	}
	_, ok, err := readLink(ctx, s.tx, selectLink, in.id)
	if err != nil || ok {
		return err
	}
	return s.addLink(ctx, in.parent, in.id)
}

// recordID is the origin of an instance, or the instance itself.
func (s *session) recordID(ctx context.Context, id string) (string, error) {
	l, ok, err := readLink(ctx, s.tx, selectLink, id)
	if err != nil {
		return "", fmt.Errorf("read link: %w", err)
	}
	if ok {
		return l.origin, nil
	}
	return id, nil
}
