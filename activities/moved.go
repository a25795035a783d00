package activities

import (
	"slices"

	"jogetferry/migration"
)

// sameMoment reports whether two reads of a source instance and the subflows
// open below it show all of them unmoved.
func sameMoment(a, b *migration.Tree) bool {
	return a.Caller == b.Caller && sameInstance(&a.Instance, &b.Instance) &&
		slices.EqualFunc(a.Subflows, b.Subflows, func(x, y migration.Tree) bool { return sameMoment(&x, &y) })
}

// sameInstance reports whether an instance is unmoved: same activity instances,
// row versions, state times and variables. A loop comes back to the same
// definitions, so those alone say nothing.
func sameInstance(a, b *migration.Instance) bool {
	if a.ID != b.ID || a.State != b.State || a.Version != b.Version || a.StateTime != b.StateTime || a.Record != b.Record ||
		a.Definition != b.Definition || a.Requester != b.Requester ||
		len(a.Children) != len(b.Children) || !slices.Equal(a.Tokens, b.Tokens) || !slices.Equal(a.Variables, b.Variables) {
		return false
	}
	return slices.EqualFunc(a.Activities, b.Activities, func(x, y migration.OpenActivity) bool {
		return x.ID == y.ID && x.State == y.State && x.Version == y.Version && x.StateTime == y.StateTime &&
			x.AcceptedBy == y.AcceptedBy && slices.Equal(x.Variables, y.Variables)
	})
}
