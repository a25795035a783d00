package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"jogetferry/joget/xpdl"
	"jogetferry/test/simulator/effects"
	"jogetferry/test/simulator/schema"
)

// StartRequest is what process/start was asked.
type StartRequest struct {
	Definition string            // package#version#process, latest allowed
	Variables  map[string]string // by name, without var_
	RecordID   string            // "" or blank: a UUID is made
	Instance   string            // start this created instance instead of a new one
	Manual     bool              // create and link only, as process/copy does inside Joget
}

// StartResult is what process/start answers. A failed start has no Instance,
// even where one was created and stays behind.
type StartResult struct {
	Instance string
	RecordID string
	Activity string // the caller's first assignment, if the mapping shows it
}

// Start creates and starts an instance in the order of processStart: create,
// variables, link, start. A failure leaves what was done until then; only
// ErrInternal is a 500, any other error the answer of a start that failed. The
// start white list is the caller's business, see MayStart.
func (e *Engine) Start(ctx context.Context, caller Caller, r StartRequest) (StartResult, error) {
	var res StartResult
	id, err := e.Latest(ctx, r.Definition)
	if err != nil {
		return res, err
	}
	err = e.do(ctx, caller, func(ctx context.Context, s *session) error {
		in, err := s.toStart(ctx, id, r.Instance)
		if err != nil {
			return err
		}
		record, err := s.begin(ctx, in, r)
		if err == nil {
			err = s.flush(ctx) // the start looks for an assignment of its caller
		}
		note := effects.Effect{What: effects.Start, ProcessDefID: in.def.id, Instance: in.id, RecordID: record}
		if err != nil {
			note.Result = effects.Failed
			s.note(note)
			return err
		}
		s.note(note)
		res.Instance, res.RecordID = in.id, record
		res.Activity, err = s.next(ctx, in, runProcess)
		return err
	})
	if errors.Is(err, ErrInternal) {
		res = StartResult{}
	}
	return res, err
}

func (s *session) toStart(ctx context.Context, id, instance string) (*instance, error) {
	if _, err := s.resource(ctx, s.caller.User(), Point{}); err != nil {
		return nil, err
	}
	def, err := s.definition(ctx, s.db, id)
	if err != nil {
		return nil, err
	}
	if instance != "" {
		return s.instance(ctx, instance)
	}
	return s.create(ctx, def, s.caller.User(), nil, nil)
}

// begin is the part of a start after creation; it returns the record ID even
// when it fails.
func (s *session) begin(ctx context.Context, in *instance, r StartRequest) (string, error) {
	record := r.RecordID
	for name, content := range r.Variables {
		decl, _ := in.def.proc.Variable(name)
		v, err := parseStart(decl.Type, content)
		if err != nil {
			return record, err
		}
		if err := s.setVariable(ctx, in, name, v); err != nil && !refused(err) {
			return record, err
		}
	}
	if strings.TrimSpace(record) == "" {
		record = uuid.NewString()
		if s.Setting("startProcessId") == "processId" {
			record = in.id
		}
	}
	if record != in.id {
		_, linked, err := readLink(ctx, s.db, selectLink, in.id)
		if err != nil {
			return record, fmt.Errorf("read link: %w", err)
		}
		if !linked {
			if err := s.addLink(ctx, record, in.id); err != nil {
				return record, err
			}
		}
	}
	if r.Manual {
		return record, nil
	}
	return record, s.start(ctx, in)
}

// next finds the caller's first open assignment in an instance when the
// mapping of an activity asks to show it.
func (s *session) next(ctx context.Context, in *instance, after string) (string, error) {
	auto, err := s.autoContinue(ctx, in.def.id, after)
	if err != nil || !auto || s.instances[in.id] == nil {
		return "", err
	}
	active, err := s.active(ctx, in)
	if err != nil {
		return "", err
	}
	for _, a := range active {
		_, found, err := s.assignment(ctx, a, s.caller.User())
		if err != nil {
			return "", err
		}
		if found {
			return a.id, nil
		}
	}
	return "", nil
}

// ActivityStart is the outcome of activity/start.
type ActivityStart struct {
	Result bool  // what the answer says
	Err    error // ErrInternal: the answer is a 500 instead
}

