package engine

import (
	"context"
	"errors"

	"jogetferry/test/simulator/effects"
)

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
	if !isOpen(in.state) {
		return nil
	}
	open, err := s.unfinished(ctx, in)
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

// AbortActivity aborts the active activities of a definition. No transition is
// followed and the instance goes on; unknown IDs change nothing.
func (e *Engine) AbortActivity(ctx context.Context, caller Caller, instance, activity string) {
	err := e.do(ctx, caller, func(ctx context.Context, s *session) error {
		in, err := s.instance(ctx, instance)
		if err != nil {
			return err
		}
		active, err := s.active(ctx, in)
		if err != nil {
			return err
		}
		for _, a := range active {
			if a.def != activity {
				continue
			}
			if err := s.abortActivity(ctx, a); err != nil {
				return err
			}
			s.note(effects.Effect{What: effects.ActivityAbort, ProcessDefID: in.def.id, Instance: in.id, ActivityDefID: activity, Activity: a.id})
		}
		return nil
	})
	e.swallow("abort activity", err)
}

// Abort closes an instance with its waiting children and cleans it up. The
// activity that waits for an aborted child is aborted too, and nothing follows
// it. Unknown and closed instances are left alone.
func (e *Engine) Abort(ctx context.Context, caller Caller, instance string) {
	err := e.do(ctx, caller, func(ctx context.Context, s *session) error {
		in, err := s.instance(ctx, instance)
		if err != nil {
			return err
		}
		if !isOpen(in.state) {
			return errClosed
		}
		record, err := s.recordID(ctx, in.id)
		if err != nil {
			return err
		}
		if err := s.abortInstance(ctx, in); err != nil {
			return err
		}
		s.note(effects.Effect{What: effects.Abort, ProcessDefID: in.def.id, Instance: in.id, RecordID: record})
		_, call, err := s.waitingCaller(ctx, in)
		if err != nil {
			return err
		}
		if call != nil {
			if err := s.setActivityState(ctx, call, Aborted); err != nil {
				return err
			}
		}
		return s.cleanUp(ctx, in)
	})
	e.swallow("abort instance", err)
}
