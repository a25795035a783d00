package migration

import (
	"iter"
	"slices"
	"strings"
)

// Tree is an instance with the synchronous subflows that are open below it:
// what is continued together.
type Tree struct {
	Instance Instance `json:"instance"`
	// Caller is the subflow activity of the instance above that waits for this
	// one; "" for the root.
	Caller ActivityDefID `json:"caller,omitempty"`
	// Subflows are sorted by Caller. One whose instance is closed, while its
	// caller still waits, is there with its closed instance.
	Subflows []Tree `json:"subflows,omitempty"`
	// Said is, of the root of a tree that is to be on the target, the operator's word
	// where it goes on; nil for none. It is never kept.
	Said *Said `json:"-"`
}

// Path names an instance in its tree: the subflow activities that lead to it
// from the root, joined by "/"; "" for the root. Within one call the engine keeps one
// active activity per definition, and what overlapping calls have opened twice is
// FERRY-409: so a path names one instance.
type Path string

// Below returns the path of the instance that caller waits for in the one at p.
func (p Path) Below(caller ActivityDefID) Path {
	if p == "" {
		return Path(caller)
	}
	return p + "/" + Path(caller)
}

// Above returns the path of the instance that calls the one at p; "" for one
// that the root calls, and for the root.
func (p Path) Above() Path {
	i := strings.LastIndexByte(string(p), '/')
	if i < 0 {
		return ""
	}
	return p[:i]
}

// first returns the subflow activity of the root that p leads through; "" for the root.
func (p Path) first() ActivityDefID {
	caller, _, _ := strings.Cut(string(p), "/")
	return ActivityDefID(caller)
}

// Walk yields the trees below t and t itself, parents before their subflows.
func (t *Tree) Walk() iter.Seq2[Path, *Tree] {
	return func(yield func(Path, *Tree) bool) { t.walk("", yield) }
}

func (t *Tree) walk(at Path, yield func(Path, *Tree) bool) bool {
	if !yield(at, t) {
		return false
	}
	for i := range t.Subflows {
		if !t.Subflows[i].walk(at.Below(t.Subflows[i].Caller), yield) {
			return false
		}
	}
	return true
}

// has reports whether an instance is part of t.
func (t *Tree) has(id InstanceID) bool {
	for _, below := range t.Walk() {
		if below.Instance.ID == id {
			return true
		}
	}
	return false
}

// Subflow returns the tree that caller waits for, nil for none.
func (t *Tree) Subflow(caller ActivityDefID) *Tree {
	i := slices.IndexFunc(t.Subflows, func(s Tree) bool { return s.Caller == caller })
	if i < 0 {
		return nil
	}
	return &t.Subflows[i]
}