// StartActivity starts an activity definition in an instance; with abort it
// first aborts what is active there. A false Result means that nothing was
// started: blank or unknown IDs, a closed instance, a member of an activity
// set, or any error on the way; what was aborted until then stays aborted. True
// may mean that nothing was done, see activate.
func (e *Engine) StartActivity(ctx context.Context, caller Caller, instance, activity string, abort bool) ActivityStart {
	if strings.TrimSpace(instance) == "" || strings.TrimSpace(activity) == "" {
		return ActivityStart{}
	}
	err := e.do(ctx, caller, func(ctx context.Context, s *session) error {
		in, err := s.instance(ctx, instance)
		if err != nil {
			return err
		}
		def := in.def.proc.Activity(activity)
		if def == nil {
			return errNoActivity
		}
		record, err := s.recordID(ctx, in.id)
		if err != nil {
			return err
		}
		note := effects.Effect{What: effects.ActivityStart, ProcessDefID: in.def.id, Instance: in.id, RecordID: record, ActivityDefID: activity, AbortCurrent: abort}
		active, err := s.restart(ctx, in, def, abort)
		if err == nil {
			err = s.flush(ctx)
		}
		switch {
		case err != nil:
			note.Result = effects.Failed
		case active:
			note.Result = effects.Unchanged
		}
		s.note(note)
		return err
	})
	if errors.Is(err, ErrInternal) {
		return ActivityStart{Err: err}
	}
	e.swallow("start activity", err)
	return ActivityStart{Result: err == nil}
}

var errInSet = errors.New("the activity is a member of an activity set, whose block is not given")

// restart is the engine's part of StartActivity; it reports whether the
// definition was already active. Nothing takes the aborts back.
func (s *session) restart(ctx context.Context, in *instance, def *xpdl.Activity, abort bool) (bool, error) {
	list, err := s.active(ctx, in)
	if err != nil {
		return false, err
	}
	active := false
	for _, a := range list {
		if abort {
			err = s.abortActivity(ctx, a)
		} else if a.def == def.ID {
			active = true
		}
		if err != nil {
			return false, err
		}
	}
	if !isOpen(in.state) {
		return false, errClosed
	}
	if def.Set != "" {
		return false, errInSet
	}
	if in.state == NotStarted {
		if err := s.run(ctx, in); err != nil {
			return false, err
		}
	}
	return active, s.activate(ctx, in, def)
}

// swallow is what Joget does with exceptions of its managers.
func (e *Engine) swallow(call string, err error) {
	if err != nil {
		e.log.Debug("swallowed", zap.String("call", call), zap.Error(err))
	}
}

// left swallows all errors but those that leave the manager.
func (e *Engine) left(call string, err error) error {
	if errors.Is(err, ErrInternal) {
		return err
	}
	e.swallow(call, err)
	return nil
}

// SetVariable stores a text in a process variable. Undeclared names, typed
// variables and unknown instances are ignored.
func (e *Engine) SetVariable(ctx context.Context, caller Caller, instance, name, content string) {
	err := e.do(ctx, caller, func(ctx context.Context, s *session) error {
		in, err := s.instance(ctx, instance)
		if err != nil {
			return err
		}
		if err := s.setVariable(ctx, in, name, content); err != nil {
			return err
		}
		s.note(effects.Effect{What: effects.Variable, ProcessDefID: in.def.id, Instance: in.id, Detail: name})
		return nil
	})
	e.swallow("set variable", err)
}

// onActivity runs fn on an activity and its instance.
func (e *Engine) onActivity(ctx context.Context, caller Caller, id string, fn func(context.Context, *session, *instance, *activity) error) error {
	return e.do(ctx, caller, func(ctx context.Context, s *session) error {
		a, err := s.activity(ctx, id)
		if err != nil {
			return err
		}
		in, err := s.instance(ctx, a.instance)
		if err != nil {
			return err
		}
		return fn(ctx, s, in, a)
	})
}

func about(what string, in *instance, a *activity, detail string) effects.Effect {
	return effects.Effect{What: what, ProcessDefID: in.def.id, Instance: in.id, ActivityDefID: a.def, Activity: a.id, Detail: detail}
}

