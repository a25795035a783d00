package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jogetferry/joget/xpdl"
)

// call starts the child of a subflow activity. A child that fails at its start
// stays behind, and its caller stays open (docs/joget.md#starting-an-activity).
func (s *session) call(ctx context.Context, in *instance, a *activity, def *xpdl.Activity) error {
	pkg, version, _, _ := splitID(in.def.id)
	childDef, err := s.definition(ctx, s.db, pkg+"#"+version+"#"+def.SubflowRef)
	if err != nil {
		return fmt.Errorf("subflow %s of %s: %w", def.ID, in.def.id, err)
	}
	child, err := s.create(ctx, childDef, in.requester, a, in)
	if err != nil {
		return err
	}
	child.name = in.name + "-" + def.Name
	if _, err := s.db.ExecContext(ctx, updateInstanceName, child.name, child.oid); err != nil {
		return fmt.Errorf("name %s: %w", child.id, err)
	}
	if err := s.guarded(ctx, updatePerformer, raiseActivity, a.oid, &a.version, child.id); err != nil {
		return fmt.Errorf("call %s: %w", child.id, err)
	}
	a.child = child.id
	if err := s.giveParameters(ctx, in, child, def); err != nil {
		return err
	}
	if err := s.pause(ctx, Point{AtChild, child.id, def.ID}); err != nil {
		return err
	}
	if err := s.start(ctx, child); err != nil {
		return err
	}
	if def.Execution == xpdl.Asynchronous {
		return s.finishActivity(ctx, in, a)
	}
	return nil
}

// giveParameters evaluates the actual parameters of a call, by position.
func (s *session) giveParameters(ctx context.Context, in, child *instance, def *xpdl.Activity) error {
	vars, err := s.processVariables(ctx, in)
	if err != nil {
		return err
	}
	for i, p := range child.def.proc.Parameters() {
		if i >= len(def.Parameters) || p.Mode == xpdl.ModeOut {
			continue
		}
		v, err := s.actual(def.Parameters[i], vars)
		if err != nil {
			return err
		}
		if err := s.setVariable(ctx, child, p.Name, v); err != nil && !refused(err) {
			return err
		}
	}
	return nil
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

// waitingCaller finds the activity that waits for an instance; nil when the
// instance is a root, asynchronous or its caller is gone or closed.
func (s *session) waitingCaller(ctx context.Context, in *instance) (*instance, *activity, error) {
	if in.caller == "" {
		return nil, nil, nil
	}
	call, err := s.activity(ctx, in.caller)
	if errors.Is(err, errNoActivity) || err == nil && !call.isActive() {
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

// giveBack sets the results of a child on the activity that called it.
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
			if err := s.setActivityVariable(ctx, parent, call, def.Parameters[i], v.value); err != nil && !refused(err) {
				return err
			}
		}
	}
	return nil
}
