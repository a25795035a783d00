package engine

import (
	"context"

	"jogetferry/joget/xpdl"
	"jogetferry/test/simulator/effects"
)

// CopyResult is what process/copy answers; no Instance means that it failed.
type CopyResult struct {
	Instance   string
	Activities []string
}

// Copy restarts an instance on another definition of the same server: new
// instance of the old requester, variables as texts through the start parser,
// linked to the old one, open activities with their assignees.
func (e *Engine) Copy(ctx context.Context, caller Caller, instance, definition string, abort bool) CopyResult {
	var res CopyResult
	id, err := e.Latest(ctx, definition)
	if err == nil {
		err = e.do(ctx, caller, func(ctx context.Context, s *session) error {
			old, err := s.instance(ctx, instance)
			if err != nil {
				return err
			}
			fresh, activities, err := s.copy(ctx, old, id)
			if err != nil {
				return err
			}
			if abort {
				if err := s.abortInstance(ctx, old); err != nil {
					return err
				}
				if err := s.cleanUp(ctx, old); err != nil {
					return err
				}
			}
			s.note(effects.Effect{What: effects.Copy, ProcessDefID: id, Instance: fresh.id, AbortCurrent: abort})
			res = CopyResult{fresh.id, activities}
			return nil
		})
	}
	e.swallow("copy instance", err)
	return res
}

func (s *session) copy(ctx context.Context, old *instance, id string) (*instance, []string, error) {
	open, err := s.active(ctx, old)
	if err != nil {
		return nil, nil, err
	}
	if len(open) == 0 {
		return nil, nil, errNoActivity
	}
	def, err := s.definition(ctx, s.db, id)
	if err != nil {
		return nil, nil, err
	}
	fresh, err := s.create(ctx, def, old.requester, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	if err := s.copyVariables(ctx, old, fresh); err != nil {
		return nil, nil, err
	}
	if err := s.addLink(ctx, old.id, fresh.id); err != nil {
		return nil, nil, err
	}
	if err := s.run(ctx, fresh); err != nil {
		return nil, nil, err
	}
	started, err := s.copyActivities(ctx, open, fresh)
	return fresh, started, err
}

func (s *session) copyVariables(ctx context.Context, old, fresh *instance) error {
	vars, err := s.processVariables(ctx, old)
	if err != nil {
		return err
	}
	for _, v := range vars {
		decl, _ := fresh.def.proc.Variable(v.name)
		parsed, err := parseStart(decl.Type, s.text(v.value))
		if err != nil {
			return err
		}
		if err := s.setVariable(ctx, fresh, v.name, parsed); err != nil && !refused(err) {
			return err
		}
	}
	return nil
}

func (s *session) copyActivities(ctx context.Context, open []*activity, fresh *instance) ([]string, error) {
	var started []string
	for _, a := range open {
		def := fresh.def.proc.Activity(a.def)
		if def == nil {
			return nil, errNoActivity
		}
		users, err := s.holders(ctx, a)
		if err != nil {
			return nil, err
		}
		if len(users) > 0 {
			s.preset[fresh.id+"_"+def.ID] = users
		}
		if err := s.activate(ctx, fresh, def); err != nil {
			return nil, err
		}
		now, err := s.active(ctx, fresh)
		if err != nil {
			return nil, err
		}
		for _, b := range now {
			if b.def != a.def {
				continue
			}
			started = append(started, b.id)
			if def.Kind == xpdl.Subflow && a.child != "" && b.child != "" {
				if err := s.copyChild(ctx, a.child, b.child); err != nil {
					return nil, err
				}
			}
		}
	}
	return started, nil
}

// copyChild brings the fresh child of a copied subflow to where the old one is.
func (s *session) copyChild(ctx context.Context, oldID, freshID string) error {
	old, err := s.instance(ctx, oldID)
	if err != nil {
		return err
	}
	fresh, err := s.instance(ctx, freshID)
	if err != nil {
		return err
	}
	if err := s.copyVariables(ctx, old, fresh); err != nil {
		return err
	}
	begun, err := s.active(ctx, fresh)
	if err != nil {
		return err
	}
	for _, a := range begun {
		if err := s.abortActivity(ctx, a); err != nil {
			return err
		}
	}
	open, err := s.active(ctx, old)
	if err != nil {
		return err
	}
	_, err = s.copyActivities(ctx, open, fresh)
	return err
}
