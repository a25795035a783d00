package records

import (
	"context"
	"fmt"
	"slices"

	"jogetferry/migration"
)

// Above returns what rows of one table are part of: for each its own id, and those that it
// holds in columns that model names as the parent's, of these rows, too, and so on. A row that is
// not there has its own id alone. It is read-only.
func (t Target) Above(ctx context.Context, model migration.FormModel, keys []migration.RowKey) (map[migration.RowKey][]migration.RecordID, error) {
	above := make(map[migration.RowKey][]migration.RecordID, len(keys))
	below := map[migration.RowKey][]migration.RowKey{} // of those whose turn it is, the rows of keys that are part of them
	for _, key := range keys {
		above[key] = []migration.RecordID{key.ID}
		below[key] = []migration.RowKey{key}
	}
	for len(below) > 0 {
		next := map[migration.RowKey][]migration.RowKey{}
		for _, r := range model.Relations {
			if r.Kind != migration.RelationChildHoldsParent {
				continue
			}
			held, err := t.holdsIn(ctx, r, below)
			if err != nil {
				return nil, err
			}
			for key, parent := range held {
				for _, part := range below[key] {
					if !slices.Contains(above[part], parent.ID) {
						above[part] = append(above[part], parent.ID)
						next[parent] = append(next[parent], part)
					}
				}
			}
		}
		below = next
	}
	return above, nil
}

// holdsIn returns by row the one that it holds by a relation, for those of rows that are children in it.
func (t Target) holdsIn(ctx context.Context, r migration.Relation, rows map[migration.RowKey][]migration.RowKey) (map[migration.RowKey]migration.RowKey, error) {
	var ids []migration.RecordID
	for key := range rows {
		if key.Table == r.Child {
			ids = append(ids, key.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	there, ok, err := t.Schema.Table(ctx, t.DB, r.Child)
	if err != nil || !ok || there.View {
		return nil, err
	}
	l, ok := newLayout(there)
	holds, has := there.column(fieldColumn(r.Column))
	if !ok || !has {
		return nil, nil
	}
	only := &layout{table: there, columns: []*Column{l.columns[l.id], holds}, names: []string{idColumn, holds.Name}}
	held := map[migration.RowKey]migration.RowKey{}
	for part := range slices.Chunk(texts(ids), batchKeys) {
		err := rowSelection{layout: only, column: idColumn, values: part}.look(ctx, t.DB, func(row Row) error {
			if value := row.Values[1]; len(value) > 0 {
				held[row.Key] = migration.RowKey{Table: r.Parent, ID: migration.RecordID(value)}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return held, nil
}

// Keep has images keep what rows of one table hold on the target now, before they are
// removed. Rows that are not there are left out.
func (t Target) Keep(ctx context.Context, images Images, keys []migration.RowKey) error {
	for part := range slices.Chunk(keys, undoRows) {
		ids := make([]migration.RecordID, len(part))
		for i, key := range part {
			ids[i] = key.ID
		}
		var kept []Image
		err := Side{Q: t.DB, Schema: t.Schema}.Each(ctx, part[0].Table, ids, func(row Row) error {
			digest := row.Digest()
			kept = append(kept, Image{Key: row.Key, Existed: true, Digest: digest, WrittenDigest: digest, Data: EncodeRow(row)})
			return nil
		})
		if err != nil {
			return err
		}
		if len(kept) == 0 {
			continue
		}
		if err := images.Keep(ctx, kept); err != nil {
			return fmt.Errorf("keep images of rows: %w", err)
		}
	}
	return nil
}

// Turns returns in which turn rows of each table are removed: after those that hold ids of
// them, by relations or by a foreign key of the database. Tables that hold one another have the same one,
// or one after the other.
func (t Target) Turns(ctx context.Context, tables []string, relations []migration.Relation) (map[string]int, error) {
	tied, err := t.tied(ctx, tables)
	if err != nil {
		return nil, err
	}
	relations = slices.Concat(relations, tied)
	turns := make(map[string]int, len(tables))
	for _, table := range holdersFirst(tables, relations) {
		turns[table] = 0
		for _, r := range relations {
			holder, named, ok := holding(r)
			if turn, before := turns[holder]; ok && before && named == table && holder != table {
				turns[table] = max(turns[table], turn+1)
			}
		}
	}
	return turns, nil
}

// tied returns the foreign keys between tables as relations.
func (t Target) tied(ctx context.Context, tables []string) ([]migration.Relation, error) {
	names := map[string]string{} // by the name in the database
	for _, name := range tables {
		there, ok, err := t.Schema.Table(ctx, t.DB, name)
		if err != nil {
			return nil, err
		}
		if ok {
			names[there.Real] = name
		}
	}
	rows, err := t.DB.QueryContext(ctx, foreignKeysQuery)
	if err != nil {
		return nil, failed("look for foreign keys", "form tables", err)
	}
	defer rows.Close()
	var tied []migration.Relation
	for rows.Next() {
		var holder, named string
		if err := rows.Scan(&holder, &named); err != nil {
			return nil, failed("look for foreign keys", "form tables", err)
		}
		if names[holder] != "" && names[named] != "" {
			tied = append(tied, migration.Relation{Parent: names[named], Child: names[holder], Kind: migration.RelationChildHoldsParent})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, failed("look for foreign keys", "form tables", err)
	}
	return tied, nil
}
