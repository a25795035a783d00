package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

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

// usable finds the assignment of an activity that the caller may use: the own
// one, or that of a replaced user.
func (s *session) usable(ctx context.Context, in *instance, a *activity) (assignment int64, found, own bool, err error) {
	if !a.isActive() || !s.caller.LoggedIn() {
		return 0, false, false, nil
	}
	if assignment, found, err = s.assignment(ctx, a, s.caller.Name); err != nil || found {
		return assignment, found, true, err
	}
	others, err := s.replaces(ctx, s.db, s.caller.Name)
	if err != nil {
		return 0, false, false, err
	}
	for _, r := range others {
		if !r.covers(in.def.id) {
			continue
		}
		if assignment, found, err = s.assignment(ctx, a, r.user); err != nil || found {
			return assignment, found, false, err
		}
	}
	return 0, false, false, nil
}

// onAssignment runs fn on an assignment of the caller. ErrNoAssignment if
// there is none; of the errors of fn only ErrInternal is not swallowed.
func (e *Engine) onAssignment(ctx context.Context, caller Caller, id string, fn func(context.Context, *session, *instance, *activity) error) error {
	mine := false
	err := e.onActivity(ctx, caller, id, func(ctx context.Context, s *session, in *instance, a *activity) error {
		assignment, found, own, err := s.usable(ctx, in, a)
		if err != nil || !found {
			return err
		}
		mine = true
		if err := s.ensureLink(ctx, in); err != nil {
			return err
		}
		if !own {
			if err := s.move(ctx, a, assignment, caller.Name); err != nil {
				return err
			}
		}
		return fn(ctx, s, in, a)
	})
	if !mine && !errors.Is(err, ErrInternal) {
		return ErrNoAssignment
	}
	return e.left("assignment", err)
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
		if a.state != Running {
			return nil
		}
		return s.withdraw(ctx, in, a)
	})
}

// Completion is the answer to a completed assignment.
type Completion struct {
	Instance string
	Next     string // the caller's next assignment, if the mapping shows it
}

// Complete sets texts on an assignment of the caller, all or (when one is
// undeclared or typed) none, and completes it, accepting it first. An error
// after that is swallowed: only ErrNoAssignment and ErrInternal are returned.
// Completions of one activity wait for each other.
func (e *Engine) Complete(ctx context.Context, caller Caller, id string, variables map[string]string) (Completion, error) {
	defer e.completions.lock(id)()
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
