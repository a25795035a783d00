package schema

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"jogetferry/migration"
)

// head is the row of an instance, with what its child rows are found by.
type head struct {
	oid      int64
	parent   migration.InstanceID // calling instance, "" for a root
	instance migration.Instance   // without its lists
}

func (r *Reader) heads(ctx context.Context, query string, args []any) ([]head, error) {
	states, _, err := r.states(ctx)
	if err != nil {
		return nil, err
	}
	return read(ctx, r, "read instances", query, args, func(scan scanner) (h head, err error) {
		var definition string
		var state int64
		var caller, parent sql.NullString
		i := &h.instance
		err = scan(&h.oid, &i.ID, &definition, &state, &i.Requester, &caller, &parent,
			moment{&i.Created}, moment{&i.Started}, moment{&i.StateTime}, &i.Version)
		i.OID = strconv.FormatInt(h.oid, 10)
		i.Definition = splitDefinition(definition)
		i.State = states[state]
		i.Caller = migration.ActivityID(caller.String)
		i.Record = migration.RecordID(i.ID)
		h.parent = migration.InstanceID(parent.String)
		return h, err
	})
}

// splitDefinition takes a definition's name apart. A name not of three parts
// becomes Process alone, so that one odd row does not hide all others.
func splitDefinition(name string) migration.DefinitionID {
	parts := strings.Split(name, "#")
	if len(parts) != 3 {
		return migration.DefinitionID{Process: name}
	}
	return migration.DefinitionID{Package: parts[0], Version: parts[1], Process: parts[2]}
}

// Roots says which open instances are looked at by themselves.
type Roots int

const (
	// Uncalled are those that no other instance called.
	Uncalled Roots = iota
	// Unawaited are those and asynchronous subflows: what a caller called that does not
	// wait for it, or one that is gone; see OpenCounts.
	Unawaited
)

// in puts the condition for roots into a query.
func (roots Roots) in(query string) string {
	condition := uncalled
	if roots == Unawaited {
		condition = unawaited
	}
	return strings.Replace(query, "<roots>", condition, 1)
}

// RootInstances returns up to limit open instances of roots, in full, with
// oid > after ("" = from the start), by oid; an empty page
// is the end. Only those of processes ("package/process", any version) if there
// are any. begun is called before their lists are read with the place at which
// the next page begins, "" at the end: somebody else may go on from there.
// Instances in migration.StateNotStarted are among them: usually wrecks of
// failed starts. One that is created while pages are read may be missed, whatever its
// oid: nodes of a cluster count in blocks of their own.
func (r *Reader) RootInstances(ctx context.Context, after string, limit int, roots Roots, processes []string, begun func(next string)) ([]migration.Instance, error) {
	states, _, err := r.states(ctx)
	if err != nil {
		return nil, err
	}
	start := int64(-1)
	if after != "" {
		if start, err = strconv.ParseInt(after, 10, 64); err != nil {
			return nil, migration.E(migration.CodeInvalid, "read instances", after, "%w", err)
		}
	}
	query, values := withLists(roots.in(selectRoots), len(open(states))), args(start, open(states), limit)
	if len(processes) > 0 {
		definitions, err := r.definitionOIDs(ctx, processes)
		if err != nil {
			return nil, err
		}
		if len(definitions) == 0 {
			begun("")
			return nil, nil
		}
		query, values = withLists(roots.in(selectRootsOf), len(open(states)), len(definitions)), args(start, open(states), definitions, limit)
	}
	heads, err := r.heads(ctx, query, values)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(heads) > 0 {
		next = heads[len(heads)-1].instance.OID
	}
	begun(next)
	err = batched(heads, func(part []head) error { return r.fill(ctx, part) })
	return bare(heads), err
}

func bare(heads []head) []migration.Instance {
	list := make([]migration.Instance, 0, len(heads))
	for _, h := range heads {
		list = append(list, h.instance)
	}
	return list
}

// definitionOIDs returns the rows of every version of the processes.
func (r *Reader) definitionOIDs(ctx context.Context, processes []string) ([]int64, error) {
	type definition struct {
		oid  int64
		name string
	}
	all, err := read(ctx, r, "read process definitions", selectDefinitions, nil, func(scan scanner) (d definition, err error) {
		return d, scan(&d.oid, &d.name)
	})
	var oids []int64
	for _, d := range all {
		if slices.Contains(processes, splitDefinition(d.name).Key()) {
			oids = append(oids, d.oid)
		}
	}
	return oids, err
}

