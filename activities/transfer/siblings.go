package transfer

import (
	"context"

	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/uploads"
)

// useOf returns which open instance of the target uses a record that no source instance
// became: somebody else's work. What other migrated instances use the ledger knows.
func (act *Activities) useOf(ctx context.Context, claim *migration.Claim, record migration.RecordID) (migration.RecordUse, error) {
	linked, err := act.Target.Fresh().LinkedInstances(ctx, record)
	if err != nil {
		return migration.RecordUse{}, err
	}
	explained, err := act.Ledger.Explained(ctx, act.Target.Fingerprint, linked)
	return claim.UseOf(linked, explained), err
}

// images returns what the ledger has of the rows and files of an instance. Where another
// instance uses the record, what would be removed stays, and everything where that came
// after our start: then what it found there was ours.
func (act *Activities) images(mig migration.Name, key migration.ClaimKey, used migration.RecordUse) (records.RowUndoer, uploads.FileUndoer) {
	rows, files := act.Ledger.RowUndo(mig, key), act.Ledger.FileUndo(mig, key)
	if used.By != "" {
		return keptRows{rows, used.Since}, keptFiles{files, used.Since}
	}
	return rows, files
}

// keptRows leaves rows as they are that were not there before, or all. Undo lists what has
// no way back as a conflict.
type keptRows struct {
	records.RowUndoer

	all bool
}

// Ways has no way back for rows that are left.
func (k keptRows) Ways(ctx context.Context, keys []migration.RowKey) (map[migration.RowKey]migration.RowUndo, error) {
	ways, err := k.RowUndoer.Ways(ctx, keys)
	for key, way := range ways {
		if k.all || way.Image != nil && !way.Image.Existed {
			way.Image = nil
			ways[key] = way
		}
	}
	return ways, err
}

// keptFiles is keptRows for files.
type keptFiles struct {
	uploads.FileUndoer

	all bool
}

// Ways has no way back for files that are left.
func (k keptFiles) Ways(ctx context.Context, keys []migration.FileKey) (map[migration.FileKey]migration.FileUndo, error) {
	ways, err := k.FileUndoer.Ways(ctx, keys)
	for key, way := range ways {
		if k.all || way.Image != nil && !way.Image.Existed {
			way.Image = nil
			ways[key] = way
		}
	}
	return ways, err
}
