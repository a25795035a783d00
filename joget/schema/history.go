package schema

import (
	"context"
	"database/sql"
	"slices"

	"jogetferry/migration"
)

// ArchivedActivity is an activity of an instance that is only in the history.
type ArchivedActivity struct {
	ID        migration.ActivityID
	DefID     migration.ActivityDefID
	Kind      string // "normal" for manual ones, "tool", "route", "subflow"
	State     migration.State
	Performer migration.User // who completed it, "" for nobody
	StateTime migration.EpochMillis
}

// ArchivedActivities returns the activities of an instance that was archived
// when it ended, by their last change; nil when the history has none of it.
// Source: wf_history_activity (docs/joget.md#after-the-end).
func (r *Reader) ArchivedActivities(ctx context.Context, id migration.InstanceID) ([]ArchivedActivity, error) {
	if !r.db.Has("wf_history_activity") {
		return nil, nil
	}
	return lookUp(ctx, r, "read archived activities", selectArchivedActivities, args(string(id)), func(scan scanner) (a ArchivedActivity, err error) {
		var kind, state, performer sql.NullString
		err = scan(&a.ID, &a.DefID, &kind, &state, &performer, moment{&a.StateTime})
		a.Kind, a.State, a.Performer = kind.String, migration.State(state.String), migration.User(performer.String)
		return a, err
	})
}

// ArchivedChildren returns the instances that an archived or deleted one called,
// archived or not, by ID: those that are linked to it as their caller, and those that
// are open. A closed one whose link was never written is not among them. Source:
// wf_process_link and its history (docs/joget.md#the-record-of-an-instance), SHKProcesses.
func (r *Reader) ArchivedChildren(ctx context.Context, id migration.InstanceID) ([]migration.InstanceID, error) {
	ids, err := r.calledFrom(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, query := range []string{selectParent, selectParentHistory} {
		if query == selectParentHistory && !r.db.Has("wf_process_link_history") {
			continue
		}
		links, err := lookUp(ctx, r, "read links of subflows", query, args(string(id)), scanLink)
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			if l.Process != id && !slices.Contains(ids, l.Process) {
				ids = append(ids, l.Process)
			}
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// calledFrom returns the open instances that an instance called.
func (r *Reader) calledFrom(ctx context.Context, id migration.InstanceID) ([]migration.InstanceID, error) {
	states, _, err := r.states(ctx)
	if err != nil {
		return nil, err
	}
	return lookUp(ctx, r, "look for subflows", withLists(selectCalledFrom, len(open(states))), args(open(states), string(id)), func(scan scanner) (called migration.InstanceID, err error) {
		return called, scan(&called)
	})
}
