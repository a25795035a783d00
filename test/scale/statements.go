package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// muchRead is how many rows a statement reads that is shown with the server's plan for it.
const muchRead = 5_000

// statement is one that read much.
type statement struct {
	text string // its first words
	rows int    // examined
	took time.Duration
	plan string // what EXPLAIN says: table, access, key, rows
}

func (s statement) String() string {
	return fmt.Sprintf("%.1f ms, %d rows examined: %s [%s]", float64(s.took.Microseconds())/1000, s.rows, s.text, s.plan)
}

// statements is what the server notes of all that runs in a database. The server is ours
// alone, and nothing else uses the database meanwhile.
type statements struct {
	admin    *sql.DB
	database string
}

// watchStatements has the server note every statement of connections that are made
// from now on.
func watchStatements(ctx context.Context, admin *sql.DB) (*statements, error) {
	for _, statement := range noteStatements {
		if _, err := admin.ExecContext(ctx, statement); err != nil {
			return nil, fmt.Errorf("have statements noted: %w", err)
		}
	}
	s := &statements{admin: admin}
	return s, admin.QueryRowContext(ctx, selectDatabase).Scan(&s.database)
}

// measure does u once. ping is sent after it by the same connection: the server notes a
// statement after it has answered.
func (s *statements) measure(ctx context.Context, u use, ping func(context.Context) error) (measured, error) {
	m := measured{what: u.what, bound: u.bound, most: u.most}
	if _, err := s.admin.ExecContext(ctx, forgetNoted); err != nil {
		return m, fmt.Errorf("forget what was noted: %w", err)
	}
	begun := time.Now()
	if err := u.do(ctx); err != nil {
		return m, err
	}
	m.took = time.Since(begun)
	if err := ping(ctx); err != nil {
		return m, err
	}
	err := s.admin.QueryRowContext(ctx, selectRead, s.database).Scan(&m.statements, &m.rows)
	if err != nil {
		return m, fmt.Errorf("count the rows that were read: %w", err)
	}
	m.slowest, err = s.largest(ctx)
	return m, err
}

// largest returns what read much, each kind of statement once.
func (s *statements) largest(ctx context.Context) ([]statement, error) {
	rows, err := s.admin.QueryContext(ctx, selectLargest, s.database, muchRead)
	if err != nil {
		return nil, fmt.Errorf("read what was noted: %w", err)
	}
	defer rows.Close()
	var found []statement
	seen := map[string]bool{}
	for rows.Next() {
		var micros float64
		var one statement
		if err := rows.Scan(&micros, &one.rows, &one.text); err != nil {
			return nil, fmt.Errorf("read what was noted: %w", err)
		}
		one.took = time.Duration(micros) * time.Microsecond
		full := one.text
		if one.text = head(full); seen[one.text] {
			continue
		}
		seen[one.text] = true
		one.plan = s.explain(ctx, full)
		found = append(found, one)
	}
	return found, rows.Err()
}

const headRunes = 110

// head is the beginning of a statement, on one line.
func head(text string) string {
	words := []rune(strings.Join(strings.Fields(text), " "))
	if from := strings.Index(string(words), " FROM "); from > headRunes/2 && strings.HasPrefix(string(words), "SELECT ") {
		words = []rune("SELECT ..." + string(words)[from:])
	}
	return string(words[:min(len(words), headRunes)])
}

// explain is the server's plan for a statement, or why it tells none.
func (s *statements) explain(ctx context.Context, text string) string {
	rows, err := s.admin.QueryContext(ctx, explainNoted+text)
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	columns, err := rows.Columns()
	var parts []string
	for err == nil && rows.Next() {
		cells := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		err = rows.Scan(into...)
		told := map[string]string{}
		for i, c := range columns {
			told[c] = cells[i].String
		}
		parts = append(parts, fmt.Sprintf("%s %s %s %s", told["table"], told["type"], told["key"], told["Extra"]))
	}
	if err := errors.Join(err, rows.Err()); err != nil {
		return err.Error()
	}
	return strings.Join(parts, "; ")
}
