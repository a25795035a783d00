package target

import (
	"context"
	"fmt"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/migration"
	"jogetferry/records"
)

// Instance is an instance of the source with what the target shall have of it.
type Instance struct {
	step.Opened

	tree     *migration.Tree       // of the snapshot, as the target shall have it
	wanted   *migration.Instance   // the root of tree
	source   *migration.Snapshot   // what tree is of
	snapshot int                   // its number
	intent   migration.StartIntent // without variables
}

// Load reads what the ledger knows of an instance, whatever its state.
func (g Guard) Load(ctx context.Context, in contract.StepInput) (*Instance, error) {
	opened, err := g.Open(ctx, in)
	if err != nil {
		return nil, err
	}
	snapshot, err := opened.Snapshot()
	if err != nil {
		return nil, err
	}
	tree, err := g.WantedTree(ctx, opened, &snapshot.Tree)
	if err != nil {
		return nil, err
	}
	definition, err := g.Target.Catalog.Resolve(ctx, tree.Instance.Definition)
	if err == nil {
		err = g.GoOn(ctx, opened, tree, definition)
	}
	return &Instance{
		Opened: *opened, tree: tree, wanted: &tree.Instance, source: &snapshot, snapshot: snapshot.Seq,
		intent: migration.StartIntent{Definition: definition, Requester: tree.Instance.Requester, Record: tree.Instance.Record},
	}, err
}

// begin opens a started instance for a step. root is nil when the step ends
// here, with out: the ledger has the instance done or skipped already, or its
// target must not be touched and it is parked.
func (act *Activities) begin(ctx context.Context, in contract.StepInput, at migration.Step) (i *Instance, root *migration.Instance, out contract.Outcome, err error) {
	if i, err = act.Load(ctx, in); err != nil {
		return nil, nil, out, err
	}
	if out, final := step.Final(&i.Entry); final {
		return i, nil, out, nil
	}
	identity, started := i.Started()
	if !started {
		return i, nil, out, migration.E(migration.CodeInvalid, "open instance", string(in.Instance), "it was not started")
	}
	root, reason, err := act.Live(ctx, identity)
	if err == nil && reason != "" {
		out, err = act.Park(ctx, i.StepInput, step.Parking{Step: at, Reason: reason, Message: fmt.Sprintf("Target instance %s.", identity.ID)})
	}
	return i, root, out, err
}

// selection says which rows of the target belong to the record of i: by the
// target's own forms, and those that were copied.
func (act *Activities) selection(ctx context.Context, i *Instance) (records.Selection, error) {
	forms, err := act.Target.Catalog.Forms(ctx, i.intent.Definition.Package)
	if err != nil {
		return records.Selection{}, err
	}
	keys, err := act.Keys(ctx, &i.Opened, i.source)
	return records.Selection{Model: forms.Model.Union(act.Settings.Extra), Root: i.wanted.Record, Known: keys.Rows(i.source.RowKeys())}, err
}

// read reads an instance of the target as it is now.
func (g Guard) read(ctx context.Context, id migration.InstanceID) (*migration.Instance, error) {
	found, err := g.Target.Fresh().Instance(ctx, id)
	return &found, err
}
