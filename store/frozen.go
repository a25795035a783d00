package store

import (
	"context"
	"database/sql"

	"jogetferry/migration"
)

// SavePackages keeps package files as they are when a plan is made, in place of what an earlier
// plan kept of the same versions. It is safe to repeat.
func (l *Ledger) SavePackages(ctx context.Context, mig migration.Name, packages []migration.FrozenPackage) error {
	const op = "keep package files"
	return l.tx(ctx, op, string(mig), func(tx *sql.Tx) error {
		for _, p := range packages {
			blob, err := pack(p.XPDL)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, upsertPackage, mig, string(p.Role), p.Package, p.Version, blob); err != nil {
				return err
			}
		}
		return nil
	})
}

// Packages returns the package files that plans have kept, by server, package and version.
func (l *Ledger) Packages(ctx context.Context, mig migration.Name) ([]migration.FrozenPackage, error) {
	var all []migration.FrozenPackage
	err := each(ctx, l.db, queryPackages, []any{mig}, func(row scanner) error {
		var p migration.FrozenPackage
		var blob []byte
		err := row.Scan(&p.Role, &p.Package, &p.Version, &blob)
		if err != nil {
			return err
		}
		p.XPDL, err = unpack(blob)
		all = append(all, p)
		return err
	})
	return all, failure("read package files", string(mig), err)
}

// ActivityCounts counts how the open activities of the instances that are done compared, by
// definition of the source and activity.
func (l *Ledger) ActivityCounts(ctx context.Context, mig migration.Name) ([]migration.ActivityCount, error) {
	var all []migration.ActivityCount
	err := each(ctx, l.db, queryActivityCounts, []any{mig}, func(row scanner) error {
		var c migration.ActivityCount
		var definition string
		err := row.Scan(&definition, &c.Activity, &c.Result, &c.Instances)
		if err != nil {
			return err
		}
		c.Definition, err = parseDefinition(definition)
		all = append(all, c)
		return err
	})
	return all, failure("count activities", string(mig), err)
}
