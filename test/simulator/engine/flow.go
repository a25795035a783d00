package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"jogetferry/joget/xpdl"
	"jogetferry/test/simulator/schema"
)

// run moves an instance to running; its start activities are the caller's business.
func (s *session) run(ctx context.Context, in *instance) error {
	now := s.millis()
	in.started = now
	if in.def.proc.Limit > 0 {
		in.limit = now + in.def.proc.Limit.Milliseconds()
	}
	in.state = Running
	if _, err := s.tx.ExecContext(ctx, updateStarted, schema.ProcessStateOID(Running), now, now, in.limit, in.oid); err != nil {
		return fmt.Errorf("start %s: %w", in.id, err)
	}
	return nil
}

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
	open, err := s.openActivities(ctx, in, true)
	if err != nil || len(open) > 0 {
		return err
	}
	return s.finish(ctx, in)
}

// activate starts an activity definition in an instance. One that is already
// active is left alone, as the engine does with a warning.
func (s *session) activate(ctx context.Context, in *instance, def *xpdl.Activity) error {
	open, err := s.openActivities(ctx, in, false)
	if err != nil {
		return err
	}
	for _, a := range open {
		if a.def == def.ID {
			return nil
		}
	}
	state := Running
	if def.Kind == xpdl.Manual {
		state = NotStarted
	}
	a, err := s.newActivity(ctx, in, def, state)
	if err != nil {
		return err
	}
	return s.within(ctx, in, func() error {
		switch def.Kind {
		case xpdl.Manual:
			users, err := s.assignees(ctx, in, a, def)
			if err != nil {
				return err
			}
			if err := s.assign(ctx, in, a, users); err != nil {
				return err
			}
			return s.deadlines(ctx, in, a, def)
		case xpdl.Tool:
			if err := s.runTool(ctx, in, a, def); err != nil {
				return err
			}
			return s.finishActivity(ctx, in, a)
		case xpdl.Route:
			return s.finishActivity(ctx, in, a)
		case xpdl.Subflow:
			return s.call(ctx, in, a, def)
		case xpdl.Block, xpdl.Unknown:
			return fmt.Errorf("activity %s of %s: the simulator does not run activities of kind %s", def.ID, in.def.id, def.Kind)
		}
		return nil
	})
}

// call starts the child of a subflow activity.
func (s *session) call(ctx context.Context, in *instance, a *activity, def *xpdl.Activity) error {
	pkg, version, _, _ := splitID(in.def.id)
	childDef, err := s.definition(ctx, s.tx, pkg+"#"+version+"#"+def.SubflowRef)
	if err != nil {
		return fmt.Errorf("subflow %s of %s: %w", def.ID, in.def.id, err)
	}
	child, err := s.create(ctx, childDef, in.requester, a, in)
	if err != nil {
		return err
	}
	a.child = child.id
	async := def.Execution == xpdl.Asynchronous
	if _, err := s.tx.ExecContext(ctx, updatePerformer, child.id, flag(async), a.oid); err != nil {
		return fmt.Errorf("call %s: %w", child.id, err)
	}
	vars, err := s.processVariables(ctx, in)
	if err != nil {
		return err
	}
	for i, p := range childDef.proc.Parameters() {
		if i >= len(def.Parameters) || p.Mode == xpdl.ModeOut {
			continue
		}
		v, err := s.actual(def.Parameters[i], vars)
		if err != nil {
			return err
		}
		if err := s.setVariable(ctx, child, p.Name, v); err != nil && !errors.Is(err, errRefused) {
			return err
		}
	}
	if async {
		if err := s.start(ctx, child); err != nil {
			return err
		}
		return s.finishActivity(ctx, in, a)
	}
	return s.start(ctx, child)
}

// actual evaluates an actual parameter: a variable's value, or an expression.
func (s *session) actual(expression string, vars []*variable) (value, error) {
	for _, v := range vars {
		if v.name == expression {
			return v.value, nil
		}
	}
	v, err := s.script(expression, vars, nil)
	if err != nil {
		return nil, err
	}
	switch x := v.Export().(type) {
	case string, int64, float64, bool, time.Time:
		return x, nil
	}
	return nil, nil
}

// finishActivity completes an activity and follows its transitions.
func (s *session) finishActivity(ctx context.Context, in *instance, a *activity) error {
	if !a.open() {
		return nil
	}
	vars, err := s.activityVariables(ctx, a)
	if err != nil {
		return err
	}
	for _, v := range vars {
		if !v.result {
			continue
		}
		if err := s.setVariable(ctx, in, v.name, v.value); err != nil && !errors.Is(err, errRefused) {
			return err
		}
	}
	if err := s.setActivityState(ctx, a, Completed); err != nil {
		return err
	}
	return s.within(ctx, in, func() error { return s.follow(ctx, in, a) })
}

