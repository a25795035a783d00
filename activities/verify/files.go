package verify

import (
	"context"
	"slices"

	"jogetferry/activities/step"
	"jogetferry/activities/transfer"
	"jogetferry/migration"
	"jogetferry/uploads"
)

// files compares the files of the records of both sides, after what tools did
// to them was put back.
func (v *verification) files(ctx context.Context, source *transfer.Source) error {
	act := v.act
	keys, err := act.Keys(ctx, v.opened, v.snapshot)
	if err != nil {
		return err
	}
	compared, err := v.compare(ctx, keys)
	if err != nil {
		return err
	}
	var ran []uploads.Key
	if v.opened.Captured {
		if ran, err = act.copy.RanFiles(ctx, v.in.StepInput, compared.Differences); err != nil {
			return err
		}
	}
	if v.in.Fix && !v.workedOn {
		wanted := source.Rekeying.Set(source.Set)
		reverted, err := act.copy.RevertFiles(ctx, v.opened, &v.snapshot.Instance, &wanted, keys, compared.Differences)
		if err != nil {
			return err
		}
		v.unsure = reverted.Unsure
		if reverted.Changed {
			if compared, err = v.compare(ctx, keys); err != nil {
				return err
			}
		}
	}
	for _, d := range compared.Differences {
		if slices.Contains(ran, d.Key) {
			v.add(migration.ItemFile, d.Key.String(), migration.ItemSame, migration.AsTools)
			continue
		}
		// The kinds of files are results.
		v.add(migration.ItemFile, d.Key.String(), migration.ItemResult(d.Kind), "")
	}
	for _, key := range compared.Same {
		v.add(migration.ItemFile, key.String(), migration.ItemSame, "")
	}
	return nil
}

// compare reads the files of both sides, which may take days: another attempt goes on
// where this one is cut. keys are those of the rows of the snapshot.
func (v *verification) compare(ctx context.Context, keys migration.Rekeys) (uploads.Comparison, error) {
	var from uploads.Compared
	step.Remembered(ctx, &from)
	return uploads.CompareFrom(ctx, uploads.Rekeyed(v.act.Source.Files(), keys), v.act.Target.Files(), keys.Rows(v.snapshot.RowKeys()), from, func(to uploads.Compared) error { return step.Remember(ctx, to) })
}
