package target

import (
	"context"
	"fmt"
	"maps"
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

// seenBelow is an instance that another one called, or the first that is looked at.
type seenBelow struct {
	completed bool                   // whoever called it went on, so that it ended as its process does
	called    migration.DefinitionID // as far as its caller tells
}

// workedBeside reports whether people worked on an instance of the target or on
// any that it called, closed ones included: accepted or completed a manual
// activity that is not our own work, or a deadline fired. Such work must not be aborted.
// lines is the log, oldest line first.
func (g Guard) workedBeside(ctx context.Context, lines []migration.StepLine, root migration.InstanceID) (bool, error) {
	r, own := g.Target.Fresh(), migration.CallsOf(lines).Own()
	level := map[migration.InstanceID]seenBelow{root: {}}
	seen := map[migration.InstanceID]bool{}
	for len(level) > 0 {
		all, err := r.TreeActivities(ctx, slices.Collect(maps.Keys(level)))
		if err != nil {
			return false, err
		}
		next := map[migration.InstanceID]seenBelow{}
		for id, was := range level {
			seen[id] = true
			var below map[migration.InstanceID]seenBelow
			var did bool
			if activities, live := all[id]; live {
				below, did, err = g.workedOnLive(ctx, activities, own)
			} else if below, did, err = workedOnArchived(ctx, r, id, own); !did && err == nil && was.completed && !migration.EndedByUs(lines, id) {
				did, err = g.completedUnseen(ctx, r, id, was.called)
			}
			if did || err != nil {
				return did, err
			}
			maps.Copy(next, below)
		}
		maps.DeleteFunc(next, func(id migration.InstanceID, _ seenBelow) bool { return seen[id] })
		level = next
	}
	return false, nil
}

// workedOnLive is workedBeside for one instance, of all whose activities this is.
// below are the instances that it called. A deploy may have moved it to another version,
// and deleted the one in which an activity of the past was defined
// (docs/joget.md#deploying).
func (g Guard) workedOnLive(ctx context.Context, all []schema.Activity, own map[migration.ActivityID]migration.OwnWork) (below map[migration.InstanceID]seenBelow, did bool, err error) {
	if len(all) == 0 {
		return nil, false, nil
	}
	definition := all[0].Definition
	process, err := g.Target.Catalog.Process(ctx, definition)
	if migration.CodeOf(err) == migration.CodeNotFound {
		process = &xpdl.Process{}
	} else if err != nil {
		return nil, false, err
	}
	if workedOn(process, all, own) {
		return nil, true, nil
	}
	below = map[migration.InstanceID]seenBelow{}
	for _, a := range all {
		if a.Child == "" {
			continue
		}
		child := seenBelow{completed: a.State == migration.StateCompleted, called: migration.DefinitionID{Package: definition.Package, Version: definition.Version}}
		if caller := process.Activity(string(a.DefID)); caller != nil {
			child.called.Process = caller.SubflowRef
		}
		below[a.Child] = child
	}
	return below, false, nil
}

// completedUnseen reports whether people may have completed an instance that went on to
// the end of its process: nothing is left of it on a server that deletes what has
// ended (docs/joget.md#after-the-end), and its process has work for them.
func (g Guard) completedUnseen(ctx context.Context, r *schema.Reader, id migration.InstanceID, called migration.DefinitionID) (bool, error) {
	p, err := r.Presence(ctx, id)
	if err != nil || p.Where == schema.InEngine || p.Where == schema.InHistory {
		return false, err
	}
	return g.forPeople(ctx, called, map[string]bool{})
}

// forPeople reports whether a process, or one that it calls, has manual activities. One
// that cannot be found may have some. asked are the processes that were asked about.
func (g Guard) forPeople(ctx context.Context, id migration.DefinitionID, asked map[string]bool) (bool, error) {
	if asked[id.Process] {
		return false, nil
	}
	asked[id.Process] = true
	process, err := g.Target.Catalog.Process(ctx, id)
	if migration.CodeOf(err) == migration.CodeNotFound {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	for _, a := range process.Activities {
		if a.Kind == xpdl.Manual {
			return true, nil
		}
		if a.Kind != xpdl.Subflow {
			continue
		}
		id.Process = a.SubflowRef
		if has, err := g.forPeople(ctx, id, asked); has || err != nil {
			return has, err
		}
	}
	return false, nil
}

// workedOn reports whether people worked on one instance, of all whose activities this
// is. An activity that its process does not have, or not any more, was manual if
// somebody held it: tools and routes have nobody.
func workedOn(process *xpdl.Process, all []schema.Activity, own map[migration.ActivityID]migration.OwnWork) bool {
	return slices.ContainsFunc(all, func(a schema.Activity) bool {
		if a.State == migration.StateTerminated {
			return true
		}
		definition, mine := process.Activity(string(a.DefID)), own[a.ID]
		manual := a.AcceptedBy != ""
		if definition != nil {
			manual = definition.Kind == xpdl.Manual
		}
		switch {
		case !manual, a.State == migration.StateAborted, mine.Completed:
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
// below are the instances that it called, as far as the history tells.
func workedOnArchived(ctx context.Context, r *schema.Reader, id migration.InstanceID, own map[migration.ActivityID]migration.OwnWork) (below map[migration.InstanceID]seenBelow, did bool, err error) {
	all, err := r.ArchivedActivities(ctx, id)
	if err != nil {
		return nil, false, err
	}
	did = slices.ContainsFunc(all, func(a schema.ArchivedActivity) bool {
		return a.State == migration.StateTerminated || a.Kind == manualHistory && a.State == migration.StateCompleted && !own[a.ID].Completed
	})
	children, err := r.ArchivedChildren(ctx, id)
	below = map[migration.InstanceID]seenBelow{}
	for _, child := range children {
		below[child] = seenBelow{}
	}
	return below, did, err
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
// below it, besides what we did in their names. It may be closed.
func (g Guard) Worked(ctx context.Context, in contract.StepInput, root migration.InstanceID) (bool, error) {
	lines, err := g.Ledger.Lines(ctx, in.Migration, in.Instance)
	if err != nil {
		return false, err
	}
	return g.workedBeside(ctx, lines, root)
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
	worked, err := g.workedBeside(ctx, lines, root.ID)
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
