package schema

import (
	"context"
	"database/sql"
	"slices"

	"jogetferry/migration"
)

// OpenCounts balances the open instances of a server:
// Open = Roots + Synchronous + Asynchronous + BelowAsynchronous + Orphans, when read in
// a snapshot. Lists are sorted by ID.
type OpenCounts struct {
	Open        int // every open instance
	Roots       int // called by no other
	Synchronous int // below an open root, each caller on the way waiting
	// Asynchronous were called by an activity that does not wait for them, or by an
	// instance that is gone. BelowAsynchronous are below one of those, each caller on
	// the way waiting.
	Asynchronous      []migration.InstanceID
	BelowAsynchronous []migration.InstanceID
	// Orphans were called by an activity that should wait for them and is closed, or are
	// below one that was.
	Orphans []migration.InstanceID
}

// Balanced reports whether the parts make the whole.
func (c OpenCounts) Balanced() bool {
	return c.Open == c.Roots+c.Synchronous+len(c.Asynchronous)+len(c.BelowAsynchronous)+len(c.Orphans)
}

// descent is how an open child hangs below a root.
type descent int

const (
	descentUnknown descent = iota
	descentSynchronous
	descentAsynchronous
	descentBelowAsynchronous
	descentOrphan
)

// openChild is an open instance that another called.
type openChild struct {
	id     migration.InstanceID
	parent migration.InstanceID // "" when it is gone
	// parentOpen and parentRoot describe the calling instance, callerOpen and
	// async the calling activity. gone: neither is there.
	parentOpen, parentRoot, callerOpen, async, gone bool
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
		var parent, parentCaller sql.NullString
		var callerState, parentState, async sql.NullInt64
		err = scan(&o.id, &callerState, &async, &o.gone, &parent, &parentState, &parentCaller)
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
		case descentBelowAsynchronous:
			c.BelowAsynchronous = append(c.BelowAsynchronous, id)
		case descentOrphan, descentUnknown:
			c.Orphans = append(c.Orphans, id)
		}
	}
	slices.Sort(c.Asynchronous)
	slices.Sort(c.BelowAsynchronous)
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
	case ok && (o.async || o.gone):
		d = descentAsynchronous
	case !ok || !o.parentOpen || !o.callerOpen: // nobody waits for it, as somebody should
	case o.parentRoot:
		d = descentSynchronous
	default:
		if d = classify(all, memo, o.parent); d == descentAsynchronous {
			d = descentBelowAsynchronous
		}
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
