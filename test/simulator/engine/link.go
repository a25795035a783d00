package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// link is a row of wf_process_link.
type link struct{ parent, origin string }

func readLink(ctx context.Context, q queryer, query, id string) (link, bool, error) {
	var parent, origin sql.NullString
	err := q.QueryRowContext(ctx, query, id).Scan(&parent, &origin)
	if errors.Is(err, sql.ErrNoRows) {
		return link{}, false, nil
	}
	return link{parent.String, origin.String}, err == nil, err
}

// addLink hangs an instance on a parent, with the parent's origin if it has one.
func (s *session) addLink(ctx context.Context, parent, id string) error {
	origin := parent
	for _, query := range []string{selectLink, selectLinkHistory} {
		l, ok, err := readLink(ctx, s.db, query, parent)
		if err != nil {
			return fmt.Errorf("read link: %w", err)
		}
		if ok {
			origin = l.origin
			break
		}
	}
	if _, err := s.db.ExecContext(ctx, insertLink, id, parent, origin); err != nil {
		return fmt.Errorf("link %s: %w", id, err)
	}
	return nil
}

// ensureLink gives a subflow child its link, which Joget writes only when it
// first needs it. A child whose caller has none gets the caller as origin
// (docs/joget.md#the-record-of-an-instance).
func (s *session) ensureLink(ctx context.Context, in *instance) error {
	if in.parent == "" {
		return nil
	}
	_, ok, err := readLink(ctx, s.db, selectLink, in.id)
	if err != nil || ok {
		return err
	}
	return s.addLink(ctx, in.parent, in.id)
}

// recordID is the origin of an instance, or the instance itself.
func (s *session) recordID(ctx context.Context, id string) (string, error) {
	l, ok, err := readLink(ctx, s.db, selectLink, id)
	if err != nil {
		return "", fmt.Errorf("read link: %w", err)
	}
	if ok {
		return l.origin, nil
	}
	return id, nil
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
