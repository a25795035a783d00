package schema

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"jogetferry/migration"
)

type activityRow struct {
	oid, process int64
	accepted     migration.EpochMillis
	async        bool // it does not wait for what it calls
	activity     migration.OpenActivity
}

func (r *Reader) activityRows(ctx context.Context, query string, args []any) ([]activityRow, error) {
	_, states, err := r.states(ctx)
	if err != nil {
		return nil, err
	}
	return read(ctx, r, "read activities", query, args, func(scan scanner) (v activityRow, err error) {
		var set, user, performer sql.NullString
		var async, priority sql.NullInt64
		var state int64
		a := &v.activity
		err = scan(&v.oid, &v.process, &a.ID, &a.DefID, &set, &state, &user, &performer, &async, &priority,
			moment{&a.Activated}, moment{&v.accepted}, moment{&a.StateTime}, &a.Version)
		a.SetDefID, a.State, a.AcceptedBy = set.String, states[state], migration.User(user.String)
		a.Performer, a.Priority, v.async = performer.String, int(priority.Int64), async.Int64 != 0
		return v, err
	})
}

// openActivities reads the open activities of instances, by instance oid.
func (r *Reader) openActivities(ctx context.Context, processes []int64) (map[int64][]migration.OpenActivity, error) {
	_, states, err := r.states(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := r.activityRows(ctx, withLists(selectOpenActivities, len(processes), len(open(states))), args(processes, open(states)))
	if err != nil {
		return nil, err
	}
	oids := make([]int64, 0, len(rows))
	for _, v := range rows {
		oids = append(oids, v.oid)
	}
	variables, err := r.variables(ctx, selectActivityData, oids)
	if err != nil {
		return nil, err
	}
	assignments, err := r.assignments(ctx, oids)
	if err != nil {
		return nil, err
	}
	deadlines, err := r.deadlines(ctx, oids)
	if err != nil {
		return nil, err
	}
	all := make(map[int64][]migration.OpenActivity, len(processes))
	for _, v := range rows {
		v.activity.Variables = variables[v.oid]
		v.activity.Assignments = assignments[v.oid]
		v.activity.Deadlines, v.activity.NextDeadline = deadlines[v.oid].count, deadlines[v.oid].next
		all[v.process] = append(all[v.process], v.activity)
	}
	return all, nil
}

// assignments reads the valid assignments of activities, by activity oid.
func (r *Reader) assignments(ctx context.Context, activities []int64) (map[int64][]migration.Assignment, error) {
	type row struct {
		activity int64
		migration.Assignment
	}
	m := map[int64][]migration.Assignment{}
	err := batched(activities, func(part []int64) error {
		rows, err := read(ctx, r, "read assignments", withLists(selectAssignments, len(part)), args(part), func(scan scanner) (v row, err error) {
			var accepted int64
			err = scan(&v.activity, &v.User, &accepted)
			v.Accepted = accepted != 0
			return v, err
		})
		for _, v := range rows {
			m[v.activity] = append(m[v.activity], v.Assignment)
		}
		return err
	})
	for _, list := range m {
		slices.SortFunc(list, func(a, b migration.Assignment) int { return cmp.Compare(a.User, b.User) })
	}
	return m, err
}

// deadlines are the deadlines of one activity.
type deadlines struct {
	count int                   // those that fired included: they would all start anew
	next  migration.EpochMillis // the earliest that has not fired, 0 for none
}

// deadlines reads the deadlines of activities, by activity oid. Only open ones may
// be asked for: rows of closed activities stay, and say by IsExecuted 0 that they never
// fired (docs/joget.md#engine-tables).
func (r *Reader) deadlines(ctx context.Context, activities []int64) (map[int64]deadlines, error) {
	type row struct {
		activity int64
		deadlines
	}
	m := map[int64]deadlines{}
	err := batched(activities, func(part []int64) error {
		rows, err := read(ctx, r, "read deadlines", withLists(selectDeadlines, len(part)), args(part), func(scan scanner) (v row, err error) {
			return v, scan(&v.activity, &v.count, moment{&v.next})
		})
		for _, v := range rows {
			m[v.activity] = v.deadlines
		}
		return err
	})
	return m, err
}

// Activity is one activity instance of any state, as a line in the story of
// its instance.
type Activity struct {
	ID         migration.ActivityID
	DefID      migration.ActivityDefID
	Definition migration.DefinitionID // of its instance, as it is now
	State      migration.State
	AcceptedBy migration.User        // who accepted or completed it, "" for nobody
	Activated  migration.EpochMillis // when it began
	Accepted   migration.EpochMillis // 0 for never
	StateTime  migration.EpochMillis // when it came to State
	Child      migration.InstanceID  // the instance that a subflow activity started, "" for other activities
	// Asynchronous: it does not wait for Child.
	Asynchronous bool
}

// Activities returns all activities of an instance, closed ones included, by
// activation: what tells whether somebody worked on it. Nil for an instance
// that the engine has no row of.
func (r *Reader) Activities(ctx context.Context, id migration.InstanceID) ([]Activity, error) {
	all, err := r.TreeActivities(ctx, []migration.InstanceID{id})
	return all[id], err
}

// TreeActivities returns what Activities does for each of several instances, in
// two queries (per batch).
func (r *Reader) TreeActivities(ctx context.Context, ids []migration.InstanceID) (map[migration.InstanceID][]Activity, error) {
	heads, err := r.headsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	owners := make(map[int64]head, len(heads))
	oids := make([]int64, 0, len(heads))
	for _, id := range ids {
		if h, ok := heads[id]; ok {
			owners[h.oid] = h
			oids = append(oids, h.oid)
		}
	}
	all := make(map[migration.InstanceID][]Activity, len(heads))
	err = batched(oids, func(part []int64) error {
		rows, err := r.activityRows(ctx, withLists(selectAllActivities, len(part)), args(part))
		for _, v := range rows {
			a, of := v.activity, owners[v.process].instance
			all[of.ID] = append(all[of.ID],
				Activity{a.ID, a.DefID, of.Definition, a.State, a.AcceptedBy, a.Activated, v.accepted, a.StateTime, migration.InstanceID(a.Performer), v.async})
		}
		return err
	})
	return all, err
}
