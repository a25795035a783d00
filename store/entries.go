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

// pageRows is how many entries EntriesEach reads at a time.
const pageRows = 1000

type scanner interface{ Scan(dest ...any) error }

// Entry returns one entry. Unknown instance: CodeNotFound.
func (l *Ledger) Entry(ctx context.Context, mig migration.Name, id migration.InstanceID) (migration.Entry, error) {
	const op = "read entry"
	row, err := findEntry(ctx, l.db, mig, id, unlocked)
	if err != nil {
		return row.Entry, failure(op, string(id), err)
	}
	page := []migration.Entry{row.Entry}
	err = l.targetRecords(ctx, mig, page)
	return page[0], failure(op, string(id), err)
}

// Entries returns up to limit entries that f selects, in plan order, after the
// place that an earlier call returned as next (0: from the first). next is 0
// when there are no more.
func (l *Ledger) Entries(ctx context.Context, mig migration.Name, f migration.Filter, after int64, limit int) (page []migration.Entry, next int64, err error) {
	condition, args := where(mig, f)
	if inOneIndex(f) {
		page, next, err = l.entriesAt(ctx, mig, f, after, limit)
	} else {
		err = each(ctx, l.db, queryEntries+condition+entriesAfter, append(args, after, limit), func(row scanner) error {
			e, err := scanEntry(row)
			page = append(page, e.Entry)
			next = e.ordinal
			return err
		})
		if len(page) < limit {
			next = 0
		}
	}
	if err == nil {
		err = l.targetRecords(ctx, mig, page)
	}
	return page, next, failure("read entries", "", err)
}

// entriesAt is Entries of a filter that is inOneIndex. What changes between the look for
// places and the look at them makes a page smaller than limit.
func (l *Ledger) entriesAt(ctx context.Context, mig migration.Name, f migration.Filter, after int64, limit int) (page []migration.Entry, next int64, err error) {
	ids, last, err := placesAfter(ctx, l.db, mig, selection{Filter: f}, after, limit)
	if err != nil || len(ids) == 0 {
		return nil, 0, err
	}
	if len(ids) == limit {
		next = last
	}
	f.Instances = nil // those of the page are enough
	condition, args := where(mig, f)
	for part := range slices.Chunk(ids, chunkRows) {
		list, values := listed(part)
		found, err := entriesOf(ctx, l.db, queryTheseEntries+list+" AND "+condition+" ORDER BY ordinal", append(append([]any{mig}, values...), args...)...)
		if err != nil {
			return nil, 0, err
		}
		page = append(page, found...)
	}
	return page, next, nil
}

// targetRecords completes entries by the IDs that their records have on the target.
func (l *Ledger) targetRecords(ctx context.Context, mig migration.Name, page []migration.Entry) error {
	for part := range slices.Chunk(page, chunkRows) {
		records := make([]migration.RecordID, len(part))
		for i := range part {
			records[i] = part[i].Record
		}
		known, err := rekeysBy(ctx, l.db, queryRekeysOf, []any{mig}, records)
		if err != nil {
			return err
		}
		for i := range part {
			part[i].TargetRecord = known[part[i].Record]
		}
	}
	return nil
}

// EntriesEach yields the entries that f selects, in plan order, reading page by
// page: memory is flat, and no connection is held between pages. An error is
// yielded last.
func (l *Ledger) EntriesEach(ctx context.Context, mig migration.Name, f migration.Filter) iter.Seq2[migration.Entry, error] {
	return func(yield func(migration.Entry, error) bool) {
		for after := int64(0); ; {
			page, next, err := l.Entries(ctx, mig, f, after, pageRows)
			if err != nil {
				yield(migration.Entry{}, err)
				return
			}
			for _, e := range page {
				if !yield(e, nil) {
					return
				}
			}
			if after = next; next == 0 {
				return
			}
		}
	}
}

// Counts returns how many entries f selects, by state. Among those of one wave,
// done ones that wait for their turn in it count as ready; a filter of nothing else
// than a wave reads no entry.
func (l *Ledger) Counts(ctx context.Context, mig migration.Name, f migration.Filter) (migration.Counts, error) {
	const op = "count entries"
	rest := f
	rest.Wave = ""
	if condition, _ := where(mig, rest); f.Wave != "" && condition == ofMigration {
		counts, changes, err := waveCounts(ctx, l.db, mig, f.Wave)
		if err == nil && changes > foldAt {
			err = l.foldCounts(ctx, mig, f.Wave)
		}
		return counts, failure(op, string(f.Wave), err)
	}
	counts, err := countEntries(ctx, l.db, mig, f)
	return counts, failure(op, "", err)
}

// countEntries reads all entries that f selects.
func countEntries(ctx context.Context, q querier, mig migration.Name, f migration.Filter) (migration.Counts, error) {
	query, group := queryCounts, groupCounts
	condition, args := where(mig, f)
	switch {
	case f.Wave != "":
		query, group = queryCountsOfWave, groupCountsOfWave
	case condition == ofMigration:
		query = queryCountsOfAll
	}
	var counts migration.Counts
	err := each(ctx, q, query+condition+group, args, func(row scanner) error {
		var state migration.InstanceState
		var verdict migration.Verdict
		var n int
		err := row.Scan(&state, &verdict, &n)
		counts.Add(state, verdict, n)
		return err
	})
	return counts, err
}

