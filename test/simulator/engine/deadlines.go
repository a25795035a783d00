package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dop251/goja"

	"jogetferry/joget/xpdl"
	"jogetferry/test/simulator/schema"
)

var errNoDate = errors.New("a deadline yields no date")

// limit is when a deadline of an activity is over, in epoch ms.
type limit struct {
	of xpdl.Deadline
	at int64
}

// deadlines computes the deadlines of an activity.
func (s *session) deadlines(ctx context.Context, in *instance, def *xpdl.Activity, activated int64) ([]limit, error) {
	var out []limit
	for _, d := range def.Deadlines {
		at, err := s.deadline(ctx, in, d, activated)
		if err != nil {
			return nil, fmt.Errorf("deadline of %s of %s: %w", def.ID, in.def.id, err)
		}
		out = append(out, limit{d, at})
	}
	return out, nil
}

func (s *session) deadline(ctx context.Context, in *instance, d xpdl.Deadline, activated int64) (int64, error) {
	vars, err := s.processVariables(ctx, in)
	if err != nil {
		return 0, err
	}
	v, err := s.script(d.Condition, vars, map[string]any{
		"ACTIVITY_ACTIVATED_TIME": time.UnixMilli(activated), "PROCESS_STARTED_TIME": time.UnixMilli(in.started), "ACTIVITY_ACCEPTED_TIME": time.UnixMilli(activated),
	})
	if err != nil {
		return 0, err
	}
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return 0, errNoDate
	}
	at, ok := v.Export().(time.Time)
	if !ok {
		return 0, errNoDate
	}
	return at.UnixMilli(), nil
}

func (s *session) insertDeadlines(ctx context.Context, in *instance, a *activity, limits []limit) error {
	for _, l := range limits {
		oid, cnt, err := s.numbered(ctx, schema.CounterDeadline)
		if err != nil {
			return err
		}
		if _, err := s.db.ExecContext(ctx, insertDeadline, in.oid, a.oid, cnt, l.at, s.offset(l.at), l.of.Exception, flag(l.of.Execution == xpdl.Synchronous), oid); err != nil {
			return fmt.Errorf("write deadline of %s: %w", a.id, err)
		}
	}
	return nil
}

// CheckDeadlines does one round of the deadline checker over the instances that
// run: what is over is computed again with the current variables and, if it
// still is, followed once. A synchronous one terminates its activity. The round
// goes on where an instance fails.
func (e *Engine) CheckDeadlines(ctx context.Context) error {
	type due struct{ oid, activity, exception string }
	var list []due
	err := each(ctx, e.db, selectDueDeadlines, []any{e.now().UnixMilli(), schema.ProcessStateOID(Running), schema.ActivityStateOID(Running), schema.ActivityStateOID(NotStarted)},
		func(scan func(...any) error) error {
			var d due
			err := scan(&d.oid, &d.activity, &d.exception)
			list = append(list, d)
			return err
		})
	if err != nil {
		return fmt.Errorf("read deadlines: %w", err)
	}
	for _, d := range list {
		e.swallow("check deadline", e.onActivity(ctx, Caller{Name: System}, d.activity, func(ctx context.Context, s *session, in *instance, a *activity) error {
			return s.expire(ctx, in, a, d.oid, d.exception)
		}))
	}
	return nil
}

func (s *session) expire(ctx context.Context, in *instance, a *activity, row, exception string) error {
	def := in.def.proc.Activity(a.def)
	if def == nil || !a.isActive() {
		return nil
	}
	for _, d := range def.Deadlines {
		if d.Exception != exception {
			continue
		}
		at, err := s.deadline(ctx, in, d, a.active)
		if err != nil || at > s.millis() {
			return err
		}
		if _, err := s.db.ExecContext(ctx, updateDeadlineExecuted, row); err != nil {
			return fmt.Errorf("write deadline of %s: %w", a.id, err)
		}
		if d.Execution == xpdl.Synchronous {
			if err := s.setActivityState(ctx, a, Terminated); err != nil {
				return err
			}
		}
		return s.within(ctx, in, func() error { return s.except(ctx, in, a, exception) })
	}
	return nil
}

// except follows the exception transitions of a name.
func (s *session) except(ctx context.Context, in *instance, a *activity, exception string) error {
	for _, t := range in.def.proc.Exceptions(a.def) {
		if t.Condition.Text != exception {
			continue
		}
		if err := s.arrive(ctx, in, a, in.def.proc.Activity(t.To)); err != nil {
			return err
		}
	}
	return nil
}
