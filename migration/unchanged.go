package migration

import "slices"

// Unchanged reports whether two reads of a source instance and the subflows
// open below it show all of them unmoved.
func (t *Tree) Unchanged(other *Tree) bool {
	return t.Caller == other.Caller && t.Instance.Unchanged(&other.Instance) &&
		slices.EqualFunc(t.Subflows, other.Subflows, func(x, y Tree) bool { return x.Unchanged(&y) })
}

// Unchanged reports whether an instance is unmoved: same activity instances,
// row versions, state times and variables. A loop comes back to the same
// definitions, so those alone say nothing.
func (i *Instance) Unchanged(other *Instance) bool {
	if i.ID != other.ID || i.State != other.State || i.Version != other.Version || i.StateTime != other.StateTime || i.Record != other.Record ||
		i.Definition != other.Definition || i.Requester != other.Requester ||
		len(i.Children) != len(other.Children) || !slices.Equal(i.Tokens, other.Tokens) || !slices.EqualFunc(i.Variables, other.Variables, unchanged) {
		return false
	}
	return slices.EqualFunc(i.Activities, other.Activities, func(x, y OpenActivity) bool {
		return x.ID == y.ID && x.State == y.State && x.Version == y.Version && x.StateTime == y.StateTime &&
			x.AcceptedBy == y.AcceptedBy && slices.EqualFunc(x.Variables, y.Variables, unchanged)
	})
}

// unchanged leaves out the zones, which are the server's.
func unchanged(x, y Variable) bool { return x.Name == y.Name && x.Kind == y.Kind && x.Value == y.Value }
