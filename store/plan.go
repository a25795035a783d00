package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"jogetferry/migration"
)

// Bind records on first use which two servers a migration's name means, and
// the digest of its configuration. Another source or target later is
// CodeConflict, naming the side; another digest is kept and logged.
func (l *Ledger) Bind(ctx context.Context, b migration.Binding, configDigest string) error {
	const op = "bind migration"
	if b.Migration == "" || b.Source == "" || b.Target == "" {
		return migration.E(migration.CodeInvalid, op, string(b.Migration), "a name and two fingerprints are needed")
	}
	return l.txAgain(ctx, op, string(b.Migration), func(tx *sql.Tx) error {
		m, err := findMigration(ctx, tx, op, b.Migration)
		if migration.CodeOf(err) == migration.CodeNotFound {
			if _, err := tx.ExecContext(ctx, insertMigration, b.Migration, b.Source, b.Target, configDigest); err != nil {
				return err
			}
			return l.log(ctx, tx, b.Migration, "", migration.StepLine{Event: migration.EventBound})
		}
		if err != nil {
			return err
		}
		for side, differs := range map[string]bool{"source": m.Source != b.Source, "target": m.Target != b.Target} {
			if differs {
				return &migration.Error{
					Code: migration.CodeConflict, Op: op, Subject: string(b.Migration),
					Hint: "this migration name belongs to another " + side + "; each pair of servers needs a name of its own",
				}
			}
		}
		if m.configDigest == configDigest {
			return nil
		}
		if _, err := tx.ExecContext(ctx, updateConfigDigest, configDigest, b.Migration); err != nil {
			return err
		}
		return l.log(ctx, tx, b.Migration, "", migration.StepLine{Event: migration.EventConfigured})
	})
}

// Bound returns what Bind recorded. Unknown name: CodeNotFound.
func (l *Ledger) Bound(ctx context.Context, mig migration.Name) (migration.Binding, error) {
	const op = "read migration"
	m, err := scanMigration(l.db.QueryRowContext(ctx, queryMigration, mig))
	m.Migration = mig
	if errors.Is(err, sql.ErrNoRows) {
		return m.Binding, unbound(op, mig)
	}
	return m.Binding, failure(op, string(mig), err)
}

func unbound(op string, mig migration.Name) error {
	return &migration.Error{Code: migration.CodeNotFound, Op: op, Subject: string(mig), Hint: "no worker has run with this migration name yet"}
}

type migrationRow struct {
	migration.Binding
	configDigest, planID string
	nextOrdinal          int64
}

// findMigration locks the row: whoever changes the plan or the waves of a
// migration goes through here, one at a time. No worker has bound it: CodeNotFound.
func findMigration(ctx context.Context, q querier, op string, mig migration.Name) (migrationRow, error) {
	m, err := scanMigration(q.QueryRowContext(ctx, queryMigration+forUpdate, mig))
	if errors.Is(err, sql.ErrNoRows) {
		return m, unbound(op, mig)
	}
	return m, err
}

func scanMigration(row scanner) (migrationRow, error) {
	var m migrationRow
	err := row.Scan(&m.Source, &m.Target, &m.configDigest, &m.planID, &m.nextOrdinal)
	return m, err
}

// SavePlan records a page of the plan run planID, in the order of the plan; a
// page may come again. Entries that a wave has begun with keep their state and
// findings, and their place; those parked with ReasonSourceBlocked before a start
// get the target that they map to now. Failed ones become what the plan says, so
// that a wave can take them again. A requester or record that changed since the last
// plan is taken over. The first page, which may be empty, begins the plan: from
// then on PlanDiff compares with what the ledger had. Unbound migration: CodeNotFound.
func (l *Ledger) SavePlan(ctx context.Context, mig migration.Name, planID string, page []migration.PlanEntry) error {
	for {
		n := min(len(page), chunkRows)
		err := l.tx(ctx, "save plan", string(mig), func(tx *sql.Tx) error { return l.savePlan(ctx, tx, mig, planID, page[:n]) })
		if page = page[n:]; err != nil || len(page) == 0 {
			return err
		}
	}
}

func (l *Ledger) savePlan(ctx context.Context, tx *sql.Tx, mig migration.Name, planID string, page []migration.PlanEntry) error {
	m, err := findMigration(ctx, tx, "save plan", mig)
	if err != nil {
		return err
	}
	compared, err := beginPlan(ctx, tx, m, mig, planID)
	if err != nil || len(page) == 0 {
		return err
	}
	begun, planned, err := besideKnown(ctx, tx, mig, page)
	if err != nil {
		return err
	}
	if compared {
		if err := saveChanges(ctx, tx, mig, planned); err != nil {
			return err
		}
	}
	if err := seeBegun(ctx, tx, mig, planID, begun); err != nil {
		return err
	}
	if err := saveEntries(ctx, tx, mig, planID, m.nextOrdinal, planned); err != nil {
		return err
	}
	if err := saveChangedFindings(ctx, tx, mig, planned); err != nil {
		return err
	}
	var lines []migration.StepLine
	for _, p := range planned {
		if p.was.State != "" && p.was.State != p.State {
			lines = append(lines, migration.StepLine{Instance: p.Instance, Event: migration.EventPlanned, Facts: migration.Facts{State: p.State}})
		}
	}
	return l.logAll(ctx, tx, mig, lines)
}

