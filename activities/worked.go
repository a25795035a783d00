package activities

import (
	"context"
	"slices"

	"jogetferry/joget/catalog"
	"jogetferry/joget/schema"
	"jogetferry/joget/xpdl"
	"jogetferry/migration"
)

// manualHistory is what wf_history_activity calls a manual activity.
const manualHistory = "normal"

// worked reports whether people worked on an instance of the target or on any
// that it called, closed ones included: accepted or completed a manual activity
// that is not our own work, or a deadline fired. Such work must not be aborted.
func worked(ctx context.Context, r *schema.Reader, definitions *catalog.Catalog, root migration.InstanceID, definition migration.DefinitionID, own map[migration.ActivityID]migration.OwnWork) (bool, error) {
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
			if definition.IsZero() {
				i, err := r.Instance(ctx, id)
				if err != nil {
					return false, err
				}
				definition = i.Definition
			}
			process, err := definitions.Process(ctx, definition)
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

// workedOn is worked for one instance, of all whose activities this is.
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
			return mine.Accepted == "" || mine.Accepted != a.AcceptedBy
		}
		return false
	})
}

// workedOnArchived is worked for an instance that left the engine when it ended.
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
