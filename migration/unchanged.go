package migration

import "slices"

// Unchanged reports whether two reads of a source instance and the subflows
// open below it show all of them unmoved.
func (t *Tree) Unchanged(other *Tree) bool {
	return t.Caller == other.Caller && t.Instance.Unchanged(&other.Instance) &&
		slices.EqualFunc(t.Subflows, other.Subflows, func(x, y Tree) bool { return x.Unchanged(&y) })
}

// Unchanged reports whether an instance is unmoved since i was read: same activity
// instances, row versions, state times and variables. A loop comes back to the same
// definitions, so those alone say nothing. An asynchronous subflow that ended since says
// nothing of its caller, one that began does.
func (i *Instance) Unchanged(other *Instance) bool {
	if i.ID != other.ID || i.State != other.State || i.Version != other.Version || i.StateTime != other.StateTime || i.Record != other.Record ||
		i.Definition != other.Definition || i.Requester != other.Requester ||
		len(i.Attached()) != len(other.Attached()) || i.calledSince(other) || !slices.Equal(i.Tokens, other.Tokens) || !slices.EqualFunc(i.Variables, other.Variables, unchanged) {
		return false
	}
	return slices.EqualFunc(i.Activities, other.Activities, func(x, y OpenActivity) bool {
		return x.ID == y.ID && x.State == y.State && x.Version == y.Version && x.StateTime == y.StateTime &&
			x.AcceptedBy == y.AcceptedBy && slices.EqualFunc(x.Variables, y.Variables, unchanged)
	})
}

// calledSince reports whether later has an asynchronous subflow that i does not have.
func (i *Instance) calledSince(later *Instance) bool {
	return slices.ContainsFunc(later.Children, func(c Child) bool {
		return c.Asynchronous && !slices.ContainsFunc(i.Children, func(known Child) bool { return known.ID == c.ID })
	})
}

// unchanged leaves out the zones, which are the server's.
func unchanged(x, y Variable) bool { return x.Name == y.Name && x.Kind == y.Kind && x.Value == y.Value }