// complete fills in apps, links and record IDs.
func (r *Reader) complete(ctx context.Context, heads []head) error {
	apps, err := r.packages(ctx)
	if err != nil {
		return err
	}
	ids := make([]migration.InstanceID, 0, len(heads))
	for i := range heads {
		d := heads[i].instance.Definition
		app := apps[packageVersion{d.Package, d.Version}]
		heads[i].instance.App, heads[i].instance.AppVersion = app.id, app.version
		ids = append(ids, heads[i].instance.ID)
	}
	links, err := r.links(ctx, selectLinks, ids)
	if err != nil {
		return err
	}
	callers := make([]migration.InstanceID, 0, len(heads))
	for i := range heads {
		instance := &heads[i].instance
		link, linked := links[instance.ID]
		if linked {
			instance.Link = &link
			instance.Record = cmp.Or(link.Origin, instance.Record)
		} else if heads[i].parent != "" {
			callers = append(callers, heads[i].parent)
		}
	}
	// Joget writes the link of a child late; until then the record is its caller's.
	records, err := r.recordsOf(ctx, callers)
	if err != nil {
		return err
	}
	for i := range heads {
		if heads[i].instance.Link == nil && heads[i].parent != "" {
			heads[i].instance.Record = records[heads[i].parent]
		}
	}
	return nil
}

// recordsOf returns the record IDs of instances by their links or their
// callers', two queries for each level above.
func (r *Reader) recordsOf(ctx context.Context, ids []migration.InstanceID) (map[migration.InstanceID]migration.RecordID, error) {
	above := map[migration.InstanceID]migration.InstanceID{} // callers of those without a link
	known := map[migration.InstanceID]migration.RecordID{}
	asked := map[migration.InstanceID]bool{}
	for next := ids; len(next) > 0; {
		level := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(next))), func(id migration.InstanceID) bool { return asked[id] })
		next = nil
		links, err := r.links(ctx, selectLinks, level)
		if err != nil {
			return nil, err
		}
		var unlinked []migration.InstanceID
		for _, id := range level {
			asked[id] = true
			if origin := links[id].Origin; origin != "" {
				known[id] = origin
			} else {
				unlinked = append(unlinked, id)
			}
		}
		heads, err := r.headsOf(ctx, unlinked)
		if err != nil {
			return nil, err
		}
		for id, h := range heads {
			if h.parent != "" {
				above[id] = h.parent
				next = append(next, h.parent)
			}
		}
		if err := r.archivedRecords(ctx, unlinked, known); err != nil {
			return nil, err
		}
	}
	records := make(map[migration.InstanceID]migration.RecordID, len(ids))
	for _, id := range ids {
		top := id
		for seen := map[migration.InstanceID]bool{}; above[top] != "" && !seen[top]; top = above[top] {
			seen[top] = true
		}
		records[id] = cmp.Or(known[top], migration.RecordID(top))
	}
	return records, nil
}

// archivedRecords adds the record IDs of those of ids whose link is in the history only:
// an asynchronous subflow outlives its caller.
func (r *Reader) archivedRecords(ctx context.Context, ids []migration.InstanceID, into map[migration.InstanceID]migration.RecordID) error {
	if !r.db.Has("wf_process_link_history") {
		return nil
	}
	links, err := r.links(ctx, selectLinksHistory, ids)
	for id, l := range links {
		if l.Origin != "" {
			into[id] = l.Origin
		}
	}
	return err
}

// headsOf reads the rows of those of ids that the engine has.
func (r *Reader) headsOf(ctx context.Context, ids []migration.InstanceID) (map[migration.InstanceID]head, error) {
	byID := make(map[migration.InstanceID]head, len(ids))
	err := batched(ids, func(part []migration.InstanceID) error {
		found, err := r.heads(ctx, withLists(selectHeads, len(part)), args(part))
		for _, h := range found {
			byID[h.instance.ID] = h // looked up by the exact ID, so a near match is not used
		}
		return err
	})
	return byID, err
}

