package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"jogetferry/joget/xpdl"
)

// cleanUp does with a closed instance what deleteProcessOnCompletion says:
// archive, delete ("true") or keep.
func (s *session) cleanUp(ctx context.Context, in *instance) error {
	switch s.Setting("deleteProcessOnCompletion") {
	case "archive":
		if err := s.archive(ctx, in); err != nil {
			return fmt.Errorf("archive %s: %w", in.id, err)
		}
	case "true":
	default:
		return nil
	}
	return s.remove(ctx, in)
}

// remove deletes all engine rows of an instance. Children that stay behind
// lose the reference to their caller.
func (s *session) remove(ctx context.Context, in *instance) error {
	for _, x := range owned {
		if err := s.forEach(ctx, x.find, x.remove, in.oid); err != nil {
			return fmt.Errorf("remove %s: %w", in.id, err)
		}
	}
	if _, err := s.tx.ExecContext(ctx, deleteInstance, in.oid); err != nil {
		return fmt.Errorf("remove %s: %w", in.id, err)
	}
	delete(s.instances, in.id)
	return nil
}

func (s *session) archive(ctx context.Context, in *instance) error {
	l, ok, err := readLink(ctx, s.tx, selectLink, in.id)
	if err != nil {
		return err
	}
	if !ok {
		l = link{in.id, in.id}
	}
	if _, err := s.tx.ExecContext(ctx, insertLinkHistory, in.id, l.parent, l.origin); err != nil {
		return err
	}
	if _, err := s.tx.ExecContext(ctx, deleteLink, in.id); err != nil {
		return err
	}
	vars, err := s.processVariables(ctx, in)
	if err != nil {
		return err
	}
	values, err := asJSON(vars)
	if err != nil {
		return err
	}
	unit := in.def.proc.DurationUnit
	if _, err := s.tx.ExecContext(ctx, insertHistory, in.id, in.name, null(in.parent), in.requester, in.def.version, in.def.id,
		nullTime(in.started), in.created, s.millis(), null(LimitText(in.def.proc.Limit, unit)), due(in.limit), in.state, values); err != nil {
		return err
	}
	return s.archiveActivities(ctx, in)
}

func nullTime(ms int64) any {
	if ms == 0 {
		return nil
	}
	return ms
}

func due(limit int64) any {
	if limit == NoLimit || limit <= 0 {
		return nil
	}
	return time.UnixMilli(limit).UTC().Format(dateLayout)
}

// LimitText prints a limit as the views show it, in the unit of its process;
// "" for none.
func LimitText(limit, unit time.Duration) string {
	if limit <= 0 {
		return ""
	}
	name := map[time.Duration]string{24 * time.Hour: "day(s)", time.Hour: "hour(s)", time.Minute: "minute(s)", time.Second: "second(s)"}[unit]
	return text(float64(limit)/float64(unit)) + " " + name
}

func (s *session) archiveActivities(ctx context.Context, in *instance) error {
	type row struct {
		a              *activity
		accepted, last *int64
		limit          int64
	}
	var rows []row
	list, err := s.activities(ctx, selectAllActivities, in.oid)
	if err != nil {
		return err
	}
	for _, a := range list {
		r := row{a: a}
		if err := s.tx.QueryRowContext(ctx, selectActivityTimes, a.oid).Scan(&r.accepted, &r.last, &r.limit); err != nil {
			return err
		}
		rows = append(rows, r)
	}
	for _, r := range rows {
		kind, participant, limit := "normal", "", ""
		if def := in.def.proc.Activity(r.a.def); def != nil {
			kind, participant, limit = kindName(def.Kind), def.Performer, LimitText(def.Limit, in.def.proc.DurationUnit)
		}
		vars, err := s.activityVariables(ctx, r.a)
		if err != nil {
			return err
		}
		values, err := asJSON(vars)
		if err != nil {
			return err
		}
		performer := r.a.user
		if r.a.child != "" {
			performer = r.a.child
		}
		if _, err := s.tx.ExecContext(ctx, insertActivityHistory, r.a.id, r.a.name, r.a.def, r.a.active, r.accepted, r.last, null(limit),
			participant, null(r.a.user), null(performer), r.a.state, kind, due(r.limit), values, in.id); err != nil {
			return err
		}
	}
	return nil
}

func kindName(k xpdl.Kind) string {
	if k == xpdl.Manual {
		return "normal"
	}
	return string(k)
}

// RecordID returns the record ID of an instance: the origin of its link, live
// or archived, or the instance ID itself.
func (e *Engine) RecordID(ctx context.Context, instance string) (string, error) {
	for _, query := range []string{selectLink, selectLinkHistory} {
		l, ok, err := readLink(ctx, e.db, query, instance)
		if err != nil {
			return "", fmt.Errorf("read link: %w", err)
		}
		if ok {
			return l.origin, nil
		}
	}
	return instance, nil
}

// isOpen reports whether a state is one of the open ones.
func isOpen(state string) bool { return strings.HasPrefix(state, "open.") }
