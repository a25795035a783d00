package store

import (
	"context"
	"database/sql"
	"errors"
	"iter"

	"jogetferry/migration"
)

// Account returns what is known of a migration as such. Unknown: CodeNotFound.
func (l *Ledger) Account(ctx context.Context, mig migration.Name) (migration.Account, error) {
	const op = "read the migration"
	a := migration.Account{Binding: migration.Binding{Migration: mig}}
	var planned sql.NullTime
	err := l.db.QueryRowContext(ctx, queryAccount, mig).Scan(&a.Source, &a.Target, &a.ConfigDigest, &planned)
	if errors.Is(err, sql.ErrNoRows) {
		return a, unbound(op, mig)
	}
	a.PlannedAt = planned.Time
	return a, failure(op, string(mig), err)
}

// Decisions returns all decisions of operators, oldest first. ResumeAt is not read.
func (l *Ledger) Decisions(ctx context.Context, mig migration.Name) ([]migration.Decided, error) {
	var all []migration.Decided
	err := each(ctx, l.db, queryDecisions, []any{mig}, func(row scanner) error {
		var d migration.Decided
		err := row.Scan(&d.Instance, &d.ParkID, &d.Action, &d.TargetID, &d.Discard, &d.By, &d.Text, &d.At)
		all = append(all, d)
		return err
	})
	return all, failure("read decisions", string(mig), err)
}

// LinesOf yields the lines of the log that tell of some events, of all instances and of none,
// oldest first. An error is yielded last.
func (l *Ledger) LinesOf(ctx context.Context, mig migration.Name, events ...migration.Event) iter.Seq2[migration.StepLine, error] {
	return func(yield func(migration.StepLine, error) bool) {
		list, args := listed(events)
		for after := int64(0); ; {
			var page []migration.StepLine
			query := queryLinesOf + list + " ORDER BY id LIMIT ?"
			err := each(ctx, l.db, query, append(append([]any{mig, after}, args...), linesPage), func(row scanner) error {
				s, err := scanLine(row)
				page = append(page, s)
				return err
			})
			if err != nil {
				yield(migration.StepLine{}, failure("read log", string(mig), err))
				return
			}
			for _, s := range page {
				if after = s.ID; !yield(s, nil) {
					return
				}
			}
			if len(page) < linesPage {
				return
			}
		}
	}
}

// linesPage is how many lines are read at a time.
const linesPage = 1000