// plannedEntry is an entry of a plan beside what the ledger had of it.
type plannedEntry struct {
	migration.PlanEntry
	was   migration.Entry // zero where the ledger had none
	found []migration.Finding
}

// besideKnown reads and locks what the ledger has of a page's entries. Those
// that a wave has begun with are not planned any more.
func besideKnown(ctx context.Context, tx *sql.Tx, mig migration.Name, page []migration.PlanEntry) (begun, planned []plannedEntry, err error) {
	ids := instancesIn(page)
	known, err := knownEntries(ctx, tx, mig, ids)
	if err != nil {
		return nil, nil, err
	}
	found, err := findingsOf(ctx, tx, mig, ids)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range page {
		was, isKnown := known[p.Instance]
		entry := plannedEntry{PlanEntry: p, was: was, found: found[p.Instance]}
		if isKnown && !was.Replannable() {
			begun = append(begun, entry)
		} else {
			planned = append(planned, entry)
		}
	}
	return begun, planned, nil
}

// seeBegun notes that the plan saw entries that a wave has begun with, and gives
// those whose source was blocked the target that they map to now.
func seeBegun(ctx context.Context, tx *sql.Tx, mig migration.Name, planID string, begun []plannedEntry) error {
	if len(begun) == 0 {
		return nil
	}
	ids := make([]migration.InstanceID, len(begun))
	for i, p := range begun {
		ids[i] = p.Instance
		if p.was.State == migration.InstanceParked && p.was.Reason == migration.ReasonSourceBlocked && !p.Target.IsZero() {
			if _, err := tx.ExecContext(ctx, updateTarget, formatDefinition(p.Target), mig, string(p.Instance)); err != nil {
				return err
			}
		}
	}
	list, args := listed(ids)
	_, err := tx.ExecContext(ctx, updateSeenByPlan+list, append([]any{planID, mig}, args...)...)
	return err
}

// saveEntries makes entries what the plan says. New ones get the ordinals from next on.
func saveEntries(ctx context.Context, tx *sql.Tx, mig migration.Name, planID string, next int64, planned []plannedEntry) error {
	if len(planned) == 0 {
		return nil
	}
	var known []migration.InstanceID
	var rows []any
	for _, p := range planned {
		if p.was.State != "" {
			known = append(known, p.Instance)
		}
		activities, err := encodeActivities(p.Activities)
		if err != nil {
			return err
		}
		rows = append(rows, mig, string(p.Instance), next, p.Definition.String(), p.Definition.Key(),
			formatDefinition(p.Target), string(p.Requester), string(p.Record), int64(p.Started), string(p.State),
			len(p.Findings), activities, planID)
		next++
	}
	query := upsertEntries + repeat(upsertEntriesRow, len(planned)) + upsertEntriesAgain
	if err := changeEntries(ctx, tx, mig, known, query, rows...); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, updateNextOrdinal, next, mig)
	return err
}

// saveChangedFindings replaces the findings of those entries that have others now.
func saveChangedFindings(ctx context.Context, tx *sql.Tx, mig migration.Name, planned []plannedEntry) error {
	var had []migration.InstanceID
	var rows []any
	for _, p := range planned {
		if slices.Equal(p.found, p.Findings) {
			continue
		}
		if len(p.found) > 0 {
			had = append(had, p.Instance)
		}
		for _, f := range p.Findings {
			rows = append(rows, findingRow(mig, p.Instance, f)...)
		}
	}
	return replaceFindings(ctx, tx, mig, had, rows)
}

func instancesIn(page []migration.PlanEntry) []migration.InstanceID {
	ids := make([]migration.InstanceID, len(page))
	for i, p := range page {
		ids[i] = p.Instance
	}
	return ids
}

func knownEntries(ctx context.Context, tx *sql.Tx, mig migration.Name, ids []migration.InstanceID) (map[migration.InstanceID]migration.Entry, error) {
	list, args := listed(ids)
	known := map[migration.InstanceID]migration.Entry{}
	err := each(ctx, tx, queryKnownEntries+list+forUpdate, append([]any{mig}, args...), func(row scanner) error {
		var e migration.Entry
		err := row.Scan(&e.Instance, &e.State, &e.Reason, &e.Findings)
		known[e.Instance] = e
		return err
	})
	return known, err
}

