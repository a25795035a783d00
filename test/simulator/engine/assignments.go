package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"jogetferry/joget/xpdl"
	"jogetferry/test/simulator/effects"
)

// ErrNoAssignment means that an activity is unknown, closed, or not the
// caller's.
var ErrNoAssignment = errors.New("assignment does not exist")

// replaced is a user whom another replaces today.
type replaced struct {
	user, apps, processes string
}

func (e *Engine) replaces(ctx context.Context, q queryer, user string) ([]replaced, error) {
	today := e.now().UTC().Format(dateLayout)
	var out []replaced
	err := each(ctx, q, selectReplacements, []any{user, today, today}, func(scan func(...any) error) error {
		var r replaced
		var apps, processes *string
		if err := scan(&r.user, &apps, &processes); err != nil {
			return err
		}
		if apps != nil {
			r.apps = *apps
		}
		if processes != nil {
			r.processes = *processes
		}
		out = append(out, r)
		return nil
	})
	return out, err
}

func (r replaced) covers(definition string) bool {
	pkg, _, process, _ := splitID(definition)
	return (r.apps == "" || slices.Contains(strings.Split(r.apps, ";"), pkg)) &&
		(r.processes == "" || slices.Contains(strings.Split(r.processes, ";"), pkg+":"+process))
}

// owner returns whose assignment of an activity the caller may use: the own
// one, or that of a replaced user; "" for none.
func (s *session) owner(ctx context.Context, in *instance, a *activity) (string, error) {
	if !a.open() || !s.caller.LoggedIn() {
		return "", nil
	}
	users, err := column(ctx, s.tx, selectAssignees, a.oid)
	if err != nil || slices.Contains(users, s.caller.Name) {
		return s.caller.Name, err
	}
	others, err := s.replaces(ctx, s.tx, s.caller.Name)
	if err != nil {
		return "", err
	}
	for _, r := range others {
		if r.covers(in.def.id) && slices.Contains(users, r.user) {
			return r.user, nil
		}
	}
	return "", nil
}

// onAssignment runs fn on an assignment of the caller. ErrNoAssignment if
// there is none; errors of fn are swallowed.
func (e *Engine) onAssignment(ctx context.Context, caller Caller, id string, fn func(context.Context, *session, *instance, *activity) error) error {
	mine := false
	err := e.onActivity(ctx, caller, id, func(ctx context.Context, s *session, in *instance, a *activity) error {
		mine = false
		owner, err := s.owner(ctx, in, a)
		if err != nil || owner == "" {
			return err
		}
		mine = true
		if err := s.ensureLink(ctx, in); err != nil {
			return err
		}
		if owner != caller.Name {
			if err := s.move(ctx, a, owner, caller.Name); err != nil {
				return err
			}
		}
		return fn(ctx, s, in, a)
	})
	if !mine {
		return ErrNoAssignment
	}
	e.swallow("assignment", err)
	return nil
}

// Accept takes an assignment of the caller; the other assignees lose it.
func (e *Engine) Accept(ctx context.Context, caller Caller, id string) error {
	return e.onAssignment(ctx, caller, id, func(ctx context.Context, s *session, in *instance, a *activity) error {
		s.note(about(effects.Accept, in, a, ""))
		return s.accept(ctx, a)
	})
}

// Withdraw takes the caller's acceptance back and evaluates the mapping again.
func (e *Engine) Withdraw(ctx context.Context, caller Caller, id string) error {
	return e.onAssignment(ctx, caller, id, func(ctx context.Context, s *session, in *instance, a *activity) error {
		s.note(about(effects.Withdraw, in, a, ""))
		_, err := s.withdraw(ctx, in, a)
		return err
	})
}

// Completion is the answer to a completed assignment.
type Completion struct {
	Instance string
	Next     string // the caller's next assignment, if the mapping shows it
}

// Complete sets texts on an assignment of the caller, all or (when one is
// undeclared or typed) none, and completes it, accepting it first. An error
// after that is swallowed: only ErrNoAssignment is returned.
func (e *Engine) Complete(ctx context.Context, caller Caller, id string, variables map[string]string) (Completion, error) {
	var c Completion
	err := e.onAssignment(ctx, caller, id, func(ctx context.Context, s *session, in *instance, a *activity) error {
		c = Completion{Instance: in.id}
		s.note(about(effects.Complete, in, a, ""))
		if a.state != Running {
			if err := s.accept(ctx, a); err != nil {
				return err
			}
		}
		if allTexts(in, variables) {
			for name, content := range variables {
				if err := s.setActivityVariable(ctx, in, a, name, content); err != nil {
					return err
				}
			}
		}
		if err := s.acceptAndFinish(ctx, in, a); err != nil {
			return err
		}
		var err error
		c.Next, err = s.next(ctx, in, a.def)
		return err
	})
	return c, err
}

func allTexts(in *instance, variables map[string]string) bool {
	for name := range variables {
		if decl, ok := in.def.proc.Variable(name); !ok || !decl.Type.Text() {
			return false
		}
	}
	return true
}

// SetAssignmentVariable parses a text by the class of the variable's current
// value and stores it on an accepted assignment of the caller. Everything but
// ErrNoAssignment is swallowed.
func (e *Engine) SetAssignmentVariable(ctx context.Context, caller Caller, id, name, content string) error {
	return e.onAssignment(ctx, caller, id, func(ctx context.Context, s *session, in *instance, a *activity) error {
		if a.state != Running {
			return errRefused
		}
		vars, err := s.activityVariables(ctx, a)
		if err != nil {
			return err
		}
		var current value
		for _, v := range vars {
			if v.name == name {
				current = v.value
			}
		}
		v, err := parseAs(current, content)
		if err != nil {
			return err
		}
		if err := s.setActivityVariable(ctx, in, a, name, v); err != nil {
			return err
		}
		s.note(about(effects.Variable, in, a, name))
		return nil
	})
}

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
		err = e.do(ctx, instance, caller, func(ctx context.Context, s *session) error {
			res = CopyResult{}
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
	open, err := s.openActivities(ctx, old, false)
	if err != nil {
		return nil, nil, err
	}
	if len(open) == 0 {
		return nil, nil, errNoActivity
	}
	def, err := s.definition(ctx, s.tx, id)
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
		parsed, err := parseStart(decl.Type, text(v.value))
		if err != nil {
			return err
		}
		if err := s.setVariable(ctx, fresh, v.name, parsed); err != nil && !errors.Is(err, errRefused) {
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
		users, err := column(ctx, s.tx, selectAssignees, a.oid)
		if err != nil {
			return nil, err
		}
		if len(users) > 0 {
			s.preset[fresh.id+"_"+def.ID] = users
		}
		if err := s.activate(ctx, fresh, def); err != nil {
			return nil, err
		}
		now, err := s.openActivities(ctx, fresh, false)
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
	begun, err := s.openActivities(ctx, fresh, false)
	if err != nil {
		return err
	}
	for _, a := range begun {
		if err := s.abortActivity(ctx, a); err != nil {
			return err
		}
	}
	open, err := s.openActivities(ctx, old, false)
	if err != nil {
		return err
	}
	_, err = s.copyActivities(ctx, open, fresh)
	return err
}
