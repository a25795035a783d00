package digest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"jogetferry/simulator/schema"
)

// Sum is a SHA-256.
type Sum [sha256.Size]byte

// Database is the digest of a database: table name -> table.
type Database map[string]Table

// Table is the digest of one table.
type Table struct {
	Columns string         // names, types and nullability in order, one line
	Rows    int            // number of rows
	Sum     Sum            // over all rows in the order of the primary key, or of all columns if there is none
	ByKey   map[string]Sum // primary key values joined by "|" -> row; without a primary key, the whole row
}

// DatabaseOptions narrow a database digest. The zero value takes everything.
type DatabaseOptions struct {
	Exclude []string // table names, exact
}

// OfDatabase digests the database db is connected to, in one read-only
// REPEATABLE READ transaction. Every column of every row counts as bytes, NULL
// apart from ”. Tables are ordered by name.
func OfDatabase(ctx context.Context, db *sql.DB, opts DatabaseOptions) (Database, error) {
	out := Database{}
	snapshot := &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	err := schema.InTransaction(ctx, db, snapshot, func(tx *sql.Tx) error {
		tables, err := texts(ctx, tx, 1, selectTables)
		if err != nil {
			return fmt.Errorf("listing tables: %w", err)
		}
		for _, t := range tables {
			name := t[0]
			if slices.Contains(opts.Exclude, name) {
				continue
			}
			if out[name], err = ofTable(ctx, tx, name); err != nil {
				return fmt.Errorf("digesting table %s: %w", name, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func ofTable(ctx context.Context, tx *sql.Tx, name string) (Table, error) {
	described, err := texts(ctx, tx, 3, selectColumns, name)
	if err != nil {
		return Table{}, err
	}
	t := Table{ByKey: map[string]Sum{}}
	var columns, key []string
	for _, c := range described {
		columns = append(columns, c[0])
		t.Columns += c[0] + " " + c[1] + " " + c[2] + "; "
	}
	primary, err := texts(ctx, tx, 1, selectPrimary, name)
	if err != nil {
		return Table{}, err
	}
	for _, p := range primary {
		key = append(key, p[0])
	}
	if len(key) == 0 {
		key = columns
	}
	cells := make([]sql.RawBytes, len(columns))
	targets := make([]any, len(columns))
	for i := range cells {
		targets[i] = &cells[i]
	}
	whole := sha256.New()
	err = schema.Each(ctx, tx, func(scan func(...any) error) error {
		if err := scan(targets...); err != nil {
			return err
		}
		sum := sha256.Sum256(encode(cells))
		whole.Write(sum[:])
		t.ByKey[keyOf(columns, key, cells)] = sum
		t.Rows++
		return nil
	}, selectRows(name, columns, key))
	whole.Sum(t.Sum[:0])
	return t, err
}

// encode writes a row so that no two different rows look alike: per cell a
// marker for NULL or the length and the bytes.
func encode(cells []sql.RawBytes) []byte {
	var out []byte
	for _, c := range cells {
		if c == nil {
			out = append(out, 0)
			continue
		}
		out = append(out, 1)
		out = binary.AppendUvarint(out, uint64(len(c)))
		out = append(out, c...)
	}
	return out
}

func keyOf(columns, key []string, cells []sql.RawBytes) string {
	var parts []string
	for i, c := range columns {
		if slices.Contains(key, c) {
			parts = append(parts, string(cells[i]))
		}
	}
	return strings.Join(parts, "|")
}

// texts reads a small result of n text columns.
func texts(ctx context.Context, tx *sql.Tx, n int, query string, args ...any) ([][]string, error) {
	var out [][]string
	err := schema.Each(ctx, tx, func(scan func(...any) error) error {
		row := make([]string, n)
		targets := make([]any, n)
		for i := range row {
			targets[i] = &row[i]
		}
		out = append(out, row)
		return scan(targets...)
	}, query, args...)
	return out, err
}
