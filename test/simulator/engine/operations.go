package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
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
}

// StartResult is what process/start answers. A failed start has no Instance,
// even where one was created and stays behind.
type StartResult struct {
	Instance string
	RecordID string
	Activity string // the caller's first assignment, if the mapping shows it
}

// Start creates and starts an instance in the order of processStart: create,
// variables, link, start. A failure leaves what was done until then. The start
// white list is the caller's business, see MayStart.
func (e *Engine) Start(ctx context.Context, caller Caller, r StartRequest) (StartResult, error) {
	var res StartResult
	id, err := e.Latest(ctx, r.Definition)
	if err != nil {
		return res, err
	}
	if err := e.newResource(ctx, caller.User()); err != nil {
		return res, err
	}
	err = e.do(ctx, r.Instance, caller, func(ctx context.Context, s *session) error {
		res = StartResult{}
		in, err := s.toStart(ctx, id, r.Instance)
		if err != nil {
			return err
		}
		record, err := s.begin(ctx, in, r)
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
	return res, err
}

func (s *session) toStart(ctx context.Context, id, instance string) (*instance, error) {
	def, err := s.definition(ctx, s.tx, id)
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
		if err := s.setVariable(ctx, in, name, v); err != nil && !errors.Is(err, errRefused) {
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
		_, linked, err := readLink(ctx, s.tx, selectLink, in.id)
		if err != nil {
			return record, fmt.Errorf("read link: %w", err)
		}
		if !linked {
			if err := s.addLink(ctx, record, in.id); err != nil {
				return record, err
			}
		}
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
	open, err := s.openActivities(ctx, in, false)
	if err != nil {
		return "", err
	}
	for _, a := range open {
		users, err := column(ctx, s.tx, selectAssignees, a.oid)
		if err != nil {
			return "", err
		}
		if slices.Contains(users, s.caller.User()) {
			return a.id, nil
		}
	}
	return "", nil
}

// StartActivity starts an activity definition in an instance; with abort it
// first aborts what is open there. False means that nothing was started: blank
// or unknown IDs, a closed instance, or any error on the way (what was aborted
// until then stays aborted). True may mean that nothing was done, see activate.
func (e *Engine) StartActivity(ctx context.Context, caller Caller, instance, activity string, abort bool) bool {
	if strings.TrimSpace(instance) == "" || strings.TrimSpace(activity) == "" {
		return false
	}
	err := e.do(ctx, instance, caller, func(ctx context.Context, s *session) error {
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
		switch {
		case err != nil:
			note.Result = effects.Failed
		case active:
			note.Result = effects.Unchanged
		}
		s.note(note)
		return err
	})
	return err == nil
}

// restart is the engine's part of StartActivity; it reports whether the
// definition was already active.
func (s *session) restart(ctx context.Context, in *instance, def *xpdl.Activity, abort bool) (bool, error) {
	open, err := s.openActivities(ctx, in, false)
	if err != nil {
		return false, err
	}
	active := false
	for _, a := range open {
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
	if in.state == NotStarted {
		if err := s.run(ctx, in); err != nil {
			return false, err
		}
	}
	return active, s.activate(ctx, in, def)
}

// AbortActivity aborts the open activities of a definition. No transition is
// followed and the instance goes on; unknown IDs change nothing.
func (e *Engine) AbortActivity(ctx context.Context, caller Caller, instance, activity string) {
	err := e.do(ctx, instance, caller, func(ctx context.Context, s *session) error {
		in, err := s.instance(ctx, instance)
		if err != nil {
			return err
		}
		open, err := s.openActivities(ctx, in, false)
		if err != nil {
			return err
		}
		for _, a := range open {
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

// swallow is what Joget does with exceptions of its managers.
func (e *Engine) swallow(call string, err error) {
	if err != nil {
		e.log.Debug("swallowed", zap.String("call", call), zap.Error(err))
	}
}

// Abort closes an instance with its waiting children and cleans it up, but not
// them. Unknown and closed instances are left alone.
func (e *Engine) Abort(ctx context.Context, caller Caller, instance string) {
	err := e.do(ctx, instance, caller, func(ctx context.Context, s *session) error {
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
		return s.cleanUp(ctx, in)
	})
	e.swallow("abort instance", err)
}

// SetVariable stores a text in a process variable. Undeclared names, typed
// variables and unknown instances are ignored.
func (e *Engine) SetVariable(ctx context.Context, caller Caller, instance, name, content string) {
	err := e.do(ctx, instance, caller, func(ctx context.Context, s *session) error {
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
	var instance string
	err := e.db.QueryRowContext(ctx, selectActivityInstance, id).Scan(&instance)
	if errors.Is(err, sql.ErrNoRows) {
		return errNoActivity
	}
	if err != nil {
		return fmt.Errorf("find instance of %s: %w", id, err)
	}
	return e.do(ctx, instance, caller, func(ctx context.Context, s *session) error {
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
		users, err := column(ctx, s.tx, selectAssignees, a.oid)
		if err != nil || !a.open() || !slices.Contains(users, from) || from == to {
			return err
		}
		if a.state == Running {
			if users, err = s.withdraw(ctx, in, a); err != nil {
				return err
			}
			if !slices.Contains(users, from) {
				if err := s.assign(ctx, in, a, []string{from}); err != nil {
					return err
				}
			}
		}
		if slices.Contains(users, to) {
			return errRefused
		}
		if err := s.move(ctx, a, from, to); err != nil {
			return err
		}
		s.note(about(effects.Reassign, in, a, to))
		return nil
	})
	e.swallow("reassign", err)
}

func (s *session) move(ctx context.Context, a *activity, from, to string) error {
	old, err := s.resource(from)
	if err != nil {
		return err
	}
	fresh, err := s.resource(to)
	if err != nil {
		return err
	}
	var oid int64
	if err := s.tx.QueryRowContext(ctx, selectAssignmentOID, a.oid, old).Scan(&oid); err != nil {
		return fmt.Errorf("find assignment of %s: %w", a.id, err)
	}
	if _, err := s.tx.ExecContext(ctx, updateAssignmentMoved, fresh, to, oid); err != nil {
		return fmt.Errorf("reassign %s: %w", a.id, err)
	}
	return nil
}

// withdraw brings an activity back to not started and evaluates its mapping
// again; it returns the assignees.
func (s *session) withdraw(ctx context.Context, in *instance, a *activity) ([]string, error) {
	a.state, a.user = NotStarted, ""
	if _, err := s.tx.ExecContext(ctx, updateWithdrawn, schema.ActivityStateOID(NotStarted), s.millis(), a.oid); err != nil {
		return nil, fmt.Errorf("withdraw %s: %w", a.id, err)
	}
	return s.reevaluate(ctx, in, a)
}

func (s *session) reevaluate(ctx context.Context, in *instance, a *activity) ([]string, error) {
	def := in.def.proc.Activity(a.def)
	if def == nil || def.Kind != xpdl.Manual {
		return nil, nil
	}
	users, err := s.assignees(ctx, in, a, def)
	if err != nil {
		return nil, err
	}
	if err := s.forEach(ctx, selectAssignmentOIDs, deleteAssignment, a.oid); err != nil {
		return nil, fmt.Errorf("evaluate assignees of %s: %w", a.id, err)
	}
	return users, s.assign(ctx, in, a, users)
}

// Reevaluate computes the assignees of an activity again, for the caller. An
// accepted activity is left alone.
func (e *Engine) Reevaluate(ctx context.Context, caller Caller, id string) {
	err := e.onActivity(ctx, caller, id, func(ctx context.Context, s *session, in *instance, a *activity) error {
		if a.state != NotStarted {
			return nil
		}
		s.note(about(effects.Reevaluate, in, a, ""))
		_, err := s.reevaluate(ctx, in, a)
		return err
	})
	e.swallow("reevaluate", err)
}

// ReevaluateUser does Reevaluate for each activity offered to a user.
func (e *Engine) ReevaluateUser(ctx context.Context, caller Caller, user string) {
	ids, err := column(ctx, e.db, selectUserActivities, user, schema.ActivityStateOID(NotStarted))
	e.swallow("find activities of a user", err)
	for _, id := range ids {
		e.Reevaluate(ctx, caller, id)
	}
}

// ForceComplete finishes an open tool, or a manual activity with an
// assignment, which is then performed by the caller. Anything else is ignored.
func (e *Engine) ForceComplete(ctx context.Context, caller Caller, id string) {
	err := e.onActivity(ctx, caller, id, func(ctx context.Context, s *session, in *instance, a *activity) error {
		def := in.def.proc.Activity(a.def)
		if def == nil || !a.open() {
			return errNoActivity
		}
		if def.Kind == xpdl.Tool {
			s.note(about(effects.Complete, in, a, "forced"))
			return s.finishActivity(ctx, in, a)
		}
		users, err := column(ctx, s.tx, selectAssignees, a.oid)
		if err != nil || len(users) == 0 {
			return err
		}
		if !slices.Contains(users, caller.User()) {
			if err := s.move(ctx, a, users[0], caller.User()); err != nil {
				return err
			}
		}
		s.note(about(effects.Complete, in, a, "forced"))
		return s.acceptAndFinish(ctx, in, a)
	})
	e.swallow("force complete", err)
}

func (s *session) accept(ctx context.Context, a *activity) error {
	user := s.caller.User()
	res, err := s.resource(user)
	if err != nil {
		return err
	}
	now := s.millis()
	if _, err := s.tx.ExecContext(ctx, updateAccepted, schema.ActivityStateOID(Running), user, res, now, now, a.oid); err != nil {
		return fmt.Errorf("accept %s: %w", a.id, err)
	}
	for _, x := range [][2]string{{selectOthersOIDs, deleteAssignment}, {selectAssignmentOID, updateAssignmentTaken}} {
		if err := s.forEach(ctx, x[0], x[1], a.oid, res); err != nil {
			return fmt.Errorf("accept %s: %w", a.id, err)
		}
	}
	a.state, a.user = Running, user
	return nil
}

func (s *session) acceptAndFinish(ctx context.Context, in *instance, a *activity) error {
	if a.user != s.caller.User() || a.state != Running {
		if err := s.accept(ctx, a); err != nil {
			return err
		}
	}
	return s.finishActivity(ctx, in, a)
}
