package target

import (
	"context"
	"fmt"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/api"
	"jogetferry/migration"
)

// handover is one call about who holds an open activity at a place. Without a To its
// mapping is evaluated again.
type handover struct {
	migration.Handover
	node *node
}

func (h handover) call() migration.Call {
	c := migration.Call{Verb: migration.VerbReassign, Target: h.node.target.ID, ActivityID: h.Activity, User: h.To}
	switch {
	case h.To == "":
		c.Verb = migration.VerbReevaluate
	case h.From == "":
		c.Verb = migration.VerbAccept
	}
	return c
}

// handoverTries bounds how often one call is made: Joget always claims success,
// and what it does not do after a few times it will not do.
const handoverTries = 6

// inboxes returns the calls that bring open activities into somebody's inbox which
// are in nobody's; those that no call brings there park. What is there for a moment
// only, while the mapping is still evaluated, is waited for.
func (act *Activities) inboxes(ctx context.Context, i *Instance, nodes []*node, done migration.CallLog) ([]handover, contract.Outcome, error) {
	list := unheld(nodes)
	if len(list) == 0 {
		return nil, step.OK(), nil
	}
	// The call that opened it may still be about to assign it.
	if err := act.Fence(i).Drain(ctx); err != nil {
		return nil, step.OK(), err
	}
	if err := pause(ctx, act.Settings.Rest); err != nil {
		return nil, step.OK(), err
	}
	for _, h := range list {
		if err := act.refresh(ctx, h.node); err != nil {
			return nil, step.OK(), err
		}
	}
	list = unheld(nodes)
	for _, h := range list {
		if done.Times(h.call()) >= handoverTries {
			out, err := act.Park(ctx, i.StepInput, step.Parking{
				Step: migration.StepResume, Reason: migration.ReasonUnassigned,
				Message: fmt.Sprintf("Activity %s of target instance %s.", h.Activity, h.node.target.ID),
			})
			return nil, out, err
		}
	}
	return list, step.OK(), nil
}

// unheld returns an evaluation for each open activity that is in nobody's inbox.
func unheld(nodes []*node) []handover {
	var list []handover
	for _, n := range nodes {
		for _, a := range n.target.Activities {
			if a.Unheld() {
				list = append(list, handover{migration.Handover{Activity: a.ID}, n})
			}
		}
	}
	return list
}

// handovers returns the calls that bring the open activities of the tree closer
// to those who hold them on the source, at most one for each activity.
func (act *Activities) handovers(ctx context.Context, nodes []*node, done migration.CallLog) ([]handover, error) {
	var list []handover
	for _, n := range nodes {
		for _, wanted := range n.wanted.Activities {
			present := n.target.Open(wanted.DefID)
			if present == nil {
				continue
			}
			for _, step := range migration.DecideHandover(wanted, *present) {
				h := handover{step, n}
				if done.Times(h.call()) >= handoverTries {
					continue
				}
				there, err := act.Identity(ctx, h.To)
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

// handOver makes the calls, each behind the fence of the tree.
func (act *Activities) handOver(ctx context.Context, i *Instance, list []handover) error {
	for _, h := range list {
		err := act.Fence(i).Do(ctx, migration.StepResume, h.call(), func(ctx context.Context) error {
			switch h.call().Verb { //nolint:exhaustive // a handover has one of these
			case migration.VerbReevaluate:
				return act.API.Reevaluate(ctx, h.Activity)
			case migration.VerbAccept:
				return act.API.AcceptAssignment(ctx, h.To, h.Activity)
			}
			return act.API.Reassign(ctx, h.Activity, h.From, h.To)
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
func (act *Activities) completeAs(ctx context.Context, i *Instance, n *node, activity migration.ActivityDefID, as migration.User) error {
	refused := func(hint string) error {
		return &migration.Error{Code: migration.CodeRefused, Op: "complete " + string(activity) + " as on the source", Subject: string(i.Instance), Hint: hint}
	}
	if ok, err := act.Identity(ctx, as); err != nil {
		return err
	} else if !ok {
		return refused("the user who completed it on the source cannot log in on the target")
	}
	a := n.target.Open(activity)
	if a == nil {
		return nil // it is over; deciding anew
	}
	if !a.HeldBy(as) {
		if len(a.Assignments) == 0 {
			return refused("the target offers it to nobody, so it cannot be reassigned to the user of the source")
		}
		if err := act.handOver(ctx, i, []handover{{migration.Handover{Activity: a.ID, From: a.Assignments[0].User, To: as}, n}}); err != nil {
			return err
		}
		if err := act.refresh(ctx, n); err != nil {
			return err
		}
		if a = n.target.Open(activity); a == nil {
			return nil
		}
		if !a.HeldBy(as) {
			return refused("it could not be reassigned to the user who completed it on the source")
		}
	}
	call := migration.Call{Verb: migration.VerbComplete, Target: n.target.ID, ActivityID: a.ID, User: as, Snapshot: i.snapshot}
	return act.Fence(i).Do(ctx, migration.StepResume, call, func(ctx context.Context) error {
		if err := act.unmoved(ctx, n.target); err != nil {
			return err
		}
		return act.API.CompleteAssignmentWithVariables(ctx, as, a.ID, nil)
	})
}
