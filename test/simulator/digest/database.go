package digest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"jogetferry/test/simulator/schema"
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
		layouts, err := layoutsOf(ctx, tx)
		if err != nil {
			return fmt.Errorf("reading the catalogue: %w", err)
		}
		for name, l := range layouts {
			if slices.Contains(opts.Exclude, name) {
				continue
			}
			if out[name], err = ofTable(ctx, tx, name, l); err != nil {
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

// layout is what a table looks like.
type layout struct {
	described string   // Table.Columns
	columns   []string // in order
	key       []string // primary key, or all columns
}

func layoutsOf(ctx context.Context, tx *sql.Tx) (map[string]layout, error) {
	layouts := map[string]layout{}
	columns, err := texts(ctx, tx, 4, selectColumns)
	if err != nil {
		return nil, err
	}
	for _, c := range columns {
		l := layouts[c[0]]
		l.columns = append(l.columns, c[1])
		l.described += c[1] + " " + c[2] + " " + c[3] + "; "
		layouts[c[0]] = l
	}
	primary, err := texts(ctx, tx, 2, selectPrimary)
	if err != nil {
		return nil, err
	}
	for _, p := range primary {
		l := layouts[p[0]]
		l.key = append(l.key, p[1])
		layouts[p[0]] = l
	}
	for name, l := range layouts {
		if l.key == nil {
			l.key = l.columns
			layouts[name] = l
		}
	}
	return layouts, nil
}

func ofTable(ctx context.Context, tx *sql.Tx, name string, l layout) (Table, error) {
	t := Table{Columns: l.described, ByKey: map[string]Sum{}}
	cells := make([]sql.RawBytes, len(l.columns))
	targets := make([]any, len(l.columns))
	for i := range cells {
		targets[i] = &cells[i]
	}
	whole := sha256.New()
	err := schema.Each(ctx, tx, func(scan func(...any) error) error {
		if err := scan(targets...); err != nil {
			return err
		}
		sum := sha256.Sum256(encode(cells))
		whole.Write(sum[:])
		t.ByKey[keyOf(l.columns, l.key, cells)] = sum
		t.Rows++
		return nil
	}, selectRows(name, l.columns, l.key))
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