// CountsByDefinition returns the same numbers per process definition of the
// source, in the order of the definitions.
func (l *Ledger) CountsByDefinition(ctx context.Context, mig migration.Name, f migration.Filter) ([]migration.DefinitionCounts, error) {
	condition, args := where(mig, f)
	var all []migration.DefinitionCounts
	err := each(ctx, l.db, queryCountsByDefinition+condition+groupCountsByDefinition, args, func(row scanner) error {
		var text string
		var state migration.InstanceState
		var verdict migration.Verdict
		var n int
		if err := row.Scan(&text, &state, &verdict, &n); err != nil {
			return err
		}
		def, err := parseDefinition(text)
		if err != nil {
			return err
		}
		if len(all) == 0 || all[len(all)-1].Definition != def {
			all = append(all, migration.DefinitionCounts{Definition: def})
		}
		all[len(all)-1].Counts.Add(state, verdict, n)
		return nil
	})
	return all, failure("count entries", "", err)
}

// ofMigration is the condition of a filter that selects everything.
const ofMigration = "migration = ?"

// where returns the condition that selects what f selects.
func where(mig migration.Name, f migration.Filter) (string, []any) {
	var b strings.Builder
	b.WriteString(ofMigration)
	args := []any{mig}
	one := func(condition string, arg any) {
		b.WriteString(" AND " + condition)
		args = append(args, arg)
	}
	if len(f.States) > 0 {
		list, values := listed(f.States)
		b.WriteString(" AND state IN " + list)
		args = append(args, values...)
	}
	if len(f.Processes) > 0 {
		list, values := listed(f.Processes)
		b.WriteString(" AND process IN " + list)
		args = append(args, values...)
	}
	if len(f.Instances) > 0 {
		list, values := listed(f.Instances)
		b.WriteString(" AND instance IN " + list)
		args = append(args, values...)
	}
	if f.Requester != "" {
		// As Joget's database compares users; all else in the ledger is compared as bytes.
		one("requester COLLATE utf8mb4_unicode_ci = ?", string(f.Requester))
	}
	if f.StartedBefore != 0 {
		one("started > 0 AND started < ?", int64(f.StartedBefore))
	}
	if f.Wave != "" {
		one("wave = ?", f.Wave)
	}
	if f.TakenBy != "" {
		b.WriteString(" AND " + wasTakenBy)
		args = append(args, f.TakenBy, mig, f.TakenBy)
	}
	if f.Reason != "" {
		one("reason = ?", string(f.Reason))
	}
	if f.NoWarned {
		one("state <> ?", string(migration.InstanceWarned))
	}
	return b.String(), args
}

// entry is a row of the instance table.
type entry struct {
	migration.Entry
	ordinal   int64
	parkToken migration.Token
}

func findEntry(ctx context.Context, q querier, mig migration.Name, id migration.InstanceID, lock string) (entry, error) {
	query := queryEntries + "migration = ? AND instance = ?" + lock
	e, err := scanEntry(q.QueryRowContext(ctx, query, mig, string(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return e, unplanned(id)
	}
	return e, err
}

func unplanned(id migration.InstanceID) error {
	return &migration.Error{Code: migration.CodeNotFound, Op: "find entry", Subject: string(id), Hint: "plan first"}
}

func scanEntry(row scanner) (entry, error) {
	var e entryFields
	if err := row.Scan(e.into()...); err != nil {
		return e.is, err
	}
	return e.entry()
}

// entryFields takes entryColumns.
type entryFields struct {
	is                 entry
	definition, target string
	detail, targetID   sql.NullString
}

func (f *entryFields) into() []any {
	e := &f.is
	return []any{
		&e.Instance, &e.ordinal, &f.definition, &f.target, &e.Requester, &e.Record, &e.Started, &e.State,
		&e.Step, &e.Reason, &f.detail, &e.ParkID, &e.Wave, &f.targetID, &e.Verdict, &e.Findings, &e.UpdatedAt, &e.parkToken,
	}
}

func (f *entryFields) entry() (entry, error) {
	e := f.is
	e.Detail, e.TargetID = f.detail.String, migration.InstanceID(f.targetID.String)
	var err error
	if e.Definition, err = parseDefinition(f.definition); err != nil {
		return e, err
	}
	e.Target, err = parseDefinition(f.target)
	return e, err
}

// formatDefinition and parseDefinition keep the zero value as "".
func formatDefinition(d migration.DefinitionID) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

func parseDefinition(s string) (migration.DefinitionID, error) {
	if s == "" {
		return migration.DefinitionID{}, nil
	}
	d, err := migration.ParseDefinitionID(s)
	if err != nil {
		return d, errors.Join(errUndecodable, err)
	}
	return d, nil
}
