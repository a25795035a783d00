package engine

import (
	"context"
	"errors"
	"fmt"

	"jogetferry/joget/xpdl"
	"jogetferry/test/simulator/schema"
)

var errNoStart = errors.New("the definition has no start activity")

// start runs an instance from its beginning.
func (s *session) start(ctx context.Context, in *instance) error {
	if in.state != NotStarted {
		return errClosed
	}
	begin := in.def.proc.StartActivities()
	if len(begin) == 0 {
		return errNoStart
	}
	if err := s.run(ctx, in); err != nil {
		return err
	}
	return s.within(ctx, in, func() error {
		for _, def := range begin {
			if err := s.activate(ctx, in, def); err != nil {
				return err
			}
		}
		return nil
	})
}

// within works on an instance and, in the outermost frame, completes it when a
// branch ended and nothing is open any more. Checking earlier would complete
// it between two branches of one split.
func (s *session) within(ctx context.Context, in *instance, work func() error) error {
	if s.depth++; s.depth > maxDepth {
		return errTooDeep
	}
	in.busy++
	err := work()
	in.busy--
	if err != nil || in.busy > 0 || !in.ended || in.state != Running {
		return err
	}
	in.ended = false
	open, err := s.unfinished(ctx, in)
	if err != nil || len(open) > 0 {
		return err
	}
	return s.finish(ctx, in)
}

// activate starts an activity definition in an instance. One that this call
// knows to be active is left alone, as the engine does with a warning. A
// deadline that cannot be computed keeps the activity from being created.
func (s *session) activate(ctx context.Context, in *instance, def *xpdl.Activity) error {
	active, err := s.active(ctx, in)
	if err != nil {
		return err
	}
	for _, a := range active {
		if a.def == def.ID {
			return nil
		}
	}
	if err := s.pause(ctx, Point{AtActivity, in.id, def.ID}); err != nil {
		return err
	}
	now := s.millis()
	limits, err := s.deadlines(ctx, in, def, now)
	if err != nil {
		return err
	}
	a, err := s.newActivity(ctx, in, def, now)
	if err != nil {
		return err
	}
	if err := s.insertDeadlines(ctx, in, a, limits); err != nil {
		return err
	}
	return s.within(ctx, in, func() error { return s.perform(ctx, in, a, def) })
}

// perform does what a fresh activity does by itself.
func (s *session) perform(ctx context.Context, in *instance, a *activity, def *xpdl.Activity) error {
	if def.Kind == xpdl.Manual {
		users, err := s.assignees(ctx, in, a, def)
		if err != nil {
			return err
		}
		return s.assign(ctx, in, a, users)
	}
	if err := s.setActivityState(ctx, a, Running); err != nil {
		return err
	}
	switch def.Kind {
	case xpdl.Tool:
		return s.work(ctx, in, a, def)
	case xpdl.Route:
		if err := s.pause(ctx, Point{AtRoute, in.id, def.ID}); err != nil {
			return err
		}
		return s.finishActivity(ctx, in, a)
	case xpdl.Subflow:
		return s.call(ctx, in, a, def)
	case xpdl.Manual, xpdl.Block, xpdl.Unknown:
	}
	return fmt.Errorf("activity %s of %s: the simulator does not run activities of kind %s", def.ID, in.def.id, def.Kind)
}

// work runs the tool of an activity that is open.running, and goes on.
func (s *session) work(ctx context.Context, in *instance, a *activity, def *xpdl.Activity) error {
	if err := s.runTool(ctx, in, a, def); err != nil {
		return err
	}
	if err := s.pause(ctx, Point{AtToolDone, in.id, def.ID}); err != nil && !errors.Is(err, ErrException) {
		return err
	}
	return s.finishActivity(ctx, in, a)
}

// finishActivity completes an activity and follows its transitions. One that
// another call has closed meanwhile stays as it is and nothing follows: the
// engine makes a warning of it (docs/joget.md#no-transaction).
func (s *session) finishActivity(ctx context.Context, in *instance, a *activity) error {
	if !a.isActive() {
		return nil
	}
	if err := s.takeResults(ctx, in, a); err != nil {
		return err
	}
	err := s.setActivityState(ctx, a, Completed)
	if errors.Is(err, errConflict) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.within(ctx, in, func() error { return s.follow(ctx, in, a) })
}

