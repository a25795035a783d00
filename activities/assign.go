package activities

import (
	"context"

	"jogetferry/joget/api"
	"jogetferry/migration"
)

// handover is one call about who holds an open activity: its offer is moved
// from one user to another or, where From is "", accepted by To.
type handover struct {
	place    *place
	activity migration.ActivityID
	from, to migration.User
}

func (h handover) call() migration.Call {
	c := migration.Call{Verb: migration.VerbReassign, Target: h.place.target.ID, ActivityID: h.activity, User: h.to}
	if h.from == "" {
		c.Verb = migration.VerbAccept
	}
	return c
}

// handoverTries bounds how often one call is made: Joget always claims success,
// and what it does not do after a few times it will not do.
const handoverTries = 6

// handovers returns the calls that bring the open activities of the tree closer
// to those who hold them on the source, at most one for each activity.
func (j *Joget) handovers(ctx context.Context, places []*place, done migration.CallLog) ([]handover, error) {
	var list []handover
	for _, p := range places {
		for _, wanted := range p.wanted.Activities {
			present := p.target.Open(wanted.DefID)
			if present == nil {
				continue
			}
			for _, h := range towards(wanted, *present) {
				h.place = p
				if done.Times(h.call()) >= handoverTries {
					continue
				}
				there, err := j.identity(ctx, h.to)
				if err != nil {
					return nil, err
				}
				if there {
					list = append(list, h)
					break
				}
			}
		}
	}
	return list, nil
}

// towards returns the calls that would bring the holders of one activity closer
// to those who are wanted. Whoever accepted it on the source holds it alone, so
// that an offer to him and his acceptance are enough.
func towards(wanted, present migration.OpenActivity) []handover {
	if present.AcceptedBy != "" {
		return nil
	}
	move := func(from, to migration.User) handover { return handover{activity: present.ID, from: from, to: to} }
	var missing, extra []migration.User
	for _, a := range wanted.Assignments {
		if !holds(present, a.User) {
			missing = append(missing, a.User)
		}
	}
	for _, a := range present.Assignments {
		if !holds(wanted, a.User) {
			extra = append(extra, a.User)
		}
	}
	if acceptor := wanted.AcceptedBy; acceptor != "" && wanted.State == migration.StateRunning {
		switch {
		case holds(present, acceptor):
			return []handover{{activity: present.ID, to: acceptor}}
		case len(extra) > 0:
			return []handover{move(extra[0], acceptor)}
		case len(present.Assignments) > 0:
			return []handover{move(present.Assignments[0].User, acceptor)}
		}
		return nil
	}
	var list []handover
	for i := range min(len(missing), len(extra)) {
		list = append(list, move(extra[i], missing[i]))
	}
	return list
}

// handOver makes the calls, each behind the fence of the tree.
func (j *Joget) handOver(ctx context.Context, s *subject, list []handover) error {
	for _, h := range list {
		err := j.fenced(ctx, s, migration.StepResume, h.call(), func(ctx context.Context) error {
			if h.from == "" {
				return j.API.AcceptAssignment(ctx, h.to, h.activity)
			}
			return j.API.Reassign(ctx, h.activity, h.from, h.to)
		})
		// The assignment may have gone meanwhile: what is there is read back anyway.
		if err != nil && api.KindOf(err) != api.KindNotFound {
			return err
		}
	}
	return nil
}

// completeAs completes an activity in the name of a user, who is given it first
// if it is not offered to him: so that its branch waits at a join, and it was
// performed by whom it was on the source.
func (j *Joget) completeAs(ctx context.Context, s *subject, p *place, activity migration.ActivityDefID, as migration.User) error {
	refused := func(hint string) error {
		return &migration.Error{Code: migration.CodeRefused, Op: "complete " + string(activity) + " as on the source", Subject: string(s.Instance), Hint: hint}
	}
	if ok, err := j.identity(ctx, as); err != nil {
		return err
	} else if !ok {
		return refused("who completed it there cannot log in on the target")
	}
	a := p.target.Open(activity)
	if a == nil {
		return nil // it is over; deciding anew
	}
	if !holds(*a, as) {
		if len(a.Assignments) == 0 {
			return refused("it is offered to nobody on the target, so that it cannot be given to whom it was")
		}
		if err := j.handOver(ctx, s, []handover{{place: p, activity: a.ID, from: a.Assignments[0].User, to: as}}); err != nil {
			return err
		}
		if err := j.refresh(ctx, p); err != nil {
			return err
		}
		if a = p.target.Open(activity); a == nil {
			return nil
		}
		if !holds(*a, as) {
			return refused("it could not be given to who completed it there")
		}
	}
	call := migration.Call{Verb: migration.VerbComplete, Target: p.target.ID, ActivityID: a.ID, User: as, Snapshot: s.snapshot}
	return j.fenced(ctx, s, migration.StepResume, call, func(ctx context.Context) error {
		ctx, err := j.unmoved(ctx, p.target)
		if err != nil {
			return err
		}
		return j.API.CompleteAssignmentWithVariables(ctx, as, a.ID, nil)
	})
}
