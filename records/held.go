package records

import (
	"context"
	"slices"

	"jogetferry/migration"
)

// held returns which of values a column of rows of a table holds, besides rows that
// but names: who else uses a row with such an id, in a spelling that the server finds
// it under. A table or column that is not there holds nothing.
func (t Target) held(ctx context.Context, table, column string, values []string, but func(migration.RowKey) bool) (map[string]bool, error) {
	there, ok, err := t.Schema.Table(ctx, t.DB, table)
	if err != nil || !ok || there.View {
		return nil, err
	}
	c, ok := there.column(column)
	if !ok {
		return nil, nil
	}
	found := map[string]bool{}
	return found, t.holders(ctx, there, c, values, but, found)
}

// holders adds to found those of values that rows of a table hold in a column.
func (t Target) holders(ctx context.Context, there *Table, c *Column, values []string, but func(migration.RowKey) bool, found map[string]bool) error {
	holding, err := t.rowsHolding(ctx, there, c, values)
	if err != nil {
		return err
	}
	unlike := false
	for id, value := range holding {
		if but(migration.RowKey{Table: there.Name, ID: id}) {
			continue
		}
		switch {
		case slices.Contains(values, value):
			found[value] = true
		case familyOf(c.Type) != familyText: // a number is equal to any text that begins with it
		case len(values) == 1:
			found[values[0]] = true
		default:
			unlike = true
		}
	}
	if !unlike {
		return nil
	}
	// Which of the values the server takes one for only the server can tell.
	for half := range slices.Chunk(values, (len(values)+1)/2) {
		if err := t.holders(ctx, there, c, half, but, found); err != nil {
			return err
		}
	}
	return nil
}

// rowsHolding returns by id what a column of a table holds that the server takes for one of values.
func (t Target) rowsHolding(ctx context.Context, there *Table, c *Column, values []string) (map[migration.RecordID]string, error) {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	problem := func(err error) error { return failed("look for other users of a row", "table "+there.Real, err) }
	rows, err := t.DB.QueryContext(ctx, referringQuery(there.Real, c.Name, len(values)), args...)
	if err != nil {
		return nil, problem(err)
	}
	defer rows.Close()
	found := map[migration.RecordID]string{}
	for rows.Next() {
		var id migration.RecordID
		var value string
		if err := rows.Scan(&id, &value); err != nil {
			return nil, problem(err)
		}
		found[id] = value
	}
	if err := rows.Err(); err != nil {
		return nil, problem(err)
	}
	return found, nil
}

// holding returns the table and the field of the relation that hold the ids of rows of
// another table; ok is false where ids are shared, so that none holds another.
func holding(r migration.Relation) (holder, named string, ok bool) {
	switch r.Kind {
	case migration.RelationParentHoldsChild:
		return r.Parent, r.Child, true
	case migration.RelationChildHoldsParent:
		return r.Child, r.Parent, true
	case migration.RelationSameID:
	}
	return "", "", false
}

// holdersFirst sorts tables so that one whose rows hold ids of rows of another comes
// before it; the alphabet decides the rest, and goes on where they hold one another.
func holdersFirst(tables []string, relations []migration.Relation) []string {
	left := slices.Sorted(slices.Values(tables))
	sorted := make([]string, 0, len(left))
	for len(left) > 0 {
		n := slices.IndexFunc(left, func(table string) bool {
			return !slices.ContainsFunc(relations, func(r migration.Relation) bool {
				holder, named, ok := holding(r)
				return ok && named == table && holder != table && slices.Contains(left, holder)
			})
		})
		n = max(n, 0)
		sorted = append(sorted, left[n])
		left = slices.Delete(left, n, n+1)
	}
	return sorted
}
