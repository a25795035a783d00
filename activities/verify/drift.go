package verify

import (
	"context"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/schema"
	"jogetferry/migration"
)

// CheckDrift compares a page of what is done with the source as it is now: what
// its engine has of an instance and the subflows below it, against the snapshot
// that the target was made from. It reads only.
func (act *Activities) CheckDrift(ctx context.Context, in contract.ListInput) (contract.DriftPage, error) {
	if _, err := act.Bound(ctx, in.Migration); err != nil {
		return contract.DriftPage{}, err
	}
	done, next, err := act.Ledger.Entries(ctx, in.Migration, migration.Filter{States: []migration.InstanceState{migration.InstanceDone}}, in.After, in.Limit)
	page := contract.DriftPage{Next: next}
	if err != nil || len(done) == 0 {
		return page, err
	}
	ids := make([]migration.InstanceID, len(done))
	for i := range done {
		ids[i] = done[i].Instance
	}
	var trees []migration.Tree
	err = act.Source.Snapshot(ctx, func(ctx context.Context, s *schema.Snap) (err error) {
		trees, err = s.Trees(ctx, ids)
		return err
	})
	if err != nil {
		return page, err
	}
	now := make(map[migration.InstanceID]*migration.Tree, len(trees))
	for i := range trees {
		now[trees[i].Instance.ID] = &trees[i]
	}
	for _, id := range ids {
		step.Headway(ctx)
		snapshot, err := act.Ledger.Snapshot(ctx, in.Migration, id)
		if err != nil {
			return page, err
		}
		tree := now[id]
		switch {
		case tree == nil || !tree.Instance.State.Open():
			page.Drifted = append(page.Drifted, contract.Drifted{Instance: id, Closed: true})
		case !snapshot.Unchanged(tree):
			page.Drifted = append(page.Drifted, contract.Drifted{Instance: id})
		default:
			page.Still++
		}
	}
	return page, nil
}
