package schema

import (
	"context"
	"database/sql"
	"slices"

	"jogetferry/migration"
)

// OpenCounts balances the open instances of a server:
// Open = Roots + Synchronous + Asynchronous + Orphans, when read in a snapshot.
type OpenCounts struct {
	Open        int // every open instance
	Roots       int // called by no other
	Synchronous int // below an open root, each caller on the way waiting
	// Asynchronous are below an open root, behind a caller that does not wait.
	// Orphans have no open root above them: their caller is gone or closed.
	// Neither moves with a root. Sorted by ID.
	Asynchronous []migration.InstanceID
	Orphans      []migration.InstanceID
}

// Balanced reports whether the parts make the whole.
func (c OpenCounts) Balanced() bool {
	return c.Open == c.Roots+c.Synchronous+len(c.Asynchronous)+len(c.Orphans)
}

// descent is how an open child hangs below a root.
type descent int

const (
	descentUnknown descent = iota
	descentSynchronous
	descentAsynchronous
	descentOrphan
)

// openChild is an open instance that another called.
type openChild struct {
	id     migration.InstanceID
	parent migration.InstanceID // "" when it is gone
	// parentOpen and parentRoot describe the calling instance, callerOpen and
	// async the calling activity.
	parentOpen, parentRoot, callerOpen, async bool
}

// OpenCounts counts the open instances; see the type.
func (r *Reader) OpenCounts(ctx context.Context) (OpenCounts, error) {
	processes, activities, err := r.states(ctx)
	if err != nil {
		return OpenCounts{}, err
	}
	var c OpenCounts
	states := open(processes)
	if c.Open, err = r.count(ctx, withLists(countOpen, len(states)), args(states)); err != nil {
		return OpenCounts{}, err
	}
	if c.Roots, err = r.count(ctx, withLists(countRoots, len(states)), args(states)); err != nil {
		return OpenCounts{}, err
	}
	children, err := read(ctx, r, "read subflow instances", withLists(selectOpenChildren, len(states)), args(states), func(scan scanner) (o openChild, err error) {
		var caller, parent, parentCaller sql.NullString
		var callerState, parentState, async sql.NullInt64
		err = scan(&o.id, &caller, &callerState, &async, &parent, &parentState, &parentCaller)
		o.parent = migration.InstanceID(parent.String)
		o.parentOpen = processes[parentState.Int64].Open()
		o.parentRoot = parent.Valid && !parentCaller.Valid
		o.callerOpen = activities[callerState.Int64].Open()
		o.async = async.Int64 != 0
		return o, err
	})
	if err != nil {
		return OpenCounts{}, err
	}
	byID := make(map[migration.InstanceID]openChild, len(children))
	for _, o := range children {
		byID[o.id] = o
	}
	memo := make(map[migration.InstanceID]descent, len(children))
	for id := range byID {
		switch classify(byID, memo, id) {
		case descentSynchronous:
			c.Synchronous++
		case descentAsynchronous:
			c.Asynchronous = append(c.Asynchronous, id)
		case descentOrphan, descentUnknown:
			c.Orphans = append(c.Orphans, id)
		}
	}
	slices.Sort(c.Asynchronous)
	slices.Sort(c.Orphans)
	return c, nil
}

// classify walks up from a child. A circle ends as orphan.
func classify(all map[migration.InstanceID]openChild, memo map[migration.InstanceID]descent, id migration.InstanceID) descent {
	if d, ok := memo[id]; ok {
		return d
	}
	memo[id] = descentOrphan
	o, ok := all[id]
	d := descentOrphan
	switch {
	case !ok || !o.parentOpen:
	case !o.async && !o.callerOpen: // the caller no longer waits for it
	case o.parentRoot:
		d = descentSynchronous
	default:
		d = classify(all, memo, o.parent)
	}
	if o.async && d == descentSynchronous {
		d = descentAsynchronous
	}
	memo[id] = d
	return d
}

func (r *Reader) count(ctx context.Context, query string, args []any) (int, error) {
	rows, err := lookUp(ctx, r, "count rows", query, args, func(scan scanner) (n int, err error) { return n, scan(&n) })
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0], nil
}
