package target

import (
	"context"
	"fmt"
	"slices"

	"jogetferry/activities/step"
	"jogetferry/contract"
	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// manualHistory is what wf_history_activity calls a manual activity.
const manualHistory = "normal"

// Guard answers whether a target instance may be touched. It only reads.
type Guard struct{ *step.Servers }

// workedBeside reports whether people worked on an instance of the target or on
// any that it called, closed ones included: accepted or completed a manual
// activity that is not our own work, or a deadline fired. Such work must not be aborted.
func (g Guard) workedBeside(ctx context.Context, own map[migration.ActivityID]migration.OwnWork, root migration.InstanceID, definition migration.DefinitionID) (bool, error) {
	r := g.Target.Fresh()
	level := map[migration.InstanceID]migration.DefinitionID{root: definition}
	seen := map[migration.InstanceID]bool{}
	for len(level) > 0 {
		ids := make([]migration.InstanceID, 0, len(level))
		for id := range level {
			seen[id] = true
			ids = append(ids, id)
		}
		all, err := r.TreeActivities(ctx, ids)
		if err != nil {
			return false, err
		}
		below := map[migration.InstanceID]migration.DefinitionID{}
		for id, definition := range level {
			if _, live := all[id]; !live {
				children, did, err := workedOnArchived(ctx, r, id, own)
				if err != nil || did {
					return did, err
				}
				for _, child := range children {
					if !seen[child] {
						below[child] = migration.DefinitionID{}
					}
				}
				continue
			}
			process, definition, err := g.processOf(ctx, r, id, definition)
			if err != nil {
				return false, err
			}
			if workedOn(process, all[id], own) {
				return true, nil
			}
			for _, a := range all[id] {
				if called := process.Activity(string(a.DefID)); called != nil && called.Kind == xpdl.Subflow && a.Child != "" && !seen[a.Child] {
					below[a.Child] = migration.DefinitionID{Package: definition.Package, Version: definition.Version, Process: called.SubflowRef}
				}
			}
		}
		level = below
	}
	return false, nil
}

// processOf returns the definition of a live instance, and which one it is. known is
// what it was as far as anybody knows, zero where nobody does: a deploy moves instances
// to another version and deletes the one that none is left of (docs/joget.md#deploying).
func (g Guard) processOf(ctx context.Context, r *schema.Reader, id migration.InstanceID, known migration.DefinitionID) (*xpdl.Process, migration.DefinitionID, error) {
	if !known.IsZero() {
		process, err := g.Target.Catalog.Process(ctx, known)
		if migration.CodeOf(err) != migration.CodeNotFound {
			return process, known, err
		}
	}
	i, err := r.Instance(ctx, id)
	if err != nil {
		return nil, known, err
	}
	process, err := g.Target.Catalog.Process(ctx, i.Definition)
	return process, i.Definition, err
}

// workedOn is workedBeside for one instance, of all whose activities this is.
func workedOn(process *xpdl.Process, all []schema.Activity, own map[migration.ActivityID]migration.OwnWork) bool {
	return slices.ContainsFunc(all, func(a schema.Activity) bool {
		if a.State == migration.StateTerminated {
			return true
		}
		definition, mine := process.Activity(string(a.DefID)), own[a.ID]
		switch {
		case definition == nil, definition.Kind != xpdl.Manual, a.State == migration.StateAborted, mine.Completed:
			return false
		case a.State == migration.StateCompleted:
			return true
		case a.State == migration.StateRunning, a.AcceptedBy != "":
			return mine.Accepted == "" || !migration.SameUser(mine.Accepted, a.AcceptedBy)
		}
		return false
	})
}

// workedOnArchived is workedBeside for an instance that left the engine when it ended.
// children are the instances that it called, as far as the history tells.
func workedOnArchived(ctx context.Context, r *schema.Reader, id migration.InstanceID, own map[migration.ActivityID]migration.OwnWork) (children []migration.InstanceID, did bool, err error) {
	all, err := r.ArchivedActivities(ctx, id)
	if err != nil {
		return nil, false, err
	}
	did = slices.ContainsFunc(all, func(a schema.ArchivedActivity) bool {
		return a.State == migration.StateTerminated || a.Kind == manualHistory && a.State == migration.StateCompleted && !own[a.ID].Completed
	})
	children, err = r.ArchivedChildren(ctx, id)
	return children, did, err
}

// marks stops everything when the target was restored from a backup.
func (g Guard) marks(ctx context.Context) error {
	return g.Ledger.CheckMarks(ctx, g.Target.Fingerprint, func(ctx context.Context) (map[string]int64, error) {
		c, err := g.Target.Fresh().Counters(ctx)
		return map[string]int64{"process": c.Process, "activity": c.Activity, "oid": c.NextOID}, err
	})
}

// rewound reports whether err says that the target was restored from a backup.
func rewound(err error) bool { return migration.CodeOf(err) == migration.CodeDrifted }

// Live reads a target instance and compares its identity. A reason says why it
// must not be touched; root is nil then.
func (g Guard) Live(ctx context.Context, known migration.TargetIdentity) (root *migration.Instance, reason migration.Reason, err error) {
	if err := g.marks(ctx); err != nil {
		if rewound(err) {
			return nil, migration.ReasonTargetRewound, nil
		}
		return nil, "", err
	}
	found, err := g.Target.Fresh().Instance(ctx, known.ID)
	if migration.CodeOf(err) == migration.CodeNotFound {
		linked, err := g.Target.Fresh().LinkedInstances(ctx, known.Origin)
		if err != nil {
			return nil, "", err
		}
		if slices.ContainsFunc(linked, func(l migration.Linked) bool { return l.ID == known.ID }) {
			return nil, migration.ReasonTargetClosed, nil
		}
		return nil, migration.ReasonTargetChanged, nil
	}
	switch {
	case err != nil:
		return nil, "", err
	case !known.Is(found.Identity()):
		return nil, migration.ReasonTargetChanged, nil
	case !found.State.Open():
		return nil, migration.ReasonTargetClosed, nil
	}
	return &found, "", nil
}

// Worked reports whether people worked on a target instance of in or on any
// below it, besides what we did in their names. It may be closed; its definition
// must be known.
func (g Guard) Worked(ctx context.Context, in contract.StepInput, root migration.InstanceID, definition migration.DefinitionID) (bool, error) {
	lines, err := g.Ledger.Lines(ctx, in.Migration, in.Instance)
	if err != nil {
		return false, err
	}
	return g.workedBeside(ctx, migration.CallsOf(lines).Own(), root, definition)
}

// DiscardAllowed is the operator's word, given with the last parking of an
// entry, that work of people on the target may be thrown away. It holds for the
// redo that it was given for; see migration.DiscardStands.
func (g Guard) DiscardAllowed(ctx context.Context, in contract.StepInput, entry *migration.Entry) (bool, error) {
	lines, err := g.Ledger.Lines(ctx, in.Migration, in.Instance)
	if err != nil {
		return false, err
	}
	return g.discardStands(ctx, in, entry, lines)
}

// discardStands is DiscardAllowed for one who has read the log.
func (g Guard) discardStands(ctx context.Context, in contract.StepInput, entry *migration.Entry, lines []migration.StepLine) (bool, error) {
	if entry.ParkID == 0 {
		return false, nil
	}
	decision, err := g.Ledger.Decision(ctx, in.Migration, in.Instance, entry.ParkID)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return false, nil
	}
	if err != nil || !decision.Discard || decision.Action != migration.ActionRedo {
		return false, err
	}
	return migration.DiscardStands(lines, entry.ParkID), nil
}

// untouchable reports whether people worked on a target instance, and the
// operator did not say that this may be thrown away.
func (g Guard) untouchable(ctx context.Context, i *step.Opened, root *migration.Instance) (bool, error) {
	lines, err := g.Ledger.Lines(ctx, i.Migration, i.Instance)
	if err != nil {
		return false, err
	}
	worked, err := g.workedBeside(ctx, migration.CallsOf(lines).Own(), root.ID, root.Definition)
	if err != nil || !worked {
		return false, err
	}
	allowed, err := g.discardStands(ctx, i.StepInput, &i.Entry, lines)
	return err == nil && !allowed, err
}

// RequireUntouched parks a step that would change a target instance on which
// somebody works already.
func (g Guard) RequireUntouched(ctx context.Context, i *step.Opened, root *migration.Instance, at migration.Step) (contract.Outcome, error) {
	stop, err := g.untouchable(ctx, i, root)
	if err != nil || !stop {
		return step.OK(), err
	}
	return g.Park(ctx, i.StepInput, step.Parking{Step: at, Reason: migration.ReasonTargetMoved, Message: fmt.Sprintf("Target instance %s.", root.ID)})
}
