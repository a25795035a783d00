package schema

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"jogetferry/migration"
)

// LinkedInstances returns every instance that has to do with record: linked to
// it as parent or origin, in the live or the history links, or with the
// record's ID as its own; open, closed, archived, and those of which only the
// link is left. Sorted by ID. Source: wf_process_link, wf_process_link_history,
// SHKProcesses, wf_history_process.
//
// Of an instance of which only the link is left (a server that deletes what
// completes) State is "", Archived true, and Definition has no version: the
// process is recognised by its ID.
func (r *Reader) LinkedInstances(ctx context.Context, record migration.RecordID) ([]migration.Linked, error) {
	// Live before history, links before instances: an instance only ever moves
	// from live to history, so that one that moves meanwhile is seen there.
	links, err := r.linksTo(ctx, record)
	if err != nil {
		return nil, err
	}
	ids := []migration.InstanceID{migration.InstanceID(record)}
	for id := range links {
		if id != ids[0] {
			ids = append(ids, id)
		}
	}
	live, err := r.liveLinked(ctx, ids)
	if err != nil {
		return nil, err
	}
	archived, err := r.history(ctx, ids)
	if err != nil {
		return nil, err
	}
	var all []migration.Linked
	for _, id := range ids {
		link, linked := links[id]
		found, ok := live[id]
		if !ok {
			found, ok = archived[id]
		}
		if !ok && linked {
			if found, err = r.gone(ctx, link, links); err != nil {
				return nil, err
			}
			ok = true
		}
		if !ok {
			continue // the record's ID is no instance's
		}
		found.Origin = cmp.Or(link.Origin, migration.RecordID(id))
		all = append(all, found)
	}
	slices.SortFunc(all, func(a, b migration.Linked) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// linksTo reads the links in which record is parent, origin or the instance
// itself.
func (r *Reader) linksTo(ctx context.Context, record migration.RecordID) (map[migration.InstanceID]migration.Link, error) {
	links, err := r.linkOf(ctx, migration.InstanceID(record))
	if err != nil {
		return nil, err
	}
	queries := []string{selectOrigin, selectOriginHistory}
	if counterPrefix.MatchString(string(record)) {
		// Parent and origin differ only where the parent is an instance ID
		// (docs/joget.md#the-record-of-an-instance). For other records this is
		// spared: no index helps it.
		queries = append(queries, selectParent, selectParentHistory)
	}
	for _, query := range queries {
		if !r.db.Has("wf_process_link_history") && (query == selectOriginHistory || query == selectParentHistory) {
			continue
		}
		found, err := lookUp(ctx, r, "read process links", query, args(string(record)), scanLink)
		if err != nil {
			return nil, err
		}
		for _, l := range found {
			if l.Parent == string(record) || l.Origin == record {
				links[l.Process] = l
			}
		}
	}
	return links, nil
}

// linkOf reads the link of one instance, live or archived: an empty map or one entry.
func (r *Reader) linkOf(ctx context.Context, id migration.InstanceID) (map[migration.InstanceID]migration.Link, error) {
	for _, query := range []string{selectLinks, selectLinksHistory} {
		if query == selectLinksHistory && !r.db.Has("wf_process_link_history") {
			continue
		}
		found, err := r.links(ctx, query, []migration.InstanceID{id})
		if err != nil {
			return nil, err
		}
		if l, ok := found[id]; ok {
			return map[migration.InstanceID]migration.Link{id: l}, nil
		}
	}
	return map[migration.InstanceID]migration.Link{}, nil
}

// liveLinked reads those of ids that the engine has.
func (r *Reader) liveLinked(ctx context.Context, ids []migration.InstanceID) (map[migration.InstanceID]migration.Linked, error) {
	found := map[migration.InstanceID]migration.Linked{}
	err := batched(ids, func(part []migration.InstanceID) error {
		heads, err := r.heads(ctx, withLists(selectHeads, len(part)), args(part))
		if err != nil {
			return err
		}
		heads = slices.DeleteFunc(heads, func(h head) bool { return !slices.Contains(part, h.instance.ID) })
		oids := make([]int64, 0, len(heads))
		for _, h := range heads {
			oids = append(oids, h.oid)
		}
		begun, err := r.beginnings(ctx, oids)
		if err != nil {
			return err
		}
		for _, h := range heads {
			i := h.instance
			l := begun[h.oid]
			l.TargetIdentity = migration.TargetIdentity{ID: i.ID, OID: i.OID, Created: i.Created, Requester: i.Requester, Definition: i.Definition}
			l.State, l.Child = i.State, i.Caller != "" || h.parent != ""
			found[i.ID] = l
		}
		return nil
	})
	return found, err
}

// beginnings reads how instances began and what is open in them, by instance oid;
// only those fields are set.
func (r *Reader) beginnings(ctx context.Context, processes []int64) (map[int64]migration.Linked, error) {
	found := map[int64]migration.Linked{}
	if len(processes) == 0 {
		return found, nil
	}
	rows, err := r.activityRows(ctx, withLists(selectAllActivities, len(processes)), args(processes))
	if err != nil {
		return nil, err
	}
	first := map[int64]int64{} // oid of the first activity
	var firsts []int64
	for _, v := range rows {
		if first[v.process] == 0 {
			first[v.process] = v.oid
			firsts = append(firsts, v.oid)
		}
		l := found[v.process]
		switch a := v.activity; {
		case !a.State.Open():
		case a.State == migration.StateRunning && a.AcceptedBy == "" && a.Performer == "":
			l.Working++ // nobody accepted it, and it waits for no instance
		default:
			l.Waiting++
		}
		found[v.process] = l
	}
	tokens, err := r.tokens(ctx, processes)
	if err != nil {
		return nil, err
	}
	copies, err := r.variables(ctx, selectActivityData, firsts)
	if err != nil {
		return nil, err
	}
	own, err := r.variables(ctx, selectProcessData, processes)
	if err != nil {
		return nil, err
	}
	for _, oid := range processes {
		l := found[oid]
		l.Waiting += len(tokens[oid])
		if l.Begun = copies[first[oid]]; l.Begun == nil {
			l.Begun = own[oid]
		}
		found[oid] = l
	}
	return found, nil
}

// history reads those of ids that are archived.
func (r *Reader) history(ctx context.Context, ids []migration.InstanceID) (map[migration.InstanceID]migration.Linked, error) {
	found := map[migration.InstanceID]migration.Linked{}
	if !r.db.Has("wf_history_process") {
		return found, nil
	}
	err := batched(ids, func(part []migration.InstanceID) error {
		rows, err := read(ctx, r, "read archived instances", withLists(selectHistory, len(part)), args(part), func(scan scanner) (l migration.Linked, err error) {
			var definition, requester, parent, state, variables sql.NullString
			err = scan(&l.ID, &definition, &requester, &parent, &state, moment{&l.Created}, &variables)
			l.Archived = true
			l.Definition = splitDefinition(definition.String)
			l.Requester = migration.User(requester.String)
			l.Child = parent.String != ""
			l.State = migration.State(state.String)
			l.Begun = archivedVariables(variables.String)
			return l, err
		})
		for _, l := range rows {
			if slices.Contains(part, l.ID) {
				found[l.ID] = l
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, r.archivedBeginnings(ctx, found)
}

// archivedBeginnings replaces the last variables of archived instances by those
// with which they began, where the history has an activity of them.
func (r *Reader) archivedBeginnings(ctx context.Context, found map[migration.InstanceID]migration.Linked) error {
	if !r.db.Has("wf_history_activity") {
		return nil
	}
	return batched(slices.Sorted(maps.Keys(found)), func(part []migration.InstanceID) error {
		seen := map[migration.InstanceID]bool{}
		type row struct {
			id        migration.InstanceID
			variables sql.NullString
		}
		rows, err := read(ctx, r, "read archived activities", withLists(selectArchivedBeginnings, len(part)), args(part), func(scan scanner) (v row, err error) {
			return v, scan(&v.id, &v.variables)
		})
		for _, v := range rows {
			l, wanted := found[v.id]
			if begun := archivedVariables(v.variables.String); wanted && !seen[v.id] && begun != nil {
				l.Begun = begun
				found[v.id] = l
			}
			seen[v.id] = true
		}
		return err
	})
}

// NeverStarted returns the root instances of a definition and a requester that were
// created and not started, and belong to no record: what a start leaves that fails
// before it is linked (docs/joget.md#a-start-that-fails). Oldest first.
func (r *Reader) NeverStarted(ctx context.Context, definition migration.DefinitionID, requester migration.User) ([]migration.InstanceID, error) {
	states, _, err := r.states(ctx)
	if err != nil {
		return nil, err
	}
	var waiting []int64
	for oid, state := range states {
		if state == migration.StateNotStarted {
			waiting = append(waiting, oid)
		}
	}
	return read(ctx, r, "look for instances that were never started", withLists(selectNeverStarted, len(waiting)),
		args(definition.String(), string(requester), waiting), func(scan scanner) (id migration.InstanceID, err error) { return id, scan(&id) })
}

// archivedVariables decodes wf_history_process.variables, a JSON object of
// strings; what is not one gives nil.
func archivedVariables(text string) []migration.Variable {
	var values map[string]any
	if json.Unmarshal([]byte(text), &values) != nil {
		return nil
	}
	var list []migration.Variable
	for name, value := range values {
		v := migration.Variable{Name: name, Kind: migration.VariableString}
		switch value := value.(type) {
		case string:
			v.Value = value
		case nil:
			v.Kind = migration.VariableNull
		default:
			v.Kind = migration.VariableUnreadable
		}
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b migration.Variable) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// counterPrefix is the number before the first underscore of an instance ID.
var counterPrefix = regexp.MustCompile(`^[0-9]+_`)

// gone describes an instance of which only the link is left. links are those
// of the same record: a parent among them that is not the record is a caller.
func (r *Reader) gone(ctx context.Context, link migration.Link, links map[migration.InstanceID]migration.Link) (migration.Linked, error) {
	l := migration.Linked{Archived: true}
	l.ID = link.Process
	_, parentKnown := links[migration.InstanceID(link.Parent)]
	l.Child = parentKnown && link.Parent != string(link.Origin)
	names, err := read(ctx, r, "read process definitions", selectDefinitions, nil, func(scan scanner) (name string, err error) {
		var oid int64
		return name, scan(&oid, &name)
	})
	if err != nil {
		return l, err
	}
	rest := counterPrefix.ReplaceAllString(string(link.Process), "")
	for _, name := range names {
		d := splitDefinition(name)
		if d.Package+"_"+d.Process == rest {
			d.Version = ""
			l.Definition = d
			return l, nil
		}
	}
	// Unknown here, so the split is a guess; the package is rarely the longer part.
	l.Definition.Package, l.Definition.Process, _ = strings.Cut(rest, "_")
	return l, nil
}

// Where says which tables know an instance.
type Where string

// The places.
const (
	InEngine  Where = "engine"  // SHKProcesses
	InHistory Where = "history" // wf_history_process
	InLinks   Where = "links"   // only a link is left: completed or aborted, and deleted
	Nowhere   Where = "nowhere" // never existed, or deleted without a link
)

// Presence is what is left of an instance, its state there and its definition, as it is
// or was last (both zero for InLinks and Nowhere).
type Presence struct {
	Where      Where
	State      migration.State
	Definition migration.DefinitionID
}

// Closed reports whether the instance is known to have ended. Nowhere is not
// known to.
func (p Presence) Closed() bool {
	switch p.Where {
	case InEngine:
		return p.State != "" && !p.State.Open()
	case InHistory, InLinks:
		return true
	case Nowhere:
	}
	return false
}

// Presence finds an instance in the engine, the history or the links.
func (r *Reader) Presence(ctx context.Context, id migration.InstanceID) (Presence, error) {
	ids := []migration.InstanceID{id}
	links, err := r.linkOf(ctx, id)
	if err != nil {
		return Presence{}, err
	}
	heads, err := r.headsOf(ctx, ids)
	if err != nil {
		return Presence{}, err
	}
	if h, ok := heads[id]; ok {
		return Presence{InEngine, h.instance.State, h.instance.Definition}, nil
	}
	archived, err := r.history(ctx, ids)
	if err != nil {
		return Presence{}, err
	}
	if l, ok := archived[id]; ok {
		return Presence{InHistory, l.State, l.Definition}, nil
	}
	if _, ok := links[id]; ok {
		return Presence{Where: InLinks}, nil
	}
	return Presence{Where: Nowhere}, nil
}

// Closed reports whether an instance is known to have ended; see Presence.
func (r *Reader) Closed(ctx context.Context, id migration.InstanceID) (bool, error) {
	p, err := r.Presence(ctx, id)
	return p.Closed(), err
}

// LinkedInstanceIDs returns those of ids that are, for Joget, IDs of instances: a
// start with one would join that instance's record
// (docs/joget.md#the-record-of-an-instance). Unlike elsewhere the database's
// collation decides, since Joget asks it too.
func (r *Reader) LinkedInstanceIDs(ctx context.Context, ids []migration.RecordID) (map[migration.RecordID]bool, error) {
	linked := map[migration.RecordID]bool{}
	queries := []string{selectSameLink, selectSameProcess}
	if r.db.Has("wf_process_link_history") {
		queries = append(queries, selectSameLinkHistory)
	}
	for _, query := range queries {
		err := batched(ids, func(part []migration.RecordID) error {
			found, err := r.same(ctx, query, part)
			if err != nil || len(found) == 0 {
				return err
			}
			// Which of them the collation takes for equal only the server can tell.
			for _, id := range part {
				if linked[id] || !slices.ContainsFunc(found, func(stored string) bool { return similar(stored, string(id)) }) {
					continue
				}
				found, err := r.same(ctx, query, []migration.RecordID{id})
				if err != nil {
					return err
				}
				linked[id] = len(found) > 0
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return linked, nil
}

func (r *Reader) same(ctx context.Context, query string, ids []migration.RecordID) ([]string, error) {
	return read(ctx, r, "look for instances", withLists(query, len(ids)), args(ids), func(scan scanner) (id string, err error) {
		return id, scan(&id)
	})
}

// similar reports whether some collation may take two texts for equal: case and
// blanks at the end do not count, and of other alphabets nobody knows.
func similar(a, b string) bool {
	ascii := func(s string) bool { return !strings.ContainsFunc(s, func(c rune) bool { return c >= utf8.RuneSelf }) }
	return migration.SameText(a, b) || !ascii(a) || !ascii(b)
}
