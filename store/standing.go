package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"jogetferry/migration"
)

// Standing is what the ledger has of one instance at one moment, as a step begins with it.
type Standing struct {
	Binding migration.Binding
	Entry   migration.Entry
	Claim   migration.Claim // of the migration's two servers; ClaimNone: nobody claimed the start
	Word    migration.Word  // typed by the operator; zero: none was
	// Rekeyed: some record of the source has another ID on the target.
	Rekeyed bool
	// Captured: a call that may have run tools was captured once.
	Captured bool
	// Fenced: a call that changes the target is not known to be over (Fence).
	Fenced bool

	last        migration.Snapshot
	hasSnapshot bool
}

// Started returns the target instance; false while it is not known.
func (s *Standing) Started() (migration.TargetIdentity, bool) {
	return s.Claim.Started, s.Claim.State == migration.ClaimStarted
}

// Snapshot returns the latest snapshot. None: CodeNotFound.
func (s *Standing) Snapshot() (migration.Snapshot, error) {
	if !s.hasSnapshot {
		return migration.Snapshot{}, &migration.Error{Code: migration.CodeNotFound, Op: opSnapshot, Subject: string(s.Entry.Instance)}
	}
	return s.last, nil
}

// Standing reads all of it by one statement. Unknown migration or instance: CodeNotFound.
func (l *Ledger) Standing(ctx context.Context, mig migration.Name, id migration.InstanceID) (*Standing, error) {
	s, err := scanStanding(l.db.QueryRowContext(ctx, queryStanding, string(id), mig), mig)
	if errors.Is(err, sql.ErrNoRows) {
		if _, err := l.Bound(ctx, mig); err != nil {
			return nil, err
		}
		return nil, unplanned(id)
	}
	return s, failure("read instance", string(id), err)
}

func scanStanding(row *sql.Row, mig migration.Name) (*Standing, error) {
	s := &Standing{Binding: migration.Binding{Migration: mig}}
	var e entryFields
	var c claimFields
	var w wordFields
	var last snapshotFields
	var record sql.NullString
	into := slices.Concat([]any{&s.Binding.Source, &s.Binding.Target}, e.into(), []any{&record, &s.Rekeyed, &s.Captured, &s.Fenced}, c.into(), w.into(), last.into())
	if err := row.Scan(into...); err != nil {
		return nil, err
	}
	entry, failed := e.entry()
	s.Entry, s.Entry.TargetRecord = entry.Entry, migration.RecordID(record.String)
	claim, err := c.claim(migration.ClaimKey{Source: s.Binding.Source, Instance: entry.Instance, Target: s.Binding.Target})
	failed = errors.Join(failed, err)
	s.Claim = claim.Claim
	s.Word, err = w.word()
	failed = errors.Join(failed, err)
	if s.hasSnapshot = last.seq.Valid; s.hasSnapshot {
		s.last, err = last.snapshot()
		failed = errors.Join(failed, err)
	}
	return s, failed
}