// follow takes the transitions out of a completed activity.
func (s *session) follow(ctx context.Context, in *instance, a *activity) error {
	def := in.def.proc.Activity(a.def)
	if def == nil {
		return fmt.Errorf("activity %s of %s: %w", a.def, in.def.id, errNoActivity)
	}
	vars, err := s.processVariables(ctx, in)
	if err != nil {
		return err
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
			if taken, err = s.condition(t.Condition.Text, vars); err != nil {
				return fmt.Errorf("transition %s of %s: %w", t.ID, in.def.id, err)
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

// arrive brings a finished activity's token to the next one, which may have to
// wait for others.
func (s *session) arrive(ctx context.Context, in *instance, from *activity, to *xpdl.Activity) error {
	ways := len(in.def.proc.Incoming(to.ID))
	if to.Join != xpdl.AND || ways <= 1 {
		return s.activate(ctx, in, to)
	}
	var waiting int
	if err := s.tx.QueryRowContext(ctx, countArrivals, in.oid, to.ID).Scan(&waiting); err != nil {
		return fmt.Errorf("count tokens at %s of %s: %w", to.ID, in.id, err)
	}
	if waiting+1 == ways {
		if err := s.forEach(ctx, selectArrivals, deleteArrival, in.oid, to.ID); err != nil {
			return fmt.Errorf("remove tokens at %s of %s: %w", to.ID, in.id, err)
		}
		return s.activate(ctx, in, to)
	}
	oid, cnt, err := s.numbered(schema.CounterAndJoin)
	if err != nil {
		return err
	}
	if _, err := s.tx.ExecContext(ctx, insertArrival, in.oid, to.ID, from.oid, cnt, oid); err != nil {
		return fmt.Errorf("leave token at %s of %s: %w", to.ID, in.id, err)
	}
	return nil
}

// finish completes an instance, hands its results to a waiting caller, cleans
// it up and lets the caller go on.
func (s *session) finish(ctx context.Context, in *instance) error {
	if err := s.setProcessState(ctx, in, Completed); err != nil {
		return err
	}
	parent, call, err := s.waitingCaller(ctx, in)
	if err != nil {
		return err
	}
	if call != nil {
		if err := s.giveBack(ctx, in, parent, call); err != nil {
			return err
		}
	}
	if err := s.cleanUp(ctx, in); err != nil {
		return err
	}
	if call == nil {
		return nil
	}
	return s.within(ctx, parent, func() error { return s.finishActivity(ctx, parent, call) })
}

// waitingCaller finds the activity that waits for an instance; nil when the
// instance is a root, asynchronous or its caller is gone.
func (s *session) waitingCaller(ctx context.Context, in *instance) (*instance, *activity, error) {
	if in.caller == "" {
		return nil, nil, nil
	}
	call, err := s.activity(ctx, in.caller)
	if errors.Is(err, errNoActivity) || err == nil && !call.open() {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	parent, err := s.instance(ctx, call.instance)
	if err != nil {
		return nil, nil, err
	}
	// an asynchronous call is open while its child starts, and does not wait
	if def := parent.def.proc.Activity(call.def); def != nil && def.Execution == xpdl.Asynchronous {
		return nil, nil, nil
	}
	return parent, call, nil
}

func (s *session) giveBack(ctx context.Context, in, parent *instance, call *activity) error {
	def := parent.def.proc.Activity(call.def)
	if def == nil {
		return nil
	}
	vars, err := s.processVariables(ctx, in)
	if err != nil {
		return err
	}
	for i, p := range in.def.proc.Parameters() {
		if i >= len(def.Parameters) || p.Mode == xpdl.ModeIn {
			continue
		}
		for _, v := range vars {
			if v.name != p.Name {
				continue
			}
			if err := s.setVariable(ctx, parent, def.Parameters[i], v.value); err != nil && !errors.Is(err, errRefused) {
				return err
			}
		}
	}
	return nil
}

// abortActivity closes an activity and the child it waits for.
func (s *session) abortActivity(ctx context.Context, a *activity) error {
	if err := s.setActivityState(ctx, a, Aborted); err != nil {
		return err
	}
	if a.child == "" {
		return nil
	}
	child, err := s.instance(ctx, a.child)
	if errors.Is(err, errNoInstance) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.abortInstance(ctx, child)
}

// abortInstance closes an instance with all that is open in it, its waiting
// children included. It is not cleaned up.
func (s *session) abortInstance(ctx context.Context, in *instance) error {
	if !strings.HasPrefix(in.state, "open.") {
		return nil
	}
	open, err := s.openActivities(ctx, in, true)
	if err != nil {
		return err
	}
	for _, a := range open {
		if err := s.abortActivity(ctx, a); err != nil {
			return err
		}
	}
	return s.setProcessState(ctx, in, Aborted)
}

// deadlines writes the deadlines of a fresh activity. One whose condition this
// engine cannot evaluate (Java classes) is left out.
func (s *session) deadlines(ctx context.Context, in *instance, a *activity, def *xpdl.Activity) error {
	for _, d := range def.Deadlines {
		vars, err := s.processVariables(ctx, in)
		if err != nil {
			return err
		}
		started := time.UnixMilli(in.started)
		v, err := s.script(d.Condition, vars, map[string]any{
			"ACTIVITY_ACTIVATED_TIME": time.UnixMilli(a.active), "PROCESS_STARTED_TIME": started, "ACTIVITY_ACCEPTED_TIME": time.UnixMilli(a.active),
		})
		if err != nil {
			continue
		}
		at, ok := v.Export().(time.Time)
		if !ok {
			continue
		}
		oid, cnt, err := s.numbered(schema.CounterDeadline)
		if err != nil {
			return err
		}
		if _, err := s.tx.ExecContext(ctx, insertDeadline, in.oid, a.oid, cnt, at.UnixMilli(), d.Exception, flag(d.Execution == xpdl.Synchronous), oid); err != nil {
			return fmt.Errorf("write deadline of %s: %w", a.id, err)
		}
	}
	return nil
}