// FinishPlan ends the plan run planID: entries it did not see, and no wave has
// begun with, become skipped with ReasonSourceClosed. It returns their number.
func (l *Ledger) FinishPlan(ctx context.Context, mig migration.Name, planID string) (int, error) {
	const op = "finish plan"
	total, after := 0, int64(0)
	unseen := selection{migration.Filter{States: []migration.InstanceState{
		migration.InstanceReady, migration.InstanceWarned, migration.InstanceBlocked,
	}}, isUnseenByPlan, []any{planID}}
	for {
		var last int64
		var ids, locked []migration.InstanceID
		err := l.tx(ctx, op, string(mig), func(tx *sql.Tx) error {
			ids, locked = nil, nil
			m, err := findMigration(ctx, tx, op, mig)
			if err != nil {
				return err
			}
			compared, err := beginPlan(ctx, tx, m, mig, planID)
			if err != nil {
				return err
			}
			if ids, last, err = placesAfter(ctx, tx, mig, unseen, after, chunkRows); err != nil {
				return err
			}
			if len(ids) == 0 {
				_, err := tx.ExecContext(ctx, updatePlanned, planID, mig)
				return err
			}
			// A wave may have taken some of them between the look and the lock.
			list, args := listed(ids)
			locked, _, err = instancesOf(ctx, tx, queryStillUnseen+list+forUpdate, append([]any{mig, planID}, args...)...)
			if err != nil || len(locked) == 0 {
				return err
			}
			if compared {
				if err := saveGone(ctx, tx, mig, locked); err != nil {
					return err
				}
			}
			list, args = listed(locked)
			args = append([]any{string(migration.ReasonSourceClosed), mig}, args...)
			if err := changeEntries(ctx, tx, mig, locked, updateUnseenByPlan+list, args...); err != nil {
				return err
			}
			return l.logAll(ctx, tx, mig, sameLine(locked, migration.StepLine{Event: migration.EventGone}))
		})
		if err != nil || len(ids) == 0 {
			return total, err
		}
		total, after = total+len(locked), last
	}
}

// instancesOf returns what query finds, and the ordinal of the last.
func instancesOf(ctx context.Context, q querier, query string, args ...any) (ids []migration.InstanceID, last int64, err error) {
	err = each(ctx, q, query, args, func(row scanner) error {
		var id migration.InstanceID
		err := row.Scan(&id, &last)
		ids = append(ids, id)
		return err
	})
	return ids, last, err
}

func sameLine(ids []migration.InstanceID, line migration.StepLine) []migration.StepLine {
	lines := make([]migration.StepLine, len(ids))
	for i, id := range ids {
		lines[i] = line
		lines[i].Instance = id
	}
	return lines
}

// SaveFindings replaces the findings about servers and definitions, which
// belong to no single instance. It comes after the pages of the plan.
func (l *Ledger) SaveFindings(ctx context.Context, mig migration.Name, findings []migration.Finding) error {
	const op = "save findings"
	var rows []any
	for _, f := range findings {
		rows = append(rows, findingRow(mig, "", f)...)
	}
	return l.tx(ctx, op, string(mig), func(tx *sql.Tx) error {
		if _, err := findMigration(ctx, tx, op, mig); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, updatePlanComplete, mig); err != nil {
			return err
		}
		return replaceFindings(ctx, tx, mig, []migration.InstanceID{""}, rows)
	})
}

// Findings returns the findings of one instance, or with "" those that belong
// to none, in the order in which they were saved.
func (l *Ledger) Findings(ctx context.Context, mig migration.Name, id migration.InstanceID) ([]migration.Finding, error) {
	findings, err := findingsOf(ctx, l.db, mig, []migration.InstanceID{id})
	return findings[id], failure("read findings", string(id), err)
}

func findingsOf(ctx context.Context, q querier, mig migration.Name, ids []migration.InstanceID) (map[migration.InstanceID][]migration.Finding, error) {
	list, args := listed(ids)
	findings := map[migration.InstanceID][]migration.Finding{}
	err := each(ctx, q, queryFindings+list+" ORDER BY id", append([]any{mig}, args...), func(row scanner) error {
		var id migration.InstanceID
		var f migration.Finding
		err := row.Scan(&id, &f.ID, &f.Severity, &f.Subject, &f.Message, &f.Seen, &f.Remedy, &f.Way)
		findings[id] = append(findings[id], f)
		return err
	})
	return findings, err
}

const findingColumns = 9

func findingRow(mig migration.Name, id migration.InstanceID, f migration.Finding) []any {
	return []any{mig, string(id), f.ID, string(f.Severity), f.Subject, f.Message, f.Seen, f.Remedy, string(f.Way)}
}

// replaceFindings deletes those of the instances and inserts rows.
func replaceFindings(ctx context.Context, tx *sql.Tx, mig migration.Name, of []migration.InstanceID, rows []any) error {
	if len(of) > 0 {
		list, args := listed(of)
		if _, err := tx.ExecContext(ctx, deleteFindings+list, append([]any{mig}, args...)...); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(rows, chunkRows*findingColumns) {
		if _, err := tx.ExecContext(ctx, insertFindings+tuples(len(part)/findingColumns, findingColumns), part...); err != nil {
			return err
		}
	}
	return nil
}
