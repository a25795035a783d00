package migration

import (
	"slices"
	"unicode/utf8"
)

// longestRecord is the room, in characters, of the id of a form table and of a link.
const longestRecord = 255

// Possible reports whether something may be the ID of a record: it is a text, and no
// longer than Joget has room for.
func (id RecordID) Possible() bool {
	return id != "" && utf8.ValidString(string(id)) && utf8.RuneCountInString(string(id)) <= longestRecord
}

// Inverse returns by ID of the target the source's.
func (r Rekeys) Inverse() Rekeys {
	back := make(Rekeys, len(r))
	for from, to := range r {
		back[to] = from
	}
	return back
}

// Rows returns the target's keys of form rows of the source, in their order.
func (r Rekeys) Rows(keys []RowKey) []RowKey {
	rows := make([]RowKey, len(keys))
	for i, key := range keys {
		rows[i] = r.Row(key)
	}
	return rows
}

// Named returns what a tree of the source names that may be a record with another ID: its
// records, and what the variables hold that are rewritten.
func (c RekeyColumns) Named(t *Tree) []RecordID {
	var named []RecordID
	add := func(id RecordID) {
		if id.Possible() && !slices.Contains(named, id) {
			named = append(named, id)
		}
	}
	for _, below := range t.Walk() {
		add(below.Instance.Record)
		c.each(&below.Instance, func(v *Variable) { add(RecordID(v.Value)) })
	}
	return named
}

// Rewritten returns a copy of a tree of the source that names records by their IDs of the
// target: those of its instances, and those in variables. t is not changed.
func (c RekeyColumns) Rewritten(t *Tree, r Rekeys) *Tree {
	if len(r) == 0 {
		return t
	}
	w := &Tree{Instance: t.Instance, Caller: t.Caller}
	w.Instance.Record = r.Record(w.Instance.Record)
	w.Instance.Variables = slices.Clone(t.Instance.Variables)
	w.Instance.Activities = slices.Clone(t.Instance.Activities)
	for i := range w.Instance.Activities {
		a := &w.Instance.Activities[i]
		a.Variables = slices.Clone(a.Variables)
	}
	c.each(&w.Instance, func(v *Variable) { v.Value = string(r.Record(RecordID(v.Value))) })
	for i := range t.Subflows {
		w.Subflows = append(w.Subflows, *c.Rewritten(&t.Subflows[i], r))
	}
	return w
}

// each calls f with the variables of an instance of the source that hold record IDs, and
// with their copies at its activities.
func (c RekeyColumns) each(i *Instance, f func(*Variable)) {
	names := c.Variables[i.Definition.Key()]
	if len(names) == 0 {
		return
	}
	lists := [][]Variable{i.Variables}
	for n := range i.Activities {
		lists = append(lists, i.Activities[n].Variables)
	}
	for _, list := range lists {
		for n := range list {
			if slices.Contains(names, list[n].Name) {
				f(&list[n])
			}
		}
	}
}
