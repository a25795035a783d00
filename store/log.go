package store

import (
	"context"
	"strings"
	"unicode/utf8"

	"jogetferry/migration"
)

// The kinds of log lines: before a side effect, after it, anything else.
const (
	KindIntent  = "intent"
	KindOutcome = "outcome"
	KindNote    = "note"
)

// The bounds of a log line, in characters and bytes; longer texts are cut.
const (
	maxWhat   = 255
	maxDetail = 1 << 20
)

// Log appends lines to the story of an instance, in order. By defaults to the
// ledger's actor, Kind to KindNote; ID, Instance and At are the ledger's own.
func (l *Ledger) Log(ctx context.Context, mig string, id migration.InstanceID, lines ...migration.StepLine) error {
	return failure("log", string(id), l.log(ctx, l.db, mig, id, lines...))
}

// Lines returns the story of an instance, oldest line first.
func (l *Ledger) Lines(ctx context.Context, mig string, id migration.InstanceID) ([]migration.StepLine, error) {
	var lines []migration.StepLine
	err := each(ctx, l.db, queryLines, []any{mig, string(id)}, func(row scanner) error {
		var s migration.StepLine
		if err := row.Scan(&s.ID, &s.Instance, &s.Step, &s.Kind, &s.What, &s.Detail, &s.Status, &s.By, &s.At); err != nil {
			return err
		}
		lines = append(lines, s)
		return nil
	})
	return lines, failure("read log", string(id), err)
}

func (l *Ledger) log(ctx context.Context, q querier, mig string, id migration.InstanceID, lines ...migration.StepLine) error {
	for i := range lines {
		lines[i].Instance = id
	}
	return l.logAll(ctx, q, mig, lines)
}

// logAll appends lines that name their instances.
func (l *Ledger) logAll(ctx context.Context, q querier, mig string, lines []migration.StepLine) error {
	for len(lines) > 0 {
		n := min(len(lines), chunkRows)
		args := make([]any, 0, n*8)
		for _, s := range lines[:n] {
			if s.Kind == "" {
				s.Kind = KindNote
			}
			if s.By == "" {
				s.By = l.actor
			}
			args = append(args, mig, string(s.Instance), string(s.Step), s.Kind, cut(s.What, maxWhat),
				cut(s.Detail, maxDetail), s.Status, cut(s.By, maxWhat))
		}
		if _, err := q.ExecContext(ctx, insertLines+repeat(insertLinesRow, n), args...); err != nil {
			return err
		}
		lines = lines[n:]
	}
	return nil
}

// repeat returns row n times, with commas.
func repeat(row string, n int) string { return strings.TrimSuffix(strings.Repeat(row+",", n), ",") }

// cut returns at most n characters of s, as valid UTF-8: a log line must not be
// lost because a server sent a strange byte.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}