// SetActivityVariable stores a text in an activity's own variable, to reach
// the process when the activity completes. Errors are ignored as in SetVariable.
func (e *Engine) SetActivityVariable(ctx context.Context, caller Caller, id, name, content string) {
	err := e.onActivity(ctx, caller, id, func(ctx context.Context, s *session, in *instance, a *activity) error {
		if err := s.setActivityVariable(ctx, in, a, name, content); err != nil {
			return err
		}
		s.note(about(effects.Variable, in, a, name))
		return nil
	})
	e.swallow("set activity variable", err)
}

// Reassign moves one assignment from a user to another and takes an acceptance
// back. It does nothing when the first has none or the second already has one.
func (e *Engine) Reassign(ctx context.Context, caller Caller, id, from, to string) {
	err := e.onActivity(ctx, caller, id, func(ctx context.Context, s *session, in *instance, a *activity) error {
		assignment, found, err := s.assignment(ctx, a, from)
		if err != nil || !found || !a.isActive() {
			return err
		}
		if a.state == Running {
			if err := s.withdraw(ctx, in, a); err != nil {
				return err
			}
		}
		if _, taken, err := s.assignment(ctx, a, to); err != nil || taken {
			return errors.Join(err, errRefused)
		}
		if _, still, err := s.assignment(ctx, a, from); err != nil || !still {
			return errors.Join(err, errRefused)
		}
		if err := s.move(ctx, a, assignment, to); err != nil {
			return err
		}
		s.note(about(effects.Reassign, in, a, to))
		return nil
	})
	e.swallow("reassign", err)
}

// Reevaluate computes the assignees of an activity again, for the caller. An
// accepted activity is left alone. An error is ErrInternal.
func (e *Engine) Reevaluate(ctx context.Context, caller Caller, id string) error {
	return e.left("reevaluate", e.onActivity(ctx, caller, id, func(ctx context.Context, s *session, in *instance, a *activity) error {
		if a.state != NotStarted {
			return nil
		}
		s.note(about(effects.Reevaluate, in, a, ""))
		return s.reevaluate(ctx, in, a)
	}))
}

// ReevaluateUser does Reevaluate for each activity offered to a user.
func (e *Engine) ReevaluateUser(ctx context.Context, caller Caller, user string) error {
	ids, err := column(ctx, e.db, selectUserActivities, user, schema.ActivityStateOID(NotStarted))
	e.swallow("find activities of a user", err)
	for _, id := range ids {
		if err := e.Reevaluate(ctx, caller, id); err != nil {
			return err
		}
	}
	return nil
}

// ForceComplete finishes a manual activity with an assignment, which is then
// performed by the caller. Anything else is left alone, tools and subflow callers
// among it, which nobody is assigned to. An error is ErrInternal.
func (e *Engine) ForceComplete(ctx context.Context, caller Caller, id string) error {
	defer e.completions.lock(id)()
	return e.left("force complete", e.onActivity(ctx, caller, id, func(ctx context.Context, s *session, in *instance, a *activity) error {
		if !a.isActive() {
			return errNoActivity
		}
		users, err := s.holders(ctx, a)
		if err != nil || len(users) == 0 {
			return err
		}
		_, mine, err := s.assignment(ctx, a, caller.User())
		if err != nil {
			return err
		}
		if !mine {
			oid, _, err := s.assignment(ctx, a, users[0])
			if err != nil {
				return err
			}
			if err := s.move(ctx, a, oid, caller.User()); err != nil {
				return err
			}
		}
		s.note(about(effects.Complete, in, a, "forced"))
		return s.acceptAndFinish(ctx, in, a)
	}))
}

// acceptAndFinish completes a manual activity as the caller, who holds it.
func (s *session) acceptAndFinish(ctx context.Context, in *instance, a *activity) error {
	accepted, err := column(ctx, s.db, selectAccepted, a.oid, s.caller.User())
	if err != nil {
		return err
	}
	if a.state != Running || len(accepted) == 0 {
		if err := s.accept(ctx, a); err != nil {
			return err
		}
	}
	return s.finishActivity(ctx, in, a)
}
