package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"jogetferry/joget/xpdl"
	"jogetferry/test/simulator/schema"
)

// activity is a row of SHKActivities as one call sees it.
type activity struct {
	oid      int64
	version  int64
	id       string
	def      string
	instance string
	state    string
	user     string // ResourceId
	child    string // Performer
	name     string
	active   int64 // Activated
}

// isActive reports whether an activity is open and not suspended.
func (a *activity) isActive() bool { return a.state == Running || a.state == NotStarted }

// activity reads an activity, the one that the call already knows if it is open.
func (s *session) activity(ctx context.Context, id string) (*activity, error) {
	list, err := s.activities(ctx, selectActivityByID, id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errNoActivity
	}
	in, err := s.instance(ctx, list[0].instance)
	if err != nil {
		return nil, err
	}
	open, err := s.unfinished(ctx, in)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(open, func(a *activity) bool { return a.id == list[0].id }); i >= 0 {
		return open[i], nil
	}
	return list[0], nil
}

func (s *session) activities(ctx context.Context, query string, args ...any) ([]*activity, error) {
	var out []*activity
	err := each(ctx, s.db, query, args, func(scan func(...any) error) error {
		var a activity
		var user, child, name sql.NullString
		var state int64
		if err := scan(&a.oid, &a.version, &a.id, &a.def, &a.instance, &state, &user, &child, &name, &a.active); err != nil {
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

// unfinished lists the activities of an instance in an open state, suspended
// ones too, as this call knows them: read once, then kept by what the call
// itself does (docs/joget.md#starting-an-activity).
func (s *session) unfinished(ctx context.Context, in *instance) ([]*activity, error) {
	if in.open == nil {
		list, err := s.activities(ctx, selectOpenActivities, in.oid, schema.ActivityStateOID(Running), schema.ActivityStateOID(NotStarted), schema.ActivityStateOID(Suspended))
		if err != nil {
			return nil, err
		}
		in.open = append([]*activity{}, list...)
	}
	in.open = slices.DeleteFunc(in.open, func(a *activity) bool { return !isOpen(a.state) })
	return slices.Clone(in.open), nil
}

// active lists unfinished activities but suspended ones.
func (s *session) active(ctx context.Context, in *instance) ([]*activity, error) {
	list, err := s.unfinished(ctx, in)
	return slices.DeleteFunc(list, func(a *activity) bool { return !a.isActive() }), err
}

// newActivity writes the row of an activity that is not started and its copy
// of the process variables.
func (s *session) newActivity(ctx context.Context, in *instance, def *xpdl.Activity, activated int64) (*activity, error) {
	n, err := s.count(ctx, schema.CounterActivity)
	if err != nil {
		return nil, err
	}
	a := &activity{id: cutID(fmt.Sprintf("%d_%s_%s", n, in.id, def.ID)), def: def.ID, instance: in.id, state: NotStarted, name: def.Name, active: activated}
	if a.oid, err = s.oid(ctx); err != nil {
		return nil, err
	}
	limit := int64(Undefined)
	if def.Limit > 0 {
		limit = a.active + def.Limit.Milliseconds()
	}
	zone := s.offset(a.active)
	asynchronous := flag(def.Kind == xpdl.Subflow && def.Execution == xpdl.Asynchronous)
	if _, err := s.db.ExecContext(ctx, insertActivity, a.id, null(def.Set), def.ID, in.oid, in.def.id, in.id, schema.ActivityStateOID(NotStarted),
		asynchronous, priority(def.Priority), def.Name, a.active, zone, int64(Undefined), zone, a.active, zone, limit, zone, null(def.Description), a.oid); err != nil {
		return nil, fmt.Errorf("create activity %s of %s: %w", def.ID, in.id, err)
	}
	if _, err := s.unfinished(ctx, in); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(in.open, func(b *activity) bool { return b.oid == a.oid }) {
		in.open = append(in.open, a)
	}
	vars, err := s.processVariables(ctx, in)
	if err != nil {
		return nil, err
	}
	copies := make([]*variable, len(vars))
	for i, v := range vars {
		copies[i] = &variable{name: v.name, value: v.value}
	}
	return a, s.insertActivityVariables(ctx, in, a, copies)
}

// setActivityState changes the state of an activity that nobody else has
// changed since this call read it, else errConflict. A closed one loses its
// assignments; its deadlines stay.
func (s *session) setActivityState(ctx context.Context, a *activity, state string) error {
	now := s.millis()
	if err := s.guarded(ctx, updateActivityState, raiseActivity, a.oid, &a.version, schema.ActivityStateOID(state), now, s.offset(now)); err != nil {
		return fmt.Errorf("set state of %s: %w", a.id, err)
	}
	a.state = state
	if in := s.instances[a.instance]; isOpen(state) || in != nil && !waits(in.def.proc.Activity(a.def)) {
		return nil
	}
	if err := s.flush(ctx); err != nil {
		return err
	}
	if err := s.forEach(ctx, selectAssignmentOIDs, deleteAssignment, a.oid); err != nil {
		return fmt.Errorf("close %s: %w", a.id, err)
	}
	return nil
}

// waits reports whether an activity can have assignments.
func waits(def *xpdl.Activity) bool { return def == nil || def.Kind == xpdl.Manual }

// forEach runs a statement on the oid of each row that a query finds.
func (s *session) forEach(ctx context.Context, find, statement string, args ...any) error {
	oids, err := column(ctx, s.db, find, args...)
	if err != nil {
		return err
	}
	for _, oid := range oids {
		if _, err := s.db.ExecContext(ctx, statement, oid); err != nil {
			return err
		}
	}
	return nil
}

func refused(err error) bool { return errors.Is(err, errRefused) }
