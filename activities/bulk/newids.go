package bulk

import (
	"context"

	"jogetferry/migration"
	"jogetferry/records"
)

// newIDs tells the records that have another ID on the target.
type newIDs struct{ *Activities }

func (n newIDs) Any(ctx context.Context) (bool, error) {
	return n.Ledger.AnyRekeys(ctx, n.Source.Fingerprint, n.Target.Fingerprint)
}

func (n newIDs) Of(ctx context.Context, ids []migration.RecordID) (migration.Rekeys, error) {
	return n.Rekeys(ctx, n.Key(migration.BulkOwner), ids)
}

// rekeying says where rows name records, by the forms of the apps that are copied and of
// those of the plan, which has given records new IDs.
func (act *Activities) rekeying(ctx context.Context, mig migration.Name) (records.Rekeying, error) {
	r := records.Rekeying{Model: act.Settings.Extra, Columns: act.Settings.RekeyColumns.Columns}
	bulk, err := act.Ledger.Bulk(ctx, mig)
	if err != nil {
		return r, err
	}
	groups, err := act.Ledger.PilotGroups(ctx, mig, migration.Filter{})
	if err != nil {
		return r, err
	}
	apps := map[string]bool{}
	for _, app := range bulk.Scope.Apps {
		apps[app] = true
	}
	for _, g := range groups {
		apps[g.Definition.Package] = true
	}
	for app := range apps {
		forms, err := act.Source.Catalog.Forms(ctx, app)
		if err != nil {
			return r, err
		}
		r.Model = r.Model.Union(forms.Model)
	}
	return r, nil
}
