package schema

import (
	"context"
	"maps"
	"slices"

	"jogetferry/migration"
)

// AsynchronousBelow returns the open instances below another, open or not, for which
// nobody waits: asynchronous subflows, to any depth, through instances that are closed
// or archived too. Those called last come first, so that who ends one after the other
// still finds the rest from the top.
//
// A caller that is archived does not say whether it was asynchronous: whatever it called
// and is open is taken for that.
func (r *Reader) AsynchronousBelow(ctx context.Context, top migration.InstanceID) ([]migration.InstanceID, error) {
	var found []migration.InstanceID
	seen := map[migration.InstanceID]bool{top: true}
	for level := []migration.InstanceID{top}; len(level) > 0; {
		called, err := r.calledBy(ctx, level)
		if err != nil {
			return nil, err
		}
		maps.DeleteFunc(called, func(id migration.InstanceID, _ bool) bool { return seen[id] })
		level = slices.Sorted(maps.Keys(called))
		heads, err := r.headsOf(ctx, level)
		if err != nil {
			return nil, err
		}
		for _, id := range level {
			seen[id] = true
			if h, ok := heads[id]; ok && called[id] && h.instance.State.Open() {
				found = append(found, id)
			}
		}
	}
	slices.Reverse(found)
	return found, nil
}

// calledBy returns what instances called, open or closed, and whether nobody waits for it.
func (r *Reader) calledBy(ctx context.Context, ids []migration.InstanceID) (map[migration.InstanceID]bool, error) {
	all, err := r.TreeActivities(ctx, ids)
	if err != nil {
		return nil, err
	}
	called := map[migration.InstanceID]bool{}
	for _, id := range ids {
		activities, live := all[id]
		for _, a := range activities {
			if a.Child != "" {
				called[a.Child] = called[a.Child] || a.Asynchronous && !a.State.Open()
			}
		}
		if live {
			continue
		}
		children, err := r.calledByGone(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, child := range children {
			called[child] = true
		}
	}
	return called, nil
}

// calledByGone returns the instances that one called which the engine does not have any
// more. A link alone proves nothing: a start joins the record of any instance whose ID it
// is given (docs/joget.md#the-record-of-an-instance).
func (r *Reader) calledByGone(ctx context.Context, id migration.InstanceID) ([]migration.InstanceID, error) {
	linked, err := r.ArchivedChildren(ctx, id)
	if err != nil {
		return nil, err
	}
	heads, err := r.headsOf(ctx, linked)
	if err != nil {
		return nil, err
	}
	archived, err := r.history(ctx, linked)
	return slices.DeleteFunc(linked, func(child migration.InstanceID) bool {
		h, live := heads[child]
		return h.parent != id && (live || !archived[child].Child)
	}), err
}
