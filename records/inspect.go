package records

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"jogetferry/migration"
)

// Side is one database to look at; Schema is shared by all users of Q.
type Side struct {
	Q      Querier
	Schema *Schema
}

// Inspect compares a form table (without app_fd_) of both sides by Check and by
// unique keys. Nil: the source has no such table, no row in it, or all rows fit.
// It looks at no row; Refusals does. A view on the source is a mismatch by itself.
func Inspect(ctx context.Context, source, target Side, table string) ([]migration.Mismatch, error) {
	from, ok, err := source.Schema.Table(ctx, source.Q, table)
	if err != nil || !ok {
		return nil, err
	}
	if from.View {
		return []migration.Mismatch{{Table: table, Kind: migration.MismatchSourceView}}, nil
	}
	if some, err := source.Any(ctx, table); err != nil || !some {
		return nil, err
	}
	to, _, err := target.Schema.Table(ctx, target.Q, table)
	if err != nil {
		return nil, err
	}
	found := Check(from, to)
	if to == nil || to.View {
		return found, nil
	}
	unique, err := surplusKeys(ctx, source, target, from, to)
	return append(found, unique...), err
}

// Refusals returns a function that tells why Copy would refuse a row of a form
// table (without app_fd_) on this side: the table, which also means that the row is too
// large, or the columns that have no place for their value, "app_fd_x" and "app_fd_x.c_y";
// nil when it fits. What only the
// server can judge, such as a text in a column of numbers, it takes to fit.
func (s Side) Refusals(ctx context.Context, table string) (func(Row) []string, error) {
	t, ok, err := s.Schema.Table(ctx, s.Q, table)
	if err != nil {
		return nil, err
	}
	if !ok {
		return func(Row) []string { return []string{tablePrefix + table} }, nil
	}
	return t.Refusals(), nil
}

// Refusals is that of the side whose table t is, or will be.
func (t *Table) Refusals() func(Row) []string {
	whole := tablePrefix + t.Name
	l, err := t.writable()
	if err != nil {
		return func(Row) []string { return []string{whole} }
	}
	var names []string
	var columns []*Column
	return func(row Row) (refused []string) {
		if !slices.Equal(names, row.Names) {
			names, columns = row.Names, l.of(row.Names)
		}
		if l.tooLarge(&row) != "" {
			refused = append(refused, whole)
		}
		for column := range l.misfits(&row, columns) {
			refused = append(refused, whole+"."+column)
		}
		return refused
	}
}

// surplusKeys returns the unique keys of the target over columns that no
// unique key of the source has all of.
func surplusKeys(ctx context.Context, source, target Side, from, to *Table) ([]migration.Mismatch, error) {
	theirs, err := uniqueKeys(ctx, target.Q, to)
	if err != nil || len(theirs) == 0 {
		return nil, err
	}
	ours, err := uniqueKeys(ctx, source.Q, from)
	if err != nil {
		return nil, err
	}
	var found []migration.Mismatch
	for _, key := range theirs {
		// A key of the source over some of its columns is the stricter one.
		kept := slices.ContainsFunc(ours, func(own uniqueKey) bool { return within(own.columns, key.columns) })
		if !kept && !within([]string{idColumn}, key.columns) {
			found = append(found, migration.Mismatch{Table: from.Name, Column: strings.Join(key.columns, ", "), Kind: migration.MismatchUnique, Target: key.name})
		}
	}
	return found, nil
}

// uniqueKey is a key that no two rows of a table may share; columns in its order.
type uniqueKey struct {
	name    string
	columns []string
}

func within(some, all []string) bool {
	return !slices.ContainsFunc(some, func(name string) bool {
		return !slices.ContainsFunc(all, func(other string) bool { return strings.EqualFold(name, other) })
	})
}

// uniqueKeys returns the unique keys of a table besides the primary one.
func uniqueKeys(ctx context.Context, q Querier, t *Table) ([]uniqueKey, error) {
	rows, err := q.QueryContext(ctx, uniqueKeysQuery, t.Real)
	if err != nil {
		return nil, failed("read unique keys", "table "+t.Real, err)
	}
	defer rows.Close()
	var keys []uniqueKey
	for rows.Next() {
		var name string
		var column sql.NullString // NULL for an expression
		if err := rows.Scan(&name, &column); err != nil {
			return nil, failed("read unique keys", "table "+t.Real, err)
		}
		if len(keys) == 0 || keys[len(keys)-1].name != name {
			keys = append(keys, uniqueKey{name: name})
		}
		last := &keys[len(keys)-1]
		last.columns = append(last.columns, column.String)
	}
	if err := rows.Err(); err != nil {
		return nil, failed("read unique keys", "table "+t.Real, err)
	}
	return keys, nil
}

// Any reports whether a form table (without app_fd_) exists and has a row; a view has none.
func (s Side) Any(ctx context.Context, table string) (bool, error) {
	t, ok, err := s.Schema.Table(ctx, s.Q, table)
	if err != nil || !ok || t.View {
		return false, err
	}
	rows, err := s.Q.QueryContext(ctx, anyRowQuery(t.Real))
	if err != nil {
		return false, failed("look for form rows", "table "+t.Real, err)
	}
	defer rows.Close()
	if rows.Next() {
		return true, nil
	}
	if err := rows.Err(); err != nil {
		return false, failed("look for form rows", "table "+t.Real, err)
	}
	return false, nil
}

// Each calls f with the rows of a form table (without app_fd_) whose id is one
// of ids as bytes, one at a time; none when the table does not exist. An error of f
// ends it and is returned.
func (s Side) Each(ctx context.Context, table string, ids []migration.RecordID, f func(Row) error) error {
	l, err := s.layout(ctx, table)
	if err != nil || l == nil {
		return err
	}
	wanted := make(map[migration.RecordID]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	for chunk := range slices.Chunk(texts(ids), batchKeys) {
		err := rowSelection{layout: l, column: idColumn, values: chunk}.each(ctx, s.Q, func(row Row) error {
			if !wanted[row.Key.ID] {
				return nil
			}
			return f(row)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// IDs returns the ids of rows that the server finds equal to one of ids, those
// that differ by case, accents or trailing spaces included where its collation ignores them.
func (s Side) IDs(ctx context.Context, table string, ids []migration.RecordID) ([]migration.RecordID, error) {
	l, err := s.layout(ctx, table)
	if err != nil || l == nil {
		return nil, err
	}
	only := &layout{table: l.table, columns: l.columns[l.id : l.id+1], names: l.names[l.id : l.id+1]}
	var found []migration.RecordID
	for chunk := range slices.Chunk(texts(ids), batchKeys) {
		err := rowSelection{layout: only, column: idColumn, values: chunk}.each(ctx, s.Q, func(row Row) error {
			found = append(found, row.Key.ID)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// layout is nil for a table that does not exist, is a view, or is no form table.
func (s Side) layout(ctx context.Context, table string) (*layout, error) {
	t, ok, err := s.Schema.Table(ctx, s.Q, table)
	if err != nil || !ok || t.View {
		return nil, err
	}
	l, ok := newLayout(t)
	if !ok {
		return nil, nil
	}
	return l, nil
}

func texts(ids []migration.RecordID) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = string(id)
	}
	return list
}