// links reads the links of ids, live or archived as query says.
func (r *Reader) links(ctx context.Context, query string, ids []migration.InstanceID) (map[migration.InstanceID]migration.Link, error) {
	links := make(map[migration.InstanceID]migration.Link, len(ids))
	err := batched(ids, func(part []migration.InstanceID) error {
		found, err := read(ctx, r, "read process links", withLists(query, len(part)), args(part), scanLink)
		for _, l := range found {
			links[l.Process] = l // looked up by the exact ID, so a near match is not used
		}
		return err
	})
	return links, err
}

func scanLink(scan scanner) (l migration.Link, err error) {
	var parent, origin sql.NullString
	err = scan(&l.Process, &parent, &origin)
	l.Parent, l.Origin = parent.String, migration.RecordID(origin.String)
	return l, err
}

type packageVersion struct{ id, version string }

type appVersion struct {
	id      string
	version int64
}

func (r *Reader) packages(ctx context.Context) (map[packageVersion]appVersion, error) {
	type row struct {
		packageVersion
		appVersion
	}
	rows, err := read(ctx, r, "read app packages", selectPackages, nil, func(scan scanner) (v row, err error) {
		var version int64
		var app sql.NullString
		var number sql.NullInt64
		err = scan(&v.packageVersion.id, &version, &app, &number)
		v.packageVersion.version = strconv.FormatInt(version, 10)
		v.appVersion = appVersion{app.String, number.Int64}
		return v, err
	})
	m := make(map[packageVersion]appVersion, len(rows))
	for _, v := range rows {
		m[v.packageVersion] = v.appVersion
	}
	return m, err
}

// Instance reads one instance in full. CodeNotFound: the engine has no row of
// it; it may be archived, see Presence.
func (r *Reader) Instance(ctx context.Context, id migration.InstanceID) (migration.Instance, error) {
	found, err := r.Instances(ctx, []migration.InstanceID{id})
	if err != nil {
		return migration.Instance{}, err
	}
	if len(found) == 0 {
		return migration.Instance{}, migration.E(migration.CodeNotFound, "read instance", string(id), "")
	}
	return found[0], nil
}

// Instances reads instances in full, in the order of ids, in a number of
// queries that does not depend on how many they are (per batch). Those that
// the engine has no row of are left out; closed ones have no activities.
func (r *Reader) Instances(ctx context.Context, ids []migration.InstanceID) ([]migration.Instance, error) {
	all := make([]migration.Instance, 0, len(ids))
	err := batched(ids, func(part []migration.InstanceID) error {
		byID, err := r.headsOf(ctx, part)
		if err != nil {
			return err
		}
		heads := make([]head, 0, len(part))
		for _, id := range part {
			if h, ok := byID[id]; ok {
				heads = append(heads, h)
			}
		}
		if err := r.fill(ctx, heads); err != nil {
			return err
		}
		all = append(all, bare(heads)...)
		return nil
	})
	return all, err
}

// fill reads everything below heads.
func (r *Reader) fill(ctx context.Context, heads []head) error {
	if len(heads) == 0 {
		return nil
	}
	if err := r.complete(ctx, heads); err != nil {
		return err
	}
	oids := make([]int64, 0, len(heads))
	for _, h := range heads {
		oids = append(oids, h.oid)
	}
	variables, err := r.variables(ctx, selectProcessData, oids)
	if err != nil {
		return err
	}
	activities, err := r.openActivities(ctx, oids)
	if err != nil {
		return err
	}
	tokens, err := r.tokens(ctx, oids)
	if err != nil {
		return err
	}
	children, err := r.children(ctx, heads)
	if err != nil {
		return err
	}
	for i := range heads {
		instance, oid := &heads[i].instance, heads[i].oid
		instance.Variables = variables[oid]
		instance.Activities = activities[oid]
		instance.Tokens = tokens[oid]
		instance.Children = children[oid]
	}
	return nil
}

