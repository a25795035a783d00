package activities

import (
	"context"
	"fmt"
	"slices"

	"jogetferry/joget/flow"
	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// place is one instance of a subject's tree, on both sides.
type place struct {
	path   migration.Path
	wanted *migration.Instance
	// target is nil while the instance does not exist, or is none that can be
	// made like wanted; why says so then.
	target  *migration.Instance
	why     string
	process *xpdl.Process
	all     []schema.Activity // of target, closed ones included
}

// places finds the instances of the tree on the target, parents before their
// subflows. Those below a subflow activity that is not open are left out.
func (j *Joget) places(ctx context.Context, s *subject, root *migration.Instance) ([]*place, error) {
	found := map[migration.Path]*place{}
	var list []*place
	for path, tree := range s.tree.Walk() {
		p := &place{path: path, wanted: &tree.Instance, target: root}
		if path != "" {
			above, caller := found[path.Above()], tree.Caller
			if above == nil || above.target == nil {
				continue
			}
			waiting := above.target.Open(caller)
			if waiting == nil {
				continue
			}
			if err := j.below(ctx, p, above.target, waiting); err != nil {
				return nil, err
			}
		}
		if p.target != nil {
			if err := j.fill(ctx, p); err != nil {
				return nil, err
			}
		}
		found[path] = p
		list = append(list, p)
	}
	return list, nil
}

// below finds the instance that a subflow activity of the target waits for.
func (j *Joget) below(ctx context.Context, p *place, parent *migration.Instance, caller *migration.OpenActivity) error {
	p.target, p.why = nil, fmt.Sprintf("subflow %s of target instance %s has no open instance", caller.DefID, parent.ID)
	if caller.Performer == "" {
		return nil
	}
	child, err := j.again(ctx, migration.InstanceID(caller.Performer))
	switch {
	case migration.CodeOf(err) == migration.CodeNotFound:
		return nil
	case err != nil:
		return err
	case !child.State.Open():
	case child.Caller != caller.ID || child.Definition.Process != p.wanted.Definition.Process:
		p.why = fmt.Sprintf("target instance %s is not the subflow that %s of %s shall wait for", child.ID, caller.DefID, parent.ID)
	default:
		p.target, p.why = child, ""
	}
	return nil
}

func (j *Joget) fill(ctx context.Context, p *place) (err error) {
	if p.process, err = j.Target.Catalog.Process(ctx, p.target.Definition); err != nil {
		return err
	}
	p.all, err = j.Target.Fresh().Activities(ctx, p.target.ID)
	return err
}

// youngest returns the highest number among the activities, closed ones
// included; the counter is one for the whole server, and only rises.
func (p *place) youngest() int64 {
	number := int64(0)
	for _, a := range p.all {
		number = max(number, migration.ActivityNumber(a.ID))
	}
	return number
}

// refresh reads the target instance of p anew after a call.
func (j *Joget) refresh(ctx context.Context, p *place) (err error) {
	if p.target, err = j.again(ctx, p.target.ID); err != nil {
		return err
	}
	return j.fill(ctx, p)
}

// branches says which branches have still to be made to wait at joins, the next
// one first, and whether others wait there that cannot be explained.
func (j *Joget) branches(ctx context.Context, p *place) (missing []flow.Rebuild, stray bool, err error) {
	if len(p.wanted.Tokens)+len(p.target.Tokens) == 0 {
		return nil, false, nil
	}
	walker, err := j.Target.Catalog.Walker(ctx, p.target.Definition)
	if err != nil {
		return nil, false, err
	}
	missing, refused := flow.RestOfJoins(walker.Definition(), p.wanted.Tokens, p.target.Tokens)
	return missing, len(refused) > 0 || len(missing) > 0 && !j.Settings.RebuildJoins, nil
}

// ranThrough says which subflow that was started here is over already; "" for none.
func (p *place) ranThrough(made []migration.Call) string {
	for _, a := range p.all {
		definition := p.process.Activity(string(a.DefID))
		if definition == nil || definition.Kind != xpdl.Subflow || a.State != migration.StateCompleted {
			continue
		}
		if slices.ContainsFunc(made, func(c migration.Call) bool { return c.Opened(a.ID, a.DefID) }) {
			return fmt.Sprintf("subflow %s of target instance %s ran to its end as soon as it was started", a.DefID, p.target.ID)
		}
	}
	return ""
}

// calls reads what we did to the target of s.
func (j *Joget) calls(ctx context.Context, s *subject) (migration.CallLog, error) {
	lines, err := j.Ledger.Lines(ctx, s.Migration, s.Instance)
	return migration.CallsOf(lines), err
}
