package engine

import (
	"context"
	"fmt"
	"strings"

	"jogetferry/test/simulator/schema"
)

func (s *session) insertVariables(ctx context.Context, in *instance, list ...*variable) error {
	var rows []string
	var args []any
	for _, v := range list {
		oid, cnt, err := s.numbered(ctx, schema.CounterProcessData)
		if err != nil {
			return err
		}
		v.oid = oid
		s.remember(v)
		decl, _ := in.def.proc.Variable(v.name)
		rows = append(rows, instanceVariableRow)
		args = append(append(append(args, in.oid, v.name), s.fresh(v.value, decl.Type)...), cnt, oid)
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := s.db.ExecContext(ctx, insertInstanceVariables+strings.Join(rows, ","), args...); err != nil {
		return fmt.Errorf("write variables of %s: %w", in.id, err)
	}
	return nil
}

func (s *session) processVariables(ctx context.Context, in *instance) ([]*variable, error) {
	if in.variables == nil {
		vars, err := s.scanVariables(ctx, s.db, selectInstanceVariables, in.oid)
		if err != nil {
			return nil, fmt.Errorf("read variables of %s: %w", in.id, err)
		}
		in.variables = append([]*variable{}, vars...)
	}
	return in.variables, nil
}

// setVariable stores a process variable; errRefused for an undeclared name or
// a value of another type, errConflict when another call has written it since
// this one read it.
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
		if x.value == v {
			return nil // the engine does not write what it takes for unchanged
		}
		if err := s.guarded(ctx, updateInstanceVariable, raiseInstanceVariable, x.oid, &x.version, s.columns(v, decl.Type)...); err != nil {
			return fmt.Errorf("write variable %s of %s: %w", name, in.id, err)
		}
		x.value = v
		s.remember(x)
		return nil
	}
	x := &variable{name: name, value: v}
	in.variables = append(in.variables, x)
	return s.insertVariables(ctx, in, x)
}

func (s *session) insertActivityVariables(ctx context.Context, in *instance, a *activity, vars []*variable) error {
	var rows []string
	var args []any
	for _, v := range vars {
		oid, cnt, err := s.numbered(ctx, schema.CounterActData)
		if err != nil {
			return err
		}
		decl, _ := in.def.proc.Variable(v.name)
		rows = append(rows, activityVariableRow)
		args = append(append(append(args, a.oid, v.name), s.fresh(v.value, decl.Type)...), flag(v.result), cnt, oid)
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := s.db.ExecContext(ctx, insertActivityVariables+strings.Join(rows, ","), args...); err != nil {
		return fmt.Errorf("write variables of %s: %w", a.id, err)
	}
	return nil
}

func (s *session) activityVariables(ctx context.Context, a *activity) ([]*variable, error) {
	vars, err := s.scanVariables(ctx, s.db, selectActivityVariables, a.oid)
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
		if _, err := s.db.ExecContext(ctx, updateActivityVariable, append(s.columns(v, decl.Type), x.oid)...); err != nil {
			return fmt.Errorf("write variable %s of %s: %w", name, a.id, err)
		}
		x.value, x.result = v, true
		s.remember(x)
		return nil
	}
	return s.insertActivityVariables(ctx, in, a, []*variable{{name: name, value: v, result: true}})
}

// remember puts a variable that the engine wrote into its caches, if it has any.
func (e *Engine) remember(v *variable) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.memory != nil {
		e.memory[v.oid] = *v
	}
}

// cached is a variable that was read, or what the caches have in its place.
func (e *Engine) cached(v variable) *variable {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.memory == nil {
		return &v
	}
	if known, ok := e.memory[v.oid]; ok {
		return &known
	}
	e.memory[v.oid] = v
	return &v
}

// takeResults brings what was set on an activity to the process.
func (s *session) takeResults(ctx context.Context, in *instance, a *activity) error {
	vars, err := s.activityVariables(ctx, a)
	if err != nil {
		return err
	}
	for _, v := range vars {
		if !v.result {
			continue
		}
		if err := s.setVariable(ctx, in, v.name, v.value); err != nil && !refused(err) {
			return err
		}
	}
	return nil
}