// tokens reads the branches that wait at AND-joins, by instance oid.
func (r *Reader) tokens(ctx context.Context, oids []int64) (map[int64][]migration.JoinToken, error) {
	type row struct {
		process int64
		migration.JoinToken
	}
	rows, err := read(ctx, r, "read join tokens", withLists(selectTokens, len(oids)), args(oids), func(scan scanner) (v row, err error) {
		var user sql.NullString
		err = scan(&v.process, &v.Join, &v.From, &user)
		v.Performer = migration.User(user.String)
		return v, err
	})
	m := map[int64][]migration.JoinToken{}
	for _, v := range rows {
		m[v.process] = append(m[v.process], v.JoinToken)
	}
	for _, list := range m {
		slices.SortFunc(list, func(a, b migration.JoinToken) int {
			return cmp.Or(cmp.Compare(a.Join, b.Join), cmp.Compare(a.From, b.From), cmp.Compare(a.Performer, b.Performer))
		})
	}
	return m, err
}

// node is an open child below an instance.
type node struct {
	parent, oid int64
	child       migration.Child
}

// children reads all open descendants of heads, by the head's oid, one query
// for each level below.
func (r *Reader) children(ctx context.Context, heads []head) (map[int64][]migration.Child, error) {
	ids := make(map[int64]migration.InstanceID, len(heads))
	below := map[int64][]node{}
	level := make([]int64, 0, len(heads))
	for _, h := range heads {
		ids[h.oid] = h.instance.ID
		level = append(level, h.oid)
	}
	for len(level) > 0 {
		nodes, err := r.childrenOf(ctx, level)
		if err != nil {
			return nil, err
		}
		level = nil
		for _, n := range nodes {
			n.child.Parent = ids[n.parent]
			below[n.parent] = append(below[n.parent], n)
			if _, seen := ids[n.oid]; !seen {
				ids[n.oid] = n.child.ID
				level = append(level, n.oid)
			}
		}
	}
	found := make(map[int64][]migration.Child, len(heads))
	for _, h := range heads {
		list := descendants(below, h.oid, map[int64]bool{h.oid: true})
		slices.SortFunc(list, func(a, b migration.Child) int { return cmp.Compare(a.ID, b.ID) })
		found[h.oid] = list
	}
	return found, nil
}

// descendants flattens the tree under an instance; seen ends circles, which no
// engine makes.
func descendants(below map[int64][]node, oid int64, seen map[int64]bool) []migration.Child {
	var list []migration.Child
	for _, n := range below[oid] {
		if !seen[n.oid] {
			seen[n.oid] = true
			list = append(append(list, n.child), descendants(below, n.oid, seen)...)
		}
	}
	return list
}

// caller is an activity instance that called, or may have called, a subflow.
type caller struct {
	process int64
	id      migration.ActivityID
	def     migration.ActivityDefID
	async   bool
}

// callersOf reads the subflow activities of instances, closed ones included:
// an asynchronous one closes at once.
func (r *Reader) callersOf(ctx context.Context, processes []int64) (map[migration.ActivityID]caller, error) {
	callers := map[migration.ActivityID]caller{}
	err := batched(processes, func(part []int64) error {
		found, err := read(ctx, r, "read subflow activities", withLists(selectCallers, len(part)), args(part), func(scan scanner) (c caller, err error) {
			var async sql.NullInt64
			err = scan(&c.process, &c.id, &c.def, &async)
			c.async = async.Int64 != 0
			return c, err
		})
		for _, c := range found {
			callers[c.id] = c
		}
		return err
	})
	return callers, err
}

// childrenOf reads the open instances that activities of instances called.
func (r *Reader) childrenOf(ctx context.Context, processes []int64) ([]node, error) {
	states, _, err := r.states(ctx)
	if err != nil {
		return nil, err
	}
	callers, err := r.callersOf(ctx, processes)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(callers))
	for id := range callers {
		ids = append(ids, string(id))
	}
	var all []node
	err = batched(ids, func(part []string) error {
		query := withLists(selectChildren, len(part), len(open(states)))
		nodes, err := read(ctx, r, "read subflow instances", query, args(part, open(states)), func(scan scanner) (n node, err error) {
			var definition string
			var state int64
			c := &n.child
			err = scan(&n.oid, &c.ID, &definition, &state, &c.CallerActivity)
			c.Definition, c.State = splitDefinition(definition), states[state]
			return n, err
		})
		for _, n := range nodes {
			if c, ok := callers[n.child.CallerActivity]; ok {
				n.parent, n.child.CallerDefID, n.child.Asynchronous = c.process, c.def, c.async
				all = append(all, n)
			}
		}
		return err
	})
	return all, err
}
