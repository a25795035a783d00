package step

import (
	"cmp"
	"context"
	"slices"

	"jogetferry/migration"
)

// Rekeys returns which of some IDs are records of the source of key that have another ID
// on its target; what cannot be a record is none.
func (s *Servers) Rekeys(ctx context.Context, key migration.ClaimKey, ids []migration.RecordID) (migration.Rekeys, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id migration.RecordID) bool { return !id.Possible() })
	if len(ids) == 0 {
		return nil, nil
	}
	return s.Ledger.Rekeys(ctx, key.Source, key.Target, ids)
}

// RekeysOf is Rekeys for an instance that was opened: where no record had another ID then,
// nothing is asked.
func (s *Servers) RekeysOf(ctx context.Context, i *Opened, ids []migration.RecordID) (migration.Rekeys, error) {
	if !i.Rekeyed {
		return nil, nil
	}
	return s.Rekeys(ctx, i.Key, ids)
}

// TargetRecord returns the ID that the record of an instance has on the target.
func (i *Opened) TargetRecord() migration.RecordID {
	return cmp.Or(i.Entry.TargetRecord, i.Entry.Record)
}

// WantedTree returns what the target shall have of a tree of the source: what is mapped
// (migration.Mapping), and the records that have another ID there.
func (s *Servers) WantedTree(ctx context.Context, i *Opened, t *migration.Tree) (*migration.Tree, error) {
	columns := s.Settings.RekeyColumns
	rekeys, err := s.RekeysOf(ctx, i, columns.Named(t))
	return s.Settings.WantedTree(columns.Rewritten(t, rekeys)), err
}

// Keys returns which records of the set of a snapshot, its own included, have another ID
// on the target: what the keys of its rows and files go by.
func (s *Servers) Keys(ctx context.Context, i *Opened, snapshot *migration.Snapshot) (migration.Rekeys, error) {
	ids := []migration.RecordID{snapshot.Instance.Record}
	for _, row := range snapshot.Rows {
		ids = append(ids, row.ID)
	}
	slices.Sort(ids)
	return s.RekeysOf(ctx, i, slices.Compact(ids))
}
