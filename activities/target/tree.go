package target

import (
	"context"
	"fmt"

	"jogetferry/joget/flow"
	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// node is one instance of the tree of a source instance, on both sides.
type node struct {
	path   migration.Path
	wanted *migration.Instance
	said   *migration.Said // of the root, where the operator said where it goes on
	// target is nil while the instance does not exist, or is none that can be
	// made like wanted; why says so then.
	target  *migration.Instance
	why     string
	process *xpdl.Process
	all     []schema.Activity // of target, closed ones included
}

// nodes finds the instances of the tree on the target, parents before their
// subflows. Those below a subflow activity that is not open are left out.
func (g Guard) nodes(ctx context.Context, i *Instance, root *migration.Instance) ([]*node, error) {
	found := map[migration.Path]*node{}
	var list []*node
	for path, tree := range i.tree.Walk() {
		n := &node{path: path, wanted: &tree.Instance, said: tree.Said, target: root}
		if path != "" {
			above, caller := found[path.Above()], tree.Caller
			if above == nil || above.target == nil {
				continue
			}
			waiting := above.target.Open(caller)
			if waiting == nil {
				continue
			}
			if err := g.below(ctx, n, above.target, waiting); err != nil {
				return nil, err
			}
		}
		if n.target != nil {
			if err := g.fill(ctx, n); err != nil {
				return nil, err
			}
		}
		found[path] = n
		list = append(list, n)
	}
	return list, nil
}

// below finds the instance that a subflow activity of the target waits for.
func (g Guard) below(ctx context.Context, n *node, parent *migration.Instance, caller *migration.OpenActivity) error {
	n.target, n.why = nil, fmt.Sprintf("subflow %s of target instance %s has no open instance", caller.DefID, parent.ID)
	if caller.Performer == "" {
		return nil
	}
	child, err := g.read(ctx, migration.InstanceID(caller.Performer))
	switch {
	case migration.CodeOf(err) == migration.CodeNotFound:
		return nil
	case err != nil:
		return err
	case !child.State.Open():
	case child.Caller != caller.ID || child.Definition.Process != n.wanted.Definition.Process:
		n.why = fmt.Sprintf("target instance %s is not the subflow for which %s of %s waits", child.ID, caller.DefID, parent.ID)
	default:
		n.target, n.why = child, ""
	}
	return nil
}

func (g Guard) fill(ctx context.Context, n *node) (err error) {
	if n.process, err = g.Target.Catalog.Process(ctx, n.target.Definition); err != nil {
		return err
	}
	n.all, err = g.Target.Fresh().Activities(ctx, n.target.ID)
	return err
}

// refresh reads the target instance of n anew after a call.
func (g Guard) refresh(ctx context.Context, n *node) (err error) {
	if n.target, err = g.read(ctx, n.target.ID); err != nil {
		return err
	}
	return g.fill(ctx, n)
}

// branches says which branches have still to be made to wait at joins, the next
// one first, and whether others wait there that cannot be explained.
func (g Guard) branches(ctx context.Context, n *node) (missing []flow.Rebuild, stray bool, err error) {
	if len(n.wanted.Tokens)+len(n.target.Tokens) == 0 {
		return nil, false, nil
	}
	walker, err := g.Target.Catalog.Walker(ctx, n.target.Definition)
	if err != nil {
		return nil, false, err
	}
	missing, refused := flow.RestOfJoins(walker.Definition(), n.wanted.Tokens, n.target.Tokens)
	return missing, len(refused) > 0 || len(missing) > 0 && !g.Settings.RebuildJoins, nil
}

// ranThrough says which subflow that was started here is over already; "" for none.
func (n *node) ranThrough(made []migration.Call) string {
	last := map[migration.ActivityDefID]schema.Activity{} // of each definition, by activation
	for _, a := range n.all {
		last[a.DefID] = a
	}
	for _, c := range made {
		a := last[c.Activity]
		definition := n.process.Activity(string(c.Activity))
		if definition == nil || definition.Kind != xpdl.Subflow || a.State != migration.StateCompleted || !n.opened(c) {
			continue
		}
		return fmt.Sprintf("subflow %s of target instance %s ended as soon as it was started", a.DefID, n.target.ID)
	}
	return ""
}
