package verify

import (
	"context"

	"jogetferry/migration"
	"jogetferry/records"
	"jogetferry/uploads"
)

// files compares the files of the records of both sides, after what tools did
// to them was put back.
func (v *verification) files(ctx context.Context, source *records.Set) error {
	act, rows := v.act, v.snapshot.RowKeys()
	compared, err := uploads.Compare(ctx, act.Source.Uploads, act.Target.Uploads, rows)
	if err != nil {
		return err
	}
	if v.in.Fix && !v.workedOn {
		reverted, err := act.copy.RevertFiles(ctx, v.in.StepInput, &v.snapshot.Instance, source, compared.Differences)
		if err != nil {
			return err
		}
		v.unsure = reverted.Unsure
		if reverted.Changed {
			if compared, err = uploads.Compare(ctx, act.Source.Uploads, act.Target.Uploads, rows); err != nil {
				return err
			}
		}
	}
	for _, d := range compared.Differences {
		// The kinds of files are results.
		v.add(migration.ItemFile, d.Key.String(), migration.ItemResult(d.Kind), "")
	}
	for _, key := range compared.Same {
		v.add(migration.ItemFile, key.String(), migration.ItemSame, "")
	}
	return nil
}
