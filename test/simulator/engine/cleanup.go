package engine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Values of the setting deleteProcessOnCompletion; any other keeps the rows.
const (
	archiveClosed = "archive"
	deleteClosed  = "true"
)

// cleanUp does with a closed instance what deleteProcessOnCompletion says:
// archive, delete or keep.
func (s *session) cleanUp(ctx context.Context, in *instance) error {
	switch s.Setting("deleteProcessOnCompletion") {
	case archiveClosed:
		if err := s.archive(ctx, in); err != nil {
			return fmt.Errorf("archive %s: %w", in.id, err)
		}
	case deleteClosed:
	default:
		return nil
	}
	return s.remove(ctx, in)
}

// cleanUpChild archives a completed synchronous child; its engine rows stay
// until its root goes (docs/joget.md#after-the-end).
func (s *session) cleanUpChild(ctx context.Context, in *instance) error {
	if s.Setting("deleteProcessOnCompletion") != archiveClosed {
		return nil
	}
	if err := s.archive(ctx, in); err != nil {
		return fmt.Errorf("archive %s: %w", in.id, err)
	}
	return nil
}

// remove deletes all engine rows of an instance and of its closed children.
// An open child stays, it loses its row in SHKProcessRequesters.
func (s *session) remove(ctx context.Context, in *instance) error {
	children, err := column(ctx, s.db, selectChildren, in.id)
	if err != nil {
		return fmt.Errorf("find children of %s: %w", in.id, err)
	}
	for _, id := range children {
		child, err := s.instance(ctx, id)
		if errors.Is(err, errNoInstance) {
			continue
		}
		if err != nil {
			return err
		}
		if isOpen(child.state) {
			continue
		}
		if err := s.remove(ctx, child); err != nil {
			return err
		}
	}
	for _, x := range owned {
		if err := s.forEach(ctx, x.find, x.remove, in.oid); err != nil {
			return fmt.Errorf("remove %s: %w", in.id, err)
		}
	}
	if _, err := s.db.ExecContext(ctx, deleteInstance, in.oid); err != nil {
		return fmt.Errorf("remove %s: %w", in.id, err)
	}
	delete(s.instances, in.id)
	return nil
}

// archive writes the history of an instance and moves its link there.
func (s *session) archive(ctx context.Context, in *instance) error {
	l, ok, err := readLink(ctx, s.db, selectLink, in.id)
	if err != nil {
		return err
	}
	if !ok {
		l = link{in.id, in.id}
	}
	if _, err := s.db.ExecContext(ctx, insertLinkHistory, in.id, l.parent, l.origin); err != nil {
		return err
	}
	if _, err := s.db.ExecContext(ctx, deleteLink, in.id); err != nil {
		return err
	}
	vars, err := s.processVariables(ctx, in)
	if err != nil {
		return err
	}
	values, err := s.asJSON(vars)
	if err != nil {
		return err
	}
	if _, err := s.db.ExecContext(ctx, insertHistory, in.id, in.name, null(in.parent), in.requester, in.def.version, in.def.id,
		in.started, in.created, s.millis(), null(LimitText(in.def.proc.Limit, in.def.proc.DurationUnit)), due(in.limit), in.state, values); err != nil {
		return err
	}
	return s.archiveActivities(ctx, in, values)
}

func due(limit int64) any {
	if limit == Undefined || limit <= 0 {
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
	return floatText(float64(limit)/float64(unit)) + " " + name
}

// archiveActivities writes the history of all activities of an instance. As
// seen on the engine it holds the variables of the process, not those of the
// activity, no limits, and a time of acceptance for each.
func (s *session) archiveActivities(ctx context.Context, in *instance, variables string) error {
	list, err := s.activities(ctx, selectAllActivities, in.oid)
	if err != nil {
		return err
	}
	for _, a := range list {
		var accepted, last *int64
		if err := s.db.QueryRowContext(ctx, selectActivityTimes, a.oid).Scan(&accepted, &last); err != nil {
			return err
		}
		if accepted == nil || *accepted == Undefined {
			accepted = &a.active
		}
		kind, participant := "normal", ""
		if def := in.def.proc.Activity(a.def); def != nil {
			kind, participant = kindName(def.Kind), def.Performer
		}
		performer := a.user
		if a.child != "" {
			performer = a.child
		}
		if _, err := s.db.ExecContext(ctx, insertActivityHistory, a.id, a.name, a.def, a.active, accepted, last,
			participant, null(performer), a.state, kind, variables, in.id); err != nil {
			return err
		}
	}
	return nil
}
