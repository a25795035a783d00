package seed

import (
	"context"
	"database/sql"
	"fmt"
)

// batch collects rows and writes them in multi-row statements, parents first.
type batch struct {
	tx     *sql.Tx
	order  []table
	rows   map[string][][]any
	stored int
	total  int
}

func newBatch(tx *sql.Tx, order []table) *batch {
	return &batch{tx: tx, order: order, rows: map[string][][]any{}}
}

func (b *batch) add(t table, values ...any) {
	if len(values) != len(t.columns) {
		panic(fmt.Sprintf("seed: %d values for the %d columns of %s", len(values), len(t.columns), t.name))
	}
	b.rows[t.name] = append(b.rows[t.name], values)
	b.stored++
}

func (b *batch) flush(ctx context.Context) error {
	for _, t := range b.order {
		if err := b.write(ctx, t, b.rows[t.name]); err != nil {
			return fmt.Errorf("writing %s: %w", t.name, err)
		}
	}
	clear(b.rows)
	b.total += b.stored
	b.stored = 0
	return nil
}

func (b *batch) write(ctx context.Context, t table, rows [][]any) error {
	most := min(maxRows, maxParameters/len(t.columns))
	for len(rows) > 0 {
		n, size := 0, 0
		var args []any
		for n < len(rows) && n < most && size < maxBytes {
			for _, v := range rows[n] {
				switch x := v.(type) {
				case string:
					size += len(x)
				case []byte:
					size += len(x)
				}
			}
			args = append(args, rows[n]...)
			n++
		}
		if _, err := b.tx.ExecContext(ctx, insert(t, n), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