// follow takes the transitions out of a completed activity.
func (s *session) follow(ctx context.Context, in *instance, a *activity) error {
	chosen, err := s.choose(ctx, in, a)
	if err != nil {
		return err
	}
	if len(chosen) == 0 {
		in.ended = true
	}
	for _, t := range chosen {
		if err := s.arrive(ctx, in, a, in.def.proc.Activity(t.To)); err != nil {
			return err
		}
	}
	return nil
}

// choose evaluates the transitions out of a completed activity. When one
// fails, none is followed (docs/joget.md#transitions-and-joins).
func (s *session) choose(ctx context.Context, in *instance, a *activity) ([]*xpdl.Transition, error) {
	def := in.def.proc.Activity(a.def)
	if def == nil {
		return nil, fmt.Errorf("activity %s of %s: %w", a.def, in.def.id, errNoActivity)
	}
	vars, err := s.processVariables(ctx, in)
	if err != nil {
		return nil, err
	}
	var chosen []*xpdl.Transition
	var otherwise *xpdl.Transition
	for _, t := range in.def.proc.Outgoing(a.def) {
		if t.Condition.Type == xpdl.Otherwise {
			otherwise = t // of several the last counts (CustomWfProcessImpl.getTransFrom)
			continue
		}
		taken := t.Always()
		if !taken {
			if err := s.pause(ctx, Point{AtCondition, in.id, a.def}); err != nil {
				return nil, err
			}
			if taken, err = s.condition(t.Condition.Text, vars); err != nil {
				return nil, fmt.Errorf("transition %s of %s: %w", t.ID, in.def.id, err)
			}
		}
		if taken {
			chosen = append(chosen, t)
		}
		if taken && def.Split == xpdl.XOR {
			break
		}
	}
	if len(chosen) == 0 && otherwise != nil {
		chosen = append(chosen, otherwise)
	}
	return chosen, nil
}

// arrive brings a finished activity's token to the next one, which may have to
// wait for others. Rows are counted, whoever left them.
func (s *session) arrive(ctx context.Context, in *instance, from *activity, to *xpdl.Activity) error {
	ways := len(in.def.proc.Incoming(to.ID))
	if to.Join != xpdl.AND || ways <= 1 {
		return s.activate(ctx, in, to)
	}
	var waiting int
	if err := s.db.QueryRowContext(ctx, countArrivals, in.oid, to.ID).Scan(&waiting); err != nil {
		return fmt.Errorf("count tokens at %s of %s: %w", to.ID, in.id, err)
	}
	if waiting+1 == ways {
		if err := s.forEach(ctx, selectArrivals, deleteArrival, in.oid, to.ID); err != nil {
			return fmt.Errorf("remove tokens at %s of %s: %w", to.ID, in.id, err)
		}
		return s.activate(ctx, in, to)
	}
	oid, cnt, err := s.numbered(ctx, schema.CounterAndJoin)
	if err != nil {
		return err
	}
	if _, err := s.db.ExecContext(ctx, insertArrival, in.oid, to.ID, from.oid, cnt, oid); err != nil {
		return fmt.Errorf("leave token at %s of %s: %w", to.ID, in.id, err)
	}
	return nil
}

// finish completes an instance and does with it what the settings say. The
// caller that waits for a child goes on.
func (s *session) finish(ctx context.Context, in *instance) error {
	if err := s.setProcessState(ctx, in, Completed); err != nil {
		return err
	}
	parent, call, err := s.waitingCaller(ctx, in)
	if err != nil {
		return err
	}
	if call == nil {
		return s.cleanUp(ctx, in)
	}
	if err := s.giveBack(ctx, in, parent, call); err != nil {
		return err
	}
	if err := s.cleanUpChild(ctx, in); err != nil {
		return err
	}
	return s.within(ctx, parent, func() error { return s.finishActivity(ctx, parent, call) })
}
