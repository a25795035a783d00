package store

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"slices"
	"strings"

	"jogetferry/migration"
)

const changeColumns = 6

type planRun struct {
	id                 string
	compared, complete bool
	findings           []migration.Finding // before it, about servers and definitions
}

// findPlanRun returns the zero value before the first plan.
func findPlanRun(ctx context.Context, q querier, mig migration.Name) (planRun, error) {
	var run planRun
	var blob []byte
	err := q.QueryRowContext(ctx, queryPlanRun, mig).Scan(&run.id, &run.compared, &run.complete, &blob)
	if errors.Is(err, sql.ErrNoRows) {
		return run, nil
	}
	if err != nil {
		return run, err
	}
	return run, unpackJSON(blob, &run.findings)
}

// beginPlan makes planID the plan that changes are kept of, unless it is that
// already: those of the plan before are forgotten. It reports whether there was
// a whole plan before, to compare with. The caller has locked the migration.
func beginPlan(ctx context.Context, tx *sql.Tx, m migrationRow, mig migration.Name, planID string) (compared bool, err error) {
	run, err := findPlanRun(ctx, tx, mig)
	if err != nil || run.id == planID {
		return run.compared, err
	}
	// A ledger that is older than these tables has entries without a run.
	compared = run.compared || run.complete || run.id == "" && m.nextOrdinal > 1
	before, err := findingsOf(ctx, tx, mig, []migration.InstanceID{""})
	if err != nil {
		return false, err
	}
	blob, err := packJSON(before[""])
	if err != nil {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, deleteChanges, mig); err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, upsertPlanRun, mig, planID, compared, blob)
	return compared, err
}

// saveChanges notes where the plan differs from what the ledger had: entries and
// their findings.
func saveChanges(ctx context.Context, tx *sql.Tx, mig migration.Name, planned []plannedEntry) error {
	var rows []any
	for _, p := range planned {
		was, is := checkIDs(p.found), checkIDs(p.Findings)
		if p.was.State == migration.InstanceSkipped {
			was = "" // those of the time before it was closed
		}
		if p.was.State != p.State || was != is {
			rows = append(rows, mig, string(p.Instance), string(p.was.State), string(p.State), was, is)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, insertChanges+tuples(len(rows)/changeColumns, changeColumns)+upsertChangeAgain, rows...)
	return err
}

// saveGone notes instances that the plan did not see.
func saveGone(ctx context.Context, tx *sql.Tx, mig migration.Name, ids []migration.InstanceID) error {
	known, err := knownEntries(ctx, tx, mig, ids)
	if err != nil {
		return err
	}
	gone := make([]plannedEntry, len(ids))
	for i, id := range ids {
		gone[i].Instance, gone[i].State, gone[i].was = id, migration.InstanceSkipped, known[id]
	}
	return saveChanges(ctx, tx, mig, gone)
}

// checkIDs lists which checks found something, once each.
func checkIDs(findings []migration.Finding) string {
	ids := make([]string, 0, len(findings))
	for _, f := range findings {
		ids = append(ids, f.ID)
	}
	slices.Sort(ids)
	return strings.Join(slices.Compact(ids), " ")
}

// PlanDiff returns what the last plan, or the one under way, changed.
func (l *Ledger) PlanDiff(ctx context.Context, mig migration.Name) (migration.PlanDiff, error) {
	const op = "read plan changes"
	run, err := findPlanRun(ctx, l.db, mig)
	if err != nil || !run.compared {
		return migration.PlanDiff{}, failure(op, string(mig), err)
	}
	d := migration.PlanDiff{Compared: true}
	now, err := l.Findings(ctx, mig, "")
	if err != nil {
		return d, err
	}
	d.Gained, d.Lost = without(now, run.findings), without(run.findings, now)
	err = each(ctx, l.db, queryMoves, []any{mig}, func(row scanner) error {
		var m migration.PlanMove
		err := row.Scan(&m.Was, &m.State, &m.Instances)
		d.Moves = append(d.Moves, m)
		return err
	})
	return d, failure(op, string(mig), err)
}

// without returns those findings that others have not, by check and subject.
func without(findings, others []migration.Finding) []migration.Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f migration.Finding) bool {
		return slices.ContainsFunc(others, func(o migration.Finding) bool { return o.ID == f.ID && o.Subject == f.Subject })
	})
}

// PlanChanges yields the instances of one of PlanDiff's moves, by ID, reading
// page by page. An error is yielded last.
func (l *Ledger) PlanChanges(ctx context.Context, mig migration.Name, move migration.PlanMove) iter.Seq2[migration.PlanChange, error] {
	return func(yield func(migration.PlanChange, error) bool) {
		for after := migration.InstanceID(""); ; {
			page, err := l.changesAfter(ctx, mig, move, after)
			if err != nil {
				yield(migration.PlanChange{}, failure("read plan changes", string(mig), err))
				return
			}
			for _, c := range page {
				if !yield(c, nil) {
					return
				}
			}
			if len(page) < pageRows {
				return
			}
			after = page[len(page)-1].Instance
		}
	}
}

func (l *Ledger) changesAfter(ctx context.Context, mig migration.Name, move migration.PlanMove, after migration.InstanceID) ([]migration.PlanChange, error) {
	var page []migration.PlanChange
	args := []any{mig, string(move.Was), string(move.State), string(after), pageRows}
	err := each(ctx, l.db, queryChanges, args, func(row scanner) error {
		var c migration.PlanChange
		var definition, before, now string
		err := row.Scan(&c.Instance, &definition, &c.Was, &c.State, &before, &now)
		if err != nil {
			return err
		}
		had, has := strings.Fields(before), strings.Fields(now)
		c.Gained = slices.DeleteFunc(slices.Clone(has), func(id string) bool { return slices.Contains(had, id) })
		c.Lost = slices.DeleteFunc(had, func(id string) bool { return slices.Contains(has, id) })
		c.Definition, err = parseDefinition(definition)
		page = append(page, c)
		return err
	})
	return page, err
}
