package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

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
	// Undefined is a time that has not come, in epoch ms: half of Java's
	// Long.MAX_VALUE (docs/joget.md#times).
	Undefined = math.MaxInt64 / 2

	defaultPriority = 3
	maxPriority     = 5
)

var (
	errNoInstance = errors.New("no such process instance")
	errNoActivity = errors.New("no such activity")
	errClosed     = errors.New("the process instance is closed")
	errTooDeep    = errors.New("the call runs through too many activities")
	errRefused    = errors.New("the engine refuses the variable")
)

// instance is a row of SHKProcesses as one call sees it.
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
	started   int64 // Undefined until started
	limit     int64 // Undefined for none

	variables []*variable // nil until read
	open      []*activity // those in an open state, nil until read: what other calls open afterwards is not seen
	busy      int         // how many frames of the call are still working on it
	ended     bool        // a branch ended during the call
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

// offset is the server's zone at a time, in ms, as the *TZO columns hold it.
func (s *session) offset(ms int64) int64 {
	_, seconds := time.UnixMilli(ms).In(s.zone).Zone()
	return int64(seconds) * time.Second.Milliseconds()
}

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
	err := s.db.QueryRowContext(ctx, selectInstance, id).Scan(&in.oid, &def, &name, &state, &in.requester, &caller, &parent, &in.created, &started, &in.limit)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNoInstance
	}
	if err != nil {
		return nil, fmt.Errorf("read instance %s: %w", id, err)
	}
	in.name, in.caller, in.parent, in.started = name.String, caller.String, parent.String, Undefined
	if started.Valid {
		in.started = started.Int64
	}
	in.state = stateName(state, schema.ProcessStateOID)
	if in.def, err = s.definition(ctx, s.db, def); err != nil {
		return nil, fmt.Errorf("definition of instance %s: %w", id, err)
	}
	s.instances[id] = in
	return in, nil
}

// create makes an instance that is not started: its requester, its row and
// the initial variables.
func (s *session) create(ctx context.Context, def *definition, requester string, by *activity, parent *instance) (*instance, error) {
	n, err := s.count(ctx, schema.CounterProcess)
	if err != nil {
		return nil, err
	}
	pkg, _, key, _ := splitID(def.id)
	in := &instance{
		id: cutID(fmt.Sprintf("%d_%s_%s", n, pkg, key)), def: def, name: def.proc.Name, state: NotStarted,
		requester: requester, created: s.millis(), started: Undefined, limit: Undefined, variables: []*variable{}, open: []*activity{},
	}
	var callerOID any
	if by != nil {
		in.caller, in.parent, callerOID = by.id, parent.id, by.oid
	}
	if err := s.insertRequester(ctx, in, callerOID); err != nil {
		return nil, err
	}
	if err := s.pause(ctx, Point{AtInstance, in.id, ""}); err != nil {
		return nil, err
	}
	if in.oid, err = s.oid(ctx); err != nil {
		return nil, err
	}
	zone := s.offset(in.created)
	if _, err := s.db.ExecContext(ctx, insertInstance, in.id, def.oid, def.id, null(in.caller), null(in.parent), requester,
		schema.ProcessStateOID(NotStarted), priority(def.proc.Priority), in.name, in.created, zone, in.started, zone, in.created, zone, in.limit, zone, in.oid); err != nil {
		return nil, fmt.Errorf("create instance of %s: %w", def.id, err)
	}
	for _, v := range def.proc.Variables {
		in.variables = append(in.variables, &variable{name: v.Name, value: s.initial(v)})
	}
	s.instances[in.id] = in
	return in, s.insertVariables(ctx, in, in.variables...)
}

func (s *session) insertRequester(ctx context.Context, in *instance, callerOID any) error {
	user, err := s.resource(ctx, in.requester, Point{Instance: in.id})
	if err != nil {
		return err
	}
	oid, err := s.oid(ctx)
	if err != nil {
		return err
	}
	if _, err := s.db.ExecContext(ctx, insertRequester, in.id, callerOID, user.oid, oid); err != nil {
		return fmt.Errorf("create requester of %s: %w", in.id, err)
	}
	return nil
}

func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// priority is what the engine stores for the one of the file.
func priority(p int) int {
	if p == 0 {
		return defaultPriority
	}
	return min(p, maxPriority)
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *session) setProcessState(ctx context.Context, in *instance, state string) error {
	in.state = state
	now := s.millis()
	if _, err := s.db.ExecContext(ctx, updateProcessState, schema.ProcessStateOID(state), now, s.offset(now), in.oid); err != nil {
		return fmt.Errorf("set state of %s: %w", in.id, err)
	}
	return nil
}

// run moves an instance to running; its start activities are the caller's business.
func (s *session) run(ctx context.Context, in *instance) error {
	now := s.millis()
	in.started = now
	if in.def.proc.Limit > 0 {
		in.limit = now + in.def.proc.Limit.Milliseconds()
	}
	in.state = Running
	zone := s.offset(now)
	if _, err := s.db.ExecContext(ctx, updateStarted, schema.ProcessStateOID(Running), now, zone, now, zone, in.limit, in.oid); err != nil {
		return fmt.Errorf("start %s: %w", in.id, err)
	}
	return nil
}

// guarded writes a row that other calls may have written meanwhile: update ends
// in "WHERE oid = ? AND version = ?" and raises the version. A conflict raises
// it too and changes nothing else, as seen on the engine
// (docs/joget.md#setting-variables).
func (s *session) guarded(ctx context.Context, update, raise string, oid int64, version *int64, values ...any) error {
	res, err := s.db.ExecContext(ctx, update, append(values, oid, *version)...)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil || n == 1 {
		*version++
		return err
	}
	if res, err = s.db.ExecContext(ctx, raise, oid); err != nil {
		return err
	}
	if n, err = res.RowsAffected(); err != nil {
		return err
	}
	if n == 0 {
		return errGone
	}
	return errConflict
}

// kindName is the type of an activity as JSON and the history tables show it.
func kindName(k xpdl.Kind) string {
	if k == xpdl.Manual {
		return "normal"
	}
	return string(k)
}

// isOpen reports whether a state is one of the open ones.
func isOpen(state string) bool { return state == Running || state == NotStarted || state == Suspended }
