package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"jogetferry/migration"
)

// The bounds of texts that others choose, in characters; longer ones are cut.
const (
	maxName   = 255
	maxDetail = 1 << 20
)

// Log appends lines to the story of an instance, in order. By defaults to the
// ledger's actor, Kind to migration.KindNote; ID, Instance and At are the ledger's own.
func (l *Ledger) Log(ctx context.Context, mig migration.Name, id migration.InstanceID, lines ...migration.StepLine) error {
	return failure("log", string(id), l.log(ctx, l.db, mig, id, lines...))
}

// Lines returns the story of an instance, oldest line first.
func (l *Ledger) Lines(ctx context.Context, mig migration.Name, id migration.InstanceID) ([]migration.StepLine, error) {
	var lines []migration.StepLine
	err := each(ctx, l.db, queryLines, []any{mig, string(id)}, func(row scanner) error {
		s, err := scanLine(row)
		lines = append(lines, s)
		return err
	})
	return lines, failure("read log", string(id), err)
}

func (l *Ledger) log(ctx context.Context, q querier, mig migration.Name, id migration.InstanceID, lines ...migration.StepLine) error {
	for i := range lines {
		lines[i].Instance = id
	}
	return l.logAll(ctx, q, mig, lines)
}

// logAll appends lines that name their instances.
func (l *Ledger) logAll(ctx context.Context, q querier, mig migration.Name, lines []migration.StepLine) error {
	for len(lines) > 0 {
		n := min(len(lines), chunkRows)
		var args []any
		for _, s := range lines[:n] {
			facts, err := encodeFacts(s.Facts)
			if err != nil {
				return err
			}
			var call migration.Call
			if s.Call != nil {
				call = *s.Call
			}
			args = append(args, mig, string(s.Instance), string(s.Step), cmp.Or(string(s.Kind), string(migration.KindNote)), string(s.Event))
			args = append(args, callArgs(call)...)
			args = append(args, string(s.Fate), facts, cut(s.Detail, maxDetail), s.Status, cut(cmp.Or(s.By, l.actor), maxName))
		}
		if _, err := q.ExecContext(ctx, insertLines+repeat(insertLinesRow, n), args...); err != nil {
			return err
		}
		lines = lines[n:]
	}
	return nil
}

func scanLine(row scanner) (s migration.StepLine, err error) {
	var call migration.Call
	var facts string
	into := append([]any{&s.ID, &s.Instance, &s.Step, &s.Kind, &s.Event}, callFields(&call)...)
	if err := row.Scan(append(into, &s.Fate, &facts, &s.Detail, &s.Status, &s.By, &s.At)...); err != nil {
		return s, err
	}
	if call.Verb != "" {
		s.Call = &call
	}
	if facts != "" {
		if err := json.Unmarshal([]byte(facts), &s.Facts); err != nil {
			return s, fmt.Errorf("line %d: %w: %w", s.ID, errUndecodable, err)
		}
	}
	return s, nil
}

// encodeFacts returns "" where there are none.
func encodeFacts(facts migration.Facts) (string, error) {
	text, err := json.Marshal(facts)
	if err != nil {
		return "", fmt.Errorf("encode the facts of a line: %w", err)
	}
	if string(text) == "{}" {
		return "", nil
	}
	return string(text), nil
}

// callArgs and callFields are the columns of a call, in the order of callColumns.
func callArgs(c migration.Call) []any {
	return []any{
		string(c.Verb), string(c.Target), string(c.Activity), string(c.ActivityID), string(c.User), c.Variable, c.Abort, c.Earlier, c.Snapshot,
	}
}

func callFields(c *migration.Call) []any {
	return []any{&c.Verb, &c.Target, &c.Activity, &c.ActivityID, &c.User, &c.Variable, &c.Abort, &c.Earlier, &c.Snapshot}
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
