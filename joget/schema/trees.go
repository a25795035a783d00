package schema

import (
	"cmp"
	"context"
	"slices"

	"jogetferry/migration"
)

// Tree reads an instance in full, and the synchronous subflows open below it;
// see Below. CodeNotFound: the engine has no row of it.
func (r *Reader) Tree(ctx context.Context, id migration.InstanceID) (migration.Tree, error) {
	i, err := r.Instance(ctx, id)
	if err != nil {
		return migration.Tree{}, err
	}
	trees, err := r.Below(ctx, []migration.Instance{i})
	if err != nil {
		return migration.Tree{}, err
	}
	return trees[0], nil
}

// Trees reads what Tree does of several instances, in the order of ids. Those
// that the engine has no row of are left out.
func (r *Reader) Trees(ctx context.Context, ids []migration.InstanceID) ([]migration.Tree, error) {
	instances, err := r.Instances(ctx, ids)
	if err != nil {
		return nil, err
	}
	return r.Below(ctx, instances)
}

// Below returns the trees of instances that were read already, in their order,
// in a number of queries for each level that does not depend on how many they
// are (per batch), none where no subflow is open.
//
// A subflow is the instance that an open activity names as its performer, if
// that activity is what called it. One that has closed while its caller still
// waits is there with its closed instance, which has no activities. Where the
// engine has no row of it any more (archived or deleted), or the row names
// another caller, only its Instance.ID is set, and State is "".
func (r *Reader) Below(ctx context.Context, instances []migration.Instance) ([]migration.Tree, error) {
	trees := make([]migration.Tree, len(instances))
	level := make([]spot, len(instances))
	for i := range instances {
		trees[i].Instance = instances[i]
		level[i] = spot{tree: &trees[i], root: instances[i].ID}
	}
	for len(level) > 0 {
		var next []spot
		for _, s := range level {
			next = append(next, s.below()...)
		}
		ids := make([]migration.InstanceID, 0, len(next))
		for _, s := range next {
			ids = append(ids, s.tree.Instance.ID)
		}
		found, err := r.Instances(ctx, ids)
		if err != nil {
			return nil, err
		}
		called := make(map[migration.ActivityID]*migration.Instance, len(found))
		for i := range found {
			called[found[i].Caller] = &found[i]
		}
		for _, s := range next {
			if child := called[s.caller]; child != nil && child.ID == s.tree.Instance.ID {
				s.tree.Instance = *child
			}
		}
		level = next
	}
	return trees, nil
}

// spot is a place in a tree that is being read.
type spot struct {
	tree   *migration.Tree
	caller migration.ActivityID // that waits for the instance here, "" at the root
	root   migration.InstanceID
}

// below makes a place for each instance that the one at s waits for. The root
// is not among them, save in a circle, which no engine makes.
func (s spot) below() []spot {
	waiting := slices.DeleteFunc(slices.Clone(s.tree.Instance.Activities), func(a migration.OpenActivity) bool {
		return a.Performer == "" || migration.InstanceID(a.Performer) == s.root
	})
	slices.SortStableFunc(waiting, func(a, b migration.OpenActivity) int { return cmp.Compare(a.DefID, b.DefID) })
	if len(waiting) == 0 {
		return nil
	}
	s.tree.Subflows = make([]migration.Tree, len(waiting))
	spots := make([]spot, len(waiting))
	for i, a := range waiting {
		s.tree.Subflows[i] = migration.Tree{Caller: a.DefID, Instance: migration.Instance{ID: migration.InstanceID(a.Performer)}}
		spots[i] = spot{&s.tree.Subflows[i], a.ID, s.root}
	}
	return spots
}
