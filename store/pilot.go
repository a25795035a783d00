package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"jogetferry/migration"
)

// encodeActivities returns a text that is the same for the same set; "" for nil.
func encodeActivities(ids []migration.ActivityDefID) (string, error) {
	if ids == nil {
		return "", nil
	}
	sorted := slices.Clone(ids)
	slices.Sort(sorted)
	text, err := json.Marshal(slices.Compact(sorted))
	if err != nil {
		return "", fmt.Errorf("encode activities: %w", err)
	}
	return string(text), nil
}

func decodeActivities(text string) ([]migration.ActivityDefID, error) {
	if text == "" {
		return nil, nil
	}
	var ids []migration.ActivityDefID
	if err := json.Unmarshal([]byte(text), &ids); err != nil {
		return nil, errors.Join(errUndecodable, err)
	}
	return ids, nil
}

// PlanEach yields the entries that f selects with all that the plan said of
// them, in plan order, reading page by page. An error is yielded last.
func (l *Ledger) PlanEach(ctx context.Context, mig migration.Name, f migration.Filter) iter.Seq2[migration.PlanEntry, error] {
	return func(yield func(migration.PlanEntry, error) bool) {
		for after := int64(0); ; {
			page, next, err := l.planPage(ctx, mig, f, after)
			if err != nil {
				yield(migration.PlanEntry{}, failure("read plan", string(mig), err))
				return
			}
			for _, p := range page {
				if !yield(p, nil) {
					return
				}
			}
			if after = next; next == 0 {
				return
			}
		}
	}
}

func (l *Ledger) planPage(ctx context.Context, mig migration.Name, f migration.Filter, after int64) (page []migration.PlanEntry, next int64, err error) {
	entries, next, err := l.Entries(ctx, mig, f, after, chunkRows)
	if err != nil || len(entries) == 0 {
		return nil, next, err
	}
	for _, e := range entries {
		page = append(page, migration.PlanEntry{Entry: e})
	}
	ids := instancesIn(page)
	findings, err := findingsOf(ctx, l.db, mig, ids)
	if err != nil {
		return nil, 0, err
	}
	list, args := listed(ids)
	activities := map[migration.InstanceID][]migration.ActivityDefID{}
	err = each(ctx, l.db, queryActivities+list, append([]any{mig}, args...), func(row scanner) error {
		var id migration.InstanceID
		var text string
		if err := row.Scan(&id, &text); err != nil {
			return err
		}
		var err error
		activities[id], err = decodeActivities(text)
		return err
	})
	for i, id := range ids {
		page[i].Findings, page[i].Activities = findings[id], activities[id]
	}
	return page, next, err
}

// FindingCounts returns how many instances that no wave has begun with each
// check concerns, by definition, ID and severity.
func (l *Ledger) FindingCounts(ctx context.Context, mig migration.Name) ([]migration.FindingCount, error) {
	var counts []migration.FindingCount
	err := each(ctx, l.db, queryFindingCounts, []any{mig}, func(row scanner) error {
		var c migration.FindingCount
		var definition string
		err := row.Scan(&definition, &c.ID, &c.Severity, &c.Instances)
		if err != nil {
			return err
		}
		c.Definition, err = parseDefinition(definition)
		counts = append(counts, c)
		return err
	})
	return counts, failure("count findings", string(mig), err)
}

// Hindrances counts the blocked instances by what findings of their own block them. The
// server counts: there is one row for each kind of hindrance, however many instances.
func (l *Ledger) Hindrances(ctx context.Context, mig migration.Name) ([]migration.Hindrance, error) {
	var all []migration.Hindrance
	err := each(ctx, l.db, queryHindrances, []any{mig}, func(row scanner) error {
		var h migration.Hindrance
		var definition, target, ways, checks string
		err := row.Scan(&definition, &target, &ways, &checks, &h.Instances)
		if err != nil {
			return err
		}
		listed := func(c rune) bool { return c == '|' }
		h.Checks = strings.FieldsFunc(checks, listed)
		for _, way := range strings.FieldsFunc(ways, listed) {
			h.Ways = append(h.Ways, migration.Way(way))
		}
		if h.Definition, err = parseDefinition(definition); err != nil {
			return err
		}
		h.Target, err = parseDefinition(target)
		all = append(all, h)
		return err
	})
	return all, failure("count what blocks", string(mig), err)
}

// PilotGroups returns the entries that f selects in groups that stand alike, by
// definition, target and state.
func (l *Ledger) PilotGroups(ctx context.Context, mig migration.Name, f migration.Filter) ([]migration.PilotGroup, error) {
	condition, args := where(mig, f)
	var groups []migration.PilotGroup
	err := each(ctx, l.db, queryPilotGroups+condition+groupPilotGroups, args, func(row scanner) error {
		var g migration.PilotGroup
		var definition, target, activities string
		err := row.Scan(&definition, &target, &g.State, &activities, &g.Instances, &g.First)
		if err != nil {
			return err
		}
		if g.Activities, err = decodeActivities(activities); err != nil {
			return err
		}
		if g.Definition, err = parseDefinition(definition); err != nil {
			return err
		}
		g.Target, err = parseDefinition(target)
		groups = append(groups, g)
		return err
	})
	return groups, failure("group instances", string(mig), err)
}

// SavePilot notes that an instance is about to be migrated as a pilot of its
// definition. It may be repeated. That holds until a wave claims it (ClaimNext).
// One that is neither ready nor warned is under way by somebody else, or over:
// CodeConflict. Unknown instance: CodeNotFound.
func (l *Ledger) SavePilot(ctx context.Context, mig migration.Name, id migration.InstanceID, by string) error {
	const op = "save pilot"
	return l.tx(ctx, op, string(id), func(tx *sql.Tx) error {
		e, err := findEntry(ctx, tx, mig, id, forUpdate)
		if err != nil {
			return err
		}
		if e.State != migration.InstanceReady && e.State != migration.InstanceWarned {
			return migration.E(migration.CodeConflict, op, string(id), "the instance is %s already", e.State)
		}
		_, err = tx.ExecContext(ctx, upsertPilot, mig, string(id), by)
		return err
	})
}

// Pilots returns all that were begun and that no wave has claimed since, by
// definition, oldest first, with what became of them.
func (l *Ledger) Pilots(ctx context.Context, mig migration.Name) ([]migration.Pilot, error) {
	var pilots []migration.Pilot
	err := each(ctx, l.db, queryPilots, []any{mig}, func(row scanner) error {
		var p migration.Pilot
		var definition, target string
		err := row.Scan(&p.Instance, &definition, &target, &p.State, &p.Verdict, &p.By, &p.At)
		if err != nil {
			return err
		}
		if p.Definition, err = parseDefinition(definition); err != nil {
			return err
		}
		p.Target, err = parseDefinition(target)
		pilots = append(pilots, p)
		return err
	})
	return pilots, failure("read pilots", string(mig), err)
}

// Written returns what was written on the target for one instance, whatever its
// migration was called.
func (l *Ledger) Written(ctx context.Context, key migration.ClaimKey) (migration.Written, error) {
	const op = "read what was written"
	w := migration.Written{Rows: map[string]int{}}
	err := each(ctx, l.db, queryRowsWritten, place(key), func(row scanner) error {
		var table string
		var n int
		err := row.Scan(&table, &n)
		w.Rows[table] = n
		return err
	})
	if err == nil {
		err = l.db.QueryRowContext(ctx, queryFilesWritten, place(key)...).Scan(&w.Files)
	}
	return w, failure(op, string(key.Instance), err)
}
