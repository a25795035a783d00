package target

import (
	"context"
	"fmt"
	"slices"

	"jogetferry/joget/flow"
	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// node is one instance of the tree of a source instance, on both sides.
type node struct {
	path   migration.Path
	wanted *migration.Instance
	// target is nil while the instance does not exist, or is none that can be
	// made like wanted; why says so then.
	target  *migration.Instance
	why     string
	process *xpdl.Process
	all     []schema.Activity // of target, closed ones included
}

// nodes finds the instances of the tree on the target, parents before their
// subflows. Those below a subflow activity that is not open are left out.
func (act *Activities) nodes(ctx context.Context, i *Instance, root *migration.Instance) ([]*node, error) {
	found := map[migration.Path]*node{}
	var list []*node
	for path, tree := range i.tree.Walk() {
		n := &node{path: path, wanted: &tree.Instance, target: root}
		if path != "" {
			above, caller := found[path.Above()], tree.Caller
			if above == nil || above.target == nil {
				continue
			}
			waiting := above.target.Open(caller)
			if waiting == nil {
				continue
			}
			if err := act.below(ctx, n, above.target, waiting); err != nil {
				return nil, err
			}
		}
		if n.target != nil {
			if err := act.fill(ctx, n); err != nil {
				return nil, err
			}
		}
		found[path] = n
		list = append(list, n)
	}
	return list, nil
}

// below finds the instance that a subflow activity of the target waits for.
func (act *Activities) below(ctx context.Context, n *node, parent *migration.Instance, caller *migration.OpenActivity) error {
	n.target, n.why = nil, fmt.Sprintf("subflow %s of target instance %s has no open instance", caller.DefID, parent.ID)
	if caller.Performer == "" {
		return nil
	}
	child, err := act.read(ctx, migration.InstanceID(caller.Performer))
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

func (act *Activities) fill(ctx context.Context, n *node) (err error) {
	if n.process, err = act.Target.Catalog.Process(ctx, n.target.Definition); err != nil {
		return err
	}
	n.all, err = act.Target.Fresh().Activities(ctx, n.target.ID)
	return err
}

// youngest returns the highest number among the activities, closed ones
// included; the counter is one for the whole server, and only rises.
func (n *node) youngest() int64 {
	number := int64(0)
	for _, a := range n.all {
		number = max(number, migration.ActivityNumber(a.ID))
	}
	return number
}

// refresh reads the target instance of n anew after a call.
func (act *Activities) refresh(ctx context.Context, n *node) (err error) {
	if n.target, err = act.read(ctx, n.target.ID); err != nil {
		return err
	}
	return act.fill(ctx, n)
}

// branches says which branches have still to be made to wait at joins, the next
// one first, and whether others wait there that cannot be explained.
func (act *Activities) branches(ctx context.Context, n *node) (missing []flow.Rebuild, stray bool, err error) {
	if len(n.wanted.Tokens)+len(n.target.Tokens) == 0 {
		return nil, false, nil
	}
	walker, err := act.Target.Catalog.Walker(ctx, n.target.Definition)
	if err != nil {
		return nil, false, err
	}
	missing, refused := flow.RestOfJoins(walker.Definition(), n.wanted.Tokens, n.target.Tokens)
	return missing, len(refused) > 0 || len(missing) > 0 && !act.Settings.RebuildJoins, nil
}

// ranThrough says which subflow that was started here is over already; "" for none.
func (n *node) ranThrough(made []migration.Call) string {
	for _, a := range n.all {
		definition := n.process.Activity(string(a.DefID))
		if definition == nil || definition.Kind != xpdl.Subflow || a.State != migration.StateCompleted {
			continue
		}
		if slices.ContainsFunc(made, func(c migration.Call) bool { return c.Opened(a.ID, a.DefID) }) {
			return fmt.Sprintf("subflow %s of target instance %s ended as soon as it was started", a.DefID, n.target.ID)
		}
	}
	return ""
}
