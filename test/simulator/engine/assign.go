package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"jogetferry/joget/xpdl"
	"jogetferry/test/simulator/schema"
)

// offer is an assignment that the call has decided and not written yet. The
// engine keeps them back until the call ends well or needs assignments itself;
// a call that fails loses them (docs/joget.md#no-transaction).
type offer struct {
	in   *instance
	a    *activity
	user resource
}

// assign offers an activity to users.
func (s *session) assign(ctx context.Context, in *instance, a *activity, users []string) error {
	for _, user := range users {
		r, err := s.resource(ctx, user, Point{Instance: in.id, ActivityDefID: a.def})
		if err != nil {
			return err
		}
		s.offers = append(s.offers, offer{in, a, r})
	}
	return nil
}

// flush writes the offers of the call.
func (s *session) flush(ctx context.Context) error {
	offers := s.offers
	s.offers = nil
	for i, o := range offers {
		if i == 0 {
			if err := s.pause(ctx, Point{AtAssignments, o.in.id, o.a.def}); err != nil {
				return fmt.Errorf("%w: %w", ErrInternal, err)
			}
		}
		oid, cnt, err := s.numbered(ctx, schema.CounterAssignment)
		if err != nil {
			return err
		}
		if _, err := s.db.ExecContext(ctx, insertAssignment, o.a.oid, o.user.oid, o.a.id, o.in.id, o.in.def.id, o.user.name, cnt, oid); err != nil {
			return fmt.Errorf("assign %s: %w", o.a.id, err)
		}
	}
	return nil
}

// holders lists the users to whom an activity is offered.
func (s *session) holders(ctx context.Context, a *activity) ([]string, error) {
	if err := s.flush(ctx); err != nil {
		return nil, err
	}
	return column(ctx, s.db, selectAssignees, a.oid)
}

// assignment is the row of a user's assignment; names are compared as the
// database does. False when the user has none.
func (s *session) assignment(ctx context.Context, a *activity, user string) (oid int64, found bool, err error) {
	if err := s.flush(ctx); err != nil {
		return 0, false, err
	}
	err = s.db.QueryRowContext(ctx, selectAssignmentOf, a.oid, user).Scan(&oid)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("find assignment of %s: %w", a.id, err)
	}
	return oid, true, nil
}

// move hands an assignment to another user.
func (s *session) move(ctx context.Context, a *activity, assignment int64, to string) error {
	r, err := s.resource(ctx, to, Point{Instance: a.instance, ActivityDefID: a.def})
	if err != nil {
		return err
	}
	if _, err := s.db.ExecContext(ctx, updateAssignmentMoved, r.oid, r.name, assignment); err != nil {
		return fmt.Errorf("reassign %s: %w", a.id, err)
	}
	return nil
}

// accept gives an activity to the caller; the other assignees lose it.
func (s *session) accept(ctx context.Context, a *activity) error {
	if err := s.flush(ctx); err != nil {
		return err
	}
	r, err := s.resource(ctx, s.caller.User(), Point{Instance: a.instance, ActivityDefID: a.def})
	if err != nil {
		return err
	}
	now := s.millis()
	zone := s.offset(now)
	if err := s.guarded(ctx, updateAccepted, raiseActivity, a.oid, &a.version, schema.ActivityStateOID(Running), r.name, r.oid, now, zone, now, zone); err != nil {
		return fmt.Errorf("accept %s: %w", a.id, err)
	}
	a.state, a.user = Running, r.name
	for _, x := range [][2]string{{selectOthersOIDs, deleteAssignment}, {selectAssignmentOID, updateAssignmentTaken}} {
		if err := s.forEach(ctx, x[0], x[1], a.oid, r.oid); err != nil {
			return fmt.Errorf("accept %s: %w", a.id, err)
		}
	}
	return nil
}

// withdraw brings an accepted activity back to not started, and its mapping is
// evaluated again.
func (s *session) withdraw(ctx context.Context, in *instance, a *activity) error {
	now := s.millis()
	zone := s.offset(now)
	if err := s.guarded(ctx, updateWithdrawn, raiseActivity, a.oid, &a.version, schema.ActivityStateOID(NotStarted), int64(Undefined), zone, now, zone); err != nil {
		return fmt.Errorf("withdraw %s: %w", a.id, err)
	}
	a.version++ // the row is written twice, as seen on the engine
	a.state, a.user = NotStarted, ""
	if err := s.forEach(ctx, selectAssignmentOIDs, updateAssignmentFreed, a.oid); err != nil {
		return fmt.Errorf("withdraw %s: %w", a.id, err)
	}
	return s.reevaluate(ctx, in, a)
}

// reevaluate evaluates the mapping of an activity that nobody accepted, for
// the caller: who is not among them loses it, who is new gets it.
func (s *session) reevaluate(ctx context.Context, in *instance, a *activity) error {
	def := in.def.proc.Activity(a.def)
	if def == nil || def.Kind != xpdl.Manual {
		return nil
	}
	users, err := s.assignees(ctx, in, a, def)
	if err != nil {
		return err
	}
	stay := map[int64]bool{}
	var missing []string
	for _, user := range users {
		oid, found, err := s.assignment(ctx, a, user)
		if err != nil {
			return err
		}
		if stay[oid] = true; !found {
			missing = append(missing, user)
		}
	}
	var oids []int64
	err = each(ctx, s.db, selectAssignmentOIDs, []any{a.oid}, func(scan func(...any) error) error {
		var oid int64
		err := scan(&oid)
		oids = append(oids, oid)
		return err
	})
	if err != nil {
		return fmt.Errorf("evaluate assignees of %s: %w", a.id, err)
	}
	for _, oid := range oids {
		if stay[oid] {
			continue
		}
		if _, err := s.db.ExecContext(ctx, deleteAssignment, oid); err != nil {
			return fmt.Errorf("evaluate assignees of %s: %w", a.id, err)
		}
	}
	return s.assign(ctx, in, a, missing)
}
